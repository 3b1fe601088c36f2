"""Checks of taps: a layer is where its tap says, read in the running network and changed there."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import torch  # noqa: TID253 - this module is imported when a backbone is checked

from neuroscope.audio import waveforms as waves
from neuroscope.errors import PluginBroken, UnknownName
from neuroscope.extraction.capture import capture, modules_of
from neuroscope.extraction.change import changed
from neuroscope.extraction.contract.blocks import blocks_of
from neuroscope.store.padding_record import TOLERANCE, tolerance
from neuroscope.testing.cases import NotApplicable, hold
from neuroscope.testing.running.conduct import difference, largest
from neuroscope.testing.running.runs import Run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from neuroscope.contracts.backbone import Frames, LayerSpec, Tap
    from neuroscope.extraction.capture import Captured
    from neuroscope.testing.running.runs import Heard, Subject

    Waves = Sequence[NDArray[np.float32]]

C = TypeVar("C")


def declares_true_taps(subject: Subject) -> None:
    """What the network puts out at a layer's tap is the layer: its frames, or what its statistics are of."""
    taps = _taps(subject)
    network = _network(subject, taps)
    alone = [[wave] for wave in subject.waveforms]
    for waveforms in [subject.waveforms] if subject.spec.batchable else alone:
        frames, outputs = _frames_and_calls(subject, network, taps, waveforms)
        for layer in subject.spec.layers:
            if layer.tap:
                _assert_frames_at_tap(layer, layer.tap, frames[layer.name], outputs[layer.name])


def follows_its_taps(subject: Subject) -> None:
    """A neuron that is set at a layer's tap is that neuron of the layer, and no other neuron of it changes."""
    taps = {name: tap for name, tap in _taps(subject).items() if not tap.read_only}
    if not taps:
        raise NotApplicable("every tap can be read alone: it picks with a function, an input or the last call")
    network, wave = _network(subject, taps), subject.waveforms[:1]
    before = _heard(subject, wave, nullcontext)
    for layer in subject.spec.layers:
        if layer.name in taps:
            number = _neurons(layer) - 1
            change = {number: 1 + largest([before], layer.name)}
            after = _heard(subject, wave, partial(changed, network, taps[layer.name], change))
            where = f"layer {layer.name}: when neuron {number} is changed in module '{taps[layer.name].module}'"
            allowed = tolerance(subject.spec.precision)
            _assert_change_shows(layer, where, change, before[layer.name], after[layer.name], allowed)


def _taps(subject: Subject) -> dict[str, Tap]:
    """Find the layers that have a tap: layer -> tap.

    Raises:
        NotApplicable: none has.
    """
    taps = {layer.name: layer.tap for layer in subject.spec.layers if layer.tap}
    if not taps:
        raise NotApplicable("no layer has a tap: its layers can be probed, and no neuron of them changed")
    return taps


def _network(subject: Subject, taps: Mapping[str, Tap]) -> torch.nn.Module:
    """Find the running backbone's network, and check that it has the modules that the taps name."""
    network: object = getattr(subject.model, "network", None)
    if not isinstance(network, torch.nn.Module):
        kind = "not there" if network is None else f"a {type(network).__name__}"
        where = f"{type(subject.model).__name__}.network is {kind}"
        raise AssertionError(f"layers {', '.join(taps)} have taps, and {where}: make it the torch.nn.Module that runs")
    for name, tap in taps.items():
        try:
            modules_of(network, {name: tap})
        except UnknownName as error:
            raise AssertionError(f"layer {name}: {error}") from error
    return network


def _passes(
    subject: Subject, waveforms: Waves, around: Callable[[], AbstractContextManager[C]]
) -> Iterator[tuple[Mapping[str, Frames], C]]:
    """Run waveforms side by side, and yield each block.

    With it comes what ``around``, entered anew for each block, gave while it was made.
    """
    blocks = blocks_of(subject.model, waves.batch([wave.copy() for wave in waveforms]))
    while True:
        with torch.inference_mode(), around() as within:
            block = next(blocks, None)
        if block is None:
            return
        yield {name: type(each)(each.values.clone(), each.lengths.clone()) for name, each in block.items()}, within


