"""What a fit by Adam is asked for: penalties, passes, batches and learning rate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Recipe:
    """Penalties and course of one fit by Adam.

    Attributes:
        l1: weight of the sum of absolute weights.
        l2: weight of the sum of squares, or of its root.
        plain: whether the L2 norm is taken without the square, as NeuroX does.
        shuffle: whether each epoch sees the rows in a new order; False keeps the order of the data.
        epochs: passes over the rows.
        batch: rows of an update; the last of an epoch may have fewer.
        learning_rate: Adam's.
    """

    l1: float
    l2: float
    plain: bool
    shuffle: bool
    epochs: int
    batch: int
    learning_rate: float

    def l2_slope(self, weights: NDArray[Any]) -> float:
        """Gradient of the L2 term, divided by the weights; 0 where it has none, as torch does."""
        if not self.plain:
            return 2 * self.l2
        norm = float(np.sqrt(np.vdot(weights, weights)))
        return self.l2 / norm if norm > 0 else 0.0
