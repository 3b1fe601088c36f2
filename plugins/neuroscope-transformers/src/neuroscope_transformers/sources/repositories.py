"""A model in a repository of the Hugging Face hub: in the hub's own cache, or downloaded."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from neuroscope import BadOption, MissingData, weights
from neuroscope_transformers.families.settings import Settings
from neuroscope_transformers.sources.json_file import read_object
from neuroscope_transformers.sources.model_files import CONFIG, PREPROCESSOR, WEIGHTS, ModelFiles, parts_of

if TYPE_CHECKING:
    from neuroscope.weights import HubFile

_ID = re.compile(r"(?:[A-Za-z0-9_][\w.-]{0,95}/)?[A-Za-z0-9_][\w.-]{0,95}", re.ASCII)


def files_of(repo: str, *, revision: str | None, with_weights: bool) -> ModelFiles:
    """Find a model's files in the hub's cache, or download those that are needed.

    Args:
        repo: ``owner/name``, or the name alone.
        revision: branch, tag or commit; None = the main branch.
        with_weights: False = configuration alone; no weights are looked for.

    Raises:
        BadOption: this is no ID, or a JSON file is none.
        MissingData: there is no such repository or revision, it may not be read, or it has no configuration or weights.
    """
    if not _ID.fullmatch(repo) or ".." in repo or "--" in repo:
        raise BadOption(f"hf:{repo}: there is no such folder, and this is no ID of a model repository (owner/name)")
    config = weights.hub_file(repo, CONFIG, revision=revision)
    found = {CONFIG: config}
    preprocessor = weights.hub_file(repo, PREPROCESSOR, revision=config.commit, optional=True)
    if preprocessor is not None:
        found[PREPROCESSOR] = preprocessor
    if with_weights:
        found |= _weights(repo, config.commit)
    return ModelFiles(
        asked=repo,
        source=f"{repo} on the Hugging Face hub, commit {config.commit}",
        named=repo,
        config=Settings(read_object(config.path), f"{repo}/{CONFIG}"),
        preprocessor=Settings(read_object(preprocessor.path) if preprocessor else {}, f"{repo}/{PREPROCESSOR}"),
        paths={name: each.path for name, each in found.items()},
        digests={name: each.digest for name, each in found.items()},
    )


def _weights(repo: str, commit: str) -> dict[str, HubFile]:
    main = weights.hub_files(repo, WEIGHTS, revision=commit)
    if main is None:
        raise MissingData(f"{repo} has no weights ({', '.join(WEIGHTS)}); weights=random needs none")
    found = {main.name: main}
    if main.name.endswith(".json"):
        for part in parts_of(read_object(main.path), f"{repo}/{main.name}"):
            found[part] = weights.hub_file(repo, part, revision=commit)
    return found
