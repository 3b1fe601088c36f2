"""``weight-mass``: the sets of Algorithm 1 and of NeuroX, read from one order."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from neuroscope import BadOption, Features, Labels, Unit
from neuroscope_elasticnet.estimator import ElasticNetProbe
from neuroscope_elasticnet.rankings.ranking_weights import draws
from neuroscope_elasticnet.rankings.weight_mass import WeightMass


class Weights:
    """A fitted linear probe that is nothing but its weights."""

    def __init__(self, weights, classes=None):
        self.coef_ = np.asarray(weights, dtype=float)
        self.classes_ = np.arange(len(self.coef_)) if classes is None else np.asarray(classes)


def rows(columns, classes, count=None, values=None, groups=None):
    """Features and labels; the classes come in turn."""
    count = count or 2 * classes
    values = np.zeros((count, columns), np.float32) if values is None else values.astype(np.float32)
    units = tuple(Unit("ab"[2 * column // columns], column) for column in range(columns))
    features = Features(ids=tuple(f"r{row}" for row in range(count)), units=units, values=values)
    groups = np.arange(count) if groups is None else groups
    return features, Labels(np.arange(count) % classes, tuple(f"c{number}" for number in range(classes)), groups)


def rank(weights, classes=None, **options):
    """``(columns in order, ranking)`` of a probe's weights."""
    probe = weights if hasattr(weights, "fit") else Weights(weights, classes)
    number = 2 if len(probe.coef_) == 1 else len(probe.coef_)
    features, labels = rows(probe.coef_.shape[1], number)
    made = WeightMass(weights="probe", **options).rank(features, labels, probe, seed=0)
    return [unit.neuron for unit in made.units], made


def top_neurons(weights, share):
    """What NeuroX's ``get_top_neurons`` says: of each class the largest weights up to and with the one that reaches."""
    taken = set()
    for sizes in np.abs(weights):
        order = np.argsort(-sizes, kind="stable")
        running = np.cumsum(sizes[order])
        taken.update(order[: int(np.argmax(running >= share * running[-1])) + 1].tolist())
    return taken


def thresholds(weights, inclusive):
    """The least mass before a unit (with its own, if not inclusive), summed from the largest weight on."""
    found = np.full(weights.shape, np.inf)
    for row, sizes in zip(found, np.abs(weights), strict=True):
        before = 0.0
        for column in sorted(np.flatnonzero(sizes), key=lambda each: -sizes[each]):
            after = before + sizes[column] / sizes.sum()
            row[column] = before if inclusive else after
            before = after
    return found.min(axis=0)


def trained(make_data, classes, columns, **options):
    values, labels = make_data(rows=80, columns=columns, classes=classes, seed=classes)
    settings = {"solver": "adam", "l1": 1e-5, "l2": 1e-5, "scale": "none", **options}
    return ElasticNetProbe(**settings).fit(values.astype(np.float32), labels)


PROBES = [(2, 400, {}), (3, 300, {}), (5, 500, {"norm": "plain", "shuffle": False}), (7, 250, {"solver": "optimum"})]


@pytest.mark.parametrize(("classes", "columns", "options"), PROBES)
def test_the_sets_are_neuroxs_at_all_cut_offs(make_data, classes, columns, options):
    probe = trained(make_data, classes, columns, **options)
    order, made = rank(probe)
    for thousandth in range(1, 1001):
        expected = top_neurons(probe.coef_, thousandth / 1000)
        assert set(order[: len(expected)]) == expected
        assert (made.entry_mass <= thousandth / 1000).sum() == len(expected)


@pytest.mark.parametrize("inclusive", [True, False])
def test_the_score_is_one_minus_the_entry_mass(make_data, inclusive):
    probe = trained(make_data, 4, 200)
    order, made = rank(probe, inclusive=inclusive)
    mass = thresholds(probe.coef_, inclusive)[order]
    assert np.maximum(1 - made.scores, 0) == pytest.approx(mass, abs=1e-9)
    assert (np.diff(mass) > -1e-9).all()
    assert made.entry_mass == pytest.approx(np.floor(mass * 1000) / 1000 + 0.001, abs=1e-9)


