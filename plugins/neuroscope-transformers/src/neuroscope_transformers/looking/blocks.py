"""Find a model's blocks by running it on noise: a long list of equal modules, each fed with the last one's frames."""

from __future__ import annotations

import inspect
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import torch  # noqa: TID253 - imported where a model is looked at
from torch import nn  # noqa: TID253

from neuroscope import BadOption, weights
from neuroscope_transformers.features.extractors import features_of
from neuroscope_transformers.looking.description import Description
from neuroscope_transformers.looking.passing import is_passing
from neuroscope_transformers.wording import first_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from torch import Tensor

SECONDS = (2.0, 3.0)
"""Of noise: what is longer for the second is the axis of frames."""
LONG = 65.0
"""Seconds of noise, of which the features must be as long: some extractors cut at 30 s, or make rows of it."""
_WINDOW = "it sees a window of fixed length (docs/how-to/wrap-a-fixed-window-encoder.md)"
_ROUNDING = 1e-6
"""Of the largest value, between two passes of the same features."""
_FEW = 2
"""Blocks that make a list of them."""


@dataclass(frozen=True, slots=True)
class Found:
    """A list of blocks, as it ran: the shape of what each puts out, of noise of either length."""

    path: str
    pick: int | None
    shapes: tuple[tuple[int, ...], tuple[int, ...]]


_Output: TypeAlias = "tuple[int | None, tuple[int, ...]]"
"""Which part of a module's output is taken, and its shape."""


@dataclass(frozen=True, slots=True)
class _Call:
    """A call of a block: what it put out until the next one comes, and whether it took what the last one put out."""

    number: int
    shape: _Output
    put_out: Tensor | None
    follows: bool


def describe(model: nn.Module, extractor: Any) -> Description:
    """Describe how a model runs, and where its blocks are.

    Raises:
        BadOption: nothing in it runs on the extractor's features, or no blocks are found in what does.
    """
    problems = []
    for name, part, inputs in _parts(model, extractor):
        try:
            first, second = (_lists(part, _features(extractor, seconds), inputs) for seconds in SECONDS)
        except Exception as error:  # a model may refuse features in any way
            if is_passing(error):
                raise
            problems.append(f"{name or type(model).__name__}: {first_line(error)}")
            continue
        found = [Found(path, pick, (shape, second[path][1])) for path, (pick, shape) in first.items() if path in second]
        if best := _best(part, found):
            _check_steady(part, inputs, best, extractor)
            _check_long(inputs, extractor)
            return _description(name, part, inputs, best, extractor)
        problems.append(
            f"{name or type(model).__name__} runs, and has no list of equal modules, each fed by the one before"
        )
    raise BadOption(
        "; ".join(problems[:2]) if problems else f"no part of {type(model).__name__} takes what its extractor makes"
    )


def _features(extractor: Any, seconds: float) -> dict[str, Tensor]:
    samples = round(seconds * extractor.sampling_rate)
    return features_of(extractor, 0.1 * torch.randn(samples, generator=torch.Generator().manual_seed(0)))


def _parts(model: nn.Module, extractor: Any) -> Iterator[tuple[str, nn.Module, tuple[str, ...]]]:
    """Yield the modules that take features by name, the whole model first, each with the names that it takes."""
    made = _features(extractor, SECONDS[0])
    for name, module in model.named_modules():
        taken = inspect.signature(module.forward).parameters
        inputs = tuple(each for each in made if each in taken)
        if any("mask" not in each for each in inputs):
            yield name, module, inputs


def _lists(part: nn.Module, features: Mapping[str, Tensor], inputs: tuple[str, ...]) -> dict[str, _Output]:
    """Run a part; by path the lists of which each module took what the one before put out, with what all put out."""
    lists = {
        path: each
        for path, each in part.named_modules()
        if isinstance(each, nn.ModuleList) and len(each) >= _FEW and len({type(one) for one in each}) == 1
    }
    calls: dict[str, list[_Call]] = {path: [] for path in lists}
    with ExitStack() as hooks, torch.inference_mode():
        for path, each in lists.items():
            for number, block in enumerate(each):
                hook = block.register_forward_hook(_noting(calls[path], number), with_kwargs=True)
                hooks.callback(hook.remove)
        part(**{name: features[name] for name in inputs})
    return {path: calls[path][0].shape for path, each in lists.items() if _is_chain(calls[path], len(each))}


