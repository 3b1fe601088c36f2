"""The blocks of an encoder as layers: their outputs, or the neurons inside their feed-forward modules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from neuroscope import LayerSpec, Tap
from neuroscope_transformers.families.settings import MOST

if TYPE_CHECKING:
    from neuroscope.capture import Pick
    from neuroscope_transformers.families.settings import Settings


PRE_NORM = "the residual stream, before the next block's norm (pre-norm)"
POST_NORM = "after the block's final LayerNorm (post-norm)"
MACARON = "after the block's final_layer_norm (conformer)"
MOST_BLOCKS = 1000
SECOND = "ffn2 is the second of a block's two feed-forward modules"


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocks:
    """Where the blocks of a family are, and what the settings of config.json that count them are called.

    Attributes:
        path: module path of the list of blocks.
        neurons: in a block, the module that puts out the inner activations of its feed-forward module.
        pick: what of a block's output is its frames; None = the output is a tensor.
        neurons_pick: the same of the inner activations.
        count: setting that says how many blocks there are.
        width: setting that says how wide their outputs are.
        inner: setting that says how many neurons are inside.
        heads: setting that says among how many heads of attention the width is divided.
    """

    path: str
    neurons: str
    pick: Pick = None
    neurons_pick: Pick = None
    count: str = "num_hidden_layers"
    width: str = "hidden_size"
    inner: str = "intermediate_size"
    heads: str = "num_attention_heads"

    def layers(self, config: Settings, site: str) -> tuple[LayerSpec, ...]:
        """Declare L1 to the last block's layer.

        Raises:
            BadOption: a number is none, the width cannot be divided among the heads, or there are more columns than a
                store takes.
        """
        inside = site == "ffn"
        wide, heads = config.count(self.width), config.count(self.heads)
        if wide % heads:
            raise config.wrong(self.heads, heads, f"a number that divides {self.width}, {wide}")
        width, count = config.count(self.inner) if inside else wide, config.count(self.count)
        if width * count > MOST:
            raise config.wrong(self.count, count, f"at most {MOST // width}, of {width} columns each")
        config.count(self.count, most=MOST_BLOCKS)
        pick = self.neurons_pick if inside else self.pick
        behind = f".{self.neurons}" if inside else ""
        return tuple(
            LayerSpec(f"L{number + 1}", width, tap=Tap(f"{self.path}.{number}{behind}", pick))
            for number in range(count)
        )

    def what(self, config: Settings, site: str, order: str) -> str:
        """Say what L1 to the last are, for people; ``order`` is that of a block and its norm."""
        last = config.count(self.count) - 1
        if site == "ffn":
            place = f"output of {self.path}.0-{last}.{self.neurons}"
            return f"L1-L{last + 1}: {place}, the feed-forward module's neurons behind their activation function"
        return f"L1-L{last + 1}: output of {self.path}.0-{last}, {order}"
