"""Every task that is installed keeps the contract, on a manifest that has what it asks for."""

import pytest

from neuroscope import Plugins
from neuroscope.data import Data
from neuroscope.testing import run

ESPEAK = "espeak,voices=m1+m2+m3+f1+f2+f3,texts=2,rates=150,pitches=20"
TASKS = {
    "toy": [Data(dataset="toy")],
    "gc": [Data(dataset="csv"), Data(dataset=ESPEAK)],
    "sv": [Data(dataset="csv"), Data(dataset="voxceleb1")],
    "lid": [Data(dataset="common-voice"), Data(dataset="fleurs")],
    "did": [Data(dataset="adi5,parts=train+test"), Data(dataset="adi17,parts=train+test")],
    "cc,telephony=false": [Data(dataset="adi5")],
    "label:accent": [Data(dataset="csv")],
    "label:split": [Data(dataset="csv")],
    "label:speaker": [Data(dataset="csv")],
    "label:id": [Data(dataset="csv")],
    "label:text": [Data(dataset=ESPEAK)],
}
EXPECTED = {
    "label:speaker": {
        "every_class_is_in_both_parts": "the default split keeps speakers apart, and here they are the classes"
    },
    "label:id": {"every_class_is_in_both_parts": "a class of its own for every utterance cannot be in both parts"},
}
EXPECTED["label:split"] = {"every_class_is_in_both_parts": "the classes are the parts"}


@pytest.fixture
def table(tmp_path):
    """Eight speakers with four utterances, two accents that each speaker changes, a split by speaker, gaps."""
    lines = ["path,speaker,gender,accent,split"]
    for speaker in range(8):
        part = "test" if speaker > 4 else "train"
        for number in range(4):
            gender = "" if number == 3 else "mf"[speaker % 2]
            lines.append(f"{speaker}/{number}.wav,s{speaker},{gender},{'north' if number % 2 else 'south'},{part}")
    (tmp_path / "manifest.csv").write_text("\n".join(lines))
    return tmp_path


@pytest.mark.parametrize(("text", "number"), [(text, n) for text, data in TASKS.items() for n in range(len(data))])
def test_a_task_keeps_the_contract(text, number, table, tree):
    data = TASKS[text][number]
    name = data.dataset.partition(",")[0]
    given = (
        data if name in {"toy", "espeak"} else Data(dataset=data.dataset, root=table if name == "csv" else tree(name))
    )
    found = run("task", text, given, expected=EXPECTED.get(text))
    assert {each.check: each.reason for each in found if not each.ok} == {}


def test_no_task_is_left_out():
    checked = {text.partition(",")[0].partition(":")[0] + (":" if ":" in text else "") for text in TASKS}
    assert checked == {entry.name for entry in Plugins.load().tasks}
