"""A small tree of VoxCeleb1's form: eight speakers of test with four utterances each, two of dev with two each."""

import runpy
from pathlib import Path

VOICES = runpy.run_path(str(Path(__file__).with_name("voices.py")))

COLUMNS = ("VoxCeleb1 ID", "VGGFace1 ID", "Gender", "Nationality", "Set")
SPEAKERS = (
    ("id10001", "A.J._Buckley", "m", "Ireland", "dev"),
    ("id10002", "A.R._Rahman", "m", "India", "dev"),
    ("id10003", "Aamir_Khan", "m", "India", "dev"),
    ("id10270", "Eartha_Kitt", "f", "USA", "test"),
    ("id10271", "Ed_Westwick", "m", "UK", "test"),
    ("id10272", "Eddie_Kaye_Thomas", "m", "USA", "test"),
    ("id10273", "Edie_Falco", "f", "USA", "test"),
    ("id10274", "Edoardo_Ponti", "m", "Italy", "test"),
    ("id10275", "Ellen_Wong", "f", "Canada", "test"),
    ("id10276", "Eliza_Dushku", "f", "USA", "test"),
    ("id10277", "Eric_Bana", "m", "Australia", "test"),
)
"""All that the table has; nothing is there of the last of dev."""
TRIALS = (
    "1 id10270/x6uYqmx31kE/00001.wav id10270/8jEAjG6SegY/00008.wav",
    "0 id10270/x6uYqmx31kE/00001.wav id10271/-10271SegY_/00008.wav",
    "1 id10270/x6uYqmx31kE/00001.wav id10270/absentVideo/00001.wav",
)
LISTS = {"original": "veri_test.txt", "cleaned": "veri_test2.txt"}


def utterances():
    """Row of the speaker, video, number, and a seed, of each utterance."""
    seed = 0
    for speaker in SPEAKERS[:2] + SPEAKERS[3:]:
        digits = speaker[0][2:]
        videos = ("x6uYqmx31kE", "8jEAjG6SegY") if digits == "10270" else (f"{digits}_x31kE", f"-{digits}SegY_")
        for video, numbers in zip(videos, ((1, 2), (1, 8)) if speaker[-1] == "test" else ((1, 2),), strict=False):
            for number in numbers:
                yield speaker, video, number, seed
                seed += 1


def path_of(layout, speaker, video, number, ending):
    id_, name, *_, part = speaker
    if layout == "old":
        return f"voxceleb1_wav/{name}/{video}_{number:07d}{ending}"
    folder = {"official": "wav", "parts": f"{part}/wav", "zips": f"vox1_{part}_wav/wav"}[layout]
    return f"{folder}/{id_}/{video}/{number:05d}{ending}"


def table(form="official"):
    """``vox1_meta.csv`` as it is published, or as its copies are."""
    rows = (COLUMNS, *SPEAKERS)
    return "".join(
        {
            "official": "\t".join(row),
            "comma": ",".join(row),
            "blanks": "\t".join(f"{cell} " for cell in row),
            "quoted": '"' + "\t".join(row) + '"',
            "quoted cells": ",".join(f'"{cell}"' for cell in row),
        }[form]
        + "\n"
        for row in rows
    )


def write(root, *, layout="official", ending=".wav", form="official", audio=True):
    """Write the tree.

    Args:
        root: its folder, made here.
        layout: ``official`` (zips unpacked in one place), ``parts`` (dev and test apart), ``zips`` (each zip in a
            folder of its own), ``old`` (2017, with names).
        ending: ``.wav`` as published, or ``.flac``.
        form: of the table; empty = no table.
        audio: whether the files hold any; else they are empty, and quickly made.
    """
    root.mkdir(parents=True, exist_ok=True)
    if form:
        (root / "vox1_meta.csv").write_text(table(form))
    for name in LISTS.values():
        (root / name).write_text("\n".join(TRIALS[: 2 + (name == "veri_test.txt")]) + "\n")
    for speaker, video, number, seed in utterances():
        path = root / path_of(layout, speaker, video, number, ending)
        VOICES["place"](path, 210 if speaker[2] == "f" else 120, seed, audio=audio)
