"""Time of the store's reads and writes in several file formats, the shards being the same in all.

A shard is 256 rows of every layer: the first layer is wide, three more have 1,024 columns each. Measured are writing
(with fsync), reading the first layer of all rows, reading all layers, and reading a random tenth of the rows of the
first layer; always into one array, first with the files out of the page cache ("cold"), then again ("warm"). Each
format is read and written in its own plainest way, without digests.

    python benchmarks/store_formats.py [--rows 20000] [--width 11100] [--folder DIR] [--formats npy,safetensors]

``safetensors`` and ``pyarrow`` are needed for their formats alone.
"""

import argparse
import os
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np

SHARD = 256
OTHERS = (1_024, 1_024, 1_024)


class Npy:
    """A folder a shard, one .npy a layer."""

    ending = ""

    @staticmethod
    def write(path, layers):
        path.mkdir()
        for number, values in enumerate(layers):
            np.save(path / f"{number}.npy", values)

    @staticmethod
    def read(path, layer, rows, out):
        out[:] = np.load(path / f"{layer}.npy", mmap_mode="r")[rows]


class Npz:
    """One archive a shard, not compressed; numpy reads a member whole."""

    ending = ".npz"

    @staticmethod
    def write(path, layers):
        np.savez(path, **{str(number): values for number, values in enumerate(layers)})

    @staticmethod
    def read(path, layer, rows, out):
        with np.load(path) as archive:
            out[:] = archive[str(layer)][rows]


class Safetensors:
    """One file a shard; a layer by ``get_tensor``, which reads it whole: ``get_slice`` takes ranges of rows only."""

    ending = ".safetensors"

    @staticmethod
    def write(path, layers):
        from safetensors.numpy import save_file

        save_file({str(number): values for number, values in enumerate(layers)}, path)

    @staticmethod
    def read(path, layer, rows, out):
        from safetensors import safe_open

        with safe_open(path, "numpy") as file:
            out[:] = file.get_tensor(str(layer))[rows]


class Arrow:
    """One Arrow IPC file a shard, a column of fixed-size lists a layer, memory-mapped."""

    ending = ".arrow"

    @staticmethod
    def write(path, layers):
        import pyarrow as pa

        columns = [pa.FixedSizeListArray.from_arrays(pa.array(each.ravel()), each.shape[1]) for each in layers]
        table = pa.table(columns, names=[str(number) for number in range(len(layers))])
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)

    @staticmethod
    def read(path, layer, rows, out):
        import pyarrow as pa

        with pa.memory_map(str(path)) as source:
            reader = pa.ipc.open_file(source, options=pa.ipc.IpcReadOptions(included_fields=[layer]))
            column = reader.get_batch(0).column(0)
            out[:] = column.values.to_numpy(zero_copy_only=True).reshape(-1, out.shape[1])[rows]


FORMATS = {"npy": Npy, "npz": Npz, "safetensors": Safetensors, "arrow": Arrow}


def files(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def sync(folder):
    for path in files(folder):
        handle = os.open(path, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)


def forget(folder):
    """Ask the system to drop the files from its cache."""
    for path in files(folder):
        handle = os.open(path, os.O_RDONLY)
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(handle)


def write_all(kind, folder, rows, widths):
    """Seconds of writing alone; the numbers are made beside it."""
    generator, seconds = np.random.default_rng(0), 0.0
    block = [generator.standard_normal((SHARD, width), dtype=np.float32) for width in widths]
    for number, first in enumerate(range(0, rows, SHARD)):
        layers = [values[: min(SHARD, rows - first)] + np.float32(number) for values in block]
        start = time.perf_counter()
        kind.write(folder / f"{number:05d}{kind.ending}", layers)
        seconds += time.perf_counter() - start
    start = time.perf_counter()
    sync(folder)
    return seconds + time.perf_counter() - start


def read_all(kind, folder, layers, widths, chosen):
    out = np.empty((len(chosen), sum(widths[layer] for layer in layers)), dtype=np.float32)
    start = time.perf_counter()
    column = 0
    for layer in layers:
        for number in range(chosen[-1] // SHARD + 1):
            first, last = np.searchsorted(chosen, [number * SHARD, (number + 1) * SHARD])
            place = out[first:last, column : column + widths[layer]]
            kind.read(folder / f"{number:05d}{kind.ending}", layer, chosen[first:last] - number * SHARD, place)
        column += widths[layer]
    return time.perf_counter() - start, float(out[:, ::97].sum())


def measure(name, folder, rows, widths):
    kind = FORMATS[name]
    where = folder / name
    where.mkdir(parents=True)
    everything = np.arange(rows)
    tenth = np.sort(np.random.default_rng(1).choice(rows, rows // 10, replace=False))
    try:
        figures = {"write": write_all(kind, where, rows, widths)}
        sums = []
        reads = {"layer": ([0], everything), "tenth": ([0], tenth), "all": (range(len(widths)), everything)}
        for read, (layers, chosen) in reads.items():
            forget(where)
            for state in ("cold", "warm"):
                figures[f"{read} {state}"], total = read_all(kind, where, layers, widths, chosen)
                sums.append(total)
        return figures, sums
    finally:
        shutil.rmtree(where)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--width", type=int, default=11_100)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--formats", default=",".join(FORMATS))
    chosen = parser.parse_args()
    widths = (chosen.width, *OTHERS)
    folder = Path(tempfile.mkdtemp(dir=chosen.folder))
    print(f"{chosen.rows} rows in {-(-chosen.rows // SHARD)} shards, {4 * chosen.rows * sum(widths) / 1e9:.2f} GB")
    known = None
    try:
        for name in chosen.formats.split(","):
            figures, sums = measure(name, folder, chosen.rows, widths)
            known = known or sums
            assert sums == known, f"{name} reads other numbers"
            print(f"{name:12}" + "  ".join(f"{what} {seconds:.2f}" for what, seconds in figures.items()), flush=True)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
