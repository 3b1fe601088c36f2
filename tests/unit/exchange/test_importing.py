"""Vectors computed elsewhere: every format, every fault named and nothing imported, then probed like any other."""

import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import polars
import pytest
from safetensors.numpy import save_file

from neuroscope.contracts.audio import Manifest, Utterance
from neuroscope.data import Data, sources
from neuroscope.errors import BadOption, BadVectors, MissingData, StoreMismatch, UnknownName
from neuroscope.exchange import archives, importing, parquet
from neuroscope.exchange.vector_file import natural
from neuroscope.extraction.identity import prepare
from neuroscope.plugin.loading import Plugins
from neuroscope.store import catalogue
from neuroscope.store.representations import Representation, Store

IDS = ["u0", "deep/u1", "ü2", "u3"]
VALUES = np.arange(20, dtype=np.float32).reshape(4, 5) / 7
LAYERS = {"CNN": 3, "FC": 2}


def manifest(ids=IDS):
    return Manifest(tuple(Utterance(id=each, path=None) for each in ids))


def npy(folder, ids, values):
    np.save(folder / "v.npy", values)
    return folder / "v.npy"


def npz(folder, ids, values):
    np.savez(folder / "v.npz", ids=ids, values=values)
    return folder / "v.npz"


def safetensors(folder, ids, values):
    save_file({"any": np.ascontiguousarray(values)}, folder / "v.safetensors", metadata={"ids": json.dumps(ids)})
    return folder / "v.safetensors"


def parquet_of_lists(folder, ids, values):
    polars.DataFrame({"id": ids, "vector": values.tolist()}).write_parquet(folder / "v.parquet")
    return folder / "v.parquet"


def parquet_of_arrays(folder, ids, values):
    polars.DataFrame({"vector": np.ascontiguousarray(values), "utterance": ids}).write_parquet(folder / "v.parquet")
    return folder / "v.parquet"


def parquet_of_numbers(folder, ids, values):
    columns = {f"d{n}": values[:, n] for n in range(values.shape[1])}
    polars.DataFrame({"ids": ids, **columns}).write_parquet(folder / "v.parquet")
    return folder / "v.parquet"


def folder_of_npy(folder, ids, values):
    for name, vector in zip(ids, values, strict=True):
        file = folder / "vectors" / f"{name}.npy"
        file.parent.mkdir(parents=True, exist_ok=True)
        np.save(file, vector)
    return folder / "vectors"


FORMATS = [npy, npz, safetensors, parquet_of_lists, parquet_of_arrays, parquet_of_numbers, folder_of_npy]
WITH_IDS = FORMATS[1:]


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


@pytest.fixture
def bring(tmp_path, store):
    """``bring(format, ids, values)``: write the file and import it as ``mine``."""

    def run(write, ids=IDS, values=VALUES, *, wanted=IDS, **options):
        file = write(tmp_path, ids, values)
        return importing.import_vectors(file, manifest(wanted), store, **{"name": "mine", **options})

    return run


def prepared(store, name="mine"):
    plugins = Plugins.load()
    return prepare(plugins.backbones.choose(f"stored:{name}"), plugins, store, pooling="", dtype="float32")


def read(store, ids=IDS, name="mine"):
    found = prepared(store, name)
    layers = list(found.representation.layers)
    return found.representation.features(ids, [f"id:{each}" for each in ids], layers).values


def nothing_imported(store):
    return not store.folder.exists() or not [*store.folder.rglob("*.npy"), *store.folder.rglob("*.json")]


@pytest.mark.parametrize("write", FORMATS)
def test_every_format_without_layers_is_one_layer_named_features(bring, store, write):
    done = bring(write)
    assert (done.layers, done.rows, done.missing) == ({"features": 5}, 4, 0)
    assert read(store).tolist() == VALUES.tolist()
    spec = prepared(store).spec
    assert [(layer.name, layer.width, layer.pooling) for layer in spec.layers] == [("features", 5, "none")]


