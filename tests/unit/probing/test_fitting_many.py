"""Many fits at once: by the probe's own ``fit_many`` where it has one, else one by one, with the same results."""

import warnings

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import LinearSVC

from neuroscope import Problem
from neuroscope.probing.fitting import fit, fit_many
from neuroscope_elasticnet import make_elasticnet


def rows(count=60, columns=6):
    rng = np.random.default_rng(0)
    values = np.arange(count) % 3
    features = rng.standard_normal((count, columns)).astype(np.float32) + values[:, None]
    return features, values, {"groups": np.arange(count) // 4, "column_groups": np.arange(columns) // 3}


COUNTS = np.arange(60) % 3
PART = np.array([4, 0, 1])
PROBLEMS = [
    Problem(),
    Problem(y=(np.arange(60) // 2) % 3),
    Problem(columns=PART),
    Problem(sample_weight=COUNTS),
    Problem(columns=PART, sample_weight=COUNTS, y=(np.arange(60) // 2) % 3),
]


@pytest.mark.parametrize("template", [LogisticRegression(), KNeighborsClassifier(1), LinearSVC(random_state=5)])
def test_a_probe_without_fit_many_is_fitted_one_by_one(template):
    features, values, more = rows()
    for fitted, problem in zip(fit_many(template, features, values, PROBLEMS, seed=3, **more), PROBLEMS, strict=True):
        columns = slice(None) if problem.columns is None else problem.columns
        counted = slice(None) if problem.sample_weight is None else np.flatnonzero(problem.sample_weight)
        single = fit(
            template,
            features[counted][:, columns],
            (values if problem.y is None else problem.y)[counted],
            seed=3,
            groups=more["groups"][counted],
            column_groups=more["column_groups"][columns],
            weights=None if problem.sample_weight is None else problem.sample_weight[counted],
        )
        seen = features[:, columns]
        assert np.array_equal(fitted.probe.predict(seen), single.probe.predict(seen))
        assert fitted.metrics == single.metrics
        assert not hasattr(template, "classes_")


def test_a_problems_parameters_and_seed_reach_the_probe():
    features, values, more = rows()
    problems = [Problem(params={"C": 0.5}), Problem(params={"random_state": 9})]
    first, second = fit_many(LogisticRegression(), features, values, problems, seed=3, **more)
    assert (first.probe.C, first.probe.random_state, second.probe.random_state) == (0.5, 3, 9)


@pytest.mark.parametrize("options", [{}, {"l1": 0.0, "l2": 1.0}, {"solver": "adam", "scale": "none"}])
def test_at_once_and_one_by_one_agree(options):
    features, values, more = rows()
    template, plain = make_elasticnet(**options), make_elasticnet(**options)
    plain.fit_many = None
    at_once = fit_many(template, features, values, PROBLEMS, seed=3, **more)
    for fitted, problem, single in zip(
        at_once, PROBLEMS, fit_many(plain, features, values, PROBLEMS, seed=3, **more), strict=True
    ):
        assert fitted.converged
        assert fitted.probe.random_state == single.probe.random_state == 3
        assert fitted.metrics.keys() == single.metrics.keys()
        seen = features if problem.columns is None else features[:, problem.columns]
        assert np.mean(fitted.probe.predict(seen) == single.probe.predict(seen)) > 0.98
        assert np.allclose(fitted.probe.center_, single.probe.center_)
        assert np.allclose(fitted.probe.scale_, single.probe.scale_)


class Many(ClassifierMixin, BaseEstimator):
    """Says which fit did not converge, or warns for all."""

    def __init__(self, says=True):
        self.says = says

    def fit_many(self, X, y, problems, *, groups=None, column_groups=None):
        warnings.warn("no", ConvergenceWarning, stacklevel=2)
        made = [Many(self.says) for _ in problems]
        for number, each in enumerate(made):
            each.given_ = (len(groups), len(column_groups))
            if self.says:
                each.converged_ = number > 0
        return made


@pytest.mark.parametrize(("says", "converged"), [(True, [False, True]), (False, [False, False])])
def test_which_fits_did_not_converge_is_told(says, converged):
    features, values, more = rows()
    fits = fit_many(Many(says), features, values, [Problem(), Problem()], seed=0, **more)
    assert [each.converged for each in fits] == converged
    assert fits[0].probe.given_ == (60, 6)
