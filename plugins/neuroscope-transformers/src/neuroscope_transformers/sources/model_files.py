"""The files of one model, as they were found."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from neuroscope import BadOption
from neuroscope_transformers.families.settings import Settings
from neuroscope_transformers.sources.json_file import read_object
from neuroscope_transformers.wording import shown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from neuroscope import MissingData

CONFIG = "config.json"
PREPROCESSOR, PROCESSOR = "preprocessor_config.json", "processor_config.json"
WEIGHTS = ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json")
"""Names that weights have, those that are taken first first; an index names the parts of a checkpoint."""

_IMPLEMENTATIONS = ("attn_implementation", "experts_implementation")
_LABELS = frozenset({"id2label", "label2id", "num_labels", "problem_type"})


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file that is here.

    Attributes:
        path: where.
        digest: sha256 of its bytes.
    """

    path: Path
    digest: str


class Place(Protocol):
    """A folder or a repository.

    Attributes:
        source: where it is, for people.
        repo: ID of the repository; empty for a folder, which may move.
    """

    @property
    def source(self) -> str: ...  # noqa: D102

    @property
    def repo(self) -> str: ...  # noqa: D102

    def find(self, name: str) -> FoundFile | None: ...  # noqa: D102

    def lacks(self, what: str) -> MissingData: ...  # noqa: D102


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFiles:
    """A model's configuration, and where its files are.

    Attributes:
        place: where they were found.
        config: of the model.
        preprocessor: of its feature extractor; empty where it has none.
        found: file name -> the file: the JSON files that there are and, once they are looked for, the weights.
    """

    place: Place
    config: Settings
    preprocessor: Settings
    found: Mapping[str, FoundFile]

    @property
    def paths(self) -> dict[str, Path]:
        """Where each file lies, by its name."""
        return {name: each.path for name, each in self.found.items()}

    @property
    def digest(self) -> str:
        """Digest of all files together, by their names."""
        lines = "".join(f"{name} {each.digest}\n" for name, each in sorted(self.found.items()))
        return hashlib.sha256(lines.encode()).hexdigest()

    @property
    def weights(self) -> tuple[str, ...]:
        """Names of the files that hold tensors."""
        return tuple(name for name in self.found if not name.endswith(".json"))


def configuration_in(place: Place) -> ModelFiles:
    """Read a model's configuration; weights are not looked for.

    Raises:
        MissingData: there is no config.json.
        BadOption: a JSON file is none, the model brings code of its own, or its weights are quantised.
    """
    config = place.find(CONFIG)
    if config is None:
        raise place.lacks(f"{CONFIG}; expected a folder as save_pretrained makes it, or hf:ID of a model repository")
    preprocessor, files_of_it = _preprocessor(place)
    files = ModelFiles(
        place=place,
        config=Settings(read_object(config.path, _is_left_out), str(config.path)),
        preprocessor=preprocessor,
        found={CONFIG: config, **files_of_it},
    )
    if files.config.get("auto_map"):
        raise BadOption(f"{files.config.file} has an auto_map: the model brings code of its own, which hf: never runs")
    if files.config.get("quantization_config"):
        raise BadOption(f"{files.config.file} has a quantization_config: hf: runs no weights that were quantised")
    return files


def _is_left_out(name: str) -> bool:
    """Whether a setting is kept from transformers, wherever in config.json it stands.

    A name of an implementation may be that of code on the hub, which the library would fetch and run; labels are those
    of heads, which are not made.
    """
    return name in _LABELS or name.lstrip("_").startswith(_IMPLEMENTATIONS)


def _preprocessor(place: Place) -> tuple[Settings, dict[str, FoundFile]]:
    """Read the settings of the feature extractor: a file of its own, or a part of a processor's (transformers 5)."""
    alone = place.find(PREPROCESSOR)
    if alone is not None:
        return Settings(read_object(alone.path), PREPROCESSOR), {PREPROCESSOR: alone}
    processor = place.find(PROCESSOR)
    nested = read_object(processor.path).get("feature_extractor") if processor is not None else None
    if processor is None or nested is None:
        return Settings({}, PREPROCESSOR), {}
    if not isinstance(nested, dict):
        raise Settings({}, str(processor.path)).wrong("feature_extractor", nested, "an object of settings")
    return Settings(nested, f"{PROCESSOR}, feature_extractor"), {PROCESSOR: processor}


def with_weights(files: ModelFiles) -> ModelFiles:
    """Find a model's weights, too.

    Raises:
        MissingData: there are none, or a part of them is not there.
        BadOption: the index of a checkpoint in parts is none.
    """
    place = files.place
    for name in WEIGHTS:
        main = place.find(name)
        if main is not None:
            break
    else:
        raise place.lacks(f"weights ({', '.join(WEIGHTS)}); weights=random needs none")
    found = {**files.found, name: main}
    for part in parts_of(read_object(main.path), str(main.path)) if name.endswith(".json") else ():
        there = place.find(part)
        if there is None:
            raise place.lacks(f"{part}, a part of the weights that {name} names")
        found[part] = there
    return replace(files, found=found)


def parts_of(index: Mapping[str, object], file: str) -> list[str]:
    """List the files that the index of a checkpoint names, each once, in order of their names.

    Raises:
        BadOption: it names none, or something that is no plain file name.
    """
    placed = index.get("weight_map")
    names = list(placed.values()) if isinstance(placed, dict) else []
    if not names:
        raise BadOption(f"{file} names no parts of the weights (weight_map)")
    strange = [name for name in names if not _is_plain(name)]
    if strange:
        raise BadOption(f"{file} names the part '{shown(strange[0])}', which is no file name of weights")
    return sorted({str(name) for name in names})


def _is_plain(name: object) -> bool:
    good = isinstance(name, str) and name.endswith((".safetensors", ".bin")) and len(name) <= 200
    return good and not str(name).startswith(".") and not set(str(name)) & set("/\\\0")
