"""The trial list of a manifest whose utterances become others."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from neuroscope.contracts.audio import Manifest, Utterance


def with_utterances(manifest: Manifest, utterances: Sequence[Utterance], lost: str) -> Manifest:
    """Put other utterances into a manifest; trials of utterances that are not among them are left out and counted.

    Args:
        manifest: with its trials.
        utterances: in the place of its own.
        lost: the reason that such trials are counted by.
    """
    ids = {each.id for each in utterances}
    trials = tuple(each for each in manifest.trials if each.enrolment in ids and each.test in ids)
    left_out = dict(manifest.left_out)
    if count := len(manifest.trials) - len(trials):
        left_out[lost] = count
    return replace(manifest, utterances=tuple(utterances), trials=trials, left_out=left_out)
