"""The poolings that neuroscope brings: mean, mean and standard deviation, maximum over an utterance's frames.

They come in through the core's own entry point, like anybody's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroscope.contracts.features import Pooling, PoolingState, Unit
from neuroscope.plugin.hookspecs import hookimpl

if TYPE_CHECKING:
    from torch import Tensor

    from neuroscope.contracts.backbone import Frames, LayerSpec
    from neuroscope.plugin.registry import Registrar


@hookimpl
def register_poolings(register: Registrar[Pooling]) -> None:
    """Register mean, meanstd and max."""
    register("mean", Mean, summary="mean over the frames")
    register("meanstd", MeanStd, summary="mean, then population standard deviation, over the frames")
    register("max", Maximum, summary="largest value over the frames")


class Mean:
    """Mean over the frames (paper, section 4.1)."""

    def units(self, layer: LayerSpec) -> tuple[Unit, ...]:
        """Name the columns: one mean a neuron."""
        return _units(layer, ("mean",))

    def start(self, layer: LayerSpec) -> PoolingState:
        """Start the running mean of one batch."""
        del layer
        return _Moments(with_deviation=False)


class MeanStd:
    """Mean ++ population standard deviation, without epsilon (the statistics pooling of the paper's CNNs)."""

    def units(self, layer: LayerSpec) -> tuple[Unit, ...]:
        """Name the columns: all means, then all deviations."""
        return _units(layer, ("mean", "std"))

    def start(self, layer: LayerSpec) -> PoolingState:
        """Start the running mean and deviation of one batch."""
        del layer
        return _Moments(with_deviation=True)


class Maximum:
    """Largest value over the frames."""

    def units(self, layer: LayerSpec) -> tuple[Unit, ...]:
        """Name the columns: one maximum a neuron."""
        return _units(layer, ("max",))

    def start(self, layer: LayerSpec) -> PoolingState:
        """Start the running maximum of one batch."""
        del layer
        return _RunningMaximum()


def _units(layer: LayerSpec, statistics: tuple[str, ...]) -> tuple[Unit, ...]:
    return tuple(Unit(layer.name, neuron, statistic) for statistic in statistics for neuron in range(layer.width))


def _real(frames: Frames) -> list[Tensor]:
    """The real frames ``[length, D]`` of each utterance.

    Utterance by utterance, the temporaries of a sum in float64 stay in a processor's cache: twelve times faster than
    over the whole batch under a mask.
    """
    return [values[:length] for values, length in zip(frames.values, frames.lengths.tolist(), strict=True)]


class _Moments:
    """Mean and sum of squared deviations in float64, merged block by block (Chan, Golub and LeVeque 1979)."""

    def __init__(self, *, with_deviation: bool) -> None:
        self._with_deviation = with_deviation
        self._count: Tensor | None = None
        self._mean: Tensor | None = None
        self._squares: Tensor | None = None

    def update(self, frames: Frames) -> None:
        import torch

        real = _real(frames)
        count = frames.lengths.to(frames.values.device, torch.float64)[:, None]
        mean = torch.stack([values.sum(dim=0, dtype=torch.float64) for values in real]) / count.clamp(min=1)
        squares = mean.new_zeros(mean.shape)
        if self._with_deviation:
            both = zip(real, mean, strict=True)
            squares = torch.stack([(values.double() - own).square().sum(dim=0) for values, own in both])
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

        lowest = frames.values.new_full((1, frames.values.shape[2]), -torch.inf)
        largest = torch.stack([torch.cat([values, lowest]).amax(dim=0) for values in _real(frames)])
        self._largest = largest if self._largest is None else torch.maximum(self._largest, largest)

    def finish(self) -> Tensor:
        import torch

        if self._largest is None:
            raise ValueError("no block of frames came")
        return torch.where(torch.isneginf(self._largest), torch.nan, self._largest).float()
