"""Extraction of one backbone's vectors into the store, with its record for ``run.json``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroscope.store import padding_record
from neuroscope.study.records import extraction_record

if TYPE_CHECKING:
    from neuroscope.contracts.audio import Manifest
    from neuroscope.contracts.records import ExtractionRecord
    from neuroscope.data.sources import LoadedData
    from neuroscope.extraction.extractor import Extraction
    from neuroscope.extraction.identity import PreparedBackbone
    from neuroscope.extraction.session import Workspace


def bring_vectors(
    workspace: Workspace, prepared: PreparedBackbone, loaded: LoadedData, manifest: Manifest
) -> tuple[Extraction, ExtractionRecord]:
    """Extract the vectors that the store lacks.

    Args:
        workspace: how vectors are computed and kept.
        prepared: the backbone.
        loaded: what the user named.
        manifest: those of its utterances that are wanted.

    Raises:
        NeuroscopeError: too many utterances cannot be used, or the backbone is broken.
    """
    extraction, failures = workspace.extract(prepared, manifest)
    record = extraction_record(
        prepared.text,
        prepared.spec.origin,
        prepared.representation,
        loaded,
        failures.skipped,
        total=failures.total,
        found=extraction.found,
        computed=extraction.computed,
        invariance=padding_record.record(extraction.invariance),
    )
    return extraction, record
