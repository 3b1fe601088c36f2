"""Our own format: what is saved is read, and a header is believed in nothing."""

import json
import runpy
import struct
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from neuroscope import BadOption
from neuroscope_cnn.checkpoints.checkpoint import find
from neuroscope_cnn.checkpoints.errors import BadCheckpoint
from neuroscope_cnn.checkpoints.safe import LARGEST_HEADER, read_header, save
from neuroscope_cnn.model import architecture

writer = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("cnn_bundles.py"))))
NETWORK = writer.tiny(architecture.ADI)
ABOUT = {"mode": "valid", "source": "here", "licence": "none"}


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    for name, each in list(architecture.ARCHITECTURES.items()):
        monkeypatch.setitem(architecture.ARCHITECTURES, name, writer.tiny(each))


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "own.safetensors"
    labels = [f"é{number}" for number in range(17)]
    save(path, writer.weights_of(NETWORK), architecture=NETWORK, labels=labels, n_fft=512, more={"step": "7"}, **ABOUT)
    return path


def test_what_is_saved_is_found_and_read(file):
    found = find(file, "adi")
    assert (found.kind, found.mode, found.n_fft, found.more) == ("safetensors", "valid", 512, {"step": "7"})
    assert (found.source, found.licence, found.files) == ("here", "none", ("own.safetensors",))
    assert (found.architecture.outputs, found.labels[3], len(found.digest)) == (17, "é3", 64)
    weights = found.read()
    assert list(weights) == list(NETWORK.shapes())
    for name, values in writer.weights_of(NETWORK).items():
        np.testing.assert_array_equal(weights[name], values)


def test_the_library_reads_it_too(file):
    from safetensors.numpy import load_file

    assert set(load_file(file)) == set(NETWORK.shapes())


def test_others_may_read_it_as_the_umask_allows(file, tmp_path):
    (tmp_path / "plain").touch()
    assert file.stat().st_mode == (tmp_path / "plain").stat().st_mode


def rewritten(file, change=None, *, header=None, data=None):
    """The file with another header (``change`` is given it as an object) or other bytes behind it."""
    content = file.read_bytes()
    size = struct.unpack("<Q", content[:8])[0]
    if header is None:
        told = json.loads(content[8 : 8 + size])
        if change:
            change(told)
        header = json.dumps(told).encode()
    file.write_bytes(struct.pack("<Q", len(header)) + header + (content[8 + size :] if data is None else data))


def about(**texts):
    return lambda told: told["__metadata__"].update(texts)


def tensor(name, **fields):
    return lambda told: told[name].update(fields)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda told: told.pop("__metadata__"), "no checkpoint of neuroscope-cnn"),
        (lambda told: told.update(__metadata__=[]), "no checkpoint of neuroscope-cnn"),
        (about(version="2"), "version '2' of the format, and 1 is read"),
        (lambda told: told["__metadata__"].pop("mode"), "lacks mode"),
        (about(mode="fast\x1b[31m"), r"mode is 'fast\\x1b\[31m', not one of exact, valid"),
        (about(architecture="resnet"), "not one of adi, sre"),
        (about(n_fft="-1"), "n_fft is '-1'"),
        (about(n_fft="٤"), "n_fft is"),
        (about(n_fft="401"), "n_fft is '401', not one of 400, 512"),
        (about(labels='["a"]'), "1 labels for 17 outputs"),
        (about(labels="{}"), "no list of texts"),
        (about(labels="x"), "its labels are no JSON"),
        (about(labels="[" * 5000), "nested too deeply|cannot be used"),
        (lambda told: told.pop("fc1b"), "fc1b is not float32"),
        (lambda told: told.update(more=told["fc1b"]), "1 tensors that are no part"),
        (tensor("fc1b", dtype="F16"), "fc1b is not float32"),
        (tensor("fc1b", shape=[4.0]), "fc1b is not float32"),
        (lambda told: told["conv3W"]["shape"].__setitem__(0, True), "conv3W is not float32"),
        (tensor("fc3b", shape=[1 << 60]), "fc3W is not float32"),
        (tensor("fc3b", shape=[0]), "how many outputs"),
        (tensor("fc3b", shape=[True]), "how many outputs"),
        (tensor("fc3b", shape="many"), "how many outputs"),
        (tensor("fc1b", data_offsets=[0, 1 << 62]), "size of its shape"),
        (tensor("fc1b", data_offsets=[-16, 0]), "size of its shape"),
        (tensor("fc1b", data_offsets=None), "fc1b has no place"),
        (tensor("fc1b", data_offsets=[0, 16]), "overlap, or leave holes"),
    ],
)
def test_a_header_that_lies_is_told(file, change, said):
    rewritten(file, change)
    with pytest.raises(BadCheckpoint, match=f"own.safetensors cannot be used: .*({said})"):
        read_header(file)


