"""Metadata that nobody should write: each is read right, or told in one message, and nothing else is opened.

To add a reader, add a line to METADATA: its file of metadata is mutated in every way that there is.
"""

import csv
import inspect
import json
import os
import random
import re
import runpy
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from neuroscope import BadManifest, MissingData, Plugins
from neuroscope.contracts.progress import silent

SPAN = ("path", "start", "duration", "audio_channel")
TREES = Path(__file__).with_name("trees")


@dataclass(frozen=True)
class Metadata:
    """A file of metadata, and the reader that reads it.

    Attributes:
        dataset: the reader with its options.
        file: below the root of the reader's default tree.
        name: regular expression of a name of a file, or of an utterance, that stands in it.
        delimiter: between its cells.
        tree: options of the tree, which is that of the dataset's name.
        header: whether its first line names columns.
        anywhere: whether it may name files, and be a link, out of the root: it is the user's own.
        free: whether columns may have any name, and each is a tag.
        renamed: whether the name is an utterance's own, so that another one makes another utterance.
        optional: whether all is read, if otherwise, where there is no such file.
        several: whether a thing that is left out, and counted, may be several utterances.
    """

    dataset: str
    file: str
    name: str
    delimiter: str = "\t"
    tree: dict = field(default_factory=dict)
    header: bool = True
    anywhere: bool = False
    free: bool = False
    renamed: bool = False
    optional: bool = False
    several: bool = False

    @property
    def corpus(self):
        return self.dataset.partition(",")[0]

    def __str__(self):
        return f"{self.corpus} {Path(self.file).name}"


OWN = {"anywhere": True, "free": True}
LINES = {"header": False, "delimiter": " "}
TWO = {"dialects": ("ALG", "EGY")}
ARABIC = {"locales": ("ar",)}
COMMON_VOICE = "cv-corpus-17.0-2024-03-15/ar"
METADATA = (
    Metadata("csv", "manifest.csv", r"0\.wav", ",", **OWN),
    Metadata("csv", "manifest.jsonl", r"0\.wav", ",", {"form": "jsonl"}, header=False, **OWN),
    Metadata("audiofolder", "metadata.csv", r"train/m0_0\.flac", ",", free=True),
    Metadata(
        *("audiofolder", "metadata.jsonl", r"train/m0_0\.flac", ",", {"form": "jsonl"}),
        **{"header": False, "free": True},
    ),
    Metadata("common-voice", f"{COMMON_VOICE}/train.tsv", r"common_voice_ar_100\.mp3", tree=ARABIC),
    Metadata("common-voice", f"{COMMON_VOICE}/clip_durations.tsv", r"common_voice_ar_100\.mp3", tree=ARABIC),
    Metadata(
        *("common-voice,locales=ar", "ar/times.txt", r"common_voice_ar_100\.mp3", " = "),
        tree={"release": "15.0-2023-09-08", "layout": "locales", **ARABIC},
        header=False,
    ),
    Metadata("fleurs", "data/ar_eg/train.tsv", r"5500000\.wav", tree={"languages": ("ar_eg",)}, header=False),
    Metadata("lhotse", "cuts.jsonl", r"wav/call0\.wav", ",", header=False, **OWN),
    Metadata("lhotse", "recordings.jsonl", r"wav/call0\.wav", ",", {"form": "recordings"}, header=False, **OWN),
    Metadata("lhotse", "supervisions.jsonl", "call0", ",", {"form": "recordings"}, header=False, **OWN),
    Metadata("kaldi", "wav.scp", r"audio/spk0-000\.wav", **LINES, **OWN),
    Metadata("kaldi", "utt2spk", "spk0-000", **LINES, **OWN),
    Metadata("kaldi", "segments", "rec0", tree={"layout": "segments"}, optional=True, **LINES, **OWN),
    Metadata("voxceleb1", "vox1_meta.csv", "id10270"),
    Metadata("voxceleb1", "veri_test.txt", r"id10270/x6uYqmx31kE/00001\.wav", **LINES),
    Metadata("voxceleb2", "vox2_meta.csv", r"id\d+", ","),
    Metadata("librispeech", "LibriSpeech/SPEAKERS.TXT", "84", "|", header=False),
    Metadata("adi5", "data/test.MGB3/reference", r"\w+_F_\S+", **LINES),
    Metadata("adi5", "data/test.MGB3/wav.lst", r"\w+\.wav", "/", header=False),
    Metadata("adi5", "data/train.txt", r"EGY\d+\.wav", tree={"layout": "numbers"}, header=False),
    Metadata("adi17", "data/dev_segments/utt2lang", r"de_\S+", tree=TWO, **LINES),
    Metadata("adi17", "data/train/segments", r"tr_\S+", tree={"layout": "videos", **TWO}, renamed=True, **LINES),
    Metadata("adi17", "data/train/utt2lang", r"tr_\S+", tree={"layout": "videos", **TWO}, **LINES),
    Metadata(
        *("callhome,segments=transcript", "callhome_arabic_trans_970711/transcrp/train/roman/ar_4012.txt"),
        **{"name": "A", "delimiter": " ", "header": False, "several": True},
    ),
)
WITHOUT = {"folder", "voxlingua107"}
"""Readers of paths alone."""

