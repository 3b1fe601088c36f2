"""Time of extraction idle and beside busy processes: batches side by side, against torch's own threads.

Each measurement is a process of its own that extracts the same generated utterances into a fresh store, loading the
model included, its imports not. Ways, interleaved, medians reported:

    side by side   as neuroscope does: a batch a thread, and one thread for each operation of torch
    torch          one batch at a time, as many threads for each operation
    one            one batch at a time, one thread

"Busy" is beside as many endless loops as there are processors. Busy over idle: with half of the processors 2.

    python benchmarks/threads.py [--backbone ge2e ...] [--utterances 150] [--repetitions 3]
"""

import argparse
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import contextmanager, nullcontext
from pathlib import Path

import own_folder_last  # noqa: F401

WAYS = ("side by side", "torch", "one")
BACKBONES = ("ge2e", "adi-cnn,weights=random", "transformer")


def _loop():
    while True:
        pass


@contextmanager
def busy():
    """As many endless loops as processors, which end with the ``with``."""
    loops = [multiprocessing.Process(target=_loop, daemon=True) for _ in os.sched_getaffinity(0)]
    for each in loops:
        each.start()
    try:
        yield
    finally:
        for each in loops:
            each.kill()
            each.join()


def extract_once(backbone, utterances, way):
    """Print the seconds of one extraction, on the clock and of the processors."""
    import torch
    from extraction import extracted, generated, transformer

    from neuroscope.extraction import extractor
    from neuroscope.plugin.loading import Plugins
    from neuroscope.runtime.threads import available_threads

    torch.set_num_threads(available_threads())
    if way == "torch":
        extractor.one_torch_thread = nullcontext
    spec = transformer() if backbone == "transformer" else Plugins.load().backbones.choose(backbone).build()
    with tempfile.TemporaryDirectory() as name:
        manifest = generated(Path(name) / "audio", utterances)
        wall, processor = time.perf_counter(), time.process_time()
        extracted(manifest, spec, Path(name) / "store", threads=0 if way == "side by side" else 1)
        print(time.perf_counter() - wall, time.process_time() - processor)


def seconds(backbone, utterances, way):
    """Extract in a process of its own, and read what it printed."""
    command = [sys.executable, __file__, "--backbone", backbone, "--utterances", str(utterances), "--once", way]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return [float(each) for each in done.stdout.split()]


def compare(backbone, utterances, repetitions):
    taken = defaultdict(list)
    for _ in range(repetitions):
        for load in (nullcontext, busy):
            for way in WAYS:
                with load():
                    taken[way, load].append(seconds(backbone, utterances, way))
    for way in WAYS:
        (idle, idle_cpu), (beside, beside_cpu) = (
            [statistics.median(each) for each in zip(*taken[way, load], strict=True)] for load in (nullcontext, busy)
        )
        print(
            f"| {backbone} | {way} | {idle:.2f} ({idle_cpu:.2f}) | {beside:.2f} ({beside_cpu:.2f}) "
            f"| {beside / idle:.2f} |",
            flush=True,
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backbone", action="append", help=f"one or several; default: {', '.join(BACKBONES)}")
    parser.add_argument("--utterances", type=int, default=150)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--once", choices=WAYS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.once:
        extract_once(given.backbone[0], given.utterances, given.once)
        return
    print("| backbone | way | idle, s (of the processors) | beside busy processes | busy over idle |")
    print("|---|---|---|---|---|", flush=True)
    for backbone in given.backbone or BACKBONES:
        compare(backbone, given.utterances, given.repetitions)


if __name__ == "__main__":
    main()
