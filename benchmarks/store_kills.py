"""Extractions that are killed at random moments, and extractions by several processes at once, over one store.

Killed (SIGKILL) again and again and then left to finish, an extraction has to leave the vectors of an undisturbed one,
bit for bit, and to have computed no batch twice but those of the shard that was open. Processes that extract the same
manifest or overlapping ones at once have to leave each row once in what a reader sees, with the right vectors.
Generated audio, a small deterministic model, batches of 3 in shards of 6.

    python benchmarks/store_kills.py [--kills 100] [--processes 2 4] [--utterances 120] [--seed 0]
"""

import argparse
import hashlib
import os
import pickle
import random
import runpy
import signal
import tempfile
import time
from pathlib import Path

import numpy as np
import own_folder_last  # noqa: F401
import polars  # noqa: F401 (loaded once here and not after every fork; used after it only, for its threads do not survive one)
import torch

from neuroscope.contracts.audio import Manifest

FAKES = runpy.run_path(str(Path(__file__).parents[1] / "tests" / "unit" / "conftest.py"))
BATCH, SHARD = 3, 6
PAUSE = 0.004
"""Seconds that a batch takes at least, so that kills meet models and not only the file system."""


class Counted(FAKES["Fake"]):
    """The small model; it writes down which batches it is given before it computes them."""

    def __init__(self, tally):
        super().__init__(lambda number: time.sleep(PAUSE))
        self._tally = tally

    def extract(self, batch):
        name = hashlib.sha256(batch.samples.numpy().tobytes()).hexdigest()[:16]
        with self._tally.open("a") as stream:
            stream.write(f"{name}\n")
        yield from super().extract(batch)


def apart(work):
    """Fork, because loading torch again for every kill would take most of the time; the process's id."""
    process = os.fork()
    if process:
        return process
    try:
        torch.set_num_threads(1)
        with FAKES["small"]():
            work()
    except BaseException as error:  # what is forked must not go on as its parent
        print(f"{type(error).__name__}: {error}", flush=True)
        os._exit(1)
    os._exit(0)


def ended(process):
    """Whether a process ended well, and not by SIGKILL."""
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    assert code in {0, -signal.SIGKILL}, code
    return code == 0


def extraction(store, manifest, tally, result=None):
    def work():
        vectors = FAKES["run"](store, manifest, Counted(tally))[1]
        if result is not None:
            result.write_bytes(pickle.dumps(vectors))

    return work


def undisturbed(folder, manifest):
    """The vectors, and how long it takes."""
    start = time.perf_counter()
    assert ended(apart(extraction(folder / "undisturbed", manifest, folder / "tally", folder / "expected")))
    return pickle.loads((folder / "expected").read_bytes()), time.perf_counter() - start


def again_beyond_open_shard(runs):
    """How many batches were computed again that were not of the shard that was open when a run was killed."""
    beyond = 0
    for number, run in enumerate(runs):
        later = {name for after in runs[number + 1 :] for name in after}
        whole = len(run) - len(run) % (SHARD // BATCH)
        kept = run[: max(0, whole - SHARD // BATCH)] if whole == len(run) else run[:whole]
        beyond += len(later.intersection(kept)) + len(run) - len(set(run))
    return beyond


def killed(folder, number, manifest, seconds, chance, most):
    """One extraction, killed at most so many times and then left to finish: vectors, batches of each run, leftovers."""
    store, result, runs = folder / f"store-{number}", folder / f"result-{number}", []
    while True:
        tally = folder / f"tally-{number}-{len(runs)}"
        tally.touch()
        process = apart(extraction(store, manifest, tally, result))
        if len(runs) < most:
            time.sleep(chance.uniform(0, seconds))
            os.kill(process, signal.SIGKILL)
        finished = ended(process)
        runs.append(tally.read_text().split())
        if finished:
            return pickle.loads(result.read_bytes()), runs, len(list(store.rglob("*.partial")))


def kill(folder, manifest, kills, chance):
    expected, seconds = undisturbed(folder, manifest)
    done = extractions = equal = computed = beyond = leftovers = 0
    while done < kills:
        vectors, runs, partial = killed(folder, extractions, manifest, seconds, chance, kills - done)
        done += len(runs) - 1
        extractions += 1
        equal += vectors == expected
        computed += sum(map(len, runs))
        beyond += again_beyond_open_shard(runs)
        leftovers += partial
    batches = extractions * -(-len(manifest) // BATCH)
    print(
        f"{done} kills in {extractions} extractions: {equal} of {extractions} bit for bit the undisturbed one; "
        f"{computed} batches computed for {batches}, {beyond} again beyond the open shard; "
        f"{leftovers} leftovers of dead writers"
    )
    assert equal == extractions
    assert beyond == 0


def together(folder, manifests, name):
    """Several extractions into one store at once, each of its own manifest."""
    everything = Manifest(tuple({each.id: each for manifest in manifests for each in manifest}.values()))
    same = all(len(manifest) == len(everything) for manifest in manifests)
    expected = undisturbed(folder, everything)[0] if same else one_by_one(folder, everything)
    store = folder / f"{name}-{len(manifests)}"
    processes = [apart(extraction(store, each, folder / f"tally-{n}")) for n, each in enumerate(manifests)]
    assert all([ended(process) for process in processes])
    result = folder / "result"
    tally = folder / "nothing is left to do"
    assert ended(apart(extraction(store, everything, tally, result)))
    vectors = pickle.loads(result.read_bytes())
    assert not tally.exists()
    assert vectors.keys() == expected.keys()
    worst = max(np.abs(np.subtract(vectors[each], expected[each])).max() for each in expected)
    shards = len(list(store.glob("representations/*/shards/*")))
    print(
        f"{len(manifests)} processes, {name} manifests: {len(vectors)} of {len(everything)} utterances in {shards} "
        f"shards; largest difference {worst:.1e}"
    )
    assert worst == 0 if same else worst < 1e-5


def one_by_one(folder, manifest):
    """Each utterance alone: what any plan has to agree with."""
    result = folder / "alone"

    def work():
        store, load = folder / "alone-store", Counted(folder / "tally-alone")
        result.write_bytes(pickle.dumps(FAKES["run"](store, manifest, load, batchable=False)[1]))

    assert ended(apart(work))
    return pickle.loads(result.read_bytes())


def overlapping(manifest, processes):
    """Each process has two thirds of what there is, from another place on."""
    utterances, count = manifest.utterances, len(manifest)
    turned = (utterances[count * n // processes :] + utterances[: count * n // processes] for n in range(processes))
    return [Manifest(each[: count * 2 // 3]) for each in turned]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--processes", type=int, nargs="*", default=[2, 4])
    parser.add_argument("--utterances", type=int, default=120)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        manifest = FAKES["corpus_in"](folder / "corpus", chosen.utterances)
        kill(folder, manifest, chosen.kills, random.Random(chosen.seed))
        for processes in chosen.processes:
            together(folder, [manifest] * processes, "same")
            together(folder, overlapping(manifest, processes), "overlapping")


if __name__ == "__main__":
    main()
