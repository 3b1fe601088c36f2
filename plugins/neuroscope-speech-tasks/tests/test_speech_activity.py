"""The detector of speech: stretches from probabilities, its network, what is kept of it, and the segments of calls."""

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib import metadata
from itertools import pairwise

import numpy as np
import pytest
import soundfile
import soxr
import torch

from neuroscope import BadManifest, Data, waves
from neuroscope.contracts.progress import silent
from neuroscope.testing import run
from neuroscope_espeak.corpus import espeak
from neuroscope_speech_tasks.activity import kept, network
from neuroscope_speech_tasks.activity.stretches import Settings, Stretch, find_stretches
from neuroscope_speech_tasks.corpora.callhome import read_callhome

CHUNK = 0.032
RATE = 8_000


def is_installed():
    try:
        metadata.distribution("silero-vad")
    except metadata.PackageNotFoundError:
        return False
    return True


needs_weights = pytest.mark.skipif(not is_installed(), reason="pip install --no-deps silero-vad==6.2.3")


def stretches(*runs, longest=20.0, seconds=None):
    """Stretches of runs of chunks: ``(probability, how many)``."""
    probabilities = [probability for probability, count in runs for _ in range(count)]
    return find_stretches(probabilities, CHUNK, seconds or len(probabilities) * CHUNK, Settings(longest))


@pytest.mark.parametrize(
    ("runs", "found"),
    [
        ([(0, 10), (0.5, 50), (0, 10)], [(0.29, 1.95)]),  # begins at exactly 0.5, padded by 30 ms
        ([(0, 10), (0.49, 50), (0, 10)], []),
        ([(0, 10), (1, 50), (0.35, 50), (0, 10)], [(0.29, 3.55)]),  # what is not below 0.35 goes on
        ([(0, 10), (1, 7), (0, 10)], []),  # 0.224 s are no speech
        ([(0, 10), (1, 8), (0, 10)], [(0.29, 0.61)]),  # 0.256 s are
        ([(0, 10), (1, 20), (0, 4), (1, 20), (0, 10)], [(0.29, 1.76)]),  # three steps of quiet, 96 ms, are no silence
        ([(0, 10), (1, 20), (0, 5), (1, 20), (0, 10)], [(0.29, 0.99), (1.09, 1.79)]),
        ([(0, 10), (1, 20), (0, 3), (0.4, 2), (1, 20), (0, 10)], [(0.29, 1.79)]),  # no end is looked for above 0.35
        ([(1, 30)], [(0, 0.96)]),  # nothing lies beyond the recording
        ([(1, 8)], [(0, 0.25)]),
        ([], []),
    ],
)
def test_stretches_are_those_of_the_published_thresholds(runs, found):
    assert [tuple(each) for each in stretches(*runs)] == found


def test_the_end_is_that_of_the_recording_and_not_of_its_last_chunk():
    assert stretches((1, 30), seconds=0.947) == [Stretch(0.0, 0.94)]


def test_a_long_stretch_is_cut_where_speech_is_least_probable():
    found = stretches((0, 10), (1, 60), (0.5, 1), (1, 60), (0, 10), longest=3)
    assert found == [Stretch(0.29, 2.24), Stretch(2.24, 4.22)]


def test_parts_of_a_long_stretch_have_at_most_the_longest_and_lose_nothing():
    random = np.random.default_rng(0)
    found = find_stretches(random.uniform(0.4, 1, 5_000).tolist(), CHUNK, 160, Settings(5.0))
    assert all(each.end - each.start <= 5.001 for each in found)
    assert all(each.end - each.start >= 1.1 for each in found)
    assert all(one.end == other.start for one, other in pairwise(found))
    assert (found[0].start, found[-1].end) == (0.0, 160.0)


@needs_weights
def test_the_network_computes_what_that_of_silero_computes():
    path, version = network.find_weights()
    assert version.startswith("silero-vad ")
    with pytest.warns(FutureWarning, match="deprecated"):
        theirs = torch.jit.load(path.with_name("silero_vad.jit"))
    weights = network.load_weights(path)
    of_theirs = {
        "stft_conv": "stft.forward_basis_buffer",
        "lstm_cell": "decoder.rnn",
        "final_conv": "decoder.decoder.2",
    }
    own = theirs.state_dict()  # it comes with other weights than the file that is read here
    for name, values in weights.items():
        layer, _, kind = name.partition(".")
        place = of_theirs.get(layer) or f"encoder.{int(layer.removeprefix('conv')) - 1}.reparam_conv"
        key = f"_model.{place}" if layer == "stft_conv" else f"_model.{place}.{kind}"
        assert own[key].shape == values.shape
        own[key] = values
    theirs.load_state_dict(own)
    tracks = np.random.default_rng(0).standard_normal((2, 300 * 512 + 100)).astype(np.float32)
    tracks *= 0.3 * np.sin(np.arange(tracks.shape[1]) / np.array([[5_000], [9_000]])).astype(np.float32)
    found = network.SpeechNetwork(path).probabilities(list(tracks))
    assert found.shape == (2, 301)
    for track, probabilities in zip(tracks, found, strict=True):
        theirs.reset_states()
        chunks = torch.from_numpy(np.pad(track, (0, 412))).split(512)
        with torch.inference_mode():
            expected = [theirs(chunk[None], 16_000).item() for chunk in chunks]
        np.testing.assert_allclose(probabilities, expected, atol=1e-5)


