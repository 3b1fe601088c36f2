"""What a factory makes is looked at once, where it is made."""

import dataclasses

import pytest

from neuroscope.contracts.audio import Manifest, Utterance
from neuroscope.contracts.task import Classification
from neuroscope.errors import PluginBroken
from neuroscope.extraction.poolings import Mean
from neuroscope.plugin.registry import Entry, Registry


def built(kind, made):
    registry = Registry(kind)
    registry.add(Entry(kind, "mine", lambda: made, "", "", "dist:point"))
    return registry.choose("mine").build()


SOUND = [
    ("dataset", Manifest((Utterance(id="a", path=None),))),
    ("task", Classification(label=lambda utterance: None)),
    ("pooling", Mean()),
]


@pytest.mark.parametrize(("kind", "made"), SOUND)
def test_a_component_of_its_kind_is_handed_on(kind, made):
    assert built(kind, made) is made


@pytest.mark.parametrize(
    ("kind", "made", "told"),
    [
        ("backbone", None, "the factory of backbone mine returns None, not a BackboneSpec"),
        ("backbone", {}, "returns a dict, not a BackboneSpec"),
        ("dataset", [], "returns a list, not a Manifest"),
        ("dataset", Manifest(None), "returns a Manifest whose utterances are None, not a tuple"),
        ("dataset", Manifest(("a",)), "returns a Manifest with 'a' in it, which is no Utterance"),
        ("task", Classification, "returns the class Classification, not a Classification or a Verification"),
        ("pooling", None, "returns None, which is no pooling: it has no units, start; return an instance"),
        ("pooling", Mean, "returns the class Mean, which is no pooling; return an instance"),
        (
            "probe",
            object(),
            "returns an object, which is no scikit-learn classifier: it has no fit, predict, get_params",
        ),
        ("ranking", dataclasses, "returns a module, which is no ranker: it has no rank"),
    ],
)
def test_anything_else_is_told_as_what_it_is(kind, made, told):
    with pytest.raises(PluginBroken) as caught:
        built(kind, made)
    assert told in str(caught.value)
