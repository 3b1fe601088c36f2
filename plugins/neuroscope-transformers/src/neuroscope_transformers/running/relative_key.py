"""Attention with relative keys, as Wav2Vec2-BERT has it, with a part of the matrix in memory at a time.

transformers makes a key vector for each pair of frames, 2.3 GB a block for a minute of speech. There are only 73 of
them (distances from -64 to 8): each query is multiplied with these, and the products are put where the pairs are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch  # noqa: TID253 - this module is imported when a model is loaded, never before

from neuroscope_transformers.running.in_parts import attend_in_parts, heads_of, replace_attention

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

    from neuroscope_transformers.families.anatomy import Anatomy


def measure_in_parts(network: Module, anatomy: Anatomy) -> None:
    """Replace the computation, not the parameters, of each block's attention where keys are relative."""
    del anatomy
    replace_attention(network, "relative_key", _forward)


def _forward(
    attention: Any, hidden_states: Tensor, attention_mask: Tensor | None = None, **_: Any
) -> tuple[Tensor, None]:
    """Frames [B, F, D] -> frames."""
    queries, keys, values = (
        heads_of(hidden_states, each, attention.num_heads)
        for each in (attention.linear_q, attention.linear_k, attention.linear_v)
    )
    products: Tensor = (queries @ attention.distance_embedding.weight.T) * attention.head_size**-0.5
    left, right = attention.left_max_position_embeddings, attention.right_max_position_embeddings
    places = torch.arange(hidden_states.shape[1], device=hidden_states.device)

    def bias(start: int, end: int) -> Tensor:
        apart = (places - places[start:end, None]).clamp(-left, right) + left
        return products[:, :, start:end].gather(3, apart.expand(*products.shape[:2], -1, -1))

    attended = attend_in_parts(queries, keys, values, bias, attention_mask)
    return attention.linear_out(attended), None
