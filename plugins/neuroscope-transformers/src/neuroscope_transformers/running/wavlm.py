"""WavLM's attention, gated by the distance between frames, with a part of the matrix in memory at a time.

transformers computes the same through ``multi_head_attention_forward`` with the weights kept: at a minute of audio it
holds five matrices of 432 MB.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import torch  # noqa: TID253 - this module is imported when a model is loaded, never before

from neuroscope_transformers.running.in_parts import attend_in_parts, heads_of

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

    from neuroscope_transformers.families.anatomy import Anatomy


def gate_in_parts(network: Module, anatomy: Anatomy) -> None:
    """Replace the computation, not the parameters, of each block's attention."""
    del anatomy
    blocks: Any = network.get_submodule("encoder.layers")
    for block in blocks:
        block.attention.forward = partial(_forward, block.attention)


def _forward(
    attention: Any,
    hidden_states: Tensor,
    attention_mask: Tensor | None = None,
    position_bias: Tensor | None = None,
    **_: Any,
) -> tuple[Tensor, None, Tensor]:
    """Frames [B, F, D] -> frames; ``position_bias`` goes from block to block: a row for each head, [H, 2F - 1].

    Column c is the bias of a key c - (F - 1) frames behind its query.
    """
    frames = hidden_states.shape[1]
    table = _table(attention, frames) if position_bias is None else position_bias
    queries, keys, values = (
        heads_of(hidden_states, each, attention.num_heads)
        for each in (attention.q_proj, attention.k_proj, attention.v_proj)
    )
    gate = _gate(attention, hidden_states)

    def bias(start: int, end: int) -> Tensor:
        rows = table[:, frames - end : 2 * frames - 1 - start].unfold(-1, frames, 1).flip(-2)
        return gate[:, :, start:end] * rows

    mask = None if attention_mask is None else attention_mask.bool()[:, None, None]
    attended = attend_in_parts(queries, keys, values, bias, mask)
    return attention.out_proj(attended), None, table


def _table(attention: Any, frames: int) -> Tensor:
    device = attention.rel_attn_embed.weight.device
    apart = torch.arange(1 - frames, frames, device=device)
    table: Tensor = attention.rel_attn_embed(attention._relative_positions_bucket(apart))
    return table.T.contiguous()


def _gate(attention: Any, hidden_states: Tensor) -> Tensor:
    """How much each head of each frame minds distance, [B, H, F, 1]."""
    heads = hidden_states.reshape(*hidden_states.shape[:-1], attention.num_heads, -1).transpose(1, 2)
    both: Tensor = attention.gru_rel_pos_linear(heads)
    first, second = both.reshape(*both.shape[:-1], 2, 4).sum(-1).sigmoid().chunk(2, dim=-1)
    gate: Tensor = first * (second * attention.gru_rel_pos_const - 1.0) + 2.0
    return gate
