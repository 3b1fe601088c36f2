"""The relative attention of wav2vec 2.0's Conformer, with a part of the matrix in memory at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from neuroscope_transformers.running.in_parts import attend_in_parts, heads_of, replace_attention

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

    from neuroscope_transformers.families.anatomy import Anatomy


def relate_in_parts(network: Module, anatomy: Anatomy) -> None:
    """Replace the computation, not the parameters, of each block's attention where positions are relative."""
    del anatomy
    replace_attention(network, "relative", _forward)


def _forward(
    attention: Any,
    hidden_states: Tensor,
    attention_mask: Tensor | None = None,
    relative_position_embeddings: Tensor | None = None,
    **_: Any,
) -> tuple[Tensor, None]:
    """Frames [B, F, D] -> frames; the embeddings [1, 2F - 1, D] begin with the key farthest before its query."""
    frames = hidden_states.shape[1]
    queries, keys, values = (
        heads_of(hidden_states, each, attention.num_heads)
        for each in (attention.linear_q, attention.linear_k, attention.linear_v)
    )
    places = attention.linear_pos(relative_position_embeddings).unflatten(-1, (attention.num_heads, -1))
    places = places.permute(0, 2, 3, 1)
    scale = attention.head_size**-0.5
    placed = (queries + attention.pos_bias_v[:, None]) * scale

    def bias(start: int, end: int) -> Tensor:
        scores = placed[:, :, start:end] @ places[..., frames - end : 2 * frames - 1 - start]
        return _skewed(scores, frames)

    attended = attend_in_parts(queries + attention.pos_bias_u[:, None], keys, values, bias, attention_mask)
    return attention.linear_out(attended), None


def _skewed(scores: Tensor, keys: int) -> Tensor:
    """Row i of [B, H, Q, keys + Q - 1] from place Q - 1 - i on: [B, H, Q, keys], a view.

    The last query is the farthest behind key 0, and its row begins there; each query before it is one frame nearer.
    """
    count, width = scores.shape[-2:]
    strides = (*scores.stride()[:-2], width - 1, 1)
    return scores.as_strided((*scores.shape[:-2], count, keys), strides, scores.storage_offset() + count - 1)
