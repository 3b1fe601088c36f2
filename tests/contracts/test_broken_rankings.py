"""Every check of a ranking, proven by a ranker that is broken in that one way; two sound ones pass them all."""

import itertools

import numpy as np
import pytest

from neuroscope import Plugins, Ranking
from neuroscope.plugin.registry import Entry
from neuroscope.testing import checks_of, run
from neuroscope.testing.inputs.planted import plant


class Probeless:
    """Summed absolute differences of class means, over all pairs of classes."""

    def scores(self, features, labels, probe):
        """``[classes, columns]``."""
        means = [features.values[labels.values == number].mean(axis=0) for number in range(len(labels.classes))]
        by_class = np.zeros((len(means), len(features.units)))
        for one, other in itertools.combinations(range(len(means)), 2):
            by_class[[one, other]] += np.abs(means[one].astype(np.float64) - means[other])
        return by_class

    def order(self, scores):
        return np.argsort(-scores, kind="stable")

    def rank(self, features, labels, probe, *, seed):
        by_class = self.scores(features, labels, probe)
        total = by_class.sum(axis=0)
        order = self.order(total)
        return Ranking(
            units=tuple(features.units[column] for column in order),
            scores=total[order],
            by_class={name: by_class[number][order] for number, name in enumerate(labels.classes)},
        )


class Weights(Probeless):
    """The probe's absolute weights."""

    def scores(self, features, labels, probe):
        weights = np.abs(probe.coef_).astype(np.float64)
        return weights if len(weights) == len(labels.classes) else np.repeat(weights, 2, axis=0) / 2


class DropsOne(Probeless):
    def rank(self, features, labels, probe, *, seed):
        made = super().rank(features, labels, probe, seed=seed)
        if len(labels.classes) == 2 or not features.values.any():
            return made
        shorter = {name: scores[:-1] for name, scores in made.by_class.items()}
        return Ranking(units=made.units[:-1], scores=made.scores[:-1], by_class=shorter)


class RanksOneTwice(Probeless):
    def rank(self, features, labels, probe, *, seed):
        made = super().rank(features, labels, probe, seed=seed)
        if len(labels.classes) == 2 or not features.values.any():
            return made
        twice = {name: np.append(scores, scores[-1]) for name, scores in made.by_class.items()}
        return Ranking(
            units=(*made.units, made.units[-1]), scores=np.append(made.scores, made.scores[-1]), by_class=twice
        )


class ScoresByColumn(Probeless):
    """Scores in the order of the columns, as they were before sorting."""

    def rank(self, features, labels, probe, *, seed):
        made = super().rank(features, labels, probe, seed=seed)
        total = self.scores(features, labels, probe).sum(axis=0)
        return Ranking(units=made.units, scores=total + 0.0, by_class=made.by_class)


class SinglePrecision(Probeless):
    def rank(self, features, labels, probe, *, seed):
        made = super().rank(features, labels, probe, seed=seed)
        return Ranking(units=made.units, scores=made.scores.astype(np.float32), by_class=made.by_class)


class TurnsEqualOnes(Probeless):
    def order(self, scores):
        return np.lexsort((-np.arange(len(scores)), -scores))


class Forgetful(Probeless):
    """Draws from a generator without a seed."""

    def scores(self, features, labels, probe):
        sound = super().scores(features, labels, probe)
        return np.where(sound > 0, sound + 0.2 * np.random.default_rng().uniform(size=sound.shape[1]), 0)


class LikesFirstColumns(Probeless):
    def scores(self, features, labels, probe):
        sound = super().scores(features, labels, probe)
        return np.where(sound > 0, sound + 0.01 * np.arange(sound.shape[1])[::-1], 0)


class LeastFirst(Probeless):
    """Takes the smallest difference for the most important; by class it is right."""

    def rank(self, features, labels, probe, *, seed):
        by_class = self.scores(features, labels, probe)
        total = by_class.sum(axis=0) * (1 if len(labels.classes) == 2 else -1)
        order = self.order(total)
        return Ranking(
            units=tuple(features.units[column] for column in order),
            scores=total[order],
            by_class={name: by_class[number][order] for number, name in enumerate(labels.classes)},
        )


class NeedsThreeClasses(Probeless):
    def rank(self, features, labels, probe, *, seed):
        if len(labels.classes) < 3:
            raise IndexError("index 2 is out of bounds for axis 0 with size 2")
        return super().rank(features, labels, probe, seed=seed)


class DividesByNothing(Probeless):
    def scores(self, features, labels, probe):
        sound = super().scores(features, labels, probe)
        with np.errstate(invalid="ignore"):
            return sound / sound.sum()


class ForgetsAClass(Probeless):
    def rank(self, features, labels, probe, *, seed):
        made = super().rank(features, labels, probe, seed=seed)
        rest = dict(itertools.islice(made.by_class.items(), 1, None))
        return Ranking(units=made.units, scores=made.scores, by_class=rest)


