"""Folders that somebody spoilt, or made to do harm: one line for each, and nothing of theirs is run."""

import json
import os
import pickle
import runpy
import shutil
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file, save_file

from neuroscope import NeuroscopeError
from neuroscope_transformers.looking import asking
from neuroscope_transformers.spec import hf

here = Path(__file__)
spectra = SimpleNamespace(**runpy.run_path(str(here.with_name("tiny_spectra.py"))))
CASES = ["wav2vec2", "hubert", "wavlm", "data2vec-audio", "unispeech", "unispeech-sat", "sew", "sew-d"]
CASES += ["wav2vec2-conformer", "whisper", "ast", "wav2vec2-bert"]
"""One of each family."""


@pytest.fixture(scope="module")
def model_of(folder_of, tmp_path_factory):
    """``model_of(case)``: the folder of a tiny model of any family."""
    made = {}

    def find(case):
        if case not in spectra.CASES:
            return folder_of(case)
        if case not in made:
            made[case] = spectra.save(spectra.build(case), tmp_path_factory.mktemp("spectra") / case)
        return made[case]

    return find


@pytest.fixture
def folder(request, model_of, tmp_path):
    """A copy of the model's folder, to be spoilt."""
    return Path(shutil.copytree(model_of(request.param), tmp_path / "model"))


