"""Run a network on noise, and note what its modules put out; more utterances, and longer ones, tell the axes apart."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import torch  # noqa: TID253 - this module is imported when a network is looked into
from torch import Tensor  # noqa: TID253
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence  # noqa: TID253

from neuroscope.errors import BadOption, NeuroscopeError
from neuroscope.inspection.networks import NetworkFailed, running
from neuroscope.runtime.randomness import randomness_kept

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch.nn import Module

_LONGER = 1.5
"""Times the length of the first pass."""
_FAILURES = (NetworkFailed, NeuroscopeError)
"""What a pass ends in where the network does not take the noise."""
Pick: TypeAlias = "int | str | None"
Shape: TypeAlias = tuple[int, ...]
Calls: TypeAlias = "list[Call]"


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a module: the shape of each tensor of its output, and whether it gave back what it was given."""

    shapes: Mapping[Pick, Shape]
    passes_on: bool


@dataclass(frozen=True, slots=True)
class Passes:
    """The calls of every module, by its name, in passes over noise.

    Attributes:
        shape: of the input of ``one``.
        one: one utterance.
        two: two utterances of the same length; None = the network takes one at a time.
        longer: as ``two`` (or ``one``), half as long again; None = the network takes no other length.
        refusal: what the network said to the longer input.
        again: how many times as long as what ``longer`` adds the input of ``one`` is.
    """

    shape: Shape
    one: Mapping[str, Calls]
    two: Mapping[str, Calls] | None
    longer: Mapping[str, Calls] | None
    refusal: str = ""
    again: float = 2.0


def run(net: Module, sample_rate: int, shape: Sequence[int] = (), time: int = -1) -> Passes:
    """Run a network on one second of noise, and on variants that tell its outputs' axes apart.

    Args:
        net: in evaluation mode. It takes ``[B, samples]`` or ``[B, 1, samples]``; a parameter with ``len`` in its name
            gets the lengths.
        sample_rate: Hz.
        shape: of another input, batch first; empty = samples.
        time: which axis of it is the time.

    Raises:
        BadOption: the network does not take it, or asks for more than it and lengths.
    """
    _asked_for(net)
    shapes = [tuple(shape)] if shape else [(1, sample_rate), (1, 1, sample_rate)]
    problems: list[str] = []
    for batch in (2, 1):
        for each in shapes:
            tried = (batch, *each[1:])
            try:
                first = _first_pass(net, tried, time)
            except _FAILURES as error:
                problems.append(f"{list(tried)}: {error}")
                continue
            return _with_variants(net, tried, time, first)
    way = "say with --input which shape it takes, or wrap it in a module that takes samples"
    raise BadOption(f"{type(net).__name__} does not take noise; {way}. " + "; ".join(dict.fromkeys(problems)))


def _first_pass(net: Module, shape: Shape, time: int) -> dict[str, Calls]:
    """Run noise of a shape; again if that made modules, which are listened to from then on."""
    before = {name for name, _ in net.named_modules()}
    calls = _pass(net, shape, time)
    return calls if before == {name for name, _ in net.named_modules()} else _pass(net, shape, time)


def _with_variants(net: Module, shape: Shape, time: int, first: Mapping[str, Calls]) -> Passes:
    """Add the passes over one utterance and over longer ones to the first.

    Raises:
        BadOption: the network takes two utterances, and not one.
    """
    refusal, longer, lengthened, alone = "", None, _lengthened(shape, time), (1, *shape[1:])
    try:
        longer = _pass(net, lengthened, time)
    except _FAILURES as error:
        refusal = str(error)
    try:
        one = first if shape == alone else _pass(net, alone, time)
    except _FAILURES as error:
        way = "where it drops an axis of size 1, it has to keep that of the batch"
        raise BadOption(
            f"{type(net).__name__} takes two utterances, {list(shape)}, and not one alone, {list(alone)}: {error}; "
            f"{way}"
        ) from error
    again = shape[time] / (lengthened[time] - shape[time])
    return Passes(alone, one, None if shape == alone else first, longer, refusal, again)


def _lengthened(shape: Shape, time: int) -> Shape:
    """Make a shape half as long again, by 1 at least."""
    sizes = list(shape)
    sizes[time] = max(sizes[time] + 1, int(_LONGER * sizes[time]))
    return tuple(sizes)


def _pass(net: Module, shape: Shape, time: int) -> dict[str, Calls]:
    """Run noise of a shape: every call of every module, in the order in which the network names them."""
    calls: dict[str, Calls] = {name: [] for name, _ in net.named_modules()}
    with running(), ExitStack() as hooks, torch.inference_mode(), randomness_kept():
        noise = 0.1 * torch.randn(shape, generator=torch.Generator().manual_seed(0))
        lengths = {name: torch.full((shape[0],), shape[time]) for name in _asked_for(net)}
        for name, module in net.named_modules():
            hooks.callback(module.register_forward_hook(_noting(calls[name]), with_kwargs=True).remove)
        net(noise, **lengths)
    return calls


def _noting(calls: Calls) -> Callable[..., None]:
    def after(module: Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        tensors = tensors_of(output)
        given = [each for each in (*args, *kwargs.values()) if isinstance(each, Tensor)]
        same = any(_equal(each, own) for each in given for own in tensors.values())
        calls.append(Call({pick: tuple(each.shape) for pick, each in tensors.items()}, same))

    return after


def tensors_of(output: Any) -> dict[Pick, Tensor]:
    """Find the tensors of a module's output by what ``Tap.pick`` calls them; None = it is the output."""
    if isinstance(output, PackedSequence):
        return {None: pad_packed_sequence(output, batch_first=True)[0]}
    if isinstance(output, Tensor):
        return {None: output}
    if isinstance(output, Mapping):
        held: Mapping[Any, Any] = output
    elif isinstance(output, tuple | list):
        held = dict(enumerate(output))
    else:
        held = getattr(output, "__dict__", {})
    one_each = {pick: tensors_of(each) for pick, each in held.items() if isinstance(each, Tensor | PackedSequence)}
    return {pick: tensors[None] for pick, tensors in one_each.items()}


def _equal(one: Tensor, other: Tensor) -> bool:
    return one is other or (one.shape == other.shape and one.dtype == other.dtype and torch.equal(one, other))


def _asked_for(net: Module) -> list[str]:
    """Name the arguments beside the first that the network cannot do without: lengths.

    Raises:
        BadOption: it asks for something else than lengths.
    """
    try:
        parameters = list(inspect.signature(net.forward).parameters.values())[1:]
    except (TypeError, ValueError):  # compiled code may have no signature
        return []
    needed = [
        each.name
        for each in parameters
        if each.default is each.empty and each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)
    ]
    if strange := [name for name in needed if "len" not in name.lower()]:
        raise BadOption(
            f"the forward of {type(net).__name__} asks for {', '.join(strange)}, too; wrap it in a module that takes "
            f"samples alone"
        )
    return needed
