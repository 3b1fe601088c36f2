"""How many samples there are is counted where a header does not tell, or tells of a part; no header reserves memory."""

import os
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile

from neuroscope.audio import waveforms
from neuroscope.audio.decoders import mpeg, sndfile
from neuroscope.audio.spans import locate
from neuroscope.contracts.audio import Utterance
from neuroscope.errors import BadAudio

SHARED = Path(os.environ.get("NEUROSCOPE_SHARED", Path(__file__).parents[5] / "shared")) / "data" / "failing" / "mp3"


def noise(rate, channels=1, seconds=3.0):
    return 0.3 * np.random.default_rng(0).standard_normal((int(rate * seconds), channels)).clip(-3, 3)


def written(path, rate=16_000, channels=1, seconds=3.0, **options):
    soundfile.write(path, noise(rate, channels, seconds), rate, **options)
    return path.read_bytes()


def as_to_a_pipe(content):
    """An MP3 without its first frame, which is the count and holds no samples."""
    mark = max(content.find(b"Xing", 0, 200), content.find(b"Info", 0, 200))
    second = content.find(content[:2], mark)
    assert mark > 0
    assert second > 0
    return content[second:]


def in_wav(content, rate, channels, *, fact=None):
    about = struct.pack("<HHIIHHHHIHHH", 0x55, channels, rate, 8_000, 1, 0, 12, 1, 2, 576, 1, 1393)
    chunks = b"WAVEfmt " + struct.pack("<I", len(about)) + about
    if fact is not None:
        chunks += b"fact" + struct.pack("<II", 4, fact)
    chunks += b"data" + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)
    chunks += b"LIST" + struct.pack("<I", 4) + b"INFO"
    return b"RIFF" + struct.pack("<I", len(chunks)) + chunks


def read(path, rate=16_000, **fields):
    return waveforms.read(path, locate(Utterance(id="u", path=path, **fields), waveforms.examine(path)), rate)


def reason(path):
    with pytest.raises(BadAudio) as caught:
        read(path)
    return caught.value.reason


@pytest.mark.skipif(not SHARED.exists(), reason="needs shared/data/failing")
@pytest.mark.parametrize("name", ["vbr_piped.mp3", "cbr_piped.mp3"])
def test_all_of_a_recording_that_was_encoded_to_a_pipe_is_read(name):
    """10 s at 44.1 kHz, and what the encoder adds in front and behind: 384 frames."""
    assert waveforms.examine(SHARED / name).frames == 384 * 1152
    wave = read(SHARED / name, 44_100)
    assert len(wave) == 384 * 1152
    assert np.abs(wave[-20_000:-3_000]).max() > 0.01


@pytest.mark.parametrize("rate", [16_000, 44_100])
@pytest.mark.parametrize("mode", ["CONSTANT", "VARIABLE"])
@pytest.mark.parametrize("wrapped", [False, True])
def test_mp3_without_a_count_is_counted_and_its_spans_are_those_of_the_whole(tmp_path, rate, mode, wrapped):
    content = written(tmp_path / "a.mp3", rate, channels=2, bitrate_mode=mode)
    path, bare = tmp_path / "b.mp3", as_to_a_pipe(content)
    path.write_bytes(in_wav(bare, rate, 2, fact=1) if wrapped else bare)
    frames = waveforms.examine(path).frames
    samples_of_frame = 1152 if rate > 32_000 else 576
    assert frames % samples_of_frame == 0
    assert 3 * rate <= frames <= 3 * rate + 5 * samples_of_frame
    whole, counted = read(path, rate), read(tmp_path / "a.mp3", rate)
    delay = np.correlate(whole[: rate + 4_000], counted[:rate]).argmax()
    np.testing.assert_allclose(whole[delay : delay + 3 * rate - 100], counted[:-100], atol=1e-4)
    for first, last in [(0, 100), (rate, rate + 50), (2 * rate + 7, frames)]:
        part = read(path, rate, start=first / rate, duration=(last - first) / rate)
        np.testing.assert_array_equal(part, whole[first:last])


