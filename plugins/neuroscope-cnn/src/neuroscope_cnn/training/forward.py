"""The networks as they are trained: matrix products over packed frames, with gradients.

What is computed is the mode ``valid``: frames beyond a crop's end are nowhere, neither in the pooling nor in the
statistics of the batch normalisation. All frames of a batch stand one behind the other, so that conv1, conv3, conv4 are
one product each; conv2 is four, over its input read two frames at a time (``model.network``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch  # noqa: TID253 - this module is imported when a training runs
from torch.nn import functional  # noqa: TID253

from neuroscope_cnn.model.architecture import EPSILON, STRIDE
from neuroscope_cnn.model.network import BEHIND

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from neuroscope_cnn.model.architecture import Architecture
    from neuroscope_cnn.training.batches import Batch

STATISTICS = ("pop_mean", "pop_var")


def is_learned(name: str) -> bool:
    """Whether training moves a variable by its gradient; the others are statistics of the batch normalisation."""
    return not name.endswith(STATISTICS)


class _Taps(torch.autograd.Function):
    """conv2 without bias: of ``pairs [P, 2000]`` and ``matrix [7000, out]`` the products ``[P - 3, out]``."""

    @staticmethod
    def forward(context: Any, pairs: Tensor, matrix: Tensor) -> Tensor:
        context.save_for_backward(pairs, matrix)
        rows, depth = len(pairs) - BEHIND, pairs.shape[1]
        output = pairs[:rows] @ matrix[:depth]
        for shift in range(1, BEHIND + 1):
            taps = matrix[shift * depth : (shift + 1) * depth]
            output.addmm_(pairs[shift : shift + rows, : len(taps)], taps)
        return output

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, Tensor]:
        pairs, matrix = context.saved_tensors
        (gradient,) = gradients
        rows, depth = len(pairs) - BEHIND, pairs.shape[1]
        of_pairs, of_matrix = torch.zeros_like(pairs), torch.empty_like(matrix)
        for shift in range(BEHIND + 1):
            taps = slice(shift * depth, min((shift + 1) * depth, len(matrix)))
            columns = slice(taps.stop - taps.start)
            of_pairs[shift : shift + rows, columns].addmm_(gradient, matrix[taps].T)
            torch.mm(pairs[shift : shift + rows, columns].T, gradient, out=of_matrix[taps])
        return of_pairs, of_matrix


class _MeanDeviation(torch.autograd.Function):
    """Mean ++ population deviation of each crop's rows; a deviation of zero has the gradient zero, not none."""

    @staticmethod
    def forward(context: Any, values: Tensor, lengths: list[int]) -> Tensor:
        parts = torch.split(values, lengths)
        means = torch.stack([part.mean(0) for part in parts])
        squares = [(part - mean).square_().mean(0) for part, mean in zip(parts, means, strict=True)]
        deviations = torch.stack(squares).sqrt_()
        context.save_for_backward(values, means, deviations)
        context.lengths = lengths
        return torch.cat([means, deviations], 1)

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        values, means, deviations = context.saved_tensors
        lengths = context.lengths
        counts = torch.tensor(lengths, device=values.device, dtype=values.dtype)[:, None]
        of_means, of_deviations = (gradients[0] / counts).chunk(2, 1)
        slopes = torch.where(deviations > 0, of_deviations / deviations, 0)
        output = torch.empty_like(values)
        each = zip(torch.split(output, lengths), torch.split(values, lengths), means, of_means, slopes, strict=True)
        for own, part, mean, of_mean, slope in each:
            torch.sub(part, mean, out=own).mul_(slope).add_(of_mean)
        return output, None


class TrainingNetwork:
    """One of the two networks as it is trained, with gradients.

    Args:
        architecture: which.
        weights: float32 variables under their published names, in TensorFlow's layout, all on one device; those that
            are learned require gradients.
    """

    def __init__(self, architecture: Architecture, weights: Mapping[str, Tensor]) -> None:
        self._architecture, self._weights = architecture, weights
        self._population: dict[str, Tensor] | None = None

    def __call__(self, batch: Batch) -> Tensor:
        """The logits of each crop, ``[crops, classes]``, normalised by the statistics of the batch."""
        weights = self._weights
        values = self._after(1, torch.addmm(weights["conv1b"], batch.unfolded, weights["conv1W"].flatten(0, 1)))
        width = values.shape[1]
        tape = values.new_zeros(STRIDE * batch.pairs, width).index_copy(0, batch.places, values)
        taps: Tensor = _Taps.apply(tape.view(batch.pairs, -1), weights["conv2W"].flatten(0, 1))
        values = self._after(2, taps.index_select(0, batch.counted) + weights["conv2b"])
        for number in (3, 4):
            matrix = weights[f"conv{number}W"].flatten(0, 1)
            values = self._after(number, torch.addmm(weights[f"conv{number}b"], values, matrix))
        pooled: Tensor = _MeanDeviation.apply(values, batch.lengths)
        fc1 = self._dense("fc1", pooled)
        fc1 = self._after(5, fc1) if self._architecture.fc1_relu else self._normalised(5, fc1)
        return self._dense("fc3", self._after(6, self._dense("fc2", fc1)))

    def statistics_of(self, batch: Batch) -> dict[str, Tensor]:
        """Means and variances of one batch, layer by layer, under the names of the population's; none for ``adi``.

        Each layer sees values that were normalised by the very statistics of the layers below.
        """
        self._population = {}
        try:
            with torch.no_grad():
                self(batch)
            return self._population
        finally:
            self._population = None

    def _dense(self, name: str, values: Tensor) -> Tensor:
        return torch.addmm(self._weights[f"{name}b"], values, self._weights[f"{name}W"])

    def _after(self, number: int, values: Tensor) -> Tensor:
        return self._normalised(number, values).relu_()

    def _normalised(self, number: int, values: Tensor) -> Tensor:
        if not self._architecture.normalised:
            return values
        beta, scale = self._weights[f"bn{number}beta"], self._weights[f"bn{number}scale"]
        mean = variance = None
        if self._population is not None:
            variance, mean = torch.var_mean(values, 0, correction=0)
            self._population |= {f"bn{number}pop_mean": mean, f"bn{number}pop_var": variance}
        return functional.batch_norm(values, mean, variance, scale, beta, training=mean is None, eps=EPSILON)
