"""What a specification of a backbone must be is told in one list, before anything is loaded."""

from dataclasses import replace

import pytest

from neuroscope.contracts.backbone import MOST_COLUMNS, BackboneSpec, LayerSpec, Origin, problems_with_spec

GOOD = BackboneSpec(
    sample_rate=16_000,
    layers=(LayerSpec("a", 2), LayerSpec("b", 4, pooling="none", statistics=("mean", "std"))),
    origin=Origin(source="here", licence="none", digest="0"),
    load=lambda device: None,
)


def test_nothing_is_wrong_with_a_good_one():
    assert problems_with_spec(GOOD) == []
    assert problems_with_spec(replace(GOOD, layers=[*GOOD.layers], resolved={"mode": "exact", "n": 3})) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"sample_rate": 0}, "sample_rate 0 is no whole number"),
        ({"sample_rate": 16_000.0}, "sample_rate 16000.0"),
        ({"min_samples": True}, "min_samples True"),
        ({"batch_seconds": "16"}, "batch_seconds '16'"),
        ({"batch_seconds": float("nan")}, "batch_seconds nan"),
        ({"load": None}, "load cannot be called"),
        ({"origin": None}, "origin is a NoneType"),
        ({"origin": replace(GOOD.origin, digest=b"0")}, "origin.digest is a bytes, not a text"),
        ({"resolved": {"mode"}}, "resolved is no mapping"),
        ({"resolved": {"mode": [1]}}, "resolved is no mapping"),
        ({"layers": {"a": 2}}, "spec.layers is a dict"),
        ({"layers": ("a",)}, "spec.layers holds a str"),
        ({"layers": (LayerSpec("a", 2**40),)}, "1,099,511,627,776 columns in all; a store takes 16,777,216"),
        ({"layers": (LayerSpec("a", MOST_COLUMNS), LayerSpec("b", 1))}, "columns in all"),
        ({"layers": (LayerSpec("a", 2), LayerSpec("a", 2))}, "more than once"),
        ({"layers": (LayerSpec(3, 2),)}, "a layer's name 3 is no text"),
        ({"layers": (LayerSpec("a", 2, pooling=None),)}, "layer a: pooling None is no text"),
        ({"layers": (LayerSpec("a", 2, statistics=None),)}, "layer a: statistics None are no tuple of texts"),
        ({"layers": (LayerSpec("a", 4, statistics="mean"),)}, "layer a: statistics 'mean' are no tuple of texts"),
        ({"layers": (LayerSpec("a", 2, statistics=(1, 2)),)}, "layer a: statistics (1, 2) are no tuple of texts"),
        ({"layers": (LayerSpec("a", 2, tap="encoder.0"),)}, "layer a: tap is a str, not a Tap or None"),
    ],
)
def test_what_is_wrong_is_named(change, told):
    (problem,) = problems_with_spec(replace(GOOD, **change))
    assert told in problem
