"""Vectors that were computed elsewhere: found in the store by the utterance's id, with nothing to compute."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroscope.errors import BadAudio
from neuroscope.extraction.extractor import Extraction
from neuroscope.store.names import row_of

if TYPE_CHECKING:
    from neuroscope.contracts.audio import Manifest
    from neuroscope.extraction.skipped import SkippedUtterances
    from neuroscope.store.representations import Representation


def found_by_id(manifest: Manifest, representation: Representation, failures: SkippedUtterances) -> Extraction:
    """Which utterances of a manifest have a vector that was imported; the others are counted as skipped.

    Args:
        manifest: whose utterances are looked for.
        representation: of imported vectors.
        failures: receives the utterances without a vector.

    Raises:
        TooManyFailures: more have none than ``failures`` allows.
    """
    held = representation.rows()
    rows = {each.id: row_of(each.id) for each in manifest if row_of(each.id) in held}
    for each in manifest:
        if each.id not in rows:
            failures.add(each.id, BadAudio("no vector", f"{each.id} was not among the vectors that were imported"))
    failures.check()
    return Extraction(rows, found=len(rows), computed=0)
