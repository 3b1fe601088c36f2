"""``t``: each column alone, in standard deviations within the classes."""

import numpy as np
import pytest
from scipy.stats import ttest_ind

from neuroscope import Features, Labels, Unit
from neuroscope_elasticnet.rankings.t_statistic import TStatistic


def made_of(values, labels, classes, groups=None):
    units = tuple(Unit("layer", column) for column in range(values.shape[1]))
    features = Features(ids=tuple(f"r{row}" for row in range(len(values))), units=units, values=values)
    given = Labels(
        labels, tuple(f"c{number}" for number in range(classes)), np.arange(len(labels)) if groups is None else groups
    )
    made = TStatistic().rank(features, given, None, seed=0)
    return [unit.neuron for unit in made.units], made


def drawn(rows, columns, classes, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(classes, size=rows)
    values = rng.standard_normal((rows, columns)) * np.exp(2 * rng.standard_normal(columns)) + 5
    values[:, ::3] += labels[:, None] * values[:, ::3].std(axis=0) / 2
    return values.astype(np.float32), labels


def test_of_two_classes_the_score_is_students_t_but_for_the_counts():
    values, labels = drawn(80, 40, 2)
    order, made = made_of(values, labels, 2)
    student = np.abs(ttest_ind(values[labels == 0].astype(float), values[labels == 1].astype(float)).statistic)
    ones = labels.sum()
    size = np.sqrt((80 - 2) / 80 * ones * (80 - ones) / 80)
    assert made.scores == pytest.approx(student[order] / size, rel=1e-4)
    assert order == np.argsort(-student, kind="stable").tolist()
    assert made.by_class["c0"] == pytest.approx(made.scores)
    assert made.by_class["c1"] == pytest.approx(made.scores)


def test_of_more_classes_each_is_held_against_the_mean_of_the_others():
    values, labels = drawn(200, 30, 4)
    order, made = made_of(values, labels, 4)
    values = values.astype(float)
    means = np.array([values[labels == number].mean(axis=0) for number in range(4)])
    within = np.sqrt(((values - means[labels]) ** 2).mean(axis=0))
    apart = np.array([np.abs(means[number] - np.delete(means, number, axis=0).mean(axis=0)) for number in range(4)])
    assert made.by_class["c2"] == pytest.approx((apart / within)[2][order], rel=1e-4)
    assert made.scores == pytest.approx(np.sqrt(((apart / within) ** 2).mean(axis=0))[order], rel=1e-4)


def test_the_order_is_blind_to_size_and_offset_of_a_column():
    values, labels = drawn(90, 30, 3)
    moved = (values * np.exp(np.random.default_rng(1).standard_normal(30)) - 3).astype(np.float32)
    assert made_of(values, labels, 3)[0] == made_of(moved, labels, 3)[0]


def test_a_group_counts_once_however_many_rows_it_has():
    rng = np.random.default_rng(0)
    values, labels = drawn(60, 20, 2)
    times = rng.integers(1, 9, size=60)
    many, _ = made_of(np.repeat(values, times, axis=0), np.repeat(labels, times), 2, np.repeat(np.arange(60), times))
    assert many == made_of(values, labels, 2)[0]


def test_a_rare_class_counts_as_much_as_a_frequent_one():
    labels = np.repeat([0, 1, 2], [100, 100, 8])
    values = np.random.default_rng(0).standard_normal((208, 3)).astype(np.float32)
    values[labels == 2, 2] += 4
    values[labels == 1, 1] += 2
    assert made_of(values, labels, 3)[0][0] == 2


def test_a_column_that_is_the_class_itself_comes_first_and_a_constant_one_last():
    values, labels = drawn(60, 4, 2)
    values[:, 2] = labels
    values[:, 0] = 7.7
    order, made = made_of(values, labels, 2)
    assert (order[0], order[-1]) == (2, 0)
    assert np.isfinite(made.scores).all()
    assert made.scores[-1] == 0


def test_a_class_without_rows_has_score_zero():
    values, labels = drawn(40, 6, 2)
    _, made = made_of(values, 2 * labels, 4)
    assert made.by_class["c1"].tolist() == made.by_class["c3"].tolist() == [0] * 6
    assert made.by_class["c0"] == pytest.approx(made.scores)
