"""Hostile checkpoints: nothing is executed, nothing large is made of little, and one line says why."""

import argparse
import builtins
import collections
import io
import itertools
import pickle
import struct
import subprocess
import sys
import zipfile

import pytest
import torch

from neuroscope.errors import BadOption
from neuroscope.weights import Foreign, plain, read_checkpoint
from neuroscope.weights.archives import _MAGIC

STORAGE = torch.arange(4, dtype=torch.float32)


class Payload:
    """What reduces to a call."""

    def __init__(self, function, *given, state=None):
        self.reduced = (function, given) if state is None else (function, given, state)

    def __reduce__(self):
        return self.reduced


class Opcodes:
    """The beginning of a pickle, by hand: each piece is opcodes."""

    def __init__(self, *pieces):
        self.content = b"\x80\x02" + b"".join(pieces) + b"."


def text(value):
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def named(module, name):
    return f"c{module}\n{name}\n".encode()


def entry(value):
    """A dictionary with one entry ``a``, whose value some opcodes make."""
    return Opcodes(b"}", text("a"), value, b"s")


def persistent(*identity):
    """Opcodes of a reference to a storage, with opcodes or values."""
    return b"(" + b"".join(each if isinstance(each, bytes) else pickled(each) for each in identity) + b"tQ"


def pickled(value):
    return pickle.dumps(value, 2)[2:-1]


FLOATS = persistent("storage", named("torch", "FloatStorage"), "0", "cpu", 4)


def tensor(storage=FLOATS, offset=0, shape=(4,), strides=(1,), function="_rebuild_tensor_v2"):
    """Opcodes of a tensor."""
    rest = b"".join(each if isinstance(each, bytes) else pickled(each) for each in (offset, shape, strides, False))
    return named("torch._utils", function) + b"(" + storage + rest + named("collections", "OrderedDict") + b")RtR"


@pytest.fixture(params=["zip", "legacy"])
def write(request, tmp_path):
    """A function that writes a checkpoint of opcodes or of an object, with one storage of four floats."""

    def write(content):
        content = content.content if isinstance(content, Opcodes) else pickle.dumps(content, 2)
        path, numbers = tmp_path / "hostile.pt", STORAGE.numpy().tobytes()
        if request.param == "zip":
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("hostile/data.pkl", content)
                archive.writestr("hostile/data/0", numbers)
                archive.writestr("hostile/version", "3")
        else:
            about = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}
            pickles = [pickle.dumps(each, 2) for each in (_MAGIC, 1001, about)]
            last = pickle.dumps(["0"], 2) + struct.pack("<q", 4) + numbers
            path.write_bytes(b"".join([*pickles, content, last]))
        return path

    return write


def refused(path, keep=("a",)):
    """The one line that is said."""
    with pytest.raises(BadOption) as raised:
        read_checkpoint(path, keep)
    said = str(raised.value)
    assert "\n" not in said
    assert said.startswith(str(path))
    return said


def test_the_handwritten_checkpoint_is_one(write):
    for storage in (FLOATS, persistent("storage", named("torch", "FloatStorage"), "0", "cpu", 4, None)):
        path = write(entry(tensor(storage)))
        assert read_checkpoint(path, ["a"])["a"].equal(STORAGE)
        if path.read_bytes().startswith(b"PK") == (storage is FLOATS):
            assert torch.load(path, weights_only=True)["a"].equal(STORAGE)


RUNNING = {
    "os.system": lambda canary: Payload(__import__("os").system, f"touch {canary}"),
    "eval": lambda canary: Payload(eval, f"open({str(canary)!r}, 'w')"),
    "exec": lambda canary: Payload(exec, f"open({str(canary)!r}, 'w')"),
    "open": lambda canary: Payload(open, str(canary), "w"),
    "__import__": lambda canary: Payload(builtins.__import__, "os"),
    "subprocess": lambda canary: Payload(subprocess.Popen, ["touch", str(canary)]),
}


