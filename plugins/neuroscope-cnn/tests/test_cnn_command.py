"""``neuroscope cnn convert | verify``, as they are typed."""

import dataclasses
import json
import os
import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from typer.testing import CliRunner

from neuroscope.cli.main import build
from neuroscope_cnn import verifying
from neuroscope_cnn.checkpoints import checkpoint, published
from neuroscope_cnn.checkpoints.bundle import beside
from neuroscope_cnn.checkpoints.published import DATA, INDEX, META
from neuroscope_cnn.model import architecture

writer = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("cnn_bundles.py"))))


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    for name, each in list(architecture.ARCHITECTURES.items()):
        monkeypatch.setitem(architecture.ARCHITECTURES, name, writer.tiny(each))
        monkeypatch.setattr(checkpoint, name.upper(), writer.tiny(each))


@pytest.fixture
def prefix(tmp_path):
    prefix = writer.bundle(tmp_path / "m.ckpt-7", writer.weights_of(architecture.ARCHITECTURES["adi"]))
    beside(prefix, META).write_bytes(b"graph")
    return prefix


@pytest.fixture
def papers(prefix, monkeypatch):
    """The bundle is the paper's."""
    files = [
        published.PublishedFile(each, beside(prefix, each).stat().st_size, published.blob_id(beside(prefix, each))[:8])
        for each in (DATA, INDEX, META)
    ]
    model = dataclasses.replace(published.PUBLISHED["adi"], prefix=prefix.name, files=tuple(files))
    monkeypatch.setitem(published.PUBLISHED, "adi", model)
    return prefix


def run(*arguments, code=0):
    result = CliRunner(env={"COLUMNS": "250"}).invoke(build(), ["cnn", *map(str, arguments)])
    assert result.exit_code == code, result.output
    assert code != 2 or len(result.stderr.strip().splitlines()) == 1
    return result.stdout + (result.stderr if code == 2 else "")


def damage(prefix):
    """Another number in the last variable."""
    data = beside(prefix, DATA)
    data.write_bytes(data.read_bytes()[:-1] + b"\x01")
    os.utime(data, ns=(1, 1))


def test_convert_says_what_it_wrote(prefix, tmp_path):
    file = tmp_path / "adi.safetensors"
    said = run("convert", prefix, file)
    found = checkpoint.find(file)
    assert f"{file}  {file.stat().st_size:,} bytes" in said
    assert "adi-cnn, mode exact, 17 outputs, 17 labels" in said
    assert f"digest {found.digest}" in said
    assert {path.name for path in tmp_path.iterdir()} >= {"adi.safetensors"}
    assert not list(tmp_path.glob(".*partial"))


def test_convert_replaces_only_by_force(prefix, tmp_path):
    file = tmp_path / "adi.safetensors"
    file.write_bytes(b"mine")
    assert "--force replaces it" in run("convert", prefix, file, code=2)
    assert file.read_bytes() == b"mine"
    run("convert", prefix, file, "--force")
    assert checkpoint.find(file).mode == "exact"


def test_convert_leaves_what_was_there_when_it_fails(prefix, tmp_path):
    file = tmp_path / "adi.safetensors"
    file.write_bytes(b"mine")
    damage(prefix)
    assert "wrong checksum" in run("convert", prefix, file, "--force", code=2)
    assert file.read_bytes() == b"mine"


@pytest.mark.parametrize(
    ("bundle", "file", "said"),
    [
        ("none", "a.safetensors", "there is no checkpoint at"),
        ("m.ckpt-7", "a.bin", "ends in .safetensors"),
        ("m.ckpt-7", "none/a.safetensors", "there is no folder"),
    ],
)
def test_convert_refuses_what_it_cannot_do(prefix, tmp_path, bundle, file, said):
    assert said in run("convert", tmp_path / bundle, tmp_path / file, code=2)


def test_a_user_that_is_not_there_is_told(prefix, tmp_path):
    said = "there is no user of this name"
    assert said in run("convert", "~nobody-of-this-name/m", tmp_path / "a.safetensors", code=2)
    assert said in run("convert", prefix, "~nobody-of-this-name/a.safetensors", code=2)
    assert said in run("verify", "~nobody-of-this-name/m", code=2)
    assert said in run("verify", prefix, "--demo", "~nobody-of-this-name/a.raw", code=2)


