"""How files of vectors are spoiled before they are imported."""

import io
import json
import os
import shutil
import zipfile

import numpy as np

from fuzzing.spoiling import NASTY, spoil_bytes
from fuzzing.world import LAYERS

FORMATS = ("npy", "npz", "safetensors", "parquet", "folder")
CHECKED = ("npz",)
"""Formats that carry digests of their contents: what is spoiled there is seen, or it changes nothing."""


def vectors(case):
    """A file of vectors: its bytes, or what a program that wrote it might have meant otherwise."""
    kind = case.draw.choice(FORMATS)
    case.vectors = "vectors" if kind == "folder" else f"vectors.{kind}"
    if case.draw.random() < 0.4:
        file = case.folder / case.vectors
        file = case.draw.choice(sorted(file.iterdir())) if kind == "folder" else file
        content, what = spoil_bytes(file.read_bytes(), case.draw)
        file.write_bytes(content)
        if kind not in CHECKED:
            case.loosen()
        case.spoil(f"{case.vectors}: {what}")
        return
    case.draw.choice([_ids, _values, _shape, _place, _form])(case, kind)


def _write(case, kind, ids, both, layers=LAYERS, widths=(3, 3), dtype=None):
    """Write ids and values in a format."""
    import polars
    from safetensors.numpy import save_file

    file = case.folder / case.vectors
    if dtype is not None:
        with np.errstate(all="ignore"):
            both = both.astype(dtype)
    if kind == "npy":
        np.save(file, both)
    elif kind == "npz":
        np.savez(file, ids=np.array(ids), values=both, layers=np.array(layers), widths=widths)
    elif kind == "safetensors":
        parts = dict(zip(layers, np.split(both, np.cumsum(widths)[:-1], axis=-1), strict=True))
        about = {"ids": json.dumps(list(ids)), "layers": json.dumps(list(layers))}
        save_file({name: np.ascontiguousarray(each) for name, each in parts.items()}, file, about)
    elif kind == "parquet":
        parts = dict(zip(layers, np.split(both, np.cumsum(widths)[:-1], axis=-1), strict=True))
        polars.DataFrame({"id": list(ids), **{name: list(each) for name, each in parts.items()}}).write_parquet(file)
    else:
        shutil.rmtree(file)
        file.mkdir()
        for name, row in zip(ids, both, strict=True):
            if "/" not in name and "\0" not in name and len(name) < 200 and name not in ("", ".", ".."):
                np.save(file / f"{name}.npy", row)


def _truth(case):
    return list(case.world.ids), np.hstack([case.world.truth[1][layer] for layer in LAYERS])


def _ids(case, kind):
    """Ids in another order, missing, twice, of nobody, or strange."""
    ids, both = _truth(case)
    way = case.draw.choice(["order", "fewer", "twice", "nobody", "nasty"])
    case.spoil(f"{case.vectors}: ids, {way}")
    if way == "order":
        order = case.draw.sample(range(len(ids)), len(ids))
        ids, both = [ids[n] for n in order], both[order]
        if kind == "npy":
            case.loosen()  # such a file has no ids: its rows are in the manifest's order
    elif way == "fewer":
        gone = case.draw.sample(ids, 5)
        case.loosen(gone)
        keep = [n for n, each in enumerate(ids) if each not in gone]
        ids, both = [ids[n] for n in keep], both[keep]
        if kind == "npy":
            case.must_fail = "fewer rows than utterances, and no ids"
    elif way == "twice":
        if kind in ("folder", "npy"):
            return
        ids[3] = ids[4]
        case.must_fail = "an id comes twice"
    else:
        ids[3] = "nobody" if way == "nobody" else case.draw.choice(NASTY).encode(errors="replace").decode()
        case.loosen()
        if way == "nobody" and kind != "npy":
            case.must_fail = "an id that the manifest lacks"
    _write(case, kind, ids, both)


def _values(case, kind):
    """Values that are no finite numbers, or of other types."""
    ids, both = _truth(case)
    both = both.astype(np.float64)
    way = case.draw.choice(["nan", "inf", "1e300", "f2", "f8", ">f4", "i4", "u1", "c8", "?", "U9", "O", "M8[s]"])
    case.spoil(f"{case.vectors}: values, {way}")
    if way in ("nan", "inf", "1e300"):
        both[case.draw.randrange(len(both)), 2] = float(way)
        case.must_fail = f"a value is {way}"
        _write(case, kind, ids, both, dtype="f4" if kind == "safetensors" else None)
        return
    if way in ("i4", "u1", "?", "f2"):
        case.loosen()  # rounded before they came
    if way in ("c8", "?", "U9", "O", "M8[s]") or (kind == "safetensors" and way in ("i4", "u1")):
        case.must_fail = f"values of type {way}"
        case.loosen()
    try:
        _write(case, kind, ids, both, dtype=way)
    except Exception:  # the format has no such type
        case.must_fail = ""


