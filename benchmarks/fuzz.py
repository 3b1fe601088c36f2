"""Spoiled manifests, stores, audio indexes, files of vectors and plugins, alone and together, for as long as one likes.

Each case spoils a copy of a small world, as its number draws, and runs the command line on it in a child process. What
comes of it is a right answer or an error that is told. Everything else is a finding: a traceback, a crash, a hang,
memory beyond a limit, a message with control characters, an utterance that is lost without a word, a vector that is not
that of the unspoiled world, a contract that was broken and taken. A finding's case number reproduces it:

    python benchmarks/fuzz.py [--minutes 60] [--seed 0] [--only manifest|store|index|vectors|answers] [--out FILE]
    python benchmarks/fuzz.py --case NUMBER [--only NAME]
"""

import argparse
import collections
import contextlib
import fcntl
import json
import os
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

import own_folder_last  # noqa: F401

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.dont_write_bytecode = True

import numpy as np  # noqa: E402 (behind the variables that it reads)
import polars  # noqa: E402, F401 (loaded once and not after every fork; used in children alone: its threads do not survive one)
import soundfile  # noqa: E402, F401
import torch  # noqa: E402
from fuzzing import children, imports, plugin, targets, world  # noqa: E402
from safetensors import numpy as _safetensors  # noqa: E402, F401

from neuroscope import workflows  # noqa: E402, F401

TARGETS = {
    "manifest": targets.manifest,
    "store": targets.store,
    "index": targets.index,
    "vectors": imports.vectors,
    "answers": targets.answers,
}
ORDER = tuple(TARGETS)
CASES = 2**32
"""Numbers of cases of one seed."""


def build_world(folder):
    """Make the unspoiled world, in children: what they load and start stays theirs."""

    def corpus(_):
        (folder / "rows.json").write_text(json.dumps(world.make_corpus(folder)))

    _apart(corpus, folder)
    rows = json.loads((folder / "rows.json").read_text())
    truth = {}
    shown = [dict(row, path=str(folder / "corpus" / row["path"])) for row in rows]
    world.write_manifest(folder / "manifest.csv", shown)
    for gain in (1, 2):

        def extraction(_, gain=gain):
            os.environ |= {"NEUROSCOPE_CACHE": str(folder / "cache"), plugin.ANSWER: str(folder / f"truth-{gain}.npz")}
            root = str(folder / "manifest.csv")
            code = children.command(["vectors", "--backbone", f"fuzz,gain={gain}", "--root", root])
            assert code == 0, code

        _apart(extraction, folder)
        with np.load(folder / f"truth-{gain}.npz") as held:
            assert held["ids"].tolist() == [row["id"] for row in rows]
            truth[gain] = {layer: held[f"layer {layer}"] for layer in world.LAYERS}

    def vectors(_):
        os.environ["NEUROSCOPE_CACHE"] = str(folder / "cache")
        world.write_vectors(folder, [row["id"] for row in rows], truth[1])
        options = ["--manifest", str(folder / "manifest.csv"), "--name", "before"]
        assert children.command(["import", str(folder / "vectors.npz"), *options]) == 0

    _apart(vectors, folder)
    return world.World(folder, rows, truth)


def _apart(work, folder):
    process = os.fork()
    if not process:
        try:
            work(folder)
        except BaseException as error:
            print(f"{type(error).__name__}: {error}", flush=True)
            os._exit(1)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0, "the unspoiled world cannot be made"


def draw_targets(draw, only):
    """One target, or two or three together; files of vectors go with manifests and stores alone."""
    if only:
        return [only]
    first = draw.choice(ORDER)
    chosen = {first, *draw.sample(ORDER, draw.choice([0, 0, 0, 1, 1, 2]))}
    if "vectors" in chosen:
        chosen -= {"answers", "index"}
    return [name for name in ORDER if name in chosen]


def prepare(case):
    """Spoil the copy of the world."""
    for name in case.chosen:
        try:
            TARGETS[name](case)
        except BaseException as error:  # a library that cannot write what was drawn; some panic
            case.spoil(f"{name}: {type(error).__name__} while it was spoiled")
            case.loosen()
            case.must_fail = ""
            with contextlib.suppress(OSError):  # no file, where a case is shown
                os.ftruncate(2, 0)  # of a panic that is our own
    if case.vectors.endswith(".npy") and "manifest" in case.chosen:
        case.loosen()  # its rows are those of the manifest as it was
    file = case.folder / case.manifest
    if "manifest" not in case.chosen:
        rows = [dict(row, path=str(case.world.folder / "corpus" / row["path"])) for row in case.world.rows]
        world.write_manifest(file, rows)
    os.environ[plugin.ANSWER] = str(case.folder / "answer.npz")