@pytest.mark.parametrize("counted", [False, True])
@pytest.mark.parametrize("channels", [1, 2])
def test_joined_mp3s_are_read_to_the_end_of_the_last(tmp_path, counted, channels):
    content = written(tmp_path / "a.mp3", channels=channels)
    one = content if counted else as_to_a_pipe(content)
    tag = b"ID3\x04\x00\x00\x00\x01\x00\x00" + bytes(2**14)
    for joined in (one * 2, (tag + one) * 2, (one + b"TAG" + bytes(125)) * 2):
        (tmp_path / "b.mp3").write_bytes(joined)
        wave = read(tmp_path / "b.mp3")
        assert 2 * 48_000 <= len(wave) <= 2 * (48_000 + 5 * 576)
        assert np.abs(wave[-4_000:-3_000]).max() > 0.1


def test_a_count_that_is_of_the_whole_file_is_believed_and_nothing_is_decoded(tmp_path, monkeypatch):
    content = written(tmp_path / "a.mp3")
    monkeypatch.setattr(sndfile, "_count", lambda decoder: pytest.fail("decoded"))
    tag = b"ID3\x04\x00\x00\x00\x00\x02\x00" + bytes(256)
    for whole in (content, content + b"TAG" + bytes(125), tag + content, tag + tag + content):
        (tmp_path / "a.mp3").write_bytes(whole)
        assert waveforms.examine(tmp_path / "a.mp3").frames == 48_000
        assert len(read(tmp_path / "a.mp3")) == 48_000


def _ape(flags):
    return b"APETAGEX" + struct.pack("<IIII", 2_000, 5_032, 1, flags) + bytes(8)


_APE = _ape(0xA0000000) + bytes(5_000) + _ape(0x80000000)
_LYRICS = b"LYRICSBEGIN" + b"IND00002" + b"LYR02990" + 230 * b"[00:01]a song"
_LYRICS_1, _LYRICS_2 = _LYRICS + b"LYRICSEND", _LYRICS + b"%06dLYRICS200" % len(_LYRICS)


@pytest.mark.parametrize("counted", [True, False])
@pytest.mark.parametrize(
    "behind", [b"TAG" + bytes(125), _APE, _LYRICS_1, _LYRICS_2, _APE + _LYRICS_2, _LYRICS_2 + _APE]
)
def test_tags_behind_an_mp3_make_it_no_longer(tmp_path, behind, counted):
    content = written(tmp_path / "a.mp3")
    content = content if counted else as_to_a_pipe(content)
    (tmp_path / "a.mp3").write_bytes(content)
    before = read(tmp_path / "a.mp3")
    for tags in (behind, behind + b"TAG" + bytes(125)):
        (tmp_path / "a.mp3").write_bytes(content + tags)
        np.testing.assert_array_equal(read(tmp_path / "a.mp3"), before)


_RANDOM = np.random.default_rng(1).bytes
_NO_AUDIO = [bytes(2_000), b"\xff" * 5_000, b"some text behind the end " * 99, _RANDOM(5_000), _RANDOM(200_000)]


@pytest.mark.parametrize("behind", _NO_AUDIO, ids=["zeros", "ones", "text", "random", "long"])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_what_is_no_audio_behind_a_counted_mp3_makes_it_no_longer(tmp_path, rate, channels, behind):
    content = written(tmp_path / "a.mp3", rate, channels)
    before = read(tmp_path / "a.mp3", rate)
    (tmp_path / "a.mp3").write_bytes(content + behind)
    assert waveforms.examine(tmp_path / "a.mp3").frames == len(before) == 3 * rate
    np.testing.assert_array_equal(read(tmp_path / "a.mp3", rate), before)


@pytest.mark.parametrize("behind", _NO_AUDIO[:3], ids=["zeros", "ones", "text"])
def test_what_is_no_audio_behind_an_mp3_without_a_count_is_told(tmp_path, behind):
    (tmp_path / "a.mp3").write_bytes(as_to_a_pipe(written(tmp_path / "a.mp3")) + behind)
    assert reason(tmp_path / "a.mp3") == "not audio, or damaged"


