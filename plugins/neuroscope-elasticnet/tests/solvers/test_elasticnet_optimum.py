import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from neuroscope_elasticnet.estimator import ElasticNetProbe
from neuroscope_elasticnet.solvers import ridge

EXACT = 1e-9


def in_scaled_units(probe, values):
    return (values - probe.center_) / probe.scale_, probe.coef_ * probe.scale_


def cross_entropy(logits, y, weight=None):
    return np.average(-log_softmax(logits, axis=1)[np.arange(len(y)), y], weights=weight)


def objective(probe, values, y):
    _, weights = in_scaled_units(probe, values)
    logits = values @ probe.coef_.T + probe.intercept_
    return cross_entropy(logits, y) + probe.l1_ * np.abs(weights).sum() + probe.l2_ * (weights**2).sum()


def least_by_lbfgs(scaled, y, l1, l2):
    """The same minimum by another method: bound-constrained L-BFGS on the positive and the negative parts of W."""
    rows, columns = scaled.shape
    classes = y.max() + 1
    size = classes * columns
    onehot = np.eye(classes)[y]

    def function(parameters):
        weights = (parameters[:size] - parameters[size : 2 * size]).reshape(classes, columns)
        logits = scaled @ weights.T + parameters[2 * size :]
        residuals = (softmax(logits, axis=1) - onehot) / rows
        slope = (residuals.T @ scaled + 2 * l2 * weights).ravel()
        value = cross_entropy(logits, y) + l1 * parameters[: 2 * size].sum() + l2 * (weights**2).sum()
        return value, np.concatenate([slope + l1, l1 - slope, residuals.sum(axis=0)])

    bounds = [(0, None)] * (2 * size) + [(None, None)] * classes
    options = {"maxiter": 20000, "maxfun": 40000, "ftol": 1e-15, "gtol": 1e-9, "maxcor": 30}
    return minimize(
        function, np.zeros(2 * size + classes), jac=True, method="L-BFGS-B", bounds=bounds, options=options
    ).fun


@pytest.mark.parametrize("classes", [2, 3, 5])
@pytest.mark.parametrize(("l1", "l2"), [(1e-2, 1e-2), (1e-3, 1e-3), (1e-2, 0.0), (0.0, 1e-2), (1e-5, 1.0)])
def test_the_minimum_is_that_of_an_independent_method(make_data, classes, l1, l2):
    values, y = make_data(classes=classes, columns=25)
    probe = ElasticNetProbe(l1=l1, l2=l2, tolerance=EXACT if l2 else 1e-7).fit(values, y)
    scaled, _ = in_scaled_units(probe, values)
    found, other = objective(probe, values, y), least_by_lbfgs(scaled, y, l1, l2)
    assert found <= other * (1 + 1e-7)
    assert_allclose(found, other, rtol=2e-5)


@pytest.mark.parametrize("tolerance", [1e-1, 1e-3, 1e-6])
@pytest.mark.parametrize("l1", [0.0, 3e-3])
def test_the_gap_bounds_the_distance_to_the_minimum(make_data, tolerance, l1):
    values, y = make_data()
    rough = ElasticNetProbe(l1=l1, tolerance=tolerance).fit(values, y)
    exact = ElasticNetProbe(l1=l1, tolerance=EXACT).fit(values, y)
    found, least = objective(rough, values, y), objective(exact, values, y)
    assert rough.gap_ <= tolerance
    assert -1e-9 <= (found - least) / found <= rough.gap_ + 1e-9


@settings(max_examples=40, deadline=None)
@given(
    rows=st.integers(6, 40),
    columns=st.integers(1, 50),
    classes=st.integers(2, 5),
    seed=st.integers(0, 10**6),
    l1=st.sampled_from([1e-4, 1e-3, 1e-2, 1e-1]),
    l2=st.sampled_from([1e-4, 1e-2, 1.0]),
    scale=st.sampled_from(["soft", "sd", "none"]),
)
def test_optimality_conditions(rows, columns, classes, seed, l1, l2, scale):
    generator = np.random.default_rng(seed)
    values = generator.standard_normal((rows, columns)) + generator.standard_normal(columns)
    y = np.concatenate([np.arange(classes), generator.integers(0, classes, rows - classes)])
    probe = ElasticNetProbe(l1=l1, l2=l2, scale=scale, tolerance=EXACT).fit(values, y)
    scaled, weights = in_scaled_units(probe, values)
    residuals = (probe.predict_proba(values) - np.eye(classes)[y]) / rows
    slope = residuals.T @ scaled + 2 * l2 * weights
    signs = np.sign(weights)
    slack = 5e-5 * np.abs(scaled).max()  # what a relative gap of 1e-9 allows
    assert_allclose((slope + l1 * signs)[signs != 0], 0, atol=slack)
    assert (np.abs(slope[signs == 0]) <= l1 + slack).all()
    assert_allclose(residuals.sum(axis=0), 0, atol=1e-9)


def test_two_classes_have_opposite_rows_and_three_the_best_shift(make_data):
    values, y = make_data(classes=2)
    probe = ElasticNetProbe().fit(values, y)
    assert_array_equal(probe.coef_[0], -probe.coef_[1])
    assert probe.coef_.shape == (2, 40)
    values, y = make_data(classes=3)
    weights = ElasticNetProbe(l1=0.0, tolerance=EXACT).fit(values, y).coef_
    assert_allclose(weights.sum(axis=0), 0, atol=1e-4)


