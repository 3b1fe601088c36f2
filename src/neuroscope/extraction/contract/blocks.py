"""Load and run a backbone, and name what is wrong with what it gives: the compliance kit and the runner ask here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from neuroscope.contracts.backbone import Frames
from neuroscope.errors import PluginBroken, UnknownName
from neuroscope.plugin.failures import failures_told
from neuroscope.plugin.products import description

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from neuroscope.contracts.audio import WaveBatch
    from neuroscope.contracts.backbone import Backbone, BackboneSpec

_BLOCK = "yield {layer: Frames(values, lengths)} for each block in time, mostly one"


def load_backbone(spec: BackboneSpec, device: str) -> Backbone:
    """Load a backbone.

    Raises:
        PluginBroken: its load fails, with the line of its code, or returns something that cannot run.
        NeuroscopeError: as its load raises it.
    """
    with failures_told("the backbone's load"):
        backbone = spec.load(device)
    if isinstance(backbone, type) or not callable(getattr(backbone, "extract", None)):
        raise PluginBroken(
            f"the backbone's load returns {description(backbone)}, which has no method extract to call: return the "
            f"model"
        )
    return backbone


def blocks_of(backbone: Backbone, batch: WaveBatch) -> Iterator[Mapping[str, Frames]]:
    """Run a batch, and yield the blocks as they come, which are of the types that the contract asks for.

    Raises:
        PluginBroken: extract fails, with the line of its code, or gives something else, or nothing.
        NeuroscopeError: as extract raises it.
    """
    with failures_told("the backbone's extract"):
        made: Any = backbone.extract(batch)
    if isinstance(made, Mapping | str | Frames) or not isinstance(made, Iterable) or hasattr(made, "dtype"):
        raise PluginBroken(f"the backbone's extract returns {description(made)}: {_BLOCK}")
    coming: Any = iter(made)
    came = False
    try:
        while True:
            with failures_told("the backbone's extract"):
                block: Any = next(coming, _END)
            if block is _END:
                break
            came = True
            if problem := _problem_with_types(block):
                raise PluginBroken(problem)
            yield block
    finally:
        with suppress(AttributeError):
            coming.close()
    if not came:
        raise PluginBroken(f"the backbone's extract yields nothing: {_BLOCK}")


def problem_with_name(name: str, declared: Collection[str]) -> str:
    """Say that a layer that is yielded is not declared; empty = it is."""
    if name in declared:
        return ""
    return f"yielded and not declared: {UnknownName('layer', name, declared)}"


def problem_with_missing(came: Collection[str], declared: Collection[str]) -> str:
    """Say which layers are declared and were not yielded; empty = all were."""
    missing = [name for name in declared if name not in came]
    return f"declared and not yielded: {', '.join(missing)}" if missing else ""


def problem_with_shape(name: str, frames: Frames, width: int | None, batch_size: int) -> str:
    """Say that a layer's values are not ``[batch, frames, width]``; empty = they are. None = any width."""
    shape = list(frames.values.shape)
    good = len(shape) == 3 and shape[0] == batch_size and width in {None, shape[2]}
    return "" if good else f"layer {name} is {shape}, not [{batch_size}, frames, {width}]"


def problem_with_lengths(name: str, frames: Frames, batch_size: int) -> str:
    """Say that a layer's lengths are not ``[batch]``, from 0 to the frames that there are; empty = they are."""
    lengths, most = frames.lengths, frames.values.shape[1]
    if list(lengths.shape) != [batch_size]:
        return f"layer {name}: lengths are {list(lengths.shape)}, not [{batch_size}]: one number an utterance"
    if bool(((lengths < 0) | (lengths > most)).any()):
        return f"layer {name}: lengths {lengths.tolist()} are not from 0 to its {most} frames"
    return ""


def problem_with_pooled(name: str, frames: Frames, earlier: int) -> str:
    """Say that a layer with pooling="none" came in more than one block or frame; empty = it did not."""
    if earlier:
        return f'layer {name} has pooling="none" and comes in {earlier + 1} blocks; yield it once'
    if frames.values.shape[1] != 1 or not bool((frames.lengths == 1).all()):
        return f'layer {name} has pooling="none" and not one frame; its frames are [batch, 1, width], its lengths 1'
    return ""


_END = object()


def _problem_with_types(block: Any) -> str:
    """Say what in a block is not of its type; empty = nothing."""
    if not isinstance(block, Mapping):
        return f"the backbone's extract yields {description(block)}: {_BLOCK}"
    for name, frames in block.items():
        if not isinstance(name, str):
            return f"the backbone's extract yields a block with the key {name!r}: keys are names of layers"
        if not isinstance(frames, Frames):
            return f"layer {name} is {description(frames)}: it has to be Frames(values, lengths)"
        if problem := _problem_with_tensors(frames):
            return f"layer {name}: {problem}"
    return ""


def _problem_with_tensors(frames: Frames) -> str:
    import torch

    values: Any = frames.values
    lengths: Any = frames.lengths
    if not isinstance(values, torch.Tensor):
        return f"its values are {description(values)}, and have to be a torch.Tensor [batch, frames, width]"
    if not values.is_floating_point():
        return f"its values are {values.dtype}, and have to be float32"
    if not isinstance(lengths, torch.Tensor):
        return f"its lengths are {description(lengths)}, and have to be a torch.Tensor, int64 [batch]"
    if lengths.is_floating_point() or lengths.is_complex() or lengths.dtype == torch.bool:
        return f"its lengths are {lengths.dtype}, and have to be int64 [batch]"
    return ""
