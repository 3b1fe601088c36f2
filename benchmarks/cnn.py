"""Time of the CNNs' forward pass against its bare matrix products, and the memory of a long utterance.

In one run, repetitions interleaved (a b c d a b c d ...), medians reported, features in memory (no front end):

    a  the bare products: one torch.mm a layer over all frames, convolutions unfolded beforehand; nothing else
    b  mode exact: the forward pass in blocks, the published pooling of all four convolutions, FC1 and FC2
    c  mode valid: the same in blocks, CNN1-3 through the core's pooling meanstd, CNN4 through the network's own
    d  what people write: torch.nn.Conv1d, BatchNorm1d and Linear, each layer whole, then mean and standard deviation

A TensorFlow version is not among them: nothing here depends on it.
--memory runs one utterance of so many seconds through the whole backbone, front end and all, each mode in a process of
its own, and reports the growth of anonymous memory beside the loaded model and the waveform, looked at every 5 ms.
--modes says what the modes differ by on real speech, with random weights: the largest difference of a layer as a share
of its largest value.

    python benchmarks/cnn.py [--network adi|sre] [--frames 300 3000] [--threads 1] [--repetitions 15]
    python benchmarks/cnn.py --memory 600
    python benchmarks/cnn.py --modes FOLDER [--utterances 20]
"""

import argparse
import gc
import multiprocessing
import os
import statistics
import time
from pathlib import Path

import own_folder_last  # noqa: F401
import soundfile
import soxr
import torch
from memory import anonymous, peak_anonymous

from neuroscope import Frames, LayerSpec, WaveBatch
from neuroscope.extraction.poolings import MeanStd
from neuroscope_cnn import spec
from neuroscope_cnn.frontend.front_end import FrontEnd
from neuroscope_cnn.model import extents
from neuroscope_cnn.model.architecture import ARCHITECTURES, CONVOLUTIONS, DENSE, LAYERS, STRIDE
from neuroscope_cnn.model.layers import NAMES, LayerPooling, embeddings, whole
from neuroscope_cnn.model.network import Network
from neuroscope_cnn.model.weights import random_weights

FORWARD_LIMIT = 1.25


