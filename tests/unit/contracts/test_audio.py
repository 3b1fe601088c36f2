"""Manifests: their columns and their fingerprint. The other contracts are data without behaviour."""

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroscope.contracts.audio import Manifest, Utterance

UTTERANCE = Utterance(id="a", path=Path("x.wav"), speaker="s", tags={"gender": "f", "accent": "us"})


def fingerprint(*utterances):
    return Manifest(utterances).fingerprint


def test_columns_are_found_by_name():
    assert [UTTERANCE.column(name) for name in ("id", "speaker", "gender", "path")] == ["a", "s", "f", None]


def test_a_manifests_columns_are_those_that_somebody_has_a_value_for():
    assert Manifest((UTTERANCE, Utterance(id="b", path=None))).columns == ("accent", "gender", "id", "speaker")
    assert Manifest((Utterance(id="b", path=None),)).columns == ("id",)
    assert Manifest(()).columns == ("id",)


def test_the_fingerprint_does_not_see_paths_sources_or_the_order_of_tags():
    other = dataclasses.replace(UTTERANCE, path=Path("/elsewhere/x.wav"), tags={"accent": "us", "gender": "f"})
    assert Manifest((other,), "source", {"x": 1}, "synthetic").fingerprint == fingerprint(UTTERANCE)


@pytest.mark.parametrize(
    "change",
    [
        {"id": "b"},
        {"start": 0.5},
        {"duration": 1.0},
        {"audio_channel": 0},
        {"speaker": None},
        {"speaker": ""},
        {"tags": {"gender": "f"}},
        {"tags": {"gender": "m", "accent": "us"}},
        {"tags": {"gender": "us", "accent": "f"}},
    ],
)
def test_the_fingerprint_sees_every_other_field(change):
    assert fingerprint(dataclasses.replace(UTTERANCE, **change)) != fingerprint(UTTERANCE)


def test_the_fingerprint_sees_order_and_number():
    other = dataclasses.replace(UTTERANCE, id="b")
    prints = {fingerprint(), fingerprint(UTTERANCE), fingerprint(UTTERANCE, other), fingerprint(other, UTTERANCE)}
    assert len(prints) == 4


@given(st.text(), st.text(), st.text())
def test_any_text_has_a_fingerprint_and_cannot_pose_as_other_rows(name, speaker, tag):
    one = Utterance(id=name, path=None, speaker=speaker, tags={"t": tag})
    assert len(fingerprint(one)) == 32
    if (name, speaker) != (speaker, name):
        assert fingerprint(one) != fingerprint(dataclasses.replace(one, id=speaker, speaker=name))


def test_half_a_surrogate_pair_in_a_name_has_a_fingerprint_too():
    assert len(fingerprint(Utterance(id="caf\udce9.wav", path=None))) == 32
