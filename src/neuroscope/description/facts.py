"""What is found about data, and about what a task asks of them: counts and lengths, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """An amount of speech.

    Attributes:
        utterances: how many.
        minutes: of those that can be used; None = no length is known.
        speakers: how many are named.
        recordings: the same, of the column ``recording``.
    """

    utterances: int
    minutes: float | None
    speakers: int
    recordings: int


@dataclass(frozen=True, slots=True)
class Spread:
    """The least, the middle and the largest of many numbers."""

    least: float
    median: float
    most: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnFacts:
    """One column of the data.

    Attributes:
        name: of the column.
        utterances: how many have a value.
        values: how many different ones there are.
        listed: whether each value is counted; False where nearly every utterance has one of its own.
    """

    name: str
    utterances: int
    values: int
    listed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusable:
    """The utterances that cannot be used for one reason.

    Attributes:
        reason: a short fixed phrase.
        utterances: how many.
        example: the first, in words.
    """

    reason: str
    utterances: int
    example: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFacts:
    """The data themselves.

    Attributes:
        dataset: canonical text.
        source: where they were read, for people.
        total: all of them.
        seconds: how long utterances are; None = not known.
        per_speaker: utterances that a speaker has; None = no speaker is known.
        rates: sampling rate in Hz -> utterances.
        tracks: tracks of the file -> utterances.
        columns: those that utterances have values for, speakers first.
        left_out: rows or files of the source that are no utterance, by reason.
        unusable: utterances whose audio cannot be used, by reason.
        cautions: what is strange about them, a sentence each, without its end.
        segmented: what was cut into segments; empty = nothing.
        trials: trials that the corpus brings.
        target_trials: those of one speaker.
    """

    dataset: str
    source: str
    total: Amount
    seconds: Spread | None
    per_speaker: Spread | None
    rates: Mapping[int, int]
    tracks: Mapping[int, int]
    columns: tuple[ColumnFacts, ...]
    left_out: Mapping[str, int]
    unusable: tuple[Unusable, ...]
    cautions: tuple[str, ...]
    segmented: str
    trials: int
    target_trials: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitFacts:
    """The split that a probe of the task would make first.

    Attributes:
        name: canonical text.
        seed: of the draw.
        train: utterances that train.
        test: utterances that test.
        train_groups: groups of the training part.
        test_groups: groups of the test part.
        grouped_by: the column of the groups; empty = each utterance is its own.
        left_out: utterances in neither part, by reason.
        majority: the most frequent class of the test part.
        majority_share: its share there: what who always says it gets right.
    """

    name: str
    seed: int
    train: int
    test: int
    train_groups: int
    test_groups: int
    grouped_by: str
    left_out: Mapping[str, int]
    majority: str
    majority_share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassFacts:
    """What a task with classes asks of the data.

    Attributes:
        task: canonical text.
        dataset: the same, of the data.
        classes: their names, sorted.
        not_asked: utterances that the task is not asked of, by reason.
        split: how a probe would split them; None = it cannot.
        cautions: what a reader has to know, a sentence each, without its end; why there is no split is one.
    """

    task: str
    dataset: str
    classes: tuple[str, ...]
    not_asked: Mapping[str, int]
    split: SplitFacts | None
    cautions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialFacts:
    """The trials that a task of speaker verification asks of the data.

    Attributes:
        task: canonical text.
        dataset: the same, of the data.
        trials: how many.
        target: those of one speaker.
        listed: those of the trial list that the data bring.
        compared: the utterances in them.
        not_compared: utterances in no trial.
        proxy: the dataset whose speakers a classifier is trained on, or what is missing of it; empty = none.
        cautions: what a reader has to know, a sentence each, without its end.
    """

    task: str
    dataset: str
    trials: int
    target: int
    listed: int
    compared: Amount
    not_compared: int
    proxy: str
    cautions: tuple[str, ...]


TaskFacts: TypeAlias = ClassFacts | TrialFacts
