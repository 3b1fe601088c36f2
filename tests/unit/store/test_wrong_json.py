"""Whatever stands in one of the store's small files: what was written, or one line that says what to do."""

import hashlib
import json
import os

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neuroscope.contracts.backbone import Origin
from neuroscope.errors import NeuroscopeError, StoreMismatch
from neuroscope.store import catalogue, json_files, names, padding_record
from neuroscope.store.json_files import WrongContent
from neuroscope.store.names import NamedVectors
from neuroscope.store.padding_record import Invariance
from neuroscope.store.representations import Store

ORIGIN = Origin(source="s", licence="l", digest="d", files=("w.pt",))
FILES = ("representation.json", "invariance.json", "shard.json", "mine.json")
WAY_OUT = {
    "representation.json": "remove it: the next extraction or import writes it again",
    "invariance.json": "remove it: the next extraction that computes measures it again",
    "mine.json": "import the vectors again",
}


@pytest.fixture
def store(tmp_path):
    """One imported representation with each of the files."""
    store = Store(tmp_path)
    rep = store.imported("mine", {"low": 2, "high": 2}, "float32", ORIGIN)
    rep.write(["id:u", "id:v"], {"low": np.ones((2, 2)), "high": np.zeros((2, 2))}, {"device": "cpu"})
    padding_record.remember(
        rep.folder, Invariance({"low": 0.5, "high": 0.0}, dict.fromkeys(rep.layers, "float32"), "cpu")
    )
    vectors = {"layers": {"low": 2, "high": 2}, "dtype": "float32", "origin": ORIGIN}
    names.remember(tmp_path, NamedVectors(name="mine", key=rep.key, **vectors))
    return store


def the_file(store, name):
    (file,) = store.folder.rglob(name)
    return file


def look(store, name):
    """Read the file as each reader does; whether it is believed."""
    if name == "mine.json":
        return names.find(store.folder, "mine") is not None
    rep = store.imported("mine", {"low": 2, "high": 2}, "float32", ORIGIN)
    if name == "invariance.json":
        return padding_record.recall(rep.folder) is not None
    return set(rep.rows()) == {"id:u", "id:v"}


def verified(store):
    """Names of what ``verify`` finds something wrong with."""
    found = [name for name, problem in catalogue.problems_with_names(store).items() if problem]
    for stored in store.all():
        found += ["beside"] if catalogue.problem_beside(stored) else []
        try:
            found += catalogue.verify(stored)
        except StoreMismatch:
            found.append("representation")
    return found


def refused(store, name):
    """Check that a file is not believed, that a line says why and what to do, and that ``verify`` sees it."""
    if name == "shard.json":  # a shard that is damaged counts as not stored
        assert not look(store, name)
    else:
        with pytest.raises(StoreMismatch) as error:
            look(store, name)
        assert WAY_OUT[name] in str(error.value) or "has format" in str(error.value)
        assert "\n" not in str(error.value)
    assert len(verified(store)) == 1
    for stored in store.all():
        catalogue.summary(stored)
        if not stored.problem and name != "invariance.json":
            catalogue.details(stored)


def test_what_was_written_is_believed(store):
    assert [look(store, name) for name in FILES] == [True] * 4
    assert verified(store) == []


