"""A checkpoint of torch, read without running anything that it holds: the wanted entries of its dictionary."""

from __future__ import annotations

import argparse
import errno
import struct
import zipfile
import zlib
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from neuroscope.errors import BadOption, MissingData
from neuroscope.runtime.wording import one_line
from neuroscope.weights.archives import Archive, opened
from neuroscope.weights.constructors import UNREAD
from neuroscope.weights.inert import DEEPEST, DROPPED, Attributes, Foreign, StoragePlace, TensorPlace, Unreadable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from torch import Tensor

_MOST_PLAIN = 1_000_000
_DAMAGE = (ValueError, LookupError, ArithmeticError, EOFError, RuntimeError, NotImplementedError, struct.error)
_OF_ZIP = (zipfile.BadZipFile, zlib.error)


def read_checkpoint(path: Path, keep: Sequence[str]) -> dict[str, Any]:
    """Read entries of a file that ``torch.save`` wrote of a dictionary; nothing that the file holds is executed.

    Args:
        path: a zip archive, or a file of torch before 1.6.
        keep: the entries that are wanted; of others no tensor is read.

    Returns:
        those of the wanted entries that are there, in the order of ``keep``: tensors on the CPU (parameters too,
        without gradients; those that share a storage still do), dictionaries (ordered ones with their
        ``_metadata``), lists, tuples, sets, texts, numbers, bytes, None, ``argparse.Namespace``; ``Foreign`` for
        classes, functions and instances of all other classes.

    Raises:
        MissingData: there is no such file.
        BadOption: it cannot be read, is damaged, is no checkpoint of a dictionary, or holds what is not read safely.
    """
    try:
        with path.open("rb") as stream:
            archive = opened(path, stream)
            if not isinstance(archive.content, dict):
                raise Unreadable("it holds no dictionary")
            finished = _Finished(archive)
            return {key: finished.value(archive.content[key]) for key in keep if key in archive.content}
    except FileNotFoundError:
        raise MissingData(f"there is no checkpoint {path}") from None
    except Unreadable as error:
        raise BadOption(f"{path} is not read as a checkpoint: {one_line(str(error))}") from None
    except OSError as error:
        if error.errno == errno.EINVAL:  # an offset before the begin
            raise BadOption(f"{path} is not read as a checkpoint: it is damaged") from None
        raise BadOption(f"{path} cannot be read: {error.strerror or error}") from None
    except MemoryError:
        raise BadOption(f"{path} does not fit into memory") from None
    except (*_DAMAGE, *_OF_ZIP) as error:
        raise BadOption(f"{path} is not read as a checkpoint: it is damaged ({one_line(str(error))[:200]})") from None


def plain(value: Any) -> Any:
    """Return settings as plain dictionaries, lists and values: a copy, namespaces and ordered dictionaries as ``dict``.

    Args:
        value: from ``read_checkpoint``; tensors stay what they are.

    Raises:
        BadOption: something in it is an object of a class that was not read, or it is larger than settings are.
    """
    return _Plain().value(value, DEEPEST)


class _Plain:
    """One copy; what comes in several places is copied into each, so that what is made is as small as it looks."""

    def __init__(self) -> None:
        self._left = _MOST_PLAIN

    def value(self, value: Any, depth: int) -> Any:
        self._left -= 1
        if self._left < 0 or depth < 0:
            raise BadOption("the settings in this checkpoint are nested too deeply, or too many")
        if isinstance(value, Foreign):
            raise BadOption(f"the settings in this checkpoint hold {one_line(str(value))}, which is not read")
        if isinstance(value, argparse.Namespace):
            value = vars(value)
        if isinstance(value, dict):
            return {key: self.value(each, depth - 1) for key, each in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            made = [self.value(each, depth - 1) for each in value]
            return made if isinstance(value, list) else type(value)(made)
        return value


class _Finished:
    """What was read, with its tensors; each object is made once, so that what was shared still is.

    Args:
        archive: where the storages are.
    """

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._storages: dict[str, Tensor] = {}
        self._made: dict[int, Any] = {}

    def value(self, value: Any, depth: int = DEEPEST) -> Any:
        if depth < 0:
            raise Unreadable("it is nested too deeply")
        if id(value) not in self._made:
            self._made[id(value)] = self._value(value, depth - 1)
        return self._made[id(value)]

    def _value(self, value: Any, depth: int) -> Any:
        if isinstance(value, TensorPlace):
            return self._tensor(value)
        if isinstance(value, StoragePlace | Foreign):
            return self._name(value)
        if isinstance(value, dict | set | frozenset) and DROPPED in value:
            raise Unreadable("a key of a dictionary or an item of a set is of a kind that is not read (a tuple, ...)")
        if isinstance(value, Attributes):
            return self._namespace(value, depth)
        if isinstance(value, dict):
            return self._dictionary(value, depth)
        if isinstance(value, list):
            items = self._made[id(value)] = []
            items.extend(self.value(each, depth) for each in value)
            return items
        return tuple(self.value(each, depth) for each in value) if isinstance(value, tuple) else value

    def _name(self, value: StoragePlace | Foreign) -> Foreign:
        if isinstance(value, StoragePlace):
            return Foreign("torch", "UntypedStorage")
        if value == UNREAD or value.module == "torch._utils":
            raise Unreadable(f"it holds a tensor of a kind that is not read ({value})")
        return value

    def _namespace(self, value: Attributes, depth: int) -> argparse.Namespace:
        made = self._made[id(value)] = argparse.Namespace()
        for name, each in value.items():
            if hasattr(argparse.Namespace, name):
                raise Unreadable("an attribute of a namespace has a name of the class's own")
            setattr(made, name, self.value(each, depth))
        return made

    def _dictionary(self, value: dict[Any, Any], depth: int) -> dict[Any, Any]:
        made: dict[Any, Any] = OrderedDict() if isinstance(value, OrderedDict) else {}
        self._made[id(value)] = made
        for key, each in value.items():
            made[key] = self.value(each, depth)
        if hasattr(value, "_metadata"):
            made._metadata = self.value(value._metadata, depth)  # type: ignore[attr-defined]
        return made

    def _tensor(self, place: TensorPlace) -> Tensor:
        import torch

        storage, kind = place.storage, getattr(torch, place.kind)
        if storage.key not in self._storages:
            content = self._archive.read(storage)
            if self._archive.is_swapped:
                content.untyped_storage().byteswap(  # type: ignore[no-untyped-call]
                    getattr(torch, storage.kind) if storage.kind else kind
                )
            self._storages[storage.key] = content
        content = self._storages[storage.key]
        if len(content) != storage.size:
            raise Unreadable("two tensors disagree about the size of their storage")
        made = torch.empty(0, dtype=kind)
        made.set_(content.untyped_storage(), place.offset, place.shape, place.strides)
        return made
