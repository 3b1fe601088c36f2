"""CRC-32C (Castagnoli; RFC 3720, appendix B.4) and the mask that LevelDB stores it under.

``small`` is for the few hundred bytes of an index and needs no numpy; ``large`` is for tensors: the bytes are cut into
equal lanes that advance together, four bytes a step, and the lanes' checksums are then joined in pairs.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    Words = NDArray[np.uint32]

_POLYNOMIAL = 0x82F63B78  # bit-reflected
_ALL = 0xFFFFFFFF
_LANES = 1 << 12
_WORTH_IT = 1 << 16  # bytes; below it the plain loop is as fast


def masked(checksum: int) -> int:
    """A checksum turned into what LevelDB and TensorFlow store of it, so that checksums of checksums stay harmless."""
    return (((checksum >> 15) | (checksum << 17)) + 0xA282EAD8) & _ALL


def small(content: bytes) -> int:
    """CRC-32C of ``content``, byte by byte."""
    return _advanced(_ALL, content) ^ _ALL


def large(content: memoryview) -> int:
    """CRC-32C of ``content`` (bytes in a row), vectorised: gigabytes a second rather than megabytes."""
    import numpy as np

    if len(content) < _WORTH_IT:
        return small(bytes(content))
    steps = len(content) // (4 * _LANES)
    body = 4 * _LANES * steps
    # [steps, lanes]: one lane is one stretch of the content
    words = np.ascontiguousarray(np.frombuffer(content[:body], "<u4").reshape(_LANES, steps).T)
    register = np.zeros(_LANES, np.uint32)
    register[0] = _ALL
    low, high = _tables()
    for step in words:
        register ^= step
        register = low[register & 0xFFFF] ^ high[register >> 16]
    return _advanced(_joined(register, 4 * steps), bytes(content[body:])) ^ _ALL


def _advanced(register: int, content: bytes) -> int:
    table = _byte_table()
    for byte in content:
        register = table[(register ^ byte) & 0xFF] ^ (register >> 8)
    return register


@functools.cache
def _byte_table() -> tuple[int, ...]:
    table = []
    for register in range(256):
        for _ in range(8):
            register = (register >> 1) ^ (_POLYNOMIAL if register & 1 else 0)  # noqa: PLW2901
        table.append(register)
    return tuple(table)


@functools.cache
def _tables() -> tuple[Words, Words]:
    """What the low and the high half of a register become after four bytes of zero."""
    import numpy as np

    four_bytes = [_advanced(1 << bit, bytes(4)) for bit in range(32)]
    halves = np.arange(1 << 16, dtype=np.uint32)
    return _applied(four_bytes, halves), _applied(four_bytes, halves << np.uint32(16))


def _applied(images: Sequence[int], registers: Words) -> Words:
    """Each register after a linear map, which is given by the images of the 32 single bits."""
    import numpy as np

    result = np.zeros_like(registers)
    for bit, image in enumerate(images):
        result ^= np.where(registers >> np.uint32(bit) & np.uint32(1), np.uint32(image), np.uint32(0))
    return result


def _joined(registers: Words, length: int) -> int:
    """Join the registers of all lanes, each of ``length`` bytes: a linear map moves a lane past what follows it."""
    import numpy as np

    images = np.array([1 << bit for bit in range(32)], np.uint32)
    byte = [_advanced(1 << bit, bytes(1)) for bit in range(32)]
    for digit in f"{length:b}":  # the map of one byte, to the power of the length
        images = _applied(images.tolist(), images)
        if digit == "1":
            images = _applied(byte, images)
    while len(registers) > 1:
        registers = _applied(images.tolist(), registers[::2]) ^ registers[1::2]
        images = _applied(images.tolist(), images)
    return int(registers[0])
