"""Settings of how audio becomes vectors, and the workspace of one command: its store and its audio files.

Importing it loads nothing heavy: it is part of the signatures that the command line is made from.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from neuroscope.contracts.progress import Progress, silent
from neuroscope.defaults import DTYPE, MAX_DURATION, MAX_ERRORS
from neuroscope.errors import BadManifest, BadOption
from neuroscope.runtime.files import cache_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from neuroscope.audio.findings import FindingRecord
    from neuroscope.audio.spans import AudioFiles
    from neuroscope.contracts.audio import Manifest, Utterance
    from neuroscope.contracts.backbone import BackboneSpec
    from neuroscope.data.sources import LoadedData
    from neuroscope.extraction.extractor import Extraction
    from neuroscope.extraction.identity import PreparedBackbone
    from neuroscope.extraction.skipped import SkippedUtterances
    from neuroscope.extraction.usable import UsableUtterances
    from neuroscope.plugin.loading import Plugins
    from neuroscope.plugin.registry import Choice
    from neuroscope.store.representations import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractionSettings:
    """Settings of how audio becomes vectors, and where they are kept: plain values, the same in every process.

    Attributes:
        device: ``cpu``, ``cuda:0``, ...
        threads: of the processor; 0 = those that are granted to us, at most ``OMP_NUM_THREADS``. Numbers are the same.
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
    threads: int = 0
    dtype: str = DTYPE
    rehash: bool = False
    on_error: str = "skip"
    max_errors: float = MAX_ERRORS
    segment: float | None = None
    max_duration: float = MAX_DURATION
    cache: Path | None = None
    began: int = field(default_factory=time.time_ns, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.threads < 0:
            raise BadOption(f"threads {self.threads}: expected 1 or more, or 0 for those that are granted to us")

    def failures(self, total: int) -> SkippedUtterances:
        """Make the collector of skipped utterances, for so many utterances in all.

        Raises:
            BadOption: ``on_error`` or ``max_errors`` has an impossible value.
        """
        from neuroscope.extraction.skipped import SkippedUtterances

        return SkippedUtterances(total, self.on_error, self.max_errors)


class Workspace:
    """Workspace of one command: its cache folder, its store, and its audio files, which are looked at once.

    Args:
        settings: how audio becomes vectors, and where they are kept.
        progress: reports files read and utterances computed.
    """

    def __init__(self, settings: ExtractionSettings | None = None, progress: Progress = silent) -> None:
        self.settings = settings or ExtractionSettings()
        self.progress = progress
        self._trusted_since = self.settings.began if self.settings.rehash else 0
        self._files: AudioFiles | None = None

    @property
    def folder(self) -> Path:
        """The cache folder."""
        return self.settings.cache or cache_folder()

    @property
    def store(self) -> Store:
        """The store in the cache folder."""
        from neuroscope.store.representations import Store

        return Store(self.folder / "store")

    @property
    def findings(self) -> FindingRecord:
        """The record of what was strange about audio that was read."""
        from neuroscope.audio.findings import FindingRecord

        return FindingRecord(self.store.audio / "findings")

    def segment(self, loaded: LoadedData) -> LoadedData:
        """Cut recordings into segments, where the settings ask for it.

        Raises:
            BadOption: no segment can be that short.
            BadManifest: a segment would get an id that another utterance has.
        """
        if self.settings.segment is None:
            return loaded
        from neuroscope.data import segmentation

        segmentation.check_length(self.settings.segment)
        return segmentation.cut(loaded, self.settings.segment, self.audio_files(loaded.manifest))

    def lengths(self, utterances: Sequence[Utterance]) -> list[float | None]:
        """Find how many seconds each utterance lasts: as its manifest says, else by its file; None = neither tells."""
        from neuroscope.audio.spans import locate_all
        from neuroscope.contracts.audio import Manifest
        from neuroscope.data.subsampling import told_lengths

        told = told_lengths(utterances)
        asked = [n for n, each in enumerate(utterances) if told[n] is None and each.path is not None]
        if asked:
            some = tuple(utterances[n] for n in asked)
            spans = locate_all(some, self.audio_files(Manifest(some)))
            for place, n in enumerate(asked):
                if place not in spans.wrong:
                    span = spans[place]
                    told[n] = (span.last - span.first) / span.file.rate
        return told

    def usable(self, manifest: Manifest, spec: BackboneSpec, skipped: SkippedUtterances) -> UsableUtterances:
        """Find the utterances of a manifest that a backbone can take; ``skipped`` receives the others.

        Raises:
            TooManyFailures: more were skipped than ``skipped`` allows.
        """
        from neuroscope.extraction.usable import usable

        return usable(manifest, self.audio_files(manifest), spec, skipped, self.settings.max_duration)

    def prepare(self, choice: Choice[BackboneSpec], plugins: Plugins, pooling: str = "") -> PreparedBackbone:
        """Build a backbone's spec, and find its representation; see ``extraction.identity.prepare``."""
        from neuroscope.extraction.identity import prepare

        return prepare(choice, plugins, self.store, pooling=pooling, dtype=self.settings.dtype)

    def extract(self, prepared: PreparedBackbone, manifest: Manifest) -> tuple[Extraction, SkippedUtterances]:
        """Bring a manifest's utterances into the store; there is nothing to compute where vectors were imported.

        Raises:
            TooManyFailures: more were skipped than the settings allow.
            PluginBroken: the backbone does not yield what it declares.
        """
        from neuroscope.extraction import extractor, stored_vectors

        skipped = self.settings.failures(len(manifest))
        prepared.representation.mark_used()
        if prepared.is_imported:
            return stored_vectors.found_by_id(manifest, prepared.representation, skipped), skipped
        extraction = extractor.extract(
            manifest,
            prepared.spec,
            prepared.poolings,
            prepared.representation,
            skipped,
            files=self.audio_files(manifest),
            record=self.findings,
            max_duration=self.settings.max_duration,
            device=self.settings.device,
            threads=self.settings.threads,
            progress=self.progress,
        )
        return extraction, skipped

    def audio_files(self, manifest: Manifest) -> AudioFiles:
        """Find what the manifest's files hold; none is looked at twice in one command.

        Raises:
            BadManifest: no utterance has a path.
        """
        from neuroscope.audio.index import examine_all

        paths = [each.path for each in manifest if each.path is not None]
        if len(manifest) and not paths:
            has = f"no row has a path to its audio; it has the columns {', '.join(manifest.columns)}"
            raise BadManifest(manifest.source, [f"{has}. Without audio, a backbone stored:NAME has imported vectors"])
        if self._files is None or not all(str(path) in self._files.numbers for path in paths):
            self._files = examine_all(self.store.audio, paths, self.progress, since=self._trusted_since)
        return self._files
