"""Find the utterances of a manifest that a model can take, as columns."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from neuroscope.audio.prefetch import ReadJob
from neuroscope.audio.spans import locate_all
from neuroscope.errors import BadAudio
from neuroscope.runtime.gc_pause import gc_paused

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray
    from polars import Series

    from neuroscope.audio.spans import AudioFiles, Spans
    from neuroscope.contracts.audio import Manifest, Utterance
    from neuroscope.contracts.backbone import BackboneSpec
    from neuroscope.extraction.skipped import SkippedUtterances


@dataclass(frozen=True)
class UsableUtterances:
    """Utterances that a model can take, in the order of their manifest.

    Attributes:
        utterances: all utterances of the manifest.
        spans: the spans of all.
        numbers: int64 ``[usable]``, which of them can be used.
        samples: int64 ``[usable]``, how long each is at the model's rate.
        rows: name of each one's row in the store.
    """

    utterances: Sequence[Utterance]
    spans: Spans
    numbers: NDArray[np.int64]
    samples: NDArray[np.int64]
    rows: Series

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, place: int) -> ReadJob:
        """Return one usable utterance, with what it takes to read it."""
        number = int(self.numbers[place])
        utterance = self.utterances[number]
        if utterance.path is None:
            raise BadAudio("no path", utterance.id)
        return ReadJob(utterance, utterance.path, self.spans[number], int(self.samples[place]), self.rows[place])

    @property
    def ids(self) -> list[str]:
        """Ids of the usable utterances."""
        return [self.utterances[number].id for number in self.numbers.tolist()]

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """Places of the different rows, the longest first, by name where they are equally long."""
        import polars

        table = polars.DataFrame({"row": self.rows, "samples": self.samples}).with_row_index("place")
        table = table.unique("row", keep="first", maintain_order=True)
        table = table.sort(["samples", "row"], descending=[True, False])
        return table["place"].to_numpy().astype(np.int64)

    def missing(self, stored: Iterable[str]) -> NDArray[np.bool_]:
        """Tell of each usable utterance whether its row is not stored."""
        import polars

        held = polars.DataFrame({"row": list(stored)}, schema={"row": polars.String})
        places = polars.DataFrame({"row": self.rows}).with_row_index("place").join(held, on="row", how="anti")["place"]
        found = np.zeros(len(self), dtype=bool)
        found[places.to_numpy()] = True
        return found


def usable(
    manifest: Manifest, files: AudioFiles, spec: BackboneSpec, skipped: SkippedUtterances, most: float
) -> UsableUtterances:
    """Find the utterances of a manifest that the model can take; ``skipped`` receives the others, in its order.

    Args:
        manifest: the utterances.
        files: what their files hold.
        spec: of the model.
        skipped: receives the utterances that cannot be used.
        most: seconds; longer utterances are skipped, unless the model streams.

    Raises:
        TooManyFailures: more were skipped than ``skipped`` allows.
    """
    with gc_paused():
        found = _usable(manifest, files, spec, skipped, most)
    skipped.check()
    return found


def _usable(
    manifest: Manifest, files: AudioFiles, spec: BackboneSpec, skipped: SkippedUtterances, most: float
) -> UsableUtterances:
    spans = locate_all(manifest.utterances, files)
    samples = spans.samples_at(spec.sample_rate)
    too_long = np.zeros(len(samples), dtype=bool) if spec.streams else samples > most * spec.sample_rate
    good = ~(too_long | (samples < spec.min_samples))
    good[list(spans.wrong)] = False
    for number in np.flatnonzero(~good).tolist():
        utterance = manifest.utterances[number]
        error = spans.wrong.get(number) or _unfit(utterance, int(samples[number]), spec, most)
        skipped.add(utterance.id, error)
    rows = spans.rows()
    numbers = np.flatnonzero(good)
    if len(numbers) < len(rows):
        rows = rows[numbers]
    return UsableUtterances(manifest.utterances, spans, numbers, samples[numbers], rows)


def _unfit(utterance: Utterance, samples: int, spec: BackboneSpec, most: float) -> BadAudio:
    """Say why the model cannot take an utterance of that length."""
    seconds = samples / spec.sample_rate
    if samples < spec.min_samples:
        least = spec.min_samples / spec.sample_rate
        return BadAudio("too short", f"{utterance.id}: {seconds:.4f} s, the model takes {least:.4f} s")
    return BadAudio(
        "too long",
        f"{utterance.id}: {seconds:.1f} s, and the model takes a recording whole: at most {most:g} s "
        "(--max-duration); --segment SECONDS makes several utterances of it",
    )
