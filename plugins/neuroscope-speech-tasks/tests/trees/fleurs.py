"""A small FLEURS: two languages, three parts, each sentence read twice."""

import numpy as np
import soundfile

EACH = {"train": 8, "dev": 4, "test": 8}


def name(language, part, number):
    return f"{1000 * len(language) + 100 * len(part) + number}{number:03d}"


def write(root, *, layout="data", languages=("ar_eg", "cmn_hans_cn"), audio=True):
    """Write the corpus.

    Args:
        layout: ``data`` (data/CODE/audio/PART), ``flat`` (data/CODE/PART), ``languages`` (CODE/audio/PART),
            ``language`` (the root is the first language), ``lhotse`` (metadata/CODE, CODE/PART), ``packed`` (archives).
        audio: whether the files hold any; else they are empty.
    """
    for language in languages[:1] if layout == "language" else languages:
        tables = {
            "languages": root / language,
            "language": root,
            "lhotse": root / "metadata" / language,
        }.get(layout, root / "data" / language)
        sound = {"flat": tables, "lhotse": root / language}.get(layout, tables / "audio")
        tables.mkdir(parents=True)
        sound.mkdir(exist_ok=True)
        for part, count in EACH.items():
            lines = []
            for number in range(count):
                gender = ("MALE", "FEMALE", "MALE", "FEMALE", "OTHER")[number % 5]
                file = f"{name(language, part, number)}.wav"
                text = f'the "sentence {number // 2}'
                cells = [str(number // 2), file, text, text, " ".join(text), "8000", gender]
                lines.append("\t".join(cells) + "\n")
                if layout != "packed":
                    (sound / part).mkdir(exist_ok=True)
                    (sound / part / file).touch()
                    if audio:
                        soundfile.write(sound / part / file, wave(language, gender, number + len(part)), 16_000)
            (tables / f"{part}.tsv").write_text("".join(lines))
            if layout == "packed":
                (sound / f"{part}.tar.gz").touch()


def wave(language, gender, seed):
    """Half a second: pitch by gender, colour by language, noise of its own."""
    time = np.arange(8_000) / 16_000
    noise = np.random.default_rng(seed).normal(0, 0.02, time.size)
    pitch = {"MALE": 110, "FEMALE": 220, "OTHER": 160}[gender]
    return 0.3 * np.sin(2 * np.pi * pitch * time) + 0.02 * len(language) * np.sin(6e3 * time) + noise
