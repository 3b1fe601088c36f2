"""Imported vectors belong to utterances by their ids; an utterance without one is skipped."""

import numpy as np
import pytest

from neuroscope.contracts.audio import Manifest, Utterance
from neuroscope.contracts.backbone import Origin
from neuroscope.errors import TooManyFailures
from neuroscope.extraction.skipped import SkippedUtterances
from neuroscope.extraction.stored_vectors import found_by_id
from neuroscope.store.representations import Store

IDS = ["u0", "deep/u1", "ü2", "u3"]


@pytest.fixture
def rep(tmp_path):
    """Vectors of all but the last."""
    rep = Store(tmp_path).imported("mine", {"x": 1}, "float32", Origin(source="", licence="", digest=""))
    rep.write([f"id:{each}" for each in IDS[:3]], {"x": np.ones((3, 1))}, made_with={})
    return rep


def test_utterances_without_a_vector_are_skipped(rep):
    manifest = Manifest(tuple(Utterance(id=each, path=None) for each in IDS))
    skipped = SkippedUtterances(4, max_errors=0.5)
    found = found_by_id(manifest, rep, skipped)
    assert found.rows == {each: f"id:{each}" for each in IDS[:3]}
    assert (found.found, found.computed, found.invariance) == (3, 0, None)
    assert [(each.utterance, each.reason) for each in skipped.skipped] == [("u3", "no vector")]
    with pytest.raises(TooManyFailures, match="no vector"):
        found_by_id(manifest, rep, SkippedUtterances(4))