@pytest.mark.parametrize("write", WITH_IDS)
def test_rows_belong_to_their_ids_whatever_their_order(bring, store, write):
    bring(write, IDS[::-1], VALUES[::-1])
    assert read(store, ["ü2", "u0"]).tolist() == VALUES[[2, 0]].tolist()


@pytest.mark.parametrize("write", FORMATS)
def test_columns_are_split_into_layers(bring, store, write):
    bring(write, layers="CNN:3,FC:2")
    found = prepared(store)
    assert {name: len(units) for name, units in found.representation.layers.items()} == LAYERS
    assert found.representation.features(["u3"], ["id:u3"], ["FC"]).values.tolist() == VALUES[3:, 3:].tolist()
    assert (found.text, found.pooling) == ("stored:mine", "none")


def test_several_tensors_or_columns_are_layers(tmp_path, store):
    parts = {"z": VALUES[:, :3].copy(), "a": VALUES[:, 3:].copy()}
    save_file(parts, tmp_path / "v.safetensors", metadata={"ids": json.dumps(IDS), "layers": '["z", "a"]'})
    frame = polars.DataFrame({"id": IDS, **{name: part.tolist() for name, part in parts.items()}})
    frame.write_parquet(tmp_path / "v.parquet")
    for file in ("v.safetensors", "v.parquet"):
        done = importing.import_vectors(tmp_path / file, manifest(), store, name=file)
        assert list(done.layers.items()) == [("z", 3), ("a", 2)]
        assert read(store, name=file).tolist() == VALUES.tolist()


def wide(folder, **more):
    columns = {f"f{n}": VALUES[:, n] for n in range(5)}
    polars.DataFrame({"id": IDS, **columns, **more}).write_parquet(folder / "v.parquet")
    return folder / "v.parquet"


def labelled_manifest(**tags):
    """A manifest whose utterances have tags."""
    return Manifest(tuple(Utterance(id=each, path=None, speaker="s", tags=tags) for each in IDS))


def test_a_wide_parquet_takes_no_column_that_is_no_vector_and_names_all(tmp_path, store):
    more = {
        "y": [0, 1, 0, 1],
        "speaker": [7, 7, 8, 8],
        "end": [1.0, 2.0, 3.0, 4.0],
        "__index_level_0__": [5, 6, 7, 9],
        "Unnamed: 0": [5, 6, 7, 9],
        "row": [1, 2, 3, 4],
        "number": [0, 1, 2, 3],
        "text": list("abcd"),
    }
    done = importing.import_vectors(wide(tmp_path, **more), labelled_manifest(y="a"), store, name="mine")
    assert done.taken == tuple(f"f{n}" for n in range(5))
    assert read(store).tolist() == VALUES.tolist()
    assert done.left_out == {
        **dict.fromkeys(("y", "speaker", "end"), "the manifest says it"),
        **dict.fromkeys(("__index_level_0__", "Unnamed: 0"), "an index"),
        **dict.fromkeys(("row", "number"), "numbers of the rows"),
        "text": "no numbers",
    }
    other = importing.import_vectors(wide(tmp_path, y=[0, 1, 0, 1]), manifest(), store, name="other")
    assert other.taken[-1] == "y"  # this manifest has no such column; it is named


@pytest.mark.parametrize("strange", [[["1", "2"]] * 4, [[True, False]] * 4], ids=["texts", "booleans"])
def test_lists_of_what_is_no_number_are_no_vectors(tmp_path, store, strange):
    path = tmp_path / "lists.parquet"
    polars.DataFrame({"id": IDS, "good": VALUES.tolist(), "strange": strange}).write_parquet(path)
    done = importing.import_vectors(path, manifest(), store, name="mine")
    assert (done.taken, done.left_out) == (("good",), {"strange": "no numbers"})
    assert read(store).tolist() == VALUES.tolist()


def test_a_layer_may_be_called_as_a_column_of_the_manifest(tmp_path, store):
    parts = {"y": VALUES[:, :3].tolist(), "end": VALUES[:, 3:].tolist()}
    polars.DataFrame({"id": IDS, **parts}).write_parquet(tmp_path / "v.parquet")
    done = importing.import_vectors(tmp_path / "v.parquet", labelled_manifest(y="a"), store, name="mine")
    assert (done.layers, done.left_out) == ({"y": 3, "end": 2}, {})


