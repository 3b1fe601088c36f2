"""Every check of a task, proven by a task that is broken in that one way; a sound one passes them all."""

import itertools
from dataclasses import replace
from pathlib import Path

import pytest

from neuroscope import BadOption, Classification, Manifest, PluginBroken, Plugins, UnknownName, Utterance
from neuroscope.data import Data
from neuroscope.plugin.registry import Entry
from neuroscope.testing import checks_of, run, verifications

TURNS = itertools.count()
OF_TRIALS = {check.__name__ for check in verifications.CHECKS}


def utterances(**changes):
    """Ten speakers, five of them high, four utterances of each."""
    for speaker, number in itertools.product(range(10), range(4)):
        yield Utterance(
            id=f"{speaker}-{number}",
            path=Path(f"/corpus/{'high' if speaker % 2 else 'low'}/{speaker}/{number}.wav"),
            speaker=f"speaker {speaker}",
            tags={"tone": "high" if speaker % 2 else "low", "take": str(number), **changes},
        )


def corpus(root: Path):
    return Manifest(tuple(utterances()))


def one_speaker_spelt_in_two_ways(root: Path):
    """An accent that is a sign of its own, as some systems write it."""
    rows = (replace(each, speaker=f"Rene\u0301e  {each.speaker}") for each in utterances() if each.tags["take"] < "2")
    return Manifest(tuple(each if each.tags["take"] == "0" else respelt(each) for each in rows))


def respelt(each):
    return replace(each, speaker=each.speaker.replace("e\u0301", "\u00e9").replace("  ", " "))


def every_file_in_both_parts_of_a_column(root: Path):
    first, again = (
        [replace(each, id=f"{name}{each.id}", tags={**each.tags, "half": half}) for each in utterances()]
        for name, half in (("", "train"), ("again ", "test"))
    )
    return Manifest((*first, *again))


def one_high_speaker(root: Path):
    return Manifest(tuple(each for each in utterances() if each.tags["tone"] == "low" or each.speaker == "speaker 1"))


def tone(utterance):
    return utterance.column("tone")


def task(label=tone, columns=("tone",), **declared):
    return lambda: Classification(label=label, columns=columns, **declared)


sound = task()
by_utterance = task(split="utterance")
by_take = task(split="group:take")
by_half = task(split="column:half")


def changing_mind(utterance):
    return "odd" if next(TURNS) % 3 else "even"


BROKEN = {
    "a dataset that does not exist": (task(datasets=("voxceleb9",)), corpus, "default_datasets_exist"),
    "numbers": (task(lambda each: 7 if tone(each) == "low" else 8), corpus, "answers_are_text_or_none"),
    "an empty text": (task(lambda each: (tone(each) or "").replace("low", "")), corpus, "answers_are_text_or_none"),
    "one class": (task(lambda each: "loud"), corpus, "finds_two_classes"),
    "no class": (task(lambda each: None), corpus, "finds_two_classes"),
    "another answer each time": (task(changing_mind, split="utterance"), corpus, "label_is_deterministic"),
    "an undeclared tag": (task(columns=()), corpus, "label_reads_declared_columns_alone"),
    "the id": (
        task(lambda each: "even" if int(each.id[0]) % 2 else "odd"),
        corpus,
        "label_reads_declared_columns_alone",
    ),
    "the path": (task(lambda each: each.path.parts[2]), corpus, "label_reads_declared_columns_alone"),
    "a tag by its key": (task(lambda each: each.tags["tone"]), corpus, "an_unknown_column_is_no_error"),
    "a speaker by its name": (
        task(lambda each: "even" if int(each.speaker.split()[1]) % 2 else "odd", columns=("speaker",)),
        corpus,
        "an_unknown_column_is_no_error",
    ),
    "one speaker of a class": (sound, one_high_speaker, "every_class_is_in_both_parts"),
    "a misspelt split": (task(split="speakers"), corpus, "every_class_is_in_both_parts"),
    "every file twice": (by_half, every_file_in_both_parts_of_a_column, "no_utterance_is_in_both_parts"),
    "a speaker under two names": (sound, one_speaker_spelt_in_two_ways, "no_group_is_in_both_parts"),
}


def installed(made, reader):
    plugins = Plugins()
    plugins.tasks.add(Entry("task", "mine", made, "", "", "test:mine"))
    for name in ("corpus", "other"):
        plugins.datasets.add(Entry("dataset", name, reader, "", "", "test:mine"))
    return plugins


