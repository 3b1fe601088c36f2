"""The forward pass as matrix products, in blocks of frames that each bring their own context.

A convolution over k frames is a product of ``[T, k * in]`` and ``[k * in, out]``. conv1's input is unfolded, which
costs little at 40 columns. conv2's is not: read two frames at a time, its input is a matrix ``[T / 2, 2000]``, and
seven taps are four products with shifted views of it, the last of one frame. conv3 and conv4 see one frame. Batch
normalisation with its stored moments is an affine map; that of the convolutions is folded into their weights, in
float64.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import torch  # noqa: TID253 - this module is imported when the model is loaded, never before

from neuroscope_cnn.frontend.framing import CEPSTRA
from neuroscope_cnn.model.architecture import CONVOLUTIONS, EPSILON, POINTS, STRIDE

if TYPE_CHECKING:
    from torch import Tensor

    from neuroscope_cnn.model.architecture import Architecture
    from neuroscope_cnn.model.extents import Extent

BLOCK = 512  # frames of conv2 (20 ms each) that are computed at a time, the whole batch's together
LEAST = 64  # of each utterance: between utterances, three frames are computed for nothing
SEEN = CONVOLUTIONS["conv1"][0]
TAPS = CONVOLUTIONS["conv2"][0]
BEHIND = -(-TAPS // STRIDE) - 1  # pairs of frames that conv2's output reads behind its own

ConvolutionFrames: TypeAlias = "dict[str, list[Tensor]]"
"""``conv1`` to ``conv4`` behind their ReLU: for each utterance the frames of a block that count, ``[F, D]``."""


@contextmanager
def full_precision() -> Iterator[None]:
    """Compute products in float32, whatever the process allows: no TensorFloat-32 on GPUs, no bfloat16 on CPUs."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


