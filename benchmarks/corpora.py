"""How long it takes to list a corpus of many files, for the first time and again, and whether a change is noticed.

Makes empty files in the form of VoxCeleb1, and reads them as ``describe`` and ``probe`` do: the reader, then the index
of audio files. Each look is a process of its own, with the file system's caches warm. Exits 1 where the first look took
a minute or more, the second five seconds or more (the quickest of three: others may use the machine), or a file that
was removed or added was not noticed.

    python benchmarks/corpora.py [--speakers 1250] [--videos 20] [--utterances 8]
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import own_folder_last  # noqa: F401

from neuroscope import Data, Plugins
from neuroscope.audio.index import examine_all
from neuroscope.data import load
from neuroscope.runtime.progress_bar import progress_bar

FIRST, AGAIN = 60.0, 5.0
"""Seconds that the looks may take."""
TRIES = 3
HEADER = "VoxCeleb1 ID\tVGGFace1 ID\tGender\tNationality\tSet\n"


def build(root, speakers, videos, utterances):
    """Make the tree; one speaker of thirty is of part test."""
    rows = []
    for speaker in range(speakers):
        part = "test" if speaker % 30 == 0 else "dev"
        rows.append(f"id{10_001 + speaker}\tName_{speaker}\t{'mf'[speaker % 2]}\tUSA\t{part}\n")
        for video in range(videos):
            folder = root / part / "wav" / f"id{10_001 + speaker}" / f"{speaker:05d}_{video:05d}"
            folder.mkdir(parents=True)
            for utterance in range(utterances):
                (folder / f"{utterance + 1:05d}.wav").touch()
    (root / "vox1_meta.csv").write_text(HEADER + "".join(rows))


def look(root, cache):
    """Seconds of the reader, of it and the index, of both on a processor, and what is there."""
    start, own = time.perf_counter(), time.process_time()
    data = Data(dataset="voxceleb1,part=all", root=root)
    manifest = load(data, Plugins.load(), progress=progress_bar, cache=cache).manifest
    read = time.perf_counter() - start
    files = examine_all(cache / "audio", [each.path for each in manifest], progress_bar)
    seconds, own = time.perf_counter() - start, time.process_time() - own
    empty = sum(each.reason == "empty file" for each in files.wrong.values())
    found = {"count": len(manifest), "empty": empty, "fingerprint": manifest.fingerprint}
    return {"read": read, "seconds": seconds, "own": own, **found}


def looked(root, cache):
    """What a look in a process of its own finds."""
    command = [sys.executable, __file__, "--look", str(root), "--cache", str(cache)]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def measure(folder, speakers, videos, utterances):
    """Print what the looks took, and return what is wrong with them."""
    root, cache = folder / "voxceleb1", folder / "cache"
    start = time.perf_counter()
    build(root, speakers, videos, utterances)
    print(f"{speakers * videos * utterances:,} files made in {time.perf_counter() - start:.0f} s", flush=True)
    looks = {"first": looked(root, cache)}
    looks["second"] = min((looked(root, cache) for _ in range(TRIES)), key=lambda found: found["seconds"])
    some = sorted((root / "dev" / "wav" / "id10002").rglob("*.wav"))[0]
    some.unlink()
    looks["one removed"] = looked(root, cache)
    some.with_name("09999.wav").touch()
    looks["one added"] = looked(root, cache)
    for name, found in looks.items():
        told = "{read:.2f} s reading, {seconds:.2f} s with the index ({own:.2f} s of a processor)"
        print(f"{name}: {told.format(**found)}; {found['count']:,} utterances, {found['empty']:,} empty", flush=True)
    return [*_slow(looks), *_unnoticed(looks, speakers * videos * utterances)]


def _slow(looks):
    for name, most in (("first", FIRST), ("second", AGAIN)):
        if (seconds := looks[name]["seconds"]) >= most:
            yield f"the {name} look took {seconds:.1f} s, at most {most:.0f} s are allowed"


def _unnoticed(looks, files):
    expected = {"first": files, "second": files, "one removed": files - 1, "one added": files}
    for name, count in expected.items():
        if (looks[name]["count"], looks[name]["empty"]) != (count, count):
            yield f"look '{name}': {looks[name]['count']:,} of {count:,} utterances"
    if looks["first"]["fingerprint"] != looks["second"]["fingerprint"]:
        yield "the same files give another manifest at the second look"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--speakers", type=int, default=1_250)
    parser.add_argument("--videos", type=int, default=20)
    parser.add_argument("--utterances", type=int, default=8)
    parser.add_argument("--look", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--cache", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.look:
        print(json.dumps(look(chosen.look, chosen.cache)))
        return
    with tempfile.TemporaryDirectory() as folder:
        if problems := measure(Path(folder), chosen.speakers, chosen.videos, chosen.utterances):
            raise SystemExit("\n".join(problems))


if __name__ == "__main__":
    main()
