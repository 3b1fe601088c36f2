"""Utterances, manifests, trials, and batches of waveforms."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from torch import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """A span of one audio file, and what is known about it.

    Attributes:
        id: unique in its manifest.
        path: the audio file; None where only stored vectors exist.
        start: seconds from the beginning of the file.
        duration: seconds; None = to the end of the file.
        audio_channel: which track of the file is read, from 0; None = the mean of all.
        speaker: who speaks, None where it is not known.
        tags: every other column, text to text (gender, language, channel, split, ...); an absent key = not known.
    """

    id: str
    path: Path | None
    start: float = 0.0
    duration: float | None = None
    audio_channel: int | None = None
    speaker: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    def column(self, name: str) -> str | None:
        """Look up a column by its name in a manifest: ``id``, ``speaker`` or a tag; None where it is not known."""
        if name == "id":
            return self.id
        return self.speaker if name == "speaker" else self.tags.get(name)


@dataclass(frozen=True)
class Manifest:
    """Utterances in a fixed order.

    Attributes:
        utterances: in the order of the source.
        source: for people. It is no part of the fingerprint, and neither are paths: the same corpus in another folder
            is the same manifest.
        left_out: rows or files of the source that are no utterance here, counted by reason.
        warning: what a reader of any result on it has to know (e.g. that the speech is synthetic); empty = nothing.
        way: what to do where a column is asked for that no utterance has; ``{column}`` stands for its name.
        trials: the trial list that the corpus brings for speaker verification, over its utterances; empty = none. It is
            no part of the fingerprint.
    """

    utterances: tuple[Utterance, ...]
    source: str = ""
    left_out: Mapping[str, int] = field(default_factory=dict)
    warning: str = ""
    way: str = ""
    trials: tuple[Trial, ...] = ()

    def __len__(self) -> int:
        return len(self.utterances)

    def __iter__(self) -> Iterator[Utterance]:
        return iter(self.utterances)

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that at least one utterance has a value for, sorted; ``id`` is always one."""
        names = {name for utterance in self for name in utterance.tags}
        if any(utterance.speaker is not None for utterance in self):
            names.add("speaker")
        return tuple(sorted(names | {"id"}))

    @cached_property
    def fingerprint(self) -> str:
        """Digest (32 hexadecimal digits) of ids, spans and columns, in order."""
        digest = hashlib.sha256()
        for u in self:
            row = [u.id, u.start, u.duration, u.audio_channel, u.speaker, sorted(u.tags.items())]
            digest.update(json.dumps(row).encode() + b"\n")
        return digest.hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Trial:
    """Two utterances of a manifest, and whether one speaker is heard in both.

    Attributes:
        enrolment: id of the utterance that the speaker is known from.
        test: id of the utterance that is compared with it.
        target: True = the same speaker in both (a target trial), False = another (a non-target trial).
    """

    enrolment: str
    test: str
    target: bool


@dataclass(frozen=True, slots=True)
class WaveBatch:
    """A batch of waveforms at one sampling rate, side by side.

    Attributes:
        samples: float32 ``[B, T]`` on the CPU, mono, full scale = 1; zeros behind an utterance's end.
        lengths: int64 ``[B]``, samples of each that are real.
    """

    samples: Tensor
    lengths: Tensor