class Network:
    """One of the two networks with its weights, ready to run.

    Args:
        architecture: which.
        weights: variables under their published names, in TensorFlow's layout.
        device: where it runs; its output stays there.

    Attributes:
        points: what passes each layer's frames on, unchanged: ``conv1`` to ``conv4``, ``fc1``, ``ac1``, ``fc2``,
            ``ac2``. With their hooks a neuron can be read and changed; zeros that pad are no frames, and stay.
    """

    def __init__(self, architecture: Architecture, weights: Mapping[str, Tensor], device: str) -> None:
        self.device = device
        self.points = torch.nn.ModuleDict({name: torch.nn.Identity() for name in POINTS})
        self._architecture = architecture
        self._layers = {
            name: _affine(weights, name, number if architecture.normalised else 0, device)
            for number, name in enumerate(CONVOLUTIONS, 1)
        }
        dense = [name for name in architecture.shapes() if name.startswith("fc") or name.startswith(("bn5", "bn6"))]
        self._dense = {name: weights[name].to(device) for name in dense}

    def masked(self, layer: str) -> Tensor:
        """What a frame of ``conv1`` to ``conv4`` is behind its ReLU where the mask made it zero, ``[D]``.

        It passes the layer's point as every frame does: who changes a neuron changes it here, too.
        """
        frame: Tensor = self.points[layer](self._layers[layer].masked[None, None])
        return frame[0, 0]

    def blocks(self, features: Sequence[Tensor], extents: Sequence[Extent]) -> Iterator[ConvolutionFrames]:
        """Blocks of the four convolutions in time order, for all utterances at once.

        The tensors are views of the block's own memory: who keeps one keeps all of it.

        Args:
            features: of each utterance, float32 ``[T, 40]``.
            extents: of each.
        """
        most = max(extent.rows for extent in extents)
        rows = max(BLOCK // len(features), LEAST)
        for first in range(0, most, rows):
            yield self._block(features, extents, first, min(rows, most - first))

    def dense(self, pooled: Tensor) -> dict[str, Tensor]:
        """Compute ``fc1`` and ``fc2``, and their outputs behind normalisation and ReLU, ``ac1`` and ``ac2``.

        Args:
            pooled: mean and deviation of conv4, float32 ``[B, 3000]``.
        """
        with torch.inference_mode(), full_precision():
            fc1 = self.points["fc1"](self._product("fc1", pooled))
            ac1 = self._normalised("bn5", fc1)
            ac1 = self.points["ac1"](ac1.relu() if self._architecture.fc1_relu else ac1)
            fc2 = self.points["fc2"](self._product("fc2", ac1))
            ac2 = self.points["ac2"](self._normalised("bn6", fc2).relu())
            return {"fc1": fc1, "ac1": ac1, "fc2": fc2, "ac2": ac2}

    def logits(self, ac2: Tensor) -> Tensor:
        """One value a class, ``[B, classes]``, from ``ac2``."""
        with torch.inference_mode(), full_precision():
            return self._product("fc3", ac2)

    def _block(self, features: Sequence[Tensor], extents: Sequence[Extent], first: int, rows: int) -> ConvolutionFrames:
        with torch.inference_mode(), full_precision():
            conv1 = self._conv1(features, extents, first, rows)
            conv2 = self._conv2(conv1)
            conv3 = self._pointwise("conv3", conv2)
            conv4 = self._pointwise("conv4", conv3)
        frames: ConvolutionFrames = {"conv1": []}
        for own, extent in zip(conv1, extents, strict=True):
            frames["conv1"].append(own[extent.left : extent.left + extent.frames_in(first, rows)])
        counted = [extent.counted_in(first, rows) for extent in extents]
        for name, values in (("conv2", conv2), ("conv3", conv3), ("conv4", conv4)):
            frames[name] = [own[:count] for own, count in zip(values, counted, strict=True)]
        return frames

    def _conv1(self, features: Sequence[Tensor], extents: Sequence[Extent], first: int, rows: int) -> Tensor:
        """What conv2 reads, ``[B, 2 * (rows + 3), 1000]``: zeros outside the utterance, masked frames behind it."""
        places = STRIDE * (rows + BEHIND)
        layer, margin = self._layers["conv1"], SEEN // 2
        tape = layer.matrix.new_zeros(len(features), places + SEEN - 1, CEPSTRA)
        begins = [STRIDE * first - extent.left for extent in extents]  # the frame at the first place
        for own, begin, values in zip(tape, begins, features, strict=True):
            _lay(own, begin - margin, values)
        unfolded = tape.as_strided((len(features), places, SEEN * CEPSTRA), (tape.stride(0), CEPSTRA, 1))
        computed = layer(unfolded.reshape(-1, SEEN * CEPSTRA)).view(len(features), places, -1)
        output: Tensor = self.points["conv1"](computed)
        for own, begin, extent in zip(output, begins, extents, strict=True):
            end = max(extent.frames - begin, 0)
            own[: max(-begin, 0)] = 0
            own[end : end + extent.masked] = layer.masked
            own[end + extent.masked :] = 0
        return output

    def _conv2(self, conv1: Tensor) -> Tensor:
        """Frames of conv2, ``[B, rows + 3, 1000]``; of each utterance the last three rows are no frames."""
        layer, pairs = self._layers["conv2"], conv1.view(-1, STRIDE * conv1.shape[2])
        output = pairs.new_empty(len(pairs), len(layer.bias))
        frames = output[:-BEHIND]
        depth = pairs.shape[1]
        torch.addmm(layer.bias, pairs[: len(frames)], layer.matrix[:depth], out=frames)
        for shift in range(1, BEHIND + 1):
            taps = layer.matrix[shift * depth : (shift + 1) * depth]
            frames.addmm_(pairs[shift : shift + len(frames), : len(taps)], taps)
        frames.relu_()
        return self._passed("conv2", output, len(conv1))

    def _pointwise(self, name: str, values: Tensor) -> Tensor:
        layer, flat = self._layers[name], values.flatten(0, 1)
        output = flat.new_empty(len(flat), len(layer.bias))
        layer(flat[:-BEHIND], out=output[:-BEHIND])
        return self._passed(name, output, len(values))

    def _passed(self, name: str, output: Tensor, utterances: int) -> Tensor:
        """All utterances' rows, ``[B, rows + 3, D]``, past the layer's point; the last three were not computed."""
        output[-BEHIND:] = 0
        passed: Tensor = self.points[name](output.view(utterances, -1, output.shape[1]))
        return passed

    def _product(self, name: str, values: Tensor) -> Tensor:
        return torch.addmm(self._dense[f"{name}b"], values, self._dense[f"{name}W"])

    def _normalised(self, name: str, values: Tensor) -> Tensor:
        if not self._architecture.normalised:
            return values
        beta, mean, variance, scale = (
            self._dense[f"{name}{part}"] for part in ("beta", "pop_mean", "pop_var", "scale")
        )
        return (values - mean) * (scale * (variance + EPSILON).rsqrt()) + beta


@dataclass(frozen=True, slots=True)
class _Affine:
    """A convolution with its normalisation and ReLU: ``[in, out]``, ``[out]``, and what a masked frame becomes."""

    matrix: Tensor
    bias: Tensor
    masked: Tensor

    def __call__(self, values: Tensor, out: Tensor | None = None) -> Tensor:
        return torch.addmm(self.bias, values, self.matrix, out=out).relu_()


def _affine(weights: Mapping[str, Tensor], name: str, number: int, device: str) -> _Affine:
    """Fold the batch normalisation ``bn<number>`` into the convolution ``name``; 0 = it has none."""
    kernel, bias = weights[f"{name}W"].double().flatten(0, 1), weights[f"{name}b"].double()
    shift = torch.zeros_like(bias)
    if number:
        beta, mean, variance, scale = (
            weights[f"bn{number}{part}"].double() for part in ("beta", "pop_mean", "pop_var", "scale")
        )
        factor = scale / (variance + EPSILON).sqrt()
        kernel, shift = kernel * factor, beta - mean * factor
        bias = bias * factor + shift
    return _Affine(*(each.float().to(device) for each in (kernel, bias, shift.relu())))


def _lay(tape: Tensor, begin: int, values: Tensor) -> None:
    """Put the frames of ``values`` from number ``begin`` on where they belong on the tape; it is zero elsewhere."""
    start, end = max(begin, 0), min(begin + len(tape), len(values))
    if start < end:
        tape[start - begin : end - begin] = values[start:end]
