"""VoxLingua107: speech of videos in 107 languages."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from neuroscope import Manifest, Utterance
from neuroscope_speech_tasks.reading.corpus import Corpus
from neuroscope_speech_tasks.reading.file_names import find_names
from neuroscope_speech_tasks.reading.listing import as_given

if TYPE_CHECKING:
    from neuroscope import Progress

_DEV = "dev"
_NAMES = (
    "ab af am ar as az ba be bg bn bo br bs ca ceb cs cy da de el en eo es et eu fa fi fo fr gl gn gu gv ha haw hi hr "
    "ht hu hy ia id is it iw ja jw ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr ms mt my ne nl nn no oc pa pl ps "
    "pt ro ru sa sco sd si sk sl sn so sq sr su sv sw ta te tg th tk tl tr tt uk ur uz vi war yi yo zh"
)
CODES = frozenset(_NAMES.split())
"""The names of the languages' folders."""
_FILE = re.compile(r"((.+?)(?:__U__S\d+)?---(\d+\.\d+)-(\d+\.\d+))\.\w+")
"""A segment's name: the video, in some the group of its speaker, and the times in the video."""
_TODAY = {"iw": "he", "jw": "jv"}

CORPUS = Corpus(
    dataset="voxlingua107",
    title="VoxLingua107",
    source="https://cs.taltech.ee/staff/tanel.alumae/data/voxlingua107/",
    licence="CC BY 4.0, the videos belong to their owners",
    size="6,628 h of 107 languages, 62 h on average; one archive a language, and dev.zip",
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
        "The language is the folder that has one of the 107 names; files in no such folder, or in two, are left out.",
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


@CORPUS.describes
def read_voxlingua107(root: Path, *, progress: Progress) -> Manifest:
    """Read VoxLingua107, whatever languages are there, in the order of the ids.

    Args:
        root: the folder with the languages' folders, one above it, or one of them; ``dev`` may be the root, too.
        progress: told of the files that are found.

    Raises:
        MissingData: it is not there.
    """
    folder = CORPUS.folder_in(root)
    found = find_names(CORPUS, root, folder, progress, partial(_name_of, _told_by(folder)))
    utterances = tuple(_utterance(name, path) for path, name in found.one_of_each().items())
    return Manifest(utterances, str(root), found.left_out)


def _told_by(root: Path) -> list[str]:
    """Return what the root's own name, and that above it, say: a language, ``dev``, or both."""
    here = as_given(root)
    if here.name in CODES:
        return [_DEV, here.name] if here.parent.name == _DEV else [here.name]
    return [_DEV] if here.name == _DEV and not (root / _DEV).is_dir() else []


def _name_of(above: list[str], path: str) -> _Name | None:
    """Read the path of a segment; None = it is none, or is not of one language.

    The names above the root count where segments lie directly in it (a language's folder), or in folders of languages
    that do (``dev``).
    """
    *below, file = path.split("/")
    is_root_meant = not below or (above == [_DEV] and len(below) == 1 and below[0] in CODES)
    folders, match = [*(above if is_root_meant else ()), *below], _FILE.fullmatch(file)
    codes = {each for each in folders if each in CODES}
    if match is None or len(codes) != 1:
        return None
    segment, video, start, end = match.groups()
    return _Name(_DEV if _DEV in folders else "train", codes.pop(), segment, video, float(start), float(end))


def _utterance(name: _Name, path: Path) -> Utterance:
    tags = {
        "language": _TODAY.get(name.code, name.code),
        "split": name.split,
        "recording": name.video,
        "seconds": f"{name.end - name.start:.3f}",
    }
    return Utterance(id=name.id, path=path, tags=tags)
