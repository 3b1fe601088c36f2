"""The running model: three LSTM layers and a linear one, every frame of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import torch  # noqa: TID253 - this module is imported when the model is loaded, never before

from neuroscope import Frames
from neuroscope_ge2e.mel import HOP, WINDOW, Mel, prepare
from neuroscope_ge2e.weights import BANDS, WIDTH

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from torch import Tensor

    from neuroscope import WaveBatch

BLOCK = 3000  # frames that are in memory at a time (30 s); the state of the LSTMs is carried from block to block

State: TypeAlias = "tuple[Tensor, Tensor]"


class SpeakerEncoder:
    """Resemblyzer's network over whole utterances, in one pass: no voice activity detection and no windows of 1.6 s.

    Args:
        weights: Resemblyzer's state dict (``lstm.*``, ``linear.*``).
        device: where the model runs; its output stays there.

    Attributes:
        network: a module for each layer, under its name.
    """

    def __init__(self, weights: Mapping[str, Tensor], device: str) -> None:
        self._device = device
        self._mel = Mel(device)
        # A layer a module: one LSTM of three layers would give the frames of the last alone.
        layers: dict[str, torch.nn.Module] = {f"lstm{layer + 1}": _lstm(weights, layer) for layer in range(3)}
        layers["linear"] = torch.nn.Sequential(_linear(weights), torch.nn.ReLU())
        self.network = torch.nn.ModuleDict(layers).eval().to(device)

    def extract(self, batch: WaveBatch) -> Iterator[Mapping[str, Frames]]:
        """Blocks of at most 30 s of ``lstm1``, ``lstm2``, ``lstm3``, ``linear``: float32 ``[B, F, 256]`` each.

        N samples are ``1 + N // 160`` frames, the first of them centred on the first sample.
        """
        waves = prepare(batch.samples, batch.lengths).to(self._device)
        lengths = 1 + batch.lengths.to(self._device) // HOP
        states: list[State | None] = [None, None, None]
        for start in range(0, int(lengths.max()), BLOCK):
            block = waves[:, start * HOP : (start + BLOCK - 1) * HOP + WINDOW]
            here = (lengths - start).clamp(0, BLOCK)
            layers = self._layers(block, states)
            yield {name: Frames(values, here) for name, values in layers.items()}

    def _layers(self, waves: Tensor, states: list[State | None]) -> dict[str, Tensor]:
        """Every layer of one block; ``states`` move on to its end."""
        layers = {}
        # Without TensorFloat-32, which would cost GPUs all but three decimal digits.
        with torch.inference_mode(), torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
            values = self._mel(waves)
            for layer, state in enumerate(states):
                name = f"lstm{layer + 1}"
                values, states[layer] = self.network[name](values, state)
                layers[name] = values
            layers["linear"] = self.network["linear"](values)
        return layers


def _lstm(weights: Mapping[str, Tensor], layer: int) -> torch.nn.LSTM:
    # Made without values ("meta") and then filled: a usual constructor would draw from the global random generator.
    lstm = torch.nn.LSTM(WIDTH if layer else BANDS, WIDTH, batch_first=True, device="meta")
    own = {name: weights[f"lstm.{name.removesuffix('0')}{layer}"] for name in lstm.state_dict()}
    lstm.load_state_dict(own, assign=True)
    return lstm.eval().requires_grad_(False)


def _linear(weights: Mapping[str, Tensor]) -> torch.nn.Linear:
    linear = torch.nn.Linear(WIDTH, WIDTH, device="meta")
    linear.load_state_dict({name: weights[f"linear.{name}"] for name in ("weight", "bias")}, assign=True)
    return linear.eval().requires_grad_(False)
