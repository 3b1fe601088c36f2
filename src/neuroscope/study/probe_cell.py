"""A cell of the layer-wise analysis: the probe on each layer of one backbone, for one task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroscope.probing.layerwise import layerwise

if TYPE_CHECKING:
    from neuroscope.contracts.progress import Progress
    from neuroscope.probing.cell_result import CellResult
    from neuroscope.probing.layerwise import FinishedFits
    from neuroscope.study.cell_inputs import CellInputs


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