def test_the_index_that_pandas_names_is_no_vector(tmp_path, store):
    file = wide(tmp_path, kept=[3, 1, 2, 0])
    frame = polars.read_parquet(file)
    frame.write_parquet(file, metadata={"pandas": json.dumps({"index_columns": ["kept"]})})
    done = importing.import_vectors(file, manifest(), store, name="mine")
    assert done.left_out == {"kept": "an index"}
    frame.write_parquet(file, metadata={"pandas": json.dumps({"index_columns": [{"kind": "range"}, "id"]})})
    assert importing.import_vectors(file, manifest(), store, name="other").taken[-1] == "kept"


def test_a_parquet_of_nothing_but_what_the_manifest_says_is_refused_by_name(tmp_path, store):
    polars.DataFrame({"id": IDS, "y": [0, 1, 0, 1]}).write_parquet(tmp_path / "v.parquet")
    with pytest.raises(BadVectors, match=r"columns of vectors.*y is left out: the manifest says it"):
        importing.import_vectors(tmp_path / "v.parquet", labelled_manifest(y="a"), store, name="mine")


def test_numbers_beside_vectors_and_other_arrays_and_files_are_left_out_by_name(tmp_path, store):
    polars.DataFrame({"id": IDS, "v": VALUES.tolist(), "n": [2.5] * 4}).write_parquet(tmp_path / "v.parquet")
    np.savez(tmp_path / "v.npz", ids=IDS, values=VALUES, labels=[1, 2, 3, 4])
    parts = {"b": VALUES.copy(), "a": VALUES.copy()}
    save_file(parts, tmp_path / "v.safetensors", metadata={"ids": json.dumps(IDS), "layers": '["b"]'})
    (folder_of_npy(tmp_path, IDS, VALUES) / "notes.txt").touch()
    for name, taken, left_out in (
        ("v.parquet", ("v",), ["n"]),
        ("v.npz", ("values",), ["labels"]),
        ("v.safetensors", ("b",), ["a"]),
        ("vectors", (), ["1 other files"]),
    ):
        done = importing.import_vectors(tmp_path / name, manifest(), store, name=name)
        assert (done.taken, list(done.left_out)) == (taken, left_out)


def test_layers_that_are_numbered_come_in_the_order_of_their_numbers(tmp_path, store):
    names = [f"layer{n}" for n in range(12)]
    parts = {name: VALUES + n for n, name in enumerate(names)}
    save_file(parts, tmp_path / "v.safetensors", metadata={"ids": json.dumps(IDS)})
    done = importing.import_vectors(tmp_path / "v.safetensors", manifest(), store, name="mine")
    assert list(done.layers) == list(done.taken) == names
    assert read(store)[:, ::5].tolist() == np.stack([VALUES[:, 0] + n for n in range(12)], axis=1).tolist()


@pytest.mark.parametrize(
    "names",
    [
        ["b", "b2", "b10", "b10a", "c"],
        ["", "1", "2", "10", "x"],
        ["h.2.mlp", "h.10.mlp"],
        ["layer01", "layer1", "layer2"],
        ["v" + "1" * 5000, "v" + "2" * 5000],
    ],
)
def test_names_with_numbers_are_ordered_as_people_count(names):
    assert sorted(names[::-1], key=natural) == names


SHARED = Path(os.environ.get("NEUROSCOPE_SHARED", Path(__file__).parents[4] / "shared")) / "data/failing/vectors"


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"{SHARED} is absent")
def test_files_that_misled_are_told_and_ordered(store):
    known = sources.load(Data(root=SHARED / "m.csv"), Plugins.load()).manifest
    table = importing.import_vectors(SHARED / "label.parquet", known, store, name="table")
    assert (table.left_out, len(table.taken)) == ({"y": "the manifest says it"}, 20)
    layers = importing.import_vectors(SHARED / "order.safetensors", known, store, name="layers").layers
    assert list(layers) == [f"layer{n}" for n in range(12)]


