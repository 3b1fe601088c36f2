"""The toy corpus: one tone a speaker, low or high, in a little noise."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import mkdtemp

from neuroscope import BadOption, Manifest, NeuroscopeError, Utterance

_RATE = 16_000
_SECONDS = 0.5
_GENERATOR = 1  # goes up when the same options would give other samples


def toy(root: Path, *, speakers: int = 40, utterances: int = 3, seed: int = 0) -> Manifest:
    """Tones of made-up speakers, written below ``root`` once and found there later.

    Args:
        root: where the folder of these options is, or will be made.
        speakers: half of them low (120 to 180 Hz), half high (2,400 to 3,600 Hz).
        utterances: of each speaker.
        seed: of everything that is random.

    Raises:
        BadOption: fewer than four speakers, or no utterances.
        NeuroscopeError: ``root`` cannot be written.
    """
    if speakers < 4 or utterances < 1 or seed < 0:
        raise BadOption("toy needs speakers of 4 or more, utterances of 1 or more, and a seed of 0 or more")
    folder = root / f"v{_GENERATOR}-{speakers}x{utterances}-{seed}"
    try:
        if not folder.exists():
            _generate(folder, speakers, utterances, seed)
    except OSError as error:
        raise NeuroscopeError(f"the toy corpus cannot be written to {root}: {error.strerror or error}") from error
    rows = tuple(_utterance(folder, s, n) for s in range(speakers) for n in range(utterances))
    return Manifest(rows, source=str(folder))


def _name(speaker: int, number: int) -> str:
    return f"speaker{speaker:02d}-{number:02d}"


def _utterance(folder: Path, speaker: int, number: int) -> Utterance:
    tags = {"tone": "low" if speaker % 2 == 0 else "high"}
    name = _name(speaker, number)
    return Utterance(id=name, path=folder / f"{name}.wav", speaker=f"speaker{speaker:02d}", tags=tags)


def _generate(folder: Path, speakers: int, utterances: int, seed: int) -> None:
    """Write all files under a temporary name, then rename: a folder that exists is whole."""
    import numpy as np
    import soundfile

    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        for speaker in range(speakers):
            rng = np.random.default_rng([seed, speaker])
            pitch = rng.uniform(120, 180) * (1 if speaker % 2 == 0 else 20)
            for number in range(utterances):
                time = np.arange(int(_RATE * _SECONDS)) / _RATE
                tone = np.sin(2 * np.pi * (pitch * time + rng.uniform()))
                wave = rng.uniform(0.1, 0.5) * tone + 0.01 * rng.standard_normal(len(time))
                soundfile.write(temporary / f"{_name(speaker, number)}.wav", wave, _RATE)
        temporary.chmod(0o755)
        temporary.rename(folder)
    except OSError:
        if not folder.is_dir():  # another process may have been quicker
            raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
