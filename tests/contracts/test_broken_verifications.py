"""Every check of trials, proven by a verification that is broken in that one way; a sound one passes them all."""

import itertools
from dataclasses import replace
from pathlib import Path

import pytest

from neuroscope import BadOption, Manifest, Plugins, Trial, Utterance, Verification
from neuroscope.data import Data
from neuroscope.plugin.registry import Entry
from neuroscope.study.settings import choose_tasks
from neuroscope.testing import checks_of, run, verifications

TURNS = itertools.count()
OF_BOTH_KINDS = {"default_datasets_exist"}
OF_TRIALS = {check.__name__ for check in verifications.CHECKS}


def corpus(root: Path):
    """Three speakers, three utterances of each."""
    rows = (Utterance(id=f"{s}-{n}", path=None, speaker=f"s{s}") for s in range(3) for n in range(3))
    return Manifest(tuple(rows))


def pairs(manifest):
    return [Trial(a.id, b.id, a.speaker == b.speaker) for a, b in itertools.combinations(manifest, 2)]


def changed(change):
    """The sound trials with the first one, a target, followed or replaced by others."""
    return lambda manifest: [*change(pairs(manifest)[0]), *pairs(manifest)[1:]]


def reordered(manifest):
    found = pairs(manifest)
    return found if next(TURNS) % 2 else found[::-1]


def growing(manifest):
    return pairs(manifest)[: 10 + next(TURNS) % 7]


BROKEN = {
    "tuples": (lambda m: [(t.enrolment, t.test, t.target) for t in pairs(m)], "trials_are_pairs_with_an_answer"),
    "the list's own text": (changed(lambda t: [replace(t, target="0")]), "trials_are_pairs_with_an_answer"),
    "no id": (changed(lambda t: [replace(t, test="")]), "trials_are_pairs_with_an_answer"),
    "targets alone": (lambda m: [t for t in pairs(m) if t.target], "both_kinds_of_trial_are_there"),
    "no targets": (lambda m: [t for t in pairs(m) if not t.target], "both_kinds_of_trial_are_there"),
    "no trials": (lambda m: [], "both_kinds_of_trial_are_there"),
    "another corpus": (changed(lambda t: [replace(t, test="9-9")]), "trials_are_of_the_manifest"),
    "itself": (changed(lambda t: [replace(t, test=t.enrolment)]), "no_utterance_is_compared_with_itself"),
    "one twice": (changed(lambda t: [t, t]), "no_trial_is_there_twice"),
    "both answers": (changed(lambda t: [t, replace(t, target=False)]), "no_trial_is_there_twice"),
    "another order": (reordered, "trials_are_deterministic"),
    "another number": (growing, "trials_are_deterministic"),
    "a dataset that does not exist": (Verification(trials=pairs, datasets=("voxceleb9",)), "default_datasets_exist"),
}


def installed(trials):
    task = trials if isinstance(trials, Verification) else Verification(trials=trials, columns=("speaker",))
    plugins = Plugins()
    plugins.tasks.add(Entry("task", "mine", lambda: task, "", "", "test:mine"))
    plugins.datasets.add(Entry("dataset", "corpus", corpus, "", "", "test:mine"))
    return plugins


def outcomes(trials):
    return {each.check: each for each in run("task", "mine", Data(dataset="corpus"), plugins=installed(trials))}


def test_a_sound_one_passes_every_check_of_trials_and_those_of_classes_do_not_apply():
    found = outcomes(pairs)
    assert {name for name, each in found.items() if each.verdict == "passed"} == OF_TRIALS | OF_BOTH_KINDS
    assert {each.reason for each in found.values() if each.verdict == "skipped"} == {
        "the task asks trials, not classes"
    }
    assert all(each.ok for each in found.values())


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_one_fails_its_check_and_no_other(name):
    trials, check = BROKEN[name]
    assert [each.check for each in outcomes(trials).values() if not each.ok] == [check]


def test_every_check_of_trials_has_its_broken_one():
    assert {check for _, check in BROKEN.values()} == OF_TRIALS | OF_BOTH_KINDS
    assert {check.__name__ for check in checks_of("task")} > OF_TRIALS


def test_a_pair_the_other_way_round_is_another_trial():
    found = outcomes(changed(lambda t: [t, Trial(t.test, t.enrolment, t.target)]))
    assert all(each.ok for each in found.values())


def test_messages_say_what_is_wrong():
    told = {name: outcomes(trials)[check].reason for name, (trials, check) in BROKEN.items()}
    assert "target='0'" in told["the list's own text"]
    assert "9 target and 0 non-target trials" in told["targets alone"]
    assert "has the id '9-9'" in told["another corpus"]
    assert "more than one trial of 0-0 with 0-1" in told["one twice"]
    assert "fixed seed" in told["another order"]


def test_what_needs_classes_refuses_a_task_that_asks_trials():
    with pytest.raises(BadOption, match="task mine asks trials, not classes; name a task with classes"):
        choose_tasks(["mine"], installed(pairs))
