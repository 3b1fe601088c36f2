"""Any file to the samples of an utterance, exactly, or to a reason why not."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from hypothesis import given
from hypothesis import strategies as st

from neuroscope.audio import waveforms
from neuroscope.audio.decoders import sndfile
from neuroscope.audio.files import AudioFile
from neuroscope.audio.spans import locate
from neuroscope.contracts.audio import Utterance
from neuroscope.errors import BadAudio

LOSSLESS = [("wav", "PCM_16"), ("wav", "PCM_24"), ("wav", "FLOAT"), ("flac", "PCM_16"), ("aiff", "PCM_16")]
COMPRESSED = [("mp3", "MPEG_LAYER_III"), ("ogg", "VORBIS"), ("ogg", "OPUS"), ("wav", "GSM610"), ("wav", "IMA_ADPCM")]
STRETCHES = [(0.0, 1.0), (0.5, 1.0), (1.1, 0.7), (1.2345, 0.02), (2.0, None), (2.9, 0.1), (2.97, None)]


def noise(rate, channels=1, seconds=3.0, seed=0):
    return 0.3 * np.random.default_rng(seed).standard_normal((int(rate * seconds), channels)).clip(-3, 3)


def utterance(path, **fields):
    return Utterance(id="u", path=path, **fields)


def read(path, rate, **fields):
    return waveforms.read(path, locate(utterance(path, **fields), waveforms.examine(path)), rate)


def reason(path):
    with pytest.raises(BadAudio) as caught:
        read(path, 16_000)
    return caught.value.reason


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 44_100, 48_000])
@pytest.mark.parametrize(("ending", "subtype"), LOSSLESS)
def test_lossless_files_give_their_samples_back_and_two_tracks_their_mean(tmp_path, ending, subtype, rate):
    path, samples = tmp_path / f"a.{ending}", noise(rate, channels=2, seconds=0.1)
    soundfile.write(path, samples, rate, subtype=subtype)
    assert waveforms.examine(path).frames == len(samples)
    np.testing.assert_allclose(read(path, rate), samples.mean(axis=1), atol=1.1 / 2**15)


@pytest.mark.parametrize("rate", [8_000, 16_000, 24_000, 48_000])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(("ending", "subtype"), [*LOSSLESS, *COMPRESSED])
def test_a_span_is_the_same_samples_as_in_the_whole_file(tmp_path, ending, subtype, rate, channels):
    path = tmp_path / f"a.{ending}"
    soundfile.write(path, noise(rate, 1 if subtype == "GSM610" else channels), rate, subtype=subtype)
    with soundfile.SoundFile(path) as opened:
        whole = opened.read(opened.frames, dtype="float32", always_2d=True).mean(axis=1)
    file = waveforms.examine(path)
    np.testing.assert_array_equal(read(path, rate), whole)
    for start, duration in STRETCHES:
        span = locate(utterance(path, start=start, duration=duration), file)
        np.testing.assert_array_equal(waveforms.read(path, span, rate), whole[span.first : span.last])


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(("ending", "subtype"), [LOSSLESS[0], COMPRESSED[0]])
def test_read_in_blocks_the_bits_are_those_of_one_piece(tmp_path, monkeypatch, ending, subtype, rate, channels):
    path = tmp_path / f"a.{ending}"
    soundfile.write(path, noise(3 * rate, channels), rate, subtype=subtype)
    whole, part = read(path, 16_000), read(path, 16_000, start=0.5, duration=1.25)
    monkeypatch.setattr(sndfile, "BLOCK", 999)
    np.testing.assert_array_equal(read(path, 16_000), whole)
    np.testing.assert_array_equal(read(path, 16_000, start=0.5, duration=1.25), part)


def test_a_track_is_read_alone_and_the_same_after_resampling(tmp_path):
    path, samples = tmp_path / "a.wav", noise(48_000, channels=3, seconds=0.5)
    soundfile.write(path, samples, 48_000, subtype="FLOAT")
    soundfile.write(tmp_path / "one.wav", samples[:, 1], 48_000, subtype="FLOAT")
    for rate in (16_000, 48_000):
        np.testing.assert_array_equal(read(path, rate, audio_channel=1), read(tmp_path / "one.wav", rate))


def test_resampling_keeps_a_tone_and_takes_away_what_the_new_rate_cannot_hold(tmp_path):
    time = np.arange(48_000) / 48_000
    tone = 0.5 * np.sin(2 * np.pi * 440 * time)
    soundfile.write(tmp_path / "a.wav", tone + 0.4 * np.sin(2 * np.pi * 15_000 * time), 48_000, subtype="FLOAT")
    wave = read(tmp_path / "a.wav", 16_000)
    np.testing.assert_allclose(wave[500:-500], tone[::3][500:-500], atol=1e-3)


@given(
    st.sampled_from([11_025, 16_000, 22_050, 44_100, 48_000]), st.sampled_from([8_000, 24_000]), st.integers(1, 5_000)
)
def test_the_length_after_resampling_is_known_before(rate, target, frames):
    import soxr

    span = waveforms.Span(AudioFile("d", frames, rate, 1), 0, frames, None)
    assert len(soxr.resample(np.zeros(frames, dtype=np.float32), rate, target)) == span.samples_at(target)


FILE = AudioFile("digest", 48_000, 16_000, 2)


@pytest.mark.parametrize("duration", [None, 3.0, 2.991, 3.009])
def test_a_duration_within_ten_milliseconds_is_the_whole_file(duration):
    assert locate(utterance(None, duration=duration), FILE).key == locate(utterance(None), FILE).key


@pytest.mark.parametrize("fields", [{"duration": 2.98}, {"start": 0.001}, {"audio_channel": 0}, {"audio_channel": 1}])
def test_other_samples_have_another_key(fields):
    assert locate(utterance(None, **fields), FILE).key != locate(utterance(None), FILE).key


def test_the_one_track_of_a_file_and_the_mean_of_its_tracks_are_the_same_row():
    file = AudioFile("digest", 48_000, 16_000, 1)
    assert locate(utterance(None, audio_channel=0), file).key == locate(utterance(None), file).key


@given(st.floats(0, 2.99), st.floats(0.01, 3.0))
def test_a_span_lies_within_its_file_and_is_as_long_as_it_says(start, duration):
    try:
        span = locate(utterance(None, start=start, duration=duration), FILE)
    except BadAudio as error:
        assert start + duration > 3.01
        assert error.reason == "end outside the file"
        return
    assert 0 <= span.first < span.last <= FILE.frames
    assert abs((span.last - span.first) / FILE.rate - duration) <= 0.0102


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"start": 3.0}, "start outside the file"),
        ({"start": -0.1}, "start outside the file"),
        ({"start": float("nan")}, "start outside the file"),
        ({"start": 1.0, "duration": 2.02}, "end outside the file"),
        ({"duration": float("inf")}, "end outside the file"),
        ({"duration": float("nan")}, "no samples"),
        ({"duration": 0.0}, "no samples"),
        ({"start": 2.999, "duration": -0.001}, "no samples"),
        ({"duration": 1e-6}, "no samples"),
        ({"audio_channel": 2}, "no such channel"),
        ({"audio_channel": -1}, "no such channel"),
        ({"audio_channel": 2**63}, "no such channel"),
        ({"audio_channel": 10**30}, "no such channel"),
        ({"audio_channel": -(2**63)}, "no such channel"),
    ],
)
def test_a_span_that_the_file_does_not_have_is_refused(fields, expected):
    with pytest.raises(BadAudio) as caught:
        locate(utterance(None, **fields), FILE)
    assert caught.value.reason == expected


def test_a_moved_file_keeps_its_key_and_a_changed_file_loses_it(tmp_path):
    path, elsewhere = tmp_path / "a.wav", tmp_path / "b" / "other.wav"
    soundfile.write(path, noise(16_000), 16_000)
    before = locate(utterance(path), waveforms.examine(path)).key
    elsewhere.parent.mkdir()
    shutil.move(path, elsewhere)
    assert locate(utterance(elsewhere), waveforms.examine(elsewhere)).key == before
    with elsewhere.open("r+b") as stream:
        stream.seek(-1, os.SEEK_END)
        stream.write(b"\x55")
    assert locate(utterance(elsewhere), waveforms.examine(elsewhere)).key != before


def test_a_name_that_is_not_utf8_is_read(tmp_path):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.mp3"))
    soundfile.write(tmp_path / "a.mp3", noise(16_000), 16_000)
    (tmp_path / "a.mp3").rename(path)
    assert len(read(path, 16_000, start=1.0)) == 32_000


def test_bytes_that_are_no_audio_are_refused_whatever_their_name(tmp_path):
    for ending in ("wav", "mp3", "flac", "ogg", "raw", "sph", ""):
        for content in (b"plain text\n" * 99, bytes(3_000), b"RIFF", b"\xff" * 500):
            path = tmp_path / f"a.{ending}"
            path.write_bytes(content)
            assert reason(path) == "not audio, or damaged", (ending, content)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("nothing.wav", "missing file"),
        ("folder.wav", "not a file"),
        ("pipe.wav", "not a file"),
        ("empty.wav", "empty file"),
        ("silent.wav", "no samples"),
        ("text.txt/inside.wav", "unreadable file"),
        ("nul\0.wav", "unreadable file"),
        ("x" * 300 + ".wav", "unreadable file"),
    ],
)
def test_what_is_no_audio_file_is_refused_with_the_reason(tmp_path, path, expected):
    (tmp_path / "folder.wav").mkdir()
    os.mkfifo(tmp_path / "pipe.wav")
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.txt").write_text("text")
    soundfile.write(tmp_path / "silent.wav", np.zeros(0), 16_000)
    assert reason(tmp_path / path) == expected


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_unreadable(tmp_path):
    soundfile.write(tmp_path / "a.wav", noise(16_000), 16_000)
    (tmp_path / "a.wav").chmod(0)
    assert reason(tmp_path / "a.wav") == "unreadable file"


@pytest.mark.parametrize("ending", ["flac", "mp3", "ogg"])
def test_half_of_a_compressed_file_is_no_shorter_utterance_but_refused(tmp_path, ending):
    soundfile.write(tmp_path / f"a.{ending}", noise(16_000, seconds=1.0), 16_000)
    half = (tmp_path / f"a.{ending}").read_bytes()
    (tmp_path / f"a.{ending}").write_bytes(half[: len(half) // 2])
    assert reason(tmp_path / f"a.{ending}") in {"truncated file", "not audio, or damaged", "no samples"}


def test_half_of_a_wav_file_is_as_long_as_what_is_there(tmp_path):
    soundfile.write(tmp_path / "a.wav", noise(16_000, seconds=1.0), 16_000)
    half = (tmp_path / "a.wav").read_bytes()[:16_044]
    (tmp_path / "a.wav").write_bytes(half)
    assert waveforms.examine(tmp_path / "a.wav").frames == len(read(tmp_path / "a.wav", 16_000)) == 8_000
    with pytest.raises(BadAudio, match="end outside the file"):
        read(tmp_path / "a.wav", 16_000, duration=1.0)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_samples_that_are_not_finite_are_refused_only_where_they_are_read(tmp_path, value):
    samples = noise(16_000, channels=2, seconds=1.0)
    samples[12_000, 1] = value
    soundfile.write(tmp_path / "a.wav", samples, 16_000, subtype="FLOAT")
    assert reason(tmp_path / "a.wav") == "samples that are not finite"
    assert np.isfinite(read(tmp_path / "a.wav", 8_000, audio_channel=0)).all()
    assert np.isfinite(read(tmp_path / "a.wav", 8_000, duration=0.5)).all()


@given(st.lists(st.integers(1, 50), min_size=1, max_size=6))
def test_a_batch_holds_each_waveform_and_zeros_behind_it(lengths):
    rows = [np.arange(1, length + 1, dtype=np.float32) for length in lengths]
    batch = waveforms.batch(rows)
    assert batch.samples.dtype == torch.float32
    assert batch.lengths.tolist() == lengths
    for row, held in zip(rows, batch.samples.numpy(), strict=True):
        np.testing.assert_array_equal(held, np.pad(row, (0, max(lengths) - len(row))))
