"""Speaker verification: which pairs of utterances are compared."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from neuroscope import Manifest, Trial, Verification

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

    A corpus that brings a trial list is asked that list. Of other data trials are drawn: of each language about 4 hours
    of speakers with two utterances or more (ten of a speaker at most), then as many pairs of one speaker as of two,
    both of one language and gender, all speakers alike. The paper drew random pairs of the same gender, balanced, of
    about 4 hours a language; its list is not published, nor how many pairs it has: 10,000 of each kind were chosen.

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
        rest = _without_list(manifest)
        if not rest.utterances:
            return manifest.trials
        drawn = some_hours(rest, hours, seed=seed)
        count = len({each.column("language") for each in drawn}) or 1
        return (*manifest.trials, *make_trials(drawn, each=pairs * count, seed=seed))

    return Verification(trials=of, columns=("speaker",), datasets=tuple(datasets), proxy=proxy)


def _without_list(manifest: Manifest) -> Manifest:
    """Keep the utterances of the datasets that bring no trial list."""
    named = {id for each in manifest.trials for id in (each.enrolment, each.test)}
    listed = {each.column("dataset") for each in manifest if each.id in named}
    return replace(manifest, utterances=tuple(each for each in manifest if each.column("dataset") not in listed))
