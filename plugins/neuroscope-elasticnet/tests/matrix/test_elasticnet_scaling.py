import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from neuroscope_elasticnet.estimator import ElasticNetProbe
from neuroscope_elasticnet.matrix.scaling import ScaledMatrix, column_scales, moments


@pytest.fixture
def values():
    return np.random.default_rng(0).standard_normal((50, 6)) * [1, 2, 4, 0.1, 0.2, 0.3] + 5


@pytest.fixture
def y():
    return np.arange(50) % 3


def test_soft_divides_by_the_root_of_variance_and_the_layers_median(values, y):
    probe = ElasticNetProbe(scale="soft").fit(values, y, column_groups=np.array([7, 7, 7, 3, 3, 3]))
    sd = values.std(axis=0)
    floor = np.repeat([np.median(sd[:3]), np.median(sd[3:])], 3)
    assert_allclose(probe.scale_, np.sqrt(sd**2 + floor**2))
    assert_allclose(probe.center_, values.mean(axis=0))
    one_layer = ElasticNetProbe(scale="soft").fit(values, y)
    assert_allclose(one_layer.scale_, np.sqrt(sd**2 + np.median(sd) ** 2))


def test_sd_and_none(values, y):
    assert_allclose(ElasticNetProbe(scale="sd").fit(values, y).scale_, values.std(axis=0))
    probe = ElasticNetProbe(scale="none").fit(values, y)
    assert_array_equal(probe.scale_, np.ones(6))
    assert_allclose(probe.center_, values.mean(axis=0))
    assert_array_equal(ElasticNetProbe(scale="none", solver="adam").fit(values, y).center_, np.zeros(6))


@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_blocks_columns_and_products_agree(kind, monkeypatch, values):
    monkeypatch.setattr("neuroscope_elasticnet.matrix.scaling._BLOCK", 100)
    values = values.astype(kind)
    center, sd = moments(values, np.ones(50))
    scale, inverse = column_scales(sd, "sd", None)
    matrix = ScaledMatrix(values, center, inverse)
    whole = (values - center) / scale
    vectors = np.random.default_rng(1).standard_normal((2, 50))
    weights = np.random.default_rng(2).standard_normal((2, 6))
    assert_allclose(np.concatenate([block for _, block in matrix.blocks()]), whole)
    assert_allclose(matrix.columns(np.array([4, 1])), whole[:, [4, 1]].T)
    assert_allclose(matrix.correlate(vectors), vectors @ whole, atol=1e-12)
    assert_allclose(matrix.project(weights), weights @ whole.T, atol=1e-12)
    assert matrix.columns(np.array([0])).dtype == np.float64


@pytest.mark.parametrize("kind", [np.float64, np.float32])
@pytest.mark.parametrize("solver", ["optimum", "adam"])
@pytest.mark.parametrize("scale", ["soft", "sd", "none"])
def test_a_constant_column_has_no_weight(kind, solver, scale, make_data):
    values, y = make_data(columns=6)
    values[:, 2], values[:, 4] = 0.1, 0.0
    values = values.astype(kind)
    values[0, 2] = np.nextafter(values[0, 2], kind(1))
    probe = ElasticNetProbe(solver=solver, scale=scale, l1=0.0 if scale == "sd" else 1e-3).fit(values, y)
    assert_array_equal(probe.coef_[:, [2, 4]], 0)
    assert probe.coef_[:, [0, 1, 3, 5]].any(axis=0).all()
    if scale != "soft":
        assert_array_equal(probe.scale_[[2, 4]], 1)


def test_a_layer_of_constant_columns_has_scale_one(make_data):
    values, y = make_data(columns=5)
    values[:, :3] = 2.0
    probe = ElasticNetProbe().fit(values, y, column_groups=np.array([0, 0, 0, 1, 1]))
    assert_array_equal(probe.scale_[:3], 1)
    assert_array_equal(probe.coef_[:, :3], 0)


def test_a_left_out_column_reads_as_zeros():
    matrix = ScaledMatrix(np.ones((3, 2)), np.zeros(2), np.array([0.0, 1.0]))
    assert_array_equal(matrix.rows(slice(None)), [[0, 1]] * 3)


def test_coefficients_are_those_of_the_raw_columns(make_data):
    values, y = make_data(classes=2)
    probe = ElasticNetProbe().fit(values, y)
    logits = values @ probe.coef_.T + probe.intercept_
    assert_allclose(probe.decision_function(values), logits[:, 1] - logits[:, 0])
    assert_allclose(probe.predict_proba(values)[:, 1], 1 / (1 + np.exp(logits[:, 0] - logits[:, 1])))