def test_ids_that_are_numbers_or_bytes_are_texts(bring, tmp_path, store):
    for ids in (np.arange(4), np.array([b"0", b"1", b"2", b"3"])):
        bring(npz, ids, VALUES, wanted=list("0123"))
        assert read(store, list("0123")).tolist() == VALUES.tolist()


@pytest.mark.parametrize("kind", ["float64", "float16", "int32"])
def test_other_types_become_that_of_the_store(bring, store, kind):
    values = (VALUES * 7).astype(kind)
    bring(npz, values=values)
    assert read(store).tolist() == values.tolist()


def test_float16_is_stored_as_such_and_found_without_being_asked_for(bring, store):
    bring(npz, dtype="float16")
    assert read(store).tolist() == VALUES.astype("float16").tolist()
    assert prepared(store).representation.identity.dtype == "float16"


def test_more_rows_than_a_shard_has(bring, store, monkeypatch):
    monkeypatch.setattr(importing, "SHARD_ROWS", 3)
    for write in FORMATS:
        bring(write, name=write.__name__)
        assert read(store, name=write.__name__).tolist() == VALUES.tolist()


def test_utterances_without_a_vector_are_counted(bring):
    assert bring(npz, IDS[:3], VALUES[:3]).missing == 1


def spoilt(row, value):
    values = VALUES.astype(np.float64)
    values[row, 1] = value
    return values


@pytest.mark.parametrize("write", FORMATS)
@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
def test_a_value_that_is_not_finite_is_named(bring, store, write, value):
    with pytest.raises(BadVectors, match="ü2: a value is not finite"):
        bring(write, values=spoilt(2, value))
    assert nothing_imported(store)


@pytest.mark.parametrize("write", WITH_IDS)
def test_ids_that_the_manifest_lacks_are_named_all_at_once(bring, store, write):
    with pytest.raises(BadVectors) as error:
        bring(write, ["u0", "stranger", "other", "u3"])
    assert {"id stranger is not in the manifest", "id other is not in the manifest"} <= set(error.value.problems)
    assert nothing_imported(store)


@pytest.mark.parametrize("write", [npz, safetensors, parquet_of_lists, parquet_of_numbers])
def test_ids_that_come_twice_are_named(bring, store, write):
    with pytest.raises(BadVectors, match="id u0 comes 2 times"):
        bring(write, ["u0", "u0", "ü2", "u3"])
    assert nothing_imported(store)


def test_rows_without_ids_have_to_be_as_many_as_the_manifest_has(bring, store):
    with pytest.raises(BadVectors, match="4 vectors, the manifest 5"):
        bring(npy, wanted=[*IDS, "u4"])
    assert nothing_imported(store)


@pytest.mark.parametrize("layers", ["CNN:3", "CNN:3,FC:3"])
def test_widths_that_do_not_sum_up_are_told(bring, store, layers):
    with pytest.raises(BadVectors, match="it has 5"):
        bring(npz, layers=layers)
    assert nothing_imported(store)


@pytest.mark.parametrize(
    ("layers", "problem"), [("ALL:2,b:3", "is the name of all"), ("a\x1b:2,b:3", "cannot be printed")]
)
def test_layers_that_rows_could_not_tell_apart_are_refused(bring, store, layers, problem):
    with pytest.raises(BadVectors, match=problem):
        bring(npz, layers=layers)
    assert nothing_imported(store)


@pytest.mark.parametrize("layers", ["CNN", "CNN:x", "CNN:5,", ":5", "a:0,b:5", "a:2,a:3", "a:-1,b:6"])
def test_layers_that_cannot_be_read_are_told(bring, layers):
    with pytest.raises(BadOption, match="NAME:WIDTH"):
        bring(npz, layers=layers)


def ragged_folder(folder):
    folder_of_npy(folder, IDS, VALUES)
    np.save(folder / "vectors" / "u3.npy", VALUES[3, :4])
    return folder / "vectors"


