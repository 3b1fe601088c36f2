"""The torch modules that a running backbone holds, and those that were left in training mode."""

from __future__ import annotations

import functools
import threading
import types
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch  # noqa: TID253 - this module is imported when a backbone runs

from neuroscope.errors import PluginBroken

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SHOWN = 3


def held_modules(thing: object) -> list[torch.nn.Module]:
    """Find every module that an object holds: by attributes, containers, closures, partials and methods."""
    seen: dict[int, object] = {}
    waiting = [thing]
    while waiting:
        each = waiting.pop()
        if id(each) not in seen:
            seen[id(each)] = each
            waiting += _objects_in(each)
    return [each for each in seen.values() if isinstance(each, torch.nn.Module)]


@contextmanager
def calls_noted() -> Iterator[dict[int, torch.nn.Module]]:
    """Yield the modules that this thread calls, inside the ``with``, by their ids; scripted code calls none."""
    called: dict[int, torch.nn.Module] = {}
    caller = threading.get_ident()

    def note(module: torch.nn.Module, given: object) -> None:
        del given
        if threading.get_ident() == caller:
            called[id(module)] = module

    handle = torch.nn.modules.module.register_module_forward_pre_hook(note)
    try:
        yield called
    finally:
        handle.remove()


def names_of(modules: Sequence[torch.nn.Module], among: Sequence[torch.nn.Module]) -> list[str]:
    """Name modules as the outermost of those around them do, each with its class."""
    inner = {id(child) for module in among for child in module.modules() if child is not module}
    roots = [module for module in among if id(module) not in inner]
    names = {id(child): name for root in roots for name, child in root.named_modules()}
    kinds = [(names.get(id(module), ""), type(module).__name__) for module in modules]
    return [f"{name} ({kind})" if name else kind for name, kind in kinds]


def check_evaluation_mode(backbone: object) -> None:
    """Raise PluginBroken where modules were left in training mode, whose numbers depend on it."""
    held = held_modules(backbone)
    training = [module for module in held if module.training and _is_other_in_training(module)]
    if training:
        raise PluginBroken(f"the backbone runs in training mode: {mode_advice(training, held)}")


def mode_advice(training: Sequence[torch.nn.Module], among: Sequence[torch.nn.Module]) -> str:
    """Say which modules are in training mode, and what to do."""
    names = names_of(training, among)
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{', '.join(names[:_SHOWN])}{more}; call eval() on the network in load"


def _is_other_in_training(module: torch.nn.Module) -> bool:
    """Whether a module of torch computes something else in training: by the batch's statistics, or by chance."""
    nn = torch.nn
    if isinstance(module, nn.modules.batchnorm._NormBase):
        return bool(module.track_running_stats)
    if isinstance(module, nn.modules.dropout._DropoutNd):
        return module.p > 0
    if isinstance(module, nn.RNNBase):
        return module.dropout > 0 and module.num_layers > 1
    return isinstance(module, nn.MultiheadAttention) and module.dropout > 0


def _objects_in(thing: object) -> list[Any]:
    """List what an object holds; classes, modules of Python and plain values hold nothing."""
    if isinstance(thing, type | types.ModuleType | torch.Tensor | str | bytes | int | float | complex):
        return []
    if isinstance(thing, dict | list | tuple | set | frozenset):
        return list(thing.values() if isinstance(thing, dict) else thing)
    if isinstance(thing, functools.partial):
        return [thing.func, *thing.args, *thing.keywords.values()]
    if isinstance(thing, types.MethodType):
        return [thing.__self__]
    if isinstance(thing, types.FunctionType):
        return [cell.cell_contents for cell in thing.__closure__ or () if _has_contents(cell)]
    slots = [name for kind in type(thing).__mro__ for name in _names(getattr(kind, "__slots__", ()))]
    return [*getattr(thing, "__dict__", {}).values(), *(getattr(thing, name, None) for name in slots)]


def _names(slots: str | Sequence[str]) -> Sequence[str]:
    return (slots,) if isinstance(slots, str) else slots


def _has_contents(cell: types.CellType) -> bool:
    try:
        _ = cell.cell_contents
    except ValueError:
        return False
    return True
