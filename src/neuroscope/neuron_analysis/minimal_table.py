"""The neurons of the minimal sets as a table."""

from __future__ import annotations

from collections import Counter
from math import isnan
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import polars

    from neuroscope.contracts.features import Unit
    from neuroscope.contracts.probing import Ranking
    from neuroscope.neuron_analysis.minimal import MinimalSet
    from neuroscope.probing.runs import Run


def minimal_table(
    sets: Sequence[MinimalSet], rankings: Sequence[tuple[Run, Ranking]], units: Sequence[Unit]
) -> polars.DataFrame:
    """List the neurons of the minimal sets: of how many runs' sets, and their mean rank and scores over the runs.

    Args:
        sets: one per run, all of one condition.
        rankings: one per run, in the order of the runs.
        units: the neurons, in the order of the columns.
    """
    import polars

    counts = Counter(units[column] for each in sets for column in each.part.columns.tolist())
    places = [{unit: place for place, unit in enumerate(ranking.units)} for _, ranking in rankings]
    rows = []
    for unit, runs in counts.items():
        at = [(ranking, place[unit]) for place, (_, ranking) in zip(places, rankings, strict=True)]
        rows.append(
            {
                "layer": unit.layer,
                "neuron": unit.neuron,
                "statistic": unit.statistic,
                "runs": runs,
                "rank": sum(place + 1 for _, place in at) / len(at),
                "score": sum(float(ranking.scores[place]) for ranking, place in at) / len(at),
                "entry_mass": _mean_mass(at),
                **{
                    f"score:{name}": sum(float(ranking.by_class[name][place]) for ranking, place in at) / len(at)
                    for name in at[0][0].by_class
                },
            }
        )
    table = polars.DataFrame(rows, schema_overrides={"entry_mass": polars.Float64})
    return table.sort(["runs", "rank"], descending=[True, False])


def _mean_mass(at: Iterable[tuple[Ranking, int]]) -> float | None:
    """Average the entry mass over the runs in which the unit comes in; None where it does in none, or none is known."""
    known = [float(ranking.entry_mass[place]) for ranking, place in at if ranking.entry_mass is not None]
    finite = [mass for mass in known if not isnan(mass)]
    return sum(finite) / len(finite) if finite else None
