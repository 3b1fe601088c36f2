"""The loss of softmax regression: probabilities, cross-entropy, its gradient, and the best bias for given logits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuroscope_elasticnet.matrix.scaling import Floats


def onehot(y: NDArray[np.int64], classes: int) -> Floats:
    """``[classes, rows]``, 1 at each row's class, else 0."""
    found: Floats = (np.arange(classes)[:, None] == y).astype(np.float64)
    return found


@dataclass(frozen=True, slots=True)
class Targets:
    """The class of each row, and how much the row counts.

    Attributes:
        onehot: ``[classes, rows]``, 1 at a row's class.
        share: ``[rows]``, positive weights that sum to 1.
    """

    onehot: Floats
    share: Floats

    @property
    def first(self) -> int:
        """The first class with free logits: of two classes, the one before it keeps the logit 0."""
        return 1 if len(self.onehot) == 2 else 0

    @property
    def priors(self) -> Floats:
        """Share of each class, ``[classes]``."""
        priors: Floats = self.onehot @ self.share
        return priors

    def probabilities(self, logits: Floats) -> Floats:
        """Softmax over the classes, ``[classes, rows]``."""
        shifted: Floats = np.exp(logits - logits.max(axis=0))
        shifted /= shifted.sum(axis=0)
        return shifted

    def loss(self, logits: Floats) -> float:
        """Mean cross-entropy."""
        top = logits.max(axis=0)
        spread = np.log(np.exp(logits - top).sum(axis=0)) + top
        return float(self.share @ (spread - (self.onehot * logits).sum(axis=0)))

    def residuals(self, probabilities: Floats) -> Floats:
        """Gradient of the loss by the logits, ``[classes, rows]``."""
        return (probabilities - self.onehot) * self.share

    def best_bias(self, logits: Floats, steps: int = 20) -> Floats:
        """What to add to each class's logits, ``[classes]``, for the least loss (Newton with halving)."""
        bias = np.zeros(len(logits))
        for _ in range(steps):
            probabilities = self.probabilities(logits + bias[:, None])
            mean = probabilities @ self.share
            gradient = mean - self.priors
            if np.abs(gradient).max() < 1e-15:
                break
            hessian = np.diag(mean) - (probabilities * self.share) @ probabilities.T
            step = np.zeros_like(bias)
            step[1:] = np.linalg.lstsq(hessian[1:, 1:], gradient[1:], rcond=1e-14)[0]
            bias = bias - self._halve(logits + bias[:, None], step) * step
            if np.abs(step).max() < 1e-9:  # the error squares with each step
                break
        return bias

    def _halve(self, logits: Floats, step: Floats) -> float:
        limit = self.loss(logits) * (1 + 1e-14)  # near the minimum the loss is too coarse to judge a good step
        size = 1.0
        while size > 1e-9 and self.loss(logits - size * step[:, None]) > limit:
            size /= 2
        return size
