"""A writer of TensorFlow's bundles, for tests: LevelDB tables with shared prefixes, restart points and several blocks.

Values that are written may be told otherwise than they are, so that files are whole and lie at once.
"""

import dataclasses
import re
import struct

import numpy as np

from neuroscope_cnn.checkpoints import crc32c, leveldb
from neuroscope_cnn.checkpoints.published import DATA, INDEX
from neuroscope_cnn.model.architecture import Architecture

FLOAT, INT32, INT64 = 1, 3, 9


def varint(number):
    number %= 1 << 64
    content = b""
    while number >= 0x80:
        content += bytes([number & 0x7F | 0x80])
        number >>= 7
    return content + bytes([number])


def number(field, value):
    return varint(field << 3) + varint(value)


def message(field, content):
    return varint(field << 3 | 2) + varint(len(content)) + content


def block(entries, *, restart_every=16, kind=0, restarts=None, spoil=None):
    """A block with its trailer; ``restarts`` is told in place of their true count, ``spoil`` changes it unseen."""
    content, points, last = b"", [], b""
    for place, (key, value) in enumerate(entries):
        shared = 0
        if place % restart_every == 0:
            points.append(len(content))
        else:
            while shared < min(len(key), len(last)) and key[shared] == last[shared]:
                shared += 1
        content += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value
        last = key
    points = points or [0]
    content += struct.pack(f"<{len(points)}I", *points) + struct.pack(
        "<I", len(points) if restarts is None else restarts
    )
    return sealed((spoil(content) if spoil else content) + bytes([kind]))


def sealed(content):
    """Content and type with their checksum."""
    return content + struct.pack("<I", crc32c.masked(crc32c.small(content)))


def table(entries, *, block_entries=1000, restart_every=16, spoil_index=None, **told):
    """A whole table; ``told`` goes to its blocks of data."""
    entries = list(entries)  # sorted
    content, index = b"", []
    for begin in range(0, len(entries), block_entries):
        part = entries[begin : begin + block_entries]
        piece = block(part, restart_every=restart_every, **told)
        last = part[-1][0] if begin + block_entries < len(entries) else bytes([part[-1][0][0] + 1])
        index.append((last, varint(len(content)) + varint(len(piece) - leveldb.TRAILER)))
        content += piece
    handles = b""
    for piece in (block([]), block(index, restart_every=1, spoil=spoil_index)):
        handles += varint(len(content)) + varint(len(piece) - leveldb.TRAILER)
        content += piece
    return content + handles.ljust(40, b"\0") + struct.pack("<Q", leveldb.MAGIC)


def header(shards=1, endianness=0, reader=0):
    version = number(1, 1) + (number(2, reader) if reader else b"")
    return number(1, shards) + (number(2, endianness) if endianness else b"") + message(3, version)


def entry(dtype, shape, offset, size, checksum=None, *, shard=0, slices=b""):
    dims = b"".join(message(2, number(1, each)) for each in shape)
    content = number(1, dtype) + message(2, dims)
    content += (number(3, shard) if shard else b"") + (number(4, offset) if offset else b"") + number(5, size)
    content += b"" if checksum is None else varint(6 << 3 | 5) + struct.pack("<I", checksum)
    return content + slices


def placed(arrays, *, checksums=True):
    """Entries of named arrays, and their data."""
    entries, data = {}, b""
    for name, values in sorted(arrays.items()):
        raw = values.tobytes()
        checksum = crc32c.masked(crc32c.large(memoryview(raw))) if checksums else None
        dtype = {"float32": FLOAT, "int32": INT32, "int64": INT64}[str(values.dtype)]
        entries[name.encode()] = entry(dtype, values.shape, len(data), len(raw), checksum)
        data += raw
    return entries, data


def write(prefix, entries, data, head=None, **how):
    """The two files of a bundle; ``how`` goes to the table."""
    content = {b"": header() if head is None else head, **entries}
    prefix.with_name(prefix.name + INDEX).write_bytes(table(sorted(content.items()), **how))
    prefix.with_name(prefix.name + DATA).write_bytes(data)
    return prefix


