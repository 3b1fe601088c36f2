"""Write files so that nothing half-written is ever seen, and find the folders of neuroscope's own files.

What is being written is locked, so that whoever removes what dead writers left can tell it from what living ones have.
"""

from __future__ import annotations

import glob
import os
import secrets
import shutil
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from neuroscope.errors import BadOption
from neuroscope.runtime.file_lock import ATTEMPTS, make_folder, try_to_lock

if TYPE_CHECKING:
    from collections.abc import Iterator

_TRIAL = 2**16
"""Bytes that are written on trial."""


def cache_folder() -> Path:
    """Return the folder of the store and the run folders: ``$NEUROSCOPE_CACHE``, else the user's cache folder.

    Raises:
        BadOption: its name is no text.
    """
    named = os.environ.get("NEUROSCOPE_CACHE")
    folder = Path(named).expanduser().absolute() if named else Path(platformdirs.user_cache_dir("neuroscope"))
    if not is_text(folder):
        raise BadOption(f"the cache folder {folder} is not UTF-8; name another with NEUROSCOPE_CACHE")
    return folder


def is_text(path: Path) -> bool:
    """Tell whether a path is UTF-8: what writes Parquet takes no other."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def data_folders(dataset: str) -> list[Path]:
    """List the folders where a dataset is looked for: ``$NEUROSCOPE_DATA/<dataset>``, then the user's data folder."""
    named = os.environ.get("NEUROSCOPE_DATA")
    folders = [Path(named).expanduser()] if named else []
    folders.append(Path(platformdirs.user_data_dir("neuroscope")))
    return [folder / dataset for folder in folders]


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a path beside ``path`` to write to; renamed to it when the block ends well, removed when it does not."""
    with _locked(path, is_folder=False) as temporary:
        try:
            yield temporary
            _sync(temporary)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path, *, replace: bool = False) -> Iterator[Path]:
    """Yield a temporary folder beside ``path``; renamed to it when the block ends well, removed when it does not.

    Where ``path`` exists already it wins, unless ``replace``, which is for one writer at a time.
    """
    path = path.resolve()
    with _locked(path, is_folder=True) as temporary:
        try:
            yield temporary
            for file in sorted(temporary.rglob("*")):
                _sync(file)
            _sync(temporary)
            _take_place(temporary, path, replace)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def scratch_folder(path: Path) -> Iterator[Path]:
    """Yield a folder beside ``path`` for what is needed while that is made; removed when the block ends."""
    with _locked(path, is_folder=True) as temporary:
        try:
            yield temporary
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def leftovers_of(path: Path) -> list[Path]:
    """List what writers of ``path`` have left beside it; a former ``path`` that has no successor comes back first.

    It is for whoever keeps other writers out.
    """
    beside = f".{glob.escape(path.name)}.*"
    for former in sorted(path.parent.glob(f"{beside}.former")):
        if not os.path.lexists(path):
            former.rename(path)
    return [left for ending in ("former", "partial") for left in sorted(path.parent.glob(f"{beside}.{ending}"))]


def write_on_trial(path: Path) -> None:
    """Write a little beside a path, as an unfinished folder, and remove all that was made for it.

    Raises:
        OSError: nothing can be written there, the disk is full, or the name is too long.
    """
    made = [parent for parent in path.parents if not parent.exists()]
    try:
        for left in reversed(range(ATTEMPTS)):
            make_folder(path.parent)
            try:
                with scratch_folder(path) as trial:
                    (trial / "trial").write_bytes(bytes(_TRIAL))
                break
            except FileNotFoundError:  # another process, on trial too, had made the folder, and has removed it
                if not left:
                    raise
    finally:
        with suppress(OSError):  # not made, or of use to somebody by now
            for parent in made:
                parent.rmdir()


@contextmanager
def _locked(path: Path, *, is_folder: bool) -> Iterator[Path]:
    """Make an empty file or folder beside ``path`` that is locked as long as this process writes to it."""
    while True:
        temporary = _beside(path)
        if is_folder:
            temporary.mkdir()
        else:
            temporary.touch(exist_ok=False)
        try:
            handle = os.open(temporary, os.O_RDONLY)
        except FileNotFoundError:  # whoever removes leftovers was faster than the lock
            continue
        try:
            if try_to_lock(handle) is not False and temporary.exists():
                yield temporary
                return
        finally:
            os.close(handle)


def _beside(path: Path) -> Path:
    """Make a name that nobody else has; not by ``tempfile``, which denies other users what the umask allows them."""
    return path.with_name(f".{path.name}.{secrets.token_hex(8)}.partial")


def _take_place(temporary: Path, path: Path, replace: bool) -> None:
    former = temporary.with_suffix(".former")
    if replace:
        with suppress(FileNotFoundError):
            path.rename(former)
    try:
        temporary.rename(path)
    except OSError:
        if not path.exists():
            raise
    finally:
        if former.exists() and not path.exists():
            former.rename(path)
        shutil.rmtree(former, ignore_errors=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