@pytest.mark.parametrize("between", [bytes(2_000), _RANDOM(5_000), _RANDOM(70_000)], ids=["zeros", "random", "long"])
@pytest.mark.parametrize(
    ("rate", "options"),
    [(rate, {"bitrate_mode": mode}) for rate in (8_000, 16_000, 44_100) for mode in ("CONSTANT", "VARIABLE")]
    + [(16_000, {"format": "OGG"}), (16_000, {"format": "FLAC"}), (16_000, {"format": "WAV"})],
)
def test_a_recording_behind_an_mp3_and_something_else_is_told(tmp_path, rate, options, between):
    first = written(tmp_path / "a.mp3")
    second = written(tmp_path / ("b" if "format" in options else "b.mp3"), rate, **options)
    for behind in (second, second if "format" in options else as_to_a_pipe(second)):
        (tmp_path / "a.mp3").write_bytes(first + between + behind)
        assert reason(tmp_path / "a.mp3") in {"not audio, or damaged", "several recordings"}


@pytest.mark.parametrize("spoilt", [0.2, 0.5, 0.8])
def test_a_counted_mp3_that_is_damaged_is_told_whatever_is_behind_it(tmp_path, spoilt):
    content = bytearray(written(tmp_path / "a.mp3"))
    at = int(spoilt * len(content))
    content[at : at + 2_000] = bytes(2_000)
    (tmp_path / "a.mp3").write_bytes(content + bytes(3_000))
    assert reason(tmp_path / "a.mp3") == "not audio, or damaged"


