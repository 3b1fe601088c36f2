"""FLEURS: the same sentences, read in 102 languages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from neuroscope import Manifest, Utterance
from neuroscope_speech_tasks.reading.clips import Clips
from neuroscope_speech_tasks.reading.collected import ABSENT
from neuroscope_speech_tasks.reading.corpus import Corpus, check_parts
from neuroscope_speech_tasks.reading.file_names import without_ending
from neuroscope_speech_tasks.reading.listing import closed_folders_are_told, within
from neuroscope_speech_tasks.reading.metadata import Row, read_table

if TYPE_CHECKING:
    from neuroscope import Progress

CORPUS = Corpus(
    dataset="fleurs",
    title="FLEURS, Few-shot Learning Evaluation of Universal Representations of Speech",
    source="https://huggingface.co/datasets/google/fleurs",
    licence="CC BY 4.0",
    size="about 12 h a language, 102 languages; a language may be had alone",
    folder="the folder that holds data/, one of language folders, or a language's own",
    layouts=(
        "data/ar_eg/train.tsv, dev.tsv, test.tsv\ndata/ar_eg/audio/train/*.wav (unpacked; or data/ar_eg/train/*.wav)",
        "ar_eg/train.tsv, ...\nar_eg/audio/train/*.wav",
        "metadata/ar_eg/train.tsv, ... (Lhotse's copy)\nar_eg/train/*.wav",
    ),
    columns=(
        ("language", "code of language and place: ar_eg, en_us, es_419, cmn_hans_cn, ..."),
        ("gender", "MALE, FEMALE or OTHER"),
        ("text", "number of the sentence; the same in each language, and read by several people"),
        ("split", "train, dev or test"),
        ("seconds", "length of the recording, of its number of samples at 16 kHz"),
    ),
    notes=(
        "Nobody says who speaks: no split by speakers can be made, and no result of a split by utterances is one about "
        "unseen voices. group:text keeps a sentence on one side.",
        "Lhotse's copy says MALE where the source says OTHER.",
        "Transcriptions are not read.",
    ),
)
Part = Literal["train", "dev", "test"]
_PARTS: tuple[Part, ...] = ("train", "dev", "test")
_CELLS = ("id", "file_name", "raw_transcription", "transcription", "characters", "num_samples", "gender")
_GENDERS = {"MALE", "FEMALE", "OTHER"}
_RATE = 16_000


def read_fleurs(
    root: Path, *, progress: Progress, languages: tuple[str, ...] = (), parts: tuple[Part, ...] = _PARTS
) -> Manifest:
    """Read the recordings of some languages and parts.

    Args:
        root: the folder that holds ``data/``, one of language folders, or a language's own.
        progress: told of the files that are found.
        languages: codes as FLEURS writes them, ``ar_eg``; empty = all that are there.
        parts: of ``train dev test``.

    Raises:
        MissingData: there is no FLEURS, or not those languages or parts, or its audio is packed.
        BadOption: no part is named.
        BadManifest: tables that were not understood; all problems are told at once.
    """
    check_parts(parts)
    with closed_folders_are_told(root):
        found = {place.language: place for place in reversed(list(_places(root)))}
    if not found:
        raise CORPUS.missing(root)
    CORPUS.check_has(root, "language", languages, found)
    places = [found[each] for each in sorted(languages or found)]
    parts = tuple(part for part in _PARTS if part in parts)
    if gone := [name for place in places for part in parts for name in place.lacking(root, part)]:
        raise CORPUS.missing(root, ", ".join(gone[:9]))
    folders = {(place, part): place.folder(root, part) for place in places for part in parts}
    clips = Clips.look(CORPUS, root, list(folders.values()), progress)
    for (place, part), folder in folders.items():
        _read_part(root / place.table(part), place.language, part, clips, folder)
    return clips.manifest("audio without a row", (place.table(part) for place, part in folders))


@dataclass(frozen=True, slots=True)
class _Place:
    """A language: its code, the folder of its tables, and the folders that its parts may lie in, below the root."""

    language: str
    tables: str
    audio: tuple[str, ...]

    def table(self, part: Part) -> str:
        """The table of a part."""
        return f"{self.tables}{part}.tsv"

    def folder(self, root: Path, part: Part) -> str:
        """The folder of a part's audio; empty = there is none."""
        return next((f"{each}{part}" for each in self.audio if (root / f"{each}{part}").is_dir()), "")

    def lacking(self, root: Path, part: Part) -> Iterator[str]:
        """Name what a part lacks, and what to do where it is packed."""
        if not (root / self.table(part)).exists():
            yield self.table(part)
        if self.folder(root, part):
            return
        packed = [f"{each}{part}.tar.gz" for each in self.audio if (root / f"{each}{part}.tar.gz").is_file()]
        if packed:
            archive = root / packed[0]
            yield f"{self.audio[0]}{part}/, but its archive: tar -xzf {archive} -C {archive.parent}"
        else:
            yield f"{self.audio[0]}{part}/"


def _places(root: Path) -> Iterator[_Place]:
    """Find languages: in data, in metadata (Lhotse's copy, audio beside it), in the root, or the root itself."""
    for base in ("data/", "metadata/", ""):
        for language in _languages(root / base):
            own = f"{base}{language}/"
            audio = (f"{language}/",) if base == "metadata/" else (f"{own}audio/", own)
            yield _Place(language, own, audio)
    if _is_language(root):
        yield _Place(root.resolve().name, "", ("audio/", ""))


def _languages(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir() if _is_language(each)) if folder.is_dir() else []


def _is_language(folder: Path) -> bool:
    return any((folder / f"{part}.tsv").exists() for part in _PARTS)


def _read_part(table: Path, language: str, part: Part, clips: Clips, folder: str) -> None:
    """Read a part of a language."""
    files, collected = clips.by_name(folder), clips.collected
    for number, row in read_table(table, collected.problems, delimiter="\t", names=_CELLS):
        if problem := _problem_with(row):
            collected.problems.add(table, problem, number)
        elif (name := without_ending(row["file_name"])) not in files:
            collected.left_out[ABSENT] += 1
        else:
            tags = {
                "language": language,
                "gender": row["gender"],
                "text": row["id"],
                "split": part,
                "seconds": f"{int(row['num_samples']) / _RATE:.3f}",
            }
            made = Utterance(id=f"{language}/{part}/{name}", path=files[name], tags=tags)
            collected.add(made, table, number)


def _problem_with(row: Row) -> str:
    if lacking := [name for name in ("id", "file_name", "num_samples", "gender") if name not in row]:
        return f"no {lacking[0]}"
    if row["gender"] not in _GENDERS:
        return f"gender {row['gender']} is none of {', '.join(sorted(_GENDERS))}"
    if not row["num_samples"].isascii() or not row["num_samples"].isdigit() or len(row["num_samples"]) > 12:
        return f"num_samples {row['num_samples']} is no number of samples"
    if within(Path(), row["file_name"]) is None:
        return f"file_name {row['file_name']} is no file's name"
    return ""
