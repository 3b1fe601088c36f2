"""The files of one model, as they were found."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from neuroscope import BadOption

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from neuroscope_transformers.families.settings import Settings

CONFIG = "config.json"
PREPROCESSOR = "preprocessor_config.json"
WEIGHTS = ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json")
"""Names that weights have, those that are taken first first; an index names the parts of a checkpoint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFiles:
    """A model's configuration, and where its files are.

    Attributes:
        asked: the folder or ID, as the user wrote it.
        source: where it is from, for people; of a hub's model with the commit.
        named: what stands in the store's key for what the user wrote: an ID, or nothing for a folder, which may move.
        config: of the model.
        preprocessor: of its feature extractor; empty where it has none.
        paths: file name -> where it lies: the JSON files that there are and, unless weights are random, the weights.
        digests: file name -> sha256 of the content, of the same files.
    """

    asked: str
    source: str
    named: str
    config: Settings
    preprocessor: Settings
    paths: Mapping[str, Path]
    digests: Mapping[str, str]

    @property
    def digest(self) -> str:
        """Digest of all files together, by their names."""
        lines = "".join(f"{name} {digest}\n" for name, digest in sorted(self.digests.items()))
        return hashlib.sha256(lines.encode()).hexdigest()

    @property
    def weights(self) -> tuple[str, ...]:
        """Names of the files that hold tensors."""
        return tuple(name for name in self.paths if not name.endswith(".json"))


def parts_of(index: Mapping[str, object], file: str) -> list[str]:
    """List the files that the index of a checkpoint names, each once, in order of their names.

    Raises:
        BadOption: it names none, or something that is no plain file name.
    """
    placed = index.get("weight_map")
    names = set(placed.values()) if isinstance(placed, dict) else set()
    if not names:
        raise BadOption(f"{file} names no parts of the weights (weight_map)")
    strange = [name for name in names if not _is_plain(name)]
    if strange:
        raise BadOption(f"{file} names the part {str(strange[0])[:60]!r}, which is no file name of weights")
    return sorted(str(name) for name in names)


def check_no_code(config: Settings) -> None:
    """Refuse a model that brings code of its own.

    Raises:
        BadOption: its configuration names code.
    """
    if config.get("auto_map"):
        raise BadOption(f"{config.file} has an auto_map: the model brings code of its own, which hf: never runs")


def _is_plain(name: object) -> bool:
    good = isinstance(name, str) and name.endswith((".safetensors", ".bin")) and len(name) <= 200
    return good and not str(name).startswith(".") and not set(str(name)) & set("/\\\0")