@pytest.mark.parametrize("kind", RUNNING)
@pytest.mark.parametrize("place", ["wanted", "other", "key", "inside"])
def test_what_runs_something_is_not_run_and_refused(write, tmp_path, kind, place):
    canary = tmp_path / "canary"
    payload = RUNNING[kind](canary)
    hashed = Payload(tuple, [payload])
    content = {"wanted": {"a": payload}, "other": {"a": 1, "b": payload}, "key": {hashed: 1, "a": 1}}
    content["inside"] = {"a": collections.OrderedDict(x=[{"y": (payload,)}])}
    said = refused(write(content[place]))
    assert "nothing was run" in said
    assert not canary.exists()


QUIET = {
    "getattr": lambda canary: Payload(getattr, "x", "upper"),
    "map": lambda canary: Payload(map, print, ["x"]),
    "print": lambda canary: Payload(print, "executed"),
    "pathlib": lambda canary: Payload(__import__("pathlib").Path.touch, canary),
    "setattr": lambda canary: Payload(setattr, argparse.Namespace, "x", 1),
    "pickle.loads": lambda canary: Payload(pickle.loads, pickle.dumps(Payload(print, "executed"))),
    "torch.load": lambda canary: Payload(torch.load, str(canary)),
    "a class": lambda canary: Payload(argparse.FileType, "w"),
}


@pytest.mark.parametrize("kind", QUIET)
def test_what_calls_anything_else_is_a_name(write, tmp_path, capsys, kind):
    canary = tmp_path / "canary"
    found = read_checkpoint(write({"a": QUIET[kind](canary), "b": 1}), ["a", "b"])
    assert isinstance(found["a"], Foreign)
    assert found["b"] == 1
    assert not canary.exists()
    assert not hasattr(argparse.Namespace, "x")
    assert capsys.readouterr() == ("", "")
    with pytest.raises(BadOption, match="is not read"):
        plain(found)


def test_opcodes_that_make_objects_make_none(write):
    """INST, OBJ, NEWOBJ and NEWOBJ_EX of a class; state for it; items for it."""
    cls = named("argparse", "FileType")
    made = [
        b"(" + text("w") + b"iargparse\nFileType\n",
        b"(" + cls + text("w") + b"o",
        cls + text("w") + b"\x85\x81",
        cls + b")}\x92",
        cls + b")R" + b"}" + text("x") + b"K\x01s" + b"b",
        cls + b")R" + b"K\x01a" + b"(K\x01e" + text("x") + b"K\x01s",
    ]
    for opcodes in made:
        assert read_checkpoint(write(entry(opcodes)), ["a"]) == {"a": Foreign("argparse", "FileType")}


