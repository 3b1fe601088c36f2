"""Any scikit-learn classifier can be a probe; it gets what its ``fit`` has parameters for."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from neuroscope.probing.fitting import fit


class Recorder(ClassifierMixin, BaseEstimator):
    """Keeps what it was given."""

    def __init__(self, random_state=None):
        self.random_state = random_state

    def fit(self, X, y, *, sample_weight=None, groups=None, column_groups=None):
        self.given_ = {"sample_weight": sample_weight, "groups": groups, "column_groups": column_groups}
        self.l1_, self.l2_, self.n_iter_, self.gap_ = 0.5, 0.25, 3, float("nan")
        return self

    def predict(self, X):
        return np.zeros(len(X), dtype=int)


def problem(rows=40, columns=5):
    rng = np.random.default_rng(0)
    values = np.arange(rows) % 2
    features = rng.standard_normal((rows, columns)).astype(np.float32) + values[:, None]
    return features, values, {"groups": np.arange(rows) // 4, "column_groups": np.zeros(columns, dtype=int)}


def test_a_probe_gets_what_its_fit_has_parameters_for():
    features, values, more = problem()
    weights = np.arange(40) % 3
    fitted = fit(Recorder(), features, values, seed=11, weights=weights, **more)
    assert fitted.probe.random_state == 11
    assert np.array_equal(fitted.probe.given_["sample_weight"], weights)
    assert np.array_equal(fitted.probe.given_["groups"], more["groups"])
    assert np.array_equal(fitted.probe.given_["column_groups"], more["column_groups"])


def test_numbers_of_the_fit_are_read_where_they_are_finite():
    features, values, more = problem()
    assert fit(Recorder(), features, values, seed=0, **more).metrics == {"l1": 0.5, "l2": 0.25, "steps": 3.0}


def test_of_a_number_for_each_class_the_largest_is_told():
    class Several(Recorder):
        def fit(self, X, y):
            self.n_iter_ = np.array([3, 9, 4])
            return self

    features, values, more = problem()
    assert fit(Several(), features, values, seed=0, **more).metrics == {"steps": 9.0}


def test_the_template_stays_unfitted():
    features, values, more = problem()
    template = LogisticRegression()
    fit(template, features, values, seed=0, **more)
    assert not hasattr(template, "coef_")


def test_a_probe_without_weights_gets_the_rows_repeated():
    features, values, more = problem()
    weights = np.arange(40) % 3
    fitted = fit(KNeighborsClassifier(1), features, values, seed=0, weights=weights, **more)
    assert fitted.probe.n_samples_fit_ == weights.sum()


def test_where_rows_are_repeated_their_groups_are_too():
    class Grouped(Recorder):
        def fit(self, X, y, *, groups=None):
            self.given_ = (y, groups)
            return self

    features, values, more = problem()
    weights = np.arange(40) % 3
    given, groups = fit(Grouped(), features, values, seed=0, weights=weights, **more).probe.given_
    rows = [row for row in range(40) for _ in range(row % 3)]
    assert given.tolist() == [row % 2 for row in rows]
    assert groups.tolist() == [row // 4 for row in rows]


def test_weights_and_repeated_rows_are_the_same_fit():
    features, values, more = problem()
    weights = np.arange(40) % 3
    by_weight = fit(LogisticRegression(tol=1e-8), features, values, seed=0, weights=weights, **more)
    repeated = LogisticRegression(tol=1e-8).fit(np.repeat(features, weights, axis=0), np.repeat(values, weights))
    assert by_weight.probe.coef_ == pytest.approx(repeated.coef_, abs=1e-4)


def test_a_fit_that_does_not_converge_says_so():
    features, values, more = problem()
    assert not fit(LogisticRegression(max_iter=1), features, values, seed=0, **more).converged
    assert fit(LogisticRegression(), features, values, seed=0, **more).converged


def test_other_warnings_of_a_probe_are_passed_on():
    class Noisy(Recorder):
        def fit(self, X, y):
            import warnings

            warnings.warn("not about convergence", RuntimeWarning, stacklevel=1)
            warnings.warn("about it", ConvergenceWarning, stacklevel=1)
            return self

    features, values, more = problem()
    with pytest.warns(RuntimeWarning, match="not about convergence"):
        fitted = fit(Noisy(), features, values, seed=0, **more)
    assert not fitted.converged


def test_all_zero_weights_are_noticed():
    features, values, more = problem()
    dead = LogisticRegression(l1_ratio=1.0, C=1e-6, solver="liblinear")
    assert fit(dead, features, values, seed=0, **more).silent
    assert not fit(LogisticRegression(), features, values, seed=0, **more).silent
    assert not fit(KNeighborsClassifier(1), features, values, seed=0, **more).silent  # it has no weights