def ragged_parquet(folder):
    polars.DataFrame({"id": IDS, "v": [*VALUES[:3].tolist(), [1.0]]}).write_parquet(folder / "v.parquet")
    return folder / "v.parquet"


def half_ragged_parquet(folder):
    polars.DataFrame({"id": IDS, "v": [[1.0, 2.0], [3.0], [4.0, 5.0], [6.0]]}).write_parquet(folder / "v.parquet")
    return folder / "v.parquet"


def hole_in_parquet(folder):
    polars.DataFrame({"id": IDS, "v": [*VALUES[:3].tolist(), None]}).write_parquet(folder / "v.parquet")
    return folder / "v.parquet"


def deep_folder(folder):
    folder_of_npy(folder, IDS, VALUES[:, None])
    return folder / "vectors"


def made(name, **arrays):
    def write(folder):
        np.savez(folder / name, **arrays)
        return folder / name

    return write


def text(name, content=b"no vectors"):
    def write(folder):
        (folder / name).write_bytes(content)
        return folder / name

    return write


def half_precision_of_brain(folder):
    header = json.dumps({"a": {"dtype": "BF16", "shape": [4, 5], "data_offsets": [0, 40]}}).encode()
    return text("v.safetensors", len(header).to_bytes(8, "little") + header + bytes(40))(folder)


def lengths_differ(folder):
    save_file({"a": VALUES, "b": VALUES[:3].copy()}, folder / "v.safetensors", metadata={"ids": json.dumps(IDS)})
    return folder / "v.safetensors"


def vectors_one_by_one(folder):
    save_file({"u0": VALUES[0].copy()}, folder / "v.safetensors")
    return folder / "v.safetensors"


def empty_folder(folder):
    (folder / "nothing").mkdir()
    return folder / "nothing"


def columns_without_ids(folder):
    polars.DataFrame({"x": [1.0]}).write_parquet(folder / "v.parquet")
    return folder / "v.parquet"


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (ragged_folder, "u3 is \\[4\\], not \\[5\\]"),
        (deep_folder, "u0 is \\[1, 5\\]"),
        (empty_folder, "no .npy"),
        (ragged_parquet, "u3: v has 1 columns, not 5"),
        (half_ragged_parquet, "u1: v has 1 columns, not 2"),
        (hole_in_parquet, "u3: v has 0 columns, not 5"),
        (columns_without_ids, "expected a column id"),
        (made("v.npz", values=VALUES), "no array ids"),
        (made("v.npz", ids=IDS[:3], values=VALUES), "3 ids for 4"),
        (made("v.npz", ids=IDS, values=VALUES[0]), "\\[5\\], not numbers"),
        (made("v.npz", ids=IDS, values=VALUES.astype(str)), "not numbers"),
        (made("v.npz", ids=IDS, values=VALUES > 1), "bool"),
        (made("v.npz", ids=IDS, values=VALUES[:, :0]), "0"),
        (made("v.npz", ids=[], values=VALUES[:0]), "0 vectors"),
        (made("v.npz", ids=np.array(IDS, dtype=object), values=VALUES), "ids.npy holds Python objects"),
        (made("v.npz", ids=IDS, values=VALUES, layers=["a", "b"], widths=[3, 3]), "6 columns, it has 5"),
        *(
            (made("v.npz", ids=IDS, values=VALUES, layers=["a", "b"], widths=widths), f"widths is {kind}")
            for widths, kind in [
                ([2.0, 3.0], "float64 \\[2\\], not 2 whole numbers"),
                (["2", "3"], "<U1 \\[2\\]"),
                ([True, True], "bool \\[2\\]"),
                ([[2], [3]], "int64 \\[2, 1\\]"),
                ([2, 2, 1], "int64 \\[3\\]"),
                (5, "int64 \\[\\]"),
            ]
        ),
        (made("v.npz", ids=IDS, values=VALUES, layers=["a", "a", "b"], widths=[2, 2, 3]), "its layers name a twice"),
        (half_precision_of_brain, "BF16"),
        (lengths_differ, "different numbers of rows"),
        (vectors_one_by_one, "not \\[utterances, columns\\]"),
        *((text(f"v.{ending}"), "cannot be read") for ending in ("npy", "npz", "safetensors", "parquet")),
    ],
)
def test_a_file_that_cannot_be_used_is_told_and_nothing_is_imported(tmp_path, store, write, said):
    with pytest.raises(BadVectors, match=said):
        importing.import_vectors(write(tmp_path), manifest(), store, name="mine")
    assert nothing_imported(store)