@needs_weights
def test_neither_threads_nor_random_numbers_are_touched():
    before, state = torch.get_num_threads(), torch.random.get_rng_state()
    network.SpeechNetwork(network.find_weights()[0]).probabilities([np.zeros(5_000, np.float32)])
    assert torch.get_num_threads() == before
    assert torch.equal(torch.random.get_rng_state(), state)


@pytest.fixture(scope="module")
def sentences(tmp_path_factory):
    """Four sentences of synthetic speech at 8 kHz, each of more than 2.5 s."""
    folder = tmp_path_factory.mktemp("espeak")
    manifest = espeak(folder, voices=("m1", "f1"), texts=2, rates=(120,), pitches=(50,))
    files = [soundfile.read(each.path, dtype="float32") for each in manifest]
    return [soxr.resample(samples, rate, RATE) for samples, rate in files]


def joined(sentences, gap=1.0):
    """Sentences with silence around them, and where each begins and ends, in seconds."""
    parts, borders, time = [], [], 0.0
    for sentence in sentences:
        parts += [np.zeros(round(gap * RATE), np.float32), sentence]
        borders.append((time + gap, time + gap + len(sentence) / RATE))
        time = borders[-1][1]
    return np.concatenate([*parts, np.zeros(round(gap * RATE), np.float32)]), borders


def write_call(path, *tracks):
    length = max(map(len, tracks))
    samples = np.stack([np.pad(track, (0, length - len(track))) for track in tracks], axis=1)
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, RATE, format="NIST", subtype="ULAW")


@pytest.fixture
def calls(sentences, tmp_path):
    """Two calls of synthetic speech, whose sides speak in turn; root and borders by speaker."""
    root, borders = tmp_path / "calls", {}
    for call, (one, other) in {"ar_4012": (0, 1), "ar_4013": (2, 3)}.items():
        a, borders[f"{call}-A"] = joined([sentences[one], sentences[other]])
        b, borders[f"{call}-B"] = joined([sentences[other]], gap=2.5)
        write_call(root / "TRAIN" / f"{call.upper()}.SPH", a, b)
    return root, borders


def read(root, cache, progress=silent, **options):
    return read_callhome(root, progress=progress, cache=cache, parts=("train",), **options)


@needs_weights
def test_the_sides_of_calls_are_segments_where_they_speak(calls, tmp_path):
    root, borders = calls
    manifest = read(root, tmp_path / "cache", shortest=0)
    checked = run("dataset", "callhome,parts=train,shortest=0", Data(root=root))
    assert {each.check: each.reason for each in checked if not each.ok} == {}
    found = {}
    for each in manifest:
        found.setdefault(each.speaker, []).append((each.start, each.start + each.duration))
        assert each.id == f"{each.speaker}-{each.start:09.2f}"
        assert (each.audio_channel, each.tags["segments"]) == ("AB".index(each.speaker[-1]), "vad")
    assert found.keys() == borders.keys()
    for speaker, times in borders.items():
        starts, ends = zip(*times, strict=True)
        assert min(start for start, _ in found[speaker]) == pytest.approx(starts[0], abs=0.15)
        assert max(end for _, end in found[speaker]) == pytest.approx(ends[-1], abs=0.15)
        assert all(any(a < end and start < b for a, b in times) for start, end in found[speaker])
    version = metadata.version("silero-vad")
    assert manifest.source == f"{root} (segments: silero-vad {version}, at most 20 s)"


@needs_weights
def test_short_segments_are_counted_and_long_ones_are_cut(calls, tmp_path):
    root, _ = calls
    every, some = (read(root, tmp_path / "cache", shortest=shortest) for shortest in (0, 2.5))
    assert all(each.duration >= 2.5 for each in some)
    assert some.left_out == {"segment shorter than 2.5 s": len(every) - len(some)}
    cut = read(root, tmp_path / "cache", shortest=0, longest=1.5)
    assert max(each.duration for each in cut) <= 1.5 < max(each.duration for each in every)


