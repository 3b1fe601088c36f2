"""Describe the trials that a task of speaker verification asks of data, and the dataset of its proxy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroscope.contracts.progress import Progress, silent
from neuroscope.data import sources
from neuroscope.data.places import Data
from neuroscope.data.sources import check_column
from neuroscope.data.trials.asking import ask_trials
from neuroscope.description.counting import SPEAKER, amount_of, values_of
from neuroscope.description.facts import TrialFacts
from neuroscope.errors import NeuroscopeError
from neuroscope.runtime.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from polars import DataFrame

    from neuroscope.contracts.audio import Manifest
    from neuroscope.contracts.task import Verification
    from neuroscope.data.sources import LoadedData
    from neuroscope.data.trials.lists import TrialList
    from neuroscope.plugin.loading import Plugins

PAIRED_BY = ("language", "gender")
"""The columns that trials are counted by."""
_SIDES = ("enrolment", "test")
_TRIAL = (*_SIDES, "target")


def describe_trials(
    text: str, task: Verification, loaded: LoadedData, table: DataFrame, *, proxy: str
) -> tuple[TrialFacts, list[DataFrame]]:
    """Describe the trials that a task makes of the data.

    Args:
        text: canonical text of the task.
        task: makes the trials.
        loaded: the data.
        table: a row of each utterance.
        proxy: what is said of the task's proxy dataset.

    Returns:
        What was found, and the rows of the table ``pairs``.

    Raises:
        UnknownName: the data lack a column that the task reads.
    """
    import polars

    manifest = loaded.manifest
    for column in task.columns:
        check_column(manifest, column)
    asked, of_list = ask_trials(text, task, manifest), set(manifest.trials)
    trials = polars.DataFrame(
        {name: [getattr(each, name) for each in asked.trials] for name in _TRIAL},
        schema={name: polars.Boolean if name == "target" else polars.String for name in _TRIAL},
    )
    named = polars.concat([trials[side] for side in _SIDES]).unique()
    compared = table.filter(polars.col("id").is_in(named.implode()))
    facts = TrialFacts(
        task=text,
        dataset=loaded.text,
        trials=len(trials),
        target=int(trials["target"].sum()),
        listed=sum(each in of_list for each in asked.trials),
        compared=amount_of(compared),
        not_compared=len(table) - len(compared),
        proxy=proxy,
        cautions=tuple(_cautions(trials, len(named) - len(compared), asked)),
    )
    columns = [column for column in PAIRED_BY if column in manifest.columns]
    return facts, list(_pairs(text, trials, manifest, columns))


def _cautions(trials: DataFrame, unknown: int, asked: TrialList) -> list[str]:
    found = []
    if asked.absent:
        found.append(f"{counted(asked.absent, 'trial')} of the list are of utterances that the data do not have")
    if asked.repeated:
        found.append(f"{counted(asked.repeated, 'line')} of the list repeat another, and count once")
    if unknown:
        found.append(f"trials name {counted(unknown, 'utterance')} that the data do not have")
    if trials["target"].n_unique() < 2:
        kinds = "trials" if trials.is_empty() else "non-target trials" if trials["target"].all() else "target trials"
        found.append(f"there are no {kinds}: an error rate takes both kinds")
    return found


def _pairs(task: str, trials: DataFrame, manifest: Manifest, columns: Sequence[str]) -> Iterator[DataFrame]:
    """Count trials by what each column says of both utterances: one value where it is the same, else both, sorted."""
    import polars

    held = polars.DataFrame({"id": values_of(manifest, "id"), **{name: values_of(manifest, name) for name in columns}})
    for side in _SIDES:
        trials = trials.join(
            held.rename({name: f"{name} of {side}" for name in columns}), left_on=side, right_on="id", how="left"
        )
    for column in columns:
        one, other = (polars.col(f"{column} of {side}").fill_null("not known") for side in _SIDES)
        pair = polars.min_horizontal(one, other) + " / " + polars.max_horizontal(one, other)
        counts = trials.group_by(polars.when(one == other).then(one).otherwise(pair).alias("value")).agg(
            polars.len().cast(polars.Int64).alias("trials"), polars.col("target").sum().cast(polars.Int64)
        )
        counts = counts.with_columns((polars.col("trials") - polars.col("target")).alias("nontarget")).sort("value")
        said = [polars.lit(text).alias(name) for name, text in (("task", task), ("column", column))]
        yield counts.select(*said, polars.all())


def describe_proxy(
    task: Verification, data: Data, plugins: Plugins, *, progress: Progress = silent, cache: Path
) -> str:
    """Describe the dataset of a task's proxy in a line, or say what is missing of it; empty where it names none.

    Args:
        task: which may name one.
        data: what the user named, among it where the proxy's dataset lies.
        plugins: with its reader.
        progress: told of long work.
        cache: the cache folder.
    """
    if not task.proxy:
        return ""
    try:
        name = plugins.datasets.choose(task.proxy).name
        roots = [each for each in data.roots if each.partition("=")[0].strip() == name]
        loaded = sources.load(Data(dataset=task.proxy, roots=roots), plugins, progress=progress, cache=cache)
    except NeuroscopeError as error:
        return str(error).rstrip(".")
    speakers = values_of(loaded.manifest, SPEAKER).drop_nulls().n_unique()
    return (
        f"{loaded.text}: {len(loaded.manifest):,} utterances of {counted(speakers, 'speaker')}, from "
        f"{loaded.manifest.source}"
    )