def test_zeros_are_exact_and_all_weights_are_zero_under_a_large_penalty(make_data):
    values, y = make_data(rows=40, columns=200)
    probe = ElasticNetProbe(l1=1e-2).fit(values, y)
    assert 0 < np.count_nonzero(probe.coef_.any(axis=0)) < 100
    none = ElasticNetProbe(l1=1.0).fit(values, y)
    assert not none.coef_.any()
    assert none.gap_ == pytest.approx(0, abs=1e-12)
    assert_allclose(none.predict_proba(values)[0], np.bincount(y) / len(y))


@pytest.mark.parametrize("l1", [0.0, 1e-3])
@pytest.mark.parametrize("scale", ["soft", "none"])
def test_weights_are_repetitions(make_data, l1, scale):
    values, y = make_data(rows=50, columns=30)
    counts = np.random.default_rng(1).integers(0, 4, 50)
    layers = np.arange(30) % 2
    probe = ElasticNetProbe(l1=l1, scale=scale, tolerance=EXACT)
    weighted = clone(probe).fit(values, y, sample_weight=counts, column_groups=layers)
    repeated = clone(probe).fit(np.repeat(values, counts, axis=0), np.repeat(y, counts), column_groups=layers)
    for name in ("coef_", "intercept_", "center_", "scale_"):
        first, second = getattr(weighted, name), getattr(repeated, name)
        assert_allclose(first, second, atol=1e-4 * np.abs(first).max())  # what the gap leaves open


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("l1", [0.0, 1e-3])
def test_weights_follow_their_columns(make_data, classes, l1):
    values, y = make_data(classes=classes)
    order = np.random.default_rng(2).permutation(40)
    straight = ElasticNetProbe(l1=l1, tolerance=1e-12 if l1 == 0 else 1e-10).fit(values, y)
    turned = ElasticNetProbe(l1=l1, tolerance=1e-12 if l1 == 0 else 1e-10).fit(values[:, order], y)
    assert_allclose(turned.coef_, straight.coef_[:, order], atol=2e-4 * np.abs(straight.coef_).max())


def test_the_same_bits_every_time(make_data):
    values, y = make_data(rows=100, columns=300)
    first, second = (ElasticNetProbe(random_state=seed).fit(values, y) for seed in (0, 1))
    assert_array_equal(first.coef_, second.coef_)


def test_float32_and_memory_maps_are_read_as_they_are(make_data, tmp_path):
    values, y = make_data(rows=100)
    np.save(tmp_path / "values.npy", values.astype(np.float32))
    mapped = np.load(tmp_path / "values.npy", mmap_mode="r")
    assert_allclose(
        ElasticNetProbe().fit(mapped, y).coef_, ElasticNetProbe().fit(mapped.astype(np.float64), y).coef_, rtol=1e-5
    )


def test_separable_classes_without_a_penalty_have_no_minimum(make_data):
    values, y = make_data(rows=20, columns=40)
    with pytest.warns(ConvergenceWarning, match="there is no optimum"):
        probe = ElasticNetProbe(l1=0.0, l2=0.0, max_iter=30).fit(values, y)
    assert np.isnan(probe.gap_)
    assert not probe.converged_
    assert np.isfinite(probe.coef_).all()


def test_overlapping_classes_without_a_penalty_have_one(make_data):
    values, y = make_data(rows=300, columns=5, noise=5.0)
    probe = ElasticNetProbe(l1=0.0, l2=0.0, tolerance=1e-8).fit(values, y)
    scaled, _ = in_scaled_units(probe, values)
    assert_allclose(objective(probe, values, y), least_by_lbfgs(scaled, y, 0.0, 0.0), rtol=1e-7)


@pytest.mark.parametrize(("columns", "classes", "noise"), [(8, 2, 0.3), (40, 2, 0.3), (40, 3, 0.5)])
def test_duplicated_columns_without_a_penalty_do_not_claim_that_the_optimum_was_missed(columns, classes, noise):
    generator = np.random.default_rng(0)
    values = generator.standard_normal((300, columns))
    y = (values[:, :classes] + noise * generator.standard_normal((300, classes))).argmax(axis=1)
    once = ElasticNetProbe(l1=0.0, l2=0.0).fit(values, y)
    twice = ElasticNetProbe(l1=0.0, l2=0.0).fit(np.concatenate([values, values], axis=1), y)
    assert once.score(values, y) < 1
    for probe in (once, twice):
        assert probe.converged_
        assert probe.gap_ <= 1e-3
    assert_allclose(twice.coef_[:, :columns] + twice.coef_[:, columns:], once.coef_, rtol=1e-3, atol=1e-3)


def test_too_few_steps_are_told(make_data):
    values, y = make_data()
    with pytest.warns(ConvergenceWarning, match="1 steps"):
        probe = ElasticNetProbe(max_iter=1).fit(values, y)
    assert probe.n_iter_ == 1
    assert probe.gap_ > 1e-3


@pytest.mark.parametrize("shape", [(80, 30), (30, 80)])
def test_ridge_with_and_without_rotation(make_data, monkeypatch, shape):
    values, y = make_data(*shape)
    rotated = ElasticNetProbe(l1=0.0, l2=0.1, tolerance=1e-10).fit(values, y)
    monkeypatch.setattr(ridge, "_LARGE", 0)
    straight = ElasticNetProbe(l1=0.0, l2=0.1, tolerance=1e-10).fit(values, y)
    assert_allclose(straight.coef_, rotated.coef_, atol=1e-4 * np.abs(rotated.coef_).max())


def test_many_classes(make_data):
    values, y = make_data(rows=300, columns=60, classes=30, noise=0.1)
    probe = ElasticNetProbe().fit(values, y)
    assert probe.gap_ <= 1e-3
    assert probe.score(values, y) > 0.8
