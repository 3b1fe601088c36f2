import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import log_softmax

from neuroscope_elasticnet.batching.penalty import GRID, group_folds
from neuroscope_elasticnet.estimator import ElasticNetProbe


def test_folds_share_no_group_hold_every_row_once_and_keep_every_class():
    generator = np.random.default_rng(0)
    groups = generator.integers(0, 13, 200)
    y = generator.integers(0, 3, 13)[groups]
    folds = group_folds(y, groups)
    assert len(folds) > 1
    assert (np.sort(np.concatenate([test for _, test in folds])) == np.arange(200)).all()
    for train, test in folds:
        assert not set(groups[train]) & set(groups[test])
        assert len(np.unique(y[train])) == 3


def test_five_folds_at_most_and_fewer_where_a_class_has_fewer_rows():
    y = np.repeat([0, 1], 50)
    assert len(group_folds(y, None)) == 5
    assert len(group_folds(np.array([0] * 9 + [1] * 3), None)) == 3
    assert len(group_folds(y, np.arange(100) % 4)) == 4


@pytest.mark.parametrize("groups", [np.zeros(20, int), np.repeat([0, 1], 10)])
def test_what_cannot_be_held_out_is_told(make_data, groups):
    values, _ = make_data(rows=20)
    with pytest.raises(ValueError, match="penalty='cv' needs each class in at least two groups"):
        ElasticNetProbe(penalty="cv").fit(values, np.repeat([0, 1], 10), groups=groups)


def held_out_loss(values, y, groups, size):
    total = 0.0
    for train, test in group_folds(y, groups):
        probe = ElasticNetProbe(l1=size, l2=size, tolerance=1e-6).fit(values[train], y[train])
        logits = values[test] @ probe.coef_.T + probe.intercept_
        total -= log_softmax(logits, axis=1)[np.arange(len(test)), y[test]].sum()
    return total


@pytest.mark.parametrize("classes", [2, 3])
def test_cv_takes_the_penalty_of_least_held_out_cross_entropy(make_data, classes):
    values, y = make_data(rows=120, classes=classes, noise=2.0)
    groups = np.arange(120) // 2
    losses = [held_out_loss(values, y, groups, size) for size in GRID]
    probe = ElasticNetProbe(penalty="cv", l1=0.5, l2=0.5).fit(values, y, groups=groups)
    assert probe.l1_ == probe.l2_ == GRID[int(np.argmin(losses))]
    assert (probe.l1, probe.l2) == (0.5, 0.5)
    fixed = ElasticNetProbe(l1=probe.l1_, l2=probe.l2_).fit(values, y)
    assert_allclose(probe.coef_, fixed.coef_)


def test_cv_works_for_adam_and_without_groups(make_data):
    values, y = make_data()
    assert ElasticNetProbe(penalty="cv", solver="adam", epochs=2).fit(values, y).l1_ in GRID
    assert ElasticNetProbe(penalty="cv").fit(values, y).l1_ in GRID


def test_rows_of_weight_zero_are_no_rows(make_data):
    values, y = make_data()
    weight = (y != 2).astype(float)
    probe = ElasticNetProbe(penalty="cv").fit(values, y, sample_weight=weight, groups=np.arange(60))
    assert list(probe.classes_) == [0, 1]
    with pytest.raises(ValueError, match="2 classes"):
        ElasticNetProbe().fit(values, y, sample_weight=(y == 1).astype(float))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"solver": "sgd"}, "solver must be one of optimum, adam"),
        ({"scale": "minmax"}, "scale must be one of soft, sd, none"),
        ({"norm": "plain"}, "norm='plain' goes with solver='adam' alone"),
        ({"l1": -1.0}, "l1 must be a finite number of at least 0"),
        ({"l2": np.inf}, "l2 must be a finite number"),
        ({"tolerance": 0.0}, "tolerance must be a finite number above 0"),
        ({"batch": 0}, "batch must be a finite number above 0"),
    ],
)
def test_wrong_parameters_are_told(make_data, options, message):
    with pytest.raises(ValueError, match=message):
        ElasticNetProbe(**options).fit(*make_data())


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"groups": np.arange(59)}, "groups must hold 60 integers"),
        ({"groups": np.arange(60) / 2}, "groups must hold 60 integers"),
        ({"column_groups": np.arange(41)}, "column_groups must hold 40 integers"),
        ({"sample_weight": -np.ones(60)}, "must not be negative"),
    ],
)
def test_wrong_rows_and_columns_are_told(make_data, given, message):
    with pytest.raises(ValueError, match=message):
        ElasticNetProbe().fit(*make_data(), **given)
