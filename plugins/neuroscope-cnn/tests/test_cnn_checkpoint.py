"""Checkpoints: found by any path that means one, described, and told what is wrong with them."""

import dataclasses
import os
import runpy
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from neuroscope import BadOption, MissingData
from neuroscope_cnn.checkpoints import checkpoint, placed, published
from neuroscope_cnn.checkpoints.bundle import beside
from neuroscope_cnn.checkpoints.checkpoint import find
from neuroscope_cnn.checkpoints.converting import convert
from neuroscope_cnn.checkpoints.errors import BadCheckpoint
from neuroscope_cnn.checkpoints.published import DATA, INDEX, META
from neuroscope_cnn.model import architecture

writer = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("cnn_bundles.py"))))


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    for name, each in list(architecture.ARCHITECTURES.items()):
        monkeypatch.setitem(architecture.ARCHITECTURES, name, writer.tiny(each))
        monkeypatch.setattr(checkpoint, name.upper(), writer.tiny(each))


def made(folder, name="adi", prefix="m.ckpt-7", outputs=None, leave_out=(), **changes):
    network = architecture.ARCHITECTURES[name]
    network = dataclasses.replace(network, outputs=outputs) if outputs else network
    weights = {each: values for each, values in writer.weights_of(network).items() if each not in leave_out}
    folder.mkdir(exist_ok=True)
    return writer.bundle(folder / prefix, weights | changes)


def test_a_bundle_is_described_and_read(tmp_path):
    found = find(made(tmp_path), "adi")
    assert (found.kind, found.mode, found.n_fft, found.others) == ("bundle", "exact", 400, 1)
    assert found.labels[0] == "ALG"
    assert found.labels[16] == "YEM"
    assert found.files == ("m.ckpt-7.index", "m.ckpt-7.data-00000-of-00001")
    assert "not the paper's" in found.source
    assert found.licence == "unknown"
    weights = found.read()
    assert list(weights) == list(found.architecture.shapes())
    for name, values in writer.weights_of(architecture.ARCHITECTURES["adi"]).items():
        np.testing.assert_array_equal(weights[name], values)


def test_without_its_weights_no_byte_of_them_is_read(tmp_path):
    prefix = made(tmp_path, outputs=5)
    file = tmp_path / "m.safetensors"
    convert(prefix, file)
    data = beside(prefix, DATA)
    data.write_bytes(bytes(data.stat().st_size))  # what is read of it now has a wrong checksum
    for path in (prefix, file):
        found = find(path, "adi", weights=False)
        assert (found.architecture.outputs, found.mode, found.digest) == (5, "exact", "")


def test_every_path_that_means_it_is_taken(tmp_path, monkeypatch):
    prefix = made(tmp_path / "one")
    beside(prefix, META).touch()
    monkeypatch.chdir(prefix.parent)
    paths = [prefix, prefix.parent, Path(), Path(prefix.name), *(beside(prefix, each) for each in (INDEX, DATA, META))]
    digests = {find(path, "adi").digest for path in paths}
    assert len(digests) == 1


def test_a_folder_of_several_names_them(tmp_path):
    made(tmp_path)
    convert(tmp_path, tmp_path / "b.safetensors")
    with pytest.raises(BadOption, match=r"holds 2 checkpoints: m\.ckpt-7, b\.safetensors"):
        find(tmp_path, "adi")


@pytest.mark.parametrize("name", ["", "none", "none.safetensors", "none.index", "\0", "x" * 300, ".index", "a/../.."])
def test_what_is_not_there_is_told_with_where_to_get_it(tmp_path, name):
    (tmp_path / "a").mkdir()
    with pytest.raises(MissingData, match=r"sidnet at commit 4939742.*00f4db776edd8b78b933820f5725f54e65107963"):
        find(tmp_path / name, "sre")


def test_half_a_bundle_is_told(tmp_path):
    prefix = made(tmp_path)
    beside(prefix, DATA).unlink()
    with pytest.raises(MissingData, match=r"lacks m\.ckpt-7\.data-00000-of-00001"):
        find(prefix, "adi")


@pytest.mark.parametrize("name", ["adi", "sre"])
def test_what_is_missing_says_all_that_is_needed(name):
    text = str(published.missing(name))
    model = published.PUBLISHED[name]
    for file in model.files:
        assert f"{model.prefix}{file.suffix} ({file.size:,} bytes, git blob {file.blob})" in text
    assert f"{name}-cnn,weights=random" in text
    assert "\n" not in text


def test_the_other_network_is_told_apart(tmp_path):
    adi, sre = made(tmp_path / "a"), made(tmp_path / "s", "sre")
    assert (find(adi).architecture.name, find(sre).architecture.name) == ("adi", "sre")
    assert find(sre).labels == ()
    for path, own, other in ((adi, "adi", "sre"), (sre, "sre", "adi")):
        with pytest.raises(BadCheckpoint, match=f"a checkpoint of {own}-cnn, not of {other}-cnn. Use {own}-cnn"):
            find(path, other)
        file = convert(path, tmp_path / f"{own}.safetensors").path
        with pytest.raises(BadCheckpoint, match=f"a checkpoint of {own}-cnn, not of {other}-cnn"):
            find(file, other)


