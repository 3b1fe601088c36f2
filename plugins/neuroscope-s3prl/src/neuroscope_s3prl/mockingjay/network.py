"""The encoder: built by s3prl, with some of its modules computed in one step each, and run on utterances end to end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch  # noqa: TID253 - this module is imported when the model is loaded, never before
from torch import nn  # noqa: TID253
from torch.nn import functional  # noqa: TID253

from neuroscope import require
from neuroscope.weights import randomness_kept
from neuroscope_s3prl.mockingjay.modules import INSTALL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import ModuleType

    from torch import Tensor

    from neuroscope_s3prl.mockingjay.settings import Settings

Span = tuple[int, int]
"""An utterance's frames, and how many of them attention may look at."""
_MASKED = -10_000.0


def s3prl_model() -> ModuleType:
    """Import s3prl's encoder.

    Raises:
        MissingDependency: it cannot be imported.
    """
    return require("s3prl.upstream.mockingjay.model", install=INSTALL)


def empty_network(settings: Settings) -> nn.Module:
    """Build s3prl's network without values."""
    with torch.device("meta"), randomness_kept():
        return _build(settings)


def random_network(settings: Settings, seed: int) -> nn.Module:
    """Build s3prl's network as it is before its training, drawn from a seed."""
    with randomness_kept(seed):
        return _build(settings)


def filled_network(settings: Settings, weights: Mapping[str, Tensor]) -> nn.Module:
    """Build s3prl's network of weights whose names and shapes are those of ``empty_network``."""
    network = empty_network(settings)
    network.load_state_dict(dict(weights), assign=True)
    return network


def _build(settings: Settings) -> nn.Module:
    model = s3prl_model()
    config = model.TransformerConfig(
        {
            "hidden_size": settings.hidden,
            "num_hidden_layers": settings.layers,
            "num_attention_heads": settings.heads,
            "hidden_act": settings.activation,
            "intermediate_size": settings.inner,
            "hidden_dropout_prob": 0.0,
            "attention_probs_dropout_prob": 0.0,
            "initializer_range": settings.deviation,
            "layer_norm_eps": settings.epsilon,
            "share_layer": settings.is_shared,
            "pre_layer_norm": settings.norms_first,
        }
    )
    network: nn.Module = model.TransformerModel(config, settings.front.columns * settings.stacked)
    return network


def fuse(network: nn.Module) -> nn.Module:
    """Replace s3prl's attention, LayerNorm and GELU, in place, by torch's own of the same weights.

    Attention needs no memory for its matrix then, and utterances stand end to end, without padding between them.
    """
    model = s3prl_model()
    made: dict[nn.Module, nn.Module] = {}
    for module in list(network.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, model.TransformerLayerNorm):
                setattr(module, name, made.setdefault(child, _layer_norm(child)))
            elif isinstance(child, model.TransformerSelfAttention):
                setattr(module, name, made.setdefault(child, Attention(child)))
        if getattr(module, "intermediate_act_fn", None) is model.gelu:
            module.intermediate_act_fn = functional.gelu  # type: ignore[assignment]
    return network.eval().requires_grad_(False)


def _layer_norm(former: Any) -> nn.LayerNorm:
    norm = nn.LayerNorm(former.weight.shape, eps=former.variance_epsilon, device="meta")
    norm.weight, norm.bias = former.weight, former.bias
    return norm


class Attention(nn.Module):
    """s3prl's self-attention, of its weights, over utterances that stand end to end.

    Args:
        former: s3prl's module.
    """

    def __init__(self, former: Any) -> None:
        super().__init__()
        self.query, self.key, self.value = former.query, former.key, former.value
        self._heads = former.num_attention_heads

    def forward(self, frames: Tensor, spans: Sequence[Span], head_mask: None = None) -> Tensor:
        """``[1, frames, hidden]`` to the same; each utterance looks at itself alone."""
        heads = [each(frames)[0].unflatten(1, (self._heads, -1)) for each in (self.query, self.key, self.value)]
        lengths = [length for length, _ in spans]
        apart = zip(*(each.transpose(0, 1)[None].split(lengths, dim=2) for each in heads), spans, strict=True)
        attended = [_attended(query, key, value, seen) for query, key, value, (_, seen) in apart]
        return torch.cat(attended, dim=2).transpose(1, 2).flatten(2)


def _attended(query: Tensor, key: Tensor, value: Tensor, seen: int) -> Tensor:
    """Attention of one utterance ``[1, heads, frames, head]``; those from ``seen`` on are masked as in s3prl."""
    length = query.shape[2]
    mask = None
    if seen < length:
        mask = query.new_zeros(1, 1, 1, length)
        mask[..., seen:] = _MASKED
    return functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)


class Positions:
    """Sinusoids that tell a network where in its window a frame stands.

    Sine and cosine of ``position / 10000^(2 * (column // 2) / columns)`` in even and odd columns.

    Args:
        columns: of a position.
        device: where they are.
    """

    def __init__(self, columns: int, device: str) -> None:
        self._rates = 10_000 ** (2 * (torch.arange(columns, dtype=torch.float64) // 2) / columns)
        self._table = torch.empty(0, columns, device=device)

    def __call__(self, length: int) -> Tensor:
        """The first positions ``[length, columns]``, float32."""
        if length > len(self._table):
            angles = torch.arange(length, dtype=torch.float64)[:, None] / self._rates
            angles[:, 0::2], angles[:, 1::2] = angles[:, 0::2].sin(), angles[:, 1::2].cos()
            self._table = angles.float().to(self._table.device)
        return self._table[:length]
