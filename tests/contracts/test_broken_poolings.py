"""Every check of poolings, proven by a pooling that is broken in exactly that way and sound in every other."""

import pytest
import torch

from neuroscope import testing
from neuroscope.contracts.features import Unit
from neuroscope.errors import PluginBroken
from neuroscope.plugin.loading import Plugins
from neuroscope.plugin.registry import Entry


class Sound:
    """Mean, then the largest deviation from zero, over the frames."""

    def units(self, layer):
        return tuple(Unit(layer.name, neuron, what) for what in ("mean", "peak") for neuron in range(layer.width))

    def start(self, layer):
        return State(self)

    def real(self, frames):
        """What of the frames is real, zero elsewhere, and whether it is ``[B, F, 1]``."""
        inside = (torch.arange(frames.values.shape[1])[None] < frames.lengths[:, None])[..., None]
        return torch.where(inside, frames.values, 0.0), inside

    def result(self, total, peak, count):
        found = torch.cat([total / count, torch.where(count > 0, peak, torch.nan)], 1)
        return found.float()


class State:
    def __init__(self, pooling):
        self.pooling, self.total, self.peak, self.count = pooling, 0.0, 0.0, 0

    def update(self, frames):
        values, inside = self.pooling.real(frames)
        self.total = self.total + values.double().sum(1)
        self.peak = values.double().abs().amax(1).clamp(min=self.peak)
        self.count = self.count + inside.sum(1)

    def finish(self):
        return self.pooling.result(self.total, self.peak, self.count)


def outcomes(pooling):
    plugins = Plugins()
    plugins.poolings.add(Entry("pooling", "broken", pooling, "a test", "", "tests:tests"))
    return testing.run("pooling", "broken", plugins=plugins)


class Double(Sound):
    def result(self, total, peak, count):
        return super().result(total, peak, count).double()


class OneUnitLess(Sound):
    def units(self, layer):
        return super().units(layer)[:-1]


class NeuronByNeuron(Sound):
    def units(self, layer):
        return tuple(sorted(super().units(layer), key=lambda unit: unit.neuron))


class AllAlike(Sound):
    def units(self, layer):
        return tuple(Unit(layer.name, unit.neuron) for unit in super().units(layer))


class OtherLayer(Sound):
    def units(self, layer):
        return tuple(Unit("another", unit.neuron, unit.statistic) for unit in super().units(layer))


class UnbiasedForOneFrame(Sound):
    def result(self, total, peak, count):
        return super().result(total, peak * (count - 1) / (count - 1), count)


class ZeroWithoutFrames(Sound):
    def result(self, total, peak, count):
        return super().result(total, peak, count).nan_to_num()


class MultipliesByItsMask(Sound):
    def real(self, frames):
        _, inside = super().real(frames)
        return frames.values * inside, inside


class LooksBehindTheEnd(Sound):
    def real(self, frames):
        return frames.values, super().real(frames)[1]


class ScalesByTheLargestOfTheBatch(Sound):
    def result(self, total, peak, count):
        return super().result(total / (1 + peak.amax()), peak, count)


class LastBlockAlone(State):
    def update(self, frames):
        self.__init__(self.pooling)
        super().update(frames)


class ForgetsBlocks(Sound):
    def start(self, layer):
        return LastBlockAlone(self)


class IsItsOwnState(Sound, State):
    def __init__(self):
        State.__init__(self, self)

    def start(self, layer):
        State.__init__(self, self)
        return self


class Counts(Sound):
    results = 0

    def result(self, total, peak, count):
        self.results += 1
        return super().result(total, peak, count) * (1 + 1e-6 * (self.results % 2))


class FillsThePadding(Sound):
    def real(self, frames):
        values, inside = super().real(frames)
        frames.values.masked_fill_(~inside, 0.0)
        return values, inside


BROKEN = [
    ("makes_float32_rows", Double, "torch.float64"),
    ("has_a_unit_for_each_column", OneUnitLess, "9 units and 10 columns"),
    ("gives_each_unit_its_address", NeuronByNeuron, "not in order"),
    ("gives_each_unit_its_address", AllAlike, "not unique"),
    ("gives_each_unit_its_address", OtherLayer, "name the layer another"),
    ("is_finite_for_one_frame", UnbiasedForOneFrame, "nan"),
    ("gives_nan_without_frames", ZeroWithoutFrames, "not NaN"),
    ("is_blind_to_padding", MultipliesByItsMask, "behind the end"),
    ("is_blind_to_padding", LooksBehindTheEnd, "behind the end"),
    ("ignores_neighbours", ScalesByTheLargestOfTheBatch, "beside longer ones"),
    ("takes_blocks", ForgetsBlocks, "three blocks"),
    ("keeps_states_apart", IsItsOwnState, "second start"),
    ("is_deterministic", Counts, "other bits"),
    ("leaves_its_input", FillsThePadding, "copy"),
]


def test_the_sound_one_passes_every_check():
    assert {outcome.check: outcome.reason for outcome in outcomes(Sound) if outcome.verdict != "passed"} == {}


@pytest.mark.parametrize(("check", "pooling", "reason"), BROKEN)
def test_a_broken_one_fails_the_one_check_that_is_about_it(check, pooling, reason):
    failed = {outcome.check: outcome.reason for outcome in outcomes(pooling) if outcome.verdict != "passed"}
    assert failed.keys() == {check}, failed
    assert reason in failed[check]


def test_every_check_has_its_broken_pooling():
    assert {check for check, *_ in BROKEN} == {check.__name__ for check in testing.checks_of("pooling")}


def test_a_factory_that_fails_is_told_at_once():
    with pytest.raises(PluginBroken, match=r"pooling broken cannot be built: ZeroDivisionError"):
        outcomes(lambda: 1 / 0)
