"""Checks of tasks that ask trials: pairs of utterances that can be scored, and whose scores give an error rate."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from neuroscope.contracts.audio import Trial
from neuroscope.contracts.task import Verification
from neuroscope.testing.cases import NotApplicable, hold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from neuroscope.contracts.audio import Manifest
    from neuroscope.contracts.task import Task

_SHOWN = 5


class Subject(Protocol):
    """The part of a checked task that these checks need."""

    @property
    def task(self) -> Task:
        """The task as its factory declares it."""
        ...

    @property
    def manifest(self) -> Manifest:
        """The utterances that it is asked of."""
        ...


def trials_are_pairs_with_an_answer(subject: Subject) -> None:
    """Every trial is a Trial of two ids, each a text that is not empty, and its target is True or False."""
    bad = [each for each in _answer(subject) if not _is_trial(each)]
    hold(not bad, f"no Trial(enrolment, test, target) of two ids and True or False: {_some(map(repr, bad))}")


def both_kinds_of_trial_are_there(subject: Subject) -> None:
    """At least one trial is a target (one speaker in both utterances), and at least one is not."""
    found = _trials(subject)
    targets = sum(each.target for each in found)
    hold(
        0 < targets < len(found),
        f"of {len(subject.manifest)} utterances: {targets} target and {len(found) - targets} non-target trials; "
        f"there is no error rate without both",
    )


def trials_are_of_the_manifest(subject: Subject) -> None:
    """Both ids of every trial are of utterances of the manifest."""
    known = {each.id for each in subject.manifest}
    unknown = dict.fromkeys(id for each in _trials(subject) for id in (each.enrolment, each.test) if id not in known)
    hold(
        not unknown,
        f"no utterance of the manifest has the id {_some(map(repr, unknown))}; ids there look like "
        f"{_some(map(repr, sorted(known)), 2)}: leave out trials whose utterances are not among the data",
    )


def no_utterance_is_compared_with_itself(subject: Subject) -> None:
    """No trial has the same utterance on both sides."""
    same = [each.enrolment for each in _trials(subject) if each.enrolment == each.test]
    hold(not same, f"the same utterance is enrolment and test of a trial: {_some(same)}; its cosine is always 1")


def no_trial_is_there_twice(subject: Subject) -> None:
    """No trial has the enrolment and the test of another, be it with another target."""
    counts = Counter((each.enrolment, each.test) for each in _trials(subject))
    twice = [f"{enrolment} with {test}" for (enrolment, test), count in counts.items() if count > 1]
    hold(not twice, f"more than one trial of {_some(twice)}: keep one of each, so that each counts once")


def trials_are_deterministic(subject: Subject) -> None:
    """The same manifest gives the same trials, in the same order."""
    first, again = _answer(subject), _answer(subject)
    changed = next((pair for pair in zip(first, again, strict=False) if pair[0] != pair[1]), None)
    hold(len(first) == len(again), f"asked again, trials gives {len(again)} trials instead of {len(first)}")
    hold(
        changed is None,
        f"asked again of the same manifest, trials gives {changed and changed[1]} instead of "
        f"{changed and changed[0]}: draw from a generator with a fixed seed that is made anew in each call",
    )


def _answer(subject: Subject) -> list[object]:
    if not isinstance(subject.task, Verification):
        raise NotApplicable("the task asks classes, not trials")
    return list(subject.task.trials(replace(subject.manifest)))


def _trials(subject: Subject) -> list[Trial]:
    answer = _answer(subject)
    found = [each for each in answer if isinstance(each, Trial) and _is_trial(each)]
    if len(found) < len(answer):
        raise NotApplicable("not every trial is one")
    return found


def _is_trial(each: object) -> bool:
    if not isinstance(each, Trial) or not isinstance(each.target, bool):
        return False
    return all(isinstance(id, str) and id.strip() for id in (each.enrolment, each.test))


def _some(names: Iterable[str], most: int = _SHOWN) -> str:
    names = list(names)
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


CHECKS: tuple[Callable[[Subject], None], ...] = (
    trials_are_pairs_with_an_answer,
    both_kinds_of_trial_are_there,
    trials_are_of_the_manifest,
    no_utterance_is_compared_with_itself,
    no_trial_is_there_twice,
    trials_are_deterministic,
)
