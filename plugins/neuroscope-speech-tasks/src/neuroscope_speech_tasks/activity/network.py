"""Silero's detector of speech: its weights are read from its wheel, whose code is not imported."""

from __future__ import annotations

from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from neuroscope import MissingDependency

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    _State = tuple[Tensor, Tensor]

RATE = 16_000
"""Hz."""
CHUNK = 512
"""Samples that one probability is of."""

_CONTEXT = 64
"""Samples before a chunk that it is seen with; as many of its last ones are mirrored behind it."""
_HOP = 128
_STRIDES = (1, 2, 2, 1)
_CELL = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
_BLOCK = 256
"""Chunks in memory at a time."""
_DISTRIBUTION, _FILE = "silero-vad", "silero_vad/data/silero_vad_16k.safetensors"


def find_weights() -> tuple[Path, str]:
    """Find the file of the weights that pip brought, and what it is of, with its version.

    Raises:
        MissingDependency: the wheel is not installed, or has no such file.
    """
    try:
        wheel = metadata.distribution(_DISTRIBUTION)
    except metadata.PackageNotFoundError:
        raise _missing("it is not installed") from None
    path = Path(str(wheel.locate_file(_FILE)))
    if not path.is_file():
        raise _missing(f"version {wheel.version} has no {path.name}")
    return path, f"{_DISTRIBUTION} {wheel.version}"


def _missing(reason: str) -> MissingDependency:
    return MissingDependency(_DISTRIBUTION, reason, f"pip install --no-deps {_DISTRIBUTION}==6.2.3")


def load_weights(path: Path) -> dict[str, Tensor]:
    """Load the weights of a file, by their names in it."""
    from safetensors.torch import load_file

    return load_file(path)


class SpeechNetwork:
    """Magnitudes, four convolutions within a chunk, an LSTM over the chunks, and one unit on top."""

    def __init__(self, path: Path) -> None:
        import torch

        self._weights = load_weights(path)
        with torch.device("meta"):  # no random numbers are drawn for it
            self._lstm = torch.nn.LSTM(128, 128, batch_first=True)
        of_cell = {name: self._weights[f"lstm_cell.{name}"] for name in _CELL}
        self._lstm.load_state_dict({f"{name}_l0": values for name, values in of_cell.items()}, assign=True)

    def probabilities(self, waves: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        """Compute the probability of speech in each chunk, on one thread.

        Args:
            waves: tracks of equal length at 16 kHz; the last chunk is filled with silence.

        Returns:
            float32 ``[tracks, chunks]``.
        """
        import torch

        chunks = -(-len(waves[0]) // CHUNK)
        padded = torch.zeros(len(waves), _CONTEXT + chunks * CHUNK)
        for row, wave in zip(padded, waves, strict=True):
            row[_CONTEXT : _CONTEXT + len(wave)] = torch.from_numpy(wave)
        windows, state, found = padded.unfold(1, _CONTEXT + CHUNK, CHUNK), None, []
        with _one_thread(), torch.inference_mode():
            for first in range(0, chunks, _BLOCK):
                values, state = self._block(windows[:, first : first + _BLOCK], state)
                found.append(values)
        return torch.cat(found, dim=1).numpy()

    def _block(self, chunks: Tensor, state: _State | None) -> tuple[Tensor, _State]:
        """Run chunks ``[tracks, chunks, samples]``, with the state behind the chunks before."""
        import torch
        from torch.nn.functional import conv1d, pad

        values = pad(chunks.flatten(0, 1)[:, None], (0, _CONTEXT), mode="reflect")
        values = conv1d(values, self._weights["stft_conv.weight"], stride=_HOP)
        values = torch.hypot(*values.chunk(2, dim=1))
        for number, stride in enumerate(_STRIDES):
            weight, bias = (self._weights[f"conv{number + 1}.{kind}"] for kind in ("weight", "bias"))
            values = conv1d(values, weight, bias, stride=stride, padding=1).relu()
        hidden, state = self._lstm(values.reshape(*chunks.shape[:2], -1), state)
        weight, bias = self._weights["final_conv.weight"], self._weights["final_conv.bias"]
        return conv1d(hidden.relu().mT, weight, bias).sigmoid()[:, 0], state


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let torch use one thread: the steps are small, and threads would wait for each other."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
