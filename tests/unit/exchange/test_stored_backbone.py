"""The family ``stored:``: a name of imported vectors as a backbone, in whichever store it is looked for."""

import pytest

from neuroscope.contracts.backbone import Origin
from neuroscope.errors import MissingData, UnknownName
from neuroscope.plugin.loading import Plugins
from neuroscope.store import names
from neuroscope.store.representations import Store

ORIGIN = Origin(source="s", licence="l", digest="d", files=("v.npz",))
MINE = names.NamedVectors(name="mine", layers={"CNN": 3, "FC": 2}, dtype="float16", origin=ORIGIN, key="k")


def build(store):
    return Plugins.load().backbones.choose("stored:mine").build(store=store)


def test_a_name_is_looked_up_in_the_store_that_is_handed_over(tmp_path):
    names.remember(tmp_path / "one", MINE)
    spec = build(Store(tmp_path / "one"))
    assert (spec.vectors, spec.origin) == (MINE, ORIGIN)
    assert [(layer.name, layer.width, layer.pooling) for layer in spec.layers] == [
        ("CNN", 3, "none"),
        ("FC", 2, "none"),
    ]
    with pytest.raises(UnknownName, match="mine"):
        build(Store(tmp_path / "other"))


def test_there_is_no_model_to_run(tmp_path):
    names.remember(tmp_path, MINE)
    with pytest.raises(MissingData, match=r"stored:mine holds vectors .* no model"):
        build(Store(tmp_path)).load("cpu")


def test_the_store_is_no_option_of_it():
    assert dict(Plugins.load().backbones.entries["stored:"].options) == {}
