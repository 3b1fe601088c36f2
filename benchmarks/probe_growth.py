"""Time and anonymous memory of one probe of all columns over a memory map, against the number of rows, then of columns.

Rows and columns are generated onto the disk, 4.4 GB at most; each fit is a process of its own, so that its peak is its
own. Anonymous memory (RssAnon) is what cannot be given back to the file: the map itself is not in it.

    python benchmarks/probe_growth.py [--rows 1000 10000 100000] [--columns 1110 11100 55500] [--folder DIR]
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import own_folder_last  # noqa: F401
from many_probes import generated

COLUMNS = 11_100  # while the rows grow
ROWS = 4_000  # while the columns grow
CLASSES = 5

CHILD = """
import re, sys, threading, time
import numpy as np
from neuroscope import Problem
from neuroscope_elasticnet import make_elasticnet
path, solver, classes = sys.argv[1], sys.argv[2], int(sys.argv[3])
values = np.load(path + ".npy", mmap_mode="r")
y = np.load(path + ".y.npy")
def held():
    return int(re.search(r"RssAnon:\\s+(\\d+)", open("/proc/self/status").read())[1]) / 2**20
probe = make_elasticnet(solver=solver, scale="none" if solver == "adam" else "soft")
probe.fit_many(np.array(values[:60]), np.arange(60) % 3, [Problem()])
before, most, done = held(), [0.0], threading.Event()
def watch():
    while not done.wait(0.02):
        most[0] = max(most[0], held())
watcher = threading.Thread(target=watch); watcher.start()
start = time.perf_counter()
(fitted,) = probe.fit_many(values, y, [Problem()])
seconds = time.perf_counter() - start
done.set(); watcher.join()
used = int(np.count_nonzero(fitted.coef_.any(axis=0)))
size = f"{values.shape[0]:7} x {values.shape[1]:6} {solver:8}"
print(f"  {size} {seconds:8.1f} s  RssAnon {before:.2f} -> {most[0]:.2f} GiB  "
      f"steps {fitted.n_iter_}, gap {fitted.gap_:.1e}, {used} columns")
"""


def build(path, rows, columns):
    """One column in twenty, at the front, tells the class; blocks of a thousand rows have seeds of their own."""
    mapped = np.lib.format.open_memmap(f"{path}.npy", "w+", np.float32, (rows, columns))
    labels = np.empty(rows, np.int64)
    told = 0.3 * np.random.default_rng(9).standard_normal((CLASSES, columns // 20)).astype(np.float32)
    for begin in range(0, rows, 1000):
        block, y = generated(min(1000, rows - begin), columns, CLASSES, seed=begin)
        block[:, : told.shape[1]] += told[y]
        mapped[begin : begin + 1000], labels[begin : begin + 1000] = block, y
    mapped.flush()
    np.save(f"{path}.y.npy", labels)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="*", default=[1_000, 10_000, 100_000])
    parser.add_argument("--columns", type=int, nargs="*", default=[1_110, 11_100, 55_500])
    parser.add_argument("--folder", help="for the memory map")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        path = Path(folder) / "values"
        for rows, columns in [(rows, COLUMNS) for rows in given.rows] + [(ROWS, each) for each in given.columns]:
            build(path, rows, columns)
            for solver in ("adam", "optimum"):
                subprocess.run([sys.executable, "-c", CHILD, str(path), solver, str(CLASSES)], check=True)


if __name__ == "__main__":
    main()