def _heard(subject: Subject, waveform: Waves, around: Callable[[], AbstractContextManager[Any]]) -> Heard:
    blocks = tuple(block for block, _ in _passes(subject, waveform, around))
    return Run(waves.batch(list(waveform)), blocks).utterances[0]


def _frames_and_calls(
    subject: Subject, network: torch.nn.Module, taps: Mapping[str, Tap], waveforms: Waves
) -> tuple[dict[str, list[Tensor]], dict[str, list[Tensor]]]:
    """Collect by layer the frames ``[F, D]`` of every utterance and block, and the calls at its tap ``[B, F, D]``."""
    frames: dict[str, list[Tensor]] = {name: [] for name in taps}
    outputs: dict[str, list[Tensor]] = {name: [] for name in taps}
    for block, captured in _passes(subject, waveforms, lambda: capture(network, taps)):
        for name, tap in taps.items():
            outputs[name] += _calls(captured, name, tap)
            if name in block:
                each = block[name]
                frames[name] += [own[:n] for own, n in zip(each.values, each.lengths.tolist(), strict=True)]
    return frames, outputs


def _calls(captured: Captured, name: str, tap: Tap) -> list[Tensor]:
    """Select the calls of one pass that are the layer's; none where the module did not run in it."""
    try:
        return captured.calls(name) if tap.call is None else [captured[name]]
    except PluginBroken:
        return []


def _assert_frames_at_tap(layer: LayerSpec, tap: Tap, frames: Sequence[Tensor], outputs: Sequence[Tensor]) -> None:
    """Raise AssertionError unless each utterance's frames of every block stand side by side in what came at the tap."""
    where = f"layer {layer.name}: module '{tap.module}'"
    calls = "is not called" if tap.call is None else f"has no call {tap.call}"
    hold(bool(outputs), f"{where} {calls} while extract runs; call it as a module, or leave the tap out")
    width, neurons = outputs[0].shape[2], _neurons(layer)
    which = "say with axes= where the columns are, or with columns= which are the layer's"
    hold(width == neurons, f"{where} puts out {width} columns, and the layer has {neurons} neurons: {which}")
    if layer.statistics:
        return
    # Utterance after utterance and call after call, or each call going on in time where the last one ended.
    rows = [torch.cat([each.flatten(0, 1) for each in outputs])]
    if len({len(each) for each in outputs}) == 1:
        rows.append(torch.cat(list(outputs), dim=1).flatten(0, 1))
    most = max((float(each.abs().max()) for each in frames if len(each)), default=0.0)
    true = all(any(_contains(each, own, TOLERANCE * most) for each in rows) for own in frames)
    often = f" (it is called {len(outputs)} times: call= says which is the layer)" if len(outputs) > 1 else ""
    hold(true, f"{where} puts out other values than the layer's frames{often}: is a nonlinearity or norm between them?")


def _contains(rows: Tensor, frames: Tensor, tolerance: float) -> bool:
    """Whether some frames ``[F, D]`` stand one after another in rows ``[N, D]``."""
    count = len(frames)
    if not count or count > len(rows):
        return not count
    first = (rows[: len(rows) - count + 1] - frames[0]).abs().amax(1) <= tolerance
    return any(
        bool(((rows[start : start + count] - frames).abs() <= tolerance).all())
        for start in first.nonzero()[:, 0].tolist()
    )


def _assert_change_shows(
    layer: LayerSpec,
    where: str,
    change: Mapping[int, float],
    before: NDArray[Any],
    after: NDArray[Any],
    allowed: float,
) -> None:
    """Raise AssertionError unless the change shows in the changed neuron's columns, and in those alone.

    The frames are those of one utterance, before and after the change; ``allowed`` is the share of its value that the
    model's precision explains.
    """
    ((number, value),) = change.items()
    own = np.arange(layer.width) % _neurons(layer) == number
    spread = difference(before[:, ~own], after[:, ~own])
    hold(spread <= TOLERANCE * value, f"{where}, other neurons of it change, too; column n has to be neuron n")
    if layer.statistics:
        shown = difference(before[:, own], after[:, own]) > 0
    else:
        shown = difference(after[:, own], np.full_like(after[:, own], value)) <= allowed * value
    hold(shown, f"{where}, the layer does not show it; extract has to go on with what the module returns")


def _neurons(layer: LayerSpec) -> int:
    return layer.width // max(len(layer.statistics), 1)