HARMLESS = {
    "mark": lambda data: b"\xef\xbb\xbf" + data,
    "CRLF": lambda data: data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"),
    "CR alone": lambda data: data.replace(b"\n", b"\r"),
    "no end of the last line": lambda data: data.rstrip(b"\n"),
    "empty lines": lambda data: data.replace(b"\n", b"\n\n"),
}
NAMES = {
    "up": "../../outside/secret.wav",
    "up by the other stroke": "..\\..\\outside\\secret.wav",
    "up and down": "x/../../../outside/secret.wav",
    "absolute": "/etc/passwd",
    "home": "~/secret.wav",
    "nothing": "",
    "the folder": ".",
    "above": "..",
    "control characters": "a\x01\x1b[31m\x7f.wav",
    "right to left": "a\u202ebva.wav",
    "drive": "C:\\secret.wav",
    "pipe": "cat /etc/passwd |",
    "address": "http://example.org/a.wav",
    "escaped": "%2e%2e/secret.wav",
    "device": "/dev/zero",
    "long": "a" * 50_000,
    "deep": "a/" * 3000,
}
ROWS = {
    "one cell": "a",
    "deep lists": "[" * 100_000,
    "deep objects": '{"a":' * 100_000,
    "an open list": "[1, 2",
    "a list": "[1, 2]",
    "null": "null",
    "a huge number": "9" * 6000,
    "a number beyond floats": "1e999",
    "objects of huge numbers": '{"id": "x", "start": 1e999, "duration": -1e999, "path": 1e999, "file_name": 1e999}',
    "objects of no numbers": '{"id": NaN, "start": NaN, "duration": Infinity, "path": NaN, "file_name": NaN}',
    "half a surrogate pair": r'{"id": "\ud800", "path": "\ud800", "file_name": "\ud800", "custom": {"x": "\ud800"}}',
    "a key twice": '{"id": "x", "id": "y", "path": "x", "path": "y", "file_name": "x"}',
    "objects for texts": '{"id": {}, "path": {"a": 1}, "file_name": [], "recording": [], "supervisions": 3}',
    "delimiters": "\t" * 50 + "," * 50 + "|" * 50 + ";" * 50,
    "a million cells": "a\t" * 500_000,
    "a quotation mark": '"',
    "quotation marks": '"a","b\t"',
    "control characters": "\x01\x02\x1b[2J\x7f",
    "other ends of lines": "a\x85b\u2028c\u2029d\x0b\x0c",
    "ten million characters": "a" * 10_000_000,
}
CONTENTS = {
    "empty": b"",
    "space": b" \n\t\n \n",
    "random": random.Random(0).randbytes(5_000),
    "a picture": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    "zeros": bytes(5_000),
    "one line without end": b"a" * 10_000_000,
    "a million columns": b"a\t" * 1_000_000 + b"\n",
    "a million names of columns": "\t".join(map(str, range(1_000_000))).encode(),
    "lists": b"[\n" * 1000,
    "a page": b"<!doctype html>\n<html><head><title>404</title></head>\n</html>\n",
}
ENCODINGS = ("utf-16", "utf-16-le", "utf-32", "utf-7", "cp037")


