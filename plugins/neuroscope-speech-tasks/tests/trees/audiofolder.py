"""A small folder of Hugging Face's form: audio in train and test, and metadata that name it."""

import csv
import json

import numpy as np
import soundfile

PARTS = {"train": ("m0", "f0", "m1", "f1"), "test": ("m2", "f2", "m3", "f3")}
EACH = 4


def write(root, *, layout="root", form="csv", speaker="speaker_id", audio=True):
    """Write the folder.

    Args:
        layout: ``root`` (one metadata file beside train/ and test/), ``parts`` (one in each of them), ``data`` (in
            data/train and data/test), ``classes`` (none; the folders are the classes).
        form: ``csv`` or ``jsonl``.
        speaker: name of the speaker's column.
        audio: whether the files hold any; else they are empty.
    """
    for part, speakers in PARTS.items():
        folder = root / "data" / part if layout == "data" else root / part
        rows = []
        for voice in speakers:
            for take in range(EACH):
                name = f"{voice}/{take}.flac" if layout == "classes" else f"{voice}_{take}.flac"
                file = folder / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.touch()
                if audio:
                    soundfile.write(file, wave(voice, take), 16_000)
                told = f"{part}/{name}" if layout == "root" else name
                rows.append({"file_name": told, speaker: voice, "gender": voice[0], "said": f"so, he said {take}"})
        if layout in {"parts", "data"}:
            table(folder, rows, form)
        elif layout == "root":
            table(root, rows, form)


def table(folder, rows, form):
    """Write rows behind those that are there."""
    file = folder / f"metadata.{form}"
    is_new = not file.exists()
    with file.open("a", newline="") as stream:
        if form == "jsonl":
            stream.writelines(json.dumps(row) + "\n" for row in rows)
            return
        writer = csv.DictWriter(stream, rows[0])
        if is_new:
            writer.writeheader()
        writer.writerows(rows)


def wave(voice, take):
    """Half a second: pitch by gender, noise of its own."""
    time = np.arange(8_000) / 16_000
    noise = np.random.default_rng(10 * int(voice[1]) + take).normal(0, 0.02, time.size)
    return 0.3 * np.sin(2 * np.pi * (220 if voice[0] == "f" else 110) * time) + noise
