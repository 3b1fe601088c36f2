"""Batches run side by side, each in a model of its own: the same bits, in the same order, for any number of threads."""

import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from neuroscope.contracts.audio import Manifest, Utterance
from neuroscope.contracts.backbone import BackboneSpec, Frames, LayerSpec, Origin
from neuroscope.errors import PluginBroken
from neuroscope.extraction import extractor as extraction
from neuroscope.extraction.runner import Runner

pytestmark = pytest.mark.usefixtures("small_batches")


@pytest.mark.parametrize("threads", [2, 5])
def test_any_number_of_threads_gives_the_same_bits(tmp_path, corpus, fake, run, threads):
    _, expected, _ = run(tmp_path / "one", corpus, fake())
    done, vectors, _ = run(tmp_path / "many", corpus, fake(), threads=threads)
    assert vectors == expected
    assert done.computed == 20
    shards = [sorted(each.name for each in (tmp_path / name).glob("**/shards/*")) for name in ("one", "many")]
    assert shards[0] == shards[1]


def test_what_cannot_be_used_is_told_in_the_same_order(tmp_path, corpus, fake, run, write):
    for number in range(3):
        write(tmp_path / f"bad{number}.wav", np.full(900 + 700 * number, np.nan))
    bad = tuple(Utterance(id=f"bad{number}", path=tmp_path / f"bad{number}.wav") for number in range(3))
    manifest = Manifest((*corpus, *bad))
    told = [
        [
            (each.utterance, each.reason)
            for each in run(tmp_path / str(threads), manifest, fake(), threads=threads)[2].skipped
        ]
        for threads in (1, 4)
    ]
    assert told[0] == told[1]
    assert len(told[0]) == 3


def test_an_interrupt_keeps_the_shards_that_are_whole(tmp_path, corpus, fake, run, monkeypatch):
    _, expected, _ = run(tmp_path / "undisturbed", corpus, fake())
    store, count = extraction.Runner.store, []

    def interrupted(runner, done):
        count.append(len(done))
        if len(count) == 2:
            raise KeyboardInterrupt
        return store(runner, done)

    monkeypatch.setattr(extraction.Runner, "store", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "store", corpus, fake(), threads=3)
    monkeypatch.undo()
    done, vectors, _ = run(tmp_path / "store", corpus, fake(), threads=3)
    assert vectors == expected
    assert done.found >= 6


class Model(torch.nn.Module):
    """Keeps its last output in an attribute, as models with hooks do: two batches at a time would spoil it."""

    def __init__(self, meeting=None):
        super().__init__()
        torch.manual_seed(0)
        self.linear = torch.nn.Linear(10, 4)
        self.meeting, self.inside, self.most = meeting, 0, 0

    def extract(self, batch):
        self.inside += 1
        self.most = max(self.most, self.inside)
        self.last = self.linear(batch.samples.unfold(1, 10, 10))
        if self.meeting:
            self.meeting.wait()
        lengths = batch.lengths // 10
        self.inside -= 1
        yield {"frames": Frames(self.last, lengths)}


def runner_of(load):
    origin = Origin(source="", licence="", digest="")
    spec = BackboneSpec(sample_rate=16_000, layers=(LayerSpec("frames", 4),), origin=origin, load=load)
    from neuroscope.extraction.poolings import Mean

    representation = SimpleNamespace(
        layers={"frames": Mean().units(spec.layers[0])}, identity=SimpleNamespace(dtype="float32")
    )
    return Runner(spec, {"frames": Mean()}, representation, "cpu", threads=2)


