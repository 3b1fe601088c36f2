"""A small Common Voice: two locales, five speakers each, in the forms of its releases."""

import numpy as np
import soundfile

COLUMNS = {
    "1": "client_id path sentence up_votes down_votes age gender accent",
    "4-2019-12-10": "client_id path sentence up_votes down_votes age gender accent",
    "5.1-2020-06-22": "path client_id accent sentence age gender locale up_votes down_votes segment",
    "15.0-2023-09-08": "client_id path sentence up_votes down_votes age gender accents variant locale segment",
    "17.0-2024-03-15": "client_id path sentence_id sentence sentence_domain up_votes down_votes age gender accents "
    "variant locale segment",
}
GENDERS = {"m": "male", "f": "female"}
NEW_GENDERS = {"m": "male_masculine", "f": "female_feminine"}
SPEAKERS = (("train", "m"), ("train", "f"), ("dev", "m"), ("test", "f"), ("test", "m"))
"""Part and voice of each speaker of a locale; who is in dev has said nothing of gender, age and accent."""
EACH = 4


def clip(locale, number, release="17.0-2024-03-15"):
    """Name of a clip without its ending; those of the first release were digests."""
    return f"{number:064x}" if release == "1" else f"common_voice_{locale}_{number}"


def rows(locale, release):
    """The rows of train, dev and test, by part, without the columns that a release has not."""
    made = {"train": [], "dev": [], "test": []}
    for speaker, (part, voice) in enumerate(SPEAKERS):
        told = part != "dev"
        for take in range(EACH):
            number = 100 + EACH * speaker + take
            made[part].append(
                {
                    "client_id": f"{locale}{speaker}" * 20,
                    "path": clip(locale, number, release) + ("" if release == "1" else ".mp3"),
                    "sentence_id": f"text{take}",
                    "sentence": f'He said: "{take}',
                    "sentence_domain": "",
                    "up_votes": "2",
                    "down_votes": "0",
                    "age": "twenties" if told else "",
                    "gender": (NEW_GENDERS if release[:2] == "17" else GENDERS)[voice] if told else "",
                    "accent": f"{locale} accent" if told else "",
                    "accents": f"{locale} accent" if told else "",
                    "variant": "",
                    "locale": locale,
                    "segment": "",
                }
            )
    return made


def write(root, *, release="17.0-2024-03-15", layout="release", locales=("ar", "en"), audio=True):
    """Write the corpus.

    Args:
        release: one of COLUMNS.
        layout: ``release`` (cv-corpus-*/locale), ``locales`` (folders in the root), ``locale`` (the root is one).
        locales: the first one alone for ``locale``.
        audio: whether the clips hold any; else they are empty files.
    """
    for locale in locales[:1] if layout == "locale" else locales:
        folder = {"release": root / f"cv-corpus-{release}" / locale, "locales": root / locale, "locale": root}[layout]
        write_locale(folder, locale, release, audio)


def write_locale(folder, locale, release, audio):
    (folder / "clips").mkdir(parents=True)
    parts = rows(locale, release)
    parts["validated"] = [row for part in parts.values() for row in part]
    for part, number in (("other", 50), ("invalidated", 60)):
        more = {**parts["train"][0], "path": clip(locale, number, release), "client_id": f"{locale}9" * 20}
        parts[part] = [more]
    names = COLUMNS[release].split()
    for part, table in parts.items():
        lines = ["\t".join(names), *("\t".join(row[name] for name in names) for row in table)]
        (folder / f"{part}.tsv").write_text("".join(f"{line}\n" for line in lines))
    (folder / "reported.tsv").write_text("sentence\tsentence_id\tlocale\treason\n")
    every = [*parts["validated"], *parts["other"], *parts["invalidated"]]
    for row in every:
        name = row["path"].removesuffix(".mp3")
        (folder / "clips" / f"{name}.mp3").touch()
        if audio:
            number = int(name.rpartition("_")[2], 16 if release == "1" else 10)
            soundfile.write(folder / "clips" / f"{name}.mp3", wave(locale, row, number), 32_000)
    clips = [f"{row['path'].removesuffix('.mp3')}.mp3" for row in every]
    if release.startswith("15"):
        lines = [f"`cv-corpus-{release}/{locale}/clips/{name}` = 500" for name in clips]
        (folder / "times.txt").write_text("\n".join(lines))
    elif release.startswith("17"):
        (folder / "clip_durations.tsv").write_text("\n".join(["clip\tduration[ms]", *(f"{n}\t500" for n in clips)]))


def wave(locale, row, number):
    """Half a second: pitch by gender, colour by locale, noise of the clip's own."""
    time = np.arange(16_000) / 32_000
    pitch = 220 if row["gender"].startswith("f") else 110
    noise = np.random.default_rng([number, *locale.encode()]).normal(0, 0.02, time.size)
    colour = 2e3 + 1e3 * (sum(locale.encode()) % 9)
    return 0.3 * np.sin(2 * np.pi * pitch * time) + 0.2 * np.sin(colour * time) + noise
