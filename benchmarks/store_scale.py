"""How long a store of many utterances takes to open, and a manifest of as many to be found complete or not.

Builds, once, real files without content, an index of audio files that knows them, and a representation that holds every
row but those of the last files, with vectors of two numbers a layer. What is measured goes through the product's own
code, in a process of its own each, with the file system's caches warm.

    python benchmarks/store_scale.py [--utterances 1000000] [--layers 13] [--runs 3] [--folder DIR] [--keep]
"""

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import own_folder_last  # noqa: F401

from neuroscope.audio import index
from neuroscope.audio.findings import FindingRecord
from neuroscope.contracts.audio import Manifest, Utterance
from neuroscope.contracts.backbone import BackboneSpec, LayerSpec, Origin
from neuroscope.contracts.features import Unit
from neuroscope.extraction import extractor
from neuroscope.extraction.skipped import SkippedUtterances
from neuroscope.extraction.usable import UsableUtterances
from neuroscope.runtime import files
from neuroscope.store.description import Identity
from neuroscope.store.representations import Store
from neuroscope.waves import AudioFile, Span

MISSING = 1_000
SHARD = 256
A_FOLDER = 1_000


def path_of(folder, number):
    return folder / "audio" / f"{number // A_FOLDER:05d}" / f"utterance-{number:07d}.wav"


def audio_of(number):
    return AudioFile(hashlib.sha256(b"%d" % number).hexdigest()[:32], 16_000 + number, 16_000, 1)


def row_of(number):
    return Span(audio_of(number), 0, 16_000 + number, None).key


def representation(folder, layers):
    units = {f"layer-{n}": (Unit(f"layer-{n}", 0), Unit(f"layer-{n}", 1)) for n in range(layers)}
    identity = Identity("scale", {}, "", "", {}, [], "1", "float32")
    return Store(folder / "store").representation(identity, units, Origin(source="", licence="", digest=""))


def build(folder, utterances, layers):
    for number in range(utterances):
        path = path_of(folder, number)
        if number % A_FOLDER == 0:
            path.parent.mkdir(parents=True)
        path.touch()
    stamped = index._stamped([str(path_of(folder, number)) for number in range(utterances)])
    index._save(folder / "store" / "audio", stamped, {n: audio_of(n) for n in range(utterances)})
    files._sync = lambda path: None  # a store that is built for measuring may be lost
    rep = representation(folder, layers)
    for first in range(0, utterances - MISSING, SHARD):
        rows = [row_of(number) for number in range(first, min(first + SHARD, utterances - MISSING))]
        values = np.zeros((len(rows), 2), dtype=np.float32)
        rep.write(rows, dict.fromkeys(rep.layers, values), {"device": "cpu"})


def clock():
    """Calling what it returns gives the seconds since, and how many of them this process spent on a processor."""
    start, own = time.perf_counter(), time.process_time()
    return lambda: (time.perf_counter() - start, time.process_time() - own)


def opening(folder, utterances, layers):
    rep = representation(folder, layers)
    lap = clock()
    rows = rep.rows()
    seconds = lap()
    assert len(rows) == utterances - MISSING
    return {"opening": seconds}


def missing(folder, utterances, layers):
    """From a manifest in memory to the rows that are missing, and to the plan of their batches.

    It is all that an extraction does before it loads a model.
    """
    rep = representation(folder, layers)
    manifest = Manifest(tuple(Utterance(id=f"u{n}", path=path_of(folder, n)) for n in range(utterances)))
    spec = BackboneSpec(
        sample_rate=16_000,
        layers=tuple(LayerSpec(name, 2) for name in rep.layers),
        origin=rep.origin,
        load=None,
        batchable=False,
    )
    labels, seconds = [], {}
    find = UsableUtterances.missing

    def noted(corpus, stored):
        found = find(corpus, stored)
        seconds["missing"] = lap()
        assert found.sum() == MISSING
        return found

    class Stop(Exception):
        pass

    def progress(label, total, *rest):
        del total, rest
        labels.append(label)
        raise Stop

    UsableUtterances.missing = noted
    lap = clock()
    with suppress(Stop):
        extractor.extract(
            manifest,
            spec,
            {},
            rep,
            SkippedUtterances(utterances),
            files=index.examine_all(folder / "store" / "audio", [each.path for each in manifest]),
            record=FindingRecord(folder / "store" / "audio" / "findings"),
            progress=progress,
        )
    seconds["missing and planned"] = lap()
    assert labels == ["Extracting"], labels
    return seconds


def looking(folder, utterances, layers):
    """Of that, the index of audio files alone."""
    del layers
    paths = [path_of(folder, number) for number in range(utterances)]
    lap = clock()
    found = index.examine_all(folder / "store" / "audio", paths)
    seconds = lap()
    assert len(found) == utterances
    return {"looking": seconds}


MEASURED = {"opening": opening, "missing": missing, "looking": looking}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--utterances", type=int, default=1_000_000)
    parser.add_argument("--layers", type=int, default=13)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--keep", action="store_true", help="leave what was built in --folder, and use it again")
    parser.add_argument("--measure", choices=MEASURED, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.measure:
        print(json.dumps(MEASURED[chosen.measure](chosen.folder, chosen.utterances, chosen.layers)))
        return
    folder = (chosen.folder or Path(tempfile.mkdtemp())).absolute()
    try:
        if not (folder / "store").exists():
            start = time.perf_counter()
            build(folder, chosen.utterances, chosen.layers)
            print(f"built in {time.perf_counter() - start:.0f} s")
        for name in MEASURED:
            command = [sys.executable, __file__, "--measure", name, "--folder", str(folder)]
            command += ["--utterances", str(chosen.utterances), "--layers", str(chosen.layers)]
            runs = [json.loads(subprocess.check_output(command)) for _ in range(chosen.runs)]
            for part in runs[0]:
                told = ", ".join("{:.2f} ({:.2f})".format(*run[part]) for run in runs)
                print(f"{part}: seconds (of them on a processor): {told}", flush=True)
    finally:
        if not chosen.keep:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
