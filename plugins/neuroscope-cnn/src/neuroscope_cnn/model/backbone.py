"""The running model: waveforms to frames of cepstra, and those through the network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch  # noqa: TID253 - this module is imported when the model is loaded, never before
from torch.nn.utils.rnn import pad_sequence  # noqa: TID253

from neuroscope import Frames
from neuroscope_cnn.frontend.front_end import FrontEnd
from neuroscope_cnn.model import extents
from neuroscope_cnn.model.layers import NAMES, LayerPooling, embeddings, whole
from neuroscope_cnn.model.network import Network

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from torch import Tensor

    from neuroscope import WaveBatch
    from neuroscope_cnn.model.architecture import Architecture

FRAMEWISE = ("conv1", "conv2", "conv3")  # what the core pools in the mode valid


class CnnBackbone:
    """One of the two networks behind its front end, over whole utterances.

    Args:
        architecture: which.
        weights: variables under their published names, in TensorFlow's layout.
        mode: ``exact`` pools all layers as the published graphs do; ``valid`` counts each utterance's own frames alone.
        vad: threshold of the voice activity detection, of the half mean energy; None = all frames.
        n_fft: samples of a window.
        fc_tap: FC1 and FC2 before normalisation and ReLU, or behind them.
        device: where the model runs; its output stays there.

    Attributes:
        network: the points of the network that the layers' taps name.
    """

    def __init__(
        self,
        architecture: Architecture,
        weights: Mapping[str, Tensor],
        *,
        mode: Literal["exact", "valid"],
        vad: float | None,
        n_fft: int,
        fc_tap: Literal["pre", "post"],
        device: str,
    ) -> None:
        self._mode, self._tap = mode, fc_tap
        self._front_end = FrontEnd(n_fft=n_fft, vad=vad, device=device)
        self._network = Network(architecture, weights, device)
        self.network = self._network.points

    def extract(self, batch: WaveBatch) -> Iterator[Mapping[str, Frames]]:
        """Compute the six layers of a batch.

        ``exact``: one block of six pooled layers. ``valid``: blocks of CNN1-3, then one of CNN4, FC1 and FC2.
        """
        with torch.inference_mode():
            waves = zip(batch.samples, batch.lengths.tolist(), strict=True)
            features = [self._front_end(wave[:length]) for wave, length in waves]
        if self._mode == "exact":
            placed = [extents.exact(len(each)) for each in features]
            yield _once(whole(self._network, features, placed, self._tap))
        else:
            yield from self._valid(features)

    def _valid(self, features: Sequence[Tensor]) -> Iterator[Mapping[str, Frames]]:
        placed = [extents.valid(len(each)) for each in features]
        with torch.inference_mode():
            pools = LayerPooling(self._network, placed, ["conv4"])
        for block in self._network.blocks(features, placed):
            with torch.inference_mode():
                pools.add(block)
                frames = {NAMES[name]: _padded(block[name]) for name in FRAMEWISE}
            yield frames
        with torch.inference_mode():
            pooled = pools.finish()["conv4"]
        yield _once(embeddings(self._network, pooled, self._tap))


def _once(layers: Mapping[str, Tensor]) -> dict[str, Frames]:
    """Pooled layers ``[B, D]`` as one frame each."""
    return {
        name: Frames(values[:, None], torch.ones(len(values), dtype=torch.int64, device=values.device))
        for name, values in layers.items()
    }


def _padded(frames: Sequence[Tensor]) -> Frames:
    """Frames of all utterances side by side, zeros behind the ends; one utterance alone is not copied."""
    lengths = torch.tensor([len(each) for each in frames], device=frames[0].device)
    values = frames[0][None] if len(frames) == 1 else pad_sequence(list(frames), batch_first=True)
    return Frames(values, lengths)