def test_a_file_that_is_not_there_or_of_no_known_format(tmp_path, store):
    with pytest.raises(MissingData, match="does not exist"):
        importing.import_vectors(tmp_path / "no.npz", manifest(), store, name="mine")
    (tmp_path / "v.pt").touch()
    with pytest.raises(BadOption, match=r"\.safetensors"):
        importing.import_vectors(tmp_path / "v.pt", manifest(), store, name="mine")


@pytest.mark.parametrize("name", ["v.npy", "v.npz", "v.safetensors", "v.parquet"])
def test_a_pipe_or_a_device_is_refused(tmp_path, store, name):
    os.mkfifo(tmp_path / name)
    with pytest.raises(BadOption, match="a pipe or a device"):
        importing.import_vectors(tmp_path / name, manifest(), store, name="mine")
    (tmp_path / name).unlink()
    (tmp_path / name).symlink_to("/dev/zero")
    with pytest.raises(BadOption, match="a pipe or a device"):
        importing.import_vectors(tmp_path / name, manifest(), store, name="mine")


def test_a_pipe_in_a_folder_is_refused(tmp_path, store):
    folder = folder_of_npy(tmp_path, IDS, VALUES)
    os.mkfifo(folder / "u9.npy")
    with pytest.raises(BadVectors, match=r"u9\.npy is a pipe or a device"):
        importing.import_vectors(folder, manifest(), store, name="mine")


OPEN_AS_NOBODY = """
import os, sys, pathlib
import numpy
from neuroscope.errors import BadVectors
from neuroscope.exchange.formats import open_vectors
if os.getuid() == 0:
    os.setuid(65534)
try:
    print(open_vectors(pathlib.Path(sys.argv[1])).rows, "vectors")
except BadVectors as error:
    print(error)
"""


def test_a_folder_of_vectors_that_may_not_be_opened_is_told(store):
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        folder = folder_of_npy(Path(name), IDS, VALUES)
        (folder / "deep").chmod(0)
        command = [sys.executable, "-c", OPEN_AS_NOBODY, folder]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        (folder / "deep").chmod(0o755)
    assert "deep may not be opened: Permission denied" in done.stdout


@pytest.mark.parametrize("member", ["values", "ids"])
def test_an_array_that_was_packed_to_fill_a_disk_is_not_unpacked(tmp_path, store, monkeypatch, member):
    arrays = {"ids": np.array(IDS), "values": VALUES}
    arrays[member] = np.zeros((4, 5_000_000), "float32") if member == "values" else np.zeros(4, "U5000000")
    np.savez_compressed(tmp_path / "v.npz", **arrays)
    monkeypatch.setattr(archives, "_unpacked", None)
    with pytest.raises(BadVectors, match=rf"{member}\.npy: 0\.1 MB would become 80\.0 MB, as no measured numbers do"):
        importing.import_vectors(tmp_path / "v.npz", manifest(), store, name="mine")
    assert nothing_imported(store)


def test_a_header_that_claims_more_than_there_is_allocates_nothing(tmp_path, store):
    for name, claim in (("values", (2**40, 5)), ("ids", (2**40,))):
        header = io.BytesIO()
        kind = {"values": "<f4", "ids": "<U8"}[name]
        np.lib.format.write_array_header_1_0(header, {"descr": kind, "fortran_order": False, "shape": claim})
        with zipfile.ZipFile(tmp_path / "v.npz", "w") as archive:
            for member, held in {"ids.npy": IDS, "values.npy": VALUES}.items():
                file = io.BytesIO()
                np.save(file, held)
                archive.writestr(member, header.getvalue() if member == f"{name}.npy" else file.getvalue())
        with pytest.raises(BadVectors, match=rf"{name}\.npy says that it is .*1099511627776"):
            importing.import_vectors(tmp_path / "v.npz", manifest(), store, name="mine")


