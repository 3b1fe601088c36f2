"""Files that were damaged or made to do harm end in one error line, and allocate no more than there is."""

import random
import runpy
import tempfile
import tracemalloc
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neuroscope import NeuroscopeError
from neuroscope_cnn.checkpoints.bundle import beside
from neuroscope_cnn.checkpoints.checkpoint import find
from neuroscope_cnn.checkpoints.published import DATA, INDEX
from neuroscope_cnn.checkpoints.safe import save
from neuroscope_cnn.model import architecture

writer = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("cnn_bundles.py"))))
SEEDS = st.integers(0, 2**32)
QUICK = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    """Networks of a few numbers, and no memory of digests, which would be written anew for each file."""
    for name, each in list(architecture.ARCHITECTURES.items()):
        monkeypatch.setitem(architecture.ARCHITECTURES, name, writer.tiny(each))
        monkeypatch.setattr(f"neuroscope_cnn.checkpoints.checkpoint.{name.upper()}", writer.tiny(each))
    monkeypatch.setattr("neuroscope_cnn.checkpoints.checkpoint.remembered", lambda what, path, compute: compute(path))


@pytest.fixture(scope="module")
def folder():
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def tried(path):
    """Read what is there; all that may come out of it is the weights, or one line."""
    try:
        find(path).read()
    except NeuroscopeError as error:
        assert len(str(error).splitlines()) == 1
        assert str(error).isprintable()
        return False
    return True


@QUICK
@given(SEEDS)
def test_a_spoiled_bundle(folder, seed):
    entries, data = writer.placed(
        {f"softmax/{name}": values for name, values in writer.weights_of(writer.tiny(architecture.SRE)).items()}
    )
    writer.spoiled_bundle(folder / "m", entries, data, random.Random(seed))
    tried(folder / "m")


@QUICK
@given(SEEDS)
def test_a_spoiled_file_of_ours(folder, seed):
    whole = folder / "whole.safetensors"
    if not whole.exists():
        network = writer.tiny(architecture.ADI)
        about = {"labels": ["x"] * 17, "source": "here", "licence": "none", "mode": "valid"}
        save(whole, writer.weights_of(network), architecture=network, **about)
    writer.spoiled_safe(folder / "own.safetensors", whole.read_bytes(), random.Random(seed))
    tried(folder / "own.safetensors")


@QUICK
@given(st.binary(max_size=300), st.binary(max_size=64))
def test_arbitrary_bytes(folder, first, second):
    for suffix, content in ((INDEX, first), (DATA, second)):
        beside(folder / "any", suffix).write_bytes(content)
    (folder / "any.safetensors").write_bytes(first + second)
    assert not tried(folder / "any")
    assert not tried(folder / "any.safetensors")


HUGE = (1 << 63) - 1


def claims():
    """Entries of ``softmax/fc1b`` that speak of far more than there is."""
    yield writer.entry(1, (HUGE,), 0, 4 * HUGE)
    yield writer.entry(1, (1 << 38,), 0, 1 << 40)
    yield writer.entry(1, (1 << 38,), 0, 16)
    yield writer.entry(1, (1 << 31, 1 << 31, 4), 0, 0)
    yield writer.entry(1, (4,), HUGE, 16)
    yield writer.message(2, b"".join(writer.message(2, writer.number(1, HUGE)) for _ in range(2000)))
    yield writer.varint(2 << 3 | 2) + writer.varint(HUGE)


@pytest.mark.parametrize("claim", [*claims()])
def test_nobody_is_believed_about_sizes(folder, claim):
    entries, data = writer.placed(
        {f"softmax/{name}": values for name, values in writer.weights_of(writer.tiny(architecture.ADI)).items()}
    )
    writer.write(folder / "huge", entries | {b"softmax/fc1b": claim}, data)
    assert not tried(folder / "huge")  # what is imported on the way is there now
    tracemalloc.start()
    tried(folder / "huge")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200_000  # of small objects; the index alone is tens of kilobytes


def test_long_shared_keys_are_not_kept(folder):
    """An index of 20 KB whose keys are 1 KB each, 2 MB in all."""
    key = b"k" * 1000
    keys = {key + b"%05d" % number: b"" for number in range(2_000)}
    writer.write(folder / "long", keys, b"", block_entries=10_000, restart_every=10_000)
    assert beside(folder / "long", INDEX).stat().st_size < 1 << 16
    tracemalloc.start()
    assert not tried(folder / "long")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 500_000


def test_reading_takes_one_copy_of_the_weights(folder):
    """Of the networks as they are: 60 MB, and little beside them."""
    import numpy as np

    from neuroscope_cnn.checkpoints.placed import VariablePlace, read

    (folder / "large").write_bytes(np.zeros(4_000_000, "float32").tobytes())
    read(folder / "large", {"a": VariablePlace(0, (1000,))})
    tracemalloc.start()
    read(folder / "large", {"a": VariablePlace(0, (2000, 2000))})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.3 * 16_000_000