def at_once(runner, waves):
    """Run each on a thread of its own."""
    found = {}
    threads = [
        threading.Thread(target=lambda number=number: found.update({number: runner.run([waves[number]])["frames"]}))
        for number in range(len(waves))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return [found[number] for number in range(len(waves))]


WAVES = [np.random.default_rng(number).standard_normal(200 + 10 * number).astype(np.float32) for number in range(6)]


@pytest.fixture
def meeting_models():
    """Two batches at once, in models that wait for each other; the first batch of all runs alone."""

    def run(weights=None):
        made, meetings = [], []

        def load(device):
            made.append(Model(*meetings))
            if weights is not None:
                torch.nn.init.constant_(made[-1].linear.weight, weights[len(made) - 1])
            return made[-1]

        runner = runner_of(load)
        runner.run(WAVES[2:3])
        meetings.append(threading.Barrier(2, timeout=20))
        made[0].meeting = meetings[0]
        return at_once(runner, WAVES[:2]), made

    return run


def test_each_of_two_batches_has_a_model_of_its_own_whose_weights_are_held_once(meeting_models):
    found, made = meeting_models()
    assert [each.most for each in made] == [1, 1]
    assert made[0].linear.weight.data_ptr() == made[1].linear.weight.data_ptr()
    for wave, vectors in zip(WAVES, found, strict=False):
        np.testing.assert_array_equal(vectors, runner_of(lambda device: Model()).run([wave])["frames"])


def test_unequal_weights_stay_apart(meeting_models):
    _, made = meeting_models(weights=[1, 2])
    assert [float(each.linear.weight.detach()[0, 0]) for each in made] == [1, 2]


def test_the_first_batch_runs_alone():
    """Others wait until it is known whether their models are their own."""
    loaded = []

    class Slow(Model):
        def extract(self, batch):
            time.sleep(0.1)
            loaded.append(len(made))
            yield from super().extract(batch)

    made = []
    at_once(runner_of(lambda device: made.append(Slow()) or made[-1]), WAVES[:3])
    assert loaded[0] == 1


def test_a_model_that_loading_gives_twice_runs_one_batch_at_a_time():
    only = Model()
    found = at_once(runner_of(lambda device: only), WAVES)
    assert only.most == 1
    for wave, vectors in zip(WAVES, found, strict=True):
        np.testing.assert_array_equal(vectors, runner_of(lambda device: Model()).run([wave])["frames"])


def test_a_network_that_two_backbones_share_runs_one_batch_at_a_time():
    network = Model()
    found = at_once(runner_of(lambda device: SimpleNamespace(network=network, extract=network.extract)), WAVES)
    assert network.most == 1
    assert len(found) == 6


NETWORK = []


class Hidden:
    """Runs a network that it does not hold, which keeps its last output."""

    def extract(self, batch):
        network = NETWORK[0]
        network(batch)
        yield {"frames": Frames(network.last, batch.lengths // 10)}


class Keeping(Model):
    def forward(self, batch):
        self.inside += 1
        self.most = max(self.most, self.inside)
        self.last = self.linear(batch.samples.unfold(1, 10, 10))
        time.sleep(0.02)
        self.inside -= 1


def test_a_network_that_models_do_not_hold_runs_one_batch_at_a_time():
    NETWORK[:] = [Keeping().eval()]
    found = at_once(runner_of(lambda device: Hidden()), WAVES)
    assert NETWORK[0].most == 1
    for wave, vectors in zip(WAVES, found, strict=True):
        np.testing.assert_array_equal(vectors, runner_of(lambda device: Model()).run([wave])["frames"])


def test_a_network_that_a_model_does_not_hold_is_not_in_training_mode_either():
    NETWORK[:] = [Keeping()]
    NETWORK[0].linear = torch.nn.Sequential(NETWORK[0].linear, torch.nn.Dropout(0.5))
    with pytest.raises(PluginBroken, match="runs in training mode"):
        runner_of(lambda device: Hidden()).run(WAVES[:1])


def test_another_device_than_the_processor_runs_one_batch_at_a_time():
    spec = runner_of(lambda device: Model()).spec
    assert Runner(spec, {}, None, "cuda:0", threads=4).threads == 1
    assert Runner(spec, {}, None, "cpu", threads=4).threads == 4
    assert Runner(spec, {}, None, "cpu", threads=400).threads == 8
