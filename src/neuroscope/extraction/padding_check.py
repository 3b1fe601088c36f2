"""Compare vectors of utterances alone and in a batch, before a representation's first batch.

Models that normalise over time without regard to the padding change their vectors by a third when they are padded,
with an attention mask or without; nothing else would show it. Such a model runs one utterance at a time. One whose
vectors change from one run of an utterance to the next is refused: it is not the batch that does it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from neuroscope.audio import prefetch
from neuroscope.errors import BadAudio, PluginBroken
from neuroscope.store.padding_record import Invariance

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from neuroscope.audio.prefetch import ReadJob
    from neuroscope.contracts.backbone import BackboneSpec
    from neuroscope.extraction.runner import Runner

PIECES = 4
SECONDS = 4.0
"""Length of the longest piece; the others are shorter, by even steps."""


def spread(order: NDArray[np.int64]) -> list[int]:
    """Pick a few places from all over an order, from the first to the last."""
    return [int(order[number * (len(order) - 1) // (PIECES - 1)]) for number in range(PIECES)]


def compare(located: Sequence[ReadJob], runner: Runner) -> Invariance | None:
    """Compare vectors of pieces of some utterances, run alone and side by side; None where none can be read.

    A model that runs one utterance at a time is only looked at for the same vectors every time.

    Args:
        located: some utterances, the longest first.
        runner: runs the backbone.

    Raises:
        PluginBroken: the same utterance gives other vectors when it runs again.
    """
    read = [prefetch.read(each, runner.spec.sample_rate) for each in _pieces(located, runner.spec)]
    waveforms = [wave for wave in read if not isinstance(wave, BadAudio)]
    if not waveforms:
        return None
    if not runner.spec.batchable:
        _check_repeats(waveforms[0], runner, runner.pool(waveforms[:1]))
        return None
    together = runner.pool(waveforms)
    alone = [runner.pool([wave]) for wave in waveforms]
    differences = {
        layer: _difference(np.concatenate([each[layer] for each in alone]), values)
        for layer, values in together.items()
    }
    found = Invariance(differences, dict(runner.precisions), runner.device)
    if found.broken:  # before the batch is blamed
        _check_repeats(waveforms[0], runner, alone[0])
    return found


def _check_repeats(waveform: NDArray[np.float32], runner: Runner, first: Mapping[str, NDArray[Any]]) -> None:
    """Raise PluginBroken where a waveform's vectors are others when it runs again, by more than precision explains."""
    again = runner.pool([waveform])
    differences = {layer: _difference(values, again[layer]) for layer, values in first.items()}
    changed = Invariance(differences, dict(runner.precisions), runner.device).broken
    if changed:
        most = max(differences[layer] for layer in changed)
        raise PluginBroken(
            f"the backbone gives other vectors each time it runs on the same audio (layers {', '.join(changed)}: by up "
            f"to {most:.1%} of the largest value): is it in evaluation mode (eval() in load), is whatever is drawn in "
            f"it seeded, and does it keep nothing from one call to the next?"
        )


def _pieces(located: Sequence[ReadJob], spec: BackboneSpec) -> list[ReadJob]:
    """Cut the utterances to their beginnings, each shorter than the one before."""
    longest = min(SECONDS * spec.sample_rate, located[0].samples)
    pieces = []
    for number, each in enumerate(located):
        wanted = max(spec.min_samples, round(longest * (1 - number / len(located))))
        pieces.append(_beginning(each, wanted, spec.sample_rate) if wanted < each.samples else each)
    return pieces


def _beginning(each: ReadJob, wanted: int, sample_rate: int) -> ReadJob:
    """Cut an utterance to its first samples, as many at the model's rate as are wanted."""
    span = each.span
    length = -(-wanted * span.file.rate // sample_rate)
    cut = replace(span, last=min(span.last, span.first + length))
    return replace(each, span=cut, samples=cut.samples_at(sample_rate))


def _difference(alone: NDArray[Any], together: NDArray[Any]) -> float:
    """Compute the largest relative difference; a value that is not finite, on one side alone, makes it large."""
    alone, together = (np.nan_to_num(each.astype(np.float64)) for each in (alone, together))
    largest = max(np.abs(alone).max(), float(np.finfo(np.float32).tiny))
    return float(min(np.abs(alone - together).max() / largest, float(np.finfo(np.float32).max)))