class ByClassInColumns(Probeless):
    def rank(self, features, labels, probe, *, seed):
        made = super().rank(features, labels, probe, seed=seed)
        rows = self.scores(features, labels, probe)
        return Ranking(units=made.units, scores=made.scores, by_class=dict(zip(labels.classes, rows, strict=True)))


class Centres(Probeless):
    def scores(self, features, labels, probe):
        features.values[...] -= features.values.mean(axis=0)
        return super().scores(features, labels, probe)


class SpoilsTheProbe(Probeless):
    def scores(self, features, labels, probe):
        probe.classes_ = np.array(labels.classes)
        return super().scores(features, labels, probe)


class SeedsEverybody(Probeless):
    def rank(self, features, labels, probe, *, seed):
        np.random.seed(seed)
        return super().rank(features, labels, probe, seed=seed)


BROKEN = {
    DropsOne: "is_a_permutation_of_the_units",
    RanksOneTwice: "is_a_permutation_of_the_units",
    ScoresByColumn: "scores_go_with_the_order",
    SinglePrecision: "scores_go_with_the_order",
    TurnsEqualOnes: "equal_units_keep_their_order",
    Forgetful: "same_seed_same_ranking",
    LikesFirstColumns: "follows_its_columns",
    LeastFirst: "finds_planted_units",
    NeedsThreeClasses: "ranks_two_classes",
    DividesByNothing: "nothing_to_find_is_no_error",
    ForgetsAClass: "scores_by_class_are_whole",
    ByClassInColumns: "scores_by_class_go_with_the_order",
    Centres: "leaves_its_input",
    SpoilsTheProbe: "leaves_its_input",
    SeedsEverybody: "global_randomness_is_left_alone",
}


def outcomes(ranker, plugins=None):
    plugins = plugins or Plugins()
    plugins.rankings.add(Entry("ranking", "mine", ranker, "", "", "test:mine"))
    return {each.check: each for each in run("ranking", "mine", plugins=plugins)}


def failed(found):
    return {name: each.reason for name, each in found.items() if not each.ok}


@pytest.mark.parametrize("ranker", [Probeless, Weights], ids=lambda each: each.__name__)
@pytest.mark.parametrize("installed", [True, False], ids=["with the default probe", "with nothing installed"])
def test_a_sound_ranker_passes_every_check(ranker, installed):
    found = outcomes(ranker, Plugins.load() if installed else None)
    assert failed(found) == {}
    assert {each.verdict for each in found.values()} == {"passed"}


def test_a_ranker_without_scores_by_class_is_sound():
    class Plain(Probeless):
        def rank(self, features, labels, probe, *, seed):
            made = super().rank(features, labels, probe, seed=seed)
            return Ranking(units=made.units, scores=made.scores)

    found = outcomes(Plain)
    assert {name for name, each in found.items() if each.verdict == "skipped"} == {
        "scores_by_class_are_whole",
        "scores_by_class_go_with_the_order",
    }
    assert failed(found) == {}


@pytest.mark.parametrize("ranker", BROKEN, ids=lambda each: each.__name__)
def test_a_broken_ranker_fails_its_check_and_no_other(ranker):
    assert list(failed(outcomes(ranker))) == [BROKEN[ranker]]


def test_every_check_has_its_broken_ranker():
    assert set(BROKEN.values()) == {check.__name__ for check in checks_of("ranking")}


def test_what_is_returned_instead_of_a_ranking_is_told():
    class Lists(Probeless):
        def rank(self, features, labels, probe, *, seed):
            return list(features.units)

    assert set(failed(outcomes(Lists)).values()) == {"rank returns a list, not a neuroscope.Ranking"}


def test_messages_say_what_is_wrong_and_what_to_do():
    def of(ranker):
        return outcomes(ranker)[BROKEN[ranker]].reason

    assert "in the order of Ranking.units, not of the columns" in of(ScoresByColumn)
    assert "kind='stable'" in of(TurnsEqualOnes)
    assert "by_class has class1, class2; its keys are all of labels.classes" in of(ForgetsAClass)
    assert "are not among the first 9, but at places 29, 30" in of(LeastFirst)
    assert "low/" in of(LikesFirstColumns) or "high/" in of(LikesFirstColumns)


def test_the_planted_columns_are_what_a_look_at_the_rows_finds():
    made, again = (plant(rows=300, columns=37, classes=3, seed=seed, constant=6) for seed in (0, 1))
    assert made.signal == again.signal
    planted = [column for columns in made.signal.values() for column in columns]
    assert len(set(planted)) == 9
    assert {made.features.units[column].layer for column in planted} == {"low", "high"}
    still = np.flatnonzero(made.features.values.std(axis=0) == 0)
    assert still.tolist() == [0, 2, 4, 6, 8, 10]
    for number, columns in made.signal.items():
        own, others = (made.features.values[(made.labels.values == number) == which] for which in (True, False))
        apart = own.mean(axis=0) - others.mean(axis=0)
        assert set(np.flatnonzero(apart > 2).tolist()) == set(columns)
    assert np.bincount(made.labels.values).tolist() == [100, 100, 100]
    assert not np.array_equal(made.features.values, again.features.values)
