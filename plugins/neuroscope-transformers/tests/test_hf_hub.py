"""Models of a hub, from one on this machine: only the files that are needed, by commit, and told when they are not."""

import contextlib
import shutil

import pytest

from neuroscope import BadOption, MissingData
from neuroscope.testing.hub import LocalHub
from neuroscope_transformers.spec import hf

REPO = "owner/speech-encoder"


@pytest.fixture
def repository(folder_of, tmp_path):
    folder = tmp_path / "repositories" / REPO
    shutil.copytree(folder_of("wav2vec2"), folder)
    (folder / "pytorch_model.bin").write_bytes(b"the same once more")
    (folder / "tokenizer.json").write_text("{}")
    return folder


@pytest.fixture
def hub(repository, tmp_path, monkeypatch):
    monkeypatch.setattr("neuroscope.weights.transfer.PAUSES", (0.0,))
    with LocalHub(tmp_path / "repositories") as hub, hub.used(tmp_path / "home"):
        yield hub


def brought(hub):
    """Names of the files that were; the library asks a hub for other things, too."""
    names = {each.path.rpartition("/")[2] for each in hub.requests if each.method == "GET"}
    return sorted(name for name in names if name.endswith((".json", ".safetensors", ".bin")))


def test_only_what_is_needed_is_downloaded(hub, folder_of, run, wave):
    spec = hf(REPO)
    assert spec.origin.files == ("config.json", "preprocessor_config.json", "model.safetensors")
    assert spec.origin.source == f"{REPO} on the Hugging Face hub, commit {hub.commit(REPO)}"
    assert len(brought(hub)) == 3
    (found,) = run(spec, wave(9_000))
    (own,) = run(hf(str(folder_of("wav2vec2"))), wave(9_000))
    assert all(found[layer].equal(own[layer]) for layer in own)


def test_random_weights_download_no_weights(hub):
    assert hf(REPO, weights="random").load("cpu")
    assert brought(hub) == ["config.json", "preprocessor_config.json"]


def test_a_branch_and_its_commit_are_one_model(hub):
    named, by_commit = hf(REPO, revision="main"), hf(REPO, revision=hub.commit(REPO))
    assert named.origin.digest == by_commit.origin.digest == hf(REPO).origin.digest
    assert named.resolved == by_commit.resolved == {"model": REPO, "revision": None, "seed": 0}


def test_a_commit_that_is_here_costs_no_request(hub):
    commit = hub.commit(REPO)
    hf(REPO, revision=commit)
    asked = len(hub.requests)
    hf(REPO, revision=commit)
    assert len(hub.requests) == asked


def test_weights_that_torch_saved_are_the_second_choice(hub, repository):
    (repository / "model.safetensors").unlink()
    assert hf(REPO).origin.files[-1] == "pytorch_model.bin"
    (repository / "pytorch_model.bin").unlink()
    with pytest.raises(MissingData, match=rf"{REPO} has no weights \(model.safetensors, .*weights=random needs none"):
        hf(REPO)


def test_offline_a_model_is_what_it_was_and_no_other(hub, repository, monkeypatch):
    """What the cache lacks is not taken as lacking in the repository: features and weights would be others."""
    (repository / "model.safetensors").unlink()
    spec, random = hf(REPO), hf(REPO, weights="random")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    hub.requests.clear()
    assert hf(REPO).origin == spec.origin
    assert hf(REPO, weights="random").origin == random.origin
    assert hub.requests == []
    spec.load.args[0].paths["preprocessor_config.json"].unlink()
    for weights in ("pretrained", "random"):
        with pytest.raises(
            MissingData, match=r"preprocessor_config\.json of owner/speech-encoder .* Run once without it"
        ):
            hf(REPO, weights=weights)


def test_downloads_show_how_far_they_are(hub, monkeypatch):
    told = []

    @contextlib.contextmanager
    def bar(label, total, seconds=0.0):
        told.append((label, total))
        yield lambda steps, seconds=0.0: None

    monkeypatch.setattr("neuroscope.commands.progress_bar", bar)
    size = hf(REPO).load.args[0].paths["model.safetensors"].stat().st_size
    assert any("model.safetensors" in label and total == size for label, total in told)


@pytest.mark.parametrize(
    ("repo", "revision", "message"),
    [
        ("owner/nothing", None, "the hub has no such repository, or you may not see it"),
        (REPO, "no-branch", "the repository has no revision no-branch"),
    ],
)
def test_what_the_hub_does_not_have_is_one_line(hub, repo, revision, message):
    with pytest.raises(MissingData, match=message) as caught:
        hf(repo, revision=revision)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ('{"model_type": "wav2vec2", "auto_map": {"AutoModel": "x.Y"}}', "brings code of its own"),
        ('{"model_type": "bert"}', "'bert' is no speech encoder"),
        ('{"model_type": "wav2vec2", "hidden_size": 0}', "hidden_size is 0"),
    ],
)
def test_what_cannot_be_used_is_refused_before_weights_come(hub, repository, config, message):
    (repository / "config.json").write_text(config)
    with pytest.raises(BadOption, match=message):
        hf(REPO)
    assert brought(hub) == ["config.json", "preprocessor_config.json"]
