"""The backbone itself: passes of the network, and what its hooked modules put out."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch  # noqa: TID253 - this module is imported when a model is loaded, never before

from neuroscope import Frames
from neuroscope.capture import capture

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from torch import Tensor
    from torch.nn import Module

    from neuroscope import LayerSpec, Tap, WaveBatch
    from neuroscope_transformers.running.front_end import FrontEnd, Piece

MOST_HELD = 2**27
"""Numbers of a pass's layers that are held at a time, 512 MB; two models run side by side on a CPU of two cores.

Where there are more, half of it: whoever takes a block has the one before in hand while the next is computed.
"""


class Encoder:
    """A network of transformers with hooks on the modules that its layers' taps name.

    Args:
        network: in evaluation mode, on its device.
        front_end: makes its inputs.
        layers: with taps, in the order in which the network comes to them.
    """

    def __init__(self, network: Module, front_end: FrontEnd, layers: Sequence[LayerSpec]) -> None:
        self.network = network
        self._front_end, self._layers = front_end, tuple(layers)

    def extract(self, batch: WaveBatch) -> Iterator[Mapping[str, Frames]]:
        """Yield float32 ``[B, F, D]`` of each layer, for each piece in time that the front end makes.

        Where all layers of a piece are more than memory should hold, some come in a block, and the others in the next,
        for which the network runs again.
        """
        for piece in self._front_end.pieces(batch):
            for layers in held_together(self._layers, piece.lengths):
                with torch.inference_mode():
                    values = self._pass(piece, layers, whole=layers[-1] is self._layers[-1])
                yield {name: Frames(each.float(), _lengths(piece, name, each)) for name, each in values.items()}

    def _pass(self, piece: Piece, layers: Sequence[LayerSpec], *, whole: bool) -> dict[str, Tensor]:
        """Run the network, as far as the layers need where that is not the whole of it."""
        taps = {layer.name: _shortened(layer, piece.lengths) for layer in layers}
        with capture(self.network, taps) as captured:
            if whole:
                self.network(**piece.inputs)
            else:
                with _ended_behind(self.network.get_submodule(taps[layers[-1].name].module)):
                    self.network(**piece.inputs)
        return dict(captured.items())


def held_together(layers: Sequence[LayerSpec], lengths: Mapping[str, Tensor] | None) -> list[list[LayerSpec]]:
    """Split layers, in their order, into groups of which a pass may hold the frames; one layer is the least."""
    if lengths is None:
        return [list(layers)]
    sizes = [len(own) * int(own.max()) * layer.width for layer in layers for own in [lengths[layer.name]]]
    most = MOST_HELD if sum(sizes) <= MOST_HELD else MOST_HELD // 2
    groups: list[list[LayerSpec]] = []
    room = 0
    for layer, size in zip(layers, sizes, strict=True):
        if not groups or size > room:
            groups.append([])
            room = most
        groups[-1].append(layer)
        room -= size
    return groups


def _lengths(piece: Piece, layer: str, values: Tensor) -> Tensor:
    if piece.lengths is not None:
        return piece.lengths[layer]
    return torch.full((len(values),), values.shape[1], device=values.device)


def _shortened(layer: LayerSpec, lengths: Mapping[str, Tensor] | None) -> Tap:
    """Make a layer's tap take the longest utterance's frames: behind them is what a window was filled up with."""
    tap: Any = layer.tap  # every layer of an anatomy has one
    if lengths is None:
        same: Tap = tap
        return same
    frames, axis = int(lengths[layer.name].max()), tap.axes.index("F")

    def first(output: Any) -> Tensor:
        picked: Tensor = tap.pick(output) if callable(tap.pick) else output if tap.pick is None else output[tap.pick]
        return picked.narrow(axis, 0, min(frames, picked.shape[axis]))

    shortened: Tap = replace(tap, pick=first)
    return shortened


class _Enough(Exception):
    """The end of a pass of which nothing more is wanted."""


@contextmanager
def _ended_behind(module: Module) -> Iterator[None]:
    """End a pass of the network when a module has run."""

    def end(*_: object) -> None:
        raise _Enough

    hook = module.register_forward_hook(end)
    try:
        yield
    except _Enough:
        pass
    finally:
        hook.remove()
