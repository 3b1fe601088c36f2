"""ADI-17 as it lies on disk: 16 kHz wavs of videos, or of their segments."""

import numpy as np
import soundfile

DIALECTS = (
    *("ALG", "EGY", "IRA", "JOR", "KSA", "KUW", "LEB", "LIB", "MAU", "MOR", "OMA", "PAL", "QAT", "SUD", "SYR", "UAE"),
    "YEM",
)
TIMES = ((0.05, 0.35), (0.42, 0.82))
"""Seconds of the segments of each video."""


def videos(part, place):
    """Identifiers as those of YouTube, with the signs that names of segments hold, too; two of a dialect."""
    return [f"{part[:2]}_{place:02d}-{number}_x9A" for number in range(2)]


def write(root, *, layout="segments", dialects=DIALECTS, parts=("train", "dev", "test")):
    """Write the tree.

    Layouts: ``segments`` is that of MGB-5, with folders of dialects in train alone and lists for dev and test;
    ``videos`` has the recordings in folders of their dialects, and lists of segments in seconds.
    """
    for part in parts:
        lists = {"segments": [], "utt2lang": [], "of segments": []}
        for place, dialect in enumerate(dialects):
            for video in videos(part, place):
                _write_video(root, layout, part, dialect, video, place)
                lists["utt2lang"].append(f"{video} {dialect}")
                for start, end in TIMES:
                    lists["segments"].append(f"{name_of(video, start, end)} {video} {start} {end}")
                    lists["of segments"].append(f"{name_of(video, start, end)} {dialect}")
        if layout == "videos":
            _text(root / "data" / part / "segments", lists["segments"])
            _text(root / "data" / part / "utt2lang", lists["utt2lang"])
        elif part != "train":
            _text(root / "data" / f"{part}_segments" / "utt2lang", lists["of segments"])


def name_of(video, start, end):
    """Name a segment: its video, and its times in hundredths of a second."""
    return f"{video}_{round(100 * start):06d}-{round(100 * end):06d}"


def _write_video(root, layout, part, dialect, video, place):
    random = np.random.default_rng([place, *video.encode()])
    time = np.arange(16_000) / 16_000
    wave = 0.2 * np.sin(2 * np.pi * (150 + 60 * place) * time) + 0.01 * random.standard_normal(16_000)
    if layout == "videos":
        return _audio(root / "wav" / dialect / f"{video}.wav", wave)
    folder = root / f"{part}_segments" / (dialect if part == "train" else "")
    for start, end in TIMES:
        _audio(folder / f"{name_of(video, start, end)}.wav", wave[round(16_000 * start) : round(16_000 * end)])


def _audio(path, wave):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, wave, 16_000, subtype="PCM_16")


def _text(path, lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines))
