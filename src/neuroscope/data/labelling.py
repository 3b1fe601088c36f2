"""Label a manifest for a task: which utterances have a class, and how they are to be split."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from neuroscope.contracts.target import Target
from neuroscope.data.equal_audio import number_audio
from neuroscope.data.sources import check_column
from neuroscope.data.strange_names import about_classes, cautions_about
from neuroscope.data.subsampling import Lengths, said, subsample, told_lengths
from neuroscope.defaults import LEFT_OUT_PARTS, SPLIT_COLUMN, TEST, TRAIN, UNSEEN_SPLIT
from neuroscope.errors import BadManifest
from neuroscope.plugin import options
from neuroscope.plugin.failures import failures_told

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from neuroscope.contracts.audio import Manifest, Utterance
    from neuroscope.contracts.records import Caution
    from neuroscope.contracts.task import Classification, Subsample

_SHOWN = 5


@dataclass(frozen=True)
class LabelledUtterances:
    """Utterances with their classes, by row.

    Attributes:
        utterances: one a row.
        target: class of each.
        audio: name of what each one's samples are, by what the files hold: equal names, equal audio. Empty = not known;
            then utterances are the same audio where they are one span of one path.
    """

    utterances: Sequence[Utterance]
    target: Target
    audio: Sequence[str] = ()

    @cached_property
    def same_audio(self) -> NDArray[np.int64]:
        """Number of each row's audio, int64 ``[rows]``: rows of one number hold the same."""
        return number_audio(self.utterances, self.audio)

    def column(self, name: str) -> list[str | None]:
        """Return a column's values, by row."""
        return [utterance.column(name) for utterance in self.utterances]

    @property
    def columns(self) -> list[str]:
        """Columns that some row has a value for."""
        tags = {name for utterance in self.utterances for name in utterance.tags}
        return sorted(tags | ({"speaker"} if any(self.column("speaker")) else set()))


