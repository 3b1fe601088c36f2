"""CRC-32C against published values, and its vectorised twin against the plain loop."""

import numpy as np
import pytest

from neuroscope_cnn.checkpoints import crc32c


@pytest.mark.parametrize(
    ("content", "checksum"),
    [
        (b"", 0),
        (b"123456789", 0xE3069283),
        (bytes(32), 0x8A9136AA),  # RFC 3720, B.4
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (bytes(range(31, -1, -1)), 0x113FDB5C),
    ],
)
def test_published_values(content, checksum):
    assert crc32c.small(content) == checksum == crc32c.large(memoryview(content))


def test_the_mask_is_leveldbs():
    # leveldb's own test: masking changes a checksum, twice differs from once, and it is a bijection
    checksum = crc32c.small(b"foo")
    unmasked = (crc32c.masked(checksum) - 0xA282EAD8) % (1 << 32)
    assert checksum == (unmasked >> 17 | unmasked << 15) % (1 << 32)
    assert len({checksum, crc32c.masked(checksum), crc32c.masked(crc32c.masked(checksum))}) == 3


@pytest.mark.parametrize("size", [65_535, 65_536, 65_537, 81_923, 131_072, 500_001])
def test_both_ways_agree(size):
    content = np.random.default_rng(size).bytes(size)
    assert crc32c.large(memoryview(content)) == crc32c.small(content)