def bundle(prefix, weights, *, checksums=True, **how):
    """A bundle of weights by our names, with the count of steps beside them."""
    arrays = {f"softmax/{name}": values for name, values in weights.items()}
    return write(prefix, *placed({**arrays, "Variable": np.int32(7_712_000).reshape(())}, checksums=checksums), **how)


@dataclasses.dataclass(frozen=True)
class Tiny(Architecture):
    """A network of the same variables, a few numbers each."""

    def shapes(self):
        small = {40: 2, 1000: 3, 1500: 4, 3000: 8, 600: 5}
        shapes = super().shapes()
        return {
            name: tuple(
                small.get(size, size) if name not in {"fc3W", "fc3b"} or (place == 0 and len(shape) > 1) else size
                for place, size in enumerate(shape)
            )
            for name, shape in shapes.items()
        }


def tiny(architecture):
    return Tiny(**{field.name: getattr(architecture, field.name) for field in dataclasses.fields(architecture)})


def weights_of(architecture, seed=0):
    draw = np.random.default_rng(seed)
    return {name: draw.standard_normal(shape, "float32") for name, shape in architecture.shapes().items()}


def mutated(content, draw):
    """Bytes that were cut, flipped, inserted, repeated or overwritten; ``draw`` is a ``random.Random``."""
    content = bytearray(content)
    for _ in range(draw.choice([1, 1, 1, 2, 4, 16])):
        at = draw.randrange(len(content) + 1)
        kind = draw.randrange(6)
        if kind == 0:
            del content[at:]
        elif kind == 1 and at < len(content):
            content[at] ^= 1 << draw.randrange(8)
        elif kind == 2:
            content[at:at] = draw.randbytes(draw.randrange(1, 9))
        elif kind == 3:
            content[at : at + 12] = varint(
                draw.choice([0, 1, 127, 1 << 31, 1 << 40, (1 << 63) - 1, 1 << 63, (1 << 64) - 1])
            )
        elif kind == 4:
            del content[at : at + draw.randrange(1, 9)]
        else:
            begin = draw.randrange(len(content) + 1)
            content[at:at] = content[begin : begin + draw.randrange(1, 64)]
    return bytes(content)


def spoiled_bundle(prefix, entries, data, draw):
    """A bundle that is wrong somewhere: in the bytes of its files, in its blocks, or in its messages."""
    content = {b"": header(), **entries}
    how, kind = {}, draw.randrange(6)
    if kind == 0:
        key = draw.choice(sorted(content))
        content[key] = mutated(content[key], draw)
    elif kind == 1:
        how["spoil"] = lambda block: mutated(block, draw)
    elif kind == 2:
        how["spoil_index"] = lambda block: mutated(block, draw)
    elif kind == 3:
        data = mutated(data, draw)
    how |= {"block_entries": draw.choice([1, 4, 100]), "restart_every": draw.choice([1, 3, 16])}
    index = table(sorted(content.items()), **how)
    if kind == 4:
        index = mutated(index, draw)
    elif kind == 5:
        index = index[:-48] + mutated(index[-48:-8], draw)[:40].ljust(40, b"\0") + index[-8:]
    prefix.with_name(prefix.name + INDEX).write_bytes(index)
    prefix.with_name(prefix.name + DATA).write_bytes(data)


def spoiled_safe(path, content, draw):
    """A safetensors file that is wrong somewhere: in its bytes, or in its header, whose length is then right."""
    if draw.randrange(4) == 0:
        content = mutated(content, draw)
    else:
        size = struct.unpack("<Q", content[:8])[0]
        head = content[8 : 8 + size]
        if draw.randrange(2):
            head = mutated(head, draw)
        else:
            numbers = [match.span() for match in re.finditer(rb"\d+|true|null|\[|\]", head)]
            begin, end = draw.choice(numbers)
            other = draw.choice(
                [b"0", b"-1", b"1e999", b"true", b"null", b"[]", b"{}", b"9" * draw.choice([3, 19, 5000])]
            )
            head = head[:begin] + other + head[end:]
        content = struct.pack("<Q", len(head)) + head + content[8 + size :]
    path.write_bytes(content)
