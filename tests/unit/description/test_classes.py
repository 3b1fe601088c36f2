"""What a task asks of data: the split is that of a probe's first run, over the audio that can be used."""

from dataclasses import replace
from pathlib import Path

import pytest

from neuroscope import Classification, Manifest, Subsample, UnknownName, Utterance
from neuroscope.data.labelling import label_manifest
from neuroscope.data.sources import LoadedData
from neuroscope.description.classes import describe_classes
from neuroscope.description.counting import utterance_table
from neuroscope.probing.runs import make_runs

TASK = Classification(label=lambda each: each.column("gender"), columns=("gender",))


def loaded(speakers=12, each=4, **tags):
    made = (
        Utterance(
            id=f"{speaker}-{number}",
            path=Path(f"{speaker}-{number}.wav"),
            speaker=f"s{speaker}",
            tags={"gender": "mf"[speaker % 2], **tags},
        )
        for speaker in range(speakers)
        for number in range(each)
    )
    return LoadedData("made", Manifest(tuple(made)))


def describe(data, audio=None, task=TASK, split="", **more):
    table = utterance_table(data.manifest, None)
    facts, rows = describe_classes("gc", task, data, table, audio=audio, split_text=split, **more)
    return facts, {(row["value"], row["part"]): row["utterances"] for part in rows for row in part.to_dicts()}


@pytest.mark.parametrize("split", ["", "speaker,test=0.5", "utterance,balance=class"])
def test_the_split_is_that_of_a_probes_first_run(split):
    data = loaded()
    audio = {each.id: f"audio of {each.id}" for each in data.manifest if each.id not in {"0-0", "3-1"}}
    facts, counts = describe(data, audio, split=split)
    labelled = label_manifest("gc", TASK, data.manifest, split).only(audio)
    made = make_runs(labelled.split, labelled.rows, runs=1, seed=0, one_split=False).each[0].split
    assert (facts.split.name, facts.split.train, facts.split.test) == (made.name, len(made.train), len(made.test))
    assert facts.cautions == tuple(made.warning.splitlines())
    values = labelled.rows.target.values
    for number, name in enumerate(facts.classes):
        assert counts[name, "train"] == (values[made.train] == number).sum()
        assert counts[name, "test"] == (values[made.test] == number).sum()
        assert counts[name, "unusable"] == 1
        assert counts[name, ""] == 24


def test_equal_audio_is_kept_in_one_part_and_told():
    data = loaded()
    audio = {each.id: each.id for each in data.manifest} | {"0-0": "same", "2-0": "same"}
    facts, _ = describe(data, audio)
    assert any("1 utterance is the same audio as another" in each for each in facts.cautions)
    assert facts.split.train_groups + facts.split.test_groups == 11


def test_what_a_split_leaves_out_is_a_part_and_counted_by_reason():
    data = loaded()
    for number, each in enumerate(data.manifest):
        each.tags["split"] = ("train", "test", "dev", "train")[number % 4]
    facts, counts = describe(data)
    assert facts.split.left_out == {"split=dev": 12}
    assert counts["m", "left out"] == 6
    assert counts["", "left out"] == 12


def test_without_a_split_the_classes_are_counted_and_why_is_told():
    facts, counts = describe(loaded(speakers=2))
    assert facts.split is None
    assert facts.cautions[0].startswith("no split can be made: a split by speaker puts each speaker into one part")
    assert counts == {("", ""): 8, ("f", ""): 4, ("m", ""): 4}


def test_what_a_task_does_not_draw_is_not_asked():
    task = replace(TASK, subsample=Subsample(limit=20))
    facts, counts = describe(loaded(), task=task)
    assert facts.not_asked == {"not drawn (limit=20, seed=0)": 8}
    assert counts["", ""] == 40
    task = replace(TASK, subsample=Subsample(hours=0.01))
    facts, counts = describe(loaded(), task=task, lengths=lambda some: [4.0] * len(some))
    assert facts.not_asked == {"not drawn (hours=0.01, seed=0)": 30}
    assert counts["f", ""] == counts["m", ""] == 9


def test_strange_names_of_classes_are_told():
    task = Classification(label=lambda each: {"m": "Male", "f": "male"}[each.column("gender")], columns=("gender",))
    facts, _ = describe(loaded(), task=task)
    assert any("differ only in case" in each for each in facts.cautions)


def test_a_column_that_the_data_lack_is_named():
    with pytest.raises(UnknownName, match="unknown column 'tone'"):
        describe(loaded(), task=Classification(label=lambda each: "x", columns=("tone",)))
