"""How audio becomes vectors, and where they are kept: what workflows and plugins' own commands share.

Importing it loads nothing heavy: it is part of the signatures that the command line is made from.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from neuroscope.defaults import DTYPE, MAX_DURATION, MAX_ERRORS
from neuroscope.runtime.files import cache_folder

if TYPE_CHECKING:
    from pathlib import Path

    from neuroscope.contracts.audio import Manifest
    from neuroscope.contracts.backbone import BackboneSpec
    from neuroscope.contracts.progress import Progress
    from neuroscope.data.sources import LoadedData
    from neuroscope.extraction.extractor import Extraction
    from neuroscope.extraction.identity import PreparedBackbone
    from neuroscope.extraction.skipped import SkippedUtterances
    from neuroscope.extraction.usable import UsableUtterances
    from neuroscope.store.representations import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """How audio becomes vectors, and where they are kept.

    Attributes:
        device: ``cpu``, ``cuda:0``, ...
        dtype: of the stored vectors, ``float32`` or ``float16``.
        rehash: read every audio file again, also those that seem not to have changed.
        on_error: ``skip`` or ``fail`` at an utterance that cannot be used.
        max_errors: largest share of such utterances.
        segment: seconds; longer recordings become utterances of that length. None = as they are.
        max_duration: seconds; longer utterances cannot be used, unless the backbone streams.
        cache: folder of the store and the run folders; None = ``$NEUROSCOPE_CACHE`` or the user's cache folder.
        began: nanoseconds; with ``rehash``, what was read since then is not read again.
    """

    device: str = "cpu"
    dtype: str = DTYPE
    rehash: bool = False
    on_error: str = "skip"
    max_errors: float = MAX_ERRORS
    segment: float | None = None
    max_duration: float = MAX_DURATION
    cache: Path | None = None
    began: int = field(default_factory=time.time_ns, repr=False, compare=False)

    @property
    def folder(self) -> Path:
        """The cache folder."""
        return self.cache or cache_folder()

    @property
    def store(self) -> Store:
        """The store in it."""
        from neuroscope.store.representations import Store

        return Store(self.folder / "store")

    @property
    def _trusted(self) -> int:
        """Since when what is remembered of audio files is trusted."""
        return self.began if self.rehash else 0

    def cut(self, loaded: LoadedData, progress: Progress) -> LoadedData:
        """Segments in place of recordings, where they were asked for."""
        if self.segment is None:
            return loaded
        from neuroscope.data import segmentation

        return segmentation.cut(loaded, self.segment, self.store.audio, progress, since=self._trusted)

    def failures(self, total: int) -> SkippedUtterances:
        """Where utterances that cannot be used are counted, of so many in all.

        Raises:
            BadOption: ``on_error`` or ``max_errors`` is none.
        """
        from neuroscope.extraction.skipped import SkippedUtterances

        return SkippedUtterances(total, self.on_error, self.max_errors)

    def find(
        self, manifest: Manifest, spec: BackboneSpec, failures: SkippedUtterances, progress: Progress
    ) -> UsableUtterances:
        """What of a manifest a backbone can take, found in its files; ``failures`` receives the rest."""
        from neuroscope.extraction import usable

        return usable.find(
            manifest,
            spec,
            failures,
            audio_index=self.store.audio,
            trusted_since=self._trusted,
            max_duration=self.max_duration,
            progress=progress,
        )

    def extract(
        self, prepared: PreparedBackbone, manifest: Manifest, progress: Progress
    ) -> tuple[Extraction, SkippedUtterances]:
        """Bring a manifest into the store; nothing to compute where vectors were imported."""
        from neuroscope.extraction import extractor, stored_vectors

        failures = self.failures(len(manifest))
        prepared.representation.mark_used()
        if prepared.is_imported:
            return stored_vectors.found_by_id(manifest, prepared.representation, failures), failures
        extraction = extractor.extract(
            manifest,
            prepared.spec,
            prepared.poolings,
            prepared.representation,
            failures,
            audio_index=self.store.audio,
            trusted_since=self._trusted,
            max_duration=self.max_duration,
            device=self.device,
            progress=progress,
        )
        return extraction, failures
