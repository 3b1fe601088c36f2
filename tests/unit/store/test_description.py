"""What decides the numbers of a representation is its key, and what a folder says of itself is read again."""

import hashlib
import json
import os
from dataclasses import replace

import pytest

from neuroscope.contracts.backbone import Origin
from neuroscope.contracts.features import Unit
from neuroscope.errors import NeuroscopeError, StoreMismatch
from neuroscope.store import description
from neuroscope.store.description import Identity

IDENTITY = Identity(
    backbone="toy",
    options={"width": 2, "name": "é", "seed": 0},
    weights="digest",
    plugin="toy 1.0",
    poolings={"low": "mean", "high": "meanstd"},
    pooling_plugins=["core 1.0"],
    audio="1",
    dtype="float32",
)
ORIGIN = Origin(source="a test", licence="none", digest="digest", files=("w.pt",), layers="after")
WIDTHS = {"low": 2, "high": 1}


def test_the_key_is_the_one_that_stores_are_made_with():
    assert IDENTITY.key == "554e4c92eb1a961b97c612fa54f8ad53"


def test_a_key_does_not_depend_on_the_order_of_options():
    turned = replace(IDENTITY, options=dict(reversed(IDENTITY.options.items())))
    assert turned.key == IDENTITY.key


def test_every_field_and_every_type_of_value_has_its_own_key():
    changes = [
        {"backbone": "toy2"},
        {"options": {**IDENTITY.options, "seed": 1}},
        {"options": {**IDENTITY.options, "seed": "0"}},
        {"options": {**IDENTITY.options, "seed": False}},
        {"options": {**IDENTITY.options, "seed": None}},
        {"options": {**IDENTITY.options, "name": "e\N{COMBINING ACUTE ACCENT}"}},
        {"options": {**IDENTITY.options, "name": "\udce9"}},  # what a byte that is not UTF-8 becomes in an argument
        {"weights": "other"},
        {"plugin": "toy 1.1"},
        {"poolings": {"low": "meanstd", "high": "mean"}},
        {"pooling_plugins": ["core 1.1"]},
        {"audio": "2"},
        {"dtype": "float16"},
    ]
    keys = [IDENTITY.key, *(replace(IDENTITY, **change).key for change in changes)]
    assert len(set(keys)) == len(keys)


def test_the_file_is_what_stores_are_made_with(tmp_path):
    description.write(tmp_path, IDENTITY, WIDTHS, ORIGIN)
    found = json.loads((tmp_path / "representation.json").read_text())
    assert found.pop("sha256") == hashlib.sha256(json.dumps(found).encode()).hexdigest()
    assert found == {
        "format": 2,
        "identity": {
            "backbone": "toy",
            "options": {"width": 2, "name": "é", "seed": 0},
            "weights": "digest",
            "plugin": "toy 1.0",
            "poolings": {"low": "mean", "high": "meanstd"},
            "pooling_plugins": ["core 1.0"],
            "audio": "1",
            "dtype": "float32",
        },
        "layers": {"low": 2, "high": 1},
        "origin": {
            "source": "a test",
            "licence": "none",
            "digest": "digest",
            "files": ["w.pt"],
            "layers": "after",
        },
    }


def test_what_is_written_is_read_and_is_written_once(tmp_path):
    folder = tmp_path / IDENTITY.key
    description.write(folder, IDENTITY, WIDTHS, ORIGIN)
    description.write(folder, replace(IDENTITY, backbone="other"), {"other": 1}, ORIGIN)
    layers = {"low": (Unit("low", 0), Unit("low", 1)), "high": (Unit("high", 0),)}
    assert description.read(folder) == (IDENTITY, layers, ORIGIN)
    description.check(folder, WIDTHS)
    assert [each.name for each in folder.iterdir()] == ["representation.json"]


def test_a_folder_of_another_name_than_its_identity_is_refused(tmp_path):
    description.write(tmp_path / IDENTITY.key, IDENTITY, WIDTHS, ORIGIN)
    (tmp_path / IDENTITY.key).rename(tmp_path / "moved")
    for look in (lambda folder: description.check(folder, WIDTHS), description.read, description.read_plain):
        with pytest.raises(StoreMismatch, match=rf"moved describes the representation {IDENTITY.key}.*its name"):
            look(tmp_path / "moved")


def test_rows_that_are_wider_than_the_store_takes_are_told_before_anything_is_written(tmp_path):
    with pytest.raises(NeuroscopeError, match="1 to 16777216 columns"):
        description.write(tmp_path / IDENTITY.key, IDENTITY, {"low": 2**24, "high": 1}, ORIGIN)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_a_description_may_hold_anything_and_has_no_last_use(tmp_path):
    description.check(tmp_path, WIDTHS)
    description.mark_used(tmp_path)
    assert description.last_use(tmp_path) == ""
    with pytest.raises(StoreMismatch, match=r"representation\.json cannot be read \(FileNotFoundError"):
        description.read(tmp_path)


def test_the_last_use_is_when_the_description_was_changed_not_when_it_was_read(tmp_path):
    description.write(tmp_path, IDENTITY, WIDTHS, ORIGIN)
    os.utime(tmp_path / "representation.json", (7_200, 3_600))
    assert description.last_use(tmp_path) == "1970-01-01T01:00:00+00:00"
