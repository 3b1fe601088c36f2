"""Tell from a network's passes what each module puts out, and which modules might be its layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from neuroscope.contracts.backbone import LayerSpec, Tap
from neuroscope.contracts.rows import problem_with_layer_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from torch.nn import Module

    from neuroscope.inspection.passes import Call, Passes, Pick, Shape

_FEW = 2
"""Blocks of one class that make a stack."""


@dataclass(frozen=True, slots=True)
class SeenModule:
    """A module of a network, and what it put out for one utterance.

    Attributes:
        name: as in ``named_modules()``; empty = the network itself.
        kind: name of its class.
        calls: how often it ran in a pass; 0 = never, or not as a module.
        pick: which part of the output ``shape`` is; None = the output is one tensor.
        shape: of its output.
        axes: of the shape, as ``Tap.axes``; empty = it has others than batch, frames and columns.
        frames: that as much input again adds; None = not known.
        passes_on: whether it gave back what it was given.
        by_block: whether it runs more often for longer audio.
    """

    name: str
    kind: str
    calls: int
    pick: Pick = None
    shape: Shape = ()
    axes: str = ""
    frames: float | None = None
    passes_on: bool = False
    by_block: bool = False

    @property
    def width(self) -> int:
        """Columns of a frame."""
        return self.shape[self.axes.index("D")]


def seen_modules(net: Module, passes: Passes) -> list[SeenModule]:
    """List a network's modules in the order in which it names them."""
    from torch.nn import Module

    return [
        _seen(name, module, passes)
        for name, module in net.named_modules()
        if passes.one.get(name) or type(module).forward is not Module.forward  # a list of modules is never called
    ]


def propose(net: Module, modules: list[SeenModule]) -> tuple[LayerSpec, ...]:
    """Propose layers, one a call: the blocks of a stack, else whole children of the network that put frames out."""
    by_name = {each.name: each for each in modules}
    found = [each for name, _ in net.named_children() for each in _within(net, name, by_name)]
    if not found and by_name[""].axes:
        found = [by_name[""]]
    return tuple(layer for each in found for layer in _layers(each))


def declaration(layer: LayerSpec) -> str:
    """Write a layer with its tap as a line of Python."""
    tap: Any = layer.tap
    parts = [repr(tap.module)]
    parts += [f"pick={tap.pick!r}"] if tap.pick is not None else []
    parts += [f"call={tap.call}"] if tap.call is not None else []
    parts += [f"axes={tap.axes!r}"] if tap.axes != "BFD" else []
    return f"LayerSpec({layer.name!r}, {layer.width}, tap=Tap({', '.join(parts)})),".replace("'", '"')


def _seen(name: str, module: Module, passes: Passes) -> SeenModule:
    kind, calls = type(module).__name__, passes.one.get(name)
    if not calls:
        return SeenModule(name, kind, 0)
    first, longer = calls[0], _same_call(calls, passes.longer, name)
    two = _same_call(calls, passes.two, name)
    by_block = passes.longer is not None and longer is None
    reference = two or first  # the longer pass has as many utterances as this one
    guess = "BDF" if _is_channels_first(module) else "BFD"
    options = [
        (pick, shape, *_axes(shape, _shape(two, pick), _shape(reference, pick), _shape(longer, pick), guess))
        for pick, shape in first.shapes.items()
    ]
    pick, shape, axes, added = next(
        (each for each in options if each[2]), options[0] if options else (None, (), "", None)
    )
    frames = None if added is None else float(round(passes.again * added))
    return SeenModule(
        name, kind, len(calls), pick, shape, axes, frames, all(each.passes_on for each in calls), by_block
    )


def _same_call(calls: list[Call], other: Mapping[str, list[Call]] | None, name: str) -> Call | None:
    """Return the first call of another pass; None where there is no such pass, or it calls the module otherwise."""
    same = other.get(name, []) if other is not None else []
    return same[0] if len(same) == len(calls) else None


def _shape(call: Call | None, pick: Pick) -> Shape | None:
    return call.shapes.get(pick) if call else None


def _axes(
    one: Shape, two: Shape | None, before: Shape | None, longer: Shape | None, guess: str
) -> tuple[str, int | None]:
    """Name the axes of an output, from what grew with the batch and with time; and count the frames added.

    Where nothing grew with time, the axes are the guess, if that has the batch in the right place.
    """
    batch = _grown(one, two) if two is not None else [0]
    time = _grown(before, longer) if before is not None and longer is not None else None
    if len(one) not in (2, 3) or len(batch) != 1 or (time and (len(time) > 1 or time == batch)):
        return "", None
    if len(one) == 2:
        return ("", None) if time else ("BD" if batch == [0] else "DB", None)
    if time:
        frames = longer[time[0]] - before[time[0]] if before and longer else None
        rest = ({0, 1, 2} - {batch[0], time[0]}).pop()
        return "".join({batch[0]: "B", time[0]: "F", rest: "D"}[axis] for axis in range(3)), frames
    return ({0: guess, 1: "FBD", 2: ""}[batch[0]], None if time is None else 0)


def _is_channels_first(module: Module) -> bool:
    """Tell whether torch's own module puts columns before frames."""
    from torch import nn

    return isinstance(module, nn.Conv1d | nn.ConvTranspose1d | nn.BatchNorm1d | nn.MaxPool1d | nn.AvgPool1d)


def _grown(one: Shape | None, other: Shape | None) -> list[int]:
    """List the axes that are longer in one of two shapes."""
    if one is None or other is None or len(one) != len(other):
        return []
    return [axis for axis, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]


def _within(net: Module, name: str, by_name: Mapping[str, SeenModule]) -> Iterator[SeenModule]:
    """Yield the modules at or below a name that might be layers."""
    module, own = net.get_submodule(name), by_name.get(name)
    if own and own.passes_on:
        return
    if own and own.axes and not _has_stack(module, name, by_name):
        yield own
        return
    for child, _ in module.named_children():
        yield from _within(net, f"{name}.{child}", by_name)


def _has_stack(module: Module, name: str, by_name: Mapping[str, SeenModule]) -> bool:
    """Tell whether a module holds blocks of one class, in a row, that put frames out."""
    for inner, container in module.named_modules(prefix=name):
        children = [(child, each) for child, each in container.named_children() if not child.isidentifier()]
        kinds = [
            type(each)
            for child, each in children
            if any(True for _ in each.children())
            and (seen := by_name.get(f"{inner}.{child}"))
            and seen.axes
            and not seen.passes_on
        ]
        if any(kinds.count(kind) >= _FEW for kind in kinds):
            return True
    return False


def _layers(module: SeenModule) -> Iterator[LayerSpec]:
    """Make a layer of each call of a module; a network that runs by block has one, of all its calls."""
    label = module.name or "network"
    if problem_with_layer_name(label):
        label = f"layer {label}"
    if module.calls == 1 or module.by_block:
        yield LayerSpec(label, module.width, tap=Tap(module.name, module.pick, axes=module.axes))
        return
    for call in range(module.calls):
        yield LayerSpec(f"{label}.call{call}", module.width, tap=Tap(module.name, module.pick, call, axes=module.axes))
