"""Attention that depends on how far frames are apart, without a matrix of all frames by all frames in memory.

Some queries at a time are put against all keys, and each part goes through torch's scaled dot product. A minute of
audio is 3,000 frames: 432 MB for each such matrix of a model of 12 heads, of which transformers holds several.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import torch  # noqa: TID253 - this module is imported when a model is loaded, never before
from torch.nn.functional import scaled_dot_product_attention  # noqa: TID253

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import Tensor
    from torch.nn import Module

_MOST = 2**22
"""Numbers of a part of the matrix, over all heads and utterances: 16 MB."""


def replace_attention(network: Module, positions: str, forward: Callable[..., Any]) -> None:
    """Replace the computation, not the parameters, of each conformer block's attention with such position embeddings.

    Args:
        network: its blocks are ``encoder.layers``.
        positions: ``position_embeddings_type`` of the attention that is replaced.
        forward: takes the attention first, and then what the attention is called with.
    """
    blocks: Any = network.get_submodule("encoder.layers")
    for block in blocks:
        if block.self_attn.position_embeddings_type == positions:
            block.self_attn.forward = partial(forward, block.self_attn)


def heads_of(frames: Tensor, projection: Module, heads: int) -> Tensor:
    """Project frames ``[B, F, D]``, and split the columns: ``[B, H, F, D / H]``."""
    projected: Tensor = projection(frames).unflatten(-1, (heads, -1)).transpose(1, 2)
    return projected


def attend_in_parts(
    queries: Tensor, keys: Tensor, values: Tensor, bias: Callable[[int, int], Tensor], mask: Tensor | None
) -> Tensor:
    """Attend from all queries to all keys.

    Args:
        queries: [B, H, F, D].
        keys: [B, H, F, D].
        values: [B, H, F, D].
        bias: first and behind the last of some queries -> what is added to their scores, [B, H, queries, F].
        mask: bool [B, 1, 1 or F, F], True = a query sees the key; or float, added to the scores; None = all is seen.

    Returns:
        [B, F, H * D].
    """
    made = queries.new_empty(queries.shape[0], queries.shape[2], queries.shape[1], queries.shape[3])
    for start, end in _parts(queries):
        added = bias(start, end)
        if mask is not None:
            here = mask[:, :, start:end] if mask.shape[2] > 1 else mask
            added = added.masked_fill(~here, -float("inf")) if here.dtype == torch.bool else added + here
        part = scaled_dot_product_attention(queries[:, :, start:end], keys, values, attn_mask=added)
        made[:, start:end] = part.transpose(1, 2)
    return made.flatten(2)


def _parts(queries: Tensor) -> Iterator[tuple[int, int]]:
    batch, heads, frames, _ = queries.shape
    size = max(_MOST // (batch * heads * frames), 16)
    return ((start, min(start + size, frames)) for start in range(0, frames, size))