def test_flac_without_a_length_is_counted(tmp_path):
    content = bytearray(written(tmp_path / "a.flac", channels=2))
    whole = read(tmp_path / "a.flac")
    _claim(content, 0)
    (tmp_path / "a.flac").write_bytes(content)
    assert waveforms.examine(tmp_path / "a.flac").frames == 48_000
    np.testing.assert_array_equal(read(tmp_path / "a.flac"), whole)
    np.testing.assert_array_equal(read(tmp_path / "a.flac", start=1.0, duration=0.5), whole[16_000:24_000])
    (tmp_path / "a.flac").write_bytes(content[: len(content) // 2])
    assert reason(tmp_path / "a.flac") == "not audio, or damaged"


def _claim(content, frames):
    """Write the 36 bits of the number of samples into a FLAC file's STREAMINFO."""
    content[21] = content[21] & 0xF0 | frames >> 32
    content[22:26] = (frames & 0xFFFFFFFF).to_bytes(4, "big")


def _claim_in_ogg(content, frames):
    """Write the position of the last page, and the page's checksum, into an Ogg file."""
    page = content.rfind(b"OggS")
    content[page + 6 : page + 14] = frames.to_bytes(8, "little")
    content[page + 22 : page + 26] = bytes(4)
    checksum = 0
    for byte in content[page:]:
        checksum ^= byte << 24
        for _ in range(8):
            checksum = (checksum << 1 ^ (0x04C11DB7 if checksum & 0x80000000 else 0)) & 0xFFFFFFFF
    content[page + 22 : page + 26] = checksum.to_bytes(4, "little")


@pytest.mark.parametrize(("ending", "claim"), [("flac", _claim), ("ogg", _claim_in_ogg)])
@pytest.mark.parametrize("frames", [100_000, 2**36 - 1])
def test_a_header_that_promises_more_than_there_is_reserves_no_memory(tmp_path, ending, claim, frames):
    content = bytearray(written(tmp_path / f"a.{ending}"))
    claim(content, frames)
    (tmp_path / f"a.{ending}").write_bytes(content)
    tracemalloc.start()
    try:
        assert reason(tmp_path / f"a.{ending}") == "truncated file"
        assert tracemalloc.get_traced_memory()[1] < 50_000_000
    finally:
        tracemalloc.stop()


def test_long_silence_is_no_false_promise(tmp_path):
    soundfile.write(tmp_path / "a.flac", np.zeros(2_000_000), 16_000)
    assert (tmp_path / "a.flac").stat().st_size < 2_000_000 / sndfile._BELIEVED
    assert waveforms.examine(tmp_path / "a.flac").frames == len(read(tmp_path / "a.flac")) == 2_000_000


def test_many_channels_are_decoded_few_samples_at_a_time(tmp_path):
    samples = noise(8_000, channels=1_000, seconds=2.0)
    soundfile.write(tmp_path / "a.wav", samples, 8_000)
    file = waveforms.examine(tmp_path / "a.wav")
    assert (file.frames, file.channels) == (16_000, 1_000)
    tracemalloc.start()
    try:
        wave = read(tmp_path / "a.wav", 8_000)
        assert tracemalloc.get_traced_memory()[1] < 40_000_000
    finally:
        tracemalloc.stop()
    np.testing.assert_allclose(wave, samples.mean(axis=1), atol=1e-4)


@pytest.mark.parametrize(("field", "value"), [(22, 0), (22, 65_535), (24, 0)])
def test_impossible_numbers_of_channels_and_rates_are_refused(tmp_path, field, value):
    content = bytearray(written(tmp_path / "a.wav"))
    content[field : field + (2 if field == 22 else 4)] = value.to_bytes(2 if field == 22 else 4, "little")
    (tmp_path / "a.wav").write_bytes(content)
    assert reason(tmp_path / "a.wav") == "not audio, or damaged"


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("ending", ["flac", "ogg", "opus", "mp3"])
def test_a_compressed_file_that_was_cut_off_is_refused(tmp_path, ending, share):
    options = {"format": "OGG", "subtype": "OPUS"} if ending == "opus" else {}
    content = written(tmp_path / f"a.{ending}", channels=2, **options)
    (tmp_path / f"a.{ending}").write_bytes(content[: int(len(content) * share)])
    assert reason(tmp_path / f"a.{ending}") in {"truncated file", "not audio, or damaged"}


@pytest.mark.parametrize("counted", [False, True])
@pytest.mark.parametrize(("rate", "channels"), [(16_000, 2), (22_050, 1), (44_100, 1)])
def test_joined_mp3s_of_other_rates_or_channels_are_refused(tmp_path, counted, rate, channels):
    parts = [written(tmp_path / "a.mp3"), written(tmp_path / "b.mp3", rate, channels, seconds=0.5)]
    (tmp_path / "c.mp3").write_bytes(b"".join(parts if counted else map(as_to_a_pipe, parts)))
    assert reason(tmp_path / "c.mp3") == "several recordings"


@pytest.mark.parametrize("options", [{"format": "OGG"}, {"format": "WAV"}, {"format": "WAV", "endian": "BIG"}])
def test_recordings_behind_each_other_are_refused_where_the_first_alone_would_be_read(tmp_path, options):
    content = written(tmp_path / "a", **options)
    assert len(read(tmp_path / "a")) == 48_000
    (tmp_path / "a").write_bytes(content * 2)
    assert reason(tmp_path / "a") == "several recordings"


def test_an_ogg_file_whose_last_page_contradicts_the_others_is_refused(tmp_path):
    content = bytearray(written(tmp_path / "a.ogg", seconds=30.0))
    _claim_in_ogg(content, 1_000)
    (tmp_path / "a.ogg").write_bytes(content)
    assert reason(tmp_path / "a.ogg") == "not audio, or damaged"


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
def test_a_pipe_that_is_not_read_to_its_end_leaves_nothing_open(tmp_path):
    (tmp_path / "a.mp3").write_bytes(as_to_a_pipe(written(tmp_path / "a.mp3", seconds=60.0)))
    before = len(list(Path("/proc/self/fd").iterdir()))
    assert len(read(tmp_path / "a.mp3", duration=0.5)) == 8_000
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_the_data_of_a_wav_file_is_found_behind_other_chunks(tmp_path):
    (tmp_path / "a.wav").write_bytes(in_wav(bytes(7), 16_000, 1, fact=3))
    with (tmp_path / "a.wav").open("rb", buffering=0) as stream:
        found = mpeg.find(stream)
    assert found.last - found.first == 7