@pytest.mark.parametrize(
    "opcodes",
    [
        b"K\x01)R",  # a number is called
        text("x") + b")R",
        b"]" + b")R",
        named("collections", "OrderedDict") + b")R" + b")R",  # a dictionary is called
        FLOATS + b")R",
        tensor() + b")R",
        named("collections", "OrderedDict") + b"NR",  # without a tuple of arguments
        b"K\x01}b",  # state for a number, a list, a tensor, a dictionary, a class is no instance
        b"]}b",
        tensor() + b"}b",
        b"}}b",
        named("argparse", "Namespace") + b")R" + b"K\x01b",
        named("argparse", "Namespace") + b")R}K\x01K\x01sb",  # a name that is no text
        named("argparse", "Namespace") + b")R" + text("x") + b"K\x01s",
        named("argparse", "Namespace") + b")R}" + text("__class__") + b"K\x01sb",
        named("argparse", "Namespace") + b")R}" + text("_get_kwargs") + b"K\x01sb",
        b"\x82\x01",  # EXT1, EXT2, EXT4, NEXT_BUFFER, READONLY_BUFFER
        b"\x83\x01\x00",
        b"\x84\x01\x00\x00\x00",
        b"\x97",
        b"N\x98",
        b"Pnumber\n",  # PERSID
        b"K\x01Q",
        b")Q",
        b"]Q",
        persistent("other", named("torch", "FloatStorage"), "0", "cpu", 4),
        persistent("storage", "torch.FloatStorage", "0", "cpu", 4),
        persistent("storage", named("torch", "FloatStorage"), 0, "cpu", 4),
        persistent("storage", named("torch", "FloatStorage"), "0", "cpu", -4),
        persistent("storage", named("torch", "FloatStorage"), "0", "cpu", True),
        persistent("storage", named("torch", "FloatStorage"), "0", "cpu", 4.0),
        persistent("storage", named("torch", "FloatStorage"), "0", "cpu"),
        persistent("storage", named("torch", "FloatStorage"), "0", "cpu", 4, (0, 2, 9)),
        persistent("storage", named("torch", "FloatStorage"), "0", "cpu", 4, "view"),
        persistent(["storage"], named("torch", "FloatStorage"), "0", "cpu", 4),
        b"h\x09",  # the memo has no such place
        b"j\xff\xff\xff\xff",
        b"t",  # no mark
        b"0000",  # an empty stack
        b"(",
        b"K\x01e",
        b"(K\x01e",
        b"]]s",
        b"K\x01K\x02K\x03s",
        b"}]K\x01s",  # a list as a key
        b"}(}K\x01u",
        b"}(K\x01u",
        b"\x8f(]\x90",
        b"(]\x91",
        b"I" + b"9" * 5000 + b"\n",
        b"L" + b"9" * 5000 + b"L\n",
        b"Ix\n",
        b"Fx\n",
        b"S'\\x'\n",
        b"Vx\\u12\n",
        named("builtins", "set") + b"K\x01\x85R",
        named("builtins", "dict") + text("ab") + b"\x85R",
        named("collections", "OrderedDict") + b"]]a\x85R",
        named("_codecs", "encode") + text("x") + text("rot13") + b"\x86R",
        named("_codecs", "encode") + text("x") + b"]\x86R",
        named("_codecs", "encode") + text("€") + text("latin1") + b"\x86R",
        named("torch", "Size") + b"K\x01\x85R",
        b"\x8b\xff\xff\xff\x7f",  # lengths that are not there
        b"B\xff\xff\xff\xff",
        b"X\xff\xff\xff\xff",
        b"T\xff\xff\xff\x7f",
        b"\x8e" + b"\xff" * 8,
        b"\x8d" + b"\xff" * 7 + b"\x7f",
        b"\x96" + b"\xff" * 6 + b"\x00\x00",
        b"\x8b\xff\xff\xff\xff",
        b"N\x93",
        b"NN\x93",
        b"\xff",
        b"",
    ],
    ids=lambda opcodes: repr(opcodes[:24]),
)
def test_opcodes_that_mean_nothing_are_refused(write, opcodes):
    refused(write(entry(opcodes)))


@pytest.mark.parametrize(
    "opcodes",
    [
        tensor(shape=(10**15,), strides=(0,)),
        tensor(shape=(10**15,), strides=(1,)),
        tensor(shape=(10**6,) * 20, strides=(0,) * 20),
        tensor(shape=(2,), strides=(4,)),
        tensor(shape=(2,), strides=(10**18,)),
        tensor(shape=(2**62, 2**62), strides=(2**62, 2**62)),
        tensor(offset=1),
        tensor(offset=-1),
        tensor(offset=2**63),
        tensor(offset=True),
        tensor(offset="0"),
        tensor(shape=(-1,)),
        tensor(strides=(-1,)),
        tensor(strides=(1, 1)),
        tensor(shape=(1,) * 65, strides=(1,) * 65),
        tensor(shape=[4], strides=[1]),
        tensor(shape=((4,),)),
        tensor(shape=(4.0,)),
        tensor(storage=b"N"),
        tensor(storage=persistent("storage", named("torch", "FloatStorage"), "0", "cpu", 10**12), shape=(10**12,)),
        tensor(storage=persistent("storage", named("torch", "DoubleStorage"), "0", "cpu", 4)),
        tensor(storage=persistent("storage", named("torch", "FloatStorage"), "1", "cpu", 4)),
        tensor(storage=persistent("storage", named("torch", "FloatStorage"), "../data.pkl", "cpu", 4)),
        tensor(storage=persistent("storage", named("torch", "UntypedStorage"), "0", "cpu", 16)),
        named("torch._utils", "_rebuild_tensor_v2") + b")R",
        named("torch._utils", "_rebuild_parameter") + b")R",
        named("torch._utils", "_rebuild_qtensor") + b")R",
        named("torch._utils", "_anything") + b")R",
    ],
    ids=range(28),
)
def test_tensors_that_are_not_in_the_file_are_refused(write, opcodes):
    refused(write(entry(opcodes)))


