"""Checks of backbones: what a model declares, the frames that it yields, and how it behaves.

A backbone runs on generated waveforms, on the CPU, as the core runs it, and is loaded about six times.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch  # noqa: TID253 - this module is imported when a backbone is checked

from neuroscope.contracts.rows import problem_with_layer_name
from neuroscope.testing.cases import NotApplicable, hold
from neuroscope.testing.inputs.signals import SIGNALS
from neuroscope.testing.running.conduct import (
    global_randomness_is_left_alone,
    has_an_untrained_twin,
    ignores_padding,
    ignores_the_order,
    is_deterministic,
    keeps_no_gradient,
    leaves_its_input,
    leaves_no_hook,
    takes_short_audio,
    tells_weights_apart,
)
from neuroscope.testing.running.runs import Subject, subject
from neuroscope.testing.running.taps import declares_true_taps, follows_its_taps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from neuroscope.contracts.backbone import Frames

__all__ = ["CHECKS", "Subject", "subject"]


def declares_its_layers(subject: Subject) -> None:
    """It declares at least one layer, unique names, widths, a sampling rate and a shortest waveform."""
    spec, names = subject.spec, [layer.name for layer in subject.spec.layers]
    twice = sorted({name for name in names if names.count(name) > 1})
    hold(bool(names), "spec.layers is empty; declare a LayerSpec for each layer that extract yields")
    for name in names:
        hold(not (problem := problem_with_layer_name(name)), f"a layer's name {name!r} {problem}")
    hold(not twice, f"layers {', '.join(twice)} are declared more than once; a layer's name is its address")
    for layer in spec.layers:
        shares = max(len(layer.statistics), 1)
        hold(_is_count(layer.width), f"layer {layer.name}: width {layer.width!r} is no whole number from 1")
        hold(layer.width % shares == 0, f"layer {layer.name}: {layer.width} columns are not {shares} statistics")
    hold(_is_count(spec.sample_rate), f"sample_rate {spec.sample_rate!r} is no whole number from 1 (Hz)")
    hold(_is_count(spec.min_samples), f"min_samples {spec.min_samples!r} is no whole number from 1")


def fills_its_origin(subject: Subject) -> None:
    """Its origin names a source, a licence and a digest."""
    empty = [name for name in ("source", "licence", "digest") if not getattr(subject.spec.origin, name)]
    hold(not empty, f"empty in origin: {', '.join(empty)}; say whose the weights are, and which (the digest)")


def yields_what_it_declares(subject: Subject) -> None:
    """It yields every declared layer, and no other."""
    declared = {layer.name for layer in subject.spec.layers}
    for one in subject.runs:
        came = {name for block in one.blocks for name in block}
        missing, strange = sorted(declared - came), sorted(came - declared)
        hold(not missing, f"declared and not yielded: {', '.join(missing)}")
        hold(not strange, f"yielded and not declared: {', '.join(strange)}")


def yields_the_declared_shape(subject: Subject) -> None:
    """Frames are [batch, frames, width], the width as declared."""
    for name, frames, batch in _all_frames(subject):
        shape, width = list(frames.values.shape), _width(subject, name)
        good = len(shape) == 3 and shape[0] == batch and width in {None, shape[2]}
        hold(good, f"layer {name} is {shape}, not [{batch}, frames, {width}]")


def yields_float32(subject: Subject) -> None:
    """Frames are float32."""
    for name, frames, _ in _all_frames(subject):
        hold(frames.values.dtype == torch.float32, f"layer {name} is {frames.values.dtype}; yield values.float()")


def yields_finite_values(subject: Subject) -> None:
    """Every value is finite, for digital silence too."""
    for signal, heard in zip(SIGNALS, subject.heard, strict=True):
        for layer, values in heard.items():
            count = int((~np.isfinite(values)).sum())
            hold(not count, f"layer {layer}: {count} of {values.size} values are not finite, for {signal}")


def tells_true_lengths(subject: Subject) -> None:
    """Lengths are int64 [batch], from 0 to the frames there are, and do not count padding."""
    for name, frames, batch in _all_frames(subject):
        lengths, most = frames.lengths, frames.values.shape[1]
        about = f"layer {name}: lengths are {lengths.dtype} {list(lengths.shape)}"
        hold(lengths.dtype == torch.int64 and list(lengths.shape) == [batch], f"{about}, not torch.int64 [{batch}]")
        inside = bool(((lengths >= 0) & (lengths <= most)).all())
        hold(inside, f"layer {name}: lengths {lengths.tolist()} are not from 0 to its {most} frames")
    framewise = [layer.name for layer in subject.spec.layers if layer.pooling != "none"]
    for number, (together, alone) in enumerate(zip(subject.heard, subject.alone, strict=True)):
        for layer in framewise:
            here, own = (len(each.get(layer, ())) for each in (together, alone))
            samples = len(subject.waveforms[number])
            hold(here == own, f"layer {layer}: {samples} samples are {own} frames alone and {here} beside longer ones")


def yields_pooled_layers_once(subject: Subject) -> None:
    """A layer with pooling="none" comes in one block, with one frame."""
    pooled = [layer.name for layer in subject.spec.layers if layer.pooling == "none"]
    if not pooled:
        raise NotApplicable('no layer has pooling="none"')
    for one in subject.runs:
        for name in pooled:
            came = [block[name] for block in one.blocks if name in block]
            hold(len(came) <= 1, f'layer {name} has pooling="none" and comes in {len(came)} blocks; yield it once')
            good = all(each.values.shape[1] == 1 and bool((each.lengths == 1).all()) for each in came)
            hold(good, f'layer {name} has pooling="none" and more than one frame; its frames are [batch, 1, width]')


CHECKS: tuple[Callable[[Subject], None], ...] = (
    declares_its_layers,
    fills_its_origin,
    yields_what_it_declares,
    yields_the_declared_shape,
    yields_float32,
    yields_finite_values,
    tells_true_lengths,
    yields_pooled_layers_once,
    is_deterministic,
    ignores_padding,
    ignores_the_order,
    takes_short_audio,
    leaves_its_input,
    global_randomness_is_left_alone,
    leaves_no_hook,
    keeps_no_gradient,
    has_an_untrained_twin,
    tells_weights_apart,
    declares_true_taps,
    follows_its_taps,
)


def _all_frames(subject: Subject) -> Iterator[tuple[str, Frames, int]]:
    """Yield every layer of every block that came, with the size of the batch."""
    for one in subject.runs:
        for block in one.blocks:
            for name, frames in block.items():
                yield name, frames, len(one.batch.lengths)


def _width(subject: Subject, name: str) -> int | None:
    return next((layer.width for layer in subject.spec.layers if layer.name == name), None)


def _is_count(number: object) -> bool:
    return isinstance(number, int) and number >= 1
