"""ADI-5 as it lies on disk: sixteen-bit wavs at 16 kHz, a buzz of another pitch for each dialect."""

import hashlib

import numpy as np
import soundfile

DIALECTS = ("EGY", "GLF", "LAV", "MSA", "NOR")
COUNTS = {"train": 4, "dev": 2, "test": 4}
SETS = {"train": "train.vardial2017", "dev": "dev.vardial2017", "test": "test.MGB3"}
SITE = "http://crowdsource.example.net"


def names(part, dialect):
    """Names of the files of a dialect: two shows, two voices in each."""
    for number in range(COUNTS[part]):
        show = hashlib.md5(f"{dialect} {number % 2}".encode()).hexdigest()
        if part == "train":
            yield f"{dialect}{number + 1:06d}"
        elif part == "dev":
            yield f"{show}__{27 + number}.55_{28 + number}.05"
        else:
            yield f"{show}_{'MF'[number // 2]}_{number // 2:04d}_{73 + number}.28_{73 + number}.78"


def write(root, *, layout="mgb3", parts=("train", "dev", "test")):
    """Write the tree.

    Layouts: ``mgb3`` has test flat beside a list of addresses without dialects and ``reference``; ``folders`` has
    folders of dialects everywhere and no list; ``numbers`` is flat beside lists with 0 to 4 whose paths are somebody
    else's; ``heap`` is one folder for all, with ``reference`` and lists of addresses.
    """
    for part in parts:
        lines = []
        for place, dialect in enumerate(DIALECTS):
            for number, name in enumerate(names(part, dialect)):
                _write(root / _folder(layout, part, dialect) / f"{name}.wav", place, number, [place, *name.encode()])
                lines.append((dialect, place, name))
        _write_lists(root, layout, part, lines)


def _folder(layout, part, dialect):
    if layout == "mgb3":
        return f"{SETS[part]}/wav" if part == "test" else f"{SETS[part]}/{dialect}"
    return {"folders": f"{part}/{dialect}", "numbers": f"{part}/wav", "heap": "wav"}[layout]


def _write_lists(root, layout, part, lines):
    reference = [f"{name} {place + 1}" for _, place, name in lines]
    addresses = [f"{SITE}/{part}/{dialect}/{name}.wav" for dialect, _, name in lines]
    if layout == "numbers":
        text = [f"/somewhere/vardial2017/{part}.vardial2017/wav/{d}/{name}.wav\t{place}" for d, place, name in lines]
        _text(root / "data" / f"{part}.txt", text)
    elif layout == "heap" and part == "dev":
        _text(root / "reference", reference)
    elif layout != "folders" and part == "test":
        _text(root / "data" / SETS[part] / "reference", reference)
        _text(root / "data" / SETS[part] / "wav.lst", [f"{SITE}/MGB3_ADI_testset/wav/{name}.wav" for *_, name in lines])
    elif layout != "folders":
        _text(root / "data" / SETS[part] / "wav.lst", addresses)


def _text(path, lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines))


def _write(path, dialect, number, seed):
    random = np.random.default_rng(seed)
    time = np.arange(8_000) / 16_000
    buzz = sum(np.sin(2 * np.pi * (110 + 40 * dialect + number) * n * time) / n for n in range(1, 9))
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, 0.1 * buzz + 0.01 * random.standard_normal(len(time)), 16_000, subtype="PCM_16")
