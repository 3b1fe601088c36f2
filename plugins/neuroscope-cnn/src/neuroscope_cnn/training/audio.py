"""The stretches of audio that utterances are, and what their files hold, remembered from run to run."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neuroscope import BadAudio, TooManyFailures, commands, waves

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from neuroscope import Utterance

DISTRIBUTION = "neuroscope-cnn"
_INDEX = "audio.json"
_WHOLE = 0.010  # seconds: a manifest rounds durations; a stretch this close to the whole file is the whole file


@dataclass(frozen=True, slots=True)
class Located:
    """An utterance whose samples are found."""

    utterance: Utterance
    path: Path
    stretch: waves.Stretch


class Skipped:
    """Utterances that cannot be used, counted by reason; too many end the work.

    Args:
        machine: with ``on_error`` and ``max_errors``.
        total: utterances in all.
    """

    def __init__(self, machine: commands.Machine, total: int) -> None:
        if machine.on_error not in {"skip", "fail"} or not 0 <= machine.max_errors <= 1:
            raise TooManyFailures("--on-error is skip or fail, and --max-errors a share between 0 and 1")
        self._machine, self._total = machine, total
        self._examples: dict[str, str] = {}
        self.counts: Counter[str] = Counter()

    def add(self, utterance: str, error: BadAudio) -> None:
        """Count one.

        Raises:
            TooManyFailures: at the first, where the user wants that.
        """
        if self._machine.on_error == "fail":
            raise TooManyFailures(f"utterance {utterance}: {error} (--on-error skip leaves such utterances out)")
        self.counts[error.reason] += 1
        self._examples.setdefault(error.reason, error.detail)

    def check(self) -> None:
        """Raise TooManyFailures if the share is above ``max_errors``."""
        if self.counts.total() > self._machine.max_errors * self._total:
            reasons = "; ".join(f"{n} x {reason}, e.g. {self._examples[reason]}" for reason, n in self.counts.items())
            raise TooManyFailures(
                f"{self.counts.total()} of {self._total} utterances cannot be used: {reasons}. Mend them, or allow it "
                f"with --max-errors (now {self._machine.max_errors:g})."
            )


def locate_all(utterances: Sequence[Utterance], machine: commands.Machine, skipped: Skipped) -> list[Located]:
    """Where the samples of each utterance are; what cannot be used is counted."""
    files = examined((each.path for each in utterances if each.path is not None), machine)
    found = []
    for each in utterances:
        try:
            if each.path is None:
                raise BadAudio("no path", each.id)
            file = files[each.path]
            if isinstance(file, BadAudio):
                raise file
            found.append(Located(each, each.path, _stretch(each, file, machine.max_duration)))
        except BadAudio as error:
            skipped.add(each.id, error)
    skipped.check()
    return found


def examined(paths: Iterable[Path], machine: commands.Machine) -> dict[Path, waves.AudioFile | BadAudio]:
    """What each file holds; one whose size and time of change are known is not read again, unless ``rehash``."""
    index = commands.own_folder(DISTRIBUTION, machine) / _INDEX
    known = _load(index)
    distinct = list(dict.fromkeys(paths))
    found: dict[Path, waves.AudioFile | BadAudio] = {}
    new = False
    with commands.progress_bar("Looking at files", len(distinct)) as advance:
        try:
            for path in distinct:
                name, stamp = str(path.absolute()), _stamp(path)
                remembered = known.get(name)
                if not machine.rehash and remembered and stamp == remembered[:2]:
                    found[path] = waves.AudioFile(*remembered[2:])
                else:
                    found[path] = each = _examine(path)
                    if isinstance(each, waves.AudioFile) and stamp == _stamp(path):
                        known[name] = [*stamp, each.digest, each.frames, each.rate, each.channels]
                        new = True
                advance(1)
        finally:
            if new:
                with suppress(OSError), commands.whole_file(index) as file:  # without it, only time is lost
                    file.write_text(json.dumps(known), "utf-8")
    return found


def _examine(path: Path) -> waves.AudioFile | BadAudio:
    try:
        return waves.examine(path)
    except BadAudio as error:
        return error


def _stamp(path: Path) -> list[int]:
    try:
        status = path.stat()
    except (OSError, ValueError):  # ValueError: a name that no file can have; what is wrong is told by reading
        return []
    return [status.st_size, status.st_mtime_ns]


def _load(index: Path) -> dict[str, Any]:
    try:
        known = json.loads(index.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    entries = known.items() if isinstance(known, dict) else ()
    return {name: each for name, each in entries if isinstance(each, list) and len(each) == 6}


def _stretch(utterance: Utterance, file: waves.AudioFile, most: float) -> waves.Stretch:
    """The samples of an utterance, as ``neuroscope probe`` takes them."""
    whole, channel = file.frames / file.rate, utterance.audio_channel
    end = whole if utterance.duration is None else utterance.start + utterance.duration
    if not 0 <= utterance.start < whole:
        raise BadAudio("start outside the file", f"{utterance.id}: starts at {utterance.start} s of {whole:.3f} s")
    if not end <= whole + _WHOLE:
        raise BadAudio("end outside the file", f"{utterance.id}: ends at {end:.3f} s of {whole:.3f} s")
    if channel is not None and not 0 <= channel < file.channels:
        raise BadAudio("no such channel", f"{utterance.id}: channel {channel} of {file.channels}")
    first = round(utterance.start * file.rate)
    last = file.frames if abs(end - whole) <= _WHOLE else round(end * file.rate)
    if last <= first:
        raise BadAudio("no samples", f"{utterance.id}: lasts {utterance.duration} s")
    if last - first > most * file.rate:
        raise BadAudio(
            "too long", f"{utterance.id}: {(last - first) / file.rate:.1f} s, at most {most:g} s (--max-duration)"
        )
    return waves.Stretch(file, first, last, channel if file.channels > 1 else None)
