"""Every check of backbones, proven by a backbone that is broken in exactly that way and sound in every other."""

import random
import time
from dataclasses import fields, replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from neuroscope import testing
from neuroscope.contracts.audio import WaveBatch
from neuroscope.contracts.backbone import BackboneSpec, Frames, LayerSpec, Origin, Tap
from neuroscope.errors import BadOption, PluginBroken
from neuroscope.extraction.poolings import Mean
from neuroscope.extraction.runner import Runner
from neuroscope.plugin.loading import Plugins
from neuroscope.plugin.registry import Entry
from neuroscope.store.names import NamedVectors, NamedVectorsSpec
from neuroscope.testing.inputs.signals import noise

WINDOW, HOP, BLOCK = 400, 160, 50
LAYERS = (LayerSpec("low", 6), LayerSpec("top", 4), LayerSpec("pooled", 4, pooling="none"))
TAPPED = (
    LayerSpec("low", 6, tap=Tap("low")),
    LayerSpec("top", 4, tap=Tap("top", axes="BDF")),
    LayerSpec("pooled", 4, pooling="none", statistics=("mean",), tap=Tap("top", axes="BDF")),
    LayerSpec("state", 3, tap=Tap("state", 0, columns=(5, 3, 4))),
)
ABOUT_TAPS = {"declares_true_taps", "follows_its_taps"}