def steps(case):
    """The commands of a case."""
    manifest = str(case.folder / case.manifest)
    if case.vectors:
        options = ["--manifest", manifest, "--name", "fuzzed"]
        yield ["import", str(case.folder / case.vectors), *options]
        yield ["vectors", "--backbone", "stored:fuzzed", "--root", manifest]
    elif "store" in case.chosen and case.draw.random() < 0.2:
        yield ["vectors", "--backbone", "stored:before", "--root", manifest]
    else:
        yield ["vectors", "--backbone", case.backbone, "--root", manifest]
    for more in (["store", "list"], ["store", "verify"], ["store", "prune"]):
        if case.draw.random() < 0.15:
            yield more
    if case.draw.random() < 0.08:
        text = "stored:fuzzed" if case.vectors else case.backbone
        yield ["probe", "--backbone", text, "--task", "label:label", "--root", manifest, "--runs", "1", "--out", "run"]


def run_case(made, number, only):
    """Run one case in a folder that is gone afterwards; its record."""
    draw, folder = random.Random(number), made.folder.parent / "case"
    folder.mkdir()
    case = targets.Case(made, folder, draw)
    case.chosen = draw_targets(draw, only)
    case.manifest = f"manifest{draw.choice(['.csv', '.csv', '.tsv', '.jsonl'])}"
    world.copy(made, folder)
    found = children.run(case, prepare, steps)
    remove(folder)
    again = f"python benchmarks/fuzz.py --case {number}" + (f" --only {only}" if only else "")
    return {"case": number, "again": again, "targets": "+".join(case.chosen), **found}


def remove(folder):
    """Remove a case's folder, also where something in it cannot be opened."""
    for path in folder.rglob("*"):
        if not path.is_symlink() and (path.is_dir() or path.is_file()):
            path.chmod(0o755)
    shutil.rmtree(folder)


def table(counts):
    """Targets down, outcomes across."""
    outcomes = [*dict.fromkeys([*children.GOOD, *sorted({each for _, each in counts})])]
    names = sorted({name for name, _ in counts})
    width = max(map(len, names), default=0)
    lines = [" " * width + "".join(f"{each:>16}" for each in outcomes)]
    lines += [f"{name:<{width}}" + "".join(f"{counts[name, each]:>16,}" for each in outcomes) for name in names]
    total = [sum(counts[name, each] for name in names) for each in outcomes]
    return "\n".join([*lines, f"{'all':<{width}}" + "".join(f"{each:>16,}" for each in total)])


def go_on(made, chosen, out):
    """Run case after case, write the first of each finding, and show what there was; how many findings."""
    counts, seen = collections.Counter(), collections.Counter()
    first = number = chosen.seed * CASES
    end = time.monotonic() + 60 * chosen.minutes
    with contextlib.suppress(KeyboardInterrupt):
        while time.monotonic() < end:
            record = run_case(made, number, chosen.only)
            number += 1
            counts[record["targets"], record["outcome"]] += 1
            if record["outcome"] not in children.GOOD:
                finding = record["outcome"], record["signature"]
                seen[finding] += 1
                if seen[finding] == 1:
                    out.write(json.dumps(record) + "\n")
                    out.flush()
    print(f"{number - first:,} cases from number {first}\n\n{table(counts)}\n")
    for (outcome, signature), count in sorted(seen.items(), key=lambda each: (each[0][0], -each[1])):
        print(f"{count:>6}  {outcome:<10}  {signature}")
    return sum(seen.values())


@contextlib.contextmanager
def own_folder(folder):
    """Hold a folder for this process alone; its name is the same in each run, since names of files depend on it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            sys.exit(f"{folder}: another run is at work there; name another with --folder")
        _clear(folder)
        (folder / "world").mkdir()
        try:
            yield folder / "world"
        finally:
            _clear(folder)
            (folder / "lock").unlink()
            with contextlib.suppress(OSError):  # something of somebody else's lies in it
                folder.rmdir()


def _clear(folder):
    for own in ("world", "case"):
        if (folder / own).exists():
            remove(folder / own)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=ORDER)
    parser.add_argument("--case", type=int, help="run this one, and show all of it")
    parser.add_argument("--out", type=Path, default=Path("fuzz-findings.jsonl"), help="first case of each finding")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "neuroscope-fuzz")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    with own_folder(chosen.folder) as folder:
        made = build_world(folder)
        if chosen.case is not None:
            record = run_case(made, chosen.case, chosen.only)
            print(json.dumps(record, indent=1), record["err"], sep="\n")
            return 0
        with chosen.out.open("a") as out:
            return 1 if go_on(made, chosen, out) else 0


if __name__ == "__main__":
    sys.exit(main())
