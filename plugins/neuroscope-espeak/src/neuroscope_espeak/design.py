"""Which utterances a set of options asks for: every combination, in one order."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from neuroscope import BadOption
from neuroscope_espeak.channels import CHANNELS

if TYPE_CHECKING:
    from collections.abc import Sequence

GENERATOR = 1
"""Counts up whenever the same options would give other bytes or another manifest."""

LANGUAGES = {"ar": "ar", "de": "de", "en": "en", "es": "es", "fr": "fr", "ru": "ru", "zh": "cmn"}
"""Languages as the options name them, and as eSpeak NG does."""

VOICES = ("m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "f1", "f2", "f3", "f4", "f5")
_RATES = (80, 450)
_PITCHES = (0, 99)

T = TypeVar("T", str, int)


@dataclass(frozen=True, slots=True)
class Item:
    """One utterance: a text in a language by a voice, at a rate (words a minute) and a pitch (0 to 99)."""

    language: str
    voice: str
    text: int
    rate: int
    pitch: int

    @property
    def sentence(self) -> str:
        """What is said."""
        return sentences()[self.language][self.text]

    @property
    def text_name(self) -> str:
        """The text's name, from ``t01``; it means the same in every language."""
        return f"t{self.text + 1:02d}"

    @property
    def id(self) -> str:
        """Unique in the corpus."""
        return f"{self.language}-{self.voice}-{self.text_name}-r{self.rate}-p{self.pitch}"

    @property
    def file(self) -> str:
        """The wav file, relative to the corpus."""
        return f"{self.language}/{self.voice}/{self.id}.wav"


@dataclass(frozen=True, slots=True)
class Design:
    """Options that have been checked, in canonical order, so that equal sets are equal designs."""

    languages: tuple[str, ...]
    voices: tuple[str, ...]
    texts: int
    rates: tuple[int, ...]
    pitches: tuple[int, ...]
    channels: tuple[str, ...] = ()

    def block(self, language: str, voice: str) -> tuple[Item, ...]:
        """What one voice says in one language, in the order in which it is spoken."""
        combinations = product(range(self.texts), self.rates, self.pitches)
        return tuple(Item(language, voice, *combination) for combination in combinations)

    @property
    def items(self) -> tuple[Item, ...]:
        """All that is spoken, in the manifest's order."""
        return tuple(item for pair in product(self.languages, self.voices) for item in self.block(*pair))

    def digest(self, library_version: str) -> str:
        """Names the corpus: what is said, by whom and how, by which library and generator (16 hexadecimal digits)."""
        said = {language: sentences()[language][: self.texts] for language in self.languages}
        whole: list[object] = [GENERATOR, library_version, said, self.voices, self.rates, self.pitches]
        if self.channels:
            whole.append({channel: CHANNELS[channel] for channel in self.channels})
        return hashlib.sha256(json.dumps(whole, ensure_ascii=False).encode()).hexdigest()[:16]


def checked(
    languages: Sequence[str],
    voices: Sequence[str],
    texts: int,
    rates: Sequence[int],
    pitches: Sequence[int],
    channels: Sequence[str] = (),
) -> Design:
    """The design of some options.

    Raises:
        BadOption: a value that does not exist, lies outside its range, or is given twice.
    """
    most = min(len(texts_of_language) for texts_of_language in sentences().values())
    if not 1 <= texts <= most:
        raise BadOption(f"espeak: texts={texts}: expected 1 to {most}, the sentences that there are in each language")
    return Design(
        _among("languages", languages, tuple(LANGUAGES)),
        _among("voices", voices, VOICES),
        texts,
        _within("rates", rates, *_RATES),
        _within("pitches", pitches, *_PITCHES),
        _among("channels", channels, tuple(CHANNELS)) if channels else (),
    )


@cache
def sentences() -> dict[str, list[str]]:
    """Language -> its sentences; those at one position mean the same."""
    texts: dict[str, list[str]] = json.loads(Path(__file__).with_name("sentences.json").read_text(encoding="utf-8"))
    return texts


def _among(option: str, given: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    unknown = [value for value in given if value not in known]
    if unknown:
        raise BadOption(f"espeak: {option}={'+'.join(given)}: no {', '.join(unknown)}. Known: {', '.join(known)}.")
    return tuple(sorted(_once(option, given), key=known.index))


def _within(option: str, given: Sequence[int], low: int, high: int) -> tuple[int, ...]:
    outside = [str(value) for value in given if not low <= value <= high]
    if outside:
        raise BadOption(f"espeak: {option}: {', '.join(outside)} is outside {low} to {high}")
    return tuple(sorted(_once(option, given)))


def _once(option: str, given: Sequence[T]) -> Sequence[T]:
    if not given:
        raise BadOption(f"espeak: {option} is empty; give at least one value")
    if len(set(given)) < len(given):
        raise BadOption(f"espeak: {option}={'+'.join(map(str, given))}: a value is given twice")
    return given
