"""Names of imported vectors: a small file each, read again as it was written."""

import hashlib
import json

import pytest

from neuroscope.contracts.backbone import Origin
from neuroscope.contracts.features import Unit
from neuroscope.errors import BadOption, StoreMismatch, UnknownName
from neuroscope.store import names
from neuroscope.store.names import NamedVectors
from neuroscope.store.representations import Store

ORIGIN = Origin(source="s", licence="l", digest="d", files=("v.npz",))
MINE = NamedVectors(name="mine", layers={"CNN": 3, "FC": 2}, dtype="float16", origin=ORIGIN, key="k")


def test_what_is_remembered_is_found_until_it_is_forgotten(tmp_path):
    assert names.names(tmp_path) == []
    names.remember(tmp_path, MINE)
    assert names.find(tmp_path, "mine") == MINE
    assert list(names.find(tmp_path, "mine").layers.items()) == [("CNN", 3), ("FC", 2)]
    assert names.names(tmp_path) == ["mine"]
    names.forget(tmp_path, "mine")
    names.forget(tmp_path, "mine")
    assert names.names(tmp_path) == []


def test_the_file_is_what_stores_are_made_with(tmp_path):
    names.remember(tmp_path, MINE)
    origin = {"source": "s", "licence": "l", "digest": "d", "files": ["v.npz"], "layers": ""}
    found = json.loads((tmp_path / "imported" / "mine.json").read_text())
    assert found.pop("sha256") == hashlib.sha256(json.dumps(found).encode()).hexdigest()
    assert found == {"name": "mine", "layers": {"CNN": 3, "FC": 2}, "dtype": "float16", "origin": origin, "key": "k"}


def test_a_name_that_nothing_was_imported_under_is_told_with_those_that_are_known(tmp_path):
    names.remember(tmp_path, MINE)
    with pytest.raises(UnknownName, match=r"name of stored vectors 'mime'.*neuroscope import") as error:
        names.find(tmp_path, "mime")
    assert error.value.known == ("mine",)


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"name": "mine"}'])
def test_a_name_that_cannot_be_read_is_told(tmp_path, text):
    names.remember(tmp_path, MINE)
    (file,) = tmp_path.glob("imported/*")
    file.write_text(text)
    with pytest.raises(StoreMismatch, match="import the vectors again"):
        names.find(tmp_path, "mine")


@pytest.mark.parametrize("name", ["mine", "ü", "a.b_c+d-e", "0"])
def test_a_name_that_can_be_one(name):
    names.check_name(name)


@pytest.mark.parametrize("name", ["", "a/b", "../a", ".a", "a,b", "a b", "-a", "a:b"])
def test_a_name_that_cannot_be_one(name):
    with pytest.raises(BadOption, match="--name"):
        names.check_name(name)


def test_a_row_is_named_by_its_utterance():
    assert names.row_of("deep/u1") == "id:deep/u1"
    assert names.utterance_of("id:deep/u1") == "deep/u1"
    assert names.utterance_of("digest:0-9:m") == "digest:0-9:m"


def test_the_name_in_the_name_of_a_backbone():
    assert names.name_of("stored:mine") == "mine"
    assert names.name_of("hf:mine") == ""


def test_imported_vectors_are_where_stores_have_them(tmp_path):
    rep = Store(tmp_path).imported("mine", MINE.layers, "float16", ORIGIN)
    assert rep.key == "712eb8cd0e129ae7fa60c5265c09c8b1"
    assert dict(rep.layers) == {
        "CNN": (Unit("CNN", 0, "value"), Unit("CNN", 1, "value"), Unit("CNN", 2, "value")),
        "FC": (Unit("FC", 0, "value"), Unit("FC", 1, "value")),
    }
