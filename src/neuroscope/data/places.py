"""Where data lie: what the user named, what a task asks by default, and which reader is for which place."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neuroscope.defaults import FOLDER_READER, READERS
from neuroscope.errors import BadOption, MissingData
from neuroscope.plugin import options
from neuroscope.plugin.values import path_of, texts_of
from neuroscope.runtime.files import data_folders

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from neuroscope.contracts.audio import Manifest
    from neuroscope.plugin.loading import Plugins
    from neuroscope.plugin.registry import Choice


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
            at = f"--root {self.root}"
            raise MissingData(
                f"{error} That is the task's default. Other data: --root MANIFEST.csv; --dataset NAME {at}; or, with "
                f"the class in the folders' names, --dataset {FOLDER_READER},column=COLUMN {at}, where COLUMN is the "
                "one that the task asks about."
            ) from None


def find(data: Data, plugins: Plugins, wanted: Sequence[str] = (), beside: Sequence[str] = ()) -> tuple[Source, ...]:
    """Find out which datasets are to be read, and where.

    A folder named by ``root`` alone, and paths named by ``roots``, are those of the wanted datasets where they can be.

    Args:
        data: what the user named.
        plugins: with the readers.
        wanted: datasets that the task names, for when the user names none.
        beside: datasets that a place may be named for, and that are no part of these data: those of other tasks.

    Raises:
        BadOption: nothing, or too much, is named.
        MissingData: a root does not exist, and no dataset was named for it.
        UnknownName: no such dataset or option.
    """
    names = {options.parse(text)[0] for text in wanted}
    others = {options.parse(text)[0] for text in beside} - names
    roots = {name: root for name, root in _roots(data).items() if name not in others}
    if data.root is not None and roots:
        raise BadOption("--root names one dataset; for several write --data DATASET=PATH for each, and no --root")
    if data.dataset:
        return (_named(data, plugins.datasets.choose(data.dataset), roots),)
    asked = {choice.name: choice for choice in map(plugins.datasets.choose, wanted)}
    if roots.keys() - names:
        named = [asked.get(name) or plugins.datasets.choose(name) for name in roots]
        return tuple(Source(choice, roots[choice.name]) for choice in named)
    if data.root is not None:
        return (_at_root(data.root, list(asked.values()), plugins),)
    if not asked:
        raise BadOption("no data: name a file or folder with --root, or a dataset with --dataset (`neuroscope list`)")
    return tuple(Source(choice, roots.get(name) or _default_root(name)) for name, choice in asked.items())


def _named(data: Data, choice: Choice[Manifest], roots: Mapping[str, Path]) -> Source:
    """Find the place of the one dataset that the user named."""
    if strange := sorted(roots.keys() - {choice.name}):
        raise BadOption(f"--data {strange[0]}=...: the dataset asked for is {choice.name}")
    return Source(choice, data.root or roots.get(choice.name) or _default_root(choice.name))


def _at_root(root: Path, asked: Sequence[Choice[Manifest]], plugins: Plugins) -> Source:
    """Find out what lies at a root: a manifest, the task's one dataset, or a folder of audio."""
    if root.is_dir() and len(asked) == 1:
        return Source(asked[0], root, guessed=True)
    if root.is_dir() and asked:
        ways = " ".join(f"--data {choice.name}=PATH" for choice in asked)
        raise BadOption(
            f"--root {root} is one folder, and the task is asked of {' and '.join(each.name for each in asked)}: "
            f"write {ways}; for other data also say what reads them, --dataset NAME --root {root}"
        )
    return Source(plugins.datasets.choose(_reader_of(root, plugins)), root)


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
