"""What is said of an extraction: how utterances ran side by side, and what was measured beforehand."""

from dataclasses import replace

import pytest

from neuroscope.contracts.backbone import Origin
from neuroscope.contracts.records import ExtractionRecord
from neuroscope.report.summary import lines_of_extraction
from neuroscope.store import padding_record
from neuroscope.store.padding_record import Invariance

RECORD = ExtractionRecord(
    backbone="fake",
    representation="",
    origin=Origin(source="", licence="", digest=""),
    identity={},
    dataset="",
    source="",
    manifest="",
    utterances=1_000,
    segmented="",
    found=0,
    computed=1_000,
    invariance=None,
    warning="",
    left_out_by_reader={},
    skipped={},
    skipped_utterances=(),
)
PRECISIONS = {"L1": "float32", "L2": "float32"}


def said(invariance=None, **changes):
    first, *lines = lines_of_extraction(replace(RECORD, invariance=padding_record.record(invariance), **changes))
    assert first == "fake: 1000 utterances, 1000 extracted now, 0 from the store" or changes
    return lines


@pytest.mark.parametrize(
    ("found", "line"),
    [
        (
            Invariance({"L1": 0.1, "L2": 0.31}, PRECISIONS, "cpu", "equal lengths", {"L1": 0.0, "L2": 0.0}),
            "Batches of one length each: padding changes this model's vectors by up to 3.1e-01 of a layer's largest "
            "value (L2).",
        ),
        (
            Invariance({}, PRECISIONS, "cpu", "equal lengths", {"L1": 0.0, "L2": 0.0}),
            "Batches of one length each: the backbone asks for no padding.",
        ),
        (
            Invariance({"L1": 0.1, "L2": 0.31}, PRECISIONS, "cpu", "alone"),
            "One utterance at a time: in a batch, 2 layers of this model change by up to 3.1e-01 of their largest "
            "value (L2).",
        ),
        (
            Invariance({}, PRECISIONS, "cpu", "alone", {"L1": 0.5, "L2": 0.0}),
            "One utterance at a time: in a batch of one length, too, 1 layers of this model change by up to 5.0e-01 of "
            "their largest value (L1).",
        ),
        (
            Invariance({}, PRECISIONS, "cpu", "alone"),
            "One utterance at a time: the backbone takes no batches, as it says.",
        ),
    ],
)
def test_which_batches_there_are_is_told_with_the_reason(found, line):
    assert said(found) == [line]


def test_nothing_is_told_of_batches_of_any_utterances():
    assert said(Invariance({"L1": 1e-7, "L2": 0.0}, PRECISIONS, "cpu")) == []
    assert said(None) == []


def test_those_that_ran_alone_for_lack_of_a_twin_are_counted_where_there_are_several():
    assert said(alone=412) == ["412 of 1,000 utterances ran alone: no other has their exact length."]
    assert said(alone=0) == []
    assert said(alone=1, computed=1, found=999) == []


def test_memory_that_ran_out_is_told_once():
    assert said(halved=1) == ["1 batch ran in parts, as memory ran out."]
    assert said(halved=3) == ["3 batches ran in parts, as memory ran out."]


def test_the_distance_from_float32_is_told_with_its_layer():
    found = Invariance(
        {"L1": 0.0}, {"L1": "bfloat16", "L2": "bfloat16"}, "cpu", from_float32={"L1": 1e-3, "L2": 1.2e-2}
    )
    assert said(found) == [
        "bfloat16: vectors differ from those of float32 by up to 1.2e-02 of a layer's largest value (L2)."
    ]
