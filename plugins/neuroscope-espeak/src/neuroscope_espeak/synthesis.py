"""The synthesis of a whole design, by worker processes that each speak one voice of one language."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from neuroscope import NeuroscopeError
from neuroscope_espeak import worker
from neuroscope_espeak.design import LANGUAGES, Design, Item

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_AT_ONCE = 2
_SECONDS = 600
_SEED = 1


@dataclass(frozen=True, slots=True)
class Library:
    """Where eSpeak NG lies: the shared library, and the folder of its data."""

    file: str
    data: str


def synthesise(design: Design, library: Library, folder: Path) -> None:
    """Write the wav files of a design into a folder.

    What the library says depends on all that it has said since it was loaded, so each voice of each language has a
    process of its own, and its bytes depend on the texts, rates and pitches alone.

    Raises:
        NeuroscopeError: a worker failed; the others are not started.
    """
    blocks = [design.block(language, voice) for language, voice in product(design.languages, design.voices)]
    for block in blocks:
        (folder / block[0].file).parent.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for _ in pool.map(lambda block: _speak(block, library, folder.absolute()), blocks):
            pass  # taking the results raises the first worker's error and cancels what has not been started


def _speak(block: Sequence[Item], library: Library, folder: Path) -> None:
    language, voice = block[0].language, block[0].voice
    job: worker.Job = {
        "library": library.file,
        "data": library.data,
        "language": LANGUAGES[language],
        "variant": voice,
        "seed": _SEED,
        "lines": [
            {"sentence": item.sentence, "rate": item.rate, "pitch": item.pitch, "path": str(folder / item.file)}
            for item in block
        ],
    }
    # -I and -S: neither the user's environment nor installed packages can change, or slow, what the worker does.
    command = [sys.executable, "-I", "-S", worker.__file__]
    try:
        done = subprocess.run(
            command,
            input=json.dumps(job),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NeuroscopeError(f"espeak: {language}+{voice} was not spoken within {_SECONDS} s") from None
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or [f"the worker ended with code {done.returncode}"])[-1]
        raise NeuroscopeError(f"espeak: {language}+{voice} could not be spoken: {last}")
