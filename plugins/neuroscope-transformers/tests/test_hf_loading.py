"""Weights in every form that a folder may hold them, and what is said where they do not fit."""

import json
import random
import runpy
import shutil
import threading
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from neuroscope import BadOption, MissingData, WaveBatch
from neuroscope.weights import randomness_kept
from neuroscope_transformers.running.loading import load_encoder
from neuroscope_transformers.spec import hf

tiny_encoders = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("tiny_encoders.py"))))
WEIGHTS = "model.safetensors"


@pytest.fixture
def copy(folder_of, tmp_path):
    """``copy(name)``: a tiny model's folder that may be spoilt."""
    return lambda name: Path(shutil.copytree(folder_of(name), tmp_path / name))


@pytest.fixture
def state(copy):
    """``state(change)``: the folder of a tiny model whose tensors a function has changed."""

    def make(change, name="wav2vec2"):
        folder = copy(name)
        save_file(change(load_file(folder / WEIGHTS)), folder / WEIGHTS, metadata={"format": "pt"})
        return folder

    return make


def same(one, other):
    return all(torch.equal(one[layer], other[layer]) for layer in one)


def test_weights_in_parts(copy, folder_of, run, wave):
    folder = copy("wav2vec2")
    (folder / WEIGHTS).unlink()
    tiny_encoders.save(tiny_encoders.build("wav2vec2"), folder, max_shard_size="20KB")
    spec = hf(str(folder))
    assert len([name for name in spec.origin.files if name.startswith("model-0")]) > 1
    assert same(*run(spec, wave(9_000)), *run(hf(str(folder_of("wav2vec2"))), wave(9_000)))


def test_weights_that_torch_saved(copy, folder_of, run, wave):
    folder = copy("wav2vec2")
    torch.save(load_file(folder / WEIGHTS), folder / "pytorch_model.bin")
    (folder / WEIGHTS).unlink()
    spec = hf(str(folder))
    assert "pytorch_model.bin" in spec.origin.files
    assert same(*run(spec, wave(9_000)), *run(hf(str(folder_of("wav2vec2"))), wave(9_000)))


def test_safetensors_come_first(copy):
    folder = copy("wav2vec2")
    (folder / "pytorch_model.bin").write_bytes(b"never looked at")
    assert hf(str(folder)).origin.files == ("config.json", "preprocessor_config.json", WEIGHTS)
    assert hf(str(folder)).load("cpu")


def test_a_model_with_a_head_gives_its_encoder(folder_of, run, wave):
    (with_head,) = run(hf(str(folder_of("wav2vec2-ctc"))), wave(9_000))
    model = tiny_encoders.build("wav2vec2-ctc").wav2vec2
    values = torch.from_numpy(wave(9_000))[None]
    values = (values - values.mean()) / torch.sqrt(values.var(correction=0) + 1e-7)
    with torch.no_grad():
        expected = model(values).last_hidden_state[0]
    assert float((with_head["norm"] - expected).abs().max()) <= 1e-5 * float(expected.abs().max())


def test_weights_in_half_precision_run_in_float32(state, run, wave):
    halved = hf(str(state(lambda tensors: {name: each.half() for name, each in tensors.items()})))
    assert {each.dtype for each in halved.load("cpu").network.parameters()} == {torch.float32}
    assert {each.dtype for each in run(halved, wave(9_000))[0].values()} == {torch.float32}


def test_a_file_that_lacks_a_block_is_refused(state):
    folder = state(lambda tensors: {name: each for name, each in tensors.items() if "encoder.layers.1." not in name})
    with pytest.raises(BadOption) as caught:
        hf(str(folder)).load("cpu")
    assert "lacks 16 of the encoder's parameters (encoder.layers.1.attention.k_proj.bias and 15 more)" in str(
        caught.value
    )
    assert "\n" not in str(caught.value)


