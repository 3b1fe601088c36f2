"""The list of ``hf:``: what lies in the hub's cache, and a model of each family."""

import json
import subprocess
import sys

import pytest

from neuroscope_transformers.families.table import FAMILIES
from neuroscope_transformers.members import members
from neuroscope_transformers.sources.repositories import _ID


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """``cache(repo, config)``: puts a model's config.json into a hub cache of its own."""
    import huggingface_hub

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))

    def put(repo, config):
        folder = tmp_path / f"models--{repo.replace('/', '--')}" / "snapshots" / ("0" * 40)
        folder.mkdir(parents=True)
        (folder / "config.json").write_text(config if isinstance(config, str) else json.dumps(config))

    return put


def listed():
    return {each.name: (each.summary, each.problem) for each in members()}


def test_speech_encoders_of_the_cache_are_listed(cache):
    cache("facebook/hubert-tiny", {"model_type": "hubert", "num_hidden_layers": 3, "hidden_size": 48})
    cache("google/a-text-model", {"model_type": "bert"})
    cache("someone/broken", "{")
    found = listed()
    assert found["facebook/hubert-tiny"] == ("HuBERT, in the hub's cache: 3 blocks, 48 wide", "")
    assert len(found) == 1 + len(FAMILIES)


def test_what_cannot_be_used_says_why(cache):
    cache("a/code", {"model_type": "wavlm", "auto_map": {"AutoModel": "x.Y"}})
    cache("a/odd", {"model_type": "wavlm", "hidden_size": -1})
    found = listed()
    assert "code of its own" in found["a/code"][1]
    assert "hidden_size is -1" in found["a/odd"][1]


def test_each_family_is_listed_by_a_model_that_can_be_asked_for(cache):
    found = listed()
    for family in FAMILIES:
        assert family.licence in found[family.example][0]
    assert all(_ID.fullmatch(name) for name in found)


def test_a_model_that_is_here_is_listed_once(cache):
    cache("facebook/wav2vec2-base", {"model_type": "wav2vec2"})
    assert [each.summary for each in members() if each.name == "facebook/wav2vec2-base"] == [
        "wav2vec 2.0, in the hub's cache: 12 blocks, 768 wide"
    ]


def test_listing_loads_no_torch():
    code = "import sys; from neuroscope_transformers.members import members; members(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "transformers"}.intersection(done.stdout.split())
