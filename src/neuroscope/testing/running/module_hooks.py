"""The hooks on torch modules, and how to make one of them fail."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from torch.nn.modules import module as torch_module  # noqa: TID253 - imported when a backbone is checked

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import torch

_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
_GLOBAL_HOOKS = ("_global_forward_hooks", "_global_forward_pre_hooks", "_global_backward_hooks")


class PlannedError(Exception):
    """An error that is raised in a module in the middle of a run, on purpose."""


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
