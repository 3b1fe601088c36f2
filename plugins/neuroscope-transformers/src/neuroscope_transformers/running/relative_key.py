"""Attention with relative keys, as Wav2Vec2-BERT has it, in memory that does not grow with the square of the frames.

The library makes a key vector for each pair of frames: 2.3 GB a block for a minute of speech. There are only 73 of
them, so each query is multiplied with these, and the products are put where the pairs are, a few queries at a time.
The numbers are the same: the same products of the same vectors.
"""

from __future__ import annotations

from types import MethodType
from typing import TYPE_CHECKING, Any

import torch  # noqa: TID253 - this module is imported when a model is loaded, never before
from torch.nn.functional import scaled_dot_product_attention  # noqa: TID253

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

QUERIES = 256
"""Frames whose attention is computed at a time."""


def lean(network: Module) -> None:
    """Let the attention of every block of a Wav2Vec2-BERT run by this module's way, where it has relative keys."""
    for module in network.modules():
        if getattr(module, "position_embeddings_type", None) == "relative_key":
            module.forward = MethodType(_forward, module)


def _forward(
    module: Any, hidden_states: Tensor, attention_mask: Tensor | None = None, *_: object, **__: object
) -> tuple[Tensor, None]:
    """Attend, ``[B, F, D]`` to ``[B, F, D]``; the mask is boolean (True = seen) or added to the scores."""
    shape = (*hidden_states.shape[:-1], module.num_heads, module.head_size)
    query, key, value = (
        linear(hidden_states).view(shape).transpose(1, 2)
        for linear in (module.linear_q, module.linear_k, module.linear_v)
    )
    scaling = module.head_size**-0.5
    products = (query @ module.distance_embedding.weight.T) * scaling  # [B, heads, F, distances]
    left, right = module.left_max_position_embeddings, module.right_max_position_embeddings
    steps = torch.arange(query.shape[2], device=query.device)
    parts = []
    for rows in torch.split(steps, QUERIES):
        distances = (steps - rows[:, None]).clamp(-left, right) + left
        bias = products[:, :, rows].gather(3, distances.expand(*query.shape[:2], -1, -1))
        bias = _masked(bias, None if attention_mask is None else attention_mask[:, :, rows])
        parts.append(scaled_dot_product_attention(query[:, :, rows], key, value, attn_mask=bias, scale=scaling))
    joined = torch.cat(parts, dim=2).transpose(1, 2).flatten(2)
    return module.linear_out(joined), None


def _masked(bias: Tensor, mask: Tensor | None) -> Tensor:
    if mask is None:
        return bias
    return bias.masked_fill(~mask, -torch.inf) if mask.dtype == torch.bool else bias + mask
