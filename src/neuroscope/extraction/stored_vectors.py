"""Find vectors that were computed elsewhere in the store, by the utterance's id; there is nothing to compute."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroscope.errors import BadAudio
from neuroscope.extraction.extractor import Extraction
from neuroscope.store.names import row_of

if TYPE_CHECKING:
    from neuroscope.contracts.audio import Manifest
    from neuroscope.extraction.skipped import SkippedUtterances
    from neuroscope.store.representations import Representation


def found_by_id(manifest: Manifest, representation: Representation, skipped: SkippedUtterances) -> Extraction:
    """Find the utterances of a manifest that have an imported vector; the others are counted as skipped.

    Args:
        manifest: the utterances that are looked for.
        representation: the imported vectors.
        skipped: receives the utterances without a vector.

    Raises:
        TooManyFailures: more have none than ``skipped`` allows.
    """
    held = representation.rows()
    rows = {each.id: row_of(each.id) for each in manifest if row_of(each.id) in held}
    for each in manifest:
        if each.id not in rows:
            skipped.add(each.id, BadAudio("no vector", f"{each.id} was not among the vectors that were imported"))
    skipped.check()
    return Extraction(rows, found=len(rows), computed=0)
