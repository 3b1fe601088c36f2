"""The result of a cell, or of one step of its analysis."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import polars

    from neuroscope.contracts.probing import Ranking
    from neuroscope.contracts.rows import Row
    from neuroscope.probing.diagnostics import Diagnostic
    from neuroscope.probing.predictions import Prediction
    from neuroscope.probing.runs import Run


@dataclass(frozen=True)
class CellResult:
    """The findings of one cell, or of one step of its analysis; ``joined`` makes one result of several.

    Attributes:
        rows: of the tidy table.
        predictions: what probes predicted on the test rows.
        rankings: of the neurons, one per run.
        warnings: what a reader has to know before believing a number.
        tables: further tables of the run folder, by name.
        facts: of the cell, for ``run.json``.
    """

    rows: tuple[Row, ...] = ()
    predictions: tuple[Prediction, ...] = ()
    rankings: tuple[tuple[Run, Ranking], ...] = ()
    warnings: tuple[Diagnostic, ...] = ()
    tables: Mapping[str, polars.DataFrame] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)

    def of(self, condition: str) -> list[Prediction]:
        """Select the predictions of one condition, in their order."""
        return [each for each in self.predictions if each.condition == condition]


def joined(parts: Iterable[CellResult]) -> CellResult:
    """Join the findings of all parts, in their order."""
    all_parts = list(parts)
    return CellResult(
        rows=tuple(chain.from_iterable(each.rows for each in all_parts)),
        predictions=tuple(chain.from_iterable(each.predictions for each in all_parts)),
        rankings=tuple(chain.from_iterable(each.rankings for each in all_parts)),
        warnings=tuple(chain.from_iterable(each.warnings for each in all_parts)),
        tables={name: table for each in all_parts for name, table in each.tables.items()},
        facts={name: fact for each in all_parts for name, fact in each.facts.items()},
    )