def mutations(metadata, data):
    """Name and content of each mutation of a file's content."""
    lines, cell = data.split(b"\n"), metadata.delimiter.encode()
    yield from CONTENTS.items()
    if metadata.header:
        yield "header alone", lines[0] + b"\n"
    for name, text in ROWS.items():
        row = text.encode(errors="surrogatepass")
        yield f"{name} behind", data.rstrip(b"\n") + b"\n" + row + b"\n"
        if len(row) < 1000:
            yield f"{name} before", row + b"\n" + data
    for name, text in NAMES.items():
        shown = json.dumps(text)[1:-1] if metadata.file.endswith("jsonl") else text
        yield f"name: {name}", re.sub(metadata.name, lambda _, shown=shown: shown, data.decode(), count=1).encode()
    for encoding in ENCODINGS:
        yield encoding, data.decode().encode(encoding)
    yield "latin-1", data.replace(b"a", "é".encode("latin-1"))
    yield "cut in a character", data.rstrip(b"\n") + "é".encode()[:1]
    yield "NUL", data[: len(data) // 2] + b"\0" + data[len(data) // 2 :]
    yield "NUL at the end", data + b"\0"
    yield "NUL for letters", data.replace(b"a", b"\0")
    yield "quotation mark before a cell", data.replace(cell, cell + b'"', 1)
    yield "quotation mark in every line", data.replace(b"\n", b'\n"')
    yield "row twice", data.rstrip(b"\n") + b"\n" + data.rstrip(b"\n").split(b"\n")[-1] + b"\n"
    yield "rows twice", data.rstrip(b"\n") + b"\n" + b"\n".join(lines[metadata.header :])
    yield "row too short", b"\n".join([*lines[:1], lines[1].rpartition(cell)[0], *lines[2:]])
    yield "row too long", b"\n".join([*lines[:1], lines[1] + cell + b"x", *lines[2:]])
    yield "rows too long", data.replace(b"\n", cell + b"x\n")
    for other in (b"\t", b",", b";", b"|", b" ", b"  ", b"^"):
        yield f"delimiter {other.decode()!r}", data.replace(cell, other)
    yield from _columns(metadata, lines, cell)


def _columns(metadata, lines, cell):
    """Mutations of a table's columns."""
    rows = [line.split(cell) for line in lines if line]
    for place in range(len(rows[0])):
        yield f"without column {place}", b"\n".join(cell.join(row[:place] + row[place + 1 :]) for row in rows)
    if metadata.header:
        for place in range(len(rows[0])):
            for name, text in (("renamed", b"renamed"), ("twice", rows[0][place - 1])):
                header = [*rows[0][:place], text, *rows[0][place + 1 :]]
                yield f"column {place} {name}", b"\n".join(map(cell.join, [header, *rows[1:]]))


def places(file, outside):
    """Name and maker of each thing that may lie in a file's place."""

    def linked(target):
        return lambda: file.symlink_to(target)

    yield "nothing", lambda: None
    yield "folder", file.mkdir
    yield "pipe", lambda: os.mkfifo(file)
    yield "link out of the root", linked(outside)
    yield "link to nothing", linked("nowhere")
    yield "link to itself", linked(file)
    yield "link to a device", linked("/dev/zero")
    yield "link to a folder", linked(outside.parent)


class Watch:
    """The files that are opened while it is on; hooks of audits stay for the whole process, so that there is one."""

    def __init__(self):
        self.opened = None
        sys.addaudithook(self.hear)

    def hear(self, event, arguments):
        if self.opened is not None and event == "open" and isinstance(arguments[0], str | bytes):
            self.opened.append(Path(os.fsdecode(arguments[0])))

    def __enter__(self):
        self.opened = []
        return self.opened

    def __exit__(self, *error):
        self.opened = None


@pytest.fixture(scope="session")
def watch():
    return Watch()


@pytest.fixture(scope="module")
def plugins():
    return Plugins.load()


def write_csv(root, *, form="csv"):
    """The tree of the dataset ``csv``, which is a file."""
    rows = [
        {"path": f"{n}.wav", "speaker": f"s{n % 4}", "gender": "mf"[n % 2], "said": f"one, two {n}"} for n in range(8)
    ]
    with (root / f"manifest.{form}").open("w", newline="") as stream:
        if form == "jsonl":
            stream.writelines(json.dumps(row) + "\n" for row in rows)
        else:
            writer = csv.DictWriter(stream, rows[0])
            writer.writeheader()
            writer.writerows(rows)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("metadata", METADATA, ids=str)
def test_metadata_are_read_right_or_told_in_one_message(metadata, tmp_path, watch, plugins):
    root = tmp_path / "root"
    root.mkdir()
    write = write_csv if metadata.corpus == "csv" else _write_of(metadata.corpus)
    write(root, **({"audio": False} if "audio" in inspect.signature(write).parameters else {}), **metadata.tree)
    attempt = Attempt(metadata, root, tmp_path / "cache", watch, plugins)
    data = attempt.file.read_bytes()
    assert re.search(metadata.name, data.decode())
    outside = tmp_path / "outside" / "secret.txt"
    outside.parent.mkdir()
    outside.write_bytes(data)
    for name, change in HARMLESS.items():
        attempt.put(change(data))
        attempt.read(name, is_same=True)
    for name, content in mutations(metadata, data):
        attempt.put(content)
        attempt.read(name, is_same=name == "utf-16")
    for name, make in places(attempt.file, outside):
        if metadata.optional and name == "nothing":
            continue
        attempt.clear()
        make()
        attempt.read(name, may_open=(outside,) if metadata.anywhere else ())
    assert attempt.tried > 90
    assert not attempt.failures, "\n".join(attempt.failures)


def _write_of(corpus):
    module = runpy.run_path(str(TREES / f"{corpus.replace('-', '_')}.py"))
    return module["write"]


class Attempt:
    """Reads of one corpus with other metadata, each judged; ``failures`` says which were wrong, and how."""

    def __init__(self, metadata, root, cache, watch, plugins):
        self.metadata, self.root, self.cache, self.watch = metadata, root, cache, watch
        self.file = root / metadata.file
        self.choice = plugins.datasets.choose(metadata.dataset)
        self.true = self._build()
        self.known = {each.id: each for each in self.true}
        self.failures, self.tried = [], 0

    def _build(self):
        return self.choice.build(self.root, progress=silent, cache=self.cache)

    def clear(self):
        if self.file.is_dir() and not self.file.is_symlink():
            shutil.rmtree(self.file)
        else:
            self.file.unlink(missing_ok=True)

    def put(self, data):
        self.clear()
        self.file.write_bytes(data)

    def read(self, name, *, is_same=False, may_open=()):
        """Read the corpus once."""
        self.tried += 1
        try:
            with self.watch as opened:
                manifest = self._build()
        except (BadManifest, MissingData) as error:
            problem = "it is harmless, but told" * is_same or self._problem_with_message(error)
            if not problem and name.startswith("row too") and not re.search(r"line \d+", str(error)):
                problem = f"the message does not name the line: {str(error)[:300]}"
        except Exception as error:
            problem = f"{type(error).__name__}: {str(error)[:300]}"
        else:
            problem = self._problem_with_manifest(manifest, is_same)
        if strange := [str(path) for path in opened if not self._may_be_opened(path, may_open)]:
            problem = f"opened {strange}"
        if problem:
            self.failures.append(f"{name}: {problem}")

    def _may_be_opened(self, path, may_open):
        true = path.resolve()
        inside = any(true.is_relative_to(folder.resolve()) for folder in (self.root, self.cache))
        return inside or path.suffix in {".py", ".pyc"} or path in may_open or true in may_open

    def _problem_with_message(self, error):
        message = str(error)
        if self.file.stem not in message and not (isinstance(error, MissingData) and "none of it" in message):
            return f"the message does not name the file: {message[:300]}"
        if len(message) > 12_000 or not all(line.isprintable() for line in message.split("\n")):
            return f"the message is too long, or would steer a terminal: {message[:300]!r}"
        return ""

    def _problem_with_manifest(self, manifest, is_same):
        """Say what is wrong with a manifest: it may be the true one, or lack what it counts or does not know."""
        if is_same:
            return "" if manifest.fingerprint == self.true.fingerprint else "it is harmless, but read otherwise"
        strange = [each for each in manifest if not self._is_true(each)]
        if len({each.path for each in strange}) > (self.metadata.anywhere or self.metadata.renamed):
            return f"utterances that are none: {strange[:3]}"
        lost = len(self.true) - len(manifest)
        counted = sum(manifest.left_out.values()) - sum(self.true.left_out.values())
        if lost > (len(self.true) if self.metadata.several and counted > 0 else max(counted, 0)):
            return f"{lost} utterances are lost, {dict(manifest.left_out)} are left out"
        return ""

    def _is_true(self, utterance):
        """Tell whether an utterance is a true one, or one of which less is known."""
        true = self.known.get(utterance.id)
        if true is None or any(getattr(utterance, name) != getattr(true, name) for name in SPAN):
            return False
        tags = {
            key: value for key, value in utterance.tags.items() if not (self.metadata.free and key not in true.tags)
        }
        return utterance.speaker in {true.speaker, None} and tags.items() <= true.tags.items()


def test_no_reader_is_left_out(plugins):
    ours = {each.name for each in plugins.datasets if each.plugin.startswith("neuroscope-speech-tasks")}
    assert {metadata.corpus for metadata in METADATA} | WITHOUT == ours


@pytest.mark.parametrize("dataset", ["common-voice", "fleurs", "lhotse", "audiofolder"])
def test_a_folder_that_may_not_be_opened_is_told(dataset, tmp_path, plugins, monkeypatch):
    _write_of(dataset)(tmp_path / "root", audio=False)

    def refuse(path, *_):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", refuse)
    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(BadManifest, match=r"/root\S* may not be opened \(Permission denied\)"):
        plugins.datasets.choose(dataset).build(tmp_path / "root", progress=silent)
