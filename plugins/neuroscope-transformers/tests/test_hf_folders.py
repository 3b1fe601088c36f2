"""What the user may name, and what is said of it."""

import json
import os
import shutil
from pathlib import Path

import pytest

from neuroscope import BadOption, MissingData, NeuroscopeError
from neuroscope_transformers.sources.model_files import parts_of
from neuroscope_transformers.spec import hf


@pytest.fixture
def folder(folder_of, tmp_path):
    return Path(shutil.copytree(folder_of("wav2vec2"), tmp_path / "model"))


def change(folder, **values):
    file = folder / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | values))


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("../nowhere", "hf:../nowhere: there is no such folder"),
        ("/nowhere/at/all", "there is no such folder"),
        ("~nobody-of-this-name/x", "there is no such folder"),
        ("a/b/c", "no ID of a model repository (owner/name)"),
        ("a/../b", "no ID of a model repository"),
        ("two words", "no ID of a model repository"),
        ("x" * 300, "no ID of a model repository"),
        ("\N{LATIN SMALL LETTER E WITH ACUTE}/x", "no ID of a model repository"),
    ],
)
def test_names_that_are_none_are_one_line(asked, message):
    with pytest.raises(NeuroscopeError) as caught:
        hf(asked)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_without_a_configuration(tmp_path):
    with pytest.raises(MissingData, match=r"has no config\.json; expected a folder as save_pretrained makes it"):
        hf(str(tmp_path))


def test_a_folder_has_no_revisions(folder):
    with pytest.raises(BadOption, match="is a folder, which has no revisions"):
        hf(str(folder), revision="main")


@pytest.mark.parametrize("content", ["{", "[]", "", "[" * 10_000, '{"model_type": "x"'])
def test_configurations_that_are_no_json(folder, content):
    (folder / "config.json").write_text(content)
    with pytest.raises(BadOption, match=r"config\.json (is no JSON|holds a JSON list)") as caught:
        hf(str(folder))
    assert "\n" not in str(caught.value)


def test_code_of_the_models_own_is_refused(folder):
    change(folder, auto_map={"AutoModel": "modeling_own.Own"})
    with pytest.raises(BadOption, match="brings code of its own, which hf: never runs"):
        hf(str(folder))


IMPLEMENTATIONS = {
    f"{line}{kind}_implementation{end}": "evil/kernel"
    for line in ("", "_")
    for kind in ("attn", "experts")
    for end in ("", "_internal", "_autoset")
}
"""Names of code on the hub that transformers would fetch and run."""


@pytest.mark.parametrize("weights", ["pretrained", "random"])
def test_code_that_a_configuration_names_never_reaches_transformers(folder, weights):
    change(folder, **IMPLEMENTATIONS, encoder_config=IMPLEMENTATIONS | {"deep": [IMPLEMENTATIONS]})
    spec = hf(str(folder), weights=weights)
    assert "evil" not in json.dumps(dict(spec.load.args[0].config.values))
    assert spec.load("cpu").network.config._attn_implementation == "sdpa"


def test_weights_that_were_quantised_are_refused(folder):
    change(folder, quantization_config={"quant_method": "mxfp4"})
    with pytest.raises(BadOption, match="has a quantization_config: hf: runs no weights that were quantised"):
        hf(str(folder))


def test_labels_of_a_head_are_not_made(folder):
    change(folder, id2label={"x": 1}, num_labels=10**12, problem_type="single_label_classification")
    assert hf(str(folder), weights="random").load("cpu")


def test_a_model_of_texts_is_refused(folder):
    change(folder, model_type="bert")
    with pytest.raises(BadOption, match="model_type 'bert' is no speech encoder"):
        hf(str(folder))


@pytest.mark.parametrize("part", ["../x.safetensors", "/etc/x.bin", "sub/x.bin", ".x.bin", "x.py", 3, "x\0.bin"])
def test_parts_outside_of_the_folder_are_refused(part):
    with pytest.raises(BadOption, match="which is no file name of weights"):
        parts_of({"weight_map": {"a": part}}, "index.json")


