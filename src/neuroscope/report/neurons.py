"""What a study of neurons found, as data: read from the rows alone, so any run folder can be reported."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from neuroscope.report.curve import Point

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from neuroscope.contracts.rows import Row

SETS = ("top-set", "random-set", "bottom-set")
MASKED = ("masked-top", "masked-random", "masked-bottom")
CONTROLS = ("majority", "random", "permuted", "untrained")


@dataclass(frozen=True, slots=True)
class Step:
    """One share of the neurons: accuracy of each set that was re-trained on it."""

    percent: float
    points: dict[str, Point]


@dataclass(frozen=True, slots=True)
class Layer:
    """How many neurons of the minimal set a layer has, and how many chance would give it."""

    name: str
    neurons: float
    percent: float
    expected: float
    p_value: float


class Findings:
    """The rows of one cell, by what they are about; a mean over runs where nothing else is said."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows = list(rows)
        self._means = [row for row in self._rows if row.seed is None]

    def number(self, metric: str, condition: str, percent: float | None = None, layer: str | None = None) -> Row | None:
        """The mean row of a metric, None where it was not looked at."""
        for row in self._means:
            same = row.metric == metric and row.condition == condition and row.percent == percent
            if same and (layer is None or row.layer == layer):
                return row
        return None

    def any(self, metric: str, condition: str | None = None) -> Row | None:
        """The first mean row of a metric, whatever share of the neurons it is about."""
        for row in self._means:
            if row.metric == metric and condition in {None, row.condition}:
                return row
        return None

    def point(self, condition: str, percent: float | None = None, metric: str = "accuracy") -> Point | None:
        """A metric with its ± and interval."""
        row = self.number(metric, condition, percent)
        if row is None:
            return None
        sd = self.number(f"{metric}_sd", condition, percent)
        return Point(row.layer, row.value, None if sd is None else sd.value, row.low, row.high)

    @property
    def steps(self) -> list[Step]:
        """The shares of neurons that sets were re-trained on, ascending."""
        percents = sorted({row.percent for row in self._means if row.condition in SETS and row.percent is not None})
        return [
            Step(percent, {name: point for name in SETS if (point := self.point(name, percent)) is not None})
            for percent in percents
        ]

    @property
    def masked_percent(self) -> float | None:
        """The share that masked evaluation kept; None where there was none."""
        return next((row.percent for row in self._means if row.condition in MASKED), None)

    @property
    def layers(self) -> list[Layer]:
        """The minimal set over the layers, as declared."""
        found = [row for row in self._means if row.metric == "neurons_expected"]
        return [
            Layer(
                row.layer,
                self._of(row, "neurons"),
                self._of(row, "neurons_percent"),
                row.value,
                self._of(row, "p_value"),
            )
            for row in found
        ]

    def _of(self, like: Row, metric: str) -> float:
        """Another metric of the same layer of the same set."""
        same = (like.condition, like.layer, metric)
        return next(row.value for row in self._means if (row.condition, row.layer, row.metric) == same)


def share(percent: float) -> str:
    """A percentage for people."""
    return f"{percent:.2f}".rstrip("0").rstrip(".") + " %"


def names(conditions: Sequence[str]) -> str:
    """Conditions for people."""
    return ", ".join(each.replace("-", " ") for each in conditions)