def outcomes(made, reader=corpus, data=None):
    data = data or Data(dataset="corpus")
    found = {each.check: each for each in run("task", "mine", data, plugins=installed(made, reader))}
    assert {found.pop(name).reason for name in OF_TRIALS} == {"the task asks classes, not trials"}
    return found


def failed(found):
    return {name: each.reason for name, each in found.items() if not each.ok}


def verdicts(found, verdict):
    return {name for name, each in found.items() if each.verdict == verdict}


def test_a_sound_task_passes_every_check():
    found = outcomes(sound)
    assert failed(found) == {}
    assert verdicts(found, "passed") == set(found)


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_task_fails_its_check_and_no_other(name):
    made, reader, check = BROKEN[name]
    assert list(failed(outcomes(made, reader))) == [check]


def test_every_check_has_its_broken_task():
    assert {check for *_, check in BROKEN.values()} == {check.__name__ for check in checks_of("task")} - OF_TRIALS


def test_a_split_of_single_utterances_promises_no_speakers_apart():
    found = outcomes(by_utterance)
    assert failed(found) == {}
    assert verdicts(found, "skipped") == {"no_group_is_in_both_parts"}


def test_a_split_by_a_column_of_its_own_is_looked_at():
    assert verdicts(outcomes(by_take), "skipped") == set()

    def spaced(root: Path):
        return Manifest(tuple(map(with_a_space, utterances())))

    def with_a_space(each):
        take = each.tags["take"] + " " * (each.speaker < "speaker 5")
        return replace(each, tags={**each.tags, "take": take})

    told = failed(outcomes(by_take, spaced))
    assert list(told) == ["no_group_is_in_both_parts"]
    assert "the same take is in train and in test" in told["no_group_is_in_both_parts"]


def test_the_split_that_the_data_bring_is_the_default():
    def parted(root: Path):
        return Manifest(
            tuple(
                replace(u, tags={**u.tags, "split": "test" if u.tags["take"] == "0" else "train"}) for u in utterances()
            )
        )

    def lacking(root: Path):
        return Manifest(tuple(u for u in parted(root) if u.tags["split"] == "train" or u.tags["tone"] == "low"))

    found = outcomes(sound, parted)
    assert failed(found) == {}
    assert verdicts(found, "skipped") == {"no_group_is_in_both_parts"}
    told = failed(outcomes(sound, lacking))
    assert list(told) == ["every_class_is_in_both_parts"]
    assert "split column:split: class high has no utterance in the test part" in told["every_class_is_in_both_parts"]


def test_datasets_that_the_task_names_are_read_where_none_is_given():
    made = task(datasets=("corpus", "other"))
    assert failed(outcomes(made, data=Data())) == {}
    assert failed(outcomes(made, data=Data(roots=["corpus=/a", "other=/b"]))) == {}
    assert failed(outcomes(made, data=Data(dataset="corpus"))) == {}


def test_a_default_dataset_has_the_options_that_the_task_gives_it():
    told = failed(outcomes(task(datasets=("corpus,size=2",)), data=Data(dataset="corpus")))
    assert list(told) == ["default_datasets_exist"]
    assert "the task names dataset corpus,size=2" in told["default_datasets_exist"]


def test_messages_say_what_is_wrong_and_what_to_do():
    def of(name):
        made, reader, check = BROKEN[name]
        return outcomes(made, reader)[check].reason

    assert of("numbers").startswith("label answers 7, 8: return the class's name as a text")
    assert "classes: loud (40); label reads tone" in of("one class")
    assert "speaker, take, tone): declare in columns" in of("an undeclared tag")
    assert "KeyError: 'tone' for an utterance without 'tone'" in of("a tag by its key")
    assert "class high has 1 value of 'speaker'" in of("one speaker of a class")
    assert "= again 9-3" in of("every file twice")
    assert "the same speaker is in train and in test" in of("a speaker under two names")


def test_what_cannot_be_asked_at_all_is_told_at_once():
    with pytest.raises(PluginBroken, match="returns a tuple, not a Classification"):
        outcomes(lambda: ("low", "high"))
    with pytest.raises(UnknownName, match="column 'gender'"):
        outcomes(task(columns=("gender",)))
    with pytest.raises(BadOption, match="no data"):
        run("task", "mine", plugins=installed(sound, corpus))
