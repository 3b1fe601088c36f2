"""Manifests, store files, the audio index and a plugin's answers, spoiled; each says what must still be true.

A target gets a case and spoils the files in its folder. ``case.loose`` are the ids whose vectors may be others, or
absent, then; None = all of them. ``case.must_fail`` says why no vector may come of it.
"""

import random
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from fuzzing import plugin
from fuzzing.spoiling import NASTY, spoil_bytes, spoil_json
from fuzzing.world import COLUMNS, World, write_manifest


@dataclass
class Case:
    """One case: where it lies, what is drawn for it, what was spoiled, and what must hold."""

    world: World
    folder: Path
    draw: random.Random
    spoiled: list[str] = field(default_factory=list)
    loose: set[str] | None = field(default_factory=set)
    must_fail: str = ""
    backbone: str = "fuzz"
    manifest: str = "manifest.csv"
    vectors: str = ""

    def spoil(self, what):
        self.spoiled.append(what)

    def loosen(self, ids=None):
        self.loose = None if ids is None or self.loose is None else self.loose | set(ids)


def manifest(case):
    """The manifest: its bytes, header, rows or cells."""
    rows = [dict(row, path=str(case.world.folder / "corpus" / row["path"])) for row in case.world.rows]
    file = case.folder / case.manifest
    way = case.draw.choice(["bytes", "cell", "cell", "cell", "header", "rows", "columns", "end", "quotes", "encoding"])
    if way == "cell":
        rows, columns = _cells(case, rows), COLUMNS
    elif way == "rows":
        rows, columns = _rows(case, rows), COLUMNS
    elif way == "columns":
        columns = _columns(case)
    elif way == "end":
        rows, columns = _renamed(case, rows)
    elif way == "quotes":
        columns = COLUMNS
        first, last = sorted(case.draw.sample(range(len(rows)), 2))
        rows[first]["text"], rows[last]["text"] = '"He began', 'and ended"'
        if case.manifest.endswith(".csv"):
            case.loosen()  # there, a quotation mark is one
        case.spoil(f"quotation marks open in row {first} and shut in row {last}")
    else:
        columns = COLUMNS
    write_manifest(file, rows, columns)
    if way == "bytes":
        content, what = spoil_bytes(file.read_bytes(), case.draw)
        file.write_bytes(content)
        case.loosen()
        case.spoil(f"{file.name}: {what}")
    elif way == "header":
        _header(case, file)
    elif way == "encoding":
        _encoding(case, file)


def _cells(case, rows):
    for _ in range(case.draw.choice([1, 1, 2, 5])):
        row, name, value = case.draw.choice(rows), case.draw.choice(COLUMNS), case.draw.choice(NASTY)
        case.loosen([row["id"]] if name in ("path", "start", "duration") else None if name == "id" else ())
        if any(mark in value for mark in '",\t\n\r\x00\ud800\udcff'):
            case.loosen()
        if not value.strip() and name == "id":
            case.loosen()
        case.spoil(f"{name} of {row['id']} = {value[:40]!r}")
        row[name] = value
    return rows


def _rows(case, rows):
    way = case.draw.choice(["shuffle", "twice", "gone", "blank", "many"])
    case.spoil(f"rows: {way}")
    if way == "shuffle":
        case.draw.shuffle(rows)
    elif way == "twice":
        rows.append(dict(case.draw.choice(rows)))
        case.must_fail = "an id comes twice"
    elif way == "gone":
        gone = rows.pop(case.draw.randrange(len(rows)))
        case.loosen([gone["id"]])
    elif way == "blank":
        rows.insert(case.draw.randrange(len(rows)), dict.fromkeys(COLUMNS, ""))
    else:
        rows += [dict(row, id=f"{row['id']}-{n}") for n in range(60) for row in rows]
    return rows


def _columns(case):
    columns = list(COLUMNS)
    case.draw.shuffle(columns)
    case.spoil(f"columns {columns}")
    return columns