CONTENT = {
    "nothing": b"",
    "half": b'{"name": ',
    "a list": b"[]",
    "a number": b"3",
    "null": b"null",
    "a text": b'"text"',
    "an empty object": b"{}",
    "no UTF-8": b'{"name": "\xff\xfe"}',
    "nested objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "nested lists": b"[" * 100_000 + b"]" * 100_000,
    "a number of too many digits": b'{"format": 2, "layers": {"low": ' + b"9" * 5_000 + b"}}",
    "another format": b'{"format": 99}',
    "a format that is none": b'{"format": [1]}',
    "null bytes": bytes(100),
    "another encoding": '{"name": "x"}'.encode("utf-16"),
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("content", CONTENT.values(), ids=CONTENT)
def test_other_content_is_one_line_and_verify_sees_it(store, name, content):
    the_file(store, name).write_bytes(content)
    refused(store, name)


def values(parsed, path=()):
    """Every place of a parsed file."""
    yield path
    parts = parsed.items() if isinstance(parsed, dict) else enumerate(parsed) if isinstance(parsed, list) else ()
    for name, each in parts:
        yield from values(each, (*path, name))


def put(parsed, path, value):
    *parents, last = path
    for name in parents:
        parsed = parsed[name]
    parsed[last] = value


def sealed(content):
    """With the digest that it should have: what is wrong is the shape alone."""
    content.pop("sha256", None)
    text = json.dumps(content)
    return json.dumps({**content, "sha256": hashlib.sha256(text.encode()).hexdigest()})


STRANGE = [None, True, -1, 0, 10**30, 1e308, float("nan"), "", "text", "\udce9", [], [[]], {}, {"low": "high"}]


@pytest.mark.parametrize("name", FILES)
def test_a_value_of_another_type_in_any_place_is_never_an_error_of_ours(store, name):
    """With a right digest: nothing that is read blindly may come through, whoever wrote it."""
    file = the_file(store, name)
    original = file.read_text()
    for path in values(json.loads(original)):
        for strange in STRANGE if path and path != ("sha256",) else ():
            changed = json.loads(original)
            put(changed, path, strange)
            file.write_text(sealed(changed))
            try:
                look(store, name)
                verified(Store(store.folder))
            except NeuroscopeError:
                pass
            for shard in store.folder.rglob(".*.damaged"):
                shard.rename(shard.with_name(shard.name.split(".")[1]))
    file.write_text(original)
    assert look(store, name)


@pytest.mark.parametrize("name", FILES)
def test_a_key_that_is_missing_or_that_is_not_expected_is_seen(store, name):
    file = the_file(store, name)
    original = json.loads(file.read_text())
    for path in [*values(original), ("unexpected",)]:
        changed = json.loads(json.dumps(original))
        if path and path[-1] == "unexpected":
            changed["unexpected"] = 1
        elif path and isinstance(path[-1], str):
            *parents, last = path
            inner = changed
            for each in parents:
                inner = inner[each]
            del inner[last]
        else:
            continue
        file.write_text(json.dumps(changed))
        refused(store, name)
        for shard in store.folder.rglob(".*.damaged"):
            shard.rename(shard.with_name(shard.name.split(".")[1]))


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_other_bytes_are_seen(store, name, data):
    """Changed, cut and lengthened at random."""
    file = the_file(store, name)
    original = file.read_bytes()
    changed = bytearray(original)
    place = data.draw(st.integers(0, len(changed) - 1))
    match data.draw(st.sampled_from(["change", "cut", "insert"])):
        case "change":
            changed[place] ^= 1 << data.draw(st.integers(0, 7))
        case "cut":
            del changed[place : place + data.draw(st.integers(1, 50))]
        case "insert":
            changed[place:place] = data.draw(st.binary(min_size=1, max_size=20))
    file.write_bytes(bytes(changed))
    try:
        if bytes(changed) == original:
            assert look(store, name)
        else:
            refused(store, name)
    finally:
        for shard in store.folder.rglob(".*.damaged"):
            shard.rename(shard.with_name(shard.name.split(".")[1]))
        the_file(store, name).write_bytes(original)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    "make", [os.mkfifo, os.mkdir, lambda path: path.symlink_to(path)], ids=["pipe", "folder", "loop"]
)
def test_what_is_no_file_is_not_waited_for(store, name, make):
    file = the_file(store, name)
    file.unlink()
    make(file)
    refused(store, name)


def test_a_file_that_is_larger_than_any_of_the_stores_is_not_read_into_memory(store):
    file = the_file(store, "representation.json")
    os.truncate(file, 2**40)
    with pytest.raises(StoreMismatch, match=f"it has {2**40} bytes"):
        look(store, "representation.json")


def test_more_than_is_read_again_is_not_written(tmp_path, monkeypatch):
    monkeypatch.setattr(json_files, "MOST_BYTES", 100)
    with pytest.raises(NeuroscopeError, match="shorter ids"):
        json_files.write(tmp_path / "x.json", {"text": "x" * 100}, {"text": str})
    with pytest.raises(WrongContent, match=r"it\.text is int, not str"):
        json_files.write(tmp_path / "x.json", {"text": 1}, {"text": str})
    assert list(tmp_path.iterdir()) == []


def test_widths_that_no_memory_holds_are_refused(store):
    file = the_file(store, "representation.json")
    for width in (10**12, 0, -1):
        content = json.loads(file.read_text())
        content["layers"]["low"] = width
        file.write_text(sealed(content))
        (stored,) = store.all()
        assert "columns wide" in stored.problem


@pytest.mark.parametrize("name", ["representation.json", "invariance.json", "mine.json"])
def test_the_way_out_leads_out(store, name):
    the_file(store, name).write_text("{")
    if name != "mine.json":
        the_file(store, name).unlink()
    vectors = {"layers": {"low": 2, "high": 2}, "dtype": "float32", "origin": ORIGIN}
    rep = store.imported("mine", **vectors)
    rep.write(["id:w"], {"low": np.ones((1, 2)), "high": np.zeros((1, 2))}, {"device": "cpu"})
    names.remember(store.folder, NamedVectors(name="mine", key=rep.key, **vectors))
    padding_record.remember(rep.folder, Invariance({"low": 0.5}, {"low": "float32"}, "cpu"))
    assert verified(store) == []
    assert set(rep.rows()) == {"id:u", "id:v", "id:w"}


def test_a_name_whose_vectors_are_gone_is_found(store):
    (stored,) = store.all()
    stored.folder.rename(store.folder / "moved")
    assert "not in the store any more; import them again" in catalogue.problems_with_names(store)["mine"]


def test_a_record_of_another_representation_or_name_is_not_believed(store):
    other = Store(store.folder).imported(
        "mine", {"low": 2, "high": 2}, "float32", Origin(source="s", licence="l", digest="e")
    )
    other.write(["id:u"], {"low": np.ones((1, 2)), "high": np.ones((1, 2))}, {})
    record = the_file(store, "invariance.json")
    (other.folder / "invariance.json").write_bytes(record.read_bytes())
    with pytest.raises(StoreMismatch, match="it belongs to the representation"):
        padding_record.recall(other.folder)
    (store.folder / "imported" / "yours.json").write_bytes(the_file(store, "mine.json").read_bytes())
    with pytest.raises(StoreMismatch, match="it belongs to the name mine"):
        names.find(store.folder, "yours")
