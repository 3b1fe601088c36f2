"""Speaker verification: which pairs of utterances are compared."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from neuroscope import Manifest, Trial, Verification
from neuroscope_speech_tasks.tasks.classes import gender_of

_LANGUAGES = ("en", "ru", "zh-CN")


def verification(
    *,
    trials: Path | None = None,
    languages: tuple[str, ...] = _LANGUAGES,
    proxy: str = "voxceleb2",
    pairs: int = 10_000,
    hours: float = 4.0,
    seed: int = 0,
) -> Verification:
    """Speaker verification (SV, T2), by default on VoxCeleb1's own trial list (EN) and on Common Voice (RU, ZH).

    A corpus that brings a trial list is asked that list. Of other data trials are drawn, of each language apart: about
    4 hours of speakers with two utterances or more (ten of a speaker at most; an utterance of unknown length counts as
    five seconds), then as many pairs of one speaker as of two, both of one gender, all speakers alike. Where genders
    are told, utterances of another or of none are in no pair. Of Common Voice the validated clips are taken: its
    official parts have few speakers with two. The paper drew random pairs of the same gender, balanced, of about 4
    hours a language; its list is not published, nor how many pairs it has: 10,000 of each kind and language were
    chosen.

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
        from neuroscope.trials import make_trials, read_trials, some_hours

        if trials is not None:
            return read_trials(trials, manifest).trials
        rest = _with_told_genders(_without_list(manifest))
        drawn: list[Trial] = []
        for language in sorted({each.column("language") or "" for each in rest}):
            of_one = tuple(each for each in rest if (each.column("language") or "") == language)
            some = some_hours(replace(rest, utterances=of_one), hours, seed=seed)
            drawn += make_trials(some, each=pairs, alike=("gender",), seed=seed)
        return (*manifest.trials, *drawn)

    return Verification(trials=of, columns=("speaker",), datasets=tuple(datasets), proxy=proxy)


def _without_list(manifest: Manifest) -> Manifest:
    """Keep the utterances of the datasets that bring no trial list."""
    named = {id for each in manifest.trials for id in (each.enrolment, each.test)}
    listed = {each.column("dataset") for each in manifest if each.id in named}
    return replace(manifest, utterances=tuple(each for each in manifest if each.column("dataset") not in listed))


def _with_told_genders(manifest: Manifest) -> Manifest:
    """Write genders in one way, and keep the utterances that have one; all of them where none has."""
    told = [gender_of(each) for each in manifest]
    if not any(told):
        return manifest
    pairs = zip(manifest, told, strict=True)
    kept = (replace(each, tags={**each.tags, "gender": gender}) for each, gender in pairs if gender is not None)
    return replace(manifest, utterances=tuple(kept))