READ = """
import pathlib, sys
from neuroscope.contracts.progress import silent
from neuroscope_speech_tasks.corpora.callhome import read_callhome
root, cache = map(pathlib.Path, sys.argv[1:])
manifest = read_callhome(root, progress=silent, cache=cache, parts=("train",), shortest=1)
print(manifest.fingerprint, "torch" in sys.modules)
"""


@needs_weights
def test_a_call_is_listened_to_once(calls, tmp_path, monkeypatch):
    root, _ = calls
    cache, told = tmp_path / "cache", []
    first = read(root, cache, shortest=1)
    assert len(list((cache / "segments").iterdir())) == 2

    def no_network(path):
        told.append(path)
        raise AssertionError("it listens again")

    monkeypatch.setattr(kept, "SpeechNetwork", no_network)
    done = subprocess.run([sys.executable, "-c", READ, root, cache], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [first.fingerprint, "False"]
    (root / "TRAIN").rename(root / "train")
    assert read(root, cache, shortest=1).fingerprint == first.fingerprint
    with pytest.raises(AssertionError):
        read(root, cache, shortest=1, longest=10)
    (root / "train" / "AR_4013.SPH").write_bytes((root / "train" / "AR_4012.SPH").read_bytes())
    assert len(read(root, cache, shortest=1)) > 0  # the same bytes are the same call, under whatever name


@needs_weights
@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:50],
        lambda text: "",
        lambda text: "[]",
        lambda text: text.replace('"tracks": [[[', '"tracks": [[[1'),
        lambda text: json.dumps({**json.loads(text), "tracks": []}),
        lambda text: json.dumps({**json.loads(text), "about": {}}),
    ],
    ids=["cut", "empty", "list", "changed", "no tracks", "of something else"],
)
def test_a_damaged_entry_is_made_again(damage, calls, tmp_path):
    root, _ = calls
    cache = tmp_path / "cache"
    first = read(root, cache, shortest=1)
    entry, other = sorted((cache / "segments").iterdir())
    whole = entry.read_text()
    entry.write_text(damage(whole))
    assert read(root, cache, shortest=1).fingerprint == first.fingerprint
    assert entry.read_text() == whole
    assert sorted((cache / "segments").iterdir()) == [entry, other]


def test_entries_that_several_write_at_once_are_whole(tmp_path):
    file = waves.AudioFile("d", 8_000, RATE, 2)
    entry = kept._Entry(tmp_path / "segments", {"audio": "d"})
    tracks = [[Stretch(each / 2, each / 2 + 0.4) for each in range(500)]] * 2
    with ThreadPoolExecutor(4) as pool:
        written = [pool.submit(entry.write, tracks) for _ in range(40)]
        seen = [entry.read(file) for _ in range(40)]
        assert [each.result() for each in written] == [None] * 40
    assert all(each in (None, tracks) for each in seen)
    assert entry.read(file) == tracks
    assert len(list((tmp_path / "segments").iterdir())) == 1


WRITE = """
import pathlib, sys
from neuroscope_speech_tasks.activity import kept
folder, stop = map(pathlib.Path, sys.argv[1:])
entry = kept._Entry(folder, {"audio": "d"})
tracks = [[kept.Stretch(each / 2, each / 2 + 0.4) for each in range(500)]] * 2
entry.write(tracks)
print("at work", flush=True)
while not stop.exists():
    entry.write(tracks)
"""


def test_an_entry_that_processes_write_at_once_is_whole_at_every_moment(tmp_path):
    file = waves.AudioFile("d", 8_000, RATE, 2)
    entry = kept._Entry(tmp_path / "segments", {"audio": "d"})
    tracks = [[Stretch(each / 2, each / 2 + 0.4) for each in range(500)]] * 2
    command = [sys.executable, "-c", WRITE, tmp_path / "segments", tmp_path / "stop"]
    writers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    try:
        begun = [each.stdout.readline() for each in writers]
        seen = [entry.read(file) == tracks for _ in range(200)]
    finally:
        (tmp_path / "stop").touch()
        for each in writers:
            each.communicate()
    assert begun == ["at work\n"] * 2
    assert all(seen)
    assert [each.returncode for each in writers] == [0, 0]
    assert len(list((tmp_path / "segments").iterdir())) == 1


