"""Change a network while it runs: single neurons of a layer, where its tap takes it, are set to a value.

As in::

    with torch.inference_mode(), changed(net, layer.tap, {7: 0.0}):
        net(samples)  # whatever reads the layer finds 0 in its neuron 7
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from neuroscope.errors import BadOption, PluginBroken
from neuroscope.extraction.capture import modules_of, picked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor
    from torch.nn import Module

    from neuroscope.contracts.backbone import Tap


@contextmanager
def changed(net: Module, tap: Tap, neurons: Mapping[int, float]) -> Iterator[None]:
    """Set neurons of a layer in every frame; the hook comes off at the end, also after an error.

    The tensor itself is not touched: who reads the module's output gets another. One ``with`` is one pass: calls are
    counted in it.

    Args:
        net: the network that runs inside the ``with``.
        tap: where the layer is.
        neurons: number -> value.

    Raises:
        UnknownName: the network has no module of the tap's name.
        BadOption: the tap can only be read.
        PluginBroken: the tap does not come to a tensor of its axes that has those columns.
    """
    if tap.read_only:
        raise BadOption(f"module '{tap.module}' cannot be changed where this tap takes it: {tap.read_only}")
    calls = 0

    def after(module: Module, args: tuple[Any, ...], output: Any) -> Any:
        nonlocal calls
        calls += 1
        if tap.call is not None and calls - 1 != tap.call:
            return None
        return _with_part(output, tap.pick, _set(picked(output, tap, tap.module), tap, neurons))

    (module,) = modules_of(net, {"": tap}).values()
    handle = module.register_forward_hook(after)
    try:
        yield
    finally:
        handle.remove()


def _set(value: Any, tap: Tap, neurons: Mapping[int, float]) -> Any:
    """Copy a tensor in the tap's axes, or a packed sequence, with the neurons' columns set."""
    from torch import Tensor
    from torch.nn.utils.rnn import PackedSequence

    if isinstance(value, PackedSequence):
        return value._replace(data=_filled(value.data, 1, tap, neurons))
    if not isinstance(value, Tensor) or value.dim() != len(tap.axes):
        raise PluginBroken(f"module '{tap.module}' gives no tensor of axes '{tap.axes}'")
    return _filled(value, tap.axes.index("D"), tap, neurons)


def _filled(values: Tensor, axis: int, tap: Tap, neurons: Mapping[int, float]) -> Tensor:
    new = values.clone()
    of_neuron = range(values.shape[axis]) if tap.columns is None else tap.columns
    for neuron, value in neurons.items():
        if not 0 <= neuron < len(of_neuron):
            raise PluginBroken(f"module '{tap.module}' gives {len(of_neuron)} neurons, no {neuron}")
        if not 0 <= of_neuron[neuron] < values.shape[axis]:
            raise PluginBroken(f"module '{tap.module}' gives {values.shape[axis]} columns, no {of_neuron[neuron]}")
        new.select(axis, of_neuron[neuron]).fill_(value)
    return new


def _with_part(whole: Any, pick: Any, part: Any) -> Any:
    """Copy an output, with ``part`` in the place that the pick takes."""
    if pick is None:
        return part
    if isinstance(whole, tuple):
        if isinstance(pick, str):
            return whole._replace(**{pick: part})  # type: ignore[attr-defined]
        parts = list(whole)
        parts[pick] = part
        return whole._make(parts) if hasattr(whole, "_make") else type(whole)(parts)
    new = copy.copy(whole)
    if isinstance(whole, Mapping):
        new[pick if pick in whole else list(whole)[pick]] = part  # the outputs of transformers count their keys, too
    elif isinstance(pick, str):
        object.__setattr__(new, pick, part)
    else:
        new[pick] = part
    return new