@pytest.mark.parametrize("write", FORMATS)
def test_vectors_that_the_disk_has_no_room_for_are_not_begun(bring, store, monkeypatch, write):
    monkeypatch.setattr(shutil, "disk_usage", lambda place: SimpleNamespace(free=79))
    with pytest.raises(BadVectors, match=r"room for 0\.0 MB"):
        bring(write)
    assert nothing_imported(store)


def test_a_parquet_of_far_more_rows_than_the_manifest_has_is_refused_before_its_ids_are_read(
    tmp_path, store, monkeypatch
):
    monkeypatch.setattr(parquet, "_MOST_ROWS", 1)
    monkeypatch.setattr(parquet, "texts", None)
    with pytest.raises(BadVectors, match="it has 4 vectors, the manifest 2 utterances"):
        importing.import_vectors(wide(tmp_path), manifest(IDS[:2]), store, name="mine")


class Panic(BaseException):
    """What polars raises where its Rust code gives up: no Exception."""


@pytest.mark.parametrize("raised", [Panic("two\nlines"), MemoryError(), RecursionError("deep"), OSError(5, "broken")])
def test_whatever_a_reader_raises_is_one_line(tmp_path, store, monkeypatch, raised):
    def fails(*arguments, **named):
        raise raised

    monkeypatch.setattr(polars, "scan_parquet", fails)
    with pytest.raises(BadVectors) as caught:
        importing.import_vectors(wide(tmp_path), manifest(), store, name="mine")
    (problem,) = caught.value.problems
    assert problem.startswith("it cannot be read: ")
    assert "\n" not in problem
    assert len(problem) > len("it cannot be read: ")


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_what_ends_the_program_ends_it(tmp_path, store, monkeypatch, stop):
    def ends(*arguments, **named):
        raise stop

    monkeypatch.setattr(polars, "scan_parquet", ends)
    with pytest.raises(stop):
        importing.import_vectors(wide(tmp_path), manifest(), store, name="mine")


PANICS = [3829, 9240]
"""Bits of the table of numbers at which polars 2.1 panics; at 3808 it ends the process."""


@pytest.mark.parametrize(
    ("write", "bits"),
    [(parquet_of_numbers, [3808, *PANICS]), (parquet_of_lists, 3), (npz, 100), (safetensors, 100)],
)
def test_a_flipped_bit_is_an_import_or_one_line_and_nothing_else_is_written(tmp_path, store, write, bits, capfd):
    file = write(tmp_path, IDS, VALUES)
    whole = file.read_bytes()
    drawn = np.random.default_rng(0).integers(8 * len(whole), size=bits) if isinstance(bits, int) else np.array(bits)
    for place in (drawn % (8 * len(whole))).tolist():
        spoilt = bytearray(whole)
        spoilt[place // 8] ^= 1 << place % 8
        file.write_bytes(spoilt)
        try:
            importing.import_vectors(file, manifest(), store, name="mine", replace=True)
        except BadVectors as error:
            assert all("\n" not in problem for problem in error.problems)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("kill -ABRT $$", "its reader ends with SIGABRT"),
        ("echo thread panicked >&2; printf 'deep in Rust'; exit 1", "it cannot be read: deep in Rust"),
        ("exit 3", "its reader ends with code 3"),
    ],
)
def test_a_table_that_ends_the_process_that_reads_it_ends_no_other(tmp_path, store, monkeypatch, capfd, script, said):
    reader = tmp_path / "python"
    reader.write_text(f"#!/bin/sh\n{script}\n")
    reader.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(reader))
    with pytest.raises(BadVectors, match=said):
        importing.import_vectors(wide(tmp_path), manifest(), store, name="mine")
    assert capfd.readouterr().err == ""