def test_what_no_pass_uses_may_be_lacking(state):
    folder = state(lambda tensors: {name: each for name, each in tensors.items() if name != "masked_spec_embed"})
    assert hf(str(folder)).load("cpu")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda file: file.write_bytes(file.read_bytes()[:1000]),
        lambda file: file.write_bytes(b""),
        lambda file: file.write_bytes(b"\xff" * 4096),
        lambda file: save_file({"masked_spec_embed": torch.zeros(5)}, file, metadata={"format": "pt"}),
        lambda file: save_file({"x": torch.zeros(5)}, file),
    ],
    ids=["truncated", "empty", "no safetensors", "another shape", "another model"],
)
def test_spoilt_weights_are_one_line(copy, spoil):
    folder = copy("wav2vec2")
    spoil(folder / WEIGHTS)
    with pytest.raises(BadOption) as caught:
        hf(str(folder)).load("cpu")
    assert str(folder / WEIGHTS) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_wrong_shapes_are_told_by_name(state):
    folder = state(lambda tensors: tensors | {"encoder.layer_norm.weight": torch.zeros(7)})
    with pytest.raises(
        BadOption, match=r"has encoder\.layer_norm\.weight of shape \(7,\), and config\.json makes it \(24,\)"
    ) as caught:
        hf(str(folder)).load("cpu")
    assert "\n" not in str(caught.value)


def test_heads_that_do_not_divide_are_one_line(copy):
    folder = copy("wav2vec2")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"num_attention_heads": 5}))
    with pytest.raises(
        BadOption, match="num_attention_heads is 5; expected a number that divides hidden_size, 24"
    ) as caught:
        hf(str(folder)).load("cpu")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("weights", ["pretrained", "random"])
def test_loading_says_nothing_and_draws_nothing(folder_of, weights, capfd):
    before = (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist())
    said = (transformers.logging.get_verbosity(), transformers.utils.logging.is_progress_bar_enabled())
    hf(str(folder_of("wavlm")), weights=weights).load("cpu")
    assert before == (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist())
    assert said == (transformers.logging.get_verbosity(), transformers.utils.logging.is_progress_bar_enabled())
    assert capfd.readouterr() == ("", "")


def test_random_weights_read_no_weights(copy, run, wave):
    folder = copy("wav2vec2")
    (folder / WEIGHTS).unlink()
    spec = hf(str(folder), weights="random", seed=3)
    assert spec.origin.files == ("config.json", "preprocessor_config.json")
    assert spec.layers == hf(str(folder), weights="random").layers
    assert same(*run(spec, wave(9_000)), *run(spec, wave(9_000)))
    with pytest.raises(MissingData, match=r"has no weights \(model.safetensors, .*\); weights=random needs none"):
        hf(str(folder))


def test_who_draws_random_weights_waits_for_whoever_else_draws(folder_of):
    spec = hf(str(folder_of("wav2vec2")), weights="random", seed=3)
    alone, loaded = spec.load("cpu").network.state_dict(), []
    thread = threading.Thread(target=lambda: loaded.append(spec.load("cpu")))
    with randomness_kept(0):
        expected = torch.rand(3)
    with randomness_kept(0):
        thread.start()
        thread.join(1)
        assert torch.equal(torch.rand(3), expected)
        assert not loaded
    thread.join()
    assert same(loaded[0].network.state_dict(), alone)


def test_no_file_but_those_found_is_looked_at(copy):
    """A folder may hold anything else: transformers sees the files of the spec alone."""
    folder = copy("wav2vec2")
    (folder / "adapter_config.json").write_text("{")
    (folder / "modeling_own.py").write_text("raise SystemExit")
    (folder / "generation_config.json").write_text("{")
    assert hf(str(folder)).load("cpu")


def test_attention_is_without_a_matrix_where_the_library_has_it(folder_of):
    assert hf(str(folder_of("wav2vec2"))).load("cpu").network.config._attn_implementation == "sdpa"
    assert hf(str(folder_of("sew-d"))).load("cpu").network.config._attn_implementation == "eager"


@pytest.mark.parametrize("case", ["wavlm", "wav2vec2"])
def test_a_blocks_output_may_be_a_tuple_or_a_tensor(case, folder_of, run, wave):
    """transformers 4.48 to 5.0 give a tuple where 5.24 gives a tensor: what the tap says is no matter to the frames."""
    spec = hf(str(folder_of(case)))
    files, anatomy, seed, precision = spec.load.args
    taps = [replace(each, tap=replace(each.tap, pick={None: 0, 0: None}[each.tap.pick])) for each in anatomy.layers]
    model = load_encoder(files, replace(anatomy, layers=tuple(taps)), seed, precision, "cpu")
    batch = WaveBatch(torch.from_numpy(wave(9_000))[None], torch.tensor([9_000]))
    (block,) = model.extract(batch)
    (expected,) = run(spec, wave(9_000))
    assert all(torch.equal(block[layer].values[0], expected[layer]) for layer in expected)
