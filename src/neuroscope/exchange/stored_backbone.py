"""The family ``stored:``: vectors that were computed elsewhere, imported under a name, and found by the utterance's id.

It comes in through the core's own entry point, like anybody's backbones. What a name stands for is one small file of
the store, written after the vectors; the vectors themselves are a representation like any other.
"""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from neuroscope.contracts.backbone import Backbone, BackboneSpec, LayerSpec, Origin
from neuroscope.errors import BadOption, MissingData, StoreMismatch, UnknownName
from neuroscope.plugin.hookspecs import hookimpl
from neuroscope.runtime.files import cache_folder, whole_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from neuroscope.plugin.registry import Registrar

FAMILY = "stored:"
_NAME = re.compile(r"\w[\w.+-]*")
_STORE: ContextVar[Path | None] = ContextVar("store", default=None)


@hookimpl
def register_backbones(register: Registrar[BackboneSpec]) -> None:
    """Register the family."""
    register(
        FAMILY,
        make_stored,
        summary="vectors computed elsewhere, by the name they were imported under (neuroscope import)",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What a name stands for.

    Attributes:
        name: as the user chose it.
        layers: name -> width, in the order of the columns.
        dtype: of the vectors.
        origin: of the vectors; its digest is that of ids and values.
        key: of the representation that holds them.
    """

    name: str
    layers: Mapping[str, int]
    dtype: str
    origin: Origin
    key: str


@contextmanager
def looked_up_in(store: Path) -> Iterator[None]:
    """Names are looked up in this folder of a store; elsewhere in the one in the cache folder."""
    token = _STORE.set(store)
    try:
        yield
    finally:
        _STORE.reset(token)


def make_stored(name: str) -> BackboneSpec:
    """The backbone of a name.

    Raises:
        UnknownName: nothing was imported under it.
        StoreMismatch: what is known of it cannot be read.
    """
    stored = find(_STORE.get() or cache_folder() / "store", name)
    layers = tuple(LayerSpec(layer, width, pooling="none") for layer, width in stored.layers.items())

    def load(device: str) -> Backbone:
        del device
        raise MissingData(f"{FAMILY}{name} holds vectors that were computed elsewhere; there is no model to run")

    return BackboneSpec(sample_rate=1, layers=layers, origin=stored.origin, load=load, stored_as=stored.dtype)


def find(store: Path, name: str) -> Stored:
    """What a name stands for.

    Raises:
        UnknownName: nothing was imported under it.
        StoreMismatch: what is known of it cannot be read.
    """
    known = names(store)
    if name not in known:
        hint = f"`neuroscope import FILE --manifest M --name {name}` brings vectors into the store."
        raise UnknownName("name of stored vectors", name, known, hint)
    file = _file(store, name)
    try:
        read = json.loads(file.read_text())
        origin = Origin(**{**read["origin"], "files": tuple(read["origin"]["files"])})
        return Stored(**{**read, "origin": origin})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise StoreMismatch(f"{file} cannot be read ({error}); import the vectors again") from error


def names(store: Path) -> list[str]:
    """Names that something was imported under."""
    return sorted(file.stem for file in _folder(store).glob("[!.]*.json"))


def check_name(name: str) -> None:
    """Raise BadOption if the name cannot be a name of stored vectors."""
    if not _NAME.fullmatch(name):
        raise BadOption(f"--name {name}: expected letters, digits and any of . _ + -, beginning with a letter or digit")


def remember(store: Path, stored: Stored) -> None:
    """From now on the name stands for this."""
    file = _file(store, stored.name)
    file.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(file) as temporary:
        temporary.write_text(json.dumps(asdict(stored), indent=1))


def forget(store: Path, name: str) -> None:
    """From now on the name stands for nothing."""
    _file(store, name).unlink(missing_ok=True)


def _file(store: Path, name: str) -> Path:
    return _folder(store) / f"{name}.json"


def _folder(store: Path) -> Path:
    return store / "imported"
