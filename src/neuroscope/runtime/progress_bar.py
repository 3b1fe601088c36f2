"""Show how far long work is: a bar on stderr where that is a terminal, else a line a minute, also between two steps."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from rich.console import Console

from neuroscope.runtime import streams

if TYPE_CHECKING:
    from collections.abc import Iterator

    from neuroscope.contracts.progress import Advance

_MINUTE = 60.0


@contextmanager
def progress_bar(label: str, total: int, seconds: float = 0.0, /) -> Iterator[Advance]:
    """Show a bar on stderr where that is a terminal, else a line a minute there."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    pace = Pace(label, total, seconds)
    if not console.is_terminal:
        with _line_a_minute(pace):
            yield pace.advance
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    # the time that has passed goes on within a step, so that a long one is not taken for the end
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TextColumn("{task.fields[pace]}"))
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(label, total=seconds or total or None, pace="")

        def advance(steps: int, audio: float = 0.0, /) -> None:
            pace.advance(steps, audio)
            bar.update(task, advance=audio if seconds else steps, pace=str(pace))

        yield advance


@contextmanager
def _line_a_minute(pace: Pace) -> Iterator[None]:
    ended = threading.Event()

    def say() -> None:
        while not ended.wait(_MINUTE):
            with suppress(OSError, ValueError, AttributeError):  # nobody listens, or ever did; the work goes on
                streams.write(sys.stderr, f"{pace.label}: {pace}\n")

    speaker = threading.Thread(target=say, name="progress", daemon=True)
    speaker.start()
    try:
        yield
    finally:
        ended.set()
        speaker.join()


class Pace:
    """Progress and speed of a piece of work.

    Args:
        label: what is done.
        total: steps; 0 = nobody knows how many.
        seconds: of audio, in all of them; 0 where the work is not on audio.
    """

    def __init__(self, label: str, total: int, seconds: float) -> None:
        self.label, self._total, self._audio = label, total, seconds
        self._done, self._heard, self._began = 0, 0.0, time.monotonic()

    def advance(self, steps: int, audio: float = 0.0, /) -> None:
        """Count steps that are done, and the seconds of audio in them."""
        self._done += steps
        self._heard += audio

    def __str__(self) -> str:
        taken = max(time.monotonic() - self._began, 1e-6)
        share = self._heard / self._audio if self._audio else self._done / max(self._total, 1)
        parts = [f"{self._done:,} of {self._total:,}" if self._total else f"{self._done:,} so far"]
        if self._audio:
            parts += [
                f"{self._heard / 3600:.2f} of {self._audio / 3600:.2f} h of audio",
                f"{self._heard / taken:.0f} times real time",
            ]
        if 0 < share < 1:
            parts.append(f"{timedelta(seconds=round(taken * (1 - share) / share))} left")
        return ", ".join(parts)
