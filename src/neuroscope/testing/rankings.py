"""Checks of rankings: an order of all neurons that depends on their values, and not on where they stand."""

from __future__ import annotations

import copy
import itertools
import pickle
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from neuroscope.contracts.probing import Ranking
from neuroscope.defaults import PROBE
from neuroscope.errors import NeuroscopeError
from neuroscope.testing.cases import NotApplicable
from neuroscope.testing.inputs.planted import Planted, plant
from neuroscope.testing.inputs.ranked import assert_found, assert_permutation, assert_scores, named, place
from neuroscope.testing.randomness import global_randomness_stays

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from neuroscope.contracts.probing import Probe, Ranker
    from neuroscope.plugin.loading import Plugins

_COLUMNS = 37
_CONSTANT = 6
_EQUAL_WITHIN = 1e-4
"""Of the largest score: what another order of the same sums, or of the same fit's columns, may change in a score."""


@dataclass(frozen=True)
class Subject:
    """A ranking that is checked.

    Attributes:
        text: of the ranking.
        ranker: what is checked.
        template: an unfitted linear probe, which is handed over fitted.
        planted: three classes; some columns say which, some are constant.
        probe: fitted on them.
    """

    text: str
    ranker: Ranker
    template: Any
    planted: Planted
    probe: Any

    def rank(self, data: Planted | None = None, probe: Probe | None = None, *, seed: int = 0) -> Ranking:
        """Rank the columns of these data, or of others with a probe fitted on them; the ranker gets copies."""
        data, probe = copy.deepcopy((data or self.planted, probe or self.probe))
        made = self.ranker.rank(data.features, data.labels, probe, seed=seed)
        if not isinstance(made, Ranking):
            raise AssertionError(f"rank returns a {type(made).__name__}, not a neuroscope.Ranking")
        return made


def subject(text: str, data: object, plugins: Plugins) -> Subject:
    """Build a ranker and what it is asked to rank; ``data`` is not looked at.

    Raises:
        UnknownName: no such ranking or option.
        NeuroscopeError: it cannot be built.
    """
    del data  # rankings are checked on made-up features
    choice = plugins.rankings.choose(text)
    planted = plant(rows=300, columns=_COLUMNS, classes=3, seed=0, constant=_CONSTANT)
    template = _linear_probe(plugins)
    return Subject(choice.text, choice.build(), template, planted, _fitted(template, planted))


def _linear_probe(plugins: Plugins) -> Any:
    """Build the default probe where it is installed, else one of scikit-learn's."""
    try:
        return plugins.probes.choose(PROBE).build()
    except NeuroscopeError:
        from sklearn.linear_model import LogisticRegression

        return LogisticRegression()


def _fitted(template: Any, data: Planted) -> Any:
    from sklearn.base import clone

    return clone(template).fit(data.features.values, data.labels.values)


def is_a_permutation_of_the_units(subject: Subject) -> None:
    """The ranking holds every unit once."""
    assert_permutation(subject.rank(), subject.planted)


def scores_go_with_the_order(subject: Subject) -> None:
    """Scores are float64, finite, one a unit, and never rise along the order."""
    made = subject.rank()
    assert_scores("scores", made.scores, len(made.units))
    rising = np.flatnonzero(np.diff(made.scores) > 0).tolist()
    if rising:
        raise AssertionError(
            f"the score rises from {made.scores[rising[0]]:g} to {made.scores[rising[0] + 1]:g} at place "
            f"{rising[0] + 2}: "
            f"the most important unit comes first, and scores stand in the order of Ranking.units, not of the columns"
        )


def equal_units_keep_their_order(subject: Subject) -> None:
    """Units with equal scores stand in the order of their columns."""
    made = subject.rank()
    column = {unit: number for number, unit in enumerate(subject.planted.features.units)}
    places = np.array([column.get(unit, -1) for unit in made.units])
    turned = np.flatnonzero((np.diff(made.scores) == 0) & (np.diff(places) < 0))
    if len(turned):
        raise AssertionError(
            f"column {places[turned[0]]} stands before column {places[turned[0] + 1]}, both with score "
            f"{made.scores[turned[0]]:g}: order with numpy.argsort(-scores, kind='stable')"
        )


def same_seed_same_ranking(subject: Subject) -> None:
    """The same input and seed give the same order and scores, to the last bit."""
    first, second = subject.rank(seed=7), subject.rank(seed=7)
    differing = [n for n, (one, other) in enumerate(zip(first.units, second.units, strict=True)) if one != other]
    if differing:
        raise AssertionError(
            f"two calls with seed=7 differ from place {differing[0] + 1}: draw from default_rng(seed) alone"
        )
    if not np.array_equal(first.scores, second.scores):
        raise AssertionError("two calls with seed=7 give one order and different scores")


def follows_its_columns(subject: Subject) -> None:
    """With its columns permuted, every unit keeps its place (units of equal score compared as a set)."""
    made = subject.rank()
    if subject.rank().units != made.units or set(made.units) != set(subject.planted.features.units):
        raise NotApplicable("two calls alike give different orders, or units are missing")
    if (np.diff(made.scores) > 0).any():
        raise NotApplicable("the scores, which tell what may change its place, do not go with the order")
    order = np.random.default_rng(0).permutation(_COLUMNS)
    features = subject.planted.features
    units = tuple(features.units[column] for column in order)
    moved = replace(
        subject.planted, features=replace(features, units=units, values=np.ascontiguousarray(features.values[:, order]))
    )
    again = subject.rank(moved, _permuted(subject.probe, order))
    for begin, end in _ties(made.scores):
        strange = sorted(set(again.units[begin:end]) - set(made.units[begin:end]), key=str)
        if strange:
            raise AssertionError(
                f"with permuted columns, {named(strange[0])} comes to place {place(again, strange[0])}, and stood at "
                f"{place(made, strange[0])} before: a unit is told by its column's values, weights and name, never "
                f"by the "
                f"column's number"
            )


