"""A running upstream: its hidden states as layers, each utterance as s3prl computes it alone."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import torch  # noqa: TID253 - this module is imported when an upstream is built, never before
from torch.nn.utils.rnn import pad_sequence  # noqa: TID253

from neuroscope import Frames, NeuroscopeError
from neuroscope.weights import randomness_kept
from neuroscope_s3prl.upstreams.building import QUIET

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from torch import Tensor
    from torch.nn import Module

    from neuroscope import WaveBatch


class Upstream:
    """An upstream of s3prl, one call an utterance: padding changes what most of them compute.

    Args:
        expert: s3prl's ``UpstreamExpert``, in evaluation mode.
        layers: names for its hidden states, in order.
        draws: whether it draws random numbers, also in evaluation mode: the same ones for each batch then.
        side_by_side: whether utterances of exactly one length run together.
        device: where it runs.

    Attributes:
        network: the expert.
    """

    def __init__(self, expert: Module, layers: Sequence[str], *, draws: bool, side_by_side: bool, device: str) -> None:
        self.network, self._draws, self._side_by_side = expert.to(device), draws, side_by_side
        self._layers, self._device = tuple(layers), device

    def extract(self, batch: WaveBatch) -> Iterator[Mapping[str, Frames]]:
        """Yield one block, float32 ``[B, F, D]`` a layer."""
        lengths = [int(each) for each in batch.lengths]
        waves = [row[:length].clone().to(self._device) for row, length in zip(batch.samples, lengths, strict=True)]
        calls = [waves] if self._side_by_side and len(set(lengths)) == 1 else [[wave] for wave in waves]
        kept = randomness_kept(0) if self._draws else nullcontext()
        with torch.inference_mode(), QUIET, kept:
            states = [hidden_states(self.network, call) for call in calls]
        yield dict(zip(self._layers, map(_frames, zip(*states, strict=True)), strict=True))


def hidden_states(expert: Module, waves: Sequence[Tensor]) -> list[Tensor]:
    """Call an upstream, and return its ``hidden_states``, float32 ``[B, F, D]`` each.

    Args:
        expert: s3prl's ``UpstreamExpert``.
        waves: ``[T]`` each, 16 kHz, all of one length.

    Raises:
        NeuroscopeError: it gives something else.
    """
    with _own_hooks(expert):
        states = list(expert(list(waves))["hidden_states"])
    for each in states:
        if not isinstance(each, torch.Tensor) or each.dim() != 3 or len(each) != len(waves):
            shape = tuple(each.shape) if isinstance(each, torch.Tensor) else type(each).__name__
            raise NeuroscopeError(f"{type(expert).__module__} gives {shape} where hidden states [B, F, D] are expected")
    return [each.float() for each in states]


@contextmanager
def _own_hooks(expert: Module) -> Iterator[None]:
    """Put the upstream's hooks, with which it takes its hidden states, behind all others, for one call.

    What another hook changes in a module's output is in the hidden state then; and no hook is left on a module.
    """
    hooks: list[Any] = list(getattr(expert, "taken_hooks", ()))
    try:
        for hook in hooks:
            expert.add_hook(hook.module_path, hook.transform, hook.unique_identifier)  # type: ignore[operator]
        yield
    finally:
        if hooks:
            expert.remove_all_hooks()  # type: ignore[operator]


def _frames(calls: Sequence[Tensor]) -> Frames:
    """Put one layer's frames of all calls into one batch, with zeros behind those of shorter utterances."""
    rows = [row for call in calls for row in call]
    lengths = torch.tensor([len(row) for row in rows], dtype=torch.int64, device=rows[0].device)
    return Frames(pad_sequence(rows, batch_first=True) if len(calls) > 1 else calls[0], lengths)
