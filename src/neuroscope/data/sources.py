"""DATA -> manifest: which datasets, where they lie, and which of their utterances."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neuroscope.contracts.audio import Manifest, Trial, Utterance
from neuroscope.contracts.progress import Progress, silent
from neuroscope.data.missing import MissingTogether
from neuroscope.data.places import Data, Source, find
from neuroscope.data.trials.keeping import with_utterances
from neuroscope.errors import BadManifest, BadOption, UnknownName
from neuroscope.plugin import options
from neuroscope.runtime.files import cache_folder, is_text
from neuroscope.runtime.gc_pause import gc_paused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from neuroscope.plugin.loading import Plugins
    from neuroscope.plugin.registry import Choice

DATASET_COLUMN = "dataset"
"""The column that says where an utterance comes from, when several datasets are joined."""


@dataclass(frozen=True, slots=True)
class LoadedData:
    """A manifest and the canonical text of the datasets that it comes from.

    Attributes:
        text: of the datasets.
        manifest: their utterances.
        segmented: what was cut into segments, for people; empty = nothing was to be.
        roots: the folders that the datasets lie in, absolute.
    """

    text: str
    manifest: Manifest
    segmented: str = ""
    roots: tuple[Path, ...] = ()


def load(
    data: Data,
    plugins: Plugins,
    wanted: Sequence[str] = (),
    *,
    progress: Progress = silent,
    cache: Path | None = None,
) -> LoadedData:
    """Find and read what the user named; arguments and errors as for ``find`` and ``read``."""
    return read(find(data, plugins, wanted), data, progress=progress, cache=cache)


def read(
    sources: Sequence[Source], data: Data, *, progress: Progress = silent, cache: Path | None = None
) -> LoadedData:
    """Read datasets, and join them where they are several.

    Args:
        sources: from ``find``.
        data: with the conditions that utterances have to meet.
        progress: told of long work; handed to a reader that asks for it.
        cache: the cache folder, the same; None = that of the environment.

    Raises:
        MissingData: what a dataset needs is not there; of several datasets, all that do not are told at once.
        BadOption: a condition cannot be read.
        UnknownName: no such column or value.
        BadManifest: no utterance is left.
    """
    roots = tuple(_folder(each.root) for each in sources)
    conditions = [_condition(text) for text in data.where]
    manifests = _read_all(sources, {"progress": progress, "cache": cache or cache_folder()})
    manifest = manifests[0][1] if len(manifests) == 1 else _joined(manifests)
    twice = [name for name, count in Counter(each.id for each in manifest).items() if count > 1]
    if twice or not len(manifest):
        problems = [f"id {name} comes more than once" for name in twice] or ["it has no utterances"]
        raise BadManifest(manifest.source or manifests[0][0].text, problems)
    text = "+".join(choice.text for choice, _ in manifests)
    return LoadedData(text, _filtered(manifest, conditions), roots=roots)


def _read_all(sources: Sequence[Source], at_hand: Mapping[str, Any]) -> list[tuple[Choice[Manifest], Manifest]]:
    """Read the datasets; what is missing is told of all of them at once."""
    read, missing = [], MissingTogether()
    with gc_paused():
        for each in sources:
            with missing:
                read.append((each.choice, each.read(at_hand)))
    missing.check()
    return read


def _folder(root: Path) -> Path:
    """The folder that a dataset lies in: that of its manifest, where it is a file.

    Raises:
        BadManifest: its name is no UTF-8, which what a run writes of it has to be.
    """
    full = Path.cwd() / root
    if not is_text(full):
        raise BadManifest(str(full), [f"the folder {str(full)!a} is no UTF-8; rename it, or name a link to it"])
    return full.parent if full.is_file() else full


def _joined(pairs: Sequence[tuple[Choice[Manifest], Manifest]]) -> Manifest:
    """Several datasets as one: ids begin with the dataset's name, which is a column too."""
    utterances: list[Utterance] = []
    trials: list[Trial] = []
    left_out: dict[str, int] = {}
    sources = []
    for choice, manifest in pairs:
        tags = {DATASET_COLUMN: choice.name}
        utterances += (replace(each, id=f"{choice.name}/{each.id}", tags={**each.tags, **tags}) for each in manifest)
        trials += (Trial(f"{choice.name}/{t.enrolment}", f"{choice.name}/{t.test}", t.target) for t in manifest.trials)
        for reason, count in manifest.left_out.items():
            left_out[reason] = left_out.get(reason, 0) + count
        sources.append(manifest.source)
    warnings = dict.fromkeys(manifest.warning for _, manifest in pairs if manifest.warning)
    ways = dict.fromkeys(manifest.way for _, manifest in pairs if manifest.way)
    return Manifest(tuple(utterances), ", ".join(sources), left_out, "; ".join(warnings), " ".join(ways), tuple(trials))


def _condition(text: str) -> tuple[str, frozenset[str]]:
    column, equals, values = text.partition("=")
    if not column or not equals or not values:
        raise BadOption(f"--where {text}: expected COLUMN=VALUE or COLUMN=VALUE,VALUE")
    return column, frozenset(options.split_commas(values))


def _filtered(manifest: Manifest, conditions: Sequence[tuple[str, frozenset[str]]]) -> Manifest:
    if not conditions:
        return manifest
    for column, values in conditions:
        check_column(manifest, column)
        known = {value for each in manifest if (value := each.column(column)) is not None}
        if strange := sorted(values - known):
            raise UnknownName(f"value of column '{column}'", strange[0], known)
    kept = tuple(each for each in manifest if all(each.column(column) in values for column, values in conditions))
    if not kept:
        raise BadManifest(manifest.source, ["no utterance meets all --where conditions"])
    return with_utterances(manifest, kept, lost="trial of an utterance that --where leaves out")


def check_column(manifest: Manifest, column: str) -> None:
    """Raise UnknownName if no utterance has a value in the column."""
    if column not in manifest.columns:
        raise UnknownName("column", column, manifest.columns, manifest.way.replace("{column}", column))
