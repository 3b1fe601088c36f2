"""Compare vectors of utterances alone and in a batch, before a representation's first batch.

Models that normalise over time without regard to the padding change their vectors by a third when they are padded,
with an attention mask or without; nothing else would show it. Such a model runs utterances of exactly one length side
by side or, where that changes them too, one at a time. One whose vectors change from one run of an utterance to the
next is refused: it is not the batch that does it.

Where what can be read is too little to tell anything, nothing is found: a comparison of a waveform with itself, or a
padded one of a single length, would vouch for any model.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from neuroscope.audio import prefetch
from neuroscope.contracts.progress import Progress, silent
from neuroscope.contracts.records import ALONE, EQUAL
from neuroscope.errors import BadAudio, PluginBroken
from neuroscope.store.padding_record import Invariance, tolerance

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from neuroscope.audio.prefetch import ReadJob
    from neuroscope.contracts.backbone import BackboneSpec
    from neuroscope.contracts.progress import Advance
    from neuroscope.extraction.runner import Runner

PIECES = 4
SECONDS = 4.0
"""Length of the longest piece; the others are shorter, by even steps."""


def spread(order: NDArray[np.int64]) -> list[int]:
    """Pick a few places from all over an order, from the first to the last."""
    return [int(order[number * (len(order) - 1) // (PIECES - 1)]) for number in range(PIECES)]


def compare(located: Sequence[ReadJob], runner: Runner, progress: Progress = silent) -> Invariance | None:
    """Compare vectors of pieces of some utterances, run alone and side by side; None where nothing can be told.

    Pieces of different lengths are padded. Where that changes vectors, or where the backbone says that it does, pieces
    of one length are compared: what does not change them either is how such a model is run. A model that computes in
    fewer bits is compared with the same one in float32, too. Nothing is told by what can be read where it does not
    give two pieces of different lengths and samples: no file can be read, say, or none is longer than the shortest
    that the model takes.

    Args:
        located: some utterances, the longest first.
        runner: runs the backbone.
        progress: told of every run.

    Raises:
        PluginBroken: the same utterance gives other vectors when it runs again.
        BadAudio: a piece does not fit into memory.
    """
    read = [prefetch.read(each, runner.spec.sample_rate) for each in _pieces(located, runner.spec)]
    waveforms = [wave for wave in read if not isinstance(wave, BadAudio)]
    if not _differ(waveforms):
        waveforms = _cut_again(waveforms, runner.spec)
    if not _differ(waveforms):
        return None
    from_float32 = _differences_from_float32(waveforms, runner, progress)
    padded = _differences_in_batch(waveforms, runner, progress) if runner.spec.batchable else {}
    found = Invariance(padded, _precisions(runner), runner.device, from_float32=from_float32)
    if padded and not found.broken:
        return found
    ends = _of_one_length(waveforms)
    with progress("Looking at equal lengths", len(ends) + 2) as advance:
        alone = _each_alone(ends, runner, advance)
        found = replace(found, precisions=_precisions(runner))
        _check_repeats(found, alone, runner.pool(ends[:1]))  # before the batch is blamed
        advance(1)
        found = replace(found, equal_lengths=_differences_at_one_length(ends, alone, runner))
        advance(1)
    unchanged = found.equal_lengths and not found.beyond(found.equal_lengths)
    return replace(found, batches=EQUAL if unchanged else ALONE)


def _differ(waveforms: Sequence[NDArray[np.float32]]) -> bool:
    """Tell whether there are several lengths, so that a batch is padded, and other samples where all have one."""
    if len(set(map(len, waveforms))) < 2:
        return False
    first, *others = _of_one_length(waveforms)
    return not all(np.array_equal(first, each) for each in others)


def _cut_again(waveforms: Sequence[NDArray[np.float32]], spec: BackboneSpec) -> list[NDArray[np.float32]]:
    """Cut as many pieces as are wanted from fewer waveforms: each shorter, and from further on, than the one before."""
    pieces = []
    for number in range(PIECES if waveforms else 0):
        wave = waveforms[number % len(waveforms)]
        wanted = max(spec.min_samples, round(len(wave) * (1 - number / PIECES)))
        first = (len(wave) - wanted) * number // (PIECES - 1)
        pieces.append(wave[first : first + wanted])
    return pieces


def _differences_in_batch(
    waveforms: Sequence[NDArray[np.float32]], runner: Runner, progress: Progress
) -> dict[str, float]:
    """Compute each layer's largest difference between waveforms side by side and alone."""
    with progress("Looking at padding", len(waveforms) + 1) as advance:
        together = runner.pool(waveforms)
        advance(1)
        return _largest_differences(_each_alone(waveforms, runner, advance), together)


def _of_one_length(waveforms: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
    """Take the end of each, as long as the shortest is: other samples also where all are from one utterance."""
    length = min(map(len, waveforms))
    return [wave[-length:] for wave in waveforms]


def _differences_at_one_length(
    waveforms: Sequence[NDArray[np.float32]], alone: Mapping[str, NDArray[Any]], runner: Runner
) -> dict[str, float]:
    """Compute the same of waveforms of one length; empty where the backbone takes no batch."""
    try:
        return _largest_differences(alone, runner.pool(waveforms))
    except PluginBroken:
        return {}


def _differences_from_float32(
    waveforms: Sequence[NDArray[np.float32]], runner: Runner, progress: Progress
) -> dict[str, float]:
    """Compute each layer's largest difference from the same model in float32; empty where it is computed in that."""
    reference = runner.reference()
    if reference is None:
        return {}
    with progress("Comparing with float32", 2 * len(waveforms)) as advance:
        exact = _each_alone(waveforms, reference, advance)
        del reference  # its weights are not held beside the model's
        return _largest_differences(exact, _each_alone(waveforms, runner, advance))


def _each_alone(waveforms: Sequence[NDArray[np.float32]], runner: Runner, advance: Advance) -> dict[str, NDArray[Any]]:
    """Run each waveform on its own; layer -> vectors ``[waveforms, units]``."""
    parts = []
    for wave in waveforms:
        parts.append(runner.pool([wave]))
        advance(1)
    return {layer: np.concatenate([part[layer] for part in parts]) for layer in parts[0]}


def _largest_differences(one: Mapping[str, NDArray[Any]], other: Mapping[str, NDArray[Any]]) -> dict[str, float]:
    return {layer: _difference(values, other[layer]) for layer, values in one.items()}


def _precisions(runner: Runner) -> dict[str, str]:
    """Tell in which type each layer is computed: that of its frames, or the model's where it holds fewer bits."""
    model = runner.spec.precision
    return {layer: max(own, model, key=tolerance) for layer, own in runner.precisions.items()}


def _check_repeats(found: Invariance, first: Mapping[str, NDArray[Any]], again: Mapping[str, NDArray[Any]]) -> None:
    """Raise PluginBroken where vectors of a second run differ by more than precision explains.

    Args:
        found: tells the precisions.
        first: layer -> vectors of some waveforms.
        again: of the first of them.
    """
    differences = _largest_differences({layer: values[:1] for layer, values in first.items()}, again)
    changed = found.beyond(differences)
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
