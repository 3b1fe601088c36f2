"""A model whose batch changes its vectors is found out before its first batch.

It runs utterances of one length side by side or, where that changes them too, one at a time.
"""

import hashlib
import json
from contextlib import contextmanager

import numpy as np
import pytest
import soundfile
import torch

from neuroscope.contracts.audio import Manifest, Utterance
from neuroscope.contracts.backbone import Frames
from neuroscope.errors import PluginBroken
from neuroscope.extraction import batching, padding_check


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


class Mixing(Leaking):
    """Frames that every utterance of the batch has a part in, whatever the lengths."""

    def extract(self, batch):
        loudness = batch.samples.abs().amax()
        for block in self.fake.extract(batch):
            yield block | {"frames": Frames(block["frames"].values / loudness, block["frames"].lengths)}


class OneAtATime(Leaking):
    def extract(self, batch):
        if len(batch.lengths) > 1:
            raise ValueError("one utterance at a time")
        yield from super().extract(batch)


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


GUARD = [4, 1, 1, 1, 1]  # pieces of different lengths together, and each alone
EQUAL = [1, 1, 1, 1, 1, 4]  # pieces of one length alone, the first of them again, all together


def equally_long(folder, write, lengths=(900, 900, 900, 900, 900, 700, 700, 650, 400, 400)):
    """Utterances of which some have exactly the same length, in no order."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number, length in enumerate(rng.permutation(lengths)):
        write(folder / f"{number}.wav", rng.uniform(0.05, 0.2) * rng.standard_normal(length))
    paths = [folder / f"{number}.wav" for number in range(len(lengths))]
    return Manifest(tuple(Utterance(id=path.stem, path=path) for path in paths))


def close(one, other):
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_allclose(one[name], other[name], rtol=0, atol=1e-5)


def test_a_model_whose_padding_leaks_runs_without_padding_and_says_how_many_had_no_twin(tmp_path, corpus, fake, run):
    load, again, alone = (Leaking(fake()) for _ in range(3))
    done, vectors, _ = run(tmp_path / "a", corpus, load)
    assert load.sizes == [*GUARD, *EQUAL, *[1] * 20]
    assert done.invariance.broken == ["frames"]
    assert done.invariance.differences["frames"] > 0.1
    assert (done.invariance.batches, done.alone) == ("equal lengths", 20)
    _, expected, _ = run(tmp_path / "b", corpus, alone, batchable=False)
    assert vectors == expected
    done, _, _ = run(tmp_path / "a", corpus, again)
    assert (again.sizes, done.invariance.broken, done.alone) == ([], ["frames"], None)


@pytest.mark.parametrize(("batchable", "guard"), [(True, GUARD), (False, [])])
def test_utterances_of_one_length_run_side_by_side_where_padding_leaks(tmp_path, batchable, guard, fake, run, write):
    manifest = equally_long(tmp_path / "audio", write)
    load = Leaking(fake())
    done, vectors, _ = run(tmp_path / "store", manifest, load, batchable=batchable)
    assert load.sizes == [*guard, *EQUAL, 5, 2, 1, 2]
    assert (done.invariance.batches, done.alone, done.computed) == ("equal lengths", 1, 10)
    assert found_in(tmp_path)["batches"] == "equal lengths"
    assert bool(done.invariance.differences) is batchable
    assert max(done.invariance.equal_lengths.values()) < 1e-5
    each_alone = {}
    for utterance in manifest:
        each_alone |= run(tmp_path / "alone" / utterance.id, Manifest((utterance,)), Leaking(fake()))[1]
    close(vectors, each_alone)


def test_a_later_extraction_runs_as_the_first_one_was_found_to(tmp_path, fake, run, write):
    manifest = equally_long(tmp_path / "audio", write)
    run(tmp_path / "store", Manifest(manifest.utterances[:1]), Leaking(fake()))
    load = Leaking(fake())
    run(tmp_path / "store", manifest, load)
    assert sorted(load.sizes) in ([1, 2, 2, 4], [1, 1, 2, 5], [2, 2, 5])  # no guard; the first one is there


@pytest.mark.parametrize("number", range(4))
def test_interrupted_batches_of_one_length_have_the_same_bits(tmp_path, monkeypatch, number, fake, run, write):
    def interrupt_in(batch):
        if batch == len(GUARD + EQUAL) + number:
            raise KeyboardInterrupt

    monkeypatch.setattr(batching, "SHARD_ROWS", 6)
    manifest = equally_long(tmp_path / "audio", write)
    _, expected, _ = run(tmp_path / "undisturbed", manifest, Leaking(fake()))
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "store", manifest, Leaking(fake(interrupt_in)))
    _, vectors, _ = run(tmp_path / "store", manifest, Leaking(fake()))
    assert vectors == expected


def test_one_whose_utterances_mix_runs_one_at_a_time_and_says_so(tmp_path, fake, run, write):
    manifest = equally_long(tmp_path / "audio", write)
    load = Mixing(fake())
    done, _, _ = run(tmp_path / "store", manifest, load)
    assert load.sizes == [*GUARD, *EQUAL, *[1] * 10]
    assert (done.invariance.batches, done.alone) == ("alone", None)
    assert done.invariance.equal_lengths["frames"] > 1e-3


def test_one_that_refuses_batches_runs_one_at_a_time(tmp_path, fake, run, write):
    manifest = equally_long(tmp_path / "audio", write)
    load = OneAtATime(fake())
    done, vectors, _ = run(tmp_path / "store", manifest, load, batchable=False)
    assert load.sizes == [1] * (5 + 10)
    assert (done.invariance.batches, done.invariance.equal_lengths, len(vectors)) == ("alone", {}, 10)


def test_one_that_says_that_it_takes_batches_and_does_not_is_broken(tmp_path, fake, run, write):
    with pytest.raises(PluginBroken, match="one utterance at a time"):
        run(tmp_path / "store", equally_long(tmp_path / "audio", write), OneAtATime(fake()))


def test_what_an_earlier_version_found_is_followed(tmp_path, corpus, fake, run):
    """It knew nothing of equal lengths: one utterance at a time."""
    run(tmp_path, Manifest(corpus.utterances[:1]), Leaking(fake()))
    (file,) = tmp_path.rglob("invariance.json")
    found = json.loads(file.read_text())
    former = {name: found[name] for name in ("representation", "differences", "precisions", "device")}
    text = json.dumps(former)
    file.write_text(f'{text[:-1]}, "sha256": "{hashlib.sha256(text.encode()).hexdigest()}"}}')
    load = Leaking(fake())
    done, _, _ = run(tmp_path, corpus, load)
    assert load.sizes == [1] * 19
    assert (done.invariance.batches, done.alone) == ("alone", None)


def test_what_was_found_is_followed_by_the_next_run_after_an_interrupt(tmp_path, corpus, monkeypatch, fake, run):
    def interrupt_in(number):
        if number == len(GUARD + EQUAL) + 15:
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


def unreadable(folder, count):
    """Utterances that are found out when they are read."""
    for number in range(count):
        soundfile.write(folder / f"bad{number}.wav", [float("nan")] * (2_500 - number), 16_000, subtype="FLOAT")
    return tuple(Utterance(id=f"bad{number}", path=folder / f"bad{number}.wav") for number in range(count))


@pytest.mark.parametrize("kind", [Leaking, Mixing])
def test_one_waveform_that_can_be_read_is_not_compared_with_itself(tmp_path, kind, fake, run, write):
    """Three of the four that are looked at cannot be read."""
    write(tmp_path / "a.wav", np.linspace(-0.1, 0.4, 1_200))
    readable = Utterance(id="a", path=tmp_path / "a.wav")
    done, _, skipped = run(tmp_path / "store", Manifest((*unreadable(tmp_path, 3), readable)), kind(fake()))
    assert len(skipped.skipped) == 3
    assert done.invariance.broken == ["frames"]
    assert done.invariance.batches == ("equal lengths" if kind is Leaking else "alone")
    assert done.invariance.equal_lengths


@pytest.mark.parametrize("samples", [[0.1] * 100, [0.0] * 1_000])
@pytest.mark.parametrize("batchable", [True, False])
def test_what_tells_nothing_is_not_remembered_and_looked_at_again(
    tmp_path, corpus, samples, batchable, fake, run, write
):
    """Utterances of the shortest length that there is, of which none can be padded; and silence."""
    for number in range(3):
        write(tmp_path / f"{number}.wav", samples)
    few = Manifest(tuple(Utterance(id=str(number), path=tmp_path / f"{number}.wav") for number in range(2)))
    load = Mixing(fake())
    done, _, _ = run(tmp_path / "store", few, load, batchable=batchable)
    assert set(load.sizes) == {1}
    assert done.invariance is None
    assert not list(tmp_path.rglob("invariance.json"))
    done, _, _ = run(tmp_path / "store", corpus, Mixing(fake()), batchable=batchable)
    assert (done.invariance.batches, found_in(tmp_path)["batches"]) == ("alone", "alone")


@pytest.mark.parametrize("batchable", [True, False])
def test_the_looks_tell_how_far_they_are(tmp_path, corpus, batchable, fake, run, monkeypatch):
    steps = {}

    @contextmanager
    def progress(label, total, seconds=0.0):
        steps[label] = [total, 0]

        def advance(count, seconds=0.0):
            steps[label][1] += count

        yield advance

    compare = padding_check.compare
    monkeypatch.setattr(padding_check, "compare", lambda located, runner, given: compare(located, runner, progress))
    about = {"batchable": batchable, "precision": "bfloat16", "reference": fake()}
    run(tmp_path, corpus, Mixing(fake()), about=about)
    padding = {"Looking at padding": [5, 5]} if batchable else {}
    assert steps == {"Comparing with float32": [8, 8], **padding, "Looking at equal lengths": [6, 6]}


def test_audio_that_cannot_be_read_leaves_the_question_open(tmp_path, fake, run, write):
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
    assert load.sizes == ([*GUARD, *EQUAL[:-1]] if batchable else EQUAL[:-1])
    assert not list(tmp_path.rglob("invariance.json"))


def rounded(block):
    """Frames of float32 that were computed in fewer bits."""
    frames = block["frames"]
    return block | {"frames": Frames(frames.values.to(torch.bfloat16).float(), frames.lengths)}


class Louder(Leaking):
    """Frames that padding changes a little, by less than eight bits explain."""

    def extract(self, batch):
        padded = (batch.lengths < batch.samples.shape[1])[:, None, None]
        for block in self.fake.extract(batch):
            values = block["frames"].values
            yield block | {"frames": Frames(values * torch.where(padded, 1.01, 1.0), block["frames"].lengths)}


def test_the_tolerance_is_that_of_what_the_model_computes_in(tmp_path, corpus, fake, run):
    done, _, _ = run(tmp_path / "float32", corpus, Louder(fake()))
    assert done.invariance.broken == ["frames"]
    done, _, _ = run(tmp_path / "bfloat16", corpus, Louder(fake()), about={"precision": "bfloat16"})
    assert (done.invariance.broken, done.invariance.batches) == ([], "padded")
    assert done.invariance.tolerance("frames") == 5e-2


@pytest.mark.parametrize("batchable", [True, False])
def test_a_model_of_fewer_bits_is_compared_with_that_of_float32_once(tmp_path, corpus, batchable, fake, run):
    exact, about = fake(), {"precision": "bfloat16", "batchable": batchable}
    done, _, _ = run(tmp_path, corpus, fake(spoil=rounded), about={**about, "reference": exact})
    assert exact.sizes == [1, 1, 1, 1]
    apart = done.invariance.from_float32
    assert 1e-4 < apart["frames"] < 1e-2
    assert apart["pooled"] == 0
    assert found_in(tmp_path)["from_float32"] == apart
    again, _, _ = run(tmp_path, corpus, None, about={**about, "reference": None})
    assert again.invariance == done.invariance
    (tmp_path / "other").mkdir()
    done, _, _ = run(tmp_path / "other", corpus, fake())
    assert done.invariance.from_float32 == {}
