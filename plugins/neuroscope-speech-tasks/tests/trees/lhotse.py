"""A small folder of Lhotse's manifests: recordings of two tracks, a speaker on each, and what is said on them."""

import gzip
import json

import numpy as np
import soundfile

RATE, EACH = 16_000, 4
CALLS = 4


def recording(root, number, path):
    return {
        "id": f"call{number}",
        "sources": [{"type": "file", "channels": [0, 1], "source": path(root, number)}],
        "sampling_rate": RATE,
        "num_samples": RATE * EACH // 2,
        "duration": EACH / 2,
        "channel_ids": [0, 1],
    }


def supervision(number, channel, take):
    gender = "mf"[(number + channel) % 2]
    return {
        "id": f"call{number}-{channel}-{take}",
        "recording_id": f"call{number}",
        "start": take / 2,
        "duration": 0.5,
        "channel": channel,
        "text": "so he said",
        "language": "ar" if number % 2 else "en",
        "speaker": f"s{number}{channel}",
        "gender": gender,
        "custom": {"room": f"r{number}", "level": -3.5},
    }


def cut(root, number, channel, take, path):
    said = supervision(number, channel, take)
    return {
        "id": said["id"],
        "start": said["start"],
        "duration": said["duration"],
        "channel": channel,
        "supervisions": [{**said, "start": 0.0}],
        "recording": recording(root, number, path),
        "type": "MonoCut",
    }


def relative(root, number):
    return f"wav/call{number}.wav"


def absolute(root, number):
    return str(root / relative(root, number))


def write(root, *, form="cuts", ending=".jsonl", parts=("",), paths=relative, audio=True):
    """Write the manifests.

    Args:
        form: ``cuts`` or ``recordings`` (with supervisions).
        ending: ``.jsonl`` or ``.jsonl.gz``.
        parts: what stands behind the files' names; each has calls of its own.
        paths: makes the path that a recording names.
        audio: whether the files hold any; else they are empty.
    """
    (root / "wav").mkdir(parents=True)
    for place, part in enumerate(parts):
        calls = range(CALLS * place, CALLS * (place + 1))
        spans = [(number, channel, take) for number in calls for channel in (0, 1) for take in range(EACH)]
        if form == "cuts":
            save(root / f"cuts{part}{ending}", [cut(root, *span, paths) for span in spans])
        else:
            save(root / f"recordings{part}{ending}", [recording(root, number, paths) for number in calls])
            save(root / f"supervisions{part}{ending}", [supervision(*span) for span in spans])
        for number in calls:
            file = root / relative(root, number)
            file.touch()
            if audio:
                soundfile.write(file, wave(number), RATE)


def save(file, entries):
    text = "".join(json.dumps(entry) + "\n" for entry in entries).encode()
    file.write_bytes(gzip.compress(text) if file.suffix == ".gz" else text)


def wave(number):
    """Two tracks, two seconds: pitch by gender, noise of its own."""
    time = np.arange(RATE * EACH // 2) / RATE
    pitches = [(110, 220)[(number + channel) % 2] for channel in (0, 1)]
    noise = np.random.default_rng(number).normal(0, 0.02, (time.size, 2))
    return np.stack([0.3 * np.sin(2 * np.pi * pitch * time) for pitch in pitches], axis=1) + noise
