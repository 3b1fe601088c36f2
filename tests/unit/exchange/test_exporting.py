"""A representation as a file that other programs, and ``neuroscope import``, read."""

import json
import signal
import subprocess
import sys

import numpy as np
import polars
import pytest
from safetensors import safe_open

from neuroscope.audio import waveforms
from neuroscope.audio.spans import locate
from neuroscope.contracts.audio import Manifest, Utterance
from neuroscope.contracts.backbone import Origin
from neuroscope.contracts.features import Unit
from neuroscope.errors import BadOption, MissingData
from neuroscope.exchange import exporting
from neuroscope.exchange.formats import open_vectors
from neuroscope.store import catalogue
from neuroscope.store.description import Identity
from neuroscope.store.representations import Store

UNITS = {"z": (Unit("z", 0), Unit("z", 1)), "a": (Unit("a", 0),)}
VALUES = np.random.default_rng(0).standard_normal((5, 3)).astype("float32")
ROWS = ["id:ü", *(f"digest{number}:0-9:m" for number in range(4))]


@pytest.fixture(params=["float32", "float16"])
def rep(tmp_path, request):
    identity = Identity("made", {}, "w", "", {"z": "mean", "a": "none"}, [], "", request.param)
    rep = Store(tmp_path / "store").representation(identity, UNITS, Origin(source="", licence="", digest=""))
    for rows in (slice(3), slice(3, 5)):
        rep.write(ROWS[rows], {"z": VALUES[rows, :2], "a": VALUES[rows, 2:]}, made_with={})
    return rep


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(exporting, "BLOCK_BYTES", 25)


def expected(rep, ids):
    of = dict(zip([row.removeprefix("id:") for row in ROWS], VALUES.astype(rep.identity.dtype), strict=True))
    return [of[each].astype("float32").tolist() for each in ids]


@pytest.mark.parametrize("ending", exporting.ENDINGS)
def test_what_is_exported_can_be_imported(tmp_path, rep, ending):
    names = exporting.rows_of(rep)
    assert set(names.values()) == set(ROWS)
    exporting.export(rep, names, tmp_path / f"x{ending}")
    found = open_vectors(tmp_path / f"x{ending}")
    assert list(found.ids) == list(names)
    assert list(found.layers.items()) == [("z", 2), ("a", 1)]
    assert found.read(0, 5).tolist() == expected(rep, found.ids)
    assert [path.name for path in tmp_path.iterdir() if path.name != "store"] == [f"x{ending}"]


def test_other_programs_read_it(tmp_path, rep):
    names = exporting.rows_of(rep)
    for ending in exporting.ENDINGS:
        exporting.export(rep, names, tmp_path / f"x{ending}")
    with np.load(tmp_path / "x.npz", allow_pickle=False) as held:
        assert held["ids"].tolist() == list(names)
        assert held["values"].dtype == np.float32
        assert held["values"].tolist() == expected(rep, names)
        assert dict(zip(held["layers"].tolist(), held["widths"].tolist(), strict=True)) == {"z": 2, "a": 1}
    with safe_open(tmp_path / "x.safetensors", "numpy") as held:
        assert json.loads(held.metadata()["ids"]) == list(names)
        joined = np.hstack([held.get_tensor("z"), held.get_tensor("a")])
        assert joined.tolist() == expected(rep, names)
    table = polars.read_parquet(tmp_path / "x.parquet")
    assert table.columns == ["id", "z", "a"]
    assert table["id"].to_list() == list(names)
    assert np.hstack([table["z"].to_numpy(), table["a"].to_numpy()]).tolist() == expected(rep, names)


def test_the_utterances_of_a_manifest_by_their_ids(tmp_path, rep, write):
    write(tmp_path / "one.wav", np.zeros(9))
    utterances = [Utterance(id=name, path=None) for name in ("absent", "ü")]
    utterances += [Utterance(id=name, path=tmp_path / f"{name}.wav") for name in ("one", "missing")]
    utterances += [Utterance(id="beyond", path=tmp_path / "one.wav", start=9.0)]
    manifest = Manifest(tuple(utterances))
    assert exporting.rows_in(manifest, rep, tmp_path / "audio") == {"ü": "id:ü"}
    row = locate(manifest.utterances[2], waveforms.examine(tmp_path / "one.wav")).key
    rep.write([row], {"z": VALUES[:1, :2], "a": VALUES[:1, 2:]}, made_with={})
    names = exporting.rows_in(manifest, rep, tmp_path / "audio")
    assert names == {"ü": "id:ü", "one": row}
    exporting.export(rep, names, tmp_path / "x.npz")
    assert np.load(tmp_path / "x.npz")["ids"].tolist() == ["ü", "one"]
    with pytest.raises(MissingData, match="no utterance"):
        exporting.rows_in(Manifest(tuple(utterances[:1])), rep, tmp_path / "audio")


def test_what_cannot_be_exported_leaves_the_file_that_was_there(tmp_path, rep):
    with pytest.raises(BadOption, match=r"\.parquet"):
        exporting.export(rep, exporting.rows_of(rep), tmp_path / "x.csv")
    with pytest.raises(MissingData, match="no rows"):
        exporting.export(rep, {}, tmp_path / "x.npz")
    for ending in exporting.ENDINGS:
        (tmp_path / f"x{ending}").write_bytes(b"before")
        with pytest.raises(MissingData, match="1 of"):
            exporting.export(rep, {**exporting.rows_of(rep), "other": "nothing"}, tmp_path / f"x{ending}")
        assert (tmp_path / f"x{ending}").read_bytes() == b"before"
    assert len(list(tmp_path.iterdir())) == 4


KILLED = """
import os, pathlib, sys
from contextlib import contextmanager
from neuroscope.exchange import exporting
from neuroscope.store.representations import Store
exporting.BLOCK_BYTES = 25

@contextmanager
def progress(*_):
    counted = []
    yield lambda rows: (counted.append(rows), len(counted) == 2 and os.kill(os.getpid(), 9))

rep = Store(pathlib.Path(sys.argv[1])).all()[0].open()
exporting.export(rep, exporting.rows_of(rep), pathlib.Path(sys.argv[2]), progress)
"""


@pytest.mark.parametrize("ending", exporting.ENDINGS)
def test_all_that_an_export_leaves_when_it_is_killed_is_found_by_prune(tmp_path, rep, ending):
    (tmp_path / "elsewhere").mkdir()
    file, store = tmp_path / "elsewhere" / f"x{ending}", Store(rep.folder.parents[1])
    done = subprocess.run([sys.executable, "-c", KILLED, str(store.folder), str(file)], check=False)
    assert done.returncode == -signal.SIGKILL
    left = sorted(map(str, file.parent.iterdir()))
    assert left
    assert sorted(catalogue.prune(store, 0)) == left
    assert list(file.parent.iterdir()) == []
    assert list((store.folder / "elsewhere").iterdir()) == []
