"""Made-up voices, different by pitch, for trees of corpora: ``runpy.run_path(".../voices.py")["place"]``."""

import numpy as np
import soundfile

RATE = 16_000


def voice(pitch, seed, seconds=0.5):
    """A tone of ``pitch`` Hz with overtones and seeded noise, float32 ``[samples]`` at 16 kHz."""
    time = np.arange(round(seconds * RATE)) / RATE
    tone = sum(np.sin(2 * np.pi * pitch * n * time) / n for n in range(1, 5))
    noise = np.random.default_rng(seed).standard_normal(len(time))
    return (0.1 * tone + 0.01 * noise).astype(np.float32)


def place(path, pitch, seed, seconds=0.5, *, audio):
    """Write a voice into a file, or without ``audio`` an empty file, which is quickly made."""
    if audio:
        write(path, pitch, seed, seconds)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def write(path, pitch, seed, seconds=0.5):
    """Write a voice into a file, by whose ending it is encoded."""
    path.parent.mkdir(parents=True, exist_ok=True)
    wave = voice(pitch, seed, seconds)
    if path.suffix == ".m4a":
        _write_m4a(path, wave)
    else:
        soundfile.write(path, wave, RATE)


def _write_m4a(path, wave):
    import av

    with av.open(str(path), "w", format="ipod") as container:
        stream = container.add_stream("aac", rate=RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(wave[None], format="fltp", layout="mono")
        frame.sample_rate = RATE
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)
