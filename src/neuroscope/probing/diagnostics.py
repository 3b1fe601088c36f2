"""Warnings about fits, columns, splits and errors: what a reader should know before believing a number."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neuroscope.probing.metrics import RELIABLE_GROUPS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from neuroscope.probing.fitting import Fit
    from neuroscope.probing.runs import Run, Runs

FAR_OFF = 10.0
"""Standard deviations of the training part beyond which a test value is called far off."""
_FEW_ERRORS = 5


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A warning about one layer and run; those of one kind are summed up in one line.

    Attributes:
        kind: a short fixed phrase.
        layer: empty where it is about the split.
        seed: of the run.
        detail: figures.
    """

    kind: str
    layer: str
    seed: int
    detail: str = ""


def about_fit(fitted: Fit, layer: str, seed: int) -> Iterable[Diagnostic]:
    """Warn of a fit that did not converge, or whose weights are all zero."""
    if not fitted.converged:
        yield Diagnostic("the fit did not converge", layer, seed)
    if fitted.silent:
        yield Diagnostic("all weights are zero: the penalty is near its maximum for this layer", layer, seed)


def about_columns(train: NDArray[np.float32], test: NDArray[np.float32], layer: str, seed: int) -> Iterable[Diagnostic]:
    """Warn of columns that are constant in training, or far off in test."""
    mean = train.mean(axis=0, dtype=np.float64)
    deviation = train.std(axis=0, dtype=np.float64)
    constant = np.ptp(train, axis=0) == 0
    if count := int(constant.sum()):
        yield Diagnostic("columns are constant in training", layer, seed, f"{count} of {len(mean)}")
    farthest = np.maximum(test.max(axis=0) - mean, mean - test.min(axis=0))
    if count := int((farthest[~constant] > FAR_OFF * deviation[~constant]).sum()):
        yield Diagnostic(
            f"columns reach beyond {FAR_OFF:g} standard deviations in test", layer, seed, f"{count} of {len(mean)}"
        )


def about_split(run: Run) -> Iterable[Diagnostic]:
    """Warn of a test part of few groups."""
    count = len(set(run.split.groups[run.split.test].tolist()))
    if count < RELIABLE_GROUPS:
        what = run.split.grouped_by or "utterance"
        yield Diagnostic(
            f"fewer than {RELIABLE_GROUPS} groups ({what}) in test: intervals are unreliable", "", run.seed, f"{count}"
        )


def about_equal_vectors(values: NDArray[np.float32], runs: Runs) -> Iterable[Diagnostic]:
    """Warn of test vectors that a training row has too, bit for bit, where the two are not known to be the same audio.

    Of vectors that were imported nothing is known of the audio, and a file that was written anew is another file.

    Args:
        values: ``[rows, columns]``, of all layers.
        runs: the repetitions.
    """
    digests = [hashlib.blake2b(np.ascontiguousarray(row).data, digest_size=16).digest() for row in values]
    _, vectors = np.unique(np.array(digests, dtype="S16"), return_inverse=True)
    for run in runs.each:
        train, test, audio = run.split.train, run.split.test, run.split.audio
        equal = np.isin(vectors[test], vectors[train])
        if audio is not None:
            equal &= ~np.isin(audio[test], audio[train])
        if count := int(equal.sum()):
            kind = "test vectors equal a training vector, bit for bit: known by heart if it is the same audio"
            yield Diagnostic(kind, "", run.seed, f"{count} of {len(test)}")


def about_errors(run: Run, wrong: NDArray[np.bool_], layer: str) -> Iterable[Diagnostic]:
    """Warn of one group that makes most of the errors, beyond its share of the test rows."""
    groups = run.split.groups[run.split.test]
    if wrong.sum() < _FEW_ERRORS or not run.split.grouped_by:
        return
    numbers, counts = np.unique(groups[wrong], return_counts=True)
    worst = numbers[counts.argmax()]
    share = counts.max() / wrong.sum()
    if share > 0.5 and (groups == worst).mean() < 0.5:
        name = run.split.group_names[worst]
        detail = f"{run.split.grouped_by} {name}: {counts.max()} of {wrong.sum()}"
        yield Diagnostic("one group makes most of the errors", layer, run.seed, detail)


def summed_up(warnings: Iterable[Diagnostic]) -> list[str]:
    """Sum up warnings, one line for each kind: in which layers, in how many runs, and the first figures."""
    by_kind: dict[str, list[Diagnostic]] = {}
    for warning in warnings:
        by_kind.setdefault(warning.kind, []).append(warning)
    return [_line(kind, group) for kind, group in by_kind.items()]


def _line(kind: str, group: list[Diagnostic]) -> str:
    details: dict[str, str] = {}
    for each in group:
        details.setdefault(each.layer, each.detail)
    layers = ", ".join(f"{layer} ({detail})" if detail else layer for layer, detail in details.items() if layer)
    runs = len({each.seed for each in group})
    return kind + (f": {layers}" if layers else f" ({group[0].detail})") + f"; in {runs} run{'s' * (runs > 1)}"
