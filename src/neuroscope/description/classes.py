"""Describe what a task with classes asks of data: its classes, and the split that a probe would make first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neuroscope.data.labelling import label_manifest
from neuroscope.data.splitting.splits import split
from neuroscope.data.subsampling import told_lengths
from neuroscope.description.counting import counted_by
from neuroscope.description.facts import ClassFacts, SplitFacts
from neuroscope.description.tidy import CLASS, LEFT_OUT, TEST, TRAIN, UNUSABLE, count_rows
from neuroscope.errors import BadSplit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polars import DataFrame

    from neuroscope.contracts.task import Classification, Split
    from neuroscope.data.labelling import LabelledTask
    from neuroscope.data.sources import LoadedData
    from neuroscope.data.subsampling import Lengths

SEED = 0
"""Of the split: that of a probe's first run."""


def describe_classes(
    text: str,
    task: Classification,
    loaded: LoadedData,
    table: DataFrame,
    *,
    audio: Mapping[str, str] | None,
    split_text: str,
    lengths: Lengths = told_lengths,
) -> tuple[ClassFacts, list[DataFrame]]:
    """Describe what a task asks of the data.

    Args:
        text: canonical text of the task.
        task: says the class of an utterance.
        loaded: the data.
        table: a row of each utterance.
        audio: id -> name of the audio, of the utterances that can be used; None = not known, and all can.
        split_text: what the user asked for; empty = the task's own, else the data's, else unseen speakers.
        lengths: finds how long utterances are, where the task draws hours of them.

    Returns:
        What was found, and the rows of the table ``counts``.

    Raises:
        UnknownName: the data lack a column that the task reads.
        BadManifest: fewer than two classes.
    """
    labelled = label_manifest(text, task, loaded.manifest, split_text, lengths)
    usable = labelled if audio is None else labelled.only(audio)
    made: Split | None = None
    try:
        made = split(usable.split, usable.rows, SEED)
        cautions = made.warning.splitlines()
    except BadSplit as error:
        cautions = [f"no split can be made: {error}".removesuffix(".")]
    cautions += [each.line for each in usable.cautions(made.grouped_by if made else "", 1)]
    facts = ClassFacts(
        task=text,
        dataset=loaded.text,
        classes=labelled.rows.target.names,
        not_asked=_not_asked(labelled),
        split=None if made is None else _facts_of(made, usable),
        cautions=tuple(dict.fromkeys(cautions)),
    )
    rows = _with_parts(table, labelled, usable, made)
    counts = [
        count_rows(counted_by(rows, *names.values()), CLASS, task=text, names=names)
        for names in ({}, {"part": "part"}, {"value": "class"}, {"value": "class", "part": "part"})
    ]
    return facts, counts


def _not_asked(labelled: LabelledTask) -> dict[str, int]:
    """Count the utterances that the task is not asked of, by reason."""
    counts = {"without a class": labelled.unlabelled, f"not drawn ({labelled.drawn})": labelled.not_drawn}
    return {reason: count for reason, count in counts.items() if count}


def _with_parts(table: DataFrame, labelled: LabelledTask, usable: LabelledTask, made: Split | None) -> DataFrame:
    """Give the rows of labelled utterances their class, and their part: null where there is no split."""
    import polars

    texts = {"id": polars.String, "class": polars.String, "part": polars.String}
    names = polars.Series(labelled.rows.target.names, dtype=polars.String)
    ids = [each.id for each in labelled.rows.utterances]
    classes = polars.DataFrame({"id": ids, "class": names[labelled.rows.target.values]}, schema_overrides=texts)
    part = np.full(len(usable.rows.utterances), None if made is None else LEFT_OUT, dtype=object)
    if made is not None:
        part[made.train], part[made.test] = TRAIN, TEST
    used = [each.id for each in usable.rows.utterances]
    parts = polars.DataFrame({"id": used, "part": part.tolist(), "used": True}, schema_overrides=texts)
    known = table.join(classes, on="id").join(parts, on="id", how="left")
    unused = polars.col("used").is_null()
    return known.with_columns(polars.when(unused).then(polars.lit(UNUSABLE)).otherwise("part").alias("part"))


def _facts_of(made: Split, usable: LabelledTask) -> SplitFacts:
    values, names = usable.rows.target.values, usable.rows.target.names
    tested = np.bincount(values[made.test], minlength=len(names))
    majority = int(tested.argmax())
    return SplitFacts(
        name=made.name,
        seed=SEED,
        train=len(made.train),
        test=len(made.test),
        train_groups=len(np.unique(made.groups[made.train])),
        test_groups=len(np.unique(made.groups[made.test])),
        grouped_by=made.grouped_by,
        left_out={reason: count for reason, count in made.left_out.items() if count},
        majority=names[majority],
        majority_share=float(tested[majority] / tested.sum()),
    )
