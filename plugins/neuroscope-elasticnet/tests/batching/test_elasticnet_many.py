"""Many fits at once against the same fits one by one."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import log_softmax
from sklearn.base import clone
from threadpoolctl import threadpool_limits

from neuroscope import Problem
from neuroscope_elasticnet.batching import many
from neuroscope_elasticnet.estimator import ElasticNetProbe
from neuroscope_elasticnet.matrix import selection


def mixed(rows, columns, classes, generator, l1=1e-2):
    """Seeds, labels, columns, weights and penalties: one of each kind, and all together."""
    y = generator.integers(0, classes, rows)
    y[:classes] = np.arange(classes)
    counts = generator.integers(0, 3, rows)
    counts[:classes] = 1
    some = np.sort(generator.permutation(columns)[: max(columns // 2, 2)])
    most = generator.permutation(columns)[: max(columns - 2, 2)]
    layer = np.arange(columns // 3, columns)
    return [
        Problem(),
        Problem(params={"random_state": 3}),
        Problem(y=y),
        Problem(y=y, params={"random_state": 3}),
        Problem(columns=some),
        Problem(columns=most),
        Problem(columns=layer),
        Problem(columns=layer, y=y, params={"l1": l1}),
        Problem(params={"l1": 1e-4, "l2": 1e-2}),
        Problem(sample_weight=counts),
        Problem(sample_weight=(counts > 0).astype(int), columns=some),
        Problem(sample_weight=counts, columns=most, y=y, params={"random_state": 5, "l2": 0.1}),
    ]


def alone(probe, values, y, problem, groups=None, layers=None):
    columns = slice(None) if problem.columns is None else problem.columns
    fitted = clone(probe).set_params(**problem.params)
    labels = y if problem.y is None else problem.y
    layers = None if layers is None else layers[columns]
    return fitted.fit(
        values[:, columns], labels, sample_weight=problem.sample_weight, groups=groups, column_groups=layers
    )


def objective(probe, values, y, weight=None):
    weights = probe.coef_ * probe.scale_
    losses = -log_softmax(values @ probe.coef_.T + probe.intercept_, axis=1)[np.arange(len(y)), y]
    penalty = probe.l1_ * np.abs(weights).sum() + probe.l2_ * (weights**2).sum()
    return np.average(losses, weights=weight) + penalty


ADAMS = [
    {"scale": "none"},
    {"scale": "none", "norm": "plain", "shuffle": False},
    {"scale": "soft", "shuffle": False, "batch": 7},
    {"scale": "sd", "batch": 33, "epochs": 3},
]


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**31), st.integers(12, 70), st.integers(6, 40), st.integers(2, 4), st.sampled_from(ADAMS))
def test_adam_takes_the_same_steps_in_float64(seed, rows, columns, classes, options):
    generator = np.random.default_rng(seed)
    values = generator.standard_normal((rows, columns)) * np.exp(generator.standard_normal(columns)) + 1
    values[:, 1] = 0.25
    problems = mixed(rows, columns, classes, generator)
    y, layers = problems[2].y[::-1].copy(), np.arange(columns) // 4
    probe = ElasticNetProbe(solver="adam", l1=1e-3, l2=1e-3, **options)
    for fitted, problem in zip(probe.fit_many(values, y, problems, column_groups=layers), problems, strict=True):
        single = alone(probe, values, y, problem, layers=layers)
        assert_allclose(fitted.coef_, single.coef_, rtol=0, atol=1e-9 * np.abs(single.coef_).max())
        assert_allclose(fitted.intercept_, single.intercept_, atol=1e-9 * max(1, np.abs(single.intercept_).max()))
        assert_allclose(fitted.gap_, single.gap_, rtol=1e-6)
        assert fitted.n_iter_ == single.n_iter_
        assert fitted.n_features_in_ == single.n_features_in_
        assert fitted.get_params() == single.get_params()


@pytest.mark.parametrize("options", ADAMS)
@pytest.mark.parametrize("shape", [(300, 500, 3), (150, 1200, 5)])
def test_adam_takes_the_same_steps_in_float32_up_to_rounding(make_data, options, shape):
    values, y = make_data(*shape)
    values = values.astype(np.float32)
    probe = ElasticNetProbe(solver="adam", l1=1e-5, l2=1e-5, **options)
    problems = mixed(*shape, np.random.default_rng(1), l1=1e-4)  # a strong one keeps weights jumping around 0
    for fitted, problem in zip(probe.fit_many(values, y, problems), problems, strict=True):
        single = alone(probe, values, y, problem)
        largest = np.abs(single.coef_).max()
        difference = np.abs(fitted.coef_ - single.coef_)
        assert np.median(difference) <= 1e-7 * max(largest, 1)
        assert difference.max() <= 1e-2 * largest
        seen = values if problem.columns is None else values[:, problem.columns]
        logits = np.sort(seen @ single.coef_.T + single.intercept_, axis=1)
        clear = logits[:, -1] - logits[:, -2] > 1e-3
        assert_array_equal(fitted.predict(seen)[clear], single.predict(seen)[clear])


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("options", [{}, {"l1": 0.0, "l2": 1.0}, {"scale": "none"}, {"l1": 0.0, "scale": "sd"}])
def test_optima_end_within_the_same_gap(make_data, options, kind):
    values, y = make_data(90, 50, 3)
    values = values.astype(kind)
    probe = ElasticNetProbe(**options)
    problems = [
        problem for problem in mixed(90, 50, 3, np.random.default_rng(2)) if probe.l1 or "l1" not in problem.params
    ]
    layers = np.arange(50) // 20
    for fitted, problem in zip(probe.fit_many(values, y, problems, column_groups=layers), problems, strict=True):
        single = alone(probe, values, y, problem, layers=layers)
        labels = y if problem.y is None else problem.y
        seen = values if problem.columns is None else values[:, problem.columns]
        costs = [objective(each, seen, labels, problem.sample_weight) for each in (fitted, single)]
        assert max(fitted.gap_, single.gap_) <= probe.tolerance
        assert fitted.converged_
        assert abs(costs[0] - costs[1]) <= probe.tolerance * max(costs)
        assert_allclose(fitted.scale_, single.scale_)
        assert_allclose(fitted.center_, single.center_, atol=1e-12)


def test_cv_chooses_the_same_penalty(make_data):
    values, y = make_data(100, 30, 3)
    groups = np.arange(100) // 3
    problems = [Problem(), Problem(columns=np.arange(10)), Problem(sample_weight=(np.arange(100) % 5 > 0).astype(int))]
    probe = ElasticNetProbe(penalty="cv")
    fits = probe.fit_many(values, y, problems, groups=groups)
    assert [each.l1_ for each in fits] == [alone(probe, values, y, each, groups).l1_ for each in problems]


@pytest.mark.parametrize("solver", ["adam", "optimum"])
def test_any_number_of_threads_gives_the_same_bits(make_data, solver, monkeypatch):
    values, y = make_data(80, 60, 3)
    problems = mixed(80, 60, 3, np.random.default_rng(3))
    probe = ElasticNetProbe(solver=solver, shuffle=False)
    with threadpool_limits(1, user_api="blas"):
        one = probe.fit_many(values, y, problems)
    for threads in (2, 5):
        monkeypatch.setattr(many, "_threads", lambda blas, threads=threads: threads)
        for first, second in zip(one, probe.fit_many(values, y, problems), strict=True):
            assert_array_equal(first.coef_, second.coef_)
            assert_array_equal(first.intercept_, second.intercept_)


@pytest.mark.parametrize("solver", ["adam", "optimum"])
@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("limit", [0, 2**27])
def test_a_read_only_memory_map_serves_and_a_large_selection_is_never_copied(
    make_data, solver, shuffle, limit, monkeypatch, tmp_path
):
    values, y = make_data(70, 40, 3)
    np.save(tmp_path / "values.npy", values.astype(np.float32))
    mapped = np.load(tmp_path / "values.npy", mmap_mode="r")
    problems = mixed(70, 40, 3, np.random.default_rng(4))
    probe = ElasticNetProbe(solver=solver, shuffle=shuffle, tolerance=1e-6)
    expected = probe.fit_many(np.array(mapped), y, problems)
    monkeypatch.setattr(selection, "_COPIED", limit)
    for fitted, other in zip(probe.fit_many(mapped, y, problems), expected, strict=True):
        assert_allclose(fitted.coef_, other.coef_, rtol=1e-5, atol=2e-5 * np.abs(other.coef_).max())


def test_the_order_of_the_problems_does_not_matter_for_adam(make_data):
    values, y = make_data(60, 30, 3)
    problems = mixed(60, 30, 3, np.random.default_rng(5))
    probe = ElasticNetProbe(solver="adam")
    straight, turned = probe.fit_many(values, y, problems), probe.fit_many(values, y, problems[::-1])
    for first, second in zip(straight, turned[::-1], strict=True):
        assert_allclose(first.coef_, second.coef_, rtol=0, atol=1e-10)


@pytest.mark.parametrize("solver", ["adam", "optimum"])
def test_a_column_may_come_twice(make_data, solver):
    values, y = make_data(60, 20, 3)
    problems = [Problem(), Problem(columns=np.r_[np.arange(19), 3, 3])]
    probe = ElasticNetProbe(solver=solver, shuffle=False, tolerance=1e-9)
    fitted, single = probe.fit_many(values, y, problems)[1], alone(probe, values, y, problems[1])
    seen = values[:, problems[1].columns]
    assert_allclose(fitted.predict_proba(seen), single.predict_proba(seen), atol=1e-6)


TORCHLESS = """
import sys
import numpy as np
from neuroscope import Problem
from neuroscope.probing.fitting import fit_many
from neuroscope_elasticnet import make_elasticnet
values = np.random.default_rng(0).standard_normal((30, 8)).astype(np.float32)
of = {"seed": 0, "groups": np.arange(30), "column_groups": np.zeros(8, int)}
problems = [Problem(), Problem(columns=np.arange(3)), Problem(params={"l1": 0.0}), Problem(params={"penalty": "cv"})]
fits = fit_many(make_elasticnet(), values, (values[:, 0] > 0).astype(int), problems, **of)
sys.exit(len(fits) != 4 or "torch" in sys.modules)
"""


def test_optima_need_no_torch():
    ran = subprocess.run([sys.executable, "-c", TORCHLESS], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_masks_of_columns_and_named_classes(make_data):
    values, y = make_data(60, 20, 3)
    names = np.array(["x", "y", "z"])[y]
    mask = np.arange(20) % 2 == 0
    first, second = ElasticNetProbe().fit_many(
        values, names, [Problem(columns=mask), Problem(columns=np.flatnonzero(mask))]
    )
    assert_array_equal(first.coef_, second.coef_)
    assert set(first.predict(values[:, mask])) <= {"x", "y", "z"}


def test_the_template_is_not_changed_and_no_problems_are_no_fits(make_data):
    probe = ElasticNetProbe()
    assert probe.fit_many(*make_data(), []) == []
    probe.fit_many(*make_data(), [Problem(params={"l1": 0.5})])
    assert probe.l1 == 1e-3
    assert not hasattr(probe, "coef_")


@pytest.mark.parametrize(
    ("problem", "message"),
    [
        (Problem(columns=np.array([0, 99])), "columns must lie between 0 and 39"),
        (Problem(columns=np.array([], int)), "columns must hold positions"),
        (Problem(y=np.zeros(59, int)), "y must hold 60 labels"),
        (Problem(y=np.zeros(60, int)), "at least 2 classes"),
        (Problem(params={"l1": -1.0}), "l1 must be a finite number"),
        (Problem(sample_weight=-np.ones(60)), "must not be negative"),
    ],
)
def test_a_problem_that_cannot_be_fitted_is_told(make_data, problem, message):
    with pytest.raises(ValueError, match=message):
        ElasticNetProbe().fit_many(*make_data(), [problem])
