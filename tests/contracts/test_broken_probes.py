"""Every check of a probe, proven by a classifier that is broken in that one way; a sound one passes them all.

The broken ones are sound on the small data of scikit-learn's own checks, and break on features with many columns.
"""

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import LinearSVC
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from neuroscope import PluginBroken, Plugins
from neuroscope.plugin.registry import Entry
from neuroscope.testing import checks_of, run

MANY = 30
SEEN = []


class NearestMean(ClassifierMixin, BaseEstimator):
    """The class whose weighted mean is nearest."""

    def fit(self, X, y, sample_weight=None):
        X, y = validate_data(self, X, y, dtype=[np.float64, np.float32])
        check_classification_targets(y)
        weights = _check_sample_weight(sample_weight, X, dtype=np.float64)
        X, y, weights = X[weights > 0], y[weights > 0], weights[weights > 0]
        self.classes_, numbers = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError("NearestMean needs rows of more than 1 class; here is one class")
        self.means_ = self._means(X.astype(np.float64), numbers, weights)
        return self

    def _means(self, X, numbers, weights):
        rows = [numbers == number for number in range(len(self.classes_))]
        return np.stack([np.average(X[own], axis=0, weights=weights[own]) for own in rows])

    def predict_proba(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, dtype=[np.float64, np.float32], reset=False).astype(np.float64)
        return softmax(2 * X @ self.means_.T - (self.means_**2).sum(axis=1), axis=1)

    def predict(self, X):
        best = self.predict_proba(X).argmax(axis=1)
        return self.classes_[best]


class AddsAnAttribute(NearestMean):
    """Its ``fit`` sets an attribute without a final underscore, which scikit-learn forbids."""

    def fit(self, X, y, sample_weight=None):
        super().fit(X, y, sample_weight)
        self.classes_seen = len(self.classes_)
        return self


class LearnsTheOpposite(NearestMean):
    """Takes two classes for each other; more than two are told apart."""

    def predict_proba(self, X):
        sound = super().predict_proba(X)
        return sound[:, ::-1] if self._is_turned() else sound

    def _is_turned(self):
        separated = np.abs(np.diff(self.means_, axis=0)).max() > 2
        return self.n_features_in_ > MANY and len(self.classes_) == 2 and separated


class KnowsFourClasses(NearestMean):
    def predict_proba(self, X):
        sound = super().predict_proba(X)
        if self.n_features_in_ > MANY and len(self.classes_) > 4:
            sound[:, 4:] = 0
        return sound


class CountsRows(NearestMean):
    """Looks where a row stands when its values say little."""

    def predict_proba(self, X):
        sound = super().predict_proba(X)
        if self.n_features_in_ > MANY and np.abs(np.diff(self.means_, axis=0)).max() < 1:
            sound[np.arange(len(sound)), np.arange(len(sound)) % len(self.classes_)] += 1
            sound /= sound.sum(axis=1, keepdims=True)
        return sound


class NeverTheSame(NearestMean):
    def _means(self, X, numbers, weights):
        sound = super()._means(X, numbers, weights)
        return sound + 1e-9 * np.random.default_rng().standard_normal(sound.shape) * (X.shape[1] > MANY)


class ForgetsWeights(NearestMean):
    def _means(self, X, numbers, weights):
        return super()._means(X, numbers, np.ones_like(weights) if X.shape[1] > MANY else weights)


class NeedsMoreRowsThanColumns(NearestMean):
    def _means(self, X, numbers, weights):
        if len(X) < X.shape[1] > MANY:
            raise np.linalg.LinAlgError("singular matrix")
        return super()._means(X, numbers, weights)


class Overflows(NearestMean):
    def predict_proba(self, X):
        sound = super().predict_proba(X)
        return np.full_like(sound, np.nan) if self.n_features_in_ >= 300 else sound


class CentresInPlace(NearestMean):
    def fit(self, X, y, sample_weight=None):
        if getattr(X, "shape", (0, 0))[-1] > MANY:
            X -= 1.0
        return super().fit(X, y, sample_weight)


class NumbersLabelsInPlace(NearestMean):
    def fit(self, X, y, sample_weight=None):
        super().fit(X, y, sample_weight)
        if self.n_features_in_ > MANY:
            y[...] = 0
        return self


class HalvesWeightsInPlace(NearestMean):
    def fit(self, X, y, sample_weight=None):
        super().fit(X, y, sample_weight)
        if self.n_features_in_ > MANY and sample_weight is not None:
            sample_weight *= 2
        return self


