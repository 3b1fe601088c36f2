"""Tasks and splits: the question that is asked, and the rows that train and test."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from neuroscope.contracts.audio import Manifest, Trial, Utterance


@dataclass(frozen=True, slots=True, kw_only=True)
class Subsample:
    """A draw of utterances of each class; where the split is by parts that a column names, of each part apart.

    Which are drawn depends on the seed and the ids alone: another utterance in the data moves few of them.

    Attributes:
        limit: utterances of each class at most; None = any number.
        hours: of audio of each class, reached by the last utterance drawn; None = any length.
        balanced: whether all classes are cut to as many utterances as the smallest has.
        seed: of the draw.
    """

    limit: int | None = None
    hours: float | None = None
    balanced: bool = False
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """A task that asks for the class of single utterances.

    Attributes:
        label: the class of an utterance; None = not part of the task (counted, never silently dropped).
        columns: the columns that ``label`` reads, for messages and for checks before any audio is read.
        datasets: what it is asked of where the user names no data, each in the component grammar; several are joined.
        split: in the grammar of ``--split``; empty = a ``split`` column, else speaker-disjoint. By the groups of a
            column that the data lack, it is by speakers.
        balance: ``class`` or ``train``: the classes are cut to the size of the smallest, in both parts or in training
            alone, where the split is none that the task or the user names.
        subsample: how many utterances of each class are asked about; None = all.
    """

    label: Callable[[Utterance], str | None]
    columns: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    split: str = ""
    balance: Literal["none", "class", "train"] = "none"
    subsample: Subsample | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """The task of speaker verification: is one speaker heard in both utterances of a trial? Nothing is trained.

    A trial's score is the cosine of its two vectors; the equal error rate says how well scores tell target from
    non-target trials.

    Attributes:
        trials: those of a manifest, of both kinds and each once: the same ones, in the same order, whenever the same
            manifest is given. Both ids of a trial are of the manifest, and they differ.
        columns: the columns that ``trials`` reads, for messages and for checks before any audio is read.
        datasets: what it is asked of where the user names no data, each in the component grammar; several are joined.
        proxy: the dataset, in the component grammar, whose speakers a classifier is trained on to find the neurons that
            know speakers (paper, section 4.2); empty = none.
        trial_list: a file that the trials are read from, in place of ``trials``; None = none.
    """

    trials: Callable[[Manifest], Sequence[Trial]]
    columns: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    proxy: str = ""
    trial_list: Path | None = None


Task = Classification | Verification


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A division of the rows into those that train and those that test.

    Attributes:
        name: the split's text in the component grammar, canonical.
        train: int64 row numbers, ascending.
        test: the same; no row is in both.
        groups: int64 ``[rows]``, the group (speaker, text, ...) of each row; rows without one are their own group.
            Groups that hold the same audio are one.
        group_names: name of each group number.
        grouped_by: the column that ``groups`` comes from; empty = each utterance is its own, but for equal audio.
        fixed: True where another seed gives the same split.
        left_out: rows in neither part, counted by reason.
        warning: what a reader must know before the numbers, e.g. speakers that are in both parts; a line each,
            empty = nothing.
        audio: int64 ``[rows]``, number of each row's audio: rows of one number hold the same, and no split that is
            drawn parts them; None = each row has its own.
    """

    name: str
    train: NDArray[np.int64]
    test: NDArray[np.int64]
    groups: NDArray[np.int64]
    group_names: tuple[str, ...]
    grouped_by: str
    fixed: bool
    left_out: Mapping[str, int] = field(default_factory=dict)
    warning: str = ""
    audio: NDArray[np.int64] | None = None