def test_the_bounds_of_a_tensor_are_ours_and_said(write):
    for opcodes in (tensor(offset=1), tensor(shape=(2,), strides=(4,)), tensor(shape=(2**40, 2**40), strides=(1, 1))):
        assert "does not lie in its storage of 16 bytes" in refused(write(entry(opcodes)))


def test_a_tensor_cannot_be_given_a_state(write):
    """``torch.Tensor.__setstate__`` would be called by Python's own unpickler."""
    refused(write(entry(tensor() + b"(FFNtb")))


def test_a_dictionary_takes_no_attribute_but_its_metadata(write):
    state = b"}(" + text("items") + named("builtins", "print") + text("_metadata") + b"}" + text("x") + b"N" + b"u"
    found = read_checkpoint(write(entry(named("collections", "OrderedDict") + b")R" + state + b"b")), ["a"])["a"]
    assert vars(found) == {"_metadata": {}}
    assert list(found.items()) == []


LIMITED = """
import resource, sys, time
from pathlib import Path
from neuroscope.errors import NeuroscopeError
from neuroscope.weights import plain, read_checkpoint
pages = int(Path("/proc/self/statm").read_text().split()[0])
resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + 2**29,) * 2)
for name in sys.argv[1:]:
    begin = time.process_time()
    try:
        plain(read_checkpoint(Path(name), ["a"]))
        said = "read"
    except NeuroscopeError as error:
        said = str(error).partition(": ")[2] or str(error)
    print(time.process_time() - begin, said)
"""
"""Reads checkpoints with half a gigabyte beside what Python takes; says processor seconds and outcome of each."""


def equal_tuples(count):
    """Pairs of small whole numbers with one hash, as Python makes it of tuples."""
    prime, other, begin, size = 11400714785074694791, 14029467366897019727, 2870177450012600261, 1 << 64

    def turned(value, bits):
        return ((value << bits) | (value >> (64 - bits))) % size

    wanted, found = turned(12345678901234567 * pow(prime, -1, size) % size, 33), []
    for first in itertools.count(1):
        lane = (wanted - turned((begin + first * other) % size, 31) * prime) * pow(other, -1, size) % size
        second = lane - size if lane >= size // 2 else lane
        if abs(second) < 1 << 60:
            found.append((first, second))
        if len(found) == count:
            return found


def test_the_tuples_of_one_hash_have_one():
    assert len({hash(each) for each in equal_tuples(100)}) == 1


SIZE = 60_000
MANY = b"](" + b"N" * SIZE + b"eq\x01"
BOMBS = {
    "deep lists": (b"]" * SIZE + b"a" * (SIZE - 1), "nested too deeply"),
    "deep tuples": (b")" + b"\x85" * SIZE, "nested too deeply"),
    "deep key": (b"})" + b"\x85" * 150_000 + b"Ns", "a key of a dictionary"),
    "marks": (b"(" * SIZE + b"1" * SIZE + b"N", "read"),
    "sets": (b"](" + b"\x8f" * SIZE + b"e", "read"),
    "far memo": (b"]r\xff\xff\xff\xff", "read"),
    "laughs": (b"]q\x000" + (b"](" + b"h\x00" * 10 + b"eq\x000") * 50 + b"h\x00", "too many"),
    "copies": (MANY + (named("builtins", "list") + b"h\x01\x85R0") * 2000, "more objects than any model"),
    "equal hashes": (
        b"}("
        + b"".join(b"\x8a\x10" + ((2**61 - 1) * (each + 1)).to_bytes(16, "little") + b"N" for each in range(50_000))
        + b"u",
        "a key of a dictionary",
    ),
    "long keys": (b"(" + b"N" * SIZE + b"tq\x010}" + b"h\x01Ns" * 2000, "a key of a dictionary"),
    "equal hashes of tuples": (b"}(" + b"".join(pickled(each) + b"N" for each in equal_tuples(16_000)) + b"u", "a key"),
}