def finds_planted_units(subject: Subject) -> None:
    """Units that strongly tell the classes apart come before all others."""
    assert_found(subject.rank(), subject.planted)


def ranks_two_classes(subject: Subject) -> None:
    """Two classes are ranked as well as three."""
    data = plant(rows=300, columns=_COLUMNS, classes=2, seed=0, each=4)
    made = subject.rank(data, _fitted(subject.template, data))
    assert_permutation(made, data)
    assert_found(made, data)


def nothing_to_find_is_no_error(subject: Subject) -> None:
    """Where all columns are constant and all weights 0, every unit is ranked, with a finite score."""
    features = subject.planted.features
    still = replace(subject.planted, features=replace(features, values=np.zeros_like(features.values)))
    silent = copy.deepcopy(subject.probe)
    silent.coef_ = np.zeros_like(silent.coef_)
    made = subject.rank(still, silent)
    assert_permutation(made, still)
    count = (~np.isfinite(made.scores)).sum()
    if count:
        raise AssertionError(
            f"{count} of {len(made.scores)} scores are not finite where no column says anything; "
            f"a unit without weight has score 0: look before dividing by a sum or a deviation"
        )


def scores_by_class_are_whole(subject: Subject) -> None:
    """Where there are scores by class, each class has one float64 a unit."""
    made = subject.rank()
    if not made.by_class:
        raise NotApplicable("it gives no scores by class")
    classes = subject.planted.labels.classes
    if set(made.by_class) != set(classes):
        raise AssertionError(
            f"by_class has {', '.join(map(str, made.by_class))}; its keys are all of labels.classes: "
            f"{', '.join(classes)}"
        )
    for name, scores in made.by_class.items():
        assert_scores(f"by_class['{name}']", scores, len(made.units))


def scores_by_class_go_with_the_order(subject: Subject) -> None:
    """Scores by class stand in the order of the units: those planted for a class are above the median."""
    made = subject.rank()
    if not made.by_class:
        raise NotApplicable("it gives no scores by class")
    units = subject.planted.features.units
    for number, columns in subject.planted.signal.items():
        name = subject.planted.labels.classes[number]
        scores = made.by_class.get(name)
        if scores is None or len(scores) != len(made.units):
            continue  # told by the check before
        for unit in (units[column] for column in columns):
            score = scores[place(made, unit) - 1]
            if not (score > np.median(scores)):
                raise AssertionError(
                    f"by_class['{name}'] gives {named(unit)}, which tells {name} apart, {score:g}; the median is "
                    f"{np.median(scores):g}: are they in the order of the columns, instead of Ranking.units?"
                )


def leaves_its_input(subject: Subject) -> None:
    """Ranking changes neither features, labels nor the probe."""
    data, probe = copy.deepcopy((subject.planted, subject.probe))
    before = _bytes(data, probe)
    subject.ranker.rank(data.features, data.labels, probe, seed=0)
    after = _bytes(data, probe)
    changed = [name for name, state in before.items() if state != after[name]]
    if changed:
        raise AssertionError(
            f"{', '.join(changed)} changed in place: work on a copy (sklearn.base.clone for the probe)"
        )


def global_randomness_is_left_alone(subject: Subject) -> None:
    """Ranking moves no global random state."""
    with global_randomness_stays("the ranker"):
        subject.rank()


def _bytes(data: Planted, probe: Any) -> dict[str, bytes]:
    labels = data.labels
    given = {"features": data.features.values.tobytes(), "labels": labels.values.tobytes()}
    return {**given, "groups": labels.groups.tobytes(), "the probe": pickle.dumps(vars(probe))}


def _ties(scores: NDArray[np.float64]) -> Iterator[tuple[int, int]]:
    """Find runs of scores that are equal but for rounding: the first place of each, and the one behind its last."""
    apart = np.abs(np.diff(scores)) > _EQUAL_WITHIN * np.abs(scores).max()
    edges = [0, *(np.flatnonzero(apart) + 1).tolist(), len(scores)]
    yield from itertools.pairwise(edges)


def _permuted(probe: Any, order: NDArray[np.int64]) -> Any:
    """Permute the columns of a linear probe: all that it learned with one entry per column goes along."""
    moved = copy.deepcopy(probe)
    for name, value in vars(probe).items():
        if isinstance(value, np.ndarray) and value.shape[-1:] == order.shape:
            setattr(moved, name, np.ascontiguousarray(value[..., order]))
    return moved


CHECKS: tuple[Callable[[Subject], None], ...] = (
    is_a_permutation_of_the_units,
    scores_go_with_the_order,
    equal_units_keep_their_order,
    same_seed_same_ranking,
    follows_its_columns,
    finds_planted_units,
    ranks_two_classes,
    nothing_to_find_is_no_error,
    scores_by_class_are_whole,
    scores_by_class_go_with_the_order,
    leaves_its_input,
    global_randomness_is_left_alone,
)