def test_what_killed_processes_have_left_is_removed_when_something_is_kept(tmp_path):
    entry = kept._Entry(tmp_path / "segments", {"audio": "d"})
    entry.write([[]])
    (kept_before,) = (tmp_path / "segments").iterdir()
    old, young = ((tmp_path / "segments" / f".{name}.{'0' * 16}.partial") for name in ("old", "young"))
    for each, hours in ((old, 2), (young, 0)):
        each.write_text("half of it")
        os.utime(each, (time.time() - hours * 3600,) * 2)
    os.utime(kept_before, (0, 0))
    kept._Entry(tmp_path / "segments", {"audio": "e"}).write([[]])
    left = set((tmp_path / "segments").iterdir())
    assert len(left) == 3
    assert left >= {kept_before, young}


@needs_weights
def test_an_interruption_keeps_what_is_done(calls, tmp_path, monkeypatch):
    root, _ = calls
    listened = []
    original = network.SpeechNetwork.probabilities

    def interrupted(self, waves):
        listened.append(len(waves))
        if len(listened) == 2:
            raise KeyboardInterrupt
        return original(self, waves)

    monkeypatch.setattr(network.SpeechNetwork, "probabilities", interrupted)
    with pytest.raises(KeyboardInterrupt):
        read(root, tmp_path / "cache")
    assert len(list((tmp_path / "cache" / "segments").iterdir())) == 1
    read(root, tmp_path / "cache")
    assert listened == [2, 2, 2]


@needs_weights
def test_progress_is_told_in_seconds(calls, tmp_path):
    begun, advanced = [], []

    @contextmanager
    def progress(label, total, seconds=0.0, /):
        begun.append((label, total, seconds))
        yield lambda steps, seconds=0.0, /: advanced.append((label, steps, seconds))

    root, _ = calls
    read(root, tmp_path / "cache", progress=progress)
    label, total, seconds = begun[-1]
    assert (label, total) == ("Finding speech", 2)
    heard = [each for each in advanced if each[0] == label]
    assert [steps for _, steps, _ in heard] == [1, 1]
    assert (
        sum(each for *_, each in heard)
        == pytest.approx(seconds)
        == pytest.approx(sum(soundfile.info(path).duration for path in (root / "TRAIN").iterdir()))
    )


@needs_weights
def test_calls_that_cannot_be_heard_are_counted(calls, tmp_path):
    root, _ = calls
    soundfile.write(root / "TRAIN" / "AR_4014.SPH", np.zeros(8_000), RATE, format="NIST", subtype="ULAW")
    (root / "TRAIN" / "AR_4015.SPH").write_bytes(b"no audio")
    manifest = read(root, tmp_path / "cache", shortest=1)
    assert {each.tags["recording"] for each in manifest} == {"ar_4012", "ar_4013"}
    assert manifest.left_out["call: not two tracks"] == 1
    assert sum(manifest.left_out.values()) >= 2
    for name in ("AR_4012.SPH", "AR_4013.SPH"):
        (root / "TRAIN" / name).unlink()
    with pytest.raises(BadManifest, match=r"AR_4014\.SPH has 1"):
        read(root, tmp_path / "cache")


@needs_weights
def test_borders_on_real_speech(speech, tmp_path):
    """Ten utterances a side with silence between: how far found borders are from those of the utterances."""
    paths = sorted((speech / "librispeech").rglob("*.flac"))[::17][:20]
    sides = [joined([_voiced(path) for path in paths[side::2]]) for side in (0, 1)]
    write_call(tmp_path / "calls" / "TRAIN" / "ar_4012.sph", *(track for track, _ in sides))
    manifest = read(tmp_path / "calls", tmp_path / "cache", shortest=0.25)
    errors = []
    for side, (_, borders) in zip("AB", sides, strict=True):
        found = [(each.start, each.start + each.duration) for each in manifest if each.speaker == f"ar_4012-{side}"]
        assert all(any(a < end and start < b for a, b in borders) for start, end in found)  # none in silence alone
        for start, end in borders:
            errors.append(min(abs(each - start) for each, _ in found))
            errors.append(min(abs(each - end) for _, each in found))
    assert np.median(errors) < 0.1
    assert np.quantile(errors, 0.9) < 0.4
    assert max(errors) < 1.0


def _voiced(path):
    """Read an utterance at 8 kHz from its first to its last 20 ms within 20 dB of its loudest twentieth."""
    file = waves.examine(path)
    samples = waves.read(path, waves.Span(file, 0, file.frames, None), RATE)
    power = np.add.reduceat(samples**2, np.arange(0, len(samples), 160))
    loud = np.flatnonzero(power > np.quantile(power, 0.95) / 100)
    return samples[160 * loud[0] : 160 * (loud[-1] + 1)]
