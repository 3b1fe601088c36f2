"""What a reader has to know of a split: who is in both parts, and which utterances are the same audio."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from neuroscope.contracts.task import Split
    from neuroscope.data.labelling import LabelledUtterances
    from neuroscope.data.splitting.grouping import Grouping


def warnings_of(made: Split, rows: LabelledUtterances, grouping: Grouping) -> Iterator[str]:
    """Find what a reader has to know of a split, in sentences without an end.

    Args:
        made: its two parts.
        rows: what is split.
        grouping: its groups.
    """
    yield from _about_speakers(made, rows)
    yield from _about_equal_audio(made, rows, grouping)
    yield from _about_contradictions(made, rows)


def _about_speakers(made: Split, rows: LabelledUtterances) -> Iterator[str]:
    """Warn of speakers in both parts, where knowing the voice is not knowing the answer."""
    speakers = np.array([speaker or "" for speaker in rows.column("speaker")])
    shared = (set(speakers[made.train].tolist()) & set(speakers[made.test].tolist())) - {""}
    used = np.concatenate([made.train, made.test])
    if not shared or len(set(speakers[used].tolist())) == 1 or _asks_who_speaks(speakers[used], rows, used):
        return
    many = f"{len(shared)} speakers are" if len(shared) > 1 else "1 speaker is"
    yield f"{many} in both parts: the probe may recognise who speaks instead of what is asked"


def _asks_who_speaks(speakers: NDArray[np.str_], rows: LabelledUtterances, used: NDArray[np.int64]) -> bool:
    """Tell whether every speaker has one class of their own: then it is the speaker that is asked for."""
    known = speakers != ""
    pairs = set(zip(speakers[known].tolist(), rows.target.values[used][known].tolist(), strict=True))
    return len(pairs) == len({speaker for speaker, _ in pairs}) == len({value for _, value in pairs})


def _about_equal_audio(made: Split, rows: LabelledUtterances, grouping: Grouping) -> Iterator[str]:
    """Say how many utterances are the same audio as another, and what came of it."""
    train, test = (rows.same_audio[part] for part in (made.train, made.test))
    if apart := int(np.isin(test, train).sum()):
        are = _are(apart, "test utterance")
        yield f"{are} the same audio as a training utterance: the probe may know the answer by heart"
    again = sum(len(part) - len(np.unique(part)) for part in (train, test))
    if again:
        kept = "another of the same part: one group" if made.fixed else "another: kept in one part"
        joined, into, column = grouping.joined, grouping.joint, grouping.column
        made_one = f", so {joined} values of '{column}' are {into} group{'s' * (into > 1)}" if joined else ""
        yield f"{_are(again, 'utterance')} the same audio as {kept}{made_one}"


def _about_contradictions(made: Split, rows: LabelledUtterances) -> Iterator[str]:
    """Count the utterances whose audio has another class elsewhere."""
    used = np.concatenate([made.train, made.test])
    audio, values = rows.same_audio[used], rows.target.values[used]
    _, place = np.unique(audio, return_inverse=True)
    classes_of = np.bincount(np.unique(np.stack([place, values]), axis=1)[0])
    if count := int((classes_of > 1)[place].sum()):
        yield f"{count} utterances have another class where the same audio comes again: no answer is right for both"


def _are(count: int, what: str) -> str:
    return f"{count} {what}s are" if count > 1 else f"1 {what} is"
