"""m4a and its like: read where PyAV is installed, and the way to it named where it is not."""

import sys
from fractions import Fraction

import numpy as np
import pytest

from neuroscope.audio import waveforms
from neuroscope.audio.decoders import media
from neuroscope.audio.spans import locate
from neuroscope.contracts.audio import Utterance
from neuroscope.errors import BadAudio, MissingDependency

KINDS = {
    "aac in m4a": ("ipod", "aac", 44_100, 2),
    "aac in mp4": ("mp4", "aac", 16_000, 1),
    "aac in mkv": ("matroska", "aac", 16_000, 1),
    "aac alone": ("adts", "aac", 16_000, 1),
    "alac in m4a": ("ipod", "alac", 16_000, 1),
    "alac in mov": ("mov", "alac", 44_100, 2),
    "flac in mp4": ("mp4", "flac", 16_000, 1),
    "mp3 in mp4": ("mp4", "libmp3lame", 16_000, 1),
    "opus in webm": ("webm", "libopus", 48_000, 1),
    "amr": ("amr", "libopencore_amrnb", 8_000, 1),
    "amr in 3gp": ("3gp", "libopencore_amrnb", 8_000, 1),
}
SOUGHT = {"alac in m4a", "alac in mov", "flac in mp4"}


def encode(path, kind, seconds=3.0, begins=None, noise=0.0):
    """A tone of 440 Hz, which begins in the middle; noise is what AAC codes as such."""
    av = pytest.importorskip("av")
    container, codec, rate, channels = kind
    time = np.arange(int(rate * seconds)) / rate
    tone = np.where(time < (seconds / 2 if begins is None else begins), 0, 0.3 * np.sin(2 * np.pi * 440 * time))
    tone = (tone + noise * np.random.default_rng(0).standard_normal(len(time))).astype(np.float32)
    layout = {1: "mono", 2: "stereo"}[channels]
    with av.open(str(path), "w", format=container) as file:
        track = file.add_stream(codec, rate=rate, layout=layout)
        frame = av.AudioFrame.from_ndarray(np.tile(tone, (channels, 1)), format="fltp", layout=layout)
        frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
        track.codec_context.open()
        resampler = av.AudioResampler(
            track.codec_context.format.name, layout, rate, track.codec_context.frame_size or 1024
        )
        for part in (*resampler.resample(frame), *resampler.resample(None), None):
            for packet in track.encode(part):
                file.mux(packet)
    return tone


def read(path, rate, **fields):
    return waveforms.read(path, locate(Utterance(id="u", path=path, **fields), waveforms.examine(path)), rate)


@pytest.mark.parametrize("kind", KINDS)
def test_all_samples_are_read_where_they_belong(tmp_path, kind):
    path, rate = tmp_path / "a", KINDS[kind][2]
    tone = encode(path, KINDS[kind])
    file = waveforms.examine(path)
    assert (file.rate, file.channels) == KINDS[kind][2:]
    whole = read(path, rate)
    assert len(tone) <= len(whole) <= len(tone) + 0.1 * rate
    begin = int(np.flatnonzero(np.abs(whole) > 0.1)[0])
    assert abs(begin - len(tone) // 2) < 0.1 * rate
    assert 0.16 < np.sqrt(np.mean(whole[begin + rate // 5 : begin + rate] ** 2)) < 0.23


@pytest.mark.parametrize("kind", KINDS)
def test_spans_have_the_bits_of_the_whole_file_wherever_they_lie(tmp_path, kind, monkeypatch):
    path, rate, seconds = tmp_path / "a", KINDS[kind][2], 60
    encode(path, KINDS[kind], seconds, begins=20, noise=0.02)
    file = waveforms.examine(path)
    whole = decoded(path, file, 0, file.frames)
    assert len(whole) == file.frames
    steps, sought = [], media.MediaDecoder._sought
    monkeypatch.setattr(media.MediaDecoder, "_sought", lambda *given: steps.append(sought(*given)) or steps[-1])
    spans = [(0, 1), (0, 5_000), (4_095, 4_097), (4_096, 8_192), (file.frames - rate, file.frames)]
    random = np.random.default_rng(0).integers(0, file.frames - rate // 2, 8).tolist()
    for first, last in spans + [(begin, begin + rate // 2) for begin in random]:
        np.testing.assert_array_equal(decoded(path, file, first, last), whole[first:last])
    assert (max(steps) > 50 * rate) == (kind in SOUGHT)


def decoded(path, file, first, last):
    with path.open("rb", buffering=0) as stream, media.opened_decoder(stream, path, file) as decoder:
        blocks = list(decoder.blocks(first, last))
    assert all(len(block) for block in blocks)
    return np.concatenate(blocks)


def test_a_tone_in_m4a_begins_where_it_began_though_the_encoder_begins_earlier(tmp_path):
    encode(tmp_path / "a", KINDS["aac in mp4"], begins=1.0)
    whole = read(tmp_path / "a", 16_000)
    assert abs(int(np.flatnonzero(np.abs(whole) > 0.05)[0]) - 16_000) < 300  # it begins 1,024 samples earlier


def test_a_span_deep_in_a_file_decodes_no_more_than_it_holds(tmp_path):
    encode(tmp_path / "a", KINDS["alac in m4a"], 60)
    file, content = waveforms.examine(tmp_path / "a"), bytearray((tmp_path / "a").read_bytes())
    content[20_000:60_000] = bytes(40_000)  # of the first seconds
    (tmp_path / "a").write_bytes(content)
    assert len(decoded(tmp_path / "a", file, 50 * 16_000, 51 * 16_000)) == 16_000


@pytest.mark.parametrize("kind", ["aac in m4a", "alac in m4a", "opus in webm"])
def test_a_file_that_was_cut_off_is_refused(tmp_path, kind):
    encode(tmp_path / "a", KINDS[kind], seconds=20.0)
    content = (tmp_path / "a").read_bytes()
    (tmp_path / "a").write_bytes(content[: len(content) // 2])
    with pytest.raises(BadAudio) as caught:
        read(tmp_path / "a", 16_000)
    assert caught.value.reason in {"truncated file", "not audio, or damaged"}


def test_where_pyav_is_missing_the_file_and_the_installation_are_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    for begin in (b"\x00\x00\x00\x1cftypM4A ", b"\xff\xf1\x60\x40", b"#!AMR\n"):
        (tmp_path / "a.m4a").write_bytes(begin + bytes(100))
        with pytest.raises(MissingDependency) as caught:
            waveforms.examine(tmp_path / "a.m4a")
        for words in (str(tmp_path / "a.m4a"), "m4a, AAC", 'pip install "neuroscope-speech[m4a]"', "pip install av"):
            assert words in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "content", [b"\x00\x00\x00\x1cftypM4A " + bytes(1_000), b"\xff\xf1" + b"x" * 1_000, b"#!AMR\n"]
)
def test_damaged_media_is_refused(tmp_path, content):
    pytest.importorskip("av")
    (tmp_path / "a.m4a").write_bytes(content)
    with pytest.raises(BadAudio) as caught:
        waveforms.examine(tmp_path / "a.m4a")
    assert caught.value.reason in {"not audio, or damaged", "no samples"}
