"""Find what the user names: a folder where there is one of that name, else a repository of the hub."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from neuroscope import BadOption, MissingData
from neuroscope_transformers.sources.folders import Folder
from neuroscope_transformers.sources.repositories import repository

if TYPE_CHECKING:
    from neuroscope_transformers.sources.model_files import Place

_PATH_LIKE = ("/", ".", "~")


def place_of(asked: str, revision: str | None) -> Place:
    """Find the folder or repository that is asked for.

    Raises:
        MissingData: there is none.
        BadOption: neither can be meant, or a folder is given a revision.
    """
    folder = _folder(asked)
    if folder is None:
        return repository(asked, revision)
    if revision is not None:
        raise BadOption(f"hf:{asked} is a folder, which has no revisions; leave revision={revision} out")
    return Folder(folder)


def _folder(asked: str) -> Path | None:
    try:
        path = Path(asked).expanduser()
        is_folder = path.is_dir()
    except (OSError, RuntimeError, ValueError):  # a name too long, no such user, a zero byte
        path, is_folder = Path(asked), False
    if is_folder:
        return path
    if asked.startswith(_PATH_LIKE):
        raise MissingData(f"hf:{asked}: there is no such folder")
    return None
