"""Write SPHERE files, plain and compressed by shorten; nobody distributes an encoder any more.

Source: T. Robinson, SHORTEN: simple lossless and near-lossless waveform compression, CUED/F-INFENG/TR.156, 1994, and
the numbers of functions and types of version 2. What ffmpeg decodes from it is what was encoded: a test.
"""

import numpy as np

S16HL, S16LH, ULAW = 3, 5, 8
DIFF = (0, 1, 2, 3)
QUIT, BLOCKSIZE, BITSHIFT, ZERO, VERBATIM = 4, 5, 6, 8, 9


def sphere(frames, rate, channels, coding="pcm", order="01", header_size=1024, width=None):
    """Header of a SPHERE file."""
    width = width or (1 if "law" in coding else 2)
    lines = [
        "NIST_1A",
        f"{header_size:7d}",
        "conversation_id -s4 4065",
        f"sample_count -i {frames}",
        f"sample_n_bytes -i {width}",
        f"channel_count -i {channels}",
        f"sample_byte_format -s{len(order)} {order}",
        f"sample_rate -i {rate}",
        f"sample_coding -s{len(coding)} {coding}",
        "end_head\n",
    ]
    return "\n".join(lines).encode().ljust(header_size)


def rank(ulaw):
    """Number of a u-law byte in the order of what it stands for, -128 to 127, as shorten has it."""
    ulaw = np.asarray(ulaw, dtype=np.int64)
    return np.where(ulaw >= 128, 255 - ulaw, ulaw - 128)


def shorten(samples, kind=S16HL, block=256, functions=DIFF):
    """Compress int ``[frames, channels]`` (of u-law: its bytes), block by block with one function after the other."""
    samples = rank(samples) if kind == ULAW else np.asarray(samples, dtype=np.int64)
    bits = _Bits()
    for number in (kind, samples.shape[1], block, 0, 0, 0):
        bits.long(number)
    bits.unsigned(VERBATIM, 2)  # bytes of the original header
    bits.unsigned(3, 5)
    for byte in b"abc":
        bits.unsigned(byte, 8)
    before = np.vstack([np.zeros((3, samples.shape[1]), dtype=np.int64), samples])
    for number, begin in enumerate(range(0, len(samples), block)):
        length = min(block, len(samples) - begin)
        if length < block:
            bits.unsigned(BLOCKSIZE, 2)
            bits.long(length)
        for channel in range(samples.shape[1]):
            order = functions[number % len(functions)]
            part = before[begin + 3 - order : begin + 3 + length, channel]
            _write_block(bits, order, np.diff(part, order))
    bits.unsigned(QUIT, 2)
    return b"ajkg\x02" + bits.bytes()


def _write_block(bits, order, rest):
    if order == 0 and not rest.any():
        bits.unsigned(ZERO, 2)
        return
    energy = int(min(7, max(0, np.ceil(np.log2(np.abs(rest).mean() + 1)) - 1)))
    bits.unsigned(order, 2)
    bits.unsigned(energy, 3)
    for value in rest.tolist():
        bits.signed(value, energy + 1)


class _Bits:
    def __init__(self):
        self.parts = []

    def unsigned(self, value, low):
        """High part: as many zeros and a one; then the low bits."""
        self.parts.append("0" * (value >> low) + "1" + (format(value & ((1 << low) - 1), f"0{low}b") if low else ""))

    def signed(self, value, low):
        self.unsigned(2 * value if value >= 0 else -2 * value - 1, low)

    def long(self, value):
        low = value.bit_length()
        self.unsigned(low, 2)
        self.unsigned(value, low)

    def bytes(self):
        text = "".join(self.parts)
        text += "0" * (-len(text) % 32)
        return int(text, 2).to_bytes(len(text) // 8)
