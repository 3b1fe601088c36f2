"""Load utterances, extract and read a backbone's vectors of them, and read their waveforms, in a command.

Public through ``neuroscope.commands``. Importing it loads nothing heavy.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any

from neuroscope.contracts.audio import Manifest
from neuroscope.contracts.progress import Progress, silent
from neuroscope.data import sources
from neuroscope.errors import UnknownName
from neuroscope.extraction.session import ExtractionSettings, Workspace
from neuroscope.plugin.loading import Plugins

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from neuroscope.audio.prefetch import ReadJob
    from neuroscope.contracts.backbone import BackboneSpec, LayerSpec
    from neuroscope.contracts.features import Features
    from neuroscope.data.places import Data
    from neuroscope.errors import BadAudio
    from neuroscope.extraction.identity import PreparedBackbone
    from neuroscope.extraction.skipped import SkippedUtterances


def load(
    data: Data,
    *,
    machine: ExtractionSettings | None = None,
    plugins: Plugins | None = None,
    progress: Progress = silent,
) -> Manifest:
    """Load the utterances that the user named.

    Args:
        data: from the options about data.
        machine: cuts recordings into segments where ``--segment`` says so.
        plugins: those of the environment, unless given.
        progress: reports files read.

    Raises:
        NeuroscopeError: they cannot be found or read, or there are none.
    """
    workspace = Workspace(machine, progress)
    loaded = sources.load(data, plugins or Plugins.load(), progress=progress, cache=workspace.folder)
    return workspace.segment(loaded).manifest


class Extracted:
    """Vectors of a manifest's utterances, in the store.

    Attributes:
        backbone: text of the backbone, canonical.
        key: key of the representation: the same key, the same numbers.
        layers: what the backbone declares, in its order.
        ids: of the utterances that have vectors, in the manifest's order.
        skipped: id -> reason, of the utterances that could not be used.
    """

    def __init__(self, prepared: PreparedBackbone, rows: Mapping[str, str], skipped: Mapping[str, str]) -> None:
        self._prepared, self._rows = prepared, rows
        self.backbone: str = prepared.text
        self.key: str = prepared.representation.key
        self.layers: tuple[LayerSpec, ...] = prepared.spec.layers
        self.ids: tuple[str, ...] = tuple(rows)
        self.skipped = skipped

    def features(self, layers: Sequence[str] = ()) -> Features:
        """Read layers side by side: ``values`` is float32 ``[ids, units]``.

        Args:
            layers: their names, in the order of the columns; none = those that ALL joins.

        Raises:
            UnknownName: the backbone has no such layer.
            StoreMismatch: what is stored is damaged.
        """
        known = self._prepared.representation.layers
        for layer in layers:
            if layer not in known:
                raise UnknownName(f"layer of {self.backbone}", layer, known)
        chosen = layers or self._prepared.in_all
        return self._prepared.representation.features(self.ids, list(self._rows.values()), chosen)


def extract(
    backbone: str,
    manifest: Manifest,
    *,
    options: Sequence[str] = (),
    pooling: str = "",
    machine: ExtractionSettings | None = None,
    plugins: Plugins | None = None,
    progress: Progress = silent,
) -> Extracted:
    """Bring a manifest's utterances into the store; what is there already is not computed again.

    Args:
        backbone: in the component grammar.
        manifest: whose utterances.
        options: ``KEY=VALUE`` texts for the backbone, beside those in its text.
        pooling: in the component grammar; empty = each layer's own.
        machine: how vectors are computed and kept.
        plugins: those of the environment, unless given.
        progress: reports files read and utterances computed; ``progress_bar`` shows a bar.

    Raises:
        NeuroscopeError: whatever the user can mend.
    """
    from neuroscope.plugin.selection import choose_backbones

    workspace, plugins = Workspace(machine, progress), plugins or Plugins.load()
    (choice,) = choose_backbones([backbone], options, plugins)
    prepared = workspace.prepare(choice, plugins, pooling)
    extraction, skipped = workspace.extract(prepared, manifest)
    rows = {each.id: extraction.rows[each.id] for each in manifest if each.id in extraction.rows}
    return Extracted(prepared, rows, {each.utterance: each.reason for each in skipped.skipped})


def located(
    manifest: Manifest,
    spec: BackboneSpec,
    failures: SkippedUtterances,
    *,
    machine: ExtractionSettings | None = None,
    progress: Progress = silent,
) -> list[ReadJob]:
    """List the utterances that a backbone can take, with what it takes to read them, in the manifest's order.

    Files that were looked at before, by any command, are not read again.

    Args:
        manifest: the utterances.
        spec: of the backbone: its sample rate, and the shortest that it takes.
        failures: receives the others; ``machine.failures(total)`` makes one.
        machine: with the index of audio files and the longest utterance.
        progress: reports files read.

    Raises:
        TooManyFailures: more were skipped than ``failures`` allows.
    """
    found = Workspace(machine, progress).usable(manifest, spec, failures)
    return [found[place] for place in range(len(found))]


def waveforms(
    utterances: Sequence[ReadJob], sample_rate: int, ahead: float = 60.0
) -> Generator[NDArray[np.float32] | BadAudio]:
    """Yield the samples ``[T]`` of each utterance, or why there are none, read in threads a little ahead.

    Args:
        utterances: from ``located``.
        sample_rate: Hz.
        ahead: seconds of audio that are read before they are asked for.
    """
    from neuroscope.audio.prefetch import read_ahead

    with closing(read_ahead(([each] for each in utterances), sample_rate, ahead * sample_rate)) as coming:
        for _, (wave,) in coming:
            yield wave


def own_folder(distribution: str, machine: ExtractionSettings | None = None) -> Path:
    """Return the folder for a plugin's own files, in the cache folder, made where it is missing.

    Args:
        distribution: the plugin's distribution, so that no two plugins share a folder.
        machine: with the cache folder.
    """
    folder = Workspace(machine).folder / "plugins" / distribution
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def cache_key(*parts: object) -> str:
    """Make a name for a file that depends on the parts alone: 32 hexadecimal digits, the same in every process.

    Args:
        parts: texts, numbers, truth values, None; sequences and mappings of these; manifests, and what was extracted.

    Raises:
        TypeError: a part is of another type. Of a file give the digest of what it holds.
    """
    text = json.dumps(parts, sort_keys=True, default=_as_json)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _as_json(part: object) -> Any:
    if isinstance(part, Manifest):
        return {"manifest": part.fingerprint}
    if isinstance(part, Extracted):
        return {"representation": part.key, "ids": part.ids}
    if isinstance(part, Mapping):
        return dict(part)
    raise TypeError(f"{part!r} cannot be part of a cache key")
