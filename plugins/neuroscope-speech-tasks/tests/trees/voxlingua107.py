"""A small tree of VoxLingua107's form: three languages, eight segments of four videos each, and two of dev."""

import runpy
from pathlib import Path

VOICES = runpy.run_path(str(Path(__file__).with_name("voices.py")))

PITCHES = {"en": 120, "iw": 210, "zh": 300}
VIDEOS = ("-1yJXRhkd{}", "0GGfHOiH9{}", "__0PAp9hF{}", "a--b---c_{}")
TIMES = ((37.42, 37.92), (1034.5, 1035.0))


def write(root, *, dev=True, ending=".wav", audio=True):
    """Write the tree.

    Args:
        root: its folder, made here.
        dev: whether ``dev.zip`` was unpacked too.
        ending: ``.wav`` as published, or ``.flac``.
        audio: whether the files hold any; else they are empty, and quickly made.
    """
    seed = 0
    for code, pitch in PITCHES.items():
        for place, videos in ((code, VIDEOS), (f"dev/{code}", ("0a1b2c3d4{}",) if dev else ())):
            for video in videos:
                for start, end in TIMES:
                    path = root / place / f"{video.format(code)}---{start:08.3f}-{end:08.3f}{ending}"
                    VOICES["place"](path, pitch, seed, end - start, audio=audio)
                    seed += 1
