"""What every backbone keeps to, of one small model of each upstream that the family offers."""

import json
import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from neuroscope import testing
from neuroscope_s3prl.upstreams import child, describing
from neuroscope_s3prl.upstreams.checkpoint import LAYOUTS
from neuroscope_s3prl.upstreams.hubconfs import entries
from neuroscope_s3prl.upstreams.spec import upstream

files = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("upstream_files.py"))))
LARGE = ("decoar2_local", "decoar_layers_local", "decoar_local")  # one shape each, of 300 MB
NO_WEIGHTS = {
    "has_an_untrained_twin": "features of sound have no weights",
    "tells_weights_apart": "features of sound have no weights",
}


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch):
    """What a child process is asked is answered here, by the same function."""
    monkeypatch.setattr(child, "ask", lambda _, question, **__: json.loads(json.dumps(describing.run(question))))


def failures(text, expected=None):
    outcomes = testing.run("backbone", text, expected=expected)
    assert len(outcomes) > 20
    assert {each.reason for each in outcomes if each.verdict == "skipped"} <= {
        'no layer has pooling="none"',
        "it says batchable=False: utterances of different lengths never run side by side",
        "no layer has a tap: its layers can be probed, and no neuron of them changed",
    }
    return {each.check: each.reason for each in outcomes if not each.ok}


@pytest.mark.parametrize("name", [name for name in files.MAKERS if name not in LARGE])
def test_upstreams_pass_every_check(name, tmp_path):
    path = files.write(name, tmp_path / "checkpoint.pt")
    assert failures(f"s3prl:{name},checkpoint={path}") == {}


NORMS_FIRST = {"layer_norm_first": True, "extractor_mode": "layer_norm"}
VARIANTS = {
    "hubert_local": lambda: files.converted("hubert", label_rate=50.0, **NORMS_FIRST),
    "wavlm_local": lambda: files.wavlm(normalize=True, **NORMS_FIRST),
    "wav2vec2_local": lambda: files.converted(
        "wav2vec2", layer_type="conformer", attn_type="espnet", pos_enc_type="rel_pos"
    ),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_large_models_of_an_upstream_pass_every_check(name, tmp_path):
    torch.save(VARIANTS[name](), tmp_path / "checkpoint.pt")
    assert failures(f"s3prl:{name},checkpoint={tmp_path / 'checkpoint.pt'}") == {}
    names = [layer.name for layer in upstream(name, checkpoint=tmp_path / "checkpoint.pt").layers]
    last = ["layers.1"] if name == "wav2vec2_local" else ["layer_norm"]
    assert names[1:] == ["layers.0", *last]  # where norms come first, the last one is behind the last block


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", ["decoar", "decoar2"])  # minutes each; decoar_layers is the network of decoar
def test_upstreams_of_one_shape_pass_every_check(name):
    assert failures(f"s3prl:{name},weights=random") == {}


@pytest.mark.parametrize("name", ["fbank", "spectrogram", "mel", "linear"])
def test_features_pass_every_check_that_is_not_about_weights(name):
    assert failures(f"s3prl:{name}", NO_WEIGHTS) == {}


def test_every_upstream_that_is_offered_is_tried():
    tried = {entries()[name].upstream for name in files.MAKERS} | {"baseline"}
    assert set(LAYOUTS) - tried == {"spec_augment"}  # the class of mockingjay, and its kind of checkpoint