def test_convert_takes_no_file_of_ours(prefix, tmp_path):
    run("convert", prefix, tmp_path / "a.safetensors")
    assert "own format already" in run("convert", tmp_path / "a.safetensors", tmp_path / "b.safetensors", code=2)


def test_verify_knows_the_papers(papers):
    said = run("verify", papers)
    assert said.count("the paper's") >= 3
    assert said.splitlines()[-1] == "adi-cnn: the paper's"
    beside(papers, META).unlink()
    assert "absent (it is never read)" in run("verify", papers)


def test_verify_tells_another_checkpoint(prefix):
    said = run("verify", prefix, code=1)
    assert "another" in said
    assert "not the paper's" in said


def test_verify_speaks_json(papers):
    found = json.loads(run("verify", papers, "--json"))
    assert (found["architecture"], found["right"], found["demo"], found["problem"]) == ("adi", True, None, "")
    assert [file["verdict"] for file in found["files"]] == ["the paper's"] * 3
    damage(papers)
    found = json.loads(run("verify", papers, "--json", code=1))
    assert [file["verdict"] for file in found["files"]] == ["another", "the paper's", "the paper's"]
    assert "wrong checksum" in found["problem"]


def test_verify_tells_the_papers_file_that_is_damaged_by_its_name(papers):
    index = beside(papers, INDEX)
    index.write_bytes(index.read_bytes()[:-1])
    said = run("verify", papers, code=1)
    assert "does not end like a LevelDB table" in said


def test_verify_refuses_what_it_cannot_compare(prefix, tmp_path):
    assert "there is no checkpoint" in run("verify", tmp_path / "none", code=2)
    run("convert", prefix, tmp_path / "a.safetensors")
    assert "is no bundle" in run("verify", tmp_path / "a.safetensors", code=2)
    assert "there is no recording" in run("verify", prefix, "--demo", tmp_path / "none.raw", code=2)
    (tmp_path / "short.raw").write_bytes(bytes(10))
    assert "is not the demo recording" in run("verify", prefix, "--demo", tmp_path / "short.raw", code=2)
    index = beside(prefix, INDEX)
    index.write_bytes(b"")
    assert "it has 0 bytes" in run("verify", prefix, code=2)


def test_the_demo_is_run_through_the_whole_network(tmp_path, monkeypatch):
    """With weights of our own, so that the softmax is another; the published one is for those who have the files."""
    monkeypatch.setitem(architecture.ARCHITECTURES, "adi", architecture.ADI)
    monkeypatch.setattr(checkpoint, "ADI", architecture.ADI)
    weights = writer.weights_of(architecture.ADI)
    weights = {name: values * np.float32(0.02) for name, values in weights.items()}
    prefix = writer.bundle(tmp_path / "large", weights)
    wave = np.random.default_rng(0).standard_normal(verifying.DEMO_SAMPLES) * np.linspace(
        0, 9000, verifying.DEMO_SAMPLES
    )
    (tmp_path / "msg0001.raw").write_bytes(wave.clip(-32768, 32767).astype("<i2").tobytes())
    found = json.loads(run("verify", prefix, "--demo", tmp_path / "msg0001.raw", "--json", code=1))
    assert found["problem"] == ""
    assert 0 < found["demo"]["frames"] <= 333
    assert set(found["demo"]["softmax"]) == {"YEM", "KSA", "UAE", "QAT"}
    assert all(0 <= share <= 1 for share in found["demo"]["softmax"].values())
    assert not found["demo"]["right"]


def test_the_demo_is_of_the_dialect_network(tmp_path):
    prefix = writer.bundle(tmp_path / "s", writer.weights_of(architecture.ARCHITECTURES["sre"]))
    (tmp_path / "msg0001.raw").write_bytes(bytes(2 * verifying.DEMO_SAMPLES))
    assert "demo recording is of the dialect network" in run(
        "verify", prefix, "--demo", tmp_path / "msg0001.raw", code=2
    )
