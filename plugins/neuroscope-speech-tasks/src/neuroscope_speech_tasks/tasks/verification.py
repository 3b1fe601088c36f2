"""Speaker verification: which pairs of utterances are compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from neuroscope import BadManifest, Manifest, Trial, Utterance, Verification
from neuroscope_speech_tasks.tasks.classes import gender_of

_LANGUAGES = ("en", "ru", "zh-CN")


def verification(
    *,
    trials: Path | None = None,
    languages: tuple[str, ...] = _LANGUAGES,
    proxy: str = "voxceleb2",
    pairs: int = 3000,
    hours: float = 4.0,
    seed: int = 0,
) -> Verification:
    """Speaker verification (SV, T2), by default on VoxCeleb1's own trial list (EN) and on Common Voice (RU, ZH).

    A corpus that brings a trial list is asked that list. Of other data trials are drawn, of each language apart: about
    4 hours of speakers with two utterances or more (ten of a speaker at most; an utterance of unknown length counts as
    five seconds), then as many pairs of one speaker as of two, both of one gender, shared out over speakers. Where
    genders are told, utterances of another or of none are in no pair. Of Common Voice the validated clips are taken:
    its official parts have few speakers with two. The paper drew random pairs of the same gender, balanced, of about 4
    hours a language; its list is not published, nor how many pairs it has: 3,000 of each kind and language were chosen.

    Args:
        trials: a trial list for the data, in place of theirs.
        languages: of the default data: en = VoxCeleb1, others = locales of Common Voice.
        proxy: the dataset whose speakers a classifier is trained on to rank neurons (the paper: the 118 speakers of
            VoxCeleb2's test part); empty = none.
        pairs: of each kind and language, about, where trials are drawn.
        hours: of each language, where trials are drawn.
        seed: of that draw.
    """
    others = [each for each in languages if each != "en"]
    datasets = ["voxceleb1"] if "en" in languages else []
    datasets += [f"common-voice,locales={'+'.join(others)},parts=validated"] if others else []

    def of(manifest: Manifest) -> tuple[Trial, ...]:
        return (*manifest.trials, *_drawn(_without_list(manifest), hours, pairs, seed))

    return Verification(trials=of, columns=("speaker",), datasets=tuple(datasets), proxy=proxy, trial_list=trials)


def _drawn(manifest: Manifest, hours: float, pairs: int, seed: int) -> list[Trial]:
    """Draw trials of each language apart; a language that has none stands aside, unless none has any.

    Raises:
        BadManifest: no language has any.
    """
    from neuroscope.trials import make_trials, some_hours

    of_language: dict[str, list[Utterance]] = {}
    for each in manifest:
        of_language.setdefault(each.column("language") or "", []).append(each)
    drawn: list[Trial] = []
    refused = False
    for _, utterances in sorted(of_language.items()):
        some = some_hours(replace(manifest, utterances=_with_told_genders(utterances)), hours, seed=seed)
        try:
            drawn += make_trials(some, each=pairs, alike=("gender",), seed=seed)
        except BadManifest:
            refused = True
    if refused and not drawn:
        speakers = len({each.speaker for each in manifest} - {None})
        why = "that takes two speakers of one gender and language, one of them with two utterances"
        raise BadManifest(
            manifest.source, [f"no trials can be made of {len(manifest)} utterances of {speakers} speakers: {why}"]
        )
    return drawn


def _without_list(manifest: Manifest) -> Manifest:
    """Keep the utterances of the datasets that bring no trial list."""
    named = {id for each in manifest.trials for id in (each.enrolment, each.test)}
    listed = {each.column("dataset") for each in manifest if each.id in named}
    return replace(manifest, utterances=tuple(each for each in manifest if each.column("dataset") not in listed))


def _with_told_genders(utterances: Sequence[Utterance]) -> tuple[Utterance, ...]:
    """Write genders in one way, and keep the utterances that have one; all of them where none has."""
    told = [gender_of(each) for each in utterances]
    if not any(told):
        return tuple(utterances)
    pairs = zip(utterances, told, strict=True)
    return tuple(replace(each, tags={**each.tags, "gender": gender}) for each, gender in pairs if gender is not None)
