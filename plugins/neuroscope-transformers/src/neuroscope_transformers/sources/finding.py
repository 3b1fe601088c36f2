"""Find the files of the model that the user names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroscope import BadOption, MissingData
from neuroscope_transformers.sources.folders import files_in
from neuroscope_transformers.sources.model_files import ModelFiles, check_no_code
from neuroscope_transformers.sources.repositories import files_of

if TYPE_CHECKING:
    from pathlib import Path

_PATH_LIKE = ("/", ".", "~")


def find(asked: str, *, revision: str | None, with_weights: bool) -> ModelFiles:
    """Find a model's files: in a folder where there is one of that name, else in the hub.

    Raises:
        MissingData: there is no such folder or repository, or files are not in it.
        BadOption: neither can be meant, a folder is given a revision, or the model brings code of its own.
    """
    folder = _folder(asked)
    if folder is None:
        found = files_of(asked, revision=revision, with_weights=with_weights)
    elif revision is not None:
        raise BadOption(f"hf:{asked} is a folder, which has no revisions; leave revision={revision} out")
    else:
        found = files_in(folder, asked=asked, with_weights=with_weights)
    check_no_code(found.config)
    return found


def _folder(asked: str) -> Path | None:
    from pathlib import Path

    try:
        path = Path(asked).expanduser()
        is_folder = path.is_dir()
    except (OSError, RuntimeError, ValueError):  # no such user, a name too long, a zero byte
        path, is_folder = Path(asked), False
    if is_folder:
        return path
    if asked.startswith(_PATH_LIKE):
        raise MissingData(f"hf:{asked}: there is no such folder")
    return None
