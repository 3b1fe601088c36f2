"""Questions about the class of an utterance, each a declaration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from neuroscope import Classification, Subsample

if TYPE_CHECKING:
    from collections.abc import Callable

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

_OWN_LANGUAGES = {"cmn": "zh", "zh-cn": "zh", "zh-tw": "zh-TW", "zh-hk": "zh-HK"}
"""Codes of languages that go by another one here, and those whose region makes another language of them."""


def gender(*, limit: int | None = None, hours: float | None = None, seed: int = 0) -> Classification:
    """Gender classification (GC, T1): male or female.

    By default of the 40 speakers of VoxCeleb1's test part, as in the paper. The paper's own split is not published:
    here speakers are drawn, 30 % of them for the test, and in both parts the larger class is cut to the size of the
    smaller. Other genders are no class of the task, and are counted.

    Args:
        limit: utterances of each class at most, drawn; none = all.
        hours: of audio of each class at most, drawn; none = all.
        seed: of that draw.
    """
    return Classification(
        label=gender_of,
        columns=("gender",),
        datasets=("voxceleb1",),
        balance="class",
        subsample=_some(limit, hours, seed),
    )


def language(*, limit: int | None = 2000, hours: float | None = None, seed: int = 0) -> Classification:
    """Language identification (LID, T3), by default of Common Voice's ar, en, es, de, fr, ru and zh-CN.

    Parts are those of the corpus, speaker-disjoint, without the development parts; data without parts are split by
    speakers. How many utterances the paper drew is in a figure (3c), not in its text: here at most 2,000 of each
    language and part are drawn. Regions and scripts of codes are dropped (``en_us``, ``sv-SE``);
    ``zh-CN``, ``cmn`` and ``zh`` are one class, ``zh-TW`` and ``zh-HK`` are others.

    Args:
        limit: utterances of each class and part at most, drawn; none = all.
        hours: of audio of each class and part at most, drawn; none = all.
        seed: of that draw.
    """
    return Classification(
        label=_language,
        columns=("language",),
        datasets=("common-voice,locales=ar+en+es+de+fr+ru+zh-CN,parts=train+test",),
        subsample=_some(limit, hours, seed),
    )


def dialect(*, limit: int | None = None, hours: float | None = None, seed: int = 0) -> Classification:
    """Dialect identification (DID, T4), by default the five of ADI-5: EGY, GLF, LAV, MSA, NOR.

    Trained on the official training part, every class cut to the smallest (MSA, 2,219 utterances), tested on all 1,492
    of the test part, as in the paper; without the development part.

    Args:
        limit: utterances of each class and part at most, drawn; none = all.
        hours: of audio of each class and part at most, drawn; none = all.
        seed: of that draw.
    """
    return Classification(
        label=_column("dialect"),
        columns=("dialect",),
        datasets=("adi5,parts=train+test",),
        balance="train",
        subsample=_some(limit, hours, seed),
    )


def channel(
    *,
    telephony: bool = True,
    segments: Literal["vad", "transcript"] = "vad",
    limit: int | None = None,
    hours: float | None = None,
    seed: int = 0,
) -> Classification:
    """Channel classification (CC, T5): satellite (SatQ), high quality (HQ), telephone (TF).

    By default SatQ is ADI-5's training part, HQ its other parts, TF is CALLHOME, resampled to the model's rate, in
    segments of at least 2.5 s; as many utterances of each class are drawn, and split 60/40, as in the paper. What it
    does not say: here no recording (show, call) is in both parts, as far as names of files tell recordings apart. Other
    data without a column ``recording`` are split by speakers.

    Args:
        telephony: false = without TF (the paper's footnote 12).
        segments: of CALLHOME, found by a detector of speech, as in the paper, or by the times of transcripts.
        limit: utterances of each class at most, drawn; none = as many as the smallest class has.
        hours: of audio of each class at most, drawn; none = all.
        seed: of that draw.
    """
    return Classification(
        label=_column("channel"),
        columns=("channel",),
        datasets=("adi5", f"callhome,segments={segments}") if telephony else ("adi5",),
        split="group:recording,test=0.4,balance=class",
        subsample=Subsample(limit=limit, hours=hours, balanced=True, seed=seed),
    )


def label(column: str) -> Classification:
    """Whatever a column of the manifest says; rows without a value are left out and counted."""
    return Classification(label=_column(column), columns=(column,))


def _column(name: str) -> Callable[[Utterance], str | None]:
    def of(utterance: Utterance) -> str | None:
        return utterance.column(name)

    return of


def gender_of(utterance: Utterance) -> str | None:
    """Return the gender that an utterance's column says, ``male`` or ``female``; None = another, or not known."""
    return _GENDERS.get((utterance.column("gender") or "").strip().lower())


def _language(utterance: Utterance) -> str | None:
    """Return the language of a code, in lower case, without region and script (``en_us``, ``sv-SE``)."""
    code = (utterance.column("language") or "").strip().replace("_", "-").lower()
    language = code.partition("-")[0]
    return _OWN_LANGUAGES.get(code) or _OWN_LANGUAGES.get(language) or language or None


def _some(limit: int | None, hours: float | None, seed: int) -> Subsample | None:
    """Make the draw that the options ask for; None = all utterances."""
    return None if limit is None and hours is None else Subsample(limit=limit, hours=hours, seed=seed)
