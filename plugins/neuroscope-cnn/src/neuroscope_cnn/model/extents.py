"""Where an utterance's frames begin and end on the network's grid, in both modes."""

from __future__ import annotations

from dataclasses import dataclass

from neuroscope_cnn.model.architecture import CONVOLUTIONS, STRIDE


@dataclass(frozen=True, slots=True)
class Extent:
    """Where one utterance lies on the grid of frames.

    Attributes:
        frames: that the front end gave.
        left: zeros before the first frame where conv2 begins: TensorFlow's SAME padding.
        masked: frames of the tensor behind the utterance's end; they are no padding, and conv2 reads them.
        counted: frames of conv2 and above that count.
        summed: frames of conv2 and above that the pooling sums run over.
    """

    frames: int
    left: int
    masked: int
    counted: int
    summed: int

    @property
    def rows(self) -> int:
        """Frames of conv2 that are centred on a real frame."""
        return -(-self.frames // STRIDE)

    def counted_in(self, first: int, rows: int) -> int:
        """How many of the frames ``first`` to ``first + rows`` of conv2 count."""
        return min(max(self.counted - first, 0), rows)

    def frames_in(self, first: int, rows: int) -> int:
        """How many frames of conv1 belong to those frames of conv2: two each, but for an odd end."""
        return min(max(self.frames - STRIDE * first, 0), STRIDE * rows)


def exact(frames: int, tensor: int | None = None) -> Extent:
    """Extent as the published graphs see an utterance: ``T // 2`` frames count, the sums run over ``ceil(T / 2)``.

    Args:
        frames: of the utterance.
        tensor: frames of the padded batch that it stands in; its own where it stands alone.
    """
    tensor = frames if tensor is None else tensor
    return Extent(frames, _left(tensor), tensor - frames, frames // STRIDE, -(-tensor // STRIDE))


def valid(frames: int) -> Extent:
    """Extent of an utterance alone: the ``ceil(T / 2)`` frames that are centred on a real one count, and no other."""
    rows = -(-frames // STRIDE)
    return Extent(frames, _left(frames), 0, rows, rows)


def _left(tensor: int) -> int:
    """Zeros of TensorFlow's SAME padding before the first frame: 2 for an even number of frames, 3 for an odd one."""
    taps, _ = CONVOLUTIONS["conv2"]
    outputs = -(-tensor // STRIDE)
    return max((outputs - 1) * STRIDE + taps - tensor, 0) // 2
