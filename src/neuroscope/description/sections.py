"""What a description is to people: lines and tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroscope.data.sources import DATASET_COLUMN
from neuroscope.defaults import SPLIT_COLUMN
from neuroscope.description.facts import ClassFacts
from neuroscope.description.tables import amounts_table, class_table, column_table, pair_table
from neuroscope.description.tidy import CLASS, COLUMN
from neuroscope.report.summary import counts_text
from neuroscope.runtime.wording import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polars import DataFrame

    from neuroscope.description.facts import Amount, DataFacts, SplitFacts, Spread, TaskFacts, TrialFacts
    from neuroscope.report.sections import Section

_PARTS = (DATASET_COLUMN, SPLIT_COLUMN)
"""The columns that have a table of their own."""


def sections_of(
    data: Sequence[DataFacts], tasks: Sequence[TaskFacts], counts: DataFrame, pairs: DataFrame
) -> list[Section]:
    """Say all of a description: each of the data, and behind it the tasks that are asked of it.

    Args:
        data: the data themselves.
        tasks: what each task asks of them.
        counts: the tidy table of utterances.
        pairs: the tidy table of trials.
    """
    import polars

    shown: list[Section] = []
    for each in data:
        shown += [""] if shown else []
        shown += _about_data(each, counts.filter(polars.col("dataset") == each.dataset))
        for facts in tasks:
            if facts.dataset == each.dataset:
                shown += _about_task(facts, counts, pairs)
    return shown


def lines_of(data: Sequence[DataFacts], tasks: Sequence[TaskFacts]) -> list[str]:
    """Say it in a line for each of the data, and one for each task."""
    return [*map(_first_line, data), *(_lines_of_task(each)[0] for each in tasks)]


def _about_data(data: DataFacts, counts: DataFrame) -> list[Section]:
    import polars

    shown: list[Section] = [*_lines_of_data(data)]
    if columns := [each for each in data.columns if each.name not in _PARTS]:
        shown += ["", column_table(columns, counts)]
    for name in _PARTS:
        rows = counts.filter(polars.col("what") == COLUMN, polars.col("column") == name)
        if len(rows):
            shown += ["", amounts_table(name, rows, data.total)]
    return shown


def _about_task(facts: TaskFacts, counts: DataFrame, pairs: DataFrame) -> list[Section]:
    import polars

    shown: list[Section] = ["", *_lines_of_task(facts), ""]
    of_task = polars.col("task") == facts.task
    if isinstance(facts, ClassFacts):
        shown += [class_table(counts.filter(polars.col("what") == CLASS, of_task), facts.split is not None), ""]
    elif len(rows := pairs.filter(of_task)):
        shown += [pair_table(rows), ""]
    return [*shown, *_after(facts)]


def _lines_of_data(data: DataFacts) -> list[str]:
    lines = [_first_line(data), f"From {one_line(data.source)}"] if data.source else [_first_line(data)]
    if data.segmented:
        lines.append(f"Segments: {data.segmented}.")
    spreads = [f"Seconds an utterance: {_spread(data.seconds, '.1f')}."] if data.seconds else []
    if data.per_speaker:
        spreads.append(f"Utterances a speaker: {_spread(data.per_speaker, ',.0f')}.")
    if spreads:
        lines.append(" ".join(spreads))
    if data.rates:
        rates = {f"{rate:,} Hz": count for rate, count in data.rates.items()}
        tracks = {str(number): count for number, count in data.tracks.items()}
        lines.append(f"Sampling rate: {_shares(rates)}. Audio channels of a file: {_shares(tracks)}.")
    if data.trials:
        other = data.trials - data.target_trials
        lines.append(f"Trials: {data.trials:,}, {data.target_trials:,} target and {other:,} non-target.")
    if data.left_out:
        lines.append(f"Left out while reading: {counts_text(data.left_out)}.")
    if data.unusable:
        unusable = {each.reason: each.utterances for each in data.unusable}
        lines.append(f"Cannot be used: {counts_text(unusable)}.")
    return lines + _warnings(data.cautions)


def _first_line(data: DataFacts) -> str:
    return f"{one_line(data.dataset)}: {_amount(data.total)}"


def _amount(amount: Amount) -> str:
    speakers = f" of {_number(amount.speakers, 'speaker')}" if amount.speakers else ""
    length = "" if amount.minutes is None else f", {_length(amount.minutes)}"
    return f"{_number(amount.utterances, 'utterance')}{speakers}{length}"


def _number(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _length(minutes: float) -> str:
    if minutes < 2:
        return f"{60 * minutes:.1f} seconds"
    return f"{minutes:.1f} minutes" if minutes < 120 else f"{minutes / 60:,.1f} hours"


def _spread(spread: Spread, form: str) -> str:
    if spread.least == spread.most:
        return f"{spread.least:{form}}"
    return f"{spread.least:{form}} to {spread.most:{form}}, median {spread.median:{form}}"


def _shares(counts: dict[str, int]) -> str:
    """Name the one, or count each."""
    if len(counts) == 1:
        return next(iter(counts))
    return ", ".join(f"{name} ({count:,})" for name, count in counts.items())


def _lines_of_task(facts: TaskFacts) -> list[str]:
    """Say what a task asks, before its table."""
    asked = f"{one_line(facts.task)} on {one_line(facts.dataset)}"
    if not isinstance(facts, ClassFacts):
        other = facts.trials - facts.target
        lines = [f"{asked}: {facts.trials:,} trials, {facts.target:,} target and {other:,} non-target"]
        drawn = facts.trials - facts.listed
        of_list = f"{facts.listed:,} of the data's own list" if facts.listed else "the data bring no list of these"
        return [*lines, f"Drawn or named by the task: {drawn:,}; {of_list}."] if drawn else lines
    lines = [f"{asked}: {len(facts.classes):,} classes"]
    if facts.not_asked:
        lines.append(f"Not asked: {counts_text(facts.not_asked)}.")
    return lines if facts.split is None else [*lines, *_lines_of_split(facts.split)]


def _lines_of_split(split: SplitFacts) -> list[str]:
    lines = [f"Split: {split.name}, seed {split.seed}: {split.train:,} train, {split.test:,} test."]
    if split.grouped_by:
        lines.append(f"Groups ({split.grouped_by}): {split.train_groups:,} train, {split.test_groups:,} test.")
    return lines + ([f"Left out by the split: {counts_text(split.left_out)}."] if split.left_out else [])


def _after(facts: TaskFacts) -> list[str]:
    """Say what belongs behind a task's table."""
    if isinstance(facts, ClassFacts):
        return [*_about_majority(facts.split), *_warnings(facts.cautions)]
    return [*_about_trials(facts), *_warnings(facts.cautions)]


def _about_majority(split: SplitFacts | None) -> list[str]:
    if split is None:
        return []
    return [f"Majority in test: {one_line(split.majority)}, {100 * split.majority_share:.1f} %."]


def _about_trials(facts: TrialFacts) -> list[str]:
    lines = [f"Compared: {_amount(facts.compared)}. In no trial: {facts.not_compared:,}."]
    return lines + ([f"Proxy: {one_line(facts.proxy)}."] if facts.proxy else [])


def _warnings(cautions: tuple[str, ...]) -> list[str]:
    return [f"Warning: {each}." for each in cautions]
