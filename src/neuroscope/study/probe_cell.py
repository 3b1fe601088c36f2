"""Cells of the layer-wise analysis: the probe on each layer of one backbone, for one task; then backbones compared."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from neuroscope.contracts import conditions
from neuroscope.contracts.rows import ALL
from neuroscope.probing.comparisons import Whole, between_backbones
from neuroscope.probing.layerwise import layerwise
from neuroscope.probing.predictions import Prediction

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from neuroscope.contracts.progress import Progress
    from neuroscope.contracts.rows import Row
    from neuroscope.probing.cell_result import CellResult
    from neuroscope.probing.layerwise import FinishedFits
    from neuroscope.study.cell_inputs import CellInputs
    from neuroscope.study.cell_parts import CellPart, UnkeptCell

    _Asked = tuple[CellInputs, CellPart | UnkeptCell, str]


def run_probe_cell(inputs: CellInputs, finished: FinishedFits | None, progress: Progress) -> CellResult:
    """Read the vectors, and probe every layer and ALL.

    Args:
        inputs: backbone, task, runs, settings.
        finished: keeps each fit when it is done, and knows those of an earlier try.
        progress: told of every fit.
    """
    prepared, rows = inputs.prepared, inputs.labelled.rows
    layers = inputs.settings.layers_of(prepared)
    ids = [utterance.id for utterance in rows.utterances]
    return layerwise(
        inputs.cell,
        prepared.representation.features(ids, [inputs.row_of[each] for each in ids], layers),
        rows.target,
        inputs.runs,
        inputs.settings.template,
        in_all=[layer for layer in prepared.in_all if layer in layers],
        finished=finished,
        progress=progress,
    )


def compare_backbones(cells: Iterable[tuple[CellInputs, CellPart | UnkeptCell]]) -> list[Row]:
    """Compare the backbones that were asked the same task of the same utterances in the same splits, in pairs.

    Where one could not use an utterance that others used, its splits are others, and it is compared with none. Of
    several texts for the same vectors the first is compared: the others would be compared with themselves, and as
    more pairs widen the intervals of all.

    Args:
        cells: of all tasks: what each was computed from, and its part.
    """
    tasks: dict[str, dict[str, _Asked]] = {}
    for inputs, part in cells:
        layer = _whole_layer(part)
        if layer:
            tasks.setdefault(inputs.cell.task, {}).setdefault(inputs.cell.representation, (inputs, part, layer))
    return list(chain.from_iterable(_compare(list(asked.values())) for asked in tasks.values()))


def _compare(cells: Sequence[_Asked]) -> list[Row]:
    """Compare the cells of one task; runs that are drawn for equal utterances are one object (``TaskRuns``)."""
    alike: dict[int, list[_Asked]] = {}
    for each in cells:
        alike.setdefault(id(each[0].runs), []).append(each)
    found = []
    for group in alike.values():
        if len(group) == 1:  # its predictions need not be read
            continue
        inputs, wholes = group[0][0], [_whole(*each) for each in group]
        found += between_backbones(wholes, inputs.labelled.rows.target, inputs.runs, compared=len(cells))
    return found


def _whole_layer(part: CellPart | UnkeptCell) -> str:
    """Name what a probe is compared on: ALL, or the one layer; empty where there are several layers and no ALL."""
    layers = {row.layer for row in part.rows if row.condition == conditions.PROBE}
    if ALL in layers:
        return ALL
    return layers.pop() if len(layers) == 1 else ""


def _whole(inputs: CellInputs, part: CellPart | UnkeptCell, layer: str) -> Whole:
    """Read what the probe on ALL, or on the one layer, predicted."""
    table = part.table("predictions").filter(condition=conditions.PROBE, layer=layer)
    number_of = {name: number for number, name in enumerate(inputs.labelled.rows.target.names)}
    predictions = []
    for run in inputs.runs.each:  # a run's rows are in the order of its test part
        predicted = table.filter(seed=run.seed)["prediction"].to_list()
        predictions.append(Prediction(layer, conditions.PROBE, run, np.array([number_of[each] for each in predicted])))
    return Whole(inputs.cell, predictions)
