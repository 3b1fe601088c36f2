"""Checks of backbones: what a model declares, the frames that it yields, and how it behaves.

A backbone runs on generated waveforms, on the CPU, as the core runs it, and is loaded about six times. The waveforms
are a second or two long, and one is 45 s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch  # noqa: TID253 - this module is imported when a backbone is checked

from neuroscope.contracts.backbone import problems_with_spec
from neuroscope.errors import NeuroscopeError
from neuroscope.extraction.contract.blocks import (
    problem_with_lengths,
    problem_with_missing,
    problem_with_name,
    problem_with_pooled,
    problem_with_shape,
)
from neuroscope.testing.cases import NotApplicable, hold
from neuroscope.testing.inputs.signals import SIGNALS
from neuroscope.testing.running.conduct import (
    global_randomness_is_left_alone,
    has_an_untrained_twin,
    ignores_equal_neighbours,
    ignores_padding,
    ignores_the_order,
    is_deterministic,
    keeps_no_gradient,
    leaves_its_input,
    leaves_no_hook,
    runs_beside_another,
    takes_short_audio,
    tells_weights_apart,
)
from neuroscope.testing.running.dataflow import is_in_evaluation_mode, uses_what_its_modules_give
from neuroscope.testing.running.frame_counts import counts_frames_of_the_audio
from neuroscope.testing.running.runs import Subject, subject
from neuroscope.testing.running.taps import declares_true_taps, follows_its_taps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from neuroscope.contracts.backbone import Frames

__all__ = ["CHECKS", "Subject", "subject"]


def declares_its_layers(subject: Subject) -> None:
    """It declares at least one layer, unique names, widths, poolings, a sampling rate and a shortest waveform."""
    problems = problems_with_spec(subject.spec)
    hold(not problems, "; ".join(problems))
    if not list(subject.poolings):
        return  # a test with plugins of its own may bring the backbone alone
    for layer in subject.spec.layers:
        if layer.pooling != "none":
            try:
                subject.poolings.choose(layer.pooling)
            except NeuroscopeError as error:
                raise AssertionError(f"layer {layer.name}: {error}") from error


def fills_its_origin(subject: Subject) -> None:
    """Its origin names a source, a licence and a digest."""
    empty = [name for name in ("source", "licence", "digest") if not getattr(subject.spec.origin, name)]
    hold(not empty, f"empty in origin: {', '.join(empty)}; say whose the weights are, and which (the digest)")


def loads(subject: Subject) -> None:
    """Its load returns a model that has the method extract."""
    hold(not subject.load_error, subject.load_error)


def runs(subject: Subject) -> None:
    """Its extract runs, and yields blocks of {layer: Frames}, whose values and lengths are tensors."""
    hold(not subject.run_error, subject.run_error)


def yields_what_it_declares(subject: Subject) -> None:
    """It yields every declared layer, and no other."""
    declared = [layer.name for layer in subject.spec.layers]
    for one in subject.runs:
        came = {name for block in one.blocks for name in block}
        problems = [problem for name in sorted(came) if (problem := problem_with_name(name, declared))]
        problems += [problem] if (problem := problem_with_missing(came, declared)) else []
        hold(not problems, "; ".join(problems))


def yields_the_declared_shape(subject: Subject) -> None:
    """Frames are [batch, frames, width], the width as declared."""
    for name, frames, batch in _all_frames(subject):
        problem = problem_with_shape(name, frames, _width(subject, name), batch)
        hold(not problem, problem)


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
        lengths = frames.lengths
        hold(lengths.dtype == torch.int64, f"layer {name}: lengths are {lengths.dtype}, not torch.int64")
        problem = problem_with_lengths(name, frames, batch)
        hold(not problem, problem)
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
            for frames in came:
                problem = problem_with_pooled(name, frames, len(came) - 1)
                hold(not problem, problem)


CHECKS: tuple[Callable[[Subject], None], ...] = (
    declares_its_layers,
    fills_its_origin,
    loads,
    runs,
    is_in_evaluation_mode,
    yields_what_it_declares,
    yields_the_declared_shape,
    yields_float32,
    yields_finite_values,
    tells_true_lengths,
    counts_frames_of_the_audio,
    yields_pooled_layers_once,
    is_deterministic,
    runs_beside_another,
    ignores_padding,
    ignores_equal_neighbours,
    ignores_the_order,
    takes_short_audio,
    leaves_its_input,
    global_randomness_is_left_alone,
    uses_what_its_modules_give,
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