def test_what_is_shown_of_a_file_is_one_line_of_text(file):
    rewritten(file, about(source="é\ud800\x1b[31m", licence="a\nb"))
    found = find(file)
    assert (found.source, found.licence) == (r"é\ud800\x1b[31m", r"a\nb")


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (b"{", "no JSON"),
        (b"[]", "no JSON object"),
        (b"\xff", "no text"),
        (b'{"a":1,"a":2}', "a name comes twice"),
        (b'{"a":NaN}', "its header holds NaN"),
        (b"[" * 100_000, "nested too deeply"),
        (b"1" * 10_000, "cannot be used"),
        (b" " * (LARGEST_HEADER + 1), "no more than 524,288 are read"),
    ],
)
def test_a_header_that_is_none_is_told(file, header, said):
    rewritten(file, header=header)
    with pytest.raises(BadCheckpoint, match=said):
        read_header(file)


def test_files_of_the_wrong_size_are_told(file):
    content = file.read_bytes()
    for size in range(0, 8):
        file.write_bytes(content[:size])
        with pytest.raises(BadCheckpoint, match="cut off, or no safetensors"):
            read_header(file)
    for wrong in (content[:-1], content + b"\0"):
        file.write_bytes(wrong)
        with pytest.raises(BadCheckpoint, match="bytes of weights"):
            read_header(file)
    file.write_bytes(b"\xff" * 8 + content[8:])
    with pytest.raises(BadCheckpoint, match="cut off"):
        read_header(file)


def test_what_does_not_fit_is_not_saved(tmp_path):
    weights = writer.weights_of(NETWORK)
    for wrong in ({"labels": ["a"]}, {"n_fft": 1}, {"more": {"mode": "x"}}, {"labels": ["x" * 90_000] * 17}):
        with pytest.raises(ValueError, match="labels"):
            save(tmp_path / "a.safetensors", weights, architecture=NETWORK, **ABOUT, **wrong)
    for name, values in (
        ("fc1b", weights["fc1b"].astype("float64")),
        ("fc1b", weights["fc2b"]),
        ("x", weights["fc1b"]),
    ):
        with pytest.raises(ValueError, match=name):
            save(tmp_path / "a.safetensors", weights | {name: values}, architecture=NETWORK, **ABOUT)
    for path, said in ((tmp_path / "a.bin", "ends in"), (tmp_path / "none" / "a.safetensors", "no folder")):
        with pytest.raises(BadOption, match=said):
            save(path, weights, architecture=NETWORK, **ABOUT)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_is_told_by_its_name(tmp_path):
    (tmp_path / "a.safetensors").mkdir()
    for name, said in (("a", "Is a directory"), ("x" * 240, "File name too long")):
        with pytest.raises(BadOption, match=f"{name}.safetensors cannot be written: {said}"):
            save(tmp_path / f"{name}.safetensors", writer.weights_of(NETWORK), architecture=NETWORK, **ABOUT)
