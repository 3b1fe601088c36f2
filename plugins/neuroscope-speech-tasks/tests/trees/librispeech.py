"""A small tree of LibriSpeech's form: eight speakers of dev-clean and one of test-other, four utterances each."""

import runpy
from pathlib import Path

VOICES = runpy.run_path(str(Path(__file__).with_name("voices.py")))

SPEAKERS = (
    ("14", "F", "train-clean-360", "25.03", "Kristin LeMoine"),
    ("84", "F", "dev-clean", "8.02", "Christie Nowak"),
    ("174", "M", "dev-clean", "8.04", "Peter Eastman"),
    ("251", "M", "dev-clean", "8.11", "Mark Nelson"),
    ("422", "M", "dev-clean", "8.26", "George | Yeager"),
    ("652", "M", "dev-clean", "8.31", "Scott Walter"),
    ("777", "M", "dev-clean", "8.06", "fling93"),
    ("1272", "F", "dev-clean", "8.10", "John | Rose | "),
    ("1462", "F", "dev-clean", "8.04", "E. Tavano"),
    ("1919", "F", "test-other", "8.10", "nomdeplume"),
)
"""All that the table has; nothing is there of the first."""
HEADER = """; Some pertinent information about the speakers
; The "|" is the delimiter
;ID  |SEX| SUBSET           |MINUTES| NAME
"""


def write(root, *, folder="LibriSpeech", ending=".flac", table=True, audio=True):
    """Write the tree.

    Args:
        root: the folder above the corpus's own, made here.
        folder: the corpus's own; empty = the root is it.
        ending: ``.flac`` as published, or ``.wav``.
        table: whether SPEAKERS.TXT is there.
        audio: whether the files hold any; else they are empty, and quickly made.
    """
    root = root / folder
    root.mkdir(parents=True, exist_ok=True)
    if table:
        rows = [f"{id_:<5}| {sex} | {subset:<16} | {time:<5} | {name}" for id_, sex, subset, time, name in SPEAKERS]
        (root / "SPEAKERS.TXT").write_text(HEADER + "\n".join(rows) + "\n")
    for id_, sex, subset, *_ in SPEAKERS[1:]:
        for chapter in (f"{id_}123", f"{id_}550"):
            texts = root / subset / id_ / chapter
            texts.mkdir(parents=True)
            (texts / f"{id_}-{chapter}.trans.txt").write_text(f"{id_}-{chapter}-0000 GO\n{id_}-{chapter}-0001 ON\n")
            for number in (0, 1):
                path = texts / f"{id_}-{chapter}-{number:04d}{ending}"
                VOICES["place"](path, 210 if sex == "F" else 120, int(chapter) * 10 + number, audio=audio)
