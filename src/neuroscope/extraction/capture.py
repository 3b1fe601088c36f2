"""Capture the outputs of a running network's modules: forward hooks on named modules, as a context manager.

For authors of backbones::

    taps = {"conv": Tap("front.conv", axes="BDF"), "lstm": Tap("lstm", 0)}
    with torch.inference_mode(), capture(net, taps) as captured:
        net(samples)
    frames = captured["lstm"]  # [B, F, D]

Where the layers of the spec have taps, ``capture(net, layers)`` takes them from there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from neuroscope.errors import PluginBroken, UnknownName

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torch import Tensor
    from torch.nn import Module

    from neuroscope.contracts.backbone import LayerSpec, Tap

_AXES = "BFD"


class Captured:
    """Outputs of a pass: a copy of each call of each tap's module, until this object goes.

    Each tensor is ``[B, F, D]``, without gradient, as it was when the module returned: what the network does to it in
    place afterwards does not show.
    """

    def __init__(self, taps: Mapping[str, Tap]) -> None:
        self._taps = dict(taps)
        self._calls: dict[str, list[Tensor]] = {name: [] for name in taps}

    def __getitem__(self, name: str) -> Tensor:
        """Return the layer's tensor ``[B, F, D]``.

        Raises:
            UnknownName: no tap of that name.
            PluginBroken: the module was never called, not so often, or often where the tap does not say which call.
        """
        calls, tap = self.calls(name), self._taps[name]
        if tap.call is None:
            if len(calls) > 1:
                raise PluginBroken(
                    f"layer '{name}': module '{tap.module}' was called {len(calls)} times in this pass; say which with "
                    "call=0 (the first) to call=-1 (the last), one tap for each that is to be a layer, or read "
                    f"calls('{name}')"
                )
            return calls[0]
        if not -len(calls) <= tap.call < len(calls):
            raise PluginBroken(
                f"layer '{name}': call {tap.call} of module '{tap.module}', which was called {len(calls)}x"
            )
        return calls[tap.call]

    def calls(self, name: str) -> list[Tensor]:
        """Return each call's tensor in order, whatever the tap's ``call``; for networks that run block by block.

        Raises:
            UnknownName: no tap of that name.
            PluginBroken: the module was never called.
        """
        if name not in self._calls:
            raise UnknownName("captured layer", name, self._calls)
        if not self._calls[name]:
            raise PluginBroken(
                f"layer '{name}': module '{self._taps[name].module}' was never called in this pass. Either the network "
                "did not run, or it goes round this module: capture one that it calls (scripted code calls no hooks)"
            )
        return list(self._calls[name])

    def items(self) -> Iterator[tuple[str, Tensor]]:
        """Iterate over each layer's name and tensor, in the order of the taps; errors as for a single one."""
        return ((name, self[name]) for name in self._taps)

    def _keep(self, name: str, whole: Any) -> None:
        """Copy what the tap picks of one call."""
        self._calls[name].append(_frames(picked(whole, self._taps[name], name), self._taps[name], name))

    def _forget(self) -> None:
        for calls in self._calls.values():
            calls.clear()


@contextmanager
def capture(net: Module, taps: Mapping[str, Tap] | Iterable[LayerSpec]) -> Iterator[Captured]:
    """Capture one pass of a network; the hooks come off at the end, also after an error, and outputs are not altered.

    Args:
        net: any module; several captures of one network may overlap.
        taps: layer name -> where it is taken; or layers, of which those without a tap are left out.

    Yields:
        what was captured, to be read when the network has run, inside the ``with`` or after it. One ``with`` is one
        pass: calls of a module add up in it.

    Raises:
        UnknownName: the network has no module of a tap's name.
        PluginBroken: a tap does not come to a tensor of its axes.
    """
    if not isinstance(taps, Mapping):
        taps = {layer.name: layer.tap for layer in taps if layer.tap}
    modules, captured = modules_of(net, taps), Captured(taps)
    with ExitStack() as hooks:
        for name, module in modules.items():
            hooks.callback(_hook(module, taps[name], name, captured))
        try:
            yield captured
        except BaseException:
            captured._forget()
            raise


