"""DATA -> manifest: which datasets, where they lie, and which of their utterances."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neuroscope.contracts.audio import Manifest, Trial, Utterance
from neuroscope.contracts.progress import Progress, silent
from neuroscope.data.missing import MissingTogether
from neuroscope.defaults import FOLDER_READER, READERS
from neuroscope.errors import BadManifest, BadOption, MissingData, UnknownName
from neuroscope.plugin import options
from neuroscope.plugin.values import path_of, texts_of
from neuroscope.runtime.files import cache_folder, data_folders
from neuroscope.runtime.gc_pause import gc_paused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from neuroscope.plugin.loading import Plugins
    from neuroscope.plugin.registry import Choice

DATASET_COLUMN = "dataset"
"""The column that says where an utterance comes from, when several datasets are joined."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """Where the utterances come from, as the user said it.

    Attributes:
        dataset: a dataset in the component grammar; empty = told by ``root``.
        root: the file or folder of the dataset; a text becomes a path, with ``~`` read.
        roots: ``DATASET=PATH`` for several datasets that are joined; one text or several.
        where: ``COLUMN=VALUE[,VALUE]``; all of them hold; one text or several.

    Raises:
        BadOption: a value is of none of these types.
    """

    dataset: str = ""
    root: Path | None = None
    roots: Sequence[str] = ()
    where: Sequence[str] = ()

    def __init__(
        self,
        *,
        dataset: str = "",
        root: str | PathLike[str] | None = None,
        roots: str | Sequence[str] = (),
        where: str | Sequence[str] = (),
    ) -> None:
        (named,) = texts_of("dataset", [dataset])
        given = {"root": path_of("root", root), "roots": texts_of("roots", roots), "where": texts_of("where", where)}
        for name, value in {"dataset": named, **given}.items():
            object.__setattr__(self, name, value)


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


@dataclass(frozen=True, slots=True)
class Source:
    """A dataset that is to be read.

    Attributes:
        choice: the dataset with its options.
        root: where it lies.
        guessed: whether it is read there because the task names it, and not the user.
    """

    choice: Choice[Manifest]
    root: Path
    guessed: bool = False

    @property
    def key(self) -> tuple[str, Path]:
        """What says that two are the same: the dataset's text and its root."""
        return self.choice.text, self.root

    def read(self, at_hand: Mapping[str, Any]) -> Manifest:
        """Read the manifest.

        Args:
            at_hand: what a reader is given if it asks for it.

        Raises:
            MissingData: it is not there.
            NeuroscopeError: it cannot be read.
        """
        try:
            return self.choice.build(self.root, **at_hand)
        except MissingData as error:
            if not self.guessed:
                raise
            raise MissingData(
                f"{error} That is the task's default; other data: --root MANIFEST.csv, or --dataset NAME --root PATH "
                f"({FOLDER_READER} reads any audio; `neuroscope list datasets`)."
            ) from None


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


def find(data: Data, plugins: Plugins, wanted: Sequence[str] = ()) -> tuple[Source, ...]:
    """Find out which datasets are to be read, and where.

    A folder named by ``root`` alone, and paths named by ``roots``, are those of the wanted datasets where they can be.

    Args:
        data: what the user named.
        plugins: with the readers.
        wanted: datasets that the task names, for when the user names none.

    Raises:
        BadOption: nothing, or too much, is named.
        MissingData: a root does not exist, and no dataset was named for it.
        UnknownName: no such dataset or option.
    """
    roots = _roots(data)
    asked = [plugins.datasets.choose(name) for name in wanted]
    guessed = False
    if data.dataset:
        choices = [plugins.datasets.choose(data.dataset)]
    elif roots:
        of_task = asked and roots.keys() <= {choice.name for choice in asked}
        choices = asked if of_task else [plugins.datasets.choose(name) for name in roots]
    elif data.root is not None:
        guessed = data.root.is_dir() and len(asked) == 1
        choices = asked if guessed else [plugins.datasets.choose(_reader_of(data.root, plugins))]
    elif asked:
        choices = asked
    else:
        raise BadOption("no data: name a file or folder with --root, or a dataset with --dataset (`neuroscope list`)")
    if strange := sorted(roots.keys() - {choice.name for choice in choices}):
        raise BadOption(f"--data {strange[0]}=...: the dataset asked for is {choices[0].name}")
    if data.root is not None and (roots or len(choices) > 1):
        raise BadOption("--root names one dataset; for several write --data DATASET=PATH for each, and no --root")
    places = [data.root or roots.get(choice.name) or _default_root(choice.name) for choice in choices]
    return tuple(Source(choice, place, guessed) for choice, place in zip(choices, places, strict=True))


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
    conditions = [_condition(text) for text in data.where]
    manifests = _read_all(sources, {"progress": progress, "cache": cache or cache_folder()})
    manifest = manifests[0][1] if len(manifests) == 1 else _joined(manifests)
    twice = [name for name, count in Counter(each.id for each in manifest).items() if count > 1]
    if twice or not len(manifest):
        problems = [f"id {name} comes more than once" for name in twice] or ["it has no utterances"]
        raise BadManifest(manifest.source or manifests[0][0].text, problems)
    text, roots = "+".join(choice.text for choice, _ in manifests), tuple(_folder(each.root) for each in sources)
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


def _roots(data: Data) -> dict[str, Path]:
    pairs = options.parse_pairs(list(data.roots), of="--data")
    try:
        return {name: options.to_path(path) for name, path in pairs.items()}
    except ValueError as error:
        raise BadOption(f"--data ...={error}: expected a path") from None


def _reader_of(root: Path, plugins: Plugins) -> str:
    if root.is_dir():
        return FOLDER_READER
    if not root.exists():
        hint = f"; there is a dataset of this name: --dataset {root}" if str(root) in plugins.datasets.entries else ""
        wanted = f"name a manifest ({', '.join(READERS)}) or a folder of audio{hint}"
        raise MissingData(f"--root {root} does not exist; {wanted}")
    if root.suffix.lower() not in READERS:
        raise BadOption(f"--root {root}: expected a folder or a file that ends in {', '.join(READERS)}")
    return READERS[root.suffix.lower()]


def _default_root(name: str) -> Path:
    """The first of the default places that exists, else the first: a dataset may be made there."""
    folders = data_folders(name)
    return next((folder for folder in folders if folder.exists()), folders[0])


def _folder(root: Path) -> Path:
    """The folder that a dataset lies in: that of its manifest, where it is a file."""
    full = Path.cwd() / root
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
    ids = {each.id for each in kept}
    trials = tuple(each for each in manifest.trials if each.enrolment in ids and each.test in ids)
    return replace(manifest, utterances=kept, trials=trials)


def check_column(manifest: Manifest, column: str) -> None:
    """Raise UnknownName if no utterance has a value in the column."""
    if column not in manifest.columns:
        raise UnknownName("column", column, manifest.columns, manifest.way.replace("{column}", column))
