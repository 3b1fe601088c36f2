"""Made-up features of which it is known which columns tell the classes apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neuroscope.contracts.features import Features, Unit
from neuroscope.contracts.probing import Labels

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

_LAYERS = ("low", "high")
_ROWS_OF_A_GROUP = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """Made-up rows, with the columns that tell their classes apart.

    Attributes:
        features: their columns, half of them of each of two layers.
        labels: all classes equally often and in turn, so that a row's position says as much in every part; four rows
            side by side are a group.
        signal: class number -> columns that are higher in its rows, by ``strength`` standard deviations.
    """

    features: Features
    labels: Labels
    signal: Mapping[int, tuple[int, ...]]

    @property
    def column_groups(self) -> NDArray[np.int64]:
        """The layer number of each column, int64 ``[columns]``."""
        return np.array([_LAYERS.index(unit.layer) for unit in self.features.units], dtype=np.int64)


def plant(
    *, rows: int, columns: int, classes: int, seed: int, strength: float = 3.0, each: int = 3, constant: int = 0
) -> Planted:
    """Draw rows of independent normal columns, of which some are shifted by class.

    Which columns these are depends on ``columns``, ``classes``, ``each`` and ``constant`` alone: another seed draws
    other rows of the same kind, to test on. They are spread over both layers, and the first column is none of them.

    Args:
        rows: a multiple of ``classes`` keeps the classes equal.
        columns: at least ``classes * each + constant + 1``.
        classes: at least two.
        seed: of the draw.
        strength: of the shift, standard deviations; 0 = noise alone.
        each: columns that are shifted, for each class.
        constant: columns that are 0 in every row: every second one from the first.
    """
    still = np.arange(constant) * 2
    free = np.setdiff1d(np.arange(1, columns), still)
    chosen = free[np.linspace(len(free) - 1, 0, classes * each).astype(int)].reshape(each, classes).T
    labels = np.arange(rows, dtype=np.int64) % classes
    values = np.random.default_rng([seed, 0x91A7]).standard_normal((rows, columns)).astype(np.float32)
    for number, shifted in enumerate(chosen):
        values[np.ix_(labels == number, shifted)] += np.float32(strength)
    values[:, still] = 0
    half = (columns + 1) // 2
    units = tuple(Unit(_LAYERS[column // half], column % half) for column in range(columns))
    return Planted(
        features=Features(ids=tuple(f"row{row:04d}" for row in range(rows)), units=units, values=values),
        labels=Labels(
            labels, tuple(f"class{number}" for number in range(classes)), np.arange(rows) // _ROWS_OF_A_GROUP
        ),
        signal={number: tuple(map(int, shifted)) for number, shifted in enumerate(chosen)},
    )
