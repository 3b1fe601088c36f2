"""The network as it runs: block after block of chunks, the state of the LSTM carried on."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import torch
from neuroscope import Frames, WaveBatch
from safetensors.torch import load_file
from torch.nn import LSTM, Conv1d
from torch.nn.functional import pad

from neuroscope_silero_vad.backbone import CHUNK

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from torch import Tensor

    State = tuple[Tensor, Tensor]

CONTEXT = 64
"""Samples before a chunk that it is seen with; as many of its last ones are mirrored behind it."""

WINDOW, HOP = 256, 128
"""Samples of the Fourier transform."""

BLOCK = 256
"""Chunks in memory at a time (8 s)."""


class Net(torch.nn.Module):
    """Magnitudes, four convolutions within a chunk, an LSTM over the chunks, and one unit on top."""

    def __init__(self) -> None:
        super().__init__()
        bins = WINDOW // 2 + 1
        self.stft = Conv1d(1, 2 * bins, WINDOW, stride=HOP, bias=False)
        self.conv1 = Conv1d(bins, 128, 3, padding=1)
        self.conv2 = Conv1d(128, 64, 3, stride=2, padding=1)
        self.conv3 = Conv1d(64, 64, 3, stride=2, padding=1)
        self.conv4 = Conv1d(64, 128, 3, padding=1)
        self.lstm = LSTM(128, 128, batch_first=True)
        self.top = Conv1d(128, 1, 1)
        # Windowed cosines and sines are not learned, so an untrained twin has them, too.
        angles = 2 * torch.pi / WINDOW * torch.arange(bins)[:, None] * torch.arange(WINDOW)
        basis = torch.cat([angles.cos(), -angles.sin()]) * torch.hann_window(WINDOW)
        self.stft.weight.data.copy_(basis[:, None])

    def forward(self, chunks: Tensor, state: State | None) -> tuple[dict[str, Tensor], State]:
        """Run chunks ``[B, C, 64 + 512]``: every layer ``[B, frames, width]``, and the state behind the last chunk."""
        mirrored = pad(chunks.flatten(0, 1)[:, None], (0, CONTEXT), mode="reflect")
        values = torch.hypot(*self.stft(mirrored).chunk(2, dim=1))
        layers = {"stft": values}
        for name in ("conv1", "conv2", "conv3", "conv4"):
            values = layers[name] = self.get_submodule(name)(values).relu()
        frames = {name: each.mT.reshape(len(chunks), -1, each.shape[1]) for name, each in layers.items()}
        frames["lstm"], state = self.lstm(frames["conv4"], state)
        frames["speech"] = self.top(frames["lstm"].relu().mT).sigmoid().mT
        return frames, state


class Model:
    """The network with the weights of a file, or with those that ``seed`` draws."""

    def __init__(self, path: Path | None, seed: int, device: str) -> None:
        with torch.random.fork_rng(devices=[]):  # puts the global random state back
            torch.default_generator.manual_seed(seed)
            self.network = Net().eval()
        if path:
            self.network.load_state_dict(read(path))
        self.network.to(device)
        self._device = device

    def extract(self, batch: WaveBatch) -> Iterator[Mapping[str, Frames]]:
        """Yield blocks of 8 s; a chunk counts where the utterance fills it."""
        counts = batch.lengths // CHUNK
        state = None
        for start in range(0, int(counts.max()), BLOCK):
            samples = batch.samples[:, max(start * CHUNK - CONTEXT, 0) : (start + BLOCK) * CHUNK].to(self._device)
            chunks = pad(samples, (0 if start else CONTEXT, 0)).unfold(1, CONTEXT + CHUNK, CHUNK)
            # Left before the yield, as whoever takes the block is no part of this. TensorFloat-32 would cost precision.
            with torch.inference_mode(), torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
                frames, state = self.network(chunks, state)
            here = (counts - start).clamp(0, BLOCK)
            yield {name: Frames(values, here * (values.shape[1] // chunks.shape[1])) for name, values in frames.items()}


def read(path: Path) -> dict[str, Tensor]:
    """Read trained weights, under the names that they have in ``Net``."""
    if path.suffix == ".safetensors":
        return {own_name(name): values for name, values in load_file(path).items()}
    with warnings.catch_warnings():  # torch is going to drop this format
        warnings.simplefilter("ignore")
        stored = torch.jit.load(path, map_location="cpu").state_dict()  # type: ignore[no-untyped-call]
    return {own_name(name): values for name, values in stored.items() if name.startswith("_model.")}


def own_name(name: str) -> str:
    """Translate a name in either file."""
    parts = name.removeprefix("_model.").split(".")
    if parts[0].startswith("stft"):
        return "stft.weight"
    if parts[0] == "encoder":
        return f"conv{int(parts[1]) + 1}.{parts[-1]}"
    if "rnn" in parts or parts[0] == "lstm_cell":
        return f"lstm.{parts[-1]}_l0"
    return f"top.{parts[-1]}" if parts[0] in {"decoder", "final_conv"} else name
