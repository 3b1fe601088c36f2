"""Names of files, and corpora whose names of files say what each file is."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from neuroscope_speech_tasks.reading.listing import AUDIO, COPY, list_files, one_of_each

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from neuroscope import Progress
    from neuroscope_speech_tasks.reading.corpus import Corpus

_AUDIO_FOLDER = re.compile("(?:wav|wave|flac|mp3|m4a|sph|audio|clip)s?", re.IGNORECASE)


class _Name(Protocol):
    """What the path of an utterance says; of all that, its id has to be there."""

    @property
    def id(self) -> str: ...


NameT = TypeVar("NameT", bound=_Name)


@dataclass
class FoundNames(Generic[NameT]):
    """The files of a corpus, and what their names say.

    Attributes:
        folder: that was looked into.
        names: path of a file below it -> what it says.
        left_out: what is no utterance, counted by reason.
    """

    folder: Path
    names: dict[str, NameT]
    left_out: Counter[str]

    def one_of_each(self) -> dict[Path, NameT]:
        """Choose one file of each utterance, in the order of their ids, and count the copies."""
        files, copies = one_of_each((name.id, path) for path, name in self.names.items())
        self.left_out = Counter(dict(sorted((self.left_out + Counter({COPY: copies})).items())))
        return {self.folder / files[id_]: self.names[files[id_]] for id_ in sorted(files)}


def find_names(
    corpus: Corpus,
    root: Path,
    folder: Path,
    progress: Progress,
    name_of: Callable[[str], NameT | str | None],
    *,
    beside: Collection[str] = (),
) -> FoundNames[NameT]:
    """Find the audio of a corpus whose files are known by their names.

    Args:
        corpus: what is told of it.
        root: as the user named it, for messages.
        folder: the corpus's own, the root or one in it.
        progress: told of the files that are found.
        name_of: reads a path below the folder; it returns why it is left out, or None where it is named otherwise.
        beside: endings of the corpus's own texts.

    Raises:
        MissingData: there is no utterance.
        BadManifest: a folder may not be opened.
    """
    listing = list_files(folder, progress, beside=beside)
    left_out, names, example = Counter(listing.left_out), {}, ""
    for path in listing.names:
        name = name_of(path)
        if name is None:
            left_out[f"audio file that is named otherwise than those of {corpus.title}"] += 1
            example = example or path
        elif isinstance(name, str):
            left_out[name] += 1
        else:
            names[path] = name
    if not names:
        raise corpus.without_utterances(root, left_out, example)
    return FoundNames(folder, names, left_out)


def without_ending(path: str) -> str:
    """Return a path without the ending of an audio file.

    What else stands behind a dot belongs to the name, as in ``..._73.28_91.11``.
    """
    first, _, ending = path.rpartition(".")
    return first if f".{ending.lower()}" in AUDIO else path


def stem(path: str) -> str:
    """Return the last part of a path or an address, without the ending of an audio file."""
    return without_ending(path.replace("\\", "/").rpartition("/")[2])


def folder_among(path: str, form: re.Pattern[str]) -> str:
    """Return the innermost folder of a path that has a form, or the form's first group; empty = none has."""
    for folder in reversed(path.replace("\\", "/").split("/")[:-1]):
        if match := form.fullmatch(folder):
            return match[match.lastindex or 0]
    return ""


def folder_of_class(path: str, classes: Collection[str], sets: re.Pattern[str]) -> str:
    """Return the class that a file lies in: of the folders below its set's, the innermost that is one; empty = none is.

    Where no folder is a set's, it is the file's own, or the one above where that is named after audio: folders further
    above are where somebody keeps the corpus, whatever they are called.
    """
    folders = path.replace("\\", "/").split("/")[:-1]
    of_set = [place for place, folder in enumerate(folders) if sets.fullmatch(folder)]
    below = folders[of_set[-1] + 1 :] if of_set else []
    *_, above, own = ("", "", *folders)
    near = [above if _AUDIO_FOLDER.fullmatch(own) else own]
    return next((folder for folder in (*reversed(below), *near) if folder in classes), "")
