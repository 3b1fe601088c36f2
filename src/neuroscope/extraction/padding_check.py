"""Do neighbours in a batch change an utterance's vector? Looked at before a representation's first batch, and kept.

Models that normalise over time without regard to the padding change their vectors by a third when they are padded,
with an attention mask or without; nothing else would tell. Such a model runs one utterance at a time.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from neuroscope.audio import prefetch
from neuroscope.errors import BadAudio, NeuroscopeError, StoreMismatch
from neuroscope.runtime.files import whole_file

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from neuroscope.audio.prefetch import ReadJob
    from neuroscope.contracts.backbone import BackboneSpec
    from neuroscope.extraction.runner import Runner

TOLERANCES = {"float16": 1e-2, "bfloat16": 5e-2}
"""Of the layer's largest value, by the type of the model's frames: about ten times its precision."""
TOLERANCE = 1e-5
"""For float32 and better."""
PIECES = 4
SECONDS = 4.0
"""Of the longest piece; the others are shorter, by even steps."""
_FILE = "invariance.json"


@dataclass(frozen=True, slots=True)
class Invariance:
    """How far vectors in a batch are from those of each utterance alone.

    Attributes:
        differences: layer -> largest difference, relative to the layer's largest value.
        precisions: layer -> type of the model's frames.
        device: where the model ran.
    """

    differences: Mapping[str, float]
    precisions: Mapping[str, str]
    device: str

    @property
    def broken(self) -> list[str]:
        """Layers that change more than their precision explains."""
        return [name for name, found in self.differences.items() if found > self.tolerance(name)]

    def tolerance(self, layer: str) -> float:
        """The difference that the layer's precision explains."""
        return TOLERANCES.get(self.precisions[layer], TOLERANCE)


def spread(order: NDArray[np.int64]) -> list[int]:
    """A few places from all over an order, from the first to the last."""
    return [int(order[number * (len(order) - 1) // (PIECES - 1)]) for number in range(PIECES)]


def compare(located: Sequence[ReadJob], runner: Runner) -> Invariance | None:
    """Run pieces of some utterances alone and side by side; None where none of them can be read.

    Args:
        located: some utterances, the longest first.
        runner: with the backbone.
    """
    read = [prefetch.read(each, runner.spec.sample_rate) for each in _pieces(located, runner.spec)]
    waveforms = [wave for wave in read if not isinstance(wave, BadAudio)]
    if not waveforms:
        return None
    together = runner.pool(waveforms)
    alone = [runner.pool([wave]) for wave in waveforms]
    differences = {
        layer: _difference(np.concatenate([each[layer] for each in alone]), values)
        for layer, values in together.items()
    }
    return Invariance(differences, dict(runner.precisions), runner.device)


def recall(folder: Path) -> Invariance | None:
    """What was found before, for the representation in a folder.

    Raises:
        StoreMismatch: the file is damaged.
    """
    path = folder / _FILE
    if not path.exists():
        return None
    try:
        return Invariance(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError) as error:
        raise StoreMismatch(f"{path} cannot be read ({error}); remove it, and extract again") from error


def remember(folder: Path, found: Invariance) -> None:
    """Keep it with the vectors; what is kept already stays.

    Raises:
        NeuroscopeError: the disk is full or the folder cannot be written.
    """
    path = folder / _FILE
    if path.exists():
        return
    try:
        with whole_file(path) as temporary:
            temporary.write_text(json.dumps(asdict(found), indent=1))
    except OSError as error:
        raise NeuroscopeError(f"cannot write to the store {folder}: {error.strerror or error}") from error


def record(found: Invariance | None) -> dict[str, Any] | None:
    """For ``run.json``: what was found, and the layers for which utterances go one at a time."""
    return None if found is None else {**asdict(found), "one_at_a_time": found.broken}


def _pieces(located: Sequence[ReadJob], spec: BackboneSpec) -> list[ReadJob]:
    """Beginnings of the utterances, each shorter than the one before."""
    longest = min(SECONDS * spec.sample_rate, located[0].samples)
    pieces = []
    for number, each in enumerate(located):
        wanted = max(spec.min_samples, round(longest * (1 - number / len(located))))
        pieces.append(_beginning(each, wanted, spec.sample_rate) if wanted < each.samples else each)
    return pieces


def _beginning(each: ReadJob, wanted: int, sample_rate: int) -> ReadJob:
    """The first samples of an utterance, as many at the model's rate as are wanted."""
    stretch = each.stretch
    length = -(-wanted * stretch.file.rate // sample_rate)
    cut = replace(stretch, last=min(stretch.last, stretch.first + length))
    return replace(each, stretch=cut, samples=cut.samples_at(sample_rate))


def _difference(alone: NDArray[Any], together: NDArray[Any]) -> float:
    """A value that is not finite, on one side alone, is a large difference."""
    alone, together = (np.nan_to_num(each.astype(np.float64)) for each in (alone, together))
    largest = max(np.abs(alone).max(), float(np.finfo(np.float32).tiny))
    return float(min(np.abs(alone - together).max() / largest, float(np.finfo(np.float32).max)))
