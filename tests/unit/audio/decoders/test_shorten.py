"""SPHERE that is compressed by shorten: the samples that went in, decoded once, and nothing that never ends."""

import importlib.metadata
import io
import runpy
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from neuroscope.audio import waveforms
from neuroscope.audio.decoders import shorten
from neuroscope.audio.waveforms import Span
from neuroscope.errors import BadAudio, MissingDependency, NeuroscopeError
from neuroscope.runtime.files import cache_folder

pytest.importorskip("desphere")
files = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("shorten_files.py"))))
FRAMES = 3_000
CODINGS = {files.S16HL: "pcm", files.S16LH: "pcm", files.ULAW: "ulaw"}


def samples(channels):
    """Tones with noise, of which the second half is silence."""
    time = np.arange(FRAMES)[:, None] / 8_000
    tones = 6_000 * np.sin(2 * np.pi * (200 + 50 * np.arange(channels)) * time)
    tones += np.random.default_rng(0).normal(0, 100, tones.shape)
    return np.where(np.arange(FRAMES)[:, None] < 2_200, tones, 0).astype(np.int16)


def ulaw(pcm):
    soundfile.write(written := io.BytesIO(), pcm, 8_000, format="RAW", subtype="ULAW")
    return np.frombuffer(written.getvalue(), dtype=np.uint8).reshape(pcm.shape)


def write(path, kind, channels, frames=FRAMES):
    """Write a file; return the int16 samples that it holds."""
    pcm = samples(channels)
    header = files.sphere(frames, 8_000, channels, f"{CODINGS[kind]},embedded-shorten-v2.00", "10")
    path.write_bytes(header + files.shorten(ulaw(pcm) if kind == files.ULAW else pcm, kind))
    if kind != files.ULAW:
        return pcm
    raw = {"format": "RAW", "subtype": "ULAW", "samplerate": 8_000, "channels": channels}
    return soundfile.read(io.BytesIO(ulaw(pcm).tobytes()), dtype="int16", always_2d=True, **raw)[0]


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("kind", CODINGS)
def test_what_was_encoded_is_read(tmp_path, kind, channels):
    pcm = write(tmp_path / "a.sph", kind, channels)
    file = waveforms.examine(tmp_path / "a.sph")
    assert (file.frames, file.rate, file.channels) == (FRAMES, 8_000, channels)
    for first, last in [(0, FRAMES), (1_000, 2_500)]:
        for channel in range(channels):
            wave = waveforms.read(tmp_path / "a.sph", Span(file, first, last, channel), 8_000)
            np.testing.assert_array_equal(wave, pcm[first:last, channel].astype(np.float32) / 2**15)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("is_ulaw", [False, True])
def test_the_files_of_these_tests_are_true_another_decoder_reads_them(tmp_path, is_ulaw, channels):
    """It knows 16 bits alone, so it is given the numbers that u-law is compressed as."""
    av = pytest.importorskip("av")
    pcm = files.rank(ulaw(samples(channels))) if is_ulaw else samples(channels)
    header = files.sphere(FRAMES, 8_000, channels, "pcm,embedded-shorten-v2.00", "10")
    with av.open(io.BytesIO(header + files.shorten(pcm))) as container:
        assert container.streams.audio[0].codec_context.name == "shorten"
        heard = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)
    np.testing.assert_array_equal(heard.T, pcm)


def test_a_file_is_decoded_once_for_all_its_spans_and_again_where_its_copy_is_gone_or_damaged(tmp_path, monkeypatch):
    pcm = write(tmp_path / "a.sph", files.ULAW, 2)
    decoded, decode = [], shorten._decode
    monkeypatch.setattr(shorten, "_decode", lambda *given: decoded.append(1) or decode(*given))
    file = waveforms.examine(tmp_path / "a.sph")

    def read(number):
        wave = waveforms.read(tmp_path / "a.sph", Span(file, 10 * number, 10 * number + 500, number % 2), 8_000)
        return np.array_equal(wave, pcm[10 * number : 10 * number + 500, number % 2].astype(np.float32) / 2**15)

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(read, range(50)))
    (tmp_path / "a.sph").rename(tmp_path / "b.sph")
    assert waveforms.examine(tmp_path / "b.sph") == file
    (tmp_path / "b.sph").rename(tmp_path / "a.sph")
    assert len(decoded) == 1
    (copy,) = (cache_folder() / "decoded").rglob("*.wav")
    for times, damage in enumerate((copy.unlink, lambda: copy.write_bytes(copy.read_bytes()[:-2])), start=2):
        damage()
        assert read(1)
        assert len(decoded) == times
    assert [path.name for path in copy.parent.iterdir()] == [copy.name]