class Sound:
    """Two linear layers over windows of 25 ms, in two blocks of time, and the mean of the second."""

    def __init__(self, weights, seed):
        self.pretrained = weights == "pretrained"
        self.network = network(-1 if self.pretrained else seed)

    def extract(self, batch):
        values, lengths = self.layers(batch), self.lengths(batch)
        pooled = mean(values["top"], 1 + (batch.lengths - WINDOW) // HOP)
        for start in range(0, int(lengths.max()), BLOCK):
            here = (lengths - start).clamp(0, BLOCK)
            block = {name: Frames(each[:, start : start + BLOCK], here) for name, each in values.items()}
            if start == 0:
                block["pooled"] = Frames(pooled[:, None], torch.ones(len(lengths), dtype=torch.int64))
            yield self.block(block, start)

    def layers(self, batch):
        low = self.network[0](batch.samples.unfold(1, WINDOW, HOP)).tanh()
        return {"low": low, "top": self.network[1](low)}

    def lengths(self, batch):
        return 1 + (batch.lengths - WINDOW) // HOP

    def block(self, block, start):
        return block


def network(seed):
    made = torch.nn.Sequential(
        torch.nn.Linear(WINDOW, 6, device="meta"), torch.nn.Linear(6, 4, device="meta")
    ).to_empty(device="cpu")
    generator = torch.Generator().manual_seed(seed + 1)
    for weights in made.requires_grad_(False).parameters():
        weights.copy_(torch.randn(weights.shape, generator=generator) / 5)
    return made.eval()


def mean(values, lengths):
    real = torch.arange(values.shape[1])[None] < lengths[:, None]
    return (values * real[..., None]).sum(1) / lengths[:, None]


def spec_of(model, weights, seed, **changes):
    spec = BackboneSpec(
        sample_rate=16_000,
        layers=LAYERS,
        origin=Origin(
            source="a test", licence="Apache-2.0", digest="own" if weights == "pretrained" else f"random:{seed}"
        ),
        load=lambda device: model(weights, seed),
        min_samples=WINDOW,
    )
    return replace(spec, **changes)


def outcomes(factory, name="broken", **arguments):
    plugins = Plugins()
    plugins.poolings.add(Entry("pooling", "mean", Mean, "a test", "", "tests:tests"))
    plugins.backbones.add(Entry("backbone", "broken", factory, "a test", "", "tests:tests"))
    return testing.run("backbone", name, plugins=plugins, **arguments)


def made_of(model, **changes):
    def factory(*, weights: str = "pretrained", seed: int = 0):
        return spec_of(model, weights, seed, **changes)

    return factory


class YieldsAnother(Sound):
    def block(self, block, start):
        return {**block, "another": block["low"]}


class YieldsALL(Sound):
    def block(self, block, start):
        return {"ALL" if name == "low" else name: frames for name, frames in block.items()}


class ForgetsOne(Sound):
    def block(self, block, start):
        return {name: frames for name, frames in block.items() if name != "low"}


class Narrow(Sound):
    def layers(self, batch):
        return {name: values[..., :3] if name == "low" else values for name, values in super().layers(batch).items()}


class Double(Sound):
    def block(self, block, start):
        return {name: Frames(frames.values.double(), frames.lengths) for name, frames in block.items()}


class DividesByLoudness(Sound):
    def layers(self, batch):
        loudness = batch.samples.unfold(1, WINDOW, HOP).square().mean(2, keepdim=True).sqrt()
        values = super().layers(batch)
        return {**values, "low": values["low"] / loudness}


class ShortNumbers(Sound):
    def block(self, block, start):
        return {name: Frames(frames.values, frames.lengths.int()) for name, frames in block.items()}


class CountsPadding(Sound):
    def lengths(self, batch):
        return super().lengths(batch).max().expand(len(batch.lengths))


class PooledTwice(Sound):
    def block(self, block, start):
        self.first = block["pooled"] if start == 0 else self.first
        return {**block, "pooled": self.first}


class PooledInTwoFrames(Sound):
    def block(self, block, start):
        if start:
            return block
        values, lengths = block["pooled"].values, block["pooled"].lengths
        return {**block, "pooled": Frames(values.expand(-1, 2, -1), 2 * lengths)}


class CountsItsCalls(Sound):
    calls = 0

    def layers(self, batch):
        self.calls += 1
        return {name: values * (1 + 3e-6 * (self.calls % 2)) for name, values in super().layers(batch).items()}


class KeepsItsSignalInItsClass(Sound):
    """Every model looks at what the last of them was given: another signal, if another model runs meanwhile."""

    def layers(self, batch):
        KeepsItsSignalInItsClass.batch = batch
        time.sleep(0.1)
        factor = 1 if KeepsItsSignalInItsClass.batch is batch else 2
        return {name: factor * values for name, values in super().layers(batch).items()}


class OtherEveryTime(Sound):
    loads = 0

    def __init__(self, weights, seed):
        super().__init__(weights, seed)
        OtherEveryTime.loads += self.pretrained
        self.factor = 1 + 3e-6 * (OtherEveryTime.loads % 2)

    def layers(self, batch):
        return {name: values * self.factor for name, values in super().layers(batch).items()}


class NormalisesOverTime(Sound):
    def block(self, block, start):
        top = block["top"]
        return {**block, "top": Frames(top.values - top.values.mean(1, keepdim=True), top.lengths)}


class NormalisesOverTheBatch(Sound):
    def block(self, block, start):
        low = block["low"]
        return {**block, "low": Frames(low.values / (1 + low.values.abs().amax()), low.lengths)}


class NormalisesWithoutPadding(Sound):
    """Where several stand side by side and nothing is padded, they see each other."""

    def layers(self, batch):
        values = super().layers(batch)
        if len(batch.lengths) == 1 or (batch.lengths < batch.lengths.max()).any():
            return values
        return {**values, "low": values["low"] / (1 + values["low"].abs().amax())}


class RefusesEqualLengths(Sound):
    def layers(self, batch):
        if len(batch.lengths) > 1 and (batch.lengths == batch.lengths[0]).all():
            raise ValueError("lengths have to differ")
        return super().layers(batch)


class TakesOne(Sound):
    def layers(self, batch):
        if len(batch.lengths) > 1:
            raise ValueError("one at a time, please")
        return super().layers(batch)


class Rounds(Sound):
    """Computes in bfloat16 what it yields as float32; with neighbours the last bits are others."""

    def block(self, block, start):
        more = 1 + 0.002 * (len(block["low"].lengths) > 1)
        return {name: Frames((more * each.values).bfloat16().float(), each.lengths) for name, each in block.items()}


class TakesTheFirstForTheLongest(Sound):
    def layers(self, batch):
        values = super().layers(batch)
        values["top"][:, int(self.lengths(batch)[0]) :] = 0
        return values


class CutsToTheFirst(Sound):
    def lengths(self, batch):
        lengths = super().lengths(batch)
        return lengths.clamp(max=lengths[0])


class Clips(Sound):
    def layers(self, batch):
        batch.samples.clamp_(-0.05, 0.05)
        return super().layers(batch)


class MarksTheEnd(Sound):
    def layers(self, batch):
        values = super().layers(batch)
        for row, length in enumerate(batch.lengths):
            batch.samples[row, int(length) :] = 1.0
        return values


class DrawsWhenLoaded(Sound):
    def __init__(self, weights, seed):
        super().__init__(weights, seed)
        torch.rand(1)


class SeedsEverything(Sound):
    def layers(self, batch):
        random.seed(0)
        np.random.seed(0)
        return super().layers(batch)


class Captures(Sound):
    """A forward hook on the second layer; subclasses say when it is forgotten."""

    def layers(self, batch):
        self.handle = self.network[1].register_forward_hook(lambda *arguments: None)
        return super().layers(batch)


class NeverRemoves(Captures):
    pass


class RemovesAtTheEnd(Captures):
    def extract(self, batch):
        yield from super().extract(batch)
        self.handle.remove()


class RemovesUnlessItFails(Captures):
    def extract(self, batch):
        values = list(super().extract(batch))
        self.handle.remove()
        yield from values


class RemovesUnlessGivenUp(Captures):
    def extract(self, batch):
        try:
            yield from super().extract(batch)
        except Exception:
            self.handle.remove()
            raise
        self.handle.remove()


class Trains(Sound):
    def __init__(self, weights, seed):
        super().__init__(weights, seed)
        self.network.requires_grad_(True)


class Learns(Trains):
    def layers(self, batch):
        values = super().layers(batch)
        if torch.is_grad_enabled():
            values["top"].sum().backward()
        return {name: each.detach() for name, each in values.items()}


class IgnoresTheSeed(Sound):
    def __init__(self, weights, seed):
        super().__init__(weights, 0)


class IgnoresWeights(Sound):
    def __init__(self, weights, seed):
        super().__init__(weights, seed)
        self.network = network(seed)


class AnotherOfTheSameSeed(Sound):
    loads = 0

    def __init__(self, weights, seed):
        AnotherOfTheSameSeed.loads += 1
        super().__init__(weights, seed if weights == "pretrained" else 100 * self.loads + seed)


class CountsFixedPadding(Sound):
    """Pads to three seconds, as encoders of a fixed window do, and counts all of them."""

    def extract(self, batch):
        more = max(3 * 16_000 - batch.samples.shape[1], 0)
        samples = torch.nn.functional.pad(batch.samples, (0, more))
        yield from super().extract(WaveBatch(samples, batch.lengths.clamp(min=samples.shape[1] if more else 0)))


class CountsWholeSeconds(Sound):
    def extract(self, batch):
        lengths = -(-batch.lengths // 16_000) * 16_000
        samples = torch.nn.functional.pad(batch.samples, (0, int(lengths.max()) - batch.samples.shape[1]))
        yield from super().extract(WaveBatch(samples, lengths))


class CountsASecondMore(Sound):
    def extract(self, batch):
        samples = torch.nn.functional.pad(batch.samples, (8_000, 8_000))
        yield from super().extract(WaveBatch(samples, batch.lengths + 16_000))


class HearsHalfAMinute(Sound):
    def extract(self, batch):
        most = 30 * 16_000
        yield from super().extract(WaveBatch(batch.samples[:, :most], batch.lengths.clamp(max=most)))


class LeftInTraining(Sound):
    """What it computes is another thing in training, and the same every time."""

    def __init__(self, weights, seed):
        super().__init__(weights, seed)
        self.louder = Louder()

    def layers(self, batch):
        return {name: self.louder(values) for name, values in super().layers(batch).items()}


class Louder(torch.nn.Module):
    def forward(self, values):
        return values * (1.1 if self.training else 1)


class DropsWhatAModuleGives(Sound):
    """Squares on the way, or would if it went on with the square."""

    def __init__(self, weights, seed):
        super().__init__(weights, seed)
        self.network.add_module("square", Squared().eval())

    def layers(self, batch):
        low = self.network[0](batch.samples.unfold(1, WINDOW, HOP)).tanh()
        self.network.square(low)
        return {"low": low, "top": self.network[1](low)}


class Squared(torch.nn.Module):
    def forward(self, values):
        return values.square()


class Normalised(Sound):
    """A batch norm on the way, of which subclasses say the mode."""

    mode = False

    def __init__(self, weights, seed):
        super().__init__(weights, seed)
        self.norm = torch.nn.BatchNorm1d(4).train(self.mode).requires_grad_(False)

    def layers(self, batch):
        values = super().layers(batch)
        return values | {"top": self.norm(values["top"].mT).mT}


class NormalisedInTraining(Normalised):
    mode = True


class DropoutInTraining(Sound):
    def __init__(self, weights, seed):
        super().__init__(weights, seed)
        self.drop = torch.nn.Dropout(0.1)

    def layers(self, batch):
        return {name: self.drop(values) for name, values in super().layers(batch).items()}


class Tapped(Sound):
    """The same two layers as modules of a network, and a recurrent one, block by block, from whose output it takes."""

    def __init__(self, weights, seed):
        super().__init__(weights, seed)
        low, top = self.network
        self.network = torch.nn.ModuleDict(
            {"low": torch.nn.Sequential(low, torch.nn.Tanh()), "top": Turned(top), "state": Doubled(4, 3)}
        ).eval()

    def layers(self, batch):
        low = self.network["low"](batch.samples.unfold(1, WINDOW, HOP))
        return {"low": low, "top": self.network["top"](low).mT}

    def block(self, block, start):
        top = block["top"]
        return {**block, "state": Frames(self.network["state"](top.values)[0][..., [5, 3, 4]], top.lengths)}


class Turned(torch.nn.Module):
    def __init__(self, linear):
        super().__init__()
        self.linear = linear

    def forward(self, values):
        return self.linear(values).mT


class Doubled(torch.nn.Module):
    """Gives a tuple, as recurrent layers do; its first three columns are nobody's."""

    def __init__(self, inputs, width):
        super().__init__()
        self.register_buffer("mix", torch.arange(1.0, inputs * width + 1).view(inputs, width).sin())

    def forward(self, values):
        return torch.cat([torch.ones_like(values @ self.mix), values @ self.mix], dim=-1), None


class InRows(Tapped):
    """All frames of a batch in one matrix, behind two of each utterance that nobody asked for."""

    def layers(self, batch):
        windows = torch.nn.functional.pad(batch.samples.unfold(1, WINDOW, HOP), (0, 0, 2, 0))
        low = self.network["low"](windows.flatten(0, 1)).view(len(windows), -1, 6)[:, 2:]
        return {"low": low, "top": self.network["top"](low).mT}


class HidesItsNetwork:
    def __init__(self, weights, seed):
        self.inner = Tapped(weights, seed)

    def extract(self, batch):
        yield from self.inner.extract(batch)


class ShowsItsNames(HidesItsNetwork):
    @property
    def network(self):
        return dict(self.inner.network.named_modules())


class GoesRoundItsModule(Tapped):
    def layers(self, batch):
        low = self.network["low"].forward(batch.samples.unfold(1, WINDOW, HOP))
        return {"low": low, "top": self.network["top"](low).mT}


class KeepsItsOwn(Tapped):
    """Calls the module, and goes on with what it computed itself."""

    def layers(self, batch):
        values = batch.samples.unfold(1, WINDOW, HOP)
        self.network["low"](values)
        return super().layers(batch) | {"low": self.network["low"].forward(values)}


class PoolsInReverse(Tapped):
    def block(self, block, start):
        block = super().block(block, start)
        pooled = {"pooled": Frames(block["pooled"].values.flip(-1), block["pooled"].lengths)} if start == 0 else {}
        return {**block, **pooled}


class PoolsSomethingElse(Tapped):
    def block(self, block, start):
        block = super().block(block, start)
        pooled = (
            {"pooled": Frames(torch.ones_like(block["pooled"].values), block["pooled"].lengths)} if start == 0 else {}
        )
        return {**block, **pooled}


def tapped_at(model=Tapped, **taps):
    """A backbone of ``TAPPED`` with other taps."""
    return made_of(model, layers=tuple(replace(each, tap=taps.get(each.name, each.tap)) for each in TAPPED))


def other_layers(*, weights: str = "pretrained", seed: int = 0):
    more = () if weights == "pretrained" else (LayerSpec("more", 1),)
    return spec_of(Sound, weights, seed, layers=(*LAYERS, *more))


def no_licence(*, weights: str = "pretrained", seed: int = 0):
    spec = spec_of(Sound, weights, seed)
    return replace(spec, origin=replace(spec.origin, licence=""))


def one_digest(*, weights: str = "pretrained", seed: int = 0):
    return spec_of(Sound, weights, seed, origin=Origin(source="a test", licence="MIT", digest="always"))


def digest_without_seed(*, weights: str = "pretrained", seed: int = 0):
    return spec_of(Sound, weights, seed, origin=Origin(source="a test", licence="MIT", digest=weights))


def digest_of_the_moment(*, weights: str = "pretrained", seed: int = 0):
    return spec_of(Sound, weights, seed, origin=Origin(source="a test", licence="MIT", digest=str(random.random())))


def no_weights(*, width: int = 4):
    return spec_of(Sound, "pretrained", 0)


LAYER_TWICE = (*LAYERS, LAYERS[0])
NOT_THREE = (*LAYERS[:2], LayerSpec("pooled", 4, pooling="none", statistics=("a", "b", "c")))
NO_POOLING = (replace(LAYERS[0], pooling="meen"), *LAYERS[1:])
NAMED_ALL = (replace(LAYERS[0], name="ALL", tap=None), *LAYERS[1:])
BROKEN = [
    ("declares_its_layers", made_of(Sound, layers=LAYER_TWICE), "low are declared more than once"),
    ("declares_its_layers", made_of(Sound, layers=NOT_THREE), "4 columns are not 3"),
    ("declares_its_layers", made_of(YieldsALL, layers=NAMED_ALL), "'ALL' is the name of all layers side by side"),
    ("declares_its_layers", made_of(Sound, layers=NO_POOLING), "layer low: unknown pooling 'meen'"),
    ("fills_its_origin", no_licence, "licence"),
    ("yields_what_it_declares", made_of(YieldsAnother), "not declared: unknown layer 'another'"),
    ("yields_what_it_declares", made_of(ForgetsOne), "not yielded: low"),
    ("yields_the_declared_shape", made_of(Narrow), "not [4, frames, 6]"),
    ("yields_float32", made_of(Double), "float64"),
    ("yields_finite_values", made_of(DividesByLoudness), "for silence"),
    ("tells_true_lengths", made_of(ShortNumbers), "int32"),
    ("tells_true_lengths", made_of(CountsPadding), "frames alone and"),
    ("counts_frames_of_the_audio", made_of(CountsFixedPadding), "298 for 0.6 s, 298 for 0.8 s, 298 for 1.1 s, 298 for"),
    ("counts_frames_of_the_audio", made_of(CountsWholeSeconds), "do not grow evenly"),
    ("counts_frames_of_the_audio", made_of(CountsASecondMore), "98 frames more than the audio has"),
    ("counts_frames_of_the_audio", made_of(HearsHalfAMinute), "its end is not heard"),
    (
        "is_in_evaluation_mode",
        made_of(LeftInTraining),
        "low, top, pooled are other numbers: Louder; call",
    ),
    ("uses_what_its_modules_give", made_of(DropsWhatAModuleGives), "module square (Squared) is called, and what it"),
    ("yields_pooled_layers_once", made_of(PooledTwice), "4 blocks"),
    ("yields_pooled_layers_once", made_of(PooledInTwoFrames), "and not one frame"),
    ("is_deterministic", made_of(CountsItsCalls), "a second run"),
    ("is_deterministic", made_of(OtherEveryTime), "a second load"),
    ("runs_beside_another", made_of(KeepsItsSignalInItsClass), "beside another model that runs"),
    ("ignores_padding", made_of(NormalisesOverTime), "frames of top differ by"),
    ("ignores_equal_neighbours", made_of(NormalisesWithoutPadding), "frames of low differ by"),
    ("ignores_equal_neighbours", made_of(RefusesEqualLengths), "do not run side by side: the backbone's extract fails"),
    ("ignores_the_order", made_of(TakesTheFirstForTheLongest), "the shortest first"),
    ("ignores_the_order", made_of(CutsToTheFirst), "other frames"),
    ("takes_short_audio", made_of(Sound, min_samples=300), "declare the fewest"),
    ("leaves_its_input", made_of(Clips), "copy"),
    ("leaves_its_input", made_of(MarksTheEnd), "copy"),
    ("global_randomness_is_left_alone", made_of(DrawsWhenLoaded), "loading the backbone moves"),
    ("global_randomness_is_left_alone", made_of(SeedsEverything), "random, numpy"),
    ("leaves_no_hook", made_of(NeverRemoves), "after a run"),
    ("leaves_no_hook", made_of(RemovesAtTheEnd), "after the first block"),
    ("leaves_no_hook", made_of(RemovesUnlessItFails), "an error in call"),
    ("leaves_no_hook", made_of(RemovesUnlessGivenUp), "after the first block"),
    ("keeps_no_gradient", made_of(Trains), "require a gradient"),
    ("keeps_no_gradient", made_of(Learns), "have a gradient"),
    ("has_an_untrained_twin", made_of(IgnoresTheSeed), "seed=0 and seed=1"),
    ("has_an_untrained_twin", made_of(IgnoresWeights), "of the trained weights"),
    ("has_an_untrained_twin", made_of(AnotherOfTheSameSeed), "loaded again"),
    ("has_an_untrained_twin", other_layers, "other layers"),
    ("tells_weights_apart", one_digest, "seed=0 and with seed=1"),
    ("tells_weights_apart", digest_without_seed, "seed=0 and with seed=1"),
    ("tells_weights_apart", digest_of_the_moment, "from one spec to the next"),
    ("declares_true_taps", tapped_at(state=Tap("state", 0, columns=(3, 5, 4))), "other values than the layer's frames"),
    ("declares_true_taps", tapped_at(low=Tap("low", lambda values: values.atanh())), "other values than the layer"),
    (
        "declares_true_taps",
        tapped_at(state=Tap("state", lambda output: output[0])),
        "puts out 6 columns, and the layer",
    ),
    ("follows_its_taps", tapped_at(PoolsInReverse), "layer pooled: when neuron 3 is changed in module 'top', other"),
    ("follows_its_taps", tapped_at(PoolsSomethingElse), "the layer does not show it"),
]
BROKEN_IN_BOTH = [
    (tapped_at(low=Tap("lwo")), "layer low: unknown module of ModuleDict 'lwo'. Did you mean 'low'"),
    (tapped_at(GoesRoundItsModule), "layer low: module 'low' is not called while extract runs"),
    (tapped_at(HidesItsNetwork), "layers low, top, pooled, state have taps, and HidesItsNetwork.network is not there"),
    (tapped_at(ShowsItsNames), "ShowsItsNames.network is a dict"),
    (tapped_at(low=Tap("low.0")), "layer low: module 'low.0' puts out other values than the layer's frames"),
    (tapped_at(low=Tap("low", call=1)), "layer low: module 'low' has no call 1"),
    (tapped_at(state=Tap("state", 0)), "puts out 6 columns, and the layer has 3 neurons"),
    (tapped_at(state=Tap("state", 0, columns=(5, 4, 3))), "other values than the layer's frames (it is called 4 times"),
    (tapped_at(top=Tap("top")), "and the layer has 4 neurons: say with axes="),
]


def failures(factory):
    """What fails; only what is about taps may be skipped."""
    found = outcomes(factory)
    assert {each.check for each in found if each.verdict == "skipped"} in (set(), ABOUT_TAPS)
    return {each.check: each.reason for each in found if not each.ok}


def test_the_sound_ones_pass_every_check_and_skip_none_but_those_about_taps_that_are_not_there():
    skipped = {each.check: each.verdict for each in outcomes(made_of(Sound)) if each.verdict != "passed"}
    assert skipped == dict.fromkeys(ABOUT_TAPS, "skipped")
    assert {each.check: each.reason for each in outcomes(tapped_at()) if each.verdict != "passed"} == {}


@pytest.mark.parametrize(("check", "factory", "reason"), BROKEN, ids=lambda each: each if isinstance(each, str) else "")
def test_a_broken_one_fails_the_one_check_that_is_about_it(check, factory, reason):
    failed = failures(factory)
    assert failed.keys() == {check}, failed
    assert reason in failed[check]


@pytest.mark.parametrize(("factory", "reason"), BROKEN_IN_BOTH)
def test_a_tap_that_leads_nowhere_can_neither_be_read_nor_changed(factory, reason):
    failed = failures(factory)
    assert failed.keys() == ABOUT_TAPS, failed
    assert reason in " ".join(failed.values())


def test_a_module_that_is_called_beside_the_real_computation_is_used_for_nothing_and_changes_nothing():
    failed = failures(tapped_at(KeepsItsOwn))
    assert failed.keys() == {"uses_what_its_modules_give", "follows_its_taps"}
    assert "module low (Sequential) is called, and what it returns is not used" in failed["uses_what_its_modules_give"]
    assert "the layer does not show it" in failed["follows_its_taps"]


def test_frames_may_stand_in_what_a_module_puts_out_in_any_arrangement():
    found = outcomes(tapped_at(InRows, low=Tap("low", axes="BD")))
    assert {each.check: each.reason for each in found if each.verdict != "passed"} == {}


def test_taps_that_can_be_read_alone_are_not_changed():
    def top(output):
        return output.mT

    reading = {each.name: Tap("top", top) for each in TAPPED}
    reading |= {"low": Tap("low", call=-1), "state": Tap("state", lambda output: output[0][..., [5, 3, 4]])}
    found = {each.check: each.reason for each in outcomes(tapped_at(**reading)) if each.verdict != "passed"}
    assert found.keys() == {"follows_its_taps"}
    assert "can be read alone" in found["follows_its_taps"]


class ReturnsADict(Sound):
    def extract(self, batch):
        return next(super().extract(batch))


class ForgetsToYield(Sound):
    def extract(self, batch):
        list(super().extract(batch))


class YieldsNothing(Sound):
    def extract(self, batch):
        yield from ()


class YieldsPairs(Sound):
    def extract(self, batch):
        for block in super().extract(batch):
            yield from block.items()


class GivesTuples(Sound):
    def block(self, block, start):
        return {name: (each.values, each.lengths) for name, each in block.items()}


class HasNoLengths(Sound):
    def block(self, block, start):
        return {name: Frames(each.values, None) for name, each in block.items()}


class ListsLengths(Sound):
    def block(self, block, start):
        return {name: Frames(each.values, each.lengths.tolist()) for name, each in block.items()}


class GivesArrays(Sound):
    def block(self, block, start):
        return {name: Frames(each.values.numpy(), each.lengths) for name, each in block.items()}


class GivesNumbers(Sound):
    def block(self, block, start):
        return {name: Frames(each.values.long(), each.lengths) for name, each in block.items()}


class Fails(Sound):
    def layers(self, batch):
        raise KeyError("lstm")


def loading(made):
    return made_of(Sound, load=lambda device: made)


def failing(device):
    raise OSError("no such file")


class End(BaseException):
    pass


def leaving(device):
    raise End


SLIPS = [
    ("loads", loading(None), "the backbone's load returns None, which has no method extract to call: return the model"),
    ("loads", loading({}), "returns a dict, which has no method extract"),
    ("loads", loading(Sound), "returns the class Sound"),
    ("loads", made_of(Sound, load=failing), f"load fails: OSError: no such file ({__file__}, line "),
    ("loads", made_of(Sound, load=leaving), f"load fails: End ({__file__}, line "),
    ("runs", made_of(ReturnsADict), "extract returns a dict: yield {layer: Frames(values, lengths)}"),
    ("runs", made_of(ForgetsToYield), "extract returns None: yield"),
    ("runs", made_of(YieldsNothing), "extract yields nothing: yield"),
    ("runs", made_of(YieldsPairs), "extract yields a tuple: yield"),
    ("runs", made_of(GivesTuples), "layer low is a tuple: it has to be Frames(values, lengths)"),
    ("runs", made_of(HasNoLengths), "layer low: its lengths are None, and have to be a torch.Tensor, int64 [batch]"),
    ("runs", made_of(ListsLengths), "layer low: its lengths are a list"),
    ("runs", made_of(GivesArrays), "layer low: its values are a ndarray, and have to be a torch.Tensor"),
    ("runs", made_of(GivesNumbers), "layer low: its values are torch.int64, and have to be float32"),
    ("runs", made_of(Fails), f"extract fails: KeyError: 'lstm' ({__file__}, line "),
]
ABOUT_THE_SPEC = {"declares_its_layers", "fills_its_origin", "tells_weights_apart", "loads"}


@pytest.mark.parametrize(("check", "factory", "reason"), SLIPS)
def test_a_slip_is_told_once_and_what_cannot_be_looked_at_is_skipped(check, factory, reason):
    found = outcomes(factory)
    (failed,) = [each for each in found if not each.ok]
    assert failed.check == check
    assert reason in failed.reason
    passed = {each.check for each in found if each.verdict == "passed"}
    assert passed == ABOUT_THE_SPEC - {check}
    reasons = {each.reason for each in found if each.verdict == "skipped" and each.check not in ABOUT_TAPS}
    assert reasons == {f"the model does not {'load' if check == 'loads' else 'run'} (check {check})"}


@pytest.mark.parametrize(("check", "factory", "reason"), SLIPS)
def test_a_slip_is_the_same_for_who_extracts(check, factory, reason):
    del check
    with pytest.raises(PluginBroken) as caught:
        extracted(factory)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("factory", "reason"), [(made_of(YieldsAnother), "unknown layer 'another'"), (made_of(ForgetsOne), "yielded: low")]
)
def test_a_layer_of_another_name_is_the_same_for_who_extracts(factory, reason):
    with pytest.raises(PluginBroken, match=reason):
        extracted(factory)


def extracted(factory):
    """Run two utterances as the core does."""
    layers = {layer.name: tuple(range(layer.width)) for layer in LAYERS}
    representation = SimpleNamespace(layers=layers, identity=SimpleNamespace(dtype="float32"))
    poolings = {layer.name: Mean() for layer in LAYERS[:2]}
    return Runner(factory(), poolings, representation, "cpu").run([noise(9_000), noise(8_000)])


@pytest.mark.parametrize("batchable", [True, False])
@pytest.mark.parametrize(("model", "named"), [(NormalisedInTraining, "BatchNorm1d"), (DropoutInTraining, "Dropout")])
def test_a_network_in_training_mode_fails_and_is_not_extracted_from(model, named, batchable):
    factory = made_of(model, batchable=batchable)
    failed = {each.check: each.reason for each in outcomes(factory) if not each.ok}
    assert f"{named}; call eval() on the network in load" in failed["is_in_evaluation_mode"]
    with pytest.raises(PluginBroken, match=rf"runs in training mode: {named}; call eval\(\)"):
        extracted(factory)


class LeavesSilenceOut(Sound):
    """Frames of silence are no frames."""

    def extract(self, batch):
        lengths = self.lengths(batch)
        loud = lengths * (batch.samples != 0).any(dim=1)
        values = self.layers(batch)
        pooled = mean(values["top"], lengths)[:, None]
        once = Frames(pooled, torch.ones_like(lengths))
        yield {**{name: Frames(each, loud) for name, each in values.items()}, "pooled": once}


def test_one_that_leaves_silent_frames_out_counts_those_of_the_audio():
    found = {each.check: each.verdict for each in outcomes(made_of(LeavesSilenceOut))}
    assert found["counts_frames_of_the_audio"] == "passed"


def test_the_way_out_of_a_module_that_is_called_for_nothing_is_named():
    check = "uses_what_its_modules_give"
    (failed,) = [each for each in outcomes(made_of(DropsWhatAModuleGives)) if not each.ok]
    assert f"--expect {check}=REASON" in failed.reason
    expected = outcomes(made_of(DropsWhatAModuleGives), expected={check: "an auxiliary head"})
    assert all(each.ok for each in expected)


def test_the_same_network_in_evaluation_mode_passes():
    assert {each.check for each in outcomes(made_of(Normalised)) if each.verdict != "passed"} == ABOUT_TAPS
    assert extracted(made_of(Normalised))["low"].shape == (2, 6)


class FixedWindow:
    """An encoder whose attention sees windows of 30 s, filled up with silence; it counts the frames of the audio."""

    window, hop = 30 * 16_000, 1_600

    def __init__(self, weights, seed):
        with torch.random.fork_rng():
            torch.manual_seed(-1 if weights == "pretrained" else seed)
            inner = torch.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
            front = torch.nn.Conv1d(1, 8, self.hop, stride=self.hop)
        self.network = torch.nn.ModuleDict({"front": front, "attention": inner}).requires_grad_(False).eval()

    def extract(self, batch):
        parts, many = [], -(-batch.samples.shape[1] // self.window)
        samples = torch.nn.functional.pad(batch.samples, (0, many * self.window - batch.samples.shape[1]))
        for part in samples.split(self.window, dim=1):
            parts.append(self.network["attention"](10 * self.network["front"](part[:, None]).mT))
        yield {"top": Frames(torch.cat(parts, dim=1), -(-batch.lengths // self.hop))}


def fixed_window(*, weights: str = "pretrained", seed: int = 0):
    return spec_of(FixedWindow, weights, seed, layers=(LayerSpec("top", 8, tap=Tap("attention")),), min_samples=1)


def test_an_encoder_of_fixed_windows_that_counts_the_frames_of_the_audio_passes():
    found = {each.check: each.reason for each in outcomes(fixed_window) if each.verdict != "passed"}
    assert found == {"yields_pooled_layers_once": 'no layer has pooling="none"'}


def test_every_check_has_its_broken_backbone():
    assert {check for check, *_ in BROKEN + SLIPS} == {check.__name__ for check in testing.checks_of("backbone")}


def test_one_that_says_that_it_is_not_batchable_may_leak():
    for model in (NormalisesOverTime, TakesTheFirstForTheLongest, Sound):
        found = outcomes(made_of(model, batchable=False))
        skipped = {each.check: each.verdict for each in found if each.verdict != "passed"}
        assert skipped == dict.fromkeys(ABOUT_TAPS | {"ignores_padding", "ignores_the_order"}, "skipped")


def test_rows_that_see_each_other_show_with_padding_and_without():
    failed = failures(made_of(NormalisesOverTheBatch))
    assert failed.keys() == {"ignores_padding", "ignores_equal_neighbours"}
    assert "frames of low differ by" in failed["ignores_padding"]


def test_one_that_says_that_it_is_not_batchable_may_not_mix_utterances_of_one_length():
    found = outcomes(made_of(NormalisesOverTheBatch, batchable=False))
    (failed,) = [each for each in found if not each.ok]
    assert failed.check == "ignores_equal_neighbours"
    assert "beside utterances of the same length" in failed.reason


def test_one_that_refuses_batches_is_not_asked_for_one():
    found = {each.check: each.reason for each in outcomes(made_of(TakesOne, batchable=False)) if not each.ok}
    assert found == {}
    skipped = {each.check: each.reason for each in outcomes(made_of(TakesOne, batchable=False))}
    assert "it takes one utterance at a time: " in skipped["ignores_equal_neighbours"]
    assert "one at a time, please" in skipped["ignores_equal_neighbours"]


def test_one_that_computes_in_fewer_bits_is_held_to_those():
    assert [each for each in outcomes(made_of(Rounds, precision="bfloat16")) if not each.ok] == []
    failed = failures(made_of(Rounds))
    assert failed.keys() == {"ignores_padding", "ignores_equal_neighbours"}


def test_one_without_weights_has_no_twin():
    skipped = {each.check for each in outcomes(no_weights) if each.verdict != "passed"}
    assert skipped == ABOUT_TAPS | {"has_an_untrained_twin", "tells_weights_apart"}


def test_random_weights_can_be_checked_for_themselves():
    assert all(each.verdict == "passed" for each in outcomes(tapped_at(), "broken,weights=random,seed=3"))
    seedless = outcomes(made_of(IgnoresTheSeed), "broken,weights=random")
    assert [each.check for each in seedless if not each.ok] == ["has_an_untrained_twin"]


def raising(*, weights: str = "pretrained"):
    raise TypeError("odd")


def imported(*, store):
    spec = spec_of(Sound, "pretrained", 0)
    known = {each.name: getattr(spec, each.name) for each in fields(spec)}
    vectors = NamedVectors(name="mine", layers={}, dtype="float32", origin=spec.origin, key="")
    return NamedVectorsSpec(**known, vectors=vectors)


def test_a_factory_that_fails_or_makes_something_else_is_told_at_once():
    with pytest.raises(PluginBroken, match="TypeError: odd"):
        outcomes(raising)
    with pytest.raises(PluginBroken, match="returns a list, not a BackboneSpec"):
        outcomes(lambda: [])
    with pytest.raises(BadOption, match="no model"):
        outcomes(imported)
