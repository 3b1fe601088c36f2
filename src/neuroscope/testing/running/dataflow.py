"""Checks of a backbone's modules while it runs: what they put out is used, and none is in training mode."""

from __future__ import annotations

import dataclasses
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch  # noqa: TID253 - this module is imported when a backbone is checked
from torch.nn.modules import module as torch_module  # noqa: TID253
from torch.utils._python_dispatch import TorchDispatchMode  # noqa: TID253

from neuroscope.extraction.contract.modules import mode_advice, names_of
from neuroscope.testing.cases import NotApplicable, hold
from neuroscope.testing.running.conduct import differing_layers
from neuroscope.testing.running.runs import hear

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from torch import Tensor

    from neuroscope.testing.running.runs import Subject


def is_in_evaluation_mode(subject: Subject) -> None:
    """Its modules are in evaluation mode, where that changes the frames: no dropout, no statistics of the batch."""
    model, (_, modules, _) = subject.model, subject.loaded
    if not modules:
        raise NotApplicable("it holds no torch.nn.Module")
    training = [module for module in modules if module.training]
    if not training:
        return
    before = [each for one in subject.runs for each in one.utterances]
    for module in training:
        module.training = False
    try:
        after = [each for one in subject.run_all(model) for each in one.utterances]
    finally:
        for module in training:
            module.training = True
    changed = differing_layers(before, after)
    hold(not changed, f"in evaluation mode, {', '.join(changed)} are other numbers: {mode_advice(training, modules)}")


def uses_what_its_modules_give(subject: Subject) -> None:
    """What a module gives when it is called is used: it becomes frames, or goes into what does."""
    model, (_, modules, _) = subject.model, subject.loaded
    if not modules:
        raise NotApplicable("it holds no torch.nn.Module")
    with _Watch() as watch:
        blocks = hear(model, subject.waveforms[-1:]).blocks
    del blocks
    unused = [call.module for call in watch.unused()]
    if unused:
        names = list(dict.fromkeys(names_of(unused, [*modules, *unused])))
        told = "is called, and what it returns is not used"
        way_out = "where it is called on purpose (a head that the network itself leaves aside), say so with"
        expected = f"--expect {uses_what_its_modules_give.__name__}=REASON"
        raise AssertionError(
            f"module {', '.join(names[:3])} {told}: go on with it, or do not call it; {way_out} {expected}"
        )


@dataclass(eq=False)
class _Call:
    """A call of a module: when it began and ended, in operations, and the storages of what it returned."""

    module: torch.nn.Module
    outer: _Call | None
    began: int
    ended: int = -1
    output: frozenset[int] = frozenset()


class _Watch(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Watch which tensors are read by which operation while a backbone runs, and by whose call they were made."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.calls: list[_Call] = []
        self._time = 0
        self._read: dict[int, int] = {}
        self._made: dict[int, int] = {}
        self._alive: list[Tensor] = []  # or another tensor could get the place of one that went
        self._running: list[_Call] = []
        self._hooks = ExitStack()

    def __enter__(self) -> _Watch:
        for handle in (
            torch_module.register_module_forward_pre_hook(self._begin),
            torch_module.register_module_forward_hook(self._end),
        ):
            self._hooks.callback(handle.remove)
        super().__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)  # type: ignore[no-untyped-call]
        self._hooks.close()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        self._time += 1
        for tensor in _tensors([args, kwargs]):
            self._read[_storage(tensor)] = self._time
        for tensor in _tensors(result):
            self._alive.append(tensor)
            self._made.setdefault(_storage(tensor), self._time)
        return result

    def unused(self) -> Iterator[_Call]:
        """Yield calls whose results nobody read; the last call of a module alone may keep a state that nobody does."""
        calls: dict[int, list[_Call]] = {}
        for call in self.calls:
            calls.setdefault(id(call.module), []).append(call)
        for of_module in calls.values():
            used = [self._is_used(call) for call in of_module]
            if not any(used) or not all(used[:-1]):
                yield of_module[used.index(False)]

    def _begin(self, module: torch.nn.Module, arguments: Any) -> None:
        del arguments
        self._running.append(_Call(module, self._running[-1] if self._running else None, self._time))

    def _end(self, module: torch.nn.Module, arguments: Any, output: Any) -> None:
        del arguments
        while self._running:
            call = self._running.pop()
            if call.module is module:
                tensors = list(_tensors(output))
                self._alive += tensors
                call.ended, call.output = self._time, frozenset(map(_storage, tensors))
                self.calls.append(call)
                return

    def _is_used(self, call: _Call) -> bool:
        """Whether something that was made in a call is read later, or handed on by the call around it.

        What was there before (a module that works in place, or gives what it is given) is nobody's to use.
        """
        if not call.output or not all(call.began < self._made.get(each, 0) <= call.ended for each in call.output):
            return True
        if call.outer and call.outer.output & call.output:
            return True
        inside = call.output
        if not call.outer:  # a network that is run for what is captured in it
            inside = frozenset(each for each, at in self._made.items() if call.began < at <= call.ended)
        return any(self._read.get(each, 0) > call.ended for each in inside)


def _storage(tensor: Tensor) -> int:
    """Identify the memory that a tensor looks at, which its views share."""
    try:
        return int(tensor.untyped_storage()._cdata)
    except (NotImplementedError, RuntimeError):  # sparse tensors have none
        return id(tensor)


def _tensors(value: Any) -> Iterator[Tensor]:
    """Yield the tensors in what a module or an operation takes or gives: in containers, and in objects' attributes."""
    seen: dict[int, Any] = {}
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen[id(each)] = each
        if isinstance(each, torch.Tensor):
            yield each
        else:
            waiting += _parts(each)


def _parts(value: Any) -> Sequence[Any]:
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, list | tuple | set | frozenset):
        return list(value)
    if type(value).__module__ in {"builtins", "torch"} or isinstance(value, torch.nn.Module):
        return []
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [getattr(value, each.name) for each in dataclasses.fields(value)]
    attributes: Mapping[str, Any] = getattr(value, "__dict__", {})
    return list(attributes.values())