class Evil:
    """Writes a file where it is unpickled."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.system, (f"touch {self.mark}",)


def told(folder, **options):
    """The one line that comes of building and loading the model."""
    with pytest.raises(NeuroscopeError) as caught:
        hf(str(folder), **options).load("cpu")
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 700
    return message


def change(folder, **values):
    file = folder / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | values))


def pickled(folder, state):
    """Put a pickle in place of the safetensors file."""
    state = state | {key: value for key, value in load_file(folder / "model.safetensors").items()}
    (folder / "model.safetensors").unlink()
    torch.save(state, folder / "pytorch_model.bin")


@pytest.mark.parametrize("folder", CASES, indirect=True)
def test_a_pickle_that_calls_the_system_is_refused(folder, tmp_path):
    pickled(folder, {"encoder.evil": Evil(tmp_path / "mark")})
    message = told(folder)
    assert "pytorch_model.bin cannot be loaded: it holds more than tensors" in message
    assert message.endswith("ask for a model.safetensors")  # torch's own advice is to run it
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize("folder", ["wav2vec2", "whisper"], indirect=True)
def test_a_plain_pickle_that_calls_the_system_is_refused(folder, tmp_path):
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps({"encoder.layer_norm.weight": Evil(tmp_path / "mark")}))
    assert "pytorch_model.bin cannot be loaded" in told(folder)
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize("folder", ["hubert", "ast"], indirect=True)
def test_a_pickle_of_tensors_is_read(folder):
    pickled(folder, {})
    assert hf(str(folder)).load("cpu")


@pytest.mark.parametrize("folder", CASES, indirect=True)
def test_files_that_are_cut_off(folder):
    file = folder / "model.safetensors"
    content = file.read_bytes()
    for length in (0, 7, 100, len(content) // 2, len(content) - 1):
        file.write_bytes(content[:length])
        assert "model.safetensors cannot be loaded" in told(folder)


@pytest.mark.parametrize("folder", ["wavlm", "wav2vec2-bert"], indirect=True)
def test_pickles_that_are_cut_off(folder):
    pickled(folder, {})
    file = folder / "pytorch_model.bin"
    content = file.read_bytes()
    for length in (0, 3, len(content) // 2):
        file.write_bytes(content[:length])
        assert "pytorch_model.bin cannot be loaded" in told(folder)


@pytest.mark.parametrize("folder", ["wav2vec2"], indirect=True)
@pytest.mark.parametrize("header", [2**62, 2**26])
def test_a_header_that_promises_more_than_there_is(folder, header):
    file = folder / "model.safetensors"
    file.write_bytes(header.to_bytes(8, "little") + file.read_bytes()[8:])
    assert "model.safetensors cannot be loaded" in told(folder)


@pytest.mark.parametrize("folder", ["sew"], indirect=True)
def test_an_archive_of_something_else(folder):
    (folder / "model.safetensors").unlink()
    with zipfile.ZipFile(folder / "pytorch_model.bin", "w") as archive:
        archive.writestr("../../outside.txt", "x")
    assert "pytorch_model.bin cannot be loaded" in told(folder)
    assert not (folder.parent.parent / "outside.txt").exists()


@pytest.mark.parametrize("folder", CASES, indirect=True)
def test_tensors_of_other_shapes(folder):
    state = load_file(folder / "model.safetensors")
    name = next(key for key in sorted(state) if "layers.1" in key or "layer.1" in key)
    save_file(state | {name: torch.zeros(3, 5)}, folder / "model.safetensors", metadata={"format": "pt"})
    message = told(folder)
    assert "ayers.1." in message or "ayer.1." in message  # by the name that the model has for it today
    assert "of shape (3, 5)" in message


SIZES = [
    ({"heads": 5}, "attention_heads is 5; expected a number that divides"),
    ({"heads": 0}, "attention_heads is 0; expected a whole number from 1"),
    ({"count": -1}, "layers is -1; expected a whole number from 1"),
    ({"count": 10**9}, "layers is 1000000000; expected a whole number from 1"),
    ({"count": 1001}, "layers is 1001; expected a whole number from 1 to 1000"),
    ({"count": 2.5}, "layers is 2.5; expected a whole number"),
    ({"width": "wide"}, "is 'wide'; expected a whole number"),
    ({"width": -16}, "is -16; expected a whole number from 1"),
    ({"width": 2**40}, "is 1099511627776; expected a whole number from 1"),
    ({"width": True}, "is True; expected a whole number"),
]


@pytest.mark.parametrize("folder", CASES, indirect=True)
@pytest.mark.parametrize(("sizes", "message"), SIZES)
def test_sizes_that_cannot_be(folder, sizes, message):
    whisper = "whisper" in json.loads((folder / "config.json").read_text())["model_type"]
    names = {"count": "num_hidden_layers", "width": "hidden_size", "heads": "num_attention_heads"}
    if whisper:
        names = {"count": "encoder_layers", "width": "d_model", "heads": "encoder_attention_heads"}
    change(folder, **{names[key]: value for key, value in sizes.items()})
    assert message in told(folder, weights="random")


LARGE = [
    ("wav2vec2", {"add_adapter": True, "num_adapter_layers": 10**6}, {}, ""),
    ("wav2vec2", {"conv_kernel": [10, 3, 3, 3, 3, 2, 2**24]}, {}, "expected a frame of at most 16777216 samples"),
    ("wav2vec2", {"num_conv_pos_embeddings": 2 * 10**9}, {}, "num_conv_pos_embeddings is 2000000000; expected"),
    ("wav2vec2", {"num_conv_pos_embeddings": 0}, {}, "num_conv_pos_embeddings is 0; expected"),
    ("wav2vec2", {"hidden_size": 40_000}, {}, "numbers, more than 20 GB"),
    ("wav2vec2", {"adapter_attn_dim": 10**9, "do_stable_layer_norm": True}, {}, "numbers, more than 20 GB"),
    ("wav2vec2-conformer", {"max_source_positions": 10**9}, {}, "max_source_positions is 1000000000; expected"),
    ("whisper", {"vocab_size": 2**40}, {}, "numbers, more than 20 GB"),
    ("whisper", {"num_mel_bins": 2**22}, {"feature_size": 2**22}, "num_mel_bins is 4194304; expected"),
    ("whisper", {}, {"n_fft": 2**24}, "n_fft is 16777216; expected"),
    ("whisper", {}, {"n_fft": 401}, "n_fft is 401; expected an even number"),
    ("whisper", {}, {"sampling_rate": 1}, "sampling_rate is 1; expected"),
    ("ast", {"max_length": 2**23}, {"max_length": 2**23}, "max_length is 8388608; expected"),
    ("wav2vec2-bert", {"feature_projection_input_dim": 80}, {"stride": 1}, "stride is 1; expected"),
    ("wav2vec2-bert", {"left_max_position_embeddings": 10**12}, {}, "left_max_position_embeddings is 1000000000000"),
]


@pytest.mark.parametrize(("folder", "config", "preprocessor", "message"), LARGE, indirect=["folder"])
def test_sizes_that_would_take_all_memory(folder, config, preprocessor, message):
    change(folder, **config)
    file = folder / "preprocessor_config.json"
    before = json.loads(file.read_text()) if file.exists() else {}
    file.write_text(json.dumps(before | preprocessor))
    if message:
        assert message in told(folder, weights="random")
    else:
        assert hf(str(folder), weights="random").load("cpu")


@pytest.mark.parametrize("folder", ["wav2vec2"], indirect=True)
def test_a_model_that_its_weights_cannot_fill_is_not_made(folder):
    change(folder, intermediate_size=2**21)
    size = (folder / "model.safetensors").stat().st_size
    message = told(folder)
    assert f"numbers, more than fit into {size:,} bytes of weights" in message


@pytest.mark.parametrize("folder", ["whisper"], indirect=True)
def test_extractors_that_cannot_be_made_are_one_line(folder, monkeypatch):
    def fail(**_):
        raise ZeroDivisionError("no\nwindow")

    monkeypatch.setattr("transformers.WhisperFeatureExtractor", fail)
    assert told(folder).endswith(
        "preprocessor_config.json: transformers cannot make a feature extractor of it: ZeroDivisionError: no"
    )


@pytest.mark.parametrize("folder", ["wav2vec2"], indirect=True)
@pytest.mark.parametrize("name", ["model_type", "hidden_size", "hidden_act"])
def test_what_a_file_says_moves_no_cursor(folder, name):
    change(folder, **{name: "\x1b[2Jx\u202e\n"})
    (folder / "preprocessor_config.json").write_text('{"feature_extractor_type": "\\u001b[2J"}')
    message = told(folder, weights="random")
    assert message.isprintable()


@pytest.mark.parametrize("folder", CASES, indirect=True)
def test_settings_that_transformers_refuses(folder):
    change(folder, hidden_act="os.system", activation_function="os.system")
    assert "config.json: transformers cannot make a model of it" in told(folder, weights="random")


@pytest.mark.parametrize("folder", ["wav2vec2", "whisper", "ast", "wav2vec2-bert"], indirect=True)
def test_code_that_lies_in_the_folder_is_never_run(folder, tmp_path):
    mark = tmp_path / "mark"
    for name in ("modeling_own.py", "configuration_own.py", "feature_own.py", "torch.py", "transformers.py"):
        (folder / name).write_text(f"import pathlib\npathlib.Path({str(mark)!r}).touch()\n")
    change(folder, auto_map={"AutoModel": "modeling_own.Own", "AutoConfig": "configuration_own.Own"})
    assert "brings code of its own, which hf: never runs" in told(folder)
    change(folder, auto_map=None)
    (folder / "preprocessor_config.json").write_text(
        json.dumps({"auto_map": {"AutoFeatureExtractor": "feature_own.Own"}, "feature_extractor_type": "Own"})
    )
    assert hf(str(folder)).load("cpu")
    assert not mark.exists()


@pytest.mark.parametrize("folder", ["wav2vec2"], indirect=True)
def test_code_beside_a_model_that_is_looked_at_is_never_run(folder, tmp_path, monkeypatch):
    mark = tmp_path / "mark"
    for name in ("json.py", "torch.py", "transformers.py"):
        (folder / name).write_text(f"import pathlib\npathlib.Path({str(mark)!r}).touch()\n")
    change(folder, model_type="murmur")
    monkeypatch.chdir(folder)
    assert "knows no model_type 'murmur'" in told(folder)
    assert not mark.exists()


@pytest.mark.parametrize("folder", ["wav2vec2"], indirect=True)
def test_weights_of_a_model_that_was_looked_at_are_no_better(folder, tmp_path, monkeypatch):
    seen = {"part": "encoder", "inputs": ["input_values"], "blocks": "layers", "kind": "Block", "count": 2, "width": 24}
    seen |= {"axes": "BFD", "pick": None, "extractor": "Wav2Vec2FeatureExtractor", "sample_rate": 16_000, "least": 900}
    monkeypatch.setattr(asking, "_asked", lambda *_: json.dumps(seen))
    change(folder, model_type="moonshine")
    pickled(folder, {"encoder.evil": Evil(tmp_path / "mark")})
    assert "config.json" in (message := told(folder)) or "cannot be loaded" in message
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize("folder", ["wav2vec2-bert", "whisper"], indirect=True)
def test_outputs_that_a_configuration_asks_for_are_not_kept(folder, wave, run):
    change(folder, output_hidden_states=True, output_attentions=True, return_dict=False)
    spec = hf(str(folder))
    model = spec.load("cpu")
    run(SimpleNamespace(load=lambda _: model), wave(9_000))
    assert not [name for name, each in model.network.named_modules() if each._forward_hooks]
