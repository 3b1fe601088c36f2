"""Extraction of one backbone's vectors into the store, with its record for ``run.json``."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from neuroscope.audio.loudness import KINDS
from neuroscope.contracts.records import Caution, ExtractionRecord, counts_of
from neuroscope.store import padding_record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from neuroscope.contracts.audio import Manifest
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
    representation, source = prepared.representation, loaded.manifest
    record = ExtractionRecord(
        backbone=prepared.text,
        representation=representation.key,
        origin=prepared.spec.origin,
        identity=asdict(representation.identity),
        dataset=loaded.text,
        source=source.source,
        manifest=source.fingerprint,
        utterances=failures.total,
        segmented=loaded.segmented,
        found=extraction.found,
        computed=extraction.computed,
        invariance=padding_record.record(extraction.invariance),
        warning=source.warning,
        left_out_by_reader=dict(source.left_out),
        skipped=counts_of(failures.skipped),
        skipped_utterances=tuple(failures.skipped),
        cautions=tuple(_cautions(extraction)),
        alone=extraction.alone,
        halved=extraction.halved or None,
    )
    return extraction, record


def _cautions(extraction: Extraction) -> Iterator[Caution]:
    """Word what is strange about the audio that was used."""
    for kind, ids in extraction.findings.items():
        line = f"{len(ids)} of {len(extraction.rows)} utterances: {KINDS[kind]}; e.g. {ids[0]}"
        yield Caution(kind=kind, line=line, runs=0, about=())