@pytest.mark.parametrize("inclusive", [True, False])
def test_units_that_come_in_together_are_ordered_by_their_share_then_by_column(inclusive):
    eighths = np.random.default_rng(0).integers(0, 4, size=(5, 60)) * 1.0
    eighths[:, -1] = 2.0**8 - eighths[:, :-1].sum(axis=1)  # sums of powers of two: no rounding, many ties
    order, made = rank(eighths, inclusive=inclusive)
    left = [[(sizes[sizes <= own] if inclusive else sizes[sizes < own]).sum() for own in sizes] for sizes in eighths]
    weighted = eighths.max(axis=0)
    most = np.where(weighted > 0, np.where(eighths > 0, left, 0).max(axis=0), -1)
    assert order == np.lexsort((np.arange(60), -weighted, -most)).tolist()
    assert ((made.scores > 0) == (weighted[order] > 0)).all()


def test_by_hand():
    order, made = rank([[4, 3, 2, 1, 0, 0], [0, 1, 0, 0, 0, 9]])
    assert order == [5, 0, 1, 2, 3, 4]
    assert made.scores.tolist() == pytest.approx([1.45, 1.2, 0.6, 0.3, 0.1, 0])
    assert made.entry_mass.tolist() == pytest.approx([0.001, 0.001, 0.401, 0.701, 0.901, np.nan], nan_ok=True)
    assert made.by_class["c0"].tolist() == pytest.approx([0, 1, 0.6, 0.3, 0.1, 0])
    assert made.by_class["c1"].tolist() == pytest.approx([1, 0, 0.1, 0, 0, 0])


def test_the_crossing_unit_may_be_left_to_the_next_share():
    order, made = rank([[4, 3, 0.5, 0.5, 0, 0], [0, 1, 0, 0, 0, 7]], inclusive=False)
    assert order == [0, 5, 1, 2, 3, 4]
    assert made.scores[:3].tolist() == pytest.approx([0.5, 0.125 + 0.875 * 0.375 / 2, 0.125 + 0.375 * 0.375 / 2])
    assert 0 < made.scores[3] == made.scores[4] < 0.125  # nothing is left behind them, and they have a weight
    assert made.scores[5] == 0
    assert made.entry_mass.tolist() == pytest.approx([0.501, 0.876, 0.876, *[np.nan] * 3], nan_ok=True)


def test_the_step_changes_what_is_told_and_not_the_order(make_data):
    probe = trained(make_data, 3, 100)
    fine, coarse = (rank(probe, step=step) for step in (0.001, 0.25))
    assert fine[0] == coarse[0]
    assert set(coarse[1].entry_mass) == {0.25, 0.5, 0.75, 1.0}
    assert (coarse[1].entry_mass >= fine[1].entry_mass).all()


def test_equal_weights_have_equal_scores_and_keep_their_order():
    order, made = rank([[1, 2, 1, 2, 1, 0]])
    assert order == [1, 3, 0, 2, 4, 5]
    assert made.scores.tolist() == pytest.approx([8 / 7, 8 / 7, *[3 / 7 + 1 / 7 * 4 / 7 / 2] * 3, 0])


def test_the_tail_keeps_its_order_however_small():
    order, made = rank([[1, 1e-30, 1e-20, 0, 1e-25]])
    assert order == [0, 2, 4, 1, 3]
    assert (np.diff(made.scores) < 0).all()


def test_one_row_of_a_binary_classifier_stands_for_both_classes(make_data):
    values, labels = make_data(rows=60, columns=30, classes=2)
    one = LogisticRegression(max_iter=5000).fit(values, labels)
    assert one.coef_.shape == (1, 30)
    order, made = rank(one)
    assert order == np.argsort(-np.abs(one.coef_[0]), kind="stable").tolist()
    assert made.by_class["c0"].tolist() == made.by_class["c1"].tolist() == made.scores.tolist()


def test_the_probes_weights_are_taken_as_they_are(make_data):
    values, labels = make_data(rows=60, columns=30, classes=2)
    probe = ElasticNetProbe(scale="sd").fit(values, labels)
    assert rank(probe)[0] == np.argsort(-np.abs(probe.coef_[0]), kind="stable").tolist()