def _renamed(case, rows):
    """Columns that others call otherwise: right where they are understood, an error where not, never passed over."""
    name = case.draw.choice(["end", "end_time", "stop", "offset", "start_time", "begin", "dur", "length"])
    old = "start" if name in ("offset", "start_time", "begin") else "duration"
    for row in rows:
        if old == "duration" and name in ("end", "end_time", "stop") and row["duration"]:
            row["duration"] = f"{float(row['start']) + float(row['duration']):g}"
        row[name] = row.pop(old)
    case.spoil(f"column {old} is called {name}")
    return rows, [name if each == old else each for each in COLUMNS]


def _header(case, file):
    lines = file.read_text().split("\n")
    way = case.draw.choice(["twice", "nasty", "case", "gone", "space"])
    name = case.draw.choice(COLUMNS)
    new = {"twice": f"{name},{name}", "nasty": case.draw.choice(NASTY), "case": name.upper(), "space": f" {name} "}
    lines[0] = "" if way == "gone" else lines[0].replace(name, new[way])
    file.write_text("\n".join(lines), errors="surrogateescape" if "\ud800" not in lines[0] else "replace")
    case.loosen()
    case.spoil(f"{file.name}: header, {name}: {way}")


def _encoding(case, file):
    text = file.read_text()
    way = case.draw.choice(["utf-16", "utf-8-sig", "crlf", "cr", "latin-1", "nul", "no end"])
    if way in ("utf-16", "utf-8-sig"):
        content = text.encode(way)
    elif way == "latin-1":
        content = text.replace("sentence", "sätze").encode("latin-1")
    else:
        changed = {"crlf": ("\n", "\r\n"), "cr": ("\n", "\r"), "nul": ("number", "num\0ber"), "no end": ("\n", "\n")}
        content = text.rstrip("\n").replace(*changed[way]).encode()
    file.write_bytes(content)
    if way == "cr":
        case.loosen()
    case.spoil(f"{file.name}: {way}")


def store(case):
    """Files of the store: their bytes, their JSON, their places."""
    root = case.folder / "cache" / "store"
    files = sorted(path for path in root.rglob("*") if path.is_file() and path.parts[-2] != "audio")
    for _ in range(case.draw.choice([1, 1, 1, 2, 4])):
        file = case.draw.choice(files)
        way = case.draw.choice(["bytes", "bytes", "json", "json", "places", "places", "kinds"])
        if not file.exists():
            continue
        if way == "json" and file.suffix == ".json":
            content, what = spoil_json(file.read_bytes(), case.draw)
            file.write_bytes(content)
        elif way == "places":
            what = _places(case, root)
        elif way == "kinds":
            what = _kinds(case, file)
        elif file.is_file():
            content, what = spoil_bytes(file.read_bytes(), case.draw)
            file.write_bytes(content)
        else:
            continue
        case.spoil(f"{file.relative_to(root)}: {what}")


def _places(case, root):
    """Put something where something else belongs, all of it whole."""
    folders = sorted(path for path in (root / "representations").iterdir() if not path.name.startswith("."))
    one, other = case.draw.sample(folders, 2)
    way = case.draw.choice(["shard", "shards", "description", "folder", "link", "layers", "layers and entries", "copy"])
    shards = [sorted(each for each in (folder / "shards").glob("[!.]*")) for folder in (one, other)]
    if not all(shards):
        return f"{way}: nothing there"
    mine, others = shards[0][0], shards[1][0]
    if way == "shard":
        shutil.rmtree(others)
        shutil.copytree(mine, others.with_name(mine.name), dirs_exist_ok=True)
    elif way == "shards":
        mine.rename(mine.with_name("aside"))
        others.rename(mine)
        mine.with_name("aside").rename(others)
    elif way == "description":
        shutil.copy(one / "representation.json", other / "representation.json")
    elif way == "folder":
        one.rename(root / "aside")
        other.rename(one)
        (root / "aside").rename(other)
    elif way == "link":
        shutil.rmtree(others)
        others.symlink_to(mine)
    elif way == "copy":
        shutil.copytree(others, mine.parent / ("0" * 32), dirs_exist_ok=True)
    else:
        _swap_layers(mine, entries=way != "layers")
    return f"{way} of {one.name[:6]} and {other.name[:6]}"


