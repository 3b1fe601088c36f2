"""Checks of probes: scikit-learn's own, and that predictions can be believed.

Those of scikit-learn are one check here. In a test file, ``parametrize_with_checks([YourProbe()])`` of
``sklearn.utils.estimator_checks`` makes each of them a test of its own.
"""

from __future__ import annotations

import copy
import inspect
import warnings
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neuroscope.testing.cases import NotApplicable
from neuroscope.testing.inputs.planted import Planted, plant
from neuroscope.testing.randomness import global_randomness_stays

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from neuroscope.plugin.loading import Plugins

_LEARNED = 0.9
_BAND = 4.0
"""Standard deviations of a binomial count by which accuracy on noise may lie from chance."""

_REPEATED_WITHIN = 0.05
_OF_WEIGHTS = {
    f"check_sample_weight_equivalence_on_{kind}_data": "weights_are_repeated_rows, which allows for drawing at random"
    for kind in ("dense", "sparse")
}
"""Checks of scikit-learn that several of its own classifiers fail by one part in ten million."""

_COLUMNS = 40


@dataclass(frozen=True, slots=True)
class Subject:
    """A probe that is checked.

    Attributes:
        text: of the probe.
        probe: unfitted; it is copied for every fit.
    """

    text: str
    probe: Any

    def fit(self, data: Planted, weights: NDArray[np.int64] | None = None, seed: int = 0) -> Any:
        """Fit a copy to a copy of the data as the core does: with the seed, and what ``fit`` has parameters for."""
        own, weights = copy.deepcopy((data, weights))
        return _fit(self.probe, own, _arguments_of_fit(self.probe, own, weights), seed)


def subject(text: str, data: object, plugins: Plugins) -> Subject:
    """Build a probe; ``data`` is not looked at.

    Raises:
        UnknownName: no such probe or option.
        PluginBroken: what the factory returns is no scikit-learn classifier.
        NeuroscopeError: it cannot be built.
    """
    del data  # probes are checked on made-up features
    choice = plugins.probes.choose(text)
    return Subject(choice.text, choice.build())


def passes_the_checks_of_scikit_learn(subject: Subject) -> None:
    """Every check of scikit-learn's check_estimator passes (weights have a check of their own here)."""
    from sklearn.utils.estimator_checks import check_estimator

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        outcomes = check_estimator(subject.probe, expected_failed_checks=_OF_WEIGHTS, on_skip=None, on_fail=None)
    failed = [each for each in outcomes if each["status"] == "failed"]
    told = "; ".join(f"{each['check_name']}: {_first_line(each['exception'])}" for each in failed)
    if failed:
        raise AssertionError(
            f"{len(failed)} of {len(outcomes)} fail: {told} (parametrize_with_checks of "
            f"sklearn.utils.estimator_checks runs each as a test of its own)"
        )


def learns_a_planted_signal(subject: Subject) -> None:
    """Two classes that differ in a few columns are told apart in nine of ten rows that it has not seen."""
    _assert_learned(subject, classes=2, rows=1000)


def tells_five_classes_apart(subject: Subject) -> None:
    """Five classes that differ in a few columns are told apart in nine of ten rows that it has not seen."""
    _assert_learned(subject, classes=5, rows=1000)


def stays_at_chance_on_noise(subject: Subject) -> None:
    """Trained on noise it is at chance on rows that it has not seen."""
    seen, unseen = (plant(rows=600, columns=_COLUMNS, classes=2, seed=seed, strength=0) for seed in (0, 1))
    found, band = _accuracy(subject.fit(seen), unseen), _BAND * 0.5 / np.sqrt(600)
    if not (abs(found - 0.5) <= band):
        raise AssertionError(
            f"accuracy {found:.3f} on noise, where chance is 0.5 ± {band:.3f}: a prediction may depend on nothing but "
            f"the "
            f"values of its row, not on the row's position or on other rows"
        )


def same_seed_same_fit(subject: Subject) -> None:
    """The same rows and the same random_state give the same predictions, to the last bit."""
    seen, unseen = (plant(rows=300, columns=_COLUMNS, classes=3, seed=seed, strength=1.0) for seed in (0, 1))
    first, second = (_outputs(subject.fit(seen, seed=7), copy.deepcopy(unseen)) for _ in range(2))
    differing = [name for name, values in first.items() if not np.array_equal(values, second[name])]
    if differing:
        raise AssertionError(
            f"two fits with random_state=7 differ in {', '.join(differing)}: draw from "
            f"sklearn.utils.check_random_state(self.random_state), where random_state is a parameter of the probe"
        )


def weights_are_repeated_rows(subject: Subject) -> None:
    """A whole-number sample_weight does what repeating the rows does (probabilities within 0.05)."""
    if "sample_weight" not in inspect.signature(subject.probe.fit).parameters:
        raise NotApplicable("fit has no parameter sample_weight: the core repeats the rows")
    data = plant(rows=240, columns=_COLUMNS, classes=3, seed=0, strength=1.0)
    weights = np.random.default_rng(0).integers(0, 4, size=240)
    weighted = _outputs(subject.fit(data, weights), copy.deepcopy(data))
    repeated = _outputs(_fit_repeated(subject.probe, data, weights), copy.deepcopy(data))
    name = next(name for name in ("predict_proba", "decision_function", "predict") if name in weighted)
    one, other = weighted[name], repeated[name]
    apart = np.abs(one - other).max() / max(1.0, np.abs(other).max()) if name != "predict" else (one != other).mean()
    if not (apart <= _REPEATED_WITHIN):
        raise AssertionError(
            f"{name} differs by up to {apart:.3f} between sample_weight and repeated rows (at most "
            f"{_REPEATED_WITHIN}): "
            f"use the weights in every sum over rows, or leave sample_weight out of fit's parameters: the core "
            f"repeats rows"
        )


