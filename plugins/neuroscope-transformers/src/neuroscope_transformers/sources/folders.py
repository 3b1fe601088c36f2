"""A model in a folder, as ``save_pretrained`` leaves it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroscope import MissingData, weights
from neuroscope_transformers.families.settings import Settings
from neuroscope_transformers.sources.json_file import read_object
from neuroscope_transformers.sources.model_files import CONFIG, PREPROCESSOR, WEIGHTS, ModelFiles, parts_of

if TYPE_CHECKING:
    from pathlib import Path


def files_in(folder: Path, *, asked: str, with_weights: bool) -> ModelFiles:
    """Find a model's files in a folder.

    Args:
        folder: exists.
        asked: as the user wrote it.
        with_weights: False = configuration alone; no weights are looked for.

    Raises:
        MissingData: config.json or the weights are not there.
        BadOption: a JSON file is none.
    """
    config = folder / CONFIG
    if not config.is_file():
        raise MissingData(
            f"{folder} has no {CONFIG}; expected a folder as save_pretrained makes it, or hf:ID of a model repository"
        )
    paths = {CONFIG: config}
    preprocessor = {}
    if (folder / PREPROCESSOR).is_file():
        paths[PREPROCESSOR] = folder / PREPROCESSOR
        preprocessor = read_object(folder / PREPROCESSOR)
    if with_weights:
        paths |= _weights(folder)
    return ModelFiles(
        asked=asked,
        source=f"the folder {folder.resolve()}",
        named="",
        config=Settings(read_object(config), str(config)),
        preprocessor=Settings(preprocessor, str(folder / PREPROCESSOR)),
        paths=paths,
        digests={name: weights.sha256_of(path) for name, path in paths.items()},
    )


def _weights(folder: Path) -> dict[str, Path]:
    name = next((name for name in WEIGHTS if (folder / name).is_file()), None)
    if name is None:
        raise MissingData(f"{folder} has no weights ({', '.join(WEIGHTS)}); weights=random needs none")
    parts = parts_of(read_object(folder / name), str(folder / name)) if name.endswith(".json") else []
    for part in parts:
        if not (folder / part).is_file():
            raise MissingData(f"{folder / name} names the part {part}, which is not there")
    return {each: folder / each for each in (name, *parts)}
