"""Stretches of speech of recordings, kept in the cache folder: each recording is listened to once."""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from neuroscope import BadAudio
from neuroscope.waves import AudioFile, Span, read
from neuroscope.weights import sha256_of
from neuroscope_speech_tasks.activity.network import CHUNK, RATE, SpeechNetwork, find_weights
from neuroscope_speech_tasks.activity.stretches import METHOD, Settings, Stretch, find_stretches

if TYPE_CHECKING:
    from neuroscope import Progress

_DEAD = 3600.0
"""Seconds after which a file that is still unfinished is one that a killed process has left."""

Tracks = Sequence[Sequence[Stretch]]
"""The stretches of speech of each track of a recording."""


@dataclass(frozen=True)
class SpeechFinder:
    """Finds the stretches of speech of recordings, and keeps them.

    Attributes:
        folder: where they are kept; an entry is one small file, written as a whole.
        settings: how stretches are made.
    """

    folder: Path
    settings: Settings

    def find(self, files: Mapping[Path, AudioFile], progress: Progress) -> dict[Path, Tracks | BadAudio]:
        """Find the stretches of speech of each track of recordings.

        What was found before is read; what is found is kept at once, so an interruption loses one recording. Entries
        that are damaged are made again.

        Args:
            files: recordings.
            progress: told of the recordings that are listened to, and of their seconds.

        Returns:
            the stretches of each recording, or why it cannot be read.

        Raises:
            MissingDependency: the wheel of the network is not installed.
        """
        weights, _ = find_weights()
        network = sha256_of(weights)
        entries = {path: _Entry(self.folder, self._about(file, network)) for path, file in files.items()}
        kept = {path: entry.read(files[path]) for path, entry in entries.items()}
        unknown = {path: files[path] for path, tracks in kept.items() if tracks is None}
        found: dict[Path, Tracks | BadAudio] = {path: tracks for path, tracks in kept.items() if tracks is not None}
        if unknown:
            found |= self._listen(unknown, entries, SpeechNetwork(weights), progress)
        return found

    def _about(self, file: AudioFile, network: str) -> dict[str, object]:
        """Name all that the stretches of a recording depend on."""
        return {"audio": file.digest, "network": network, "method": METHOD, "settings": self.settings._asdict()}

    def _listen(
        self,
        files: Mapping[Path, AudioFile],
        entries: Mapping[Path, _Entry],
        network: SpeechNetwork,
        progress: Progress,
    ) -> dict[Path, Tracks | BadAudio]:
        """Find and keep the stretches of recordings, one after the other."""
        found: dict[Path, Tracks | BadAudio] = {}
        lengths = {path: file.frames / file.rate for path, file in files.items()}
        with progress("Finding speech", len(files), sum(lengths.values())) as advance:
            for path, file in files.items():
                spans = [Span(file, 0, file.frames, track) for track in range(file.channels)]
                try:
                    waves = [read(path, span, RATE) for span in spans]
                except BadAudio as error:
                    found[path] = error
                else:
                    tracks = [
                        find_stretches(each.tolist(), CHUNK / RATE, lengths[path], self.settings)
                        for each in network.probabilities(waves)
                    ]
                    entries[path].write(tracks)
                    found[path] = tracks
                advance(1, lengths[path])
        return found


@dataclass(frozen=True)
class _Entry:
    """The kept stretches of one recording.

    Attributes:
        folder: of the entries.
        about: all that they depend on.
    """

    folder: Path
    about: Mapping[str, object]

    @property
    def _path(self) -> Path:
        return self.folder / f"{_digest(self.about)[:32]}.json"

    def read(self, file: AudioFile) -> Tracks | None:
        """Read the stretches of each track; None where they are not there, or are not what was written."""
        try:
            kept = json.loads(self._path.read_bytes())
            tracks = [[Stretch(*pair) for pair in track] for track in kept["tracks"]]
            is_whole = kept["sha256"] == _digest(kept["tracks"]) and kept["about"] == self.about
        except (OSError, ValueError, LookupError, TypeError, RecursionError):
            return None
        return tracks if is_whole and len(tracks) == file.channels else None

    def write(self, tracks: Tracks) -> None:
        """Keep the stretches of each track; another process that keeps the same does no harm.

        What killed processes have left unfinished in the folder is removed.

        Raises:
            OSError: the folder cannot be written to.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        _remove_dead(self.folder)
        content = {"about": self.about, "tracks": tracks, "sha256": _digest(tracks)}
        partial = self._path.with_name(f".{self._path.stem}.{secrets.token_hex(8)}.partial")
        try:
            partial.write_text(json.dumps(content))
            partial.replace(self._path)
        finally:
            partial.unlink(missing_ok=True)


def _remove_dead(folder: Path) -> None:
    """Remove unfinished files that no living process can be writing: to write one takes a moment."""
    for left in sorted(folder.glob(".*.partial")):
        with suppress(OSError):  # another process was faster, or it is another user's
            if time.time() - left.stat().st_mtime > _DEAD:
                left.unlink()


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