def _noting(calls: list[_Call], number: int) -> Any:
    def note(_: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        given = next((each for each in (*args, *kwargs.values()) if isinstance(each, torch.Tensor)), None)
        pick, values = (0, output[0]) if isinstance(output, tuple | list) and output else (None, output)
        put_out = values.clone() if isinstance(values, torch.Tensor) else None
        follows = bool(calls) and given is not None and _equal(calls[-1].put_out, given)
        if calls:
            calls[-1] = replace(calls[-1], put_out=None)
        calls.append(_Call(number, (pick, tuple(values.shape) if put_out is not None else ()), put_out, follows))

    return note


def _equal(one: Tensor | None, other: Tensor) -> bool:
    return one is not None and one.shape == other.shape and torch.equal(one, other)


def _is_chain(calls: list[_Call], count: int) -> bool:
    return (
        [call.number for call in calls] == list(range(count))
        and all(call.follows for call in calls[1:])
        and len({call.shape for call in calls}) == 1
        and len(calls[0].shape[1]) == 3
    )


def _best(part: nn.Module, found: list[Found]) -> Found | None:
    """Choose the list of most blocks, of those that are as long the one with most parameters.

    Raises:
        BadOption: it has as many frames for longer audio.
    """
    by_size = sorted(found, key=lambda each: _size(part, each.path), reverse=True)
    grown = [each for each in by_size if _axes(each)]
    if by_size and not grown:
        raise BadOption(
            f"{by_size[0].path} gives as many frames for {SECONDS[1]:g} s as for {SECONDS[0]:g} s: {_WINDOW}"
        )
    return grown[0] if grown else None


def _check_steady(part: nn.Module, inputs: tuple[str, ...], found: Found, extractor: Any) -> None:
    """Raise BadOption where the same noise gives other frames when the global random states are others."""
    last = part.get_submodule(found.path)[-1]  # type: ignore[index]
    frames = []

    def keep(_: nn.Module, __: Any, output: Any) -> None:
        frames.append((output if found.pick is None else output[found.pick]).clone())

    hook = last.register_forward_hook(keep)
    try:
        for seed in (1, 2):
            with weights.randomness_kept(seed), torch.inference_mode():
                features = _features(extractor, SECONDS[0])
                part(**{name: features[name] for name in inputs})
    finally:
        hook.remove()
    one, other = frames
    if one.shape != other.shape or not torch.allclose(one, other, rtol=0, atol=_ROUNDING * float(one.abs().max())):
        raise BadOption(
            f"{found.path} gives other frames each time for the same audio: something in it draws at random"
        )


def _check_long(inputs: tuple[str, ...], extractor: Any) -> None:
    """Raise BadOption where the features of long audio are cut off, or come in several rows."""
    short, longer, long = (_features(extractor, seconds) for seconds in (*SECONDS, LONG))
    for name in inputs:
        sizes = [tuple(each[name].shape) for each in (short, longer, long)]
        grown = [axis for axis in range(len(sizes[0])) if sizes[0][axis] < sizes[1][axis]]
        # as many to a second as in the short ones, but for what is rounded at their end
        ends = [axis for axis in grown if sizes[2][axis] < 0.95 * LONG / SECONDS[1] * sizes[1][axis]]
        if ends or len(long[name]) != 1:
            raise BadOption(f"{type(extractor).__name__} makes {name} of {sizes[2]} of {LONG:g} s: {_WINDOW}")


def _size(part: nn.Module, path: str) -> tuple[int, int]:
    blocks: Any = part.get_submodule(path)
    return len(blocks), sum(each.numel() for each in blocks.parameters())


def _axes(found: Found) -> str:
    """Name the axes of what the blocks put out; empty where not one alone grew."""
    one, longer = found.shapes
    grown = [axis for axis in range(3) if one[axis] != longer[axis]]
    return {0: "FBD", 1: "BFD", 2: "BDF"}[grown[0]] if len(grown) == 1 else ""


def _description(name: str, part: nn.Module, inputs: tuple[str, ...], found: Found, extractor: Any) -> Description:
    blocks: Any = part.get_submodule(found.path)
    axes = _axes(found)
    return Description(
        part=name,
        inputs=inputs,
        blocks=found.path,
        kind=type(blocks[0]).__name__,
        count=len(blocks),
        width=found.shapes[0][axes.index("D")],
        axes=axes,
        pick=found.pick,
        extractor=type(extractor).__name__,
        sample_rate=int(extractor.sampling_rate),
        least=_least(part, inputs, found.path, extractor),
    )


def _least(part: nn.Module, inputs: tuple[str, ...], path: str, extractor: Any) -> int:
    """Find by halving the fewest samples that give a frame whose numbers are finite."""
    low, high = 0, round(SECONDS[0] * float(extractor.sampling_rate))
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _runs(part, inputs, path, extractor, middle) else (middle, high)
    return high


def _runs(part: nn.Module, inputs: tuple[str, ...], path: str, extractor: Any, samples: int) -> bool:
    try:
        features = _features(extractor, samples / extractor.sampling_rate)
        if not all(bool(each.isfinite().all()) for each in features.values() if each.is_floating_point()):
            return False
        return path in (found := _lists(part, features, inputs)) and min(found[path][1]) > 0
    except Exception as error:  # too short, in whatever words
        if is_passing(error):
            raise
        return False
