"""Cepstra of the whole corpus, computed once: whole, immutable, memory-mapped files in the user's cache.

A file holds the frames of some utterances, a second one beside it says of which; it is written last, so that what it
names is there. They are found by what the audio holds and by the settings of the front end, wherever the audio lies.
"""

from __future__ import annotations

import json
from contextlib import closing
from functools import lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np
import torch  # noqa: TID253

from neuroscope import BadAudio, commands, waves
from neuroscope_cnn.frontend.framing import CEPSTRA, SAMPLE_RATE
from neuroscope_cnn.frontend.front_end import FrontEnd

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray


RECIPE = 1  # of the frames; raise it with whatever changes their values within one version
FILE_FRAMES = 400_000  # of one file, more than an hour of speech: 64 MB
DISTRIBUTION = "neuroscope-cnn"
_OPEN = 64  # files that are mapped at a time


class CepstraFiles:
    """Files of cepstra of one front end, in the cache.

    Args:
        folder: where they are.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def places(self) -> dict[str, tuple[Path, int, int]]:
        """Where rows are: row -> file, first frame, number of frames. Files that are damaged are as good as absent."""
        found: dict[str, tuple[Path, int, int]] = {}
        for index in sorted(self._folder.glob("*.json")):
            data = index.with_suffix(".npy")
            try:
                rows = json.loads(index.read_text("utf-8"))
                counts = [int(count) for count in rows.values()]
                if np.load(data, mmap_mode="r").shape != (sum(counts), CEPSTRA):
                    continue
            except (OSError, ValueError, AttributeError, TypeError):
                continue
            firsts = np.cumsum([0, *counts]).tolist()
            each = zip(rows, firsts, counts, strict=False)
            found |= {row: (data, first, count) for row, first, count in each}
        return found

    def add(self, frames: Mapping[str, NDArray[np.float32]]) -> None:
        """Write the frames ``[T, 40]`` of some rows as a new file."""
        if not frames:
            return
        name = commands.cache_key(list(frames))
        with (
            commands.whole_file(self._folder / f"{name}.npy") as file,
            file.open("wb") as stream,
        ):
            np.save(stream, np.concatenate(list(frames.values())))
        with commands.whole_file(self._folder / f"{name}.json") as file:
            file.write_text(json.dumps({row: len(values) for row, values in frames.items()}), "utf-8")


class CorpusCepstra:
    """The cepstra of utterances, read by the utterance's number.

    Attributes:
        lengths: int64, frames of each.

    Args:
        places: file, first frame and number of frames of each.
    """

    def __init__(self, places: Sequence[tuple[Path, int, int]]) -> None:
        self._places = places
        self.lengths = np.array([count for _, _, count in places], dtype=np.int64)
        self._mapped = lru_cache(maxsize=_OPEN)(lambda path: np.load(path, mmap_mode="r"))

    def __call__(self, number: int, first: int = 0, last: int | None = None) -> NDArray[np.float32]:
        """Frames ``first`` to ``last`` (excluded) of one utterance, ``[T, 40]``."""
        path, begin, count = self._places[number]
        values: NDArray[np.float32] = self._mapped(path)[begin + first : begin + (count if last is None else last)]
        return values


def prepare(
    located: Sequence[commands.ReadJob],
    n_fft: int,
    vad: float | None,
    machine: commands.Machine,
    failures: commands.SkippedUtterances,
) -> tuple[list[int], CorpusCepstra]:
    """Compute the cepstra that are not in the cache yet.

    Returns:
        Numbers of the utterances that have frames, and those, in the same order.

    Raises:
        TooManyFailures: too many have none.
    """
    key = commands.cache_key("cepstra", version(DISTRIBUTION), RECIPE, waves.PIPELINE, n_fft, vad)
    shelf = CepstraFiles(commands.own_folder(DISTRIBUTION, machine) / "cepstra" / key)
    known = shelf.places()
    missing = {each.row: each for each in located if each.row not in known}
    wrong = _compute(list(missing.values()), FrontEnd(n_fft=n_fft, vad=vad), shelf) if missing else {}
    if missing:
        known = shelf.places()
    for each in located:
        if each.row in wrong:
            failures.add(each.utterance.id, wrong[each.row])
    failures.check()
    usable = [number for number, each in enumerate(located) if each.row in known]
    return usable, CorpusCepstra([known[located[number].row] for number in usable])


def _compute(missing: Sequence[commands.ReadJob], front_end: FrontEnd, shelf: CepstraFiles) -> dict[str, BadAudio]:
    """Compute and keep the frames of all of them; row -> why there are none."""
    wrong: dict[str, BadAudio] = {}
    made: dict[str, NDArray[np.float32]] = {}
    seconds = [each.samples / SAMPLE_RATE for each in missing]
    with (
        commands.progress_bar("Computing cepstra", len(missing), sum(seconds)) as advance,
        closing(commands.waveforms(missing, SAMPLE_RATE)) as coming,
    ):
        try:
            for each, wave, lasts in zip(missing, coming, seconds, strict=True):
                try:
                    if isinstance(wave, BadAudio):
                        raise wave
                    made[each.row] = front_end(torch.from_numpy(wave)).numpy()
                except BadAudio as error:
                    wrong[each.row] = error
                if sum(map(len, made.values())) >= FILE_FRAMES:
                    shelf.add(made)
                    made = {}
                advance(1, lasts)
        finally:  # what is computed is kept, whatever stops the rest
            shelf.add(made)
    return wrong
