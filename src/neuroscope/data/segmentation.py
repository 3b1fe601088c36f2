"""Cut the long recordings of a manifest into segments of equal length, which are utterances."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from neuroscope.audio.spans import locate_all
from neuroscope.data.trials.keeping import with_utterances
from neuroscope.errors import BadManifest, BadOption

if TYPE_CHECKING:
    from neuroscope.audio.spans import AudioFiles
    from neuroscope.audio.waveforms import Span
    from neuroscope.contracts.audio import Manifest, Utterance
    from neuroscope.data.sources import LoadedData

RECORDING = "recording"
"""The column that keeps the id of the recording, for a split that keeps its segments together (group:recording)."""
SHORTEST = 0.1


def cut(loaded: LoadedData, seconds: float, files: AudioFiles) -> LoadedData:
    """Cut the recordings of loaded data into segments, and note in the result how many.

    Args:
        loaded: what the user named.
        seconds: length of a segment.
        files: what its audio files hold.

    Raises:
        BadOption: no segment can be that short.
        BadManifest: a segment would get an id that another utterance has.
    """
    check_length(seconds)
    manifest, recordings, made = segmented(loaded.manifest, seconds, files)
    summary = f"{recordings} of {len(loaded.manifest)} utterances cut into {made} segments of {seconds:g} s"
    return replace(loaded, manifest=manifest, segmented=summary)


def check_length(seconds: float) -> None:
    """Raise BadOption if no segment can be that short."""
    if not SHORTEST <= seconds < float("inf"):
        raise BadOption(f"--segment {seconds:g}: expected {SHORTEST:g} seconds or more")


def segmented(manifest: Manifest, seconds: float, files: AudioFiles) -> tuple[Manifest, int, int]:
    """Cut every utterance into segments; tags and speaker are copied, and ``recording`` keeps the id.

    A remainder shorter than half a segment joins the segment before it, so an utterance shorter than one and a half
    stays whole and keeps its id. The id of a segment is ``ID#START``, the start in seconds of the file. An utterance
    whose audio cannot be used stays as it is: the extraction says why.

    Args:
        manifest: what to cut.
        seconds: length of a segment.
        files: what the files of the manifest hold.

    Returns:
        The manifest, how many of its utterances were cut, and how many segments came of them.

    Raises:
        BadManifest: a segment would get an id that another utterance has.
    """
    utterances: list[Utterance] = []
    recordings = made = 0
    spans = locate_all(manifest.utterances, files)
    for number, utterance in enumerate(manifest):
        parts = [utterance] if number in spans.wrong else _parts(utterance, spans[number], seconds)
        if len(parts) > 1:
            recordings, made = recordings + 1, made + len(parts)
        utterances += parts
    ids = {each.id for each in utterances}
    if len(ids) < len(utterances):
        raise BadManifest(manifest.source, ["ids that end in #SECONDS clash with those of segments"])
    cut_up = with_utterances(manifest, utterances, lost="trial of an utterance that is cut into segments")
    return cut_up, recordings, made


def _parts(utterance: Utterance, span: Span, seconds: float) -> list[Utterance]:
    file = span.file
    length = round(seconds * file.rate)
    count = (span.last - span.first + length // 2) // length
    if count < 2:
        return [utterance]
    starts = [span.first + number * length for number in range(count)]
    tags = {RECORDING: utterance.id, **utterance.tags}
    return [
        replace(
            utterance,
            id=f"{utterance.id}#{_text(first / file.rate)}",
            start=first / file.rate,
            duration=(last - first) / file.rate,
            tags=tags,
        )
        for first, last in zip(starts, [*starts[1:], span.last], strict=True)
    ]


def _text(seconds: float) -> str:
    return f"{seconds:.3f}".rstrip("0").rstrip(".")
