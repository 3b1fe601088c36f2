"""m4a and its like: read where PyAV is installed, and the way to it named where it is not."""

import sys

import numpy as np
import pytest

from neuroscope.audio import waveforms
from neuroscope.audio.spans import locate
from neuroscope.contracts.audio import Utterance
from neuroscope.errors import BadAudio

KINDS = {
    "aac in m4a": ("ipod", "aac", 44_100, 2),
    "alac in m4a": ("ipod", "alac", 16_000, 1),
    "aac alone": ("adts", "aac", 16_000, 1),
    "opus in webm": ("webm", "libopus", 48_000, 1),
}


def encode(path, kind, seconds=3.0):
    """A tone of 440 Hz, which begins in the middle."""
    av = pytest.importorskip("av")
    container, codec, rate, channels = kind
    time = np.arange(int(rate * seconds)) / rate
    tone = np.where(time < seconds / 2, 0, 0.3 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)
    layout = {1: "mono", 2: "stereo"}[channels]
    with av.open(str(path), "w", format=container) as file:
        track = file.add_stream(codec, rate=rate, layout=layout)
        frame = av.AudioFrame.from_ndarray(np.tile(tone, (channels, 1)), format="fltp", layout=layout)
        frame.sample_rate = rate
        frame_size = track.codec_context.frame_size or 1024
        resampler = av.AudioResampler(track.codec_context.format.name, layout, rate, frame_size)
        for part in (*resampler.resample(frame), *resampler.resample(None), None):
            for packet in track.encode(part):
                file.mux(packet)
    return tone


def read(path, rate, **fields):
    return waveforms.read(path, locate(Utterance(id="u", path=path, **fields), waveforms.examine(path)), rate)


@pytest.mark.parametrize("kind", KINDS)
def test_all_samples_are_read_and_a_span_is_the_same_as_in_the_whole(tmp_path, kind):
    path, rate = tmp_path / "a", KINDS[kind][2]
    tone = encode(path, KINDS[kind])
    file = waveforms.examine(path)
    assert (file.rate, file.channels) == KINDS[kind][2:]
    whole = read(path, rate)
    assert len(tone) <= len(whole) <= len(tone) + 0.1 * rate
    begin = int(np.flatnonzero(np.abs(whole) > 0.1)[0])
    assert abs(begin - len(tone) // 2) < 0.1 * rate
    assert 0.19 < np.sqrt(np.mean(whole[begin + rate // 5 : begin + rate] ** 2)) < 0.23
    for first, last in [(0, 100), (rate, 2 * rate), (2 * rate, len(whole))]:
        part = read(path, rate, start=first / rate, duration=(last - first) / rate)
        np.testing.assert_array_equal(part, whole[first:last])


@pytest.mark.parametrize("kind", ["aac in m4a", "alac in m4a", "opus in webm"])
def test_a_file_that_was_cut_off_is_refused(tmp_path, kind):
    encode(tmp_path / "a", KINDS[kind], seconds=20.0)
    content = (tmp_path / "a").read_bytes()
    (tmp_path / "a").write_bytes(content[: len(content) // 2])
    with pytest.raises(BadAudio) as caught:
        read(tmp_path / "a", 16_000)
    assert caught.value.reason in {"truncated file", "not audio, or damaged"}


def test_where_pyav_is_missing_its_installation_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    for begin in (b"\x00\x00\x00\x1cftypM4A ", b"\xff\xf1\x60\x40", b"#!AMR\n"):
        (tmp_path / "a.m4a").write_bytes(begin + bytes(100))
        with pytest.raises(BadAudio) as caught:
            waveforms.examine(tmp_path / "a.m4a")
        assert caught.value.reason == "needs PyAV"
        assert "pip install av" in caught.value.detail


@pytest.mark.parametrize(
    "content", [b"\x00\x00\x00\x1cftypM4A " + bytes(1_000), b"\xff\xf1" + b"x" * 1_000, b"#!AMR\n"]
)
def test_damaged_media_is_refused(tmp_path, content):
    pytest.importorskip("av")
    (tmp_path / "a.m4a").write_bytes(content)
    with pytest.raises(BadAudio) as caught:
        waveforms.examine(tmp_path / "a.m4a")
    assert caught.value.reason in {"not audio, or damaged", "no samples"}
