"""Questions about speech, each a declaration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroscope import Classification

if TYPE_CHECKING:
    from neuroscope import Utterance

_GENDERS = {
    "m": "male",
    "male": "male",
    "male_masculine": "male",
    "f": "female",
    "female": "female",
    "female_feminine": "female",
}
"""How corpora write the two genders that the paper asks about: VoxCeleb, LibriSpeech, Common Voice (two ways)."""


def gender() -> Classification:
    """Gender classification (GC; paper, section 4.2): male or female, of speakers that training never heard."""
    return Classification(label=_gender, columns=("gender",))


def label(column: str) -> Classification:
    """Whatever a column of the manifest says; rows without a value are left out and counted."""

    def of(utterance: Utterance) -> str | None:
        return utterance.column(column)

    return Classification(label=of, columns=(column,))


def _gender(utterance: Utterance) -> str | None:
    return _GENDERS.get((utterance.column("gender") or "").strip().lower())