@pytest.mark.parametrize("index", [{}, {"weight_map": []}, {"weight_map": {}}])
def test_an_index_names_parts(index):
    with pytest.raises(BadOption, match="names no parts"):
        parts_of(index, "index.json")


def test_parts_that_are_not_there_are_told(folder):
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_text('{"weight_map": {"a": "model-00001-of-00002.safetensors"}}')
    with pytest.raises(MissingData, match=r"has no model-00001-of-00002\.safetensors, a part of the weights"):
        hf(str(folder))


def test_the_digest_tells_weights_and_configurations_apart(folder):
    first = hf(str(folder)).origin.digest
    moved = folder.rename(folder.with_name("moved"))
    assert hf(str(moved)).origin.digest == first
    change(moved, layer_norm_eps=1e-6)
    second = hf(str(moved)).origin.digest
    weights = moved / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"!")
    assert len({first, second, hf(str(moved)).origin.digest}) == 3
    random = [hf(str(moved), weights="random", seed=seed) for seed in (0, 0, 1)]
    assert len({each.origin.digest for each in random}) == 2


def test_random_weights_of_another_version_are_others(folder, monkeypatch):
    """How a library draws them may change from version to version."""
    first, pretrained = hf(str(folder), weights="random").origin.digest, hf(str(folder)).origin.digest
    monkeypatch.setattr("importlib.metadata.version", lambda _: "5.99.0")
    assert hf(str(folder), weights="random").origin.digest != first
    assert hf(str(folder)).origin.digest == pretrained


def test_a_folder_that_moves_keeps_its_vectors(folder, tmp_path):
    from neuroscope import Plugins
    from neuroscope.extraction.identity import prepare
    from neuroscope.store.representations import Store

    plugins = Plugins.load()

    def key():
        choice = plugins.backbones.choose(f"hf:{folder}")
        return prepare(choice, plugins, Store(tmp_path), pooling="", dtype="float32").representation.key

    before = key()
    folder = folder.rename(folder.with_name("moved"))
    assert key() == before
    change(folder, layerdrop=0.3)
    assert key() != before


def test_a_seed_that_changes_nothing_is_no_other_model(folder):
    assert hf(str(folder), seed=5).resolved["seed"] == 0
    assert hf(str(folder), seed=5, weights="random").resolved["seed"] == 5


def test_a_folder_may_be_named_from_home(folder, monkeypatch):
    monkeypatch.setenv("HOME", str(folder.parent))
    assert hf("~/model").layers
    assert os.path.exists(folder)  # noqa: PTH110


def test_settings_of_the_extractor_may_stand_among_a_processors(folder_of, tmp_path, wave, run):
    folder, sound = Path(shutil.copytree(folder_of("wav2vec2-pre"), tmp_path / "model")), 1 + wave(8_000)
    (folder / "processor_config.json").write_text('{"feature_extractor": {"do_normalize": false}}')
    both = hf(str(folder))
    (normalised,) = run(both, sound)
    assert both.origin.files == ("config.json", "preprocessor_config.json", "model.safetensors")
    (folder / "preprocessor_config.json").unlink()
    nested = hf(str(folder))
    (plain,) = run(nested, sound)
    assert nested.origin.files == ("config.json", "processor_config.json", "model.safetensors")
    assert float((plain["conv"] - normalised["conv"]).abs().max()) > 1e-3
    (folder / "processor_config.json").write_text('{"processor_class": "Wav2Vec2Processor"}')
    assert hf(str(folder)).origin.files == ("config.json", "model.safetensors")
    for odd in ([], "Wav2Vec2FeatureExtractor", 3):
        (folder / "processor_config.json").write_text(json.dumps({"feature_extractor": odd}))
        with pytest.raises(BadOption, match=r"processor_config\.json: feature_extractor is .*expected an object"):
            hf(str(folder))
