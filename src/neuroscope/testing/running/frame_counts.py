"""Check of how many frames a backbone counts: those of the audio, whatever it is padded or cut to on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroscope.errors import NeuroscopeError
from neuroscope.testing.cases import NotApplicable, hold
from neuroscope.testing.inputs.signals import noise
from neuroscope.testing.running.runs import hear

if TYPE_CHECKING:
    from neuroscope.testing.running.runs import Heard, Subject

LONG_SECONDS = 45.0
"""Longer than the windows that encoders of fixed length have (30 s)."""
_FEW = 3
"""Frames that edges (a window, a mirrored end, a token in front) may bring or cost."""
_ENOUGH = 8
"""Frames that have to come in a stretch before a rate is read from it."""
_EDGE_SECONDS = 0.25
_TRUNCATED = 0.75
"""Share of the frames that are expected of long audio; with fewer, its end was not heard."""


def counts_frames_of_the_audio(subject: Subject) -> None:
    """Frames grow evenly with the audio, beyond half a minute too: padding does not count, and nothing is cut off."""
    framewise = [layer.name for layer in subject.spec.layers if layer.pooling != "none"]
    if not framewise:
        raise NotApplicable("the network pools every layer itself")
    rate = subject.spec.sample_rate
    seconds = [len(wave) / rate for wave in subject.waveforms][::-1]
    longest = max(LONG_SECONDS, 4 * seconds[-1])
    heard = _heard(subject, round(longest * rate))
    # of noise alone: a model may leave silence out
    short = [hear(subject.model, [noise(len(wave))]).utterances[0] for wave in subject.waveforms][::-1]
    for layer in framewise:
        counts = [len(each.get(layer, ())) for each in short]
        if heard is None:
            _assert_growth(layer, seconds, counts)
        else:
            _assert_growth(layer, [*seconds, longest], [*counts, len(heard.get(layer, ()))])


def _heard(subject: Subject, samples: int) -> Heard | None:
    """Run long noise; None where the model refuses it, which nobody overlooks."""
    try:
        return hear(subject.model, [noise(samples)]).utterances[0]
    except NeuroscopeError:
        return None


def _assert_growth(layer: str, seconds: list[float], counts: list[int]) -> None:
    """Raise AssertionError unless the counts of frames lie on a line through the lengths of the audio, and near 0."""
    listed = ", ".join(f"{count} for {length:.1f} s" for length, count in zip(seconds, counts, strict=True))
    first, last = 0, len(counts) - 2  # the last but one: the longest of those that are a second or two
    padding = "lengths count padding; count the frames of the audio"
    if counts[-1] <= max(counts[0], 1):
        hold(counts[-1] <= 1, f"layer {layer}: frames do not grow with the audio ({listed}): {padding}")
        return  # one frame, however long: there is no padding in it that could count
    came = counts[last] - counts[first]
    if came >= _ENOUGH:
        expected = came / (seconds[last] - seconds[first]) * (seconds[-1] - seconds[last])
        whole = counts[-1] - counts[last] >= _TRUNCATED * expected
        hold(whole, f"layer {layer}: long audio is cut off, and its end is not heard ({listed})")
    rate = (counts[-1] - counts[first]) / (seconds[-1] - seconds[first])
    edge = max(_FEW, _EDGE_SECONDS * rate)
    even = all(
        abs(counts[0] + rate * (length - seconds[0]) - count) <= edge
        for length, count in zip(seconds, counts, strict=True)
    )
    hold(even, f"layer {layer}: frames do not grow evenly with the audio ({listed}): {padding}")
    more = counts[0] - rate * seconds[0]
    hold(more <= edge, f"layer {layer}: {more:.0f} frames more than the audio has at its rate ({listed}): {padding}")
