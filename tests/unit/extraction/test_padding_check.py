"""A model whose batch changes its vectors is found out before its first batch, and runs one utterance at a time."""

import json

import pytest
import torch

from neuroscope.contracts.backbone import Frames
from neuroscope.errors import PluginBroken
from neuroscope.extraction import batching


class Leaking:
    """Frames that are normalised over the padded time, like those of a group norm."""

    def __init__(self, fake):
        self.fake, self.sizes = fake, fake.sizes

    def __call__(self, device):
        return self

    def extract(self, batch):
        loudness = batch.samples.square().mean(dim=1).sqrt()[:, None, None]
        for block in self.fake.extract(batch):
            yield block | {"frames": Frames(block["frames"].values / loudness, block["frames"].lengths)}


class Drawing(Leaking):
    """Frames with a little chance in them, as those of a network in training mode."""

    def extract(self, batch):
        for block in self.fake.extract(batch):
            values = block["frames"].values
            yield block | {"frames": Frames(values * (1 + 0.1 * torch.rand(values.shape)), block["frames"].lengths)}


def half(block):
    return {name: Frames(frames.values.to(torch.float16), frames.lengths) for name, frames in block.items()}


def found_in(root):
    (file,) = root.rglob("invariance.json")
    return json.loads(file.read_text())


def test_a_model_that_ignores_its_neighbours_runs_in_batches(tmp_path, corpus, fake, run):
    load = fake()
    done, _, _ = run(tmp_path, corpus, load)
    assert load.sizes == [4, 1, 1, 1, 1, 20]
    assert done.invariance.broken == []
    assert found_in(tmp_path)["differences"] == done.invariance.differences
    assert 0 < done.invariance.differences["frames"] < 1e-5
    assert done.invariance.differences["pooled"] == 0


def test_a_model_whose_padding_leaks_runs_one_at_a_time_and_says_so(tmp_path, corpus, fake, run):
    load, again, alone = (Leaking(fake()) for _ in range(3))
    done, vectors, _ = run(tmp_path / "a", corpus, load)
    assert load.sizes == [4, *[1] * 25]
    assert done.invariance.broken == ["frames"]
    assert done.invariance.differences["frames"] > 0.1
    _, expected, _ = run(tmp_path / "b", corpus, alone, batchable=False)
    assert vectors == expected
    done, _, _ = run(tmp_path / "a", corpus, again)
    assert (again.sizes, done.invariance.broken) == ([], ["frames"])


def test_what_was_found_is_followed_by_the_next_run_after_an_interrupt(tmp_path, corpus, monkeypatch, fake, run):
    def interrupt_in(number):
        if number == 21:
            raise KeyboardInterrupt

    monkeypatch.setattr(batching, "SHARD_ROWS", 6)
    _, expected, _ = run(tmp_path / "undisturbed", corpus, Leaking(fake()))
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "store", corpus, Leaking(fake(interrupt_in)))
    load = Leaking(fake())
    done, vectors, _ = run(tmp_path / "store", corpus, load)
    assert load.sizes == [1] * 5
    assert (done.found, done.computed, vectors) == (15, 5, expected)


@pytest.mark.parametrize("spoil", [lambda block: block, half])
def test_the_tolerance_is_that_of_the_frames(tmp_path, corpus, spoil, fake, run):
    done, _, _ = run(tmp_path, corpus, fake(spoil=spoil))
    tolerance = {"float32": 1e-5, "float16": 1e-2}[done.invariance.precisions["frames"]]
    assert done.invariance.tolerance("frames") == tolerance
    assert done.invariance.broken == []


def test_one_utterance_is_enough_to_look_at(tmp_path, corpus, fake, run):
    manifest = type(corpus)(corpus.utterances[:1])
    done, _, _ = run(tmp_path, manifest, Leaking(fake()))
    assert done.invariance.broken == ["frames"]


def test_audio_that_cannot_be_read_leaves_the_question_open(tmp_path, fake, run, write):
    from neuroscope.contracts.audio import Manifest, Utterance

    write(tmp_path / "nan.wav", [float("nan")] * 500)
    manifest = Manifest((Utterance(id="nan", path=tmp_path / "nan.wav"),))
    done, _, skipped = run(tmp_path / "store", manifest, fake())
    assert done.invariance is None
    assert len(skipped.skipped) == 1


@pytest.mark.parametrize("batchable", [True, False])
def test_a_model_that_gives_other_vectors_each_time_is_refused_and_no_batch_is_blamed(
    tmp_path, corpus, batchable, fake, run
):
    load = Drawing(fake())
    with pytest.raises(PluginBroken, match=r"each time it runs on the same audio \(layers frames: by up to [0-9.]+%"):
        run(tmp_path, corpus, load, batchable=batchable)
    assert load.sizes == ([4, 1, 1, 1, 1, 1] if batchable else [1, 1])
    assert not list(tmp_path.rglob("invariance.json"))


def test_a_model_that_runs_one_at_a_time_is_run_twice_before_the_work(tmp_path, corpus, fake, run):
    load = fake()
    done, vectors, _ = run(tmp_path, corpus, load, batchable=False)
    assert load.sizes == [1] * 22
    assert (len(vectors), done.invariance) == (20, None)