def test_where_the_cache_cannot_be_written_the_folder_is_named(tmp_path, monkeypatch):
    write(tmp_path / "a.sph", files.ULAW, 1)
    (tmp_path / "file").touch()
    monkeypatch.setenv("NEUROSCOPE_CACHE", str(tmp_path / "file"))
    with pytest.raises(NeuroscopeError, match=f"decoded into {tmp_path / 'file'}"):
        waveforms.examine(tmp_path / "a.sph")


def test_a_decoder_that_cannot_work_is_no_fault_of_the_file(tmp_path, monkeypatch):
    write(tmp_path / "a.sph", files.ULAW, 1)
    (tmp_path / "desphere.py").write_text("raise ImportError('half of it is gone')")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    with pytest.raises(NeuroscopeError, match=r"a\.sph cannot be decoded by desphere: .*half of it is gone") as caught:
        waveforms.examine(tmp_path / "a.sph")
    assert not isinstance(caught.value, BadAudio)


def test_where_desphere_is_missing_the_file_and_the_installation_are_named(tmp_path, monkeypatch):
    write(tmp_path / "a.sph", files.ULAW, 1)

    def missing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    shorten._installed.cache_clear()
    monkeypatch.setattr(importlib.metadata, "version", missing)
    with pytest.raises(MissingDependency) as caught:
        waveforms.examine(tmp_path / "a.sph")
    for words in (
        str(tmp_path / "a.sph"),
        "shorten",
        'pip install "neuroscope-speech[sphere]"',
        "pip install desphere",
    ):
        assert words in str(caught.value)


def refused(path, content):
    path.write_bytes(content)
    with pytest.raises(BadAudio) as caught:
        waveforms.examine(path)
    assert str(path) in caught.value.detail
    assert "Traceback" not in caught.value.detail
    assert list((cache_folder() / "decoded").rglob("*.wav")) == []
    return caught.value


def test_what_is_cut_off_is_refused(tmp_path):
    write(tmp_path / "a.sph", files.ULAW, 2)
    content = (tmp_path / "a.sph").read_bytes()
    assert refused(tmp_path / "b.sph", content[: len(content) // 2]).reason == "truncated file"
    write(tmp_path / "a.sph", files.ULAW, 2, frames=FRAMES + 1)
    assert refused(tmp_path / "a.sph", (tmp_path / "a.sph").read_bytes()).reason == "truncated file"


def stream(*numbers, behind=()):
    """A stream of a header and functions: numbers are written as long ones, pairs with their low bits."""
    bits = files._Bits()
    for number in numbers:
        bits.long(number)
    for value, low in behind:
        bits.unsigned(value, low)
    return b"ajkg\x02" + bits.bytes()


HEADER = files.sphere(FRAMES, 8_000, 1, "pcm,embedded-shorten-v2.00", "10")


@pytest.mark.parametrize(
    "content",
    [
        HEADER,
        HEADER + b"ajkg",
        HEADER + b"ajkg\x07" + bytes(100),
        HEADER + b"ajkg\x02" + np.random.default_rng(0).bytes(5_000),
        HEADER + b"x" * 5_000,
        HEADER + bytes(50_000),
        HEADER + stream(files.S16HL, 1, 2**24 + 1, 0, 0, 0),
        HEADER + stream(files.S16HL, 0, 256, 0, 0, 0),
        HEADER + stream(files.S16HL, 2**40, 256, 0, 0, 0),
        HEADER + stream(7, 1, 256, 0, 0, 0),
        HEADER + stream(files.S16HL, 1, 256, 0, 0, 2**40),
        files.sphere(2**40, 8_000, 1, "pcm,embedded-shorten-v2.00", "10") + stream(files.S16HL, 1, 256, 0, 0, 0),
        files.sphere(FRAMES, 8_000, 1, "pcm,embedded-wavpack", "10") + bytes(5_000),
        files.sphere(FRAMES, 8_000, 3, "pcm,embedded-shorten-v2.00", "10") + files.shorten(samples(1)),
    ],
)
def test_damaged_streams_are_refused(tmp_path, content):
    refused(tmp_path / "a.sph", content)


def test_silence_that_fills_the_memory_is_refused(tmp_path):
    blocks = [(files.ZERO, 2)] * 60  # 2^24 samples each
    content = HEADER + stream(files.S16HL, 1, 2**24, 0, 0, 0, behind=[*blocks, (files.QUIT, 2)])
    assert "more samples than its header says" in refused(tmp_path / "a.sph", content).detail


def test_a_number_without_an_end_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(shorten, "_SECONDS", 0.3)
    count = bytes(2**17) + b"\xff"  # of the low bits of a number: 2^20 zeros, a one, two low bits
    content = HEADER + b"ajkg\x02" + count + b"\xff" * 2**20
    assert "without an end" in refused(tmp_path / "a.sph", content).detail
