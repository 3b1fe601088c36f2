"""The only code that loads eSpeak NG: a process of its own, standard library alone, one voice of one language.

It reads a job (JSON) from standard input and writes the wav files that the job names; the last line of standard error
says what went wrong. It is run as a file, so that it starts without the packages of the process that asked for it.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
import wave
from pathlib import Path
from typing import TypedDict

SAMPLE_RATE = 22_050
"""Of every eSpeak NG voice that is no MBROLA voice, Hz."""

_SYNCHRONOUS = 2
_DO_NOT_EXIT = 0x8000
_TEXT_IS_UTF8 = 1
_BY_CHARACTER = 1
_RATE, _PITCH = 1, 3

_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)


class Line(TypedDict):
    """One utterance to be spoken: rate in words a minute, pitch 0 to 99, the wav file to write."""

    sentence: str
    rate: int
    pitch: int
    path: str


class Job(TypedDict):
    """The work of one process: the library's file, its data folder, the voice's two names, and the lines in order."""

    library: str
    data: str
    language: str
    variant: str
    seed: int
    lines: list[Line]


class Synthesiser:
    """eSpeak NG with one voice.

    Raises:
        SystemExit: with a message, whenever the library reports that something failed.
    """

    def __init__(self, job: Job) -> None:
        data = Path(job["data"])
        os.chdir(data.parent)  # the library cuts a path of its data at 160 bytes, so it gets a short one
        self._library = ctypes.CDLL(job["library"])
        rate = self._library.espeak_Initialize(_SYNCHRONOUS, 0, os.fsencode(data.name), _DO_NOT_EXIT)
        if rate != SAMPLE_RATE:
            raise SystemExit(f"eSpeak NG cannot use its data in {data} (espeak_Initialize returned {rate})")
        self._chunks: list[bytes] = []
        self._callback = _Callback(self._take)  # kept, or it would be collected while the library calls it
        self._library.espeak_SetSynthCallback(self._callback)
        self._choose(data, job["language"], job["variant"])
        # Breath is noise that is seeded by the clock; with it seeded here, a fresh process always speaks alike.
        self._library.espeak_ng_SetRandSeed(ctypes.c_long(job["seed"]))

    def speak(self, line: Line) -> bytes:
        """The utterance as 16-bit samples; its bytes depend on what this process has spoken before."""
        self._chunks.clear()
        self._check("espeak_SetParameter", self._library.espeak_SetParameter(_RATE, line["rate"], 0))
        self._check("espeak_SetParameter", self._library.espeak_SetParameter(_PITCH, line["pitch"], 0))
        text = line["sentence"].encode() + b"\0"
        status = self._library.espeak_Synth(text, len(text), 0, _BY_CHARACTER, 0, _TEXT_IS_UTF8, None, None)
        self._check("espeak_Synth", status)
        samples = b"".join(self._chunks)
        if not any(samples):  # for nothing to say the library still returns some milliseconds of zeros
            raise SystemExit(f"eSpeak NG returned silence for '{line['sentence']}'")
        return samples

    def _take(self, samples: int | None, count: int, _events: int | None) -> int:
        if samples and count > 0:
            self._chunks.append(ctypes.string_at(samples, 2 * count))
        return 0

    def _choose(self, data: Path, language: str, variant: str) -> None:
        # A variant that does not exist is ignored without a word, and a language that does not exist leaves the
        # previous voice in place: both must be looked for.
        if not (data / "voices" / "!v" / variant).is_file():
            raise SystemExit(f"eSpeak NG has no voice variant '{variant}' in {data}")
        name = f"{language}+{variant}"
        self._check(f"espeak_SetVoiceByName {name}", self._library.espeak_SetVoiceByName(name.encode()))

    @staticmethod
    def _check(what: str, status: int) -> None:
        if status != 0:
            raise SystemExit(f"{what} failed with status {status}")


def main() -> None:
    """Speak the job on standard input."""
    job: Job = json.load(sys.stdin)
    synthesiser = Synthesiser(job)
    for line in job["lines"]:
        samples = synthesiser.speak(line)
        with wave.open(line["path"], "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(SAMPLE_RATE)
            file.writeframes(samples)


if __name__ == "__main__":
    main()
