"""How bytes, JSON and single values are spoiled, whatever they mean."""

import json

NASTY = (
    "", " ", "0", "-1", "-0", "1e9", "1e-9", "1e400", "nan", "NaN", "inf", "-inf", "0x10", "1_0", "１", "2**63",
    "9223372036854775807", "9223372036854775808", "99999999999999999999999", "None", "null", "NA", "true", "..",
    ".", "/", "/dev/zero", "/etc/hostname", "~", "a" * 300, "a" * 70_000, "\x00", "\x1b[2J", "\x07", "\u202e",
    "é", "e\u0301", "\ud800", "\udcff", "😀", '"', '""', '"open', 'shut"', "'", "a,b", "a\tb", "a\nb", "a\rb",
    "\ufeff", "=1+1", "[1]", "{}", "%s", "{0}", "[bold]x[/bold]", "[/]", "..\\..", "u00", "f0.wav", "con", "C:\\x",
)  # fmt: skip
VALUES = (None, True, -1, 0, 2**63, 2**70, 1e308, float("nan"), "", "x", [], [[]], {}, {"a": 1}, ["x"], "\x1b[2J")


def _flip(data, place, some, draw):
    if data:
        data[place % len(data)] ^= 1 << draw.randrange(8)


def _cut(data, place, some, draw):
    del data[place:]


def _empty(data, place, some, draw):
    data.clear()


def _insert(data, place, some, draw):
    data[place:place] = draw.randbytes(some)


def _delete(data, place, some, draw):
    del data[place : place + some]


def _zero(data, place, some, draw):
    data[place : place + some] = bytes(len(data[place : place + some]))


def _repeat(data, place, some, draw):
    data[place:place] = data[place : place + some]


def _append(data, place, some, draw):
    data += draw.randbytes(some)


def _swap(data, place, some, draw):
    low, high = sorted((place, draw.randrange(len(data) + 1)))
    some = min(some, high - low, len(data) - high)
    data[low : low + some], data[high : high + some] = data[high : high + some], data[low : low + some]


_WAYS = {
    "flip": _flip, "cut": _cut, "empty": _empty, "insert": _insert, "delete": _delete, "zero": _zero,
    "repeat": _repeat, "append": _append, "swap": _swap,
}  # fmt: skip


def spoil_bytes(content, draw):
    """Spoil bytes in one of several ways; returns them and what was done."""
    data = bytearray(content)
    place = draw.randrange(len(data) + 1)
    some = min(draw.choice([1, 2, 4, 16, 64, 512]), max(1, len(data)))
    way = draw.choice(["flip", "flip", "flip", *_WAYS])
    _WAYS[way](data, place, some, draw)
    return bytes(data), f"{way} at {place}"


def spoil_json(text, draw):
    """Put a strange value at one place of a JSON document, or take the place away."""
    try:
        found = json.loads(text)
    except ValueError:  # spoiled before
        return spoil_bytes(text, draw)
    place, spots = "", [(None, None, "$")]
    waiting = [(found, "$")]
    while waiting:
        each, where = waiting.pop()
        keys = list(each) if isinstance(each, dict) else range(len(each)) if isinstance(each, list) else ()
        spots += [(each, key, f"{where}.{key}") for key in keys]
        waiting += [(each[key], f"{where}.{key}") for key in keys]
    holder, key, place = draw.choice(spots)
    value = draw.choice(VALUES)
    if holder is None:
        return json.dumps(value).encode(), f"{place} = {value!r}"
    if draw.random() < 0.25:
        del holder[key]
        return json.dumps(found).encode(), f"{place} removed"
    holder[key] = value
    return json.dumps(found).encode(), f"{place} = {value!r}"
