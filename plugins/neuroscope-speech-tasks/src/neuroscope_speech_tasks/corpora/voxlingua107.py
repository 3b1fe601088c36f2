"""VoxLingua107: speech of videos in 107 languages."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from neuroscope import Manifest, Utterance
from neuroscope_speech_tasks.reading.corpus import Corpus
from neuroscope_speech_tasks.reading.file_names import find_names

if TYPE_CHECKING:
    from neuroscope import Progress

_DEV = "dev"
_CODE = re.compile(r"[a-z]{2,3}")
_FILE = re.compile(r"((.+?)(?:__U__S\d+)?---(\d+\.\d+)-(\d+\.\d+))\.\w+")
"""A segment's name: the video, in some the group of its speaker, and the times in the video."""
_TODAY = {"iw": "he", "jw": "jv"}

CORPUS = Corpus(
    dataset="voxlingua107",
    title="VoxLingua107",
    source="https://cs.taltech.ee/staff/tanel.alumae/data/voxlingua107/",
    licence="CC BY 4.0, the videos belong to their owners",
    size="6,628 h of 107 languages, about 62 h of each; one archive a language, and dev.zip",
    folder="the folder with ar/, en/, ... and dev/",
    layouts=("en/<video>---0123.450-0130.120.wav\nar/...\ndev/en/<video>---0004.010-0012.300.wav",),
    columns=(
        ("language", "code of the language: its folder's name, but he for iw and jv for jw"),
        ("split", "train; dev below dev/"),
        ("recording", "the video"),
        ("seconds", "the length, by the times in the file's name"),
    ),
    notes=(
        "Nobody knows the speakers: split by group:recording, which leaves speakers of several videos in both parts.",
        "iw and jw are obsolete codes of Hebrew and Javanese: the column language has today's, he and jv, so "
        "that other corpora fit; ids keep the folder's name.",
        "The languages were told by the videos' descriptions, and those below dev/ were checked by people.",
        "The times in names are those in the video: a file is its segment, and read whole.",
    ),
)


class _Name(NamedTuple):
    """What the path of an utterance says."""

    split: str
    code: str
    segment: str
    video: str
    start: float
    end: float

    @property
    def id(self) -> str:
        """Id of the utterance."""
        return f"{f'{_DEV}/' if self.split == _DEV else ''}{self.code}/{self.segment}"


def read_voxlingua107(root: Path, *, progress: Progress) -> Manifest:
    """Read VoxLingua107, whatever languages are there, in the order of the ids.

    Args:
        root: the folder with the languages' folders, or one above it.
        progress: told of the files that are found.

    Raises:
        MissingData: it is not there.
    """
    found = find_names(CORPUS, root, CORPUS.folder_in(root), progress, _name_of)
    utterances = tuple(_utterance(name, path) for path, name in found.one_of_each().items())
    return Manifest(utterances, str(root), found.left_out)


def _name_of(path: str) -> _Name | None:
    *folders, file = path.split("/")
    match = _FILE.fullmatch(file)
    if match is None or not folders or folders[-1] == _DEV or not _CODE.fullmatch(folders[-1]):
        return None
    segment, video, start, end = match.groups()
    return _Name(_DEV if _DEV in folders else "train", folders[-1], segment, video, float(start), float(end))


def _utterance(name: _Name, path: Path) -> Utterance:
    tags = {
        "language": _TODAY.get(name.code, name.code),
        "split": name.split,
        "recording": name.video,
        "seconds": f"{name.end - name.start:.3f}",
    }
    return Utterance(id=name.id, path=path, tags=tags)