def _swap_layers(shard, *, entries):
    import json

    first, second = shard / "0.npy", shard / "1.npy"
    if not (first.is_file() and second.is_file()):
        return
    first.rename(shard / "aside")
    second.rename(first)
    (shard / "aside").rename(second)
    index = shard / "shard.json"
    if entries and index.is_file():
        try:
            found = json.loads(index.read_bytes())
            files = found["files"]
            files["0.npy"], files["1.npy"] = files["1.npy"], files["0.npy"]
        except (ValueError, LookupError, TypeError):
            return
        index.write_text(json.dumps(found))


def _kinds(case, file):
    """Something of another kind in a file's place."""
    way = case.draw.choice(["gone", "folder", "link to itself", "link to nothing", "unreadable"])
    if way == "unreadable":
        file.chmod(0)
        return way
    if file.is_dir() and not file.is_symlink():
        return f"{way}: a folder already"
    file.unlink()
    if way == "folder":
        file.mkdir()
    elif way == "link to itself":
        file.symlink_to(file.name)
    elif way == "link to nothing":
        file.symlink_to("nothing")
    return way


def index(case):
    """The index of audio files: its bytes, another's place, or other contents under a right form."""
    folder = case.folder / "cache" / "store" / "audio"
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    if not files:
        return
    for _ in range(case.draw.choice([1, 1, 2])):
        file = case.draw.choice(files)
        way = case.draw.choice(["bytes", "bytes", "bytes", "kinds", "contents", "name", "beside"])
        if not file.is_file():
            continue
        if way == "kinds":
            what = _kinds(case, file)
        elif way == "contents" and file.suffix == ".parquet":
            what = _contents(case, file)
        elif way == "name":
            what = "another name"
            file.rename(file.with_name("0" * 32 + file.suffix))
        elif way == "beside":
            what = "rubbish beside it"
            (folder / "rubbish.parquet").write_bytes(case.draw.randbytes(200))
        else:
            content, what = spoil_bytes(file.read_bytes(), case.draw)
            file.write_bytes(content)
        case.spoil(f"audio/{file.name[:8]}: {what}")


def _contents(case, file):
    """Write the table anew with one column of other contents: what a program would do that is not ours."""
    import polars

    try:
        frame = polars.read_parquet(file)
    except polars.exceptions.PolarsError:
        return "contents: spoiled before"
    way = case.draw.choice(["digest of another", "frames", "rate", "channels", "type", "no column", "nulls"])
    if way == "digest of another":
        frame = frame.with_columns(polars.col("digest").reverse())
    elif way in ("frames", "rate", "channels"):
        value = case.draw.choice([0, -1, 1, 7, 44_100, 2**40, 2**62])
        frame = frame.with_columns(polars.lit(value, polars.Int64).alias(way))
        way = f"{way} = {value}"
    elif way == "type":
        frame = frame.with_columns(polars.col("size").cast(polars.String))
    elif way == "no column":
        frame = frame.drop(case.draw.choice(frame.columns))
    else:
        frame = frame.with_columns(polars.lit(None).alias(case.draw.choice(frame.columns)))
    file.unlink()
    frame.write_parquet(file)
    return f"contents: {way}"


def answers(case):
    """What the plugin answers, in its spec and in its blocks; under a new key, so that it is asked."""
    case.backbone = f"fuzz,salt={case.draw.randrange(1, 2**31)}"
    lawful = case.draw.random() < 0.15
    plugin.FAULT = case.draw.choice(sorted(plugin.LAWFUL) if lawful else sorted(plugin.UNLAWFUL))
    case.spoil(f"plugin: {plugin.FAULT}")
    if not lawful:
        case.must_fail = f"the plugin: {plugin.FAULT}"
