"""Plain SPHERE: libsndfile reads every coding and header; what is cut off is refused."""

import io
import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from neuroscope.audio import waveforms
from neuroscope.audio.waveforms import Span
from neuroscope.errors import BadAudio

files = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("shorten_files.py"))))
SAMPLES = np.random.default_rng(0).integers(-20_000, 20_000, (4_000, 2), dtype=np.int16)
LAWS = {"ulaw": "ULAW", "mu-law": "ULAW", "alaw": "ALAW"}


def coded(coding, order, channels):
    """The bytes of the samples, and what they stand for, full scale = 1."""
    samples = SAMPLES[:, :channels]
    if coding == "pcm":
        return samples.astype("<i2" if order == "01" else ">i2").tobytes(), samples / 2**15
    raw = {"format": "RAW", "subtype": LAWS[coding]}
    soundfile.write(written := io.BytesIO(), samples, 8_000, **raw)
    heard, _ = soundfile.read(
        io.BytesIO(written.getvalue()), samplerate=8_000, channels=channels, always_2d=True, **raw
    )
    return written.getvalue(), heard


@pytest.mark.parametrize("header_size", [1024, 2048])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(("coding", "order"), [("pcm", "01"), ("pcm", "10"), *((law, "1") for law in LAWS)])
def test_each_coding_is_read_track_by_track(tmp_path, coding, order, channels, header_size):
    path, (content, heard) = tmp_path / "a.sph", coded(coding, order, channels)
    path.write_bytes(files.sphere(4_000, 8_000, channels, coding, order, header_size) + content)
    file = waveforms.examine(path)
    assert (file.frames, file.rate, file.channels) == (4_000, 8_000, channels)
    for channel in range(channels):
        wave = waveforms.read(path, Span(file, 1_000, 3_000, channel), 8_000)
        np.testing.assert_array_equal(wave, heard[1_000:3_000, channel].astype(np.float32))


@pytest.mark.parametrize("coding", ["pcm", "ulaw"])
def test_a_file_with_fewer_samples_than_its_header_says_is_refused(tmp_path, coding):
    content, _ = coded(coding, "01", 2)
    path = tmp_path / "a.sph"
    for kept in (len(content) - 1, 100, 0):
        path.write_bytes(files.sphere(4_000, 8_000, 2, coding) + content[:kept])
        with pytest.raises(BadAudio) as caught:
            waveforms.examine(path)
        assert caught.value.reason == "truncated file"
        assert f"{kept} of {len(content)} bytes" in caught.value.detail


def test_bytes_behind_the_samples_are_left_out(tmp_path):
    content, heard = coded("ulaw", "1", 2)
    (tmp_path / "a.sph").write_bytes(files.sphere(4_000, 8_000, 2, "ulaw", "1") + content + bytes(1_000))
    file = waveforms.examine(tmp_path / "a.sph")
    assert file.frames == 4_000
    wave = waveforms.read(tmp_path / "a.sph", Span(file, 3_000, 4_000, 1), 8_000)
    np.testing.assert_array_equal(wave, heard[3_000:, 1].astype(np.float32))


@pytest.mark.parametrize(
    "content",
    [
        b"NIST_1A\n",
        b"NIST_1A x",
        b"NIST_1A\n   1024\n",
        b"NIST_1A\n      0\n" + bytes(100),
        b"NIST_1A\n 999999\n" + b"x" * 1_000,
        files.sphere(-5, 8_000, 1) + bytes(100),
        files.sphere(10, 0, 1) + bytes(100),
        files.sphere(10**30, 8_000, 1) + bytes(100),
        files.sphere(10, 8_000, 1, "opus") + bytes(100),
    ],
)
def test_a_damaged_header_is_refused(tmp_path, content):
    (tmp_path / "a.sph").write_bytes(content)
    with pytest.raises(BadAudio):
        waveforms.examine(tmp_path / "a.sph")