def test_a_class_that_the_probe_does_not_know_has_no_weights():
    probe = Weights([[1, 2], [2, 1]], classes=[0, 2])
    features, labels = rows(2, 3)
    made = WeightMass(weights="probe").rank(features, labels, probe, seed=0)
    assert made.by_class["c1"].tolist() == [0, 0]
    assert made.by_class["c2"].tolist() == pytest.approx([1, 1 / 3])


@pytest.mark.parametrize(
    ("probe", "told"),
    [
        (KNeighborsClassifier(), "KNeighborsClassifier has none"),
        (Weights(np.ones((2, 4))), r"of shape \(2, 4\)"),
        (Weights(np.ones((3, 5)), classes=[0, 1]), r"of shape \(3, 5\)"),
        (Weights([[1, 2, np.nan, 0, 0]] * 2), "not finite"),
    ],
)
def test_a_probe_without_such_weights_is_told_in_one_line(probe, told):
    features, labels = rows(5, 2)
    with pytest.raises(BadOption, match=told) as error:
        WeightMass(weights="probe").rank(features, labels, probe, seed=0)
    assert "weights=held-out" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("options", [{"step": 0}, {"step": 1.5}, {"bootstraps": -1}])
def test_options_out_of_range_are_refused(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        WeightMass(**options)


@pytest.fixture
def speakers(make_data):
    """Sixty rows of twenty speakers, three classes."""
    values, labels = make_data(rows=60, columns=40, classes=3)
    features, given = rows(40, 3, 60, values, np.repeat(np.arange(20), 3))
    return features, Labels(labels, given.classes, given.groups)


def test_ridge_looks_at_no_probe_and_is_the_same_for_a_seed(speakers):
    ranker = WeightMass(weights="ridge")
    first, again, other = (ranker.rank(*speakers, None, seed=seed) for seed in (1, 1, 2))
    assert first.units == again.units
    assert first.scores.tobytes() == again.scores.tobytes()
    assert first.units != other.units


def test_ridge_without_bootstraps_is_one_fit_in_scaled_units(speakers):
    features, labels = speakers
    layers = np.array(["ab".index(unit.layer) for unit in features.units])
    fit = ElasticNetProbe(l1=0.0, l2=1.0, tolerance=1e-8)
    fit.fit(features.values, labels.values, column_groups=layers)
    made = WeightMass(weights="ridge", bootstraps=0).rank(features, labels, None, seed=0)
    expected, _ = rank(fit.coef_ * fit.scale_)
    assert [unit.neuron for unit in made.units][:10] == expected[:10]


def test_ridge_averages_fits_to_repeated_groups(speakers):
    features, labels = speakers
    layers = np.array(["ab".index(unit.layer) for unit in features.units])
    total = np.zeros((3, 40))
    for times in draws(labels, 4, seed=5):
        at = np.repeat(np.arange(60), times)
        fit = ElasticNetProbe(l1=0.0, l2=1.0, tolerance=1e-8)
        fit.fit(features.values[at], labels.values[at], column_groups=layers)
        total += np.abs(fit.coef_ * fit.scale_)
    made = WeightMass(weights="ridge", bootstraps=4).rank(features, labels, None, seed=5)
    expected, by_hand = rank(total)
    assert [unit.neuron for unit in made.units][:10] == expected[:10]
    assert made.scores == pytest.approx(by_hand.scores, abs=1e-2)


def test_a_draw_takes_whole_groups_and_every_class(speakers):
    _, labels = speakers
    drawn = draws(labels, 50, seed=0)
    for times in drawn:
        assert all(len(set(times[labels.groups == group])) == 1 for group in range(20))
        assert set(labels.values[times > 0]) == {0, 1, 2}
    assert 0.5 < np.mean([(times > 0).mean() for times in drawn]) < 0.75  # 1 - 1/e of the groups


def test_classes_of_one_group_each_are_in_every_draw():
    labels = Labels(np.repeat(np.arange(6), 5), tuple("abcdef"), np.repeat(np.arange(6), 5))
    for times in draws(labels, 30, seed=0):
        assert set(labels.values[times > 0]) == set(range(6))