def modules_of(net: Module, taps: Mapping[str, Tap]) -> dict[str, Module]:
    """Find the module that each tap names, under the layer's name.

    Raises:
        UnknownName: the network has no module of a tap's name.
    """
    modules = dict(net.named_modules(remove_duplicate=False))
    for tap in taps.values():
        if tap.module not in modules:
            raise UnknownName(f"module of {type(net).__name__}", tap.module, [name for name in modules if name])
    return {name: modules[tap.module] for name, tap in taps.items()}


def _hook(module: Module, tap: Tap, name: str, captured: Captured) -> Callable[[], None]:
    """Put a hook on a module, and return the function that takes it off."""

    def before(module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        captured._keep(name, kwargs if isinstance(tap.pick, str) else args)

    def after(module: Module, args: tuple[Any, ...], output: Any) -> None:
        captured._keep(name, output)

    if tap.side == "input":
        return module.register_forward_pre_hook(before, with_kwargs=True).remove
    return module.register_forward_hook(after).remove


def picked(whole: Any, tap: Tap, name: str) -> Any:
    """Pick the part of a module's output, or input, that a layer's tap takes.

    Raises:
        PluginBroken: there is no such part.
    """
    pick = 0 if tap.pick is None and tap.side == "input" else tap.pick
    if pick is None:
        return whole
    if callable(pick):
        return pick(whole)
    try:
        attribute = isinstance(pick, str) and not isinstance(whole, Mapping)
        return getattr(whole, str(pick)) if attribute else whole[pick]
    except (AttributeError, IndexError, KeyError, TypeError):
        raise PluginBroken(
            f"layer '{name}': the {tap.side} of '{tap.module}' has no {pick!r}; {_description(whole)}"
        ) from None


def _frames(value: Any, tap: Tap, name: str) -> Tensor:
    """Copy the layer's columns, as ``[B, F, D]``, of a tensor in the tap's axes, or of a packed sequence."""
    from torch import Tensor, contiguous_format
    from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

    if isinstance(value, PackedSequence):
        return _columns(pad_packed_sequence(value, batch_first=True)[0].detach(), tap, name)  # made anew: no copy
    if not isinstance(value, Tensor):
        raise PluginBroken(
            f"layer '{name}': module '{tap.module}': {_description(value)}; choose the tensor with pick="
        )
    if value.dim() != len(tap.axes):
        raise PluginBroken(
            f"layer '{name}': module '{tap.module}' gave shape {tuple(value.shape)} where its tap says axes "
            f"'{tap.axes}'; set axes=, or shape it with a function as pick="
        )
    ordered = value.detach().permute([tap.axes.index(axis) for axis in _AXES if axis in tap.axes])
    ordered = _columns(ordered if "F" in tap.axes else ordered.unsqueeze(1), tap, name)
    return ordered.clone(memory_format=contiguous_format)


def _columns(frames: Tensor, tap: Tap, name: str) -> Tensor:
    """Select the layer's columns of ``[B, F, D]``."""
    if tap.columns is None:
        return frames
    strange = [column for column in tap.columns if not 0 <= column < frames.shape[2]]
    if strange:
        raise PluginBroken(f"layer '{name}': module '{tap.module}' gave {frames.shape[2]} columns, no {strange[0]}")
    return frames[:, :, list(tap.columns)]


def _description(whole: Any) -> str:
    """Describe an output, for an error message."""
    kind = f"it is a {type(whole).__name__}"
    if isinstance(whole, Mapping):
        return f"{kind} with {', '.join(repr(key) for key in whole)}"
    return f"{kind} of {len(whole)}" if isinstance(whole, (tuple, list)) else kind