def test_other_numbers_of_classes_are_taken_without_names(tmp_path):
    found = find(made(tmp_path, outputs=5), "adi")
    assert (found.architecture.outputs, found.labels) == (5, ())


def test_all_that_is_missing_or_of_another_shape_is_named_at_once(tmp_path):
    wrong = made(tmp_path, leave_out=["conv2W", "fc2b"], fc1b=np.zeros(3, "float32"))
    with pytest.raises(BadCheckpoint) as error:
        find(wrong, "adi")
    for said in ("softmax/conv2W is not there", "softmax/fc1b is [3], not [4]", "softmax/fc2b is not there"):
        assert said in str(error.value)


def test_a_conversion_is_the_same_numbers_and_the_same_digest(tmp_path):
    prefix = made(tmp_path, "sre")
    written = convert(prefix, tmp_path / "a.safetensors")
    before = find(prefix)
    assert (written.kind, written.mode, written.digest) == ("safetensors", "exact", before.digest)
    assert written.source == f"{before.source}; converted"
    for name, values in before.read().items():
        np.testing.assert_array_equal(written.read()[name], values)
    assert placed.digest_of(before.read()) == before.digest


def test_the_digest_is_of_names_shapes_and_bytes_alone(tmp_path):
    first = find(made(tmp_path / "a"))
    weights = writer.weights_of(architecture.ARCHITECTURES["adi"])
    other = writer.bundle(tmp_path / "b", weights, checksums=False, block_entries=3)
    assert find(other).digest == first.digest
    weights["fc3b"][16] += 1
    assert find(writer.bundle(tmp_path / "c", weights)).digest != first.digest


def test_the_digest_is_computed_once(tmp_path, monkeypatch):
    prefix = made(tmp_path)
    first = find(prefix)
    with monkeypatch.context() as patch:
        patch.setattr(placed, "digest_in", None)
        assert find(prefix).digest == first.digest
    made(tmp_path, fc3b=np.zeros(17, "float32"))
    os.utime(beside(prefix, DATA), ns=(1, 1))
    assert find(prefix).digest != first.digest


def test_a_file_that_looks_as_old_as_before_is_read_again(tmp_path):
    file = convert(made(tmp_path), tmp_path / "a.safetensors")
    content, times = bytearray(file.path.read_bytes()), file.path.stat()
    content[-1] ^= 1
    time.sleep(0.02)  # more than a file system's clock is coarse
    file.path.write_bytes(content)
    os.utime(file.path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert find(file.path).digest != file.digest


def test_weights_that_change_between_looking_and_reading_are_told(tmp_path):
    file = convert(made(tmp_path), tmp_path / "a.safetensors")
    content = bytearray(file.path.read_bytes())
    content[-1] ^= 1
    file.path.write_bytes(content)
    with pytest.raises(BadCheckpoint, match="it changed since"):
        file.read()


def test_the_papers_files_are_known_byte_by_byte(tmp_path, monkeypatch):
    prefix = made(tmp_path)
    files = tuple(
        published.PublishedFile(each, beside(prefix, each).stat().st_size, published.blob_id(beside(prefix, each)))
        for each in (DATA, INDEX)
    )
    model = dataclasses.replace(published.PUBLISHED["adi"], files=files)
    monkeypatch.setitem(published.PUBLISHED, "adi", model)
    found = find(prefix)
    assert found.source.endswith("model7712000.ckpt-7712000: the paper's file, byte by byte")
    assert found.licence == "MIT"
    made(tmp_path, conv1b=np.zeros(3, "float32"))
    os.utime(beside(prefix, DATA), ns=(1, 1))
    assert "not the paper's" in find(prefix).source


def test_a_blob_id_is_gits(tmp_path):
    (tmp_path / "a").write_bytes(b"what is up, doc?")  # the example of the book Pro Git, 10.2
    assert published.blob_id(tmp_path / "a") == "bd9dbf5aae1a3862dd1526723246b20206e5fc37"


def test_describing_imports_neither_numpy_nor_torch(tmp_path):
    prefix = made(tmp_path)
    file = convert(prefix, tmp_path / "a.safetensors").path
    code = (
        "import pathlib, runpy, sys\n"
        "from neuroscope_cnn import command\n"
        "from neuroscope_cnn.checkpoints import checkpoint, safe\n"
        "from neuroscope_cnn.model import architecture\n"
        "for path in sys.argv[1:]:\n"
        "    try: checkpoint.find(pathlib.Path(path))\n"
        "    except checkpoint.BadCheckpoint as error: assert 'is not there' not in str(error), error\n"
        "assert not {'numpy', 'torch', 'safetensors'} & sys.modules.keys(), sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code, prefix, file], check=True, timeout=60)