def test_bombs_cost_what_the_file_costs(tmp_path):
    for name, (opcodes, _) in BOMBS.items():
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("bomb/data.pkl", entry(opcodes).content)
    script = [sys.executable, "-c", LIMITED, *(str(tmp_path / name) for name in BOMBS)]
    done = subprocess.run(script, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr[-500:]
    for (name, (_, wanted)), line in zip(BOMBS.items(), done.stdout.splitlines(), strict=True):
        seconds, said = line.split(" ", 1)
        assert wanted in said, name
        assert float(seconds) < 30, name


def test_a_pickle_of_too_many_objects_is_not_read(write, monkeypatch):
    monkeypatch.setattr("neuroscope.weights.pickle_reader.MOST_STEPS", 1000)
    content = {"a": list(range(400))}
    assert read_checkpoint(write(content), ["a"]) == content
    assert "more objects than any model" in refused(write({"a": list(range(1000))}))


def test_a_pickle_that_is_too_large_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr("neuroscope.weights.archives.LARGEST_PICKLE", 1000)
    with zipfile.ZipFile(tmp_path / "x.pt", "w") as archive:
        archive.writestr("x/data.pkl", Opcodes(b"}", text("a"), text("x" * 2000), b"s").content)
    assert "and 1,000 are read" in refused(tmp_path / "x.pt")


@pytest.fixture
def parts(tmp_path):
    """A checkpoint of one tensor, its parts, and a function that packs others."""
    torch.save({"a": STORAGE, "b": torch.ones(100)}, tmp_path / "good.pt")
    with zipfile.ZipFile(tmp_path / "good.pt") as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(path, parts, **options):
    with zipfile.ZipFile(path, "w", **options) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return path


def test_every_truncation_is_refused(write, tmp_path):
    path = write(entry(tensor()))
    content = path.read_bytes()
    assert len(content) > 200
    for size in range(len(content)):
        path.write_bytes(content[:size])
        refused(path)


def test_a_packed_archive_is_refused(tmp_path, parts):
    parts["good/data/0"] = bytes(10**6)
    assert "compressed" in refused(packed(tmp_path / "x.pt", parts, compression=zipfile.ZIP_DEFLATED))


def test_paths_in_an_archive_write_nothing(tmp_path, parts):
    evil = {"../evil": b"x", "/tmp/evil": b"x", "good/../../evil": b"x"}
    folder = tmp_path / "in" / "side"
    folder.mkdir(parents=True)
    path = packed(folder / "x.pt", parts | evil)
    before = sorted(tmp_path.rglob("*"))
    assert read_checkpoint(path, ["a"])["a"].equal(STORAGE)
    assert sorted(tmp_path.rglob("*")) == before


def test_an_archive_of_64_bits_is_read(tmp_path, parts):
    path = tmp_path / "x.pt"
    with zipfile.ZipFile(path, "w") as archive:
        for name, part in parts.items():
            with archive.open(name, "w", force_zip64=True) as inside:
                inside.write(part)
    assert read_checkpoint(path, ["a"])["a"].equal(STORAGE)


def test_two_entries_of_one_name_are_refused(tmp_path, parts):
    path = tmp_path / "x.pt"
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "w") as archive:
        for name, part in [*parts.items(), ("good/data/0", bytes(16))]:
            archive.writestr(name, part)
    refused(path)