@dataclass(frozen=True, slots=True)
class LabelledTask:
    """A task with the utterances that it has a class for.

    Attributes:
        task: canonical text.
        rows: labelled utterances, classes in the order of their names.
        unlabelled: utterances of the manifest that the task has no class for.
        split: text of the split.
        drawn: how the rows were drawn of all with a class, for people; empty = these are all.
        not_drawn: how many were not.
        asked: the utterances of the rows, also those that turned out not to be usable.
    """

    task: str
    rows: LabelledUtterances
    unlabelled: int
    split: str
    drawn: str = ""
    not_drawn: int = 0
    asked: tuple[Utterance, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """Utterances of each class."""
        counts = Counter(self.rows.target.values.tolist())
        return {name: counts[number] for number, name in enumerate(self.rows.target.names)}

    @property
    def about(self) -> str:
        """What is asked of how many rows, and of what classes, for an error's beginning."""
        without = f", {self.unlabelled} without" if self.unlabelled else ""
        strange = about_classes(self.rows.target.names)
        rows = f"task {self.task} ({len(self.rows.utterances)} rows with a label{without})"
        return f"{rows}, where {strange}" if strange else rows

    def cautions(self, grouped_by: str, runs: int) -> Iterator[Caution]:
        """Find what a reader has to know of the names of classes, speakers and groups.

        Args:
            grouped_by: the column that the split groups by.
            runs: number of runs.
        """
        columns = {name: Counter(filter(None, self.rows.column(name))) for name in ("speaker", grouped_by)}
        return cautions_about({name: count for name, count in self.counts.items() if count}, columns, runs)

    def only(self, audio: Mapping[str, str]) -> LabelledTask:
        """Keep the utterances that could be used.

        Args:
            audio: id -> name of the audio; utterances with the same name hold the same samples.
        """
        kept = [row for row, utterance in enumerate(self.rows.utterances) if utterance.id in audio]
        utterances = tuple(self.rows.utterances[row] for row in kept)
        target = self.rows.target.of(np.array(kept, dtype=np.int64))
        names = tuple(audio[each.id] for each in utterances)
        return replace(self, rows=LabelledUtterances(utterances, target, names))


def default_split(task: Classification, manifest: Manifest) -> str:
    """Name the split where the user names none: the task's, else the manifest's own, else unseen speakers.

    A manifest has its own where its column ``split`` has both parts; a corpus of which one part is read has none.
    """
    if task.split:
        return _by_speakers_where_lacking(task.split, manifest)
    parts = {each.column(SPLIT_COLUMN) for each in manifest} - {None}
    lacks_one = parts <= {TRAIN, TEST, *LEFT_OUT_PARTS} and not {TRAIN, TEST} <= parts
    own = UNSEEN_SPLIT if lacks_one else f"column:{SPLIT_COLUMN}"
    return options.join(own, {} if task.balance == "none" else {"balance": task.balance})


def _by_speakers_where_lacking(split: str, manifest: Manifest) -> str:
    """Return a task's split; by speakers where it is by the groups of a column that the data do not have."""
    name, settings = options.parse(split)
    form, _, column = name.partition(":")
    return options.join(UNSEEN_SPLIT, settings) if form == "group" and column not in manifest.columns else split


def parts_of(split: str) -> str:
    """Return the column whose values are the parts of a split; empty = its parts are drawn."""
    form, _, column = options.parse(split)[0].partition(":")
    return column if form == "column" else ""


def label_manifest(
    text: str, task: Classification, manifest: Manifest, split: str, lengths: Lengths = told_lengths
) -> LabelledTask:
    """Label the utterances of a manifest with the classes of a task, and draw of them what the task wants.

    Args:
        text: the task's canonical text.
        task: says the class of an utterance.
        manifest: the utterances.
        split: what the user asked for; empty = that of ``default_split``.
        lengths: finds how long utterances are, where the task draws hours of them.

    Raises:
        BadOption: the task draws nothing.
        UnknownName: the manifest lacks a column that the task reads.
        BadManifest: fewer than two classes.
    """
    for column in task.columns:
        check_column(manifest, column)
    with failures_told(f"the label of task {text}"):
        labels = [task.label(utterance) for utterance in manifest]
    classes = tuple(sorted({label for label in labels if label is not None}))
    if len(classes) < 2:
        found = f"{classes[0]} alone" if classes else "none"
        without = labels.count(None)
        lacking = f", {without} of them no label" if 0 < without < len(labels) else ""
        problem = f"task {text} needs at least two classes; {len(manifest)} rows have {found}{lacking}"
        raise BadManifest(manifest.source, [problem + _values_of(task, manifest)])
    known = [(utterance, label) for utterance, label in zip(manifest, labels, strict=True) if label is not None]
    split = split or default_split(task, manifest)
    drawn = _drawn(known, task.subsample, parts_of(split), lengths)
    number = {name: n for n, name in enumerate(classes)}
    values = np.array([number[label] for _, label in drawn], dtype=np.int64)
    asked = tuple(utterance for utterance, _ in drawn)
    return LabelledTask(
        task=text,
        rows=LabelledUtterances(asked, Target(values, classes)),
        unlabelled=len(manifest) - len(known),
        split=split,
        drawn="" if task.subsample is None else said(task.subsample),
        not_drawn=len(known) - len(drawn),
        asked=asked,
    )


def _drawn(
    known: list[tuple[Utterance, str]], wanted: Subsample | None, parts: str, lengths: Lengths
) -> list[tuple[Utterance, str]]:
    """Draw of utterances with a class as many as are wanted, of each part that the column ``parts`` names."""
    if wanted is None:
        return known
    strata = [(label, (parts and utterance.column(parts)) or "") for utterance, label in known]
    return [known[n] for n in subsample([utterance for utterance, _ in known], strata, wanted, lengths)]


def _values_of(task: Classification, manifest: Manifest) -> str:
    """Say what the columns hold that a task reads."""
    held = {column: sorted({value for each in manifest if (value := each.column(column))}) for column in task.columns}
    return "".join(
        f"; column '{column}' holds {', '.join(values[:_SHOWN])}{' and more' if len(values) > _SHOWN else ''}"
        for column, values in held.items()
    )
