"""Where the weights come from, and what is said when they do not come."""

import sys
from importlib import metadata

import pytest
import torch

from neuroscope import MissingData
from neuroscope_ge2e.spec import ge2e
from neuroscope_ge2e.weights import INSTALL, SHA256, find_pretrained, random_weights, read_pretrained


def missing(name):
    raise metadata.PackageNotFoundError(name)


@pytest.mark.parametrize("files", [missing, lambda _: None, lambda _: []], ids=["no wheel", "no record", "no file"])
def test_absent_wheel_is_told_with_the_command(monkeypatch, files):
    monkeypatch.setattr(metadata, "files", files)
    with pytest.raises(MissingData, match=INSTALL):
        ge2e()


def test_a_file_of_the_record_that_is_gone_counts_as_absent(monkeypatch, tmp_path):
    record = [file for file in metadata.files("Resemblyzer") if file.name == "pretrained.pt"]
    monkeypatch.setattr(record[0], "dist", metadata.PathDistribution(tmp_path / "moved.dist-info"))
    monkeypatch.setattr(metadata, "files", lambda name: record)
    with pytest.raises(MissingData, match=INSTALL):
        ge2e()


def test_another_file_is_refused(tmp_path):
    other = tmp_path / "pretrained.pt"
    other.write_bytes(find_pretrained().read_bytes()[:-1] + b"x")
    with pytest.raises(MissingData, match=f"(?s)pretrained.pt has sha256 .* but .* {SHA256}.*{INSTALL}"):
        read_pretrained(other)


def test_resemblyzer_is_never_imported():
    ge2e().load("cpu")
    assert "resemblyzer" not in sys.modules


def test_random_weights_need_no_wheel_and_have_the_pretrained_shapes(monkeypatch):
    pretrained = read_pretrained(find_pretrained())
    monkeypatch.setattr(metadata, "files", missing)
    random = random_weights(0)
    assert {n: w.shape for n, w in random.items()} == {
        n: w.shape for n, w in pretrained.items() if not n.startswith("similarity")
    }
    values = torch.cat([w.flatten() for w in random.values()])
    assert values.abs().max() <= 1 / 16
    assert values.std().item() == pytest.approx(1 / 16 / 3**0.5, rel=0.01)
    assert ge2e(weights="random").load("cpu")


def test_seeds_differ_in_the_same_layers(wave, frames_of):
    sound = wave()
    first, again, other = (frames_of(ge2e(weights="random", seed=s).load("cpu"), sound)[0] for s in (1, 1, 2))
    assert list(first) == list(other) == [layer.name for layer in ge2e(weights="random").layers]
    for layer, values in first.items():
        assert torch.equal(values, again[layer])
        assert not torch.allclose(values, other[layer], atol=1e-3)


def test_specs_tell_weights_apart():
    assert ge2e().origin.digest == SHA256
    digests = [ge2e(weights="random", seed=s).origin.digest for s in (0, 1)]
    assert digests == ["random:0:1", "random:1:1"]
    assert ge2e().layers == ge2e(weights="random").layers


@pytest.mark.parametrize("seed", [-1, 2**63])
def test_a_seed_that_no_generator_takes_is_refused(seed):
    with pytest.raises(ValueError, match="seed must be"):
        ge2e(weights="random", seed=seed)
