"""A small tree of VoxCeleb2's form: eight speakers of test with four utterances each, one of dev with two."""

import runpy
from pathlib import Path

VOICES = runpy.run_path(str(Path(__file__).with_name("voices.py")))

COLUMNS = ("VoxCeleb2 ID", "VGGFace2 ID", "Gender", "Set")
TEST = ("id00017", "id00061", "id00081", "id00154", "id00419", "id00562", "id00812", "id00817")
SPEAKERS = (
    ("id00012", "n000012", "m", "dev"),
    *((id_, f"n{id_[2:].zfill(6)}", "mf"[number % 2], "test") for number, id_ in enumerate(TEST)),
    ("id00018", "n000018", "f", "dev"),
)
"""All that the table has, those of test scattered among the others; nothing is there of the last."""


def utterances():
    """Row of the speaker, video, number, and a seed, of each utterance."""
    seed = 0
    for speaker in SPEAKERS[:-1]:
        digits = speaker[0][2:]
        for video in (f"-{digits}WjVCk", f"Yt{digits}P_k4") if speaker[-1] == "test" else (f"-{digits}WjVCk",):
            for number in (1, 2):
                yield speaker, video, number, seed
                seed += 1


def path_of(layout, speaker, video, number, ending):
    id_, *_, part = speaker
    kind = "aac" if ending == ".m4a" else "wav"
    folder = {"official": kind, "parts": f"{part}/{kind}", "zips": f"vox2_{part}_aac/{kind}"}[layout]
    return f"{folder}/{id_}/{video}/{number:05d}{ending}"


def table(form="official"):
    """``vox2_meta.csv`` as it was published first, cleaned, or as it is published now, with names."""
    rows = (COLUMNS, *SPEAKERS)
    names = ("Name", *(f"Name_of_{row[0]}" for row in SPEAKERS))
    return "".join(
        {
            "official": ",".join(f"{cell} " for cell in row),
            "clean": ",".join(row),
            "names": "\t".join((row[0], name, *row[1:])),
        }[form]
        + "\n"
        for row, name in zip(rows, names, strict=True)
    )


def write(root, *, layout="official", ending=".m4a", form="official", audio=True):
    """Write the tree.

    Args:
        root: its folder, made here.
        layout: ``official`` (zips unpacked in one place), ``parts`` (dev and test apart), ``zips`` (each zip in a
            folder of its own).
        ending: ``.m4a`` as published, or ``.wav`` and ``.flac``, converted.
        form: of the table; empty = no table.
        audio: whether the files hold any; else they are empty, and quickly made.
    """
    root.mkdir(parents=True, exist_ok=True)
    if form:
        (root / "vox2_meta.csv").write_text(table(form))
    for speaker, video, number, seed in utterances():
        path = root / path_of(layout, speaker, video, number, ending)
        VOICES["place"](path, 210 if speaker[2] == "f" else 120, seed, audio=audio)