def bare_products(frames):
    """A function that does the products of one utterance and nothing else."""
    generator = torch.Generator().manual_seed(0)
    pairs, inputs, rows = [], 40, frames
    for name, (seen, outputs) in CONVOLUTIONS.items():
        rows = -(-rows // STRIDE) if name == "conv2" else rows
        pairs.append((rows, seen * inputs, outputs))
        inputs = outputs
    pairs += [(1, *shape) for shape in DENSE.values()]
    made = [(torch.rand(m, k, generator=generator), torch.rand(k, n, generator=generator)) for m, k, n in pairs]
    return lambda: [torch.mm(values, matrix) for values, matrix in made]


def exact(network, features):
    extent = [extents.exact(len(features))]
    return lambda: whole(network, [features], extent)


def valid(network, features):
    extent = [extents.valid(len(features))]
    pooling = MeanStd()

    def run():
        states = {name: pooling.start(LayerSpec(NAMES[name], 1000)) for name in ("conv1", "conv2", "conv3")}
        pools = LayerPooling(network, extent, ["conv4"])
        for block in network.blocks([features], extent):
            pools.add(block)
            for name, state in states.items():
                values = block[name][0][None]
                state.update(Frames(values, torch.tensor([values.shape[1]])))
        pooled = [state.finish() for state in states.values()]
        return pooled, embeddings(network, pools.finish()["conv4"], "pre")

    return run


def plain(architecture, weights, features):
    """The usual modules, padded as the network is."""
    layers, inputs = [], 40
    for name, (seen, outputs) in CONVOLUTIONS.items():
        conv = torch.nn.Conv1d(inputs, outputs, seen, STRIDE if name == "conv2" else 1)
        conv.weight.data = weights[f"{name}W"].permute(2, 1, 0).contiguous()
        left = extents.exact(len(features)).left if name == "conv2" else seen // 2
        padding = (left, 3) if name == "conv2" else (left, left)
        normalise = torch.nn.BatchNorm1d(outputs, 1e-3).eval() if architecture.normalised else torch.nn.Identity()
        layers.append((padding, conv, normalise))
        inputs = outputs
    fc1, fc2 = (torch.nn.Linear(*shape) for shape in DENSE.values())

    def run():
        values, pooled = features.T[None], []
        for padding, conv, normalise in layers:
            values = torch.relu(normalise(conv(torch.nn.functional.pad(values, padding))))
            pooled.append(torch.cat([values.mean(2), values.std(2, correction=0)], 1))
        hidden = fc1(pooled[-1])
        return pooled, hidden, fc2(torch.relu(hidden))

    return run


def compare(architecture, frames, repetitions):
    weights = random_weights(architecture, 0)
    network = Network(architecture, weights, "cpu")
    features = 10 * torch.randn(frames, 40, generator=torch.Generator().manual_seed(1))
    runs = {
        "bare products": bare_products(frames),
        "exact": exact(network, features),
        "valid": valid(network, features),
        "plain modules": plain(architecture, weights, features),
    }
    times = {name: [] for name in runs}
    with torch.inference_mode():
        for repetition in range(repetitions + 2):  # the first two warm up
            for name, run in runs.items():
                start = time.perf_counter()
                run()
                if repetition >= 2:
                    times[name].append(time.perf_counter() - start)
    bare = statistics.median(times["bare products"])
    for name, seconds in times.items():
        each = [own / base for own, base in zip(seconds, times["bare products"], strict=True)]
        print(
            f"{architecture.name}  {frames:6} frames  {name:13}  {1000 * statistics.median(seconds):8.1f} ms"
            f"  ratio {statistics.median(seconds) / bare:5.3f}  (pairwise {statistics.median(each):5.3f},"
            f" {min(each):5.3f} to {max(each):5.3f})",
            flush=True,
        )


def make(name, **options):
    return {"adi": spec.adi_cnn, "sre": spec.sre_cnn}[name](weights="random", **options).load("cpu")


def pooled(model, wave):
    """The six vectors of one utterance; CNN1-3 by the core's pooling, where the network leaves them to it."""
    states, found = {}, {}
    for block in model.extract(WaveBatch(wave[None], torch.tensor([len(wave)]))):
        for name, frames in block.items():
            if frames.values.shape[2] == LAYERS[name]:
                found[name] = frames.values[0, 0]
            else:
                state = states.setdefault(name, MeanStd().start(LayerSpec(name, frames.values.shape[2])))
                state.update(frames)
    return found | {name: state.finish()[0] for name, state in states.items()}


def measure_memory(name, mode, seconds, threads):
    torch.set_num_threads(threads)
    model = make(name, mode=mode, vad="0.9")
    pooled(model, torch.randn(16_000))
    wave = 0.1 * torch.randn(seconds * 16_000, generator=torch.Generator().manual_seed(0))
    wave *= 0.2 + torch.sin(torch.arange(len(wave)) / 5000) ** 2
    gc.collect()
    before = anonymous()
    with peak_anonymous() as peak:
        start = time.perf_counter()
        pooled(model, wave)
        taken = time.perf_counter() - start
    print(
        f"{name}  {seconds} s of audio  {mode}  {taken:6.1f} s  peak {(peak[0] - before) / 1e6:6.1f} MB beside the"
        f" {before / 1e6:.0f} MB of process, weights and waveform",
        flush=True,
    )


def compare_modes(name, folder, utterances):
    """Shares of each layer's largest value: both modes with VAD, at even and odd ends, then each by default."""
    exact_mode, valid_mode, default = (
        make(name, mode=mode, vad=vad) for mode, vad in (("exact", "0.9"), ("valid", "0.9"), ("valid", "off"))
    )
    front_end = FrontEnd(vad=0.9)
    apart = {case: dict.fromkeys(LAYERS, 0.0) for case in ("even", "odd", "default")}
    largest, counts = dict.fromkeys(LAYERS, 0.0), {"even": 0, "odd": 0, "default": 0}
    files = sorted(folder.rglob("*.flac"))
    for path in files[:: max(len(files) // utterances, 1)][:utterances]:
        wave, rate = soundfile.read(path, dtype="float32")
        wave = torch.from_numpy(soxr.resample(wave, rate, 16_000) if rate != 16_000 else wave)
        expected = pooled(exact_mode, wave)
        parity = ("even", "odd")[len(front_end(wave)) % 2]
        for case, model in ((parity, valid_mode), ("default", default)):
            counts[case] += 1
            for layer, values in pooled(model, wave).items():
                largest[layer] = max(largest[layer], expected[layer].abs().max().item())
                apart[case][layer] = max(apart[case][layer], (values - expected[layer]).abs().max().item())
    print(f"{name}, utterances: {counts}")
    for layer in LAYERS:
        print(f"  {layer}  " + "  ".join(f"{case} {apart[case][layer] / largest[layer]:.1e}" for case in apart))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", choices=sorted(ARCHITECTURES), default="sre")
    parser.add_argument("--frames", type=int, nargs="+", default=[300, 3000], help="of the utterances that are timed")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repetitions", type=int, default=15)
    parser.add_argument("--memory", type=int, metavar="SECONDS", help="peak memory of one utterance instead")
    parser.add_argument(
        "--modes", type=Path, metavar="FOLDER", help="difference of the modes on its .flac files instead"
    )
    parser.add_argument("--utterances", type=int, default=20, help="of --modes, spread over the folder")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    load = ", ".join(f"{each:.2f}" for each in os.getloadavg())
    print(f"torch {torch.__version__}, {given.threads} threads; load of the machine {load}")
    if given.modes:
        for network in ARCHITECTURES:
            compare_modes(network, given.modes, given.utterances)
        return
    if given.memory:
        for mode in ("exact", "valid"):
            job = (given.network, mode, given.memory, given.threads)
            alone = multiprocessing.get_context("spawn").Process(target=measure_memory, args=job)
            alone.start()
            alone.join()
        return
    for frames in given.frames:
        compare(ARCHITECTURES[given.network], frames, given.repetitions)
    print(f"wanted: exact and valid at most {FORWARD_LIMIT} of the bare products")


if __name__ == "__main__":
    main()