def takes_more_columns_than_rows(subject: Subject) -> None:
    """It fits float32 features with more columns than rows and gives finite numbers."""
    data = plant(rows=60, columns=300, classes=3, seed=0)
    for name, values in _outputs(subject.fit(data), data).items():
        if not np.isfinite(values).all():
            raise AssertionError(f"{name} is not finite after a fit of 60 rows and 300 columns in float32")


def leaves_its_input(subject: Subject) -> None:
    """Fitting and predicting change neither features nor labels, weights and groups."""
    data = plant(rows=120, columns=_COLUMNS, classes=3, seed=0)
    handed = _arguments_of_fit(subject.probe, data, np.ones(120, dtype=np.int64))
    arrays: dict[str, NDArray[Any]] = {"X": data.features.values, "y": data.labels.values, **handed}
    before = {name: values.copy() for name, values in arrays.items()}
    _outputs(_fit(subject.probe, data, handed, 0), data)
    changed = [name for name, values in arrays.items() if not np.array_equal(values, before[name])]
    if changed:
        raise AssertionError(f"changed in place: {', '.join(changed)}; work on a copy")


def global_randomness_is_left_alone(subject: Subject) -> None:
    """Fitting and predicting move no global random state."""
    data = plant(rows=120, columns=_COLUMNS, classes=3, seed=0)
    with global_randomness_stays("the probe"):
        _outputs(subject.fit(data), data)


def _assert_learned(subject: Subject, *, classes: int, rows: int) -> None:
    seen, unseen = (plant(rows=rows, columns=_COLUMNS, classes=classes, seed=seed) for seed in (0, 1))
    probe = subject.fit(seen)
    found = _accuracy(probe, unseen)
    told = ", ".join(f"{number}: {count}" for number, count in sorted(Counter(_predicted(probe, unseen)).items()))
    if not (found >= _LEARNED):
        raise AssertionError(
            f"accuracy {found:.3f} on {rows} new rows of {classes} classes, each 3 standard deviations apart in 3 of "
            f"{_COLUMNS} columns; at least {_LEARNED} is expected (predicted {told}): more steps, or less penalty?"
        )


def _arguments_of_fit(probe: Any, data: Planted, weights: NDArray[np.int64] | None) -> dict[str, NDArray[Any]]:
    """Collect what the core hands over beside ``X`` and ``y``: those that ``fit`` has a parameter for."""
    offered = {"groups": data.labels.groups, "column_groups": data.column_groups}
    if weights is not None:
        offered["sample_weight"] = weights
    takes = inspect.signature(probe.fit).parameters
    return {name: values for name, values in offered.items() if name in takes}


def _fit(template: Any, data: Planted, handed: Mapping[str, NDArray[Any]], seed: int) -> Any:
    return _fit_arrays(template, data.features.values, data.labels.values, handed, seed)


def _fit_repeated(template: Any, data: Planted, weights: NDArray[np.int64]) -> Any:
    handed = _arguments_of_fit(template, data, None)
    if "groups" in handed:
        handed["groups"] = np.repeat(handed["groups"], weights)
    values, labels = np.repeat(data.features.values, weights, axis=0), np.repeat(data.labels.values, weights)
    return _fit_arrays(template, values, labels, handed, 0)


def _fit_arrays(
    template: Any,
    values: NDArray[np.float32],
    labels: NDArray[np.int64],
    handed: Mapping[str, NDArray[Any]],
    seed: int,
) -> Any:
    """Fit a copy; that it did not converge is no failure here: the core warns users."""
    from sklearn.base import clone
    from sklearn.exceptions import ConvergenceWarning

    probe = clone(template)
    if "random_state" in probe.get_params():
        probe.set_params(random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        probe.fit(values, labels, **handed)
    return probe


def _predicted(probe: Any, data: Planted) -> list[Any]:
    predicted: list[Any] = np.asarray(probe.predict(data.features.values)).tolist()
    return predicted


def _accuracy(probe: Any, data: Planted) -> float:
    return float((np.asarray(probe.predict(data.features.values)) == data.labels.values).mean())


def _outputs(probe: Any, data: Planted) -> dict[str, NDArray[Any]]:
    """Compute all outputs of a fitted probe: classes, and probabilities and decision values where it has them."""
    names = ("predict", "predict_proba", "decision_function")
    return {name: np.asarray(getattr(probe, name)(data.features.values)) for name in names if hasattr(probe, name)}


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


CHECKS: tuple[Callable[[Subject], None], ...] = (
    passes_the_checks_of_scikit_learn,
    learns_a_planted_signal,
    tells_five_classes_apart,
    stays_at_chance_on_noise,
    same_seed_same_fit,
    weights_are_repeated_rows,
    takes_more_columns_than_rows,
    leaves_its_input,
    global_randomness_is_left_alone,
)
