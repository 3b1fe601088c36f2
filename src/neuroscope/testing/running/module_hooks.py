"""The torch modules that an object holds, the hooks on them, and how to make one of them fail."""

from __future__ import annotations

import functools
import types
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch  # noqa: TID253 - this module is imported when a backbone is checked
from torch.nn.modules import module as torch_module  # noqa: TID253

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
_GLOBAL_HOOKS = ("_global_forward_hooks", "_global_forward_pre_hooks", "_global_backward_hooks")


class PlannedError(Exception):
    """An error that is raised in a module in the middle of a run, on purpose."""


def modules_of(thing: object) -> list[torch.nn.Module]:
    """Find every module that an object holds: by attributes, containers, closures, partials and methods."""
    seen: dict[int, object] = {}
    waiting = [thing]
    while waiting:
        each = waiting.pop()
        if id(each) not in seen:
            seen[id(each)] = each
            waiting += _objects_in(each)
    return [each for each in seen.values() if isinstance(each, torch.nn.Module)]


def hooks_of(modules: Sequence[torch.nn.Module]) -> set[tuple[str, int]]:
    """List the hooks on some modules and those on all modules, each by where it is and its number."""
    own = {
        (f"{type(module).__name__} at {id(module):#x}", number)
        for module in modules
        for kind in _HOOKS
        for number in getattr(module, kind, {})
    }
    return own | {("all modules", number) for kind in _GLOBAL_HOOKS for number in getattr(torch_module, kind, {})}


@contextmanager
def counting(fail_at: int | None = None) -> Iterator[list[int]]:
    """Count the calls of all modules that there are in ``[calls]``; call ``fail_at`` (from 1) raises PlannedError."""
    calls = [0]

    def called(module: torch.nn.Module, arguments: Any) -> None:
        del module, arguments
        calls[0] += 1
        if calls[0] == fail_at:
            raise PlannedError

    handle = torch_module.register_module_forward_pre_hook(called)
    try:
        yield calls
    finally:
        handle.remove()


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
