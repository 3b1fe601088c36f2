"""The world before it is spoiled: a small corpus, its manifest, a store with two representations, files of vectors."""

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

RATE = 16_000
ROWS = 16
COLUMNS = ("id", "path", "start", "duration", "speaker", "label", "text")
LAYERS = ("energy", "shape")


@dataclass(frozen=True)
class World:
    """Where everything is, and the vectors that are right.

    Attributes:
        folder: holds ``corpus``, ``cache`` (what is copied for each case) and ``vectors.*``.
        rows: of the manifest, as texts.
        truth: gain -> layer -> ``[rows, 3]``.
    """

    folder: Path
    rows: list[dict[str, str]]
    truth: dict[int, dict[str, np.ndarray]]

    @property
    def ids(self):
        return [row["id"] for row in self.rows]


def make_corpus(folder):
    """Write the audio, and return the manifest's rows; half of them are a stretch of their file."""
    import soundfile

    corpus = folder / "corpus"
    corpus.mkdir()
    rng = np.random.default_rng(0)
    rows = []
    for n in range(ROWS):
        time = np.arange(RATE // 2 + 37 * n) / RATE
        wave = (0.1 + 0.04 * n) * np.sin(2 * np.pi * (150 + 170 * n) * time * (1 + time))
        soundfile.write(corpus / f"f{n}.wav", wave + 0.01 * rng.standard_normal(len(time)), RATE)
        os.utime(corpus / f"f{n}.wav", (1e9, 1e9))  # the index holds it, and draws depend on what there is
        start, duration = ("0.1", f"0.{2 + n % 2}") if n % 2 else ("", "")
        rows.append(
            {"id": f"u{n:02d}", "path": f"f{n}.wav", "start": start, "duration": duration}
            | {"speaker": f"s{n // 2}", "label": ("low", "high")[n >= ROWS // 2], "text": f"sentence number {n}"}
        )
    return rows


def write_manifest(path, rows, columns=COLUMNS):
    """Write rows as .csv, .tsv or .jsonl, cells as they are."""
    if path.suffix == ".jsonl":
        kept = [{name: row[name] for name in columns if row.get(name, "") != ""} for row in rows]
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in kept), errors="surrogateescape")
        return
    between = "\t" if path.suffix == ".tsv" else ","
    lines = [between.join(columns), *(between.join(str(row.get(name, "")) for name in columns) for row in rows)]
    path.write_text("\n".join(lines) + "\n", errors="surrogateescape")


def write_vectors(folder, ids, values):
    """Write files of vectors, as other programs would, in every format that is read."""
    import polars
    from safetensors.numpy import save_file

    both = np.hstack([values[layer] for layer in LAYERS])
    widths = [values[layer].shape[1] for layer in LAYERS]
    np.save(folder / "vectors.npy", both)
    np.savez_compressed(folder / "vectors.npz", ids=np.array(ids), values=both, layers=np.array(LAYERS), widths=widths)
    about = {"ids": json.dumps(ids), "layers": json.dumps(LAYERS)}
    save_file({name: np.ascontiguousarray(values[name]) for name in LAYERS}, folder / "vectors.safetensors", about)
    polars.DataFrame({"id": ids, **{name: values[name] for name in LAYERS}}).write_parquet(folder / "vectors.parquet")
    (folder / "vectors").mkdir()
    for name, row in zip(ids, both, strict=True):
        np.save(folder / "vectors" / f"{name}.npy", row)


def copy(world, folder):
    """Copy what a case may spoil: manifests, the cache, the files of vectors; the corpus is shared."""
    shutil.copytree(world.folder / "cache", folder / "cache", symlinks=True)
    for path in world.folder.glob("vectors*"):
        (shutil.copytree if path.is_dir() else shutil.copy2)(path, folder / path.name)