def _shape(case, kind):
    """Arrays of other shapes, and layers that do not fit them."""
    ids, both = _truth(case)
    way = case.draw.choice(["fortran", "three", "one", "empty", "thin", "names", "widths", "wide"])
    case.spoil(f"{case.vectors}: shape, {way}")
    changed = {
        "fortran": lambda: np.asfortranarray(both),
        "three": lambda: both[:, None],
        "one": lambda: both[:, 0],
        "empty": lambda: both[:0],
        "thin": lambda: both[:, :0],
    }
    case.must_fail = "" if way in ("fortran", "names", "widths", "wide") else f"{way}: no vectors [utterances, columns]"
    names, widths = LAYERS, (3, 3)
    if way == "names":
        names = (case.draw.choice(NASTY).encode(errors="replace").decode().replace("\0", ""), "shape")
        case.loosen()
    elif way == "widths":
        names, widths = case.draw.choice([(("a", "b", "c"), (2, 2, 2)), (LAYERS, (1, 5)), (("a",), (6,))])
        case.loosen()
    elif way == "wide":
        names, widths, both = ("energy", "shape"), (3, 3 + 500), np.hstack([both, np.ones((len(both), 500), "f4")])
        case.loosen()
    try:
        _write(case, kind, ids if way != "empty" else [], changed.get(way, lambda: both)(), names, widths)
    except Exception:
        case.must_fail = ""


def _place(case, kind):
    """Something of another kind where the file should be."""
    file = case.folder / case.vectors
    way = case.draw.choice(["fifo", "zero", "full", "link to itself", "folder", "other ending", "unreadable"])
    case.spoil(f"{case.vectors}: {way}")
    shutil.rmtree(file) if file.is_dir() else file.unlink()
    if way == "fifo":
        os.mkfifo(file)
    elif way in ("zero", "full"):
        file.symlink_to(f"/dev/{way}")
    elif way == "link to itself":
        file.symlink_to(file.name)
    elif way == "folder":
        file.mkdir()
    elif way == "other ending":
        file.write_bytes((case.world.folder / f"vectors.{case.draw.choice(FORMATS[:4])}").read_bytes())
        case.loosen()
        return
    else:
        file.write_bytes((case.world.folder / "vectors.npz").read_bytes())
        file.chmod(0)
        case.loosen()
        return
    case.must_fail = f"{way} for a file"


def _form(case, kind):
    """Headers that promise what is not there, archives that unpack to much, columns that are the manifest's."""
    file = case.folder / case.vectors
    ids, both = _truth(case)
    if kind == "npy":
        rows = case.draw.choice([2**33, 2**62, -1, 17])
        stream = io.BytesIO()
        np.lib.format.write_array_header_2_0(stream, {"descr": "<f4", "fortran_order": False, "shape": (rows, 6)})
        file.write_bytes(stream.getvalue() + both.astype("f4").tobytes())
        case.spoil(f"{case.vectors}: its header says {rows} rows")
        case.must_fail = "fewer values than the header says"
    elif kind == "npz":
        case.spoil(f"{case.vectors}: 3 GB of zeros")
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            with archive.open("ids.npy", "w") as stream:
                np.lib.format.write_array(stream, np.array(ids), allow_pickle=False)
            with archive.open("values.npy", "w", force_zip64=True) as stream:
                header = {"descr": "<f4", "fortran_order": False, "shape": (len(ids), 46_875_000)}
                np.lib.format.write_array_header_2_0(stream, header)
                for _ in range(300):
                    stream.write(bytes(10_000_000))
        case.loosen()
    elif kind == "safetensors":
        size = case.draw.choice([2**63, 2**40, 2**31, 0])
        file.write_bytes(size.to_bytes(8, "little") + file.read_bytes()[8:])
        case.spoil(f"{case.vectors}: its header has {size} bytes")
        case.must_fail = "no header of that length"
    elif kind == "parquet":
        _wide(case, file, ids, both)
    else:
        np.save(file / f"{ids[2]}.npy", both[2][: case.draw.randrange(6)])
        (file / "more").mkdir()
        case.spoil(f"{case.vectors}: a vector of another length")
        case.must_fail = "a vector of another length"


def _wide(case, file, ids, both):
    """A column a number, as tables are written by hand, with labels among them."""
    import polars

    columns = {f"x{n}": both[:, n] for n in range(6)}
    extra = case.draw.choice(["label", "__index_level_0__", "start", "text"])
    columns = {"id": ids, extra: [float(n) for n in range(len(ids))], **columns}
    polars.DataFrame(columns).write_parquet(file)
    case.spoil(f"{case.vectors}: a column {extra} of numbers")
    case.wide = True
