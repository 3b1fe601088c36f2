"""Spoiled checkpoints, for as long as one likes: whatever comes out of reading them is the weights, or one error line.

Small networks; TensorFlow bundles that are wrong in their bytes, in their blocks behind right checksums, or in their
messages; safetensors files that are wrong in their bytes or headers; and arbitrary bytes. The process may take 512 MB
more address space than it has at the start, so that a file that asks for terabytes is seen.

    python benchmarks/cnn_fuzz.py [--minutes 60] [--seed 0]
"""

import argparse
import collections
import random
import resource
import runpy
import tempfile
import time
import traceback
from pathlib import Path

import numpy as np  # noqa: F401 (loaded before the limit is set)
import own_folder_last  # noqa: F401
import safetensors.numpy  # noqa: F401

from neuroscope import NeuroscopeError
from neuroscope_cnn.checkpoints import checkpoint
from neuroscope_cnn.checkpoints.bundle import beside
from neuroscope_cnn.checkpoints.published import DATA, INDEX
from neuroscope_cnn.checkpoints.safe import save
from neuroscope_cnn.model import architecture

TESTS = Path(__file__).parents[1] / "plugins" / "neuroscope-cnn" / "tests"
WRITER = runpy.run_path(str(TESTS / "cnn_bundles.py"))
ROOM = 512 << 20
SLOW = 2.0
"""Seconds that no file may take."""


def shrink():
    """Networks of a few numbers, and no memory of digests: it would be written anew for each file."""
    for name, each in list(architecture.ARCHITECTURES.items()):
        architecture.ARCHITECTURES[name] = WRITER["tiny"](each)
        setattr(checkpoint, name.upper(), WRITER["tiny"](each))
    checkpoint.remembered = lambda what, path, compute: compute(path)


def limit():
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + ROOM, used + ROOM))


def bundles(folder):
    """Makes one spoiled bundle a call."""
    made = {}
    for name, network in architecture.ARCHITECTURES.items():
        weights = WRITER["weights_of"](network)
        made[name] = WRITER["placed"]({f"softmax/{each}": values for each, values in weights.items()})

    def spoil(draw):
        WRITER["spoiled_bundle"](folder / "m", *made[draw.choice(sorted(made))], draw)
        return folder / "m"

    return spoil


def safes(folder):
    """Makes one spoiled safetensors file a call."""
    network = architecture.ARCHITECTURES["adi"]
    whole = folder / "whole.safetensors"
    about = {"labels": ["x"] * network.outputs, "source": "here", "licence": "none", "mode": "valid"}
    save(whole, WRITER["weights_of"](network), architecture=network, **about)
    content = whole.read_bytes()

    def spoil(draw):
        WRITER["spoiled_safe"](folder / "own.safetensors", content, draw)
        return folder / "own.safetensors"

    return spoil


def noise(folder):
    """Makes a bundle or a safetensors file of arbitrary bytes a call."""

    def spoil(draw):
        for name in (folder / "any.safetensors", beside(folder / "any", INDEX), beside(folder / "any", DATA)):
            name.write_bytes(draw.randbytes(draw.randrange(400)))
        return folder / draw.choice(["any", "any.safetensors"])

    return spoil


def outcome(path):
    """``read``, the kind of error, or ``DEFECT`` with the trace on the way."""
    began = time.perf_counter()
    try:
        checkpoint.find(path).read()
        found = "read"
    except NeuroscopeError as error:
        found = type(error).__name__ if str(error).isprintable() else "DEFECT"
        if found == "DEFECT":
            print(f"{path}: more than one line: {str(error)!r}", flush=True)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        traceback.print_exc()
        found = "DEFECT"
    if time.perf_counter() - began > SLOW:
        print(f"{path}: took {time.perf_counter() - began:.1f} s", flush=True)
        found = "DEFECT"
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    shrink()
    counts = collections.Counter()
    with tempfile.TemporaryDirectory() as name:
        kinds = {make.__name__: make(Path(name)) for make in (bundles, safes, noise)}
        limit()
        end, number = time.monotonic() + 60 * arguments.minutes, 0
        while time.monotonic() < end:
            draw = random.Random(f"{arguments.seed} {number}")
            kind = draw.choice(["bundles", "bundles", "bundles", "safes", "safes", "noise"])
            found = outcome(kinds[kind](draw))
            counts[kind, found] += 1
            if found == "DEFECT":
                print(f"execution {number} of seed {arguments.seed}: {kind}", flush=True)
            number += 1
    for (kind, found), count in sorted(counts.items()):
        print(f"{kind:8} {found:14} {count:,}")
    defects = sum(count for (_, found), count in counts.items() if found == "DEFECT")
    print(f"{number:,} executions in {arguments.minutes:g} minutes, {defects} defects")
    raise SystemExit(1 if defects else 0)


if __name__ == "__main__":
    main()