def test_a_table_in_a_folder_with_modules_of_the_same_names_is_read_by_our_own(tmp_path, store, monkeypatch):
    (tmp_path / "polars.py").write_text("raise SystemExit('not polars')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    assert importing.import_vectors(wide(tmp_path), manifest(), store, name="mine").rows == 4


def test_a_table_is_read_where_paths_to_modules_are_no_texts(tmp_path, store, monkeypatch):
    monkeypatch.setattr(sys, "path", [tmp_path, *map(Path, filter(None, sys.path))])
    assert importing.import_vectors(wide(tmp_path), manifest(), store, name="mine").rows == 4


@pytest.mark.parametrize("name", ["", "a/b", "../a", ".a", "a,b", "a b", "-a", "a:b"])
def test_a_name_that_cannot_be_one(bring, name):
    with pytest.raises(BadOption, match="--name"):
        bring(npz, name=name)


def test_the_same_vectors_again_change_nothing_and_others_have_to_be_meant(bring, store):
    first = bring(npz)
    assert bring(npz) == first
    with pytest.raises(BadOption, match="--replace"):
        bring(npz, values=VALUES + 1)
    assert read(store).tolist() == VALUES.tolist()
    second = bring(npz, values=VALUES + 1, replace=True)
    assert second.key != first.key
    assert read(store).tolist() == (VALUES + 1).tolist()
    assert [each.key for each in store.all()] == [second.key]


def test_vectors_that_were_removed_or_damaged_are_imported_again(bring, store):
    bring(npz)
    (held,) = store.all()
    store.remove(held)
    with pytest.raises(UnknownName, match="mine"):
        prepared(store)
    bring(npz)
    (shard,) = held.folder.glob("shards/*")
    damaged = bytearray((shard / "0.npy").read_bytes())
    damaged[-1] ^= 1
    (shard / "0.npy").write_bytes(damaged)
    assert catalogue.verify(held) == [shard.name]
    bring(npz)
    assert read(store).tolist() == VALUES.tolist()


def test_a_folder_that_went_and_a_name_that_cannot_be_read_are_told(bring, store):
    bring(npz)
    (name,) = store.folder.glob("imported/*")
    shutil.rmtree(store.folder / "representations")
    with pytest.raises(MissingData, match="import them again"):
        prepared(store)
    name.write_text("{")
    with pytest.raises(StoreMismatch, match="import the vectors again"):
        prepared(store)
    bring(npz)
    assert read(store).tolist() == VALUES.tolist()


def test_an_import_that_is_interrupted_leaves_no_name(bring, store, monkeypatch):
    monkeypatch.setattr(importing, "SHARD_ROWS", 2)

    def interrupted(representation, rows, *others, **named):
        if "id:u3" in rows:
            raise KeyboardInterrupt
        return write(representation, rows, *others, **named)

    with monkeypatch.context() as patch:
        write = Representation.write
        patch.setattr(Representation, "write", interrupted)
        with pytest.raises(KeyboardInterrupt):
            bring(npz)
    with pytest.raises(UnknownName):
        prepared(store)
    assert list(catalogue.prune(store, 0))
    bring(npz)
    assert not catalogue.prune(store, 0)
    assert read(store).tolist() == VALUES.tolist()


def test_nobody_prunes_vectors_of_an_import_that_goes_on(bring, store, monkeypatch):
    remember, pruned = importing.remember, []

    def prune_and_remember(*given):
        pruned.append(catalogue.prune(store, 0))
        remember(*given)

    monkeypatch.setattr(importing, "remember", prune_and_remember)
    bring(npz)
    assert pruned == [{}]
    assert catalogue.prune(store, 0) == {}
    assert read(store).tolist() == VALUES.tolist()


def test_a_name_that_an_earlier_version_wrote_is_refused_and_imported_again_without_being_replaced(bring, store):
    bring(npz)
    (name,) = store.folder.glob("imported/*")
    found = json.loads(name.read_text())
    del found["sha256"]
    name.write_text(json.dumps(found))
    with pytest.raises(StoreMismatch, match=r"an earlier version wrote it.*import the vectors again"):
        prepared(store)
    bring(npz)
    assert read(store).tolist() == VALUES.tolist()
