"""The poolings that neuroscope brings: mean, mean and standard deviation, maximum over an utterance's frames.

They come in through the core's own entry point, like anybody's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroscope.contracts.features import Pooling, PoolingState, Unit
from neuroscope.hookspecs import hookimpl

if TYPE_CHECKING:
    from torch import Tensor

    from neuroscope.contracts.backbone import Frames, LayerSpec
    from neuroscope.registry import Registrar


@hookimpl
def register_poolings(register: Registrar[Pooling]) -> None:
    """Register the three."""
    register("mean", Mean, summary="mean over the frames")
    register("meanstd", MeanStd, summary="mean, then population standard deviation, over the frames")
    register("max", Maximum, summary="largest value over the frames")


class Mean:
    """Mean over the frames (paper, section 4.1)."""

    def units(self, layer: LayerSpec) -> tuple[Unit, ...]:
        """One a neuron."""
        return _units(layer, ("mean",))

    def start(self, layer: LayerSpec) -> PoolingState:
        """A running mean."""
        del layer
        return _Moments(with_deviation=False)


class MeanStd:
    """Mean ++ population standard deviation, without epsilon (the statistics pooling of the paper's CNNs)."""

    def units(self, layer: LayerSpec) -> tuple[Unit, ...]:
        """Two a neuron: all means, then all deviations."""
        return _units(layer, ("mean", "std"))

    def start(self, layer: LayerSpec) -> PoolingState:
        """Running moments."""
        del layer
        return _Moments(with_deviation=True)


class Maximum:
    """Largest value over the frames."""

    def units(self, layer: LayerSpec) -> tuple[Unit, ...]:
        """One a neuron."""
        return _units(layer, ("max",))

    def start(self, layer: LayerSpec) -> PoolingState:
        """A running maximum."""
        del layer
        return _RunningMaximum()


def _units(layer: LayerSpec, statistics: tuple[str, ...]) -> tuple[Unit, ...]:
    return tuple(Unit(layer.name, neuron, statistic) for statistic in statistics for neuron in range(layer.width))


def _mask(frames: Frames) -> Tensor:
    """Bool ``[B, F, 1]``: which frames are real."""
    import torch

    positions = torch.arange(frames.values.shape[1], device=frames.values.device)
    return (positions[None, :] < frames.lengths.to(positions.device)[:, None])[:, :, None]


class _Moments:
    """Mean and sum of squared deviations in float64, merged block by block (Chan, Golub and LeVeque 1979)."""

    def __init__(self, *, with_deviation: bool) -> None:
        self._with_deviation = with_deviation
        self._count: Tensor | None = None
        self._mean: Tensor | None = None
        self._squares: Tensor | None = None

    def update(self, frames: Frames) -> None:
        import torch

        mask = _mask(frames)
        count = mask.sum(dim=1).double()
        # where, not multiplication: what lies behind a length may be NaN
        values = torch.where(mask, frames.values.double(), 0.0)
        mean = values.sum(dim=1) / count.clamp(min=1)
        deviations = torch.where(mask, values - mean[:, None], 0.0) if self._with_deviation else None
        squares = mean.new_zeros(mean.shape) if deviations is None else deviations.square().sum(dim=1)
        if self._count is None or self._mean is None or self._squares is None:
            self._count, self._mean, self._squares = count, mean, squares
            return
        total = (self._count + count).clamp(min=1)
        shift = mean - self._mean
        self._squares = self._squares + squares + shift.square() * self._count * count / total
        self._mean = self._mean + shift * count / total
        self._count = self._count + count

    def finish(self) -> Tensor:
        import torch

        if self._count is None or self._mean is None or self._squares is None:
            raise ValueError("no block of frames came")
        parts = [self._mean]
        if self._with_deviation:
            parts.append((self._squares / self._count.clamp(min=1)).sqrt())
        return torch.where(self._count > 0, torch.cat(parts, dim=1), torch.nan).float()


class _RunningMaximum:
    def __init__(self) -> None:
        self._largest: Tensor | None = None

    def update(self, frames: Frames) -> None:
        import torch

        values = torch.where(_mask(frames), frames.values, -torch.inf)
        largest = values.new_full((values.shape[0], 1, values.shape[2]), -torch.inf)
        largest = torch.cat([values, largest], dim=1).amax(dim=1)
        self._largest = largest if self._largest is None else torch.maximum(self._largest, largest)

    def finish(self) -> Tensor:
        import torch

        if self._largest is None:
            raise ValueError("no block of frames came")
        return torch.where(torch.isneginf(self._largest), torch.nan, self._largest).float()
