"""How a training shows itself: a bar on stderr where that is a terminal, else a line now and then."""

from __future__ import annotations

import time
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_MINUTE = 60.0


class TrainingDisplay:
    """Tells step, loss, accuracy and time left while a training runs.

    Args:
        console: where to.
        draw: what shows a step and its text.
        steps: in all.
        begin: steps that are done when it begins.
    """

    def __init__(self, console: Console, draw: Callable[[int, str], None], steps: int, begin: int) -> None:
        self._console, self._draw, self._steps, self._begin = console, draw, steps, begin
        self._began = time.monotonic()
        self._crops, self._told = 0, self._began
        self._dev = ""

    def step(self, done: int, crops: int, loss: float, accuracy: float) -> None:
        """Show a step that is done; ``loss`` and ``accuracy`` are means since the last look at the held-out part."""
        self._crops += crops
        taken = max(time.monotonic() - self._began, 1e-6)
        left = timedelta(seconds=round(taken * (self._steps - done) / (done - self._begin)))
        text = f"step {done:,} of {self._steps:,}, loss {loss:.3f}, accuracy {100 * accuracy:.1f} %{self._dev}, "
        text += f"{self._crops / taken:.1f} utterances/s, {left} left"
        self._draw(done, text)

    def looked(self, record: Mapping[str, Any]) -> None:
        """Show what the network was worth on the held-out utterances."""
        if record["dev_accuracy"] is not None:
            self._dev = f", dev {100 * record['dev_accuracy']:.1f} %"
        if self._console.is_terminal:
            text = f"step {record['step']:,}: loss {record['loss']:.3f}, accuracy {100 * record['accuracy']:.1f} %"
            self._console.print(Text(text + self._dev))


@contextmanager
def display(steps: int, begin: int) -> Iterator[TrainingDisplay]:
    """Show the steps ``begin`` to ``steps`` on stderr."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    if not console.is_terminal:
        yield TrainingDisplay(console, _line_a_minute(console), steps, begin)
        return
    with Progress(BarColumn(), TextColumn("{task.description}"), console=console, transient=True) as bar:
        task = bar.add_task("", total=steps, completed=begin)
        yield TrainingDisplay(
            console, lambda done, text: bar.update(task, completed=done, description=text), steps, begin
        )


def _line_a_minute(console: Console) -> Callable[[int, str], None]:
    told = time.monotonic()

    def draw(done: int, text: str) -> None:
        nonlocal told
        del done
        if time.monotonic() >= told + _MINUTE:
            told = time.monotonic()
            console.print(Text(text))

    return draw
