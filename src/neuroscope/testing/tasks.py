"""Checks of tasks: a question that can be asked of this data, and whose answer can be tested.

Those about labels are of a ``Classification`` and are here; those about trials are in ``verifications``.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from neuroscope.contracts.target import Target
from neuroscope.contracts.task import Classification
from neuroscope.data import sources as corpora
from neuroscope.data.labelling import LabelledUtterances, default_split
from neuroscope.data.places import Data
from neuroscope.data.splitting import splits
from neuroscope.errors import NeuroscopeError
from neuroscope.plugin import options
from neuroscope.testing import verifications
from neuroscope.testing.cases import NotApplicable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from neuroscope.contracts.audio import Manifest, Utterance
    from neuroscope.contracts.task import Split, Task
    from neuroscope.plugin.loading import Plugins

_SEEDS = range(5)
_SHOWN = 5


@dataclass(frozen=True)
class Subject:
    """A task that is checked, with the utterances that it is asked of.

    Attributes:
        text: of the task.
        task: what its factory declares.
        manifest: the utterances that it is asked of.
        plugins: that it was found among.
    """

    text: str
    task: Task
    manifest: Manifest
    plugins: Plugins

    @property
    def asks_classes(self) -> Classification:
        """The task as one that asks classes; a check that needs one does not apply to another."""
        if not isinstance(self.task, Classification):
            raise NotApplicable("the task asks trials, not classes")
        return self.task

    @cached_property
    def answers(self) -> list[Any]:
        """The answer of ``label`` for each utterance."""
        return [self.asks_classes.label(each) for each in self.manifest]

    @cached_property
    def changing(self) -> list[str]:
        """Ids of the utterances whose answer changes when the task is asked again, in the opposite order."""
        again = [self.asks_classes.label(replace(each)) for each in reversed(self.manifest.utterances)]
        pairs = zip(self.manifest, self.answers, reversed(again), strict=True)
        return [each.id for each, first, second in pairs if first != second]

    @cached_property
    def rows(self) -> LabelledUtterances:
        """The utterances that have a class, with classes in the order of their names."""
        classes = sorted({answer for answer in self.answers if answer is not None}, key=str)
        if len(classes) < 2:
            raise NotApplicable("there is no split to look at: the task finds fewer than two classes")
        number = {name: n for n, name in enumerate(classes)}
        known = [pair for pair in zip(self.manifest, self.answers, strict=True) if pair[1] is not None]
        values = np.array([number[answer] for _, answer in known], dtype=np.int64)
        return LabelledUtterances([utterance for utterance, _ in known], Target(values, tuple(map(str, classes))))

    @property
    def split(self) -> str:
        """The split where a user asks for none: the task's, else the manifest's, else unseen speakers."""
        return default_split(self.asks_classes, self.manifest)

    @cached_property
    def parts(self) -> list[Split]:
        """The split of ``split`` by seed; one alone where the seed changes nothing."""
        first = splits.split(self.split, self.rows, _SEEDS[0])
        return [first] if first.fixed else [first, *(splits.split(self.split, self.rows, s) for s in _SEEDS[1:])]


def subject(text: str, data: Data | None, plugins: Plugins) -> Subject:
    """Build a task, and read what it is asked of: ``data``, else the datasets that it names.

    Raises:
        UnknownName: no such task, option or dataset, or no column of the data has a name that the task reads.
        BadOption: no data.
        PluginBroken: the factory returns neither a ``Classification`` nor a ``Verification``.
        NeuroscopeError: the data cannot be read.
    """
    choice = plugins.tasks.choose(text)
    task = choice.build()
    loaded = corpora.load(data or Data(), plugins, task.datasets)
    for column in task.columns:
        corpora.check_column(loaded.manifest, column)
    return Subject(choice.text, task, loaded.manifest, plugins)


def default_datasets_exist(subject: Subject) -> None:
    """Every dataset that it is asked of by default is installed, with the options that it names."""
    for text in (*subject.task.datasets, *filter(None, [getattr(subject.task, "proxy", "")])):
        try:
            subject.plugins.datasets.choose(text)
        except NeuroscopeError as error:
            raise AssertionError(f"the task names dataset {text}: {error}") from error


def answers_are_text_or_none(subject: Subject) -> None:
    """The label is a text that is not empty, or None."""
    bad = Counter(repr(each) for each in subject.answers if each is not None and not _is_text(each))
    if bad:
        raise AssertionError(
            f"label answers {_some(bad)}: return the class's name as a text, and None where there is no class"
        )


def finds_two_classes(subject: Subject) -> None:
    """At least two classes are found in the data."""
    counts = Counter(str(each) for each in subject.answers if each is not None)
    found = ", ".join(f"{name} ({count})" for name, count in sorted(counts.items())) or "none"
    columns = ", ".join(subject.task.columns) or "no column"
    if len(counts) < 2:
        raise AssertionError(f"of {len(subject.manifest)} utterances, classes: {found}; label reads {columns}")


def label_is_deterministic(subject: Subject) -> None:
    """An utterance gets the same label each time, in any order."""
    some = _some(subject.changing)
    if some:
        raise AssertionError(
            f"asked again, in the opposite order, label says something else of {some}: keep no state in it"
        )


def label_reads_declared_columns_alone(subject: Subject) -> None:
    """The label depends on no column that is not declared in columns, and on no path."""
    if subject.changing:
        raise NotApplicable("label says something else each time")
    declared = set(subject.task.columns)
    others = ", ".join(sorted({*subject.manifest.columns} - declared)) or "none"
    for number, (each, answer) in enumerate(zip(subject.manifest, subject.answers, strict=True)):
        bare = replace(
            each,
            id=each.id if "id" in declared else f"utterance{number}",
            path=None,
            speaker=each.speaker if "speaker" in declared else None,
            tags={name: value for name, value in each.tags.items() if name in declared},
        )
        told = _label(subject, bare)
        if told != answer:
            raise AssertionError(
                f"{each.id} is {answer!r}, and {told!r} without its path and the columns that are not declared "
                f"({others}): declare in columns what label reads, and let the dataset make a tag of what a path says"
            )


def an_unknown_column_is_no_error(subject: Subject) -> None:
    """An utterance that lacks a declared column gets a label or None, and no exception."""
    of_each_class = {repr(answer): each for each, answer in zip(subject.manifest, subject.answers, strict=True)}
    for column in (name for name in subject.task.columns if name != "id"):
        for each in of_each_class.values():
            tags = {name: value for name, value in each.tags.items() if name != column}
            lacking = replace(each, speaker=None if column == "speaker" else each.speaker, tags=tags)
            told = _label(subject, lacking)
            if isinstance(told, _Raised):
                raise AssertionError(
                    f"label raises {told.text} for an utterance without '{column}': read utterance.column('{column}'), "
                    f"which is None where it is not known, and return None"
                )


def every_class_is_in_both_parts(subject: Subject) -> None:
    """The split that is made where a user asks for none brings every class into train and test, for five seeds."""
    rows = subject.rows
    try:
        parts = subject.parts
    except NeuroscopeError as error:
        raise AssertionError(f"split {subject.split}: {error}") from error
    for made in parts:
        for part, which in ((made.train, "train"), (made.test, "test")):
            absent = [name for n, name in enumerate(rows.target.names) if n not in rows.target.values[part]]
            if absent:
                raise AssertionError(f"split {made.name}: class {absent[0]} has no utterance in {which}")


def no_utterance_is_in_both_parts(subject: Subject) -> None:
    """No span of audio is in both parts of that split, be it under two ids."""
    for made in _parts(subject):
        shared = _shared(made, [_span(each) for each in subject.rows.utterances])
        twice = [f"{subject.rows.utterances[a].id} = {subject.rows.utterances[b].id}" for a, b in shared]
        if twice:
            raise AssertionError(
                f"split {made.name}: the same audio is in train and in test: {_some(twice)}; leave repeated rows out "
                f"in the dataset, or choose a split that keeps them together (Classification.split)"
            )


def no_group_is_in_both_parts(subject: Subject) -> None:
    """Where that split keeps speakers (or another column) apart, none is in both parts, however it is spaced."""
    for made in _parts(subject):
        form, _, column = options.parse(made.name)[0].partition(":")
        if form not in {"speaker", "group"}:
            raise NotApplicable(f"split {made.name} promises no groups that are kept apart")
        names = subject.rows.column(column or form)
        shared = _shared(made, [None if name is None else _normalised(name) for name in names])
        twice = _some(dict.fromkeys(f"{names[a]!r} and {names[b]!r}" for a, b in shared))
        if twice:
            raise AssertionError(
                f"split {made.name}: the same {column or form} is in train and in test: {twice}; write each name in "
                f"one way in the dataset: those that differ in a space, or in how an accent is encoded, are two"
            )


def _parts(subject: Subject) -> list[Split]:
    try:
        return subject.parts
    except NeuroscopeError as error:
        raise NotApplicable(f"the split cannot be made: {error}") from None


def _shared(made: Split, keys: Sequence[Any]) -> list[tuple[int, int]]:
    """Find pairs of a training and a test row that have the same key, one for each key; None is no key."""
    first = _first_rows(made.train, keys)
    other = _first_rows(made.test, keys)
    return [(row, other[key]) for key, row in first.items() if key in other]


def _first_rows(part: NDArray[np.int64], keys: Sequence[Any]) -> dict[Any, int]:
    return {keys[row]: row for row in reversed(part.tolist()) if keys[row] is not None}


def _span(utterance: Utterance) -> tuple[Any, ...] | None:
    u = utterance
    return None if u.path is None else (u.path, u.start, u.duration, u.audio_channel)


def _normalised(name: str) -> str:
    """Normalise a name: equal signs for equal letters, and single spaces."""
    return " ".join(unicodedata.normalize("NFC", name).split())


@dataclass(frozen=True, slots=True)
class _Raised:
    """The error that ``label`` raised instead of an answer."""

    text: str

    def __repr__(self) -> str:
        return self.text


def _label(subject: Subject, utterance: Utterance) -> Any:
    try:
        return subject.asks_classes.label(utterance)
    except Exception as error:  # whatever a stranger's label raises is its answer here
        return _Raised(f"{type(error).__name__}: {error}")


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _some(names: Iterable[str]) -> str:
    names = list(names)
    return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")


CHECKS: tuple[Callable[[Subject], None], ...] = (
    default_datasets_exist,
    answers_are_text_or_none,
    finds_two_classes,
    label_is_deterministic,
    label_reads_declared_columns_alone,
    an_unknown_column_is_no_error,
    every_class_is_in_both_parts,
    no_utterance_is_in_both_parts,
    no_group_is_in_both_parts,
    *verifications.CHECKS,
)
