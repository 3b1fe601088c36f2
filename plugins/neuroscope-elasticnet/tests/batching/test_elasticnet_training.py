import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import log_softmax

import neuroscope
from neuroscope_elasticnet.batching import penalty, training
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


def test_three_folds_at_most_and_fewer_where_a_class_has_fewer_rows():
    y = np.repeat([0, 1], 50)
    assert len(group_folds(y, None)) == 3
    assert len(group_folds(np.array([0] * 9 + [1] * 2), None)) == 2
    assert len(group_folds(y, np.arange(100) % 4 // 2 * 50 + np.arange(100) % 25)) == 3


@pytest.mark.parametrize(
    ("groups", "y", "what"),
    [
        (np.repeat([0, 1], 10), np.repeat([0, 1], 10), "2 of 2 classes have a single group"),
        (np.zeros(20, int), np.repeat([0, 1], 10), "all 20 training rows are of one group"),
        (np.arange(20), np.array([0] * 19 + [1]), "1 of 2 classes have a single group"),
        (None, np.array([0] * 19 + [1]), "1 of 2 classes have a single row"),
    ],
)
def test_what_cannot_be_held_out_is_told_in_one_line(make_data, groups, y, what):
    values, _ = make_data(rows=20)
    for expected in (ValueError, neuroscope.BadOption):
        with pytest.raises(
            expected, match=f"^penalty='cv' needs each class in at least two groups.*{what}.*use "
        ) as told:
            ElasticNetProbe(penalty="cv").fit(values, y, groups=groups)
        assert "\n" not in str(told.value)


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
    losses = dict(zip(GRID, [held_out_loss(values, y, groups, size) for size in GRID], strict=True))
    probe = ElasticNetProbe(penalty="cv", l1=0.5, l2=0.5).fit(values, y, groups=groups)
    assert probe.l1_ == probe.l2_
    assert losses[probe.l1_] - min(losses.values()) < 0.02 * 120 * np.log(classes)
    assert losses[probe.l1_] < losses[1e-5] * 0.7
    assert (probe.l1, probe.l2) == (0.5, 0.5)
    fixed = ElasticNetProbe(l1=probe.l1_, l2=probe.l2_).fit(values, y)
    assert_allclose(probe.coef_, fixed.coef_)


def test_a_weaker_penalty_that_gains_nothing_is_neither_taken_nor_tried_further(make_data, monkeypatch):
    tried = []

    def solve(prepared, settings, start):
        tried.append(settings.l1)
        return training.solve(prepared, settings, start)

    monkeypatch.setattr(penalty, "solve", solve)
    values, y = make_data(rows=120, noise=0.0)
    easy = np.concatenate([values, 9.0 * np.eye(3)[y]], axis=1)  # 1e-5 has the least loss, of next to nothing
    chosen = ElasticNetProbe(penalty="cv").fit(easy, y).l1_
    assert min(tried) == pytest.approx(chosen / 10)
    assert chosen > 1e-5
    tried.clear()
    noise = np.random.default_rng(0).integers(3, size=120)
    assert ElasticNetProbe(penalty="cv").fit(values, noise).l1_ == 1e-1
    assert min(tried) >= 1e-3


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
