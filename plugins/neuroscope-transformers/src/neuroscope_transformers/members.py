"""What ``neuroscope list hf:`` shows: speech encoders in the user's own hub cache, and a model of each family."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import neuroscope
from neuroscope import Member, MissingDependency, NeuroscopeError
from neuroscope_transformers.families.settings import Settings
from neuroscope_transformers.families.table import FAMILIES
from neuroscope_transformers.sources.json_file import read_object
from neuroscope_transformers.sources.model_files import CONFIG, PREPROCESSOR

if TYPE_CHECKING:
    from collections.abc import Iterator


def members() -> list[Member]:
    """List models in the hub's cache first, then one of each family; nothing is loaded or downloaded."""
    cached = list(_cached())
    here = {each.name for each in cached}
    examples = [
        Member(each.example, f"{each.title}, from the hub; published weights: {each.licence}")
        for each in FAMILIES
        if each.example not in here
    ]
    return [*cached, *examples]


def _cached() -> Iterator[Member]:
    """Look at each repository of models in the cache, in order of their names."""
    try:
        constants = neuroscope.require("huggingface_hub.constants")
        hub = neuroscope.require("huggingface_hub")
    except MissingDependency:
        return
    for folder in sorted(Path(constants.HF_HUB_CACHE).glob("models--*")):
        repo = folder.name.removeprefix("models--").replace("--", "/")
        found = hub.try_to_load_from_cache(repo, CONFIG)
        configs = [Path(found)] if isinstance(found, str) else sorted(folder.glob(f"snapshots/*/{CONFIG}"))
        if configs and (member := _member(repo, configs[-1])):
            yield member


def _member(repo: str, path: Path) -> Member | None:
    """Describe a model by its configuration; None where it is of no known family."""
    known = {each.model_type: each for each in FAMILIES}
    try:
        config = Settings(read_object(path), CONFIG)
    except NeuroscopeError:
        return None
    model_type = config.get("model_type")
    family = known.get(model_type) if isinstance(model_type, str) else None
    if family is None:
        return None
    summary = f"{family.title}, in the hub's cache"
    if config.get("auto_map"):
        return Member(repo, summary, "it brings code of its own (auto_map), which hf: never runs")
    beside = path.with_name(PREPROCESSOR)
    try:
        preprocessor = Settings(read_object(beside) if beside.is_file() else {}, PREPROCESSOR)
        layers = [each for each in family.anatomy(config, preprocessor, "hidden").layers if each.in_all]
    except NeuroscopeError as error:
        return Member(repo, summary, str(error))
    return Member(repo, f"{summary}: {len(layers)} blocks, {layers[0].width} wide")
