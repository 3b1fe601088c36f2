"""Warnings about fits, columns, splits and errors: what a reader should know before believing a number."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neuroscope.contracts import metric_names
from neuroscope.contracts.records import Caution, CautionedRows
from neuroscope.defaults import EXCESS_LOSS, FAR_FROM_OPTIMUM
from neuroscope.probing.statistics.estimate import RELIABLE_GROUPS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from neuroscope.probing.fitting import Fit
    from neuroscope.probing.runs import Run, Runs

FAR_OFF = 10.0
"""Standard deviations of the training part beyond which a test value is called far off."""
MUCH_HIGHER = 0.1
"""A difference of accuracies, a fraction, beyond which what is true of some rows is not of others."""
_FEW_ERRORS = 5
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A warning about rows of one run; those of one kind are summed up in one line.

    Attributes:
        kind: a short fixed phrase.
        layer: empty where it is about the split.
        seed: of the run.
        detail: figures.
        conditions: of the rows; empty with a layer = the probe of the layer.
        percents: shares of the neurons that the rows are about; empty = whatever the share.
    """

    kind: str
    layer: str
    seed: int
    detail: str = ""
    conditions: tuple[str, ...] = ()
    percents: tuple[float, ...] = ()

    @classmethod
    def read(cls, written: Mapping[str, Any]) -> Diagnostic:
        """Read a warning as JSON has it."""
        lists = {name: tuple(written.get(name, ())) for name in ("conditions", "percents")}
        return cls(**{**written, **lists})


def about_fit(fitted: Fit, layer: str, seed: int) -> Iterable[Diagnostic]:
    """Warn of a fit that did not converge, or ended far from its optimum, or whose weights are all zero."""
    told = fitted.metrics
    if fitted.converged:
        if is_far_from_optimum(told):
            kind = "the fit is far from its optimum: what the columns know may be more than its accuracy"
            yield Diagnostic(kind, layer, seed, f"{100 * told[EXCESS_LOSS]:.0f} % unlearned")
    elif told.get("l1") == told.get("l2") == 0 and told.get(metric_names.TRAINING_ACCURACY) == 1:
        kind = "without a penalty, classes that planes separate have no optimum: the fit stopped on its way"
        yield Diagnostic(kind, layer, seed)
    else:
        yield Diagnostic("the fit did not converge", layer, seed)
    if fitted.silent:
        yield Diagnostic("all weights are zero: the penalty is near its maximum for this layer", layer, seed)


def is_far_from_optimum(metrics: Mapping[str, float]) -> bool:
    """Whether a fit is far from its optimum, by what it tells; one that tells nothing is not known to be."""
    return metrics.get(EXCESS_LOSS, 0.0) > FAR_FROM_OPTIMUM


def about_training(
    training: Mapping[str, Sequence[float]], test: Mapping[str, Sequence[float]], seeds: Sequence[int]
) -> Iterable[Diagnostic]:
    """Warn of layers whose mean accuracy over runs is much higher on the training rows than on test rows.

    Args:
        training: layer -> accuracy on the training rows, one per run.
        test: the same of the test rows.
        seeds: of the runs.
    """
    for layer, known in training.items():
        kind = f"training accuracy is more than {100 * MUCH_HIGHER:g} points above test"
        yield from _much_higher(kind, layer, known, test[layer], seeds)


def about_choice(
    folds: Sequence[float], test: Sequence[float], layer: str, seeds: Sequence[int]
) -> Iterable[Diagnostic]:
    """Warn where all neurons know much more of the folds that a size was chosen on than of the test rows."""
    kind = f"accuracy on the folds that sizes were chosen on is more than {100 * MUCH_HIGHER:g} points above test"
    yield from _much_higher(kind, layer, folds, test, seeds)


def _much_higher(
    kind: str, layer: str, high: Sequence[float], low: Sequence[float], seeds: Sequence[int]
) -> Iterable[Diagnostic]:
    first, second = float(np.mean(high)), float(np.mean(low))
    if first - second > MUCH_HIGHER + _ROUNDING:
        detail = f"{100 * first:.1f} against {100 * second:.1f}"
        yield from (Diagnostic(kind, layer, seed, detail) for seed in seeds)


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


def about_runs(values: NDArray[np.float32], runs: Runs) -> Iterable[Diagnostic]:
    """Warn of what the rows of the runs' two parts are, whatever is fitted to them."""
    for run in runs.each:
        yield from about_split(run)
    yield from about_equal_vectors(values, runs)


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


def summed_up(warnings: Iterable[Diagnostic]) -> list[Caution]:
    """Sum up warnings, one for each kind: about which rows, in how many runs, and the first figures."""
    by_kind: dict[str, list[Diagnostic]] = {}
    for warning in warnings:
        by_kind.setdefault(warning.kind, []).append(warning)
    return [_caution(kind, group) for kind, group in by_kind.items()]


def _caution(kind: str, group: list[Diagnostic]) -> Caution:
    about: dict[tuple[Any, ...], CautionedRows] = {}
    for each in group:
        rows = (each.layer, each.conditions, each.percents)
        of_first = CautionedRows(layer=rows[0], conditions=rows[1], percents=rows[2], detail=each.detail)
        about.setdefault(rows, of_first)
    named = ", ".join(_named([each for each in about.values() if each.layer]))
    runs = len({each.seed for each in group})
    line = kind + (f": {named}" if named else f" ({group[0].detail})") + f"; in {runs} run{'s' * (runs > 1)}"
    return Caution(kind=kind, line=line, runs=runs, about=tuple(about.values()))


def _named(about: list[CautionedRows]) -> Iterator[str]:
    """Name rows for people, with their figures; those that differ in their percentages alone together."""
    alike: dict[tuple[Any, ...], list[float]] = {}
    for each in about:
        alike.setdefault((each.layer, each.conditions, each.detail), []).extend(each.percents)
    for (layer, of, detail), percents in alike.items():
        shares = ", ".join(f"{percent:g}" for percent in percents)
        name = " ".join(part for part in (layer, "/".join(of), shares and f"{shares} %") if part)
        yield f"{name} ({detail})" if detail else name