def test_entries_that_lie_on_each_other_are_refused(tmp_path, parts):
    """Of one stored megabyte, a directory makes a hundred."""
    path = packed(tmp_path / "x.pt", parts | {"good/data/9": bytes(10**6)})
    content = path.read_bytes()
    begin = content.index(b"PK\x01\x02")
    last = content.rindex(b"PK\x01\x02")
    end = content.index(b"PK\x05\x06")
    copies = b"".join(content[last:end].replace(b"data/9", b"data/%c" % (65 + each)) for each in range(40))
    tail = bytearray(content[end:])
    count = len(parts) + 1 + 40
    struct.pack_into("<HHII", tail, 8, count, count, end - begin + len(copies), begin)
    path.write_bytes(content[:end] + copies + tail)
    assert "in one place" in refused(path)


def test_damaged_numbers_are_told(tmp_path, parts):
    path = packed(tmp_path / "x.pt", parts)
    content = path.read_bytes()
    path.write_bytes(content.replace(STORAGE.numpy().tobytes(), bytes(16)))
    assert "damaged" in refused(path)


@pytest.mark.parametrize("order", [b"", b"middle", b"big " * 100])
def test_an_unknown_order_of_bytes_is_refused(tmp_path, parts, order):
    assert "order" in refused(packed(tmp_path / "x.pt", parts | {"good/byteorder": order}))


def test_what_lies_in_the_parts_of_a_wrong_size_is_refused(tmp_path, parts):
    assert "has 8 bytes" in refused(packed(tmp_path / "x.pt", parts | {"good/data/0": bytes(8)}))
    del parts["good/data/0"]
    assert "is not there" in refused(packed(tmp_path / "x.pt", parts))


def test_a_legacy_file_with_hostile_first_pickles(tmp_path):
    path = tmp_path / "x.pt"
    canary = tmp_path / "canary"
    payload = pickle.dumps(Payload(__import__("os").system, f"touch {canary}"), 2)
    magic, protocol, about = (pickle.dumps(each, 2) for each in (_MAGIC, 1001, {"little_endian": True}))
    good = entry(tensor()).content
    for pickles in (
        [payload],
        [magic, payload],
        [magic, protocol, payload],
        [magic, protocol, about, good, payload],
        [magic, protocol, pickle.dumps({"little_endian": False}, 2), good],
        [magic, protocol, about, good, pickle.dumps("0", 2)],
        [magic, protocol, about, good, pickle.dumps([0], 2)],
        [magic, protocol, about, good, pickle.dumps([], 2)],
        [magic, protocol, about, good, pickle.dumps(["0"], 2), struct.pack("<q", -1)],
        [magic, protocol, about, good, pickle.dumps(["0"], 2), struct.pack("<q", 2**62)],
        [magic, protocol, about, good, pickle.dumps(["0"], 2), struct.pack("<q", 3), bytes(12)],
        [magic, protocol, about, good, pickle.dumps(["1", "0"], 2), struct.pack("<q", 4), bytes(16)],
    ):
        path.write_bytes(b"".join(pickles))
        refused(path)
    assert not canary.exists()


def test_names_that_move_the_cursor_are_escaped(write):
    said = refused(write(entry(named("os\x1b[2J", "system") + named("os", "\x1b[31m") + b")R")))
    assert "\x1b" not in said


def test_random_spoils(write):
    """A second of bit flips and cuts: each file is read, or refused in one line."""
    import random

    state = torch.nn.Linear(3, 2).state_dict()
    buffer = io.BytesIO()
    torch.save({"a": state, "b": argparse.Namespace(x=[1, "é", {2: (3.0,)}])}, buffer)
    for content in (buffer.getvalue(), write(entry(tensor())).read_bytes()):
        path = write(entry(tensor()))
        for seed in range(150):
            chance = random.Random(seed)
            spoiled = bytearray(content)
            for _ in range(chance.choice((1, 2, 8))):
                spoiled[chance.randrange(len(spoiled))] = chance.randrange(256)
            path.write_bytes(spoiled)
            try:
                read_checkpoint(path, ["a", "b"])
            except BadOption as error:
                assert "\n" not in str(error)
