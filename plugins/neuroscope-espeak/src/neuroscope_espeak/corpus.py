"""The dataset ``espeak``: find the corpus of some options, or make it."""

from __future__ import annotations

import csv
import importlib.metadata
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from neuroscope import Manifest, MissingDependency, NeuroscopeError, Utterance, require
from neuroscope_espeak import INSTALL
from neuroscope_espeak.channels import send
from neuroscope_espeak.design import VOICES, Design, Item, checked
from neuroscope_espeak.synthesis import Library, synthesise
from neuroscope_espeak.worker import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Iterator

_MANIFEST = "manifest.csv"
_WAV_HEADER = 44
_SAMPLE = 2
_WARNING = "this speech is synthetic: it shows that the tools work, and is no evidence about human speech"


def espeak(
    root: Path,
    *,
    languages: tuple[str, ...] = ("en",),
    voices: tuple[str, ...] = VOICES,
    texts: int = 10,
    rates: tuple[int, ...] = (150, 200),
    pitches: tuple[int, ...] = (20, 80),
    channels: tuple[str, ...] = (),
) -> Manifest:
    """Every voice says every text of every language at every rate and pitch: 22,050 Hz, 16 bits, one channel.

    With ``channels``, what is said goes through each of them, and one file of each is kept: two columns more, channel,
    and recording, which the copies of one utterance share.

    The corpus of one set of options lies in a folder of its own in ``root``, named by a digest; it is made once. The
    same options give the same bytes. A voice is a speaker; tags: gender (m, f), language, text, rate, pitch, sentence.

    Args:
        root: where corpora are kept; need not exist.
        languages: of ar, de, en, es, fr, ru, zh.
        voices: eSpeak NG's variants m1 to m8 (male) and f1 to f5 (female).
        texts: how many sentences of each language, 1 to 20.
        rates: words a minute, 80 to 450.
        pitches: 0 to 99; 50 is the voice's own. At 50 the F0 of men and women lies far apart; with 20 and 80 their
            ranges just meet.
        channels: of pcm16 (16 kHz), pcm8 (8 kHz), ulaw (8 kHz, 8 bits a sample), gsm (GSM 06.10, 8 kHz, 13 kbit/s).

    Raises:
        BadOption: a value that does not exist or lies outside its range.
        MissingDependency: espeakng-loader is not installed; nothing has been written.
        NeuroscopeError: the folder cannot be written, the synthesis failed, or the corpus found is not whole.
    """
    design = checked(languages, voices, texts, rates, pitches, channels)
    library, version = _library()
    folder = root / design.digest(version)
    try:
        if not folder.is_dir():
            _make(folder, design, library)
        return _read(folder)
    except OSError as error:
        raise NeuroscopeError(f"espeak cannot make or read its corpus in {root}: {error}") from error


def _library() -> tuple[Library, str]:
    loader = require("espeakng_loader", install=INSTALL)
    try:
        version = importlib.metadata.version("espeakng-loader")
        return Library(loader.get_library_path(), loader.get_data_path()), version
    except (importlib.metadata.PackageNotFoundError, RuntimeError) as error:  # RuntimeError: its data is not there
        raise MissingDependency("espeakng_loader", str(error), INSTALL) from error


def _make(folder: Path, design: Design, library: Library) -> None:
    with _whole(folder) as partial:
        synthesise(design, library, partial)
        with (partial / _MANIFEST).open("w", encoding="utf-8", newline="") as file:
            rows = [row for item in design.items for row in _rows(item, partial, design.channels)]
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)


@contextmanager
def _whole(folder: Path) -> Iterator[Path]:
    """A folder beside ``folder`` that takes its name when the block ends well; who is first wins, both are equal."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = folder.with_name(f".{folder.name}.{uuid4().hex}.partial")
    partial.mkdir()
    try:
        yield partial
        try:
            partial.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _rows(item: Item, folder: Path, channels: tuple[str, ...]) -> Iterator[dict[str, str]]:
    """Rows of the manifest for one item, of which there is one file, or one of each channel."""
    spoken = folder / item.file
    row = _row(item, spoken.stat().st_size)
    if not channels:
        yield row
        return
    for channel, path, duration, size in send(spoken, channels):
        place = {"id": path.stem, "path": path.relative_to(folder).as_posix(), "duration": repr(duration)}
        yield {**row, **place, "channel": channel, "recording": item.id, "bytes": str(size)}


def _row(item: Item, size: int) -> dict[str, str]:
    return {
        "id": item.id,
        "path": item.file,
        "duration": repr((size - _WAV_HEADER) / _SAMPLE / SAMPLE_RATE),
        "speaker": item.voice,
        "gender": item.voice[0],
        "language": item.language,
        "text": item.text_name,
        "rate": str(item.rate),
        "pitch": str(item.pitch),
        "sentence": item.sentence,
    }


def _read(folder: Path) -> Manifest:
    with (folder / _MANIFEST).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    broken = [row for row in rows if not _is_whole(folder / row["path"], _size(row))]
    if broken:
        raise NeuroscopeError(
            f"{len(broken)} of {len(rows)} files of {folder} are missing or cut short "
            f"(the first: {Path(broken[0]['path']).name}); delete the folder and it is made again"
        )
    utterances = tuple(_utterance(folder, row) for row in rows)
    return Manifest(utterances, source=f"espeak {folder}", warning=_WARNING)


def _utterance(folder: Path, row: dict[str, str]) -> Utterance:
    row.pop("bytes", None)
    return Utterance(
        id=row.pop("id"),
        path=folder / row.pop("path"),
        duration=float(row.pop("duration")),
        speaker=row.pop("speaker"),
        tags=row,
    )


def _size(row: dict[str, str]) -> int:
    """Return the bytes of a row's file: what is kept as it was spoken tells them by its duration."""
    return int(row.get("bytes") or _WAV_HEADER + _SAMPLE * round(float(row["duration"]) * SAMPLE_RATE))


def _is_whole(path: Path, size: int) -> bool:
    return path.is_file() and path.stat().st_size == size