class SortsGroupsInPlace(NearestMean):
    def fit(self, X, y, sample_weight=None, *, groups=None, column_groups=None):
        super().fit(X, y, sample_weight)
        for numbers in (groups, column_groups):
            if numbers is not None:
                numbers[::-1].sort()
        return self


class SeedsEverybody(NearestMean):
    def fit(self, X, y, sample_weight=None):
        np.random.seed(0)
        return super().fit(X, y, sample_weight)


class Unweighted(NearestMean):
    def fit(self, X, y):
        return super().fit(X, y)


class Watches(NearestMean):
    """Sound, and keeps what is handed over."""

    def __init__(self, random_state=None):
        self.random_state = random_state

    def fit(self, X, y, sample_weight=None, *, groups=None, column_groups=None):
        if groups is not None:
            shapes = groups.shape == (len(X),) and column_groups.shape == (X.shape[1],)
            SEEN.append((X.dtype, y.dtype, shapes, self.random_state is None))
        return super().fit(X, y, sample_weight)


def watches():
    return Watches()


BROKEN = {
    AddsAnAttribute: "passes_the_checks_of_scikit_learn",
    LearnsTheOpposite: "learns_a_planted_signal",
    KnowsFourClasses: "tells_five_classes_apart",
    CountsRows: "stays_at_chance_on_noise",
    NeverTheSame: "same_seed_same_fit",
    ForgetsWeights: "weights_are_repeated_rows",
    NeedsMoreRowsThanColumns: "takes_more_columns_than_rows",
    Overflows: "takes_more_columns_than_rows",
    CentresInPlace: "leaves_its_input",
    NumbersLabelsInPlace: "leaves_its_input",
    HalvesWeightsInPlace: "leaves_its_input",
    SortsGroupsInPlace: "leaves_its_input",
    SeedsEverybody: "global_randomness_is_left_alone",
}


def outcomes(probe):
    plugins = Plugins()
    plugins.probes.add(Entry("probe", "mine", probe, "", "", "test:mine"))
    return {each.check: each for each in run("probe", "mine", plugins=plugins)}


def failed(found):
    return {name: each.reason for name, each in found.items() if not each.ok}


def test_a_sound_probe_passes_every_check():
    found = outcomes(NearestMean)
    assert failed(found) == {}
    assert {each.verdict for each in found.values()} == {"passed"}


@pytest.mark.parametrize("probe", BROKEN, ids=lambda each: each.__name__)
def test_a_broken_probe_fails_its_check_and_no_other(probe):
    assert list(failed(outcomes(probe))) == [BROKEN[probe]]


def test_every_check_has_its_broken_probe():
    assert set(BROKEN.values()) == {check.__name__ for check in checks_of("probe")}


def test_a_probe_without_weights_is_sound_and_the_check_of_weights_does_not_apply():
    found = outcomes(Unweighted)
    assert failed(found) == {}
    assert {name for name, each in found.items() if each.verdict == "skipped"} == {"weights_are_repeated_rows"}


def test_the_core_s_own_parameters_are_handed_over():
    SEEN.clear()
    assert failed(outcomes(watches)) == {}
    assert set(SEEN) == {(np.dtype("float32"), np.dtype("int64"), True, False)}


@pytest.mark.parametrize("probe", [LinearSVC(), KNeighborsClassifier()], ids=lambda each: type(each).__name__)
def test_classifiers_of_scikit_learn_pass_every_check_that_applies(probe):
    assert failed(outcomes(lambda: probe)) == {}


def test_messages_say_what_is_wrong_and_what_to_do():
    def of(probe):
        return outcomes(probe)[BROKEN[probe]].reason

    assert "check_dont_overwrite_parameters: AssertionError" in of(AddsAnAttribute)
    assert "parametrize_with_checks" in of(AddsAnAttribute)
    assert "accuracy 1.000 on noise, where chance is 0.5 ± 0.082" in of(CountsRows)
    assert "LinAlgError: singular matrix" in of(NeedsMoreRowsThanColumns)
    assert "changed in place: groups, column_groups; work on a copy" in of(SortsGroupsInPlace)


@pytest.mark.parametrize(
    ("made", "told"),
    [(object(), "object, which is no scikit-learn classifier"), (NearestMean, "the class NearestMean")],
)
def test_what_is_no_classifier_at_all_is_told_at_once(made, told):
    with pytest.raises(PluginBroken, match=told):
        outcomes(lambda: made)
