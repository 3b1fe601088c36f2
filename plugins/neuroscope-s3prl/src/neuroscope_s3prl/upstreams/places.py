"""Places in a network where its hidden states come from, found by running it: what a module gives, bit by bit."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import torch  # noqa: TID253 - this module is imported when an upstream is described, never before
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence  # noqa: TID253

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import Tensor
    from torch.nn import Module

_ORDERS = {"BFD": (0, 1, 2), "FBD": (1, 0, 2), "BDF": (0, 2, 1)}


@dataclass(frozen=True, slots=True)
class Place:
    """A module's output, or its first input, that is a hidden state; as in ``neuroscope.Tap``."""

    module: str
    pick: int | str | None
    axes: str
    side: Literal["output", "input"]
    call: int | None = None


def find(expert: Module, run: Any) -> list[Place | None]:
    """Find the place of each hidden state, once each; None = no module gives it.

    Args:
        expert: the network.
        run: a function that runs it and returns its hidden states ``[1, F, D]``.
    """
    seen: dict[tuple[str, str], list[Any]] = {}
    with ExitStack() as hooks:
        for name, module in expert.named_modules():
            if name:
                before, after = partial(_keep, seen, (name, "input")), partial(_keep, seen, (name, "output"))
                hooks.callback(module.register_forward_pre_hook(lambda _, given, keep=before: keep(given[:1])).remove)
                hooks.callback(module.register_forward_hook(lambda _, __, given, keep=after: keep(given)).remove)
        states = run()
    candidates = list(_candidates(seen))
    found: list[Place | None] = []
    for state in states:
        fitting = [place for place, tensor in candidates if place not in found and _is_same(tensor, state)]
        found.append(min(fitting, key=_rank, default=None))
    return found


def _rank(place: Place) -> tuple[bool, bool, int]:
    """Order places: outputs first, which can be changed; then elements of a list, such as blocks, the outermost first.

    What a block gives is named after the block, not after the last layer in it; what is no block, after the innermost.
    """
    path = place.module.split(".")
    is_block = path[-1].isdigit()
    return place.side == "input", not is_block, len(path) if is_block else -len(path)


def _keep(seen: dict[tuple[str, str], list[Any]], key: tuple[str, str], given: Any) -> None:
    seen.setdefault(key, []).append({pick: each.clone() for pick, each in _tensors(given)})


def _tensors(given: Any) -> Iterator[tuple[int | str | None, Tensor]]:
    """Yield the tensors of an output, each with how it is picked; of a packed sequence, the padded frames."""
    if isinstance(given, PackedSequence):
        yield None, pad_packed_sequence(given, batch_first=True)[0]
    elif isinstance(given, torch.Tensor):
        yield None, given
    elif isinstance(given, tuple | list | Mapping):
        parts = given.items() if isinstance(given, Mapping) else enumerate(given)
        for pick, part in parts:
            if isinstance(part, torch.Tensor | PackedSequence) and isinstance(pick, int | str):
                yield pick, next(_tensors(part))[1]


def _candidates(seen: dict[tuple[str, str], list[Any]]) -> Iterator[tuple[Place, Tensor]]:
    for (name, side), calls in seen.items():
        for number, call in enumerate(calls):
            which = number if len(calls) > 1 else None
            for pick, tensor in call.items():
                for axes, order in _ORDERS.items():
                    if tensor.dim() == 3:
                        own: Literal["output", "input"] = "input" if side == "input" else "output"
                        yield Place(name, pick, axes, own, which), tensor.permute(order)


def _is_same(tensor: Tensor, state: Tensor) -> bool:
    """Whether a tensor is a hidden state; frames that a network adds to come to a round number may follow."""
    frames = state.shape[1]
    if len(tensor) != 1 or tensor.shape[2] != state.shape[2] or tensor.shape[1] < frames:
        return False
    return torch.equal(tensor[:, :frames].float(), state)


def names(places: Sequence[Place | None]) -> list[str]:
    """Name hidden states after their modules, without what all paths have in common; ``state3`` where there is none."""
    paths = [each.module.split(".") for each in places if each]
    columns = itertools.takewhile(lambda parts: len(set(parts)) == 1, zip(*paths, strict=False))
    common = len(list(columns)) if len(paths) > 1 else 0
    while common and any(path[common : common + 1] and path[common].isdigit() for path in paths):
        common -= 1  # a number alone is no name
    named = [f"state{number}" if each is None else _name(each, common) for number, each in enumerate(places)]
    return [name if named.count(name) == 1 else f"state{number}" for number, name in enumerate(named)]


def _name(place: Place, common: int) -> str:
    path = place.module.split(".")
    call = "" if place.call is None else f"#{place.call + 1}"
    return f"{'.'.join(path[common:] or path[-1:])}{'.input' if place.side == 'input' else ''}{call}"
