"""What was found about neighbours in a batch is kept with the vectors."""

import hashlib
import json
from dataclasses import replace

import pytest

from neuroscope.errors import NeuroscopeError, StoreMismatch
from neuroscope.store import padding_record
from neuroscope.store.padding_record import Invariance

FOUND = Invariance({"low": 2e-5, "high": 2e-5}, {"low": "float32", "high": "float16"}, "cpu")


def test_what_is_remembered_is_recalled_and_stays(tmp_path):
    assert padding_record.recall(tmp_path) is None
    padding_record.remember(tmp_path, FOUND)
    padding_record.remember(tmp_path, Invariance({}, {}, "cuda:0"))
    assert padding_record.recall(tmp_path) == FOUND


def test_the_file_is_what_stores_are_made_with(tmp_path):
    padding_record.remember(tmp_path, FOUND)
    found = json.loads((tmp_path / "invariance.json").read_text())
    assert found.pop("sha256") == hashlib.sha256(json.dumps(found).encode()).hexdigest()
    assert found == {
        "representation": tmp_path.name,
        "differences": {"low": 2e-5, "high": 2e-5},
        "precisions": {"low": "float32", "high": "float16"},
        "device": "cpu",
        "batches": "padded",
        "equal_lengths": {},
        "from_float32": {},
    }


def test_a_record_of_a_version_that_knew_no_equal_lengths_is_read(tmp_path):
    for differences, batches in (({"low": 2e-5}, "alone"), ({"low": 1e-6}, "padded")):
        former = {
            "representation": tmp_path.name,
            "differences": differences,
            "precisions": {"low": "float32"},
            "device": "cpu",
        }
        text = json.dumps(former)
        digest = hashlib.sha256(text.encode()).hexdigest()
        (tmp_path / "invariance.json").write_text(f'{text[:-1]}, "sha256": "{digest}"}}')
        assert padding_record.recall(tmp_path) == Invariance(differences, {"low": "float32"}, "cpu", batches)


@pytest.mark.parametrize(
    "wrong", [{"batches": "some"}, {"equal_lengths": {"new": 0.0}}, {"from_float32": {"low": float("inf")}}]
)
def test_what_no_extraction_finds_is_told(tmp_path, wrong):
    padding_record.remember(tmp_path, replace(FOUND, **wrong))
    with pytest.raises(StoreMismatch, match=r"invariance\.json"):
        padding_record.recall(tmp_path)


@pytest.mark.parametrize("text", ["{", "[]", '{"device": "cpu"}'])
def test_a_damaged_record_is_told(tmp_path, text):
    (tmp_path / "invariance.json").write_text(text)
    with pytest.raises(StoreMismatch, match=r"invariance\.json"):
        padding_record.recall(tmp_path)


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    with pytest.raises(NeuroscopeError, match="cannot write to the store"):
        padding_record.remember(tmp_path / "gone", FOUND)


def test_a_run_records_what_was_found_and_what_goes_one_at_a_time():
    assert padding_record.record(None) is None
    assert padding_record.record(replace(FOUND, batches="alone")) == {
        "differences": {"low": 2e-5, "high": 2e-5},
        "precisions": {"low": "float32", "high": "float16"},
        "device": "cpu",
        "batches": "alone",
        "equal_lengths": {},
        "from_float32": {},
        "one_at_a_time": ["low"],
    }
    assert padding_record.record(replace(FOUND, batches="equal lengths"))["one_at_a_time"] == []
    own = replace(FOUND, differences={}, batches="alone", equal_lengths={"low": 1e-7, "high": 0.1})
    assert padding_record.record(own)["one_at_a_time"] == ["high"]


def test_batches_are_as_found_or_one_at_a_time():
    assert padding_record.batches_of(None) == "alone"
    assert padding_record.batches_of(replace(FOUND, batches="equal lengths")) == "equal lengths"


def test_the_tolerance_is_that_of_the_frames():
    precisions = {"a": "float32", "b": "float64", "c": "float16", "d": "bfloat16"}
    found = Invariance(dict.fromkeys(precisions, 0.0), precisions, "cpu")
    assert [found.tolerance(layer) for layer in precisions] == [1e-5, 1e-5, 1e-2, 5e-2]
    assert found.broken == []


def test_a_layer_that_changes_by_just_its_tolerance_is_not_broken():
    found = Invariance({"low": 1e-5, "high": 1.01e-5}, {"low": "float32", "high": "float32"}, "cpu")
    assert found.broken == ["high"]
