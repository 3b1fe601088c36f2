"""Time and memory of extraction, against the model alone and against the script that people write.

In one run, repetitions interleaved (a b c a b c ...), medians reported:

    a  the forward passes alone over the batches of the plan, already in memory; frames are dropped, not pooled
    b  the whole extraction into a fresh store: digest, read, resample, forward, pool, write, sync
    c  the usual script: file by file, read, resample, forward, mean over time, append; one save

The model is loaded before the clock starts, in all three. Behind b stands where its time went: seconds spent inside
each stage. Reading and digesting happen in threads beside the model (their seconds are processor time), the rest in its
way.

    python benchmarks/extraction.py [--backbone ge2e|transformer] [--root FOLDER | --utterances N] [--threads 1]
    python benchmarks/extraction.py --memory            # anonymous memory, N utterances and ten times as many
    python benchmarks/extraction.py --long 7200         # one recording of that many seconds; --rate of the file
"""

import argparse
import math
import shutil
import statistics
import tempfile
import threading
import time
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import own_folder_last  # noqa: F401
import soundfile
import soxr
import torch
from memory import anonymous, peak_anonymous

from neuroscope import waves
from neuroscope.audio.findings import FindingRecord
from neuroscope.audio.index import examine_all
from neuroscope.contracts.audio import Manifest, Utterance
from neuroscope.contracts.backbone import BackboneSpec, Frames, LayerSpec, Origin
from neuroscope.data import Data, load
from neuroscope.extraction.batching import wanted_shards
from neuroscope.extraction.extractor import extract
from neuroscope.extraction.poolings import Mean
from neuroscope.extraction.skipped import SkippedUtterances
from neuroscope.extraction.usable import usable
from neuroscope.plugin.loading import Plugins
from neuroscope.store import padding_record
from neuroscope.store.description import Identity
from neuroscope.store.representations import Representation, Store

RATE = 16_000


class Block(torch.nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norms = torch.nn.ModuleList([torch.nn.LayerNorm(width), torch.nn.LayerNorm(width)])
        self.qkv, self.out = torch.nn.Linear(width, 3 * width), torch.nn.Linear(width, width)
        self.up, self.down = torch.nn.Linear(width, 4 * width), torch.nn.Linear(4 * width, width)

    def forward(self, x, mask):
        parts = self.qkv(self.norms[0](x)).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        attended = torch.nn.functional.scaled_dot_product_attention(*parts, attn_mask=mask)
        x = x + self.out(attended.transpose(1, 2).flatten(2))
        return x + self.down(torch.nn.functional.gelu(self.up(self.norms[1](x))))


class Transformer(torch.nn.Module):
    """12 blocks of width 384 over 50 frames a second: 21.4 million random parameters, 13 layers of output."""

    def __init__(self, width=384, blocks=12, heads=6):
        super().__init__()
        self.front = torch.nn.Conv1d(1, width, 400, stride=320)
        self.blocks = torch.nn.ModuleList([Block(width, heads) for _ in range(blocks)])

    def extract(self, batch):
        x = self.front(batch.samples[:, None]).transpose(1, 2)
        lengths = (batch.lengths - 400) // 320 + 1
        mask = (torch.arange(x.shape[1])[None] < lengths[:, None])[:, None, None]
        mask = None if bool(mask.all()) else mask
        layers = {"0": Frames(x, lengths)}
        for number, block in enumerate(self.blocks):
            x = block(x, mask)
            layers[str(number + 1)] = Frames(x, lengths)
        yield layers


def transformer():
    def made(device):
        torch.manual_seed(0)
        return Transformer().eval().requires_grad_(False)

    layers = tuple(LayerSpec(str(number), 384) for number in range(13))
    origin = Origin(source="random", licence="none", digest="benchmark")
    return BackboneSpec(sample_rate=RATE, layers=layers, origin=origin, load=made, min_samples=400)


def backbone(name):
    spec = transformer() if name == "transformer" else Plugins.load().backbones.choose(name).build()
    model = spec.load("cpu")
    modules = [model] if isinstance(model, torch.nn.Module) else [model.network]
    parameters = sum(each.numel() for module in modules for each in module.parameters())
    return replace(spec, load=lambda device: model), model, parameters


def generated(folder, count, seconds=(2.0, 8.0), rate=RATE, seed=0):
    """Files of filtered noise in 16 bits, of evenly drawn lengths."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    utterances = []
    for number in range(count):
        path = folder / f"{number}.wav"
        noise = rng.standard_normal(round(rate * rng.uniform(*seconds)), dtype=np.float32)
        soundfile.write(path, 0.05 * (noise[1:] + noise[:-1]), rate, subtype="PCM_16")
        utterances.append(Utterance(id=str(number), path=path))
    return Manifest(tuple(utterances))


def representation(spec, root):
    identity = Identity("benchmark", {}, "", "", {}, [], "1", "float32")
    units = {layer.name: Mean().units(layer) for layer in spec.layers}
    return Store(root).representation(identity, units, spec.origin)


def extracted(manifest, spec, root, *, threads=1):
    """Extract into the store below ``root``."""
    failures = SkippedUtterances(len(manifest), max_errors=1.0)
    poolings = {layer.name: Mean() for layer in spec.layers}
    files = examine_all(root / "audio", [each.path for each in manifest])
    into, record = representation(spec, root), FindingRecord(root / "findings")
    done = extract(manifest, spec, poolings, into, failures, files=files, record=record, threads=threads)
    return done, failures


def batches_of(manifest, spec, folder, found=None):
    """The batches of the plan, read; ``found`` is what its extraction found about padding."""
    files = examine_all(folder, [each.path for each in manifest])
    corpus = usable(manifest, files, spec, SkippedUtterances(len(manifest), max_errors=1.0), math.inf)
    allowed = padding_record.batches_of(found)
    shards = wanted_shards(corpus, spec, "cpu", 1, np.ones(len(corpus), dtype=bool), allowed)
    batches = [[corpus[place] for place in batch.tolist()] for shard in shards for batch in shard]
    return [[waves.read(each.path, each.span, spec.sample_rate) for each in batch] for batch in batches]


def forward(model, batches):
    with torch.inference_mode():
        for batch in batches:
            for _ in model.extract(waves.batch(batch)):
                pass


def script(manifest, spec, model, target):
    vectors = {layer.name: [] for layer in spec.layers}
    for utterance in manifest:
        samples, rate = soundfile.read(utterance.path, dtype="float32", always_2d=True)
        mono = samples.mean(axis=1)
        if rate != spec.sample_rate:
            mono = soxr.resample(mono, rate, spec.sample_rate)
        if len(mono) < spec.min_samples:
            continue
        with torch.inference_mode():
            sums, frames = defaultdict(float), 0
            for block in model.extract(waves.batch([mono])):
                frames += int(next(iter(block.values())).lengths[0])
                for name, each in block.items():
                    sums[name] += each.values[0].sum(0)
        for name, total in sums.items():
            vectors[name].append((total / frames).numpy())
    np.savez(target, **{name: np.stack(rows) for name, rows in vectors.items()})


class Stages:
    """Seconds inside the stages of an extraction, taken by wrapping their functions."""

    def __init__(self):
        self.seconds, self._lock = defaultdict(float), threading.Lock()

    def watched(self, model):
        """The model, its forward passes timed."""
        step = self._timed(next, "forward", time.perf_counter)

        def extract(batch):
            blocks = model.extract(batch)
            while (block := step(blocks, None)) is not None:
                yield block

        return SimpleNamespace(extract=extract)

    @contextmanager
    def watching(self):
        state = type(Mean().start(LayerSpec("", 1)))
        watched = [
            (waves, "examine", "digesting *", time.thread_time),
            (waves, "read", "reading and resampling *", time.thread_time),
            (waves, "batch", "side by side", time.perf_counter),
            (state, "update", "pooling", time.perf_counter),
            (state, "finish", "pooling", time.perf_counter),
            (Representation, "write", "writing", time.perf_counter),
        ]
        former = [getattr(owner, name) for owner, name, *_ in watched]
        for (owner, name, stage, clock), function in zip(watched, former, strict=True):
            setattr(owner, name, self._timed(function, stage, clock))
        try:
            yield
        finally:
            for (owner, name, *_), function in zip(watched, former, strict=True):
                setattr(owner, name, function)

    def _timed(self, function, stage, clock):
        def timed(*args, **kwargs):
            start = clock()
            try:
                return function(*args, **kwargs)
            finally:
                with self._lock:
                    self.seconds[stage] += clock() - start

        return timed


def seconds_of(function, *args):
    start = time.perf_counter()
    function(*args)
    return time.perf_counter() - start


def compare(manifest, spec, model, repetitions, folder):
    batches = batches_of(manifest, spec, folder / "index")
    forward(model, batches[-1:])
    audio = sum(len(wave) for batch in batches for wave in batch) / spec.sample_rate
    print(f"{len(manifest)} utterances, {audio / 3600:.2f} h of audio, {len(batches)} batches", flush=True)
    taken, stages = defaultdict(list), Stages()
    timed = replace(spec, load=lambda device: stages.watched(model))
    for number in range(repetitions):
        taken["a"].append(seconds_of(forward, model, batches))
        with stages.watching():
            taken["b"].append(seconds_of(extracted, manifest, timed, folder / "store"))
        shutil.rmtree(folder / "store")
        taken["c"].append(seconds_of(script, manifest, spec, model, folder / "script.npz"))
        print(f"  {number + 1}: " + ", ".join(f"{name} {each[-1]:.2f} s" for name, each in taken.items()), flush=True)
    a, b, c = (statistics.median(taken[name]) for name in "abc")
    paired = statistics.median(y / x for x, y in zip(taken["a"], taken["b"], strict=True))
    print(f"a {a:.2f} s ({audio / a:.0f} x real time), b {b:.2f} s ({audio / b:.0f} x), c {c:.2f} s")
    print(f"b/a {b / a:.3f} (median of the paired ratios {paired:.3f}), c/b {c / b:.2f}")
    print("of b, on average (* in threads beside the model):")
    for stage, seconds in stages.seconds.items():
        print(f"  {stage:26} {seconds / repetitions:7.3f} s, {seconds / repetitions / b:6.1%}")


def measure(label, manifest, spec, folder):
    before = anonymous()
    with peak_anonymous(0.02) as peak:
        start = time.perf_counter()
        done, failures = extracted(manifest, spec, folder / f"store-{label}")
        taken = time.perf_counter() - start
    skipped = [each.detail for each in failures.skipped][:1]
    before, most, after = (round(each / 1e6) for each in (before, peak[0], anonymous()))
    print(
        f"{label}: {done.computed} computed in {taken:.1f} s, skipped {skipped}; "
        f"anonymous memory {before} MB before, at most {most} MB, {after} MB after",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backbone", default="ge2e")
    parser.add_argument("--root", type=Path, help="folder of audio or manifest; default: generated utterances")
    parser.add_argument("--utterances", type=int, default=300, help="how many; with --root: the first N (0 = all)")
    parser.add_argument("--rate", type=int, default=RATE, help="of generated files, Hz")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--threads", type=int, default=0, help="of torch; 0 = as torch likes")
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--long", type=float, default=0.0, metavar="SECONDS")
    given = parser.parse_args()
    if given.threads:
        torch.set_num_threads(given.threads)
    spec, model, parameters = backbone(given.backbone)
    print(f"{given.backbone}: {parameters / 1e6:.1f} million parameters, {torch.get_num_threads()} threads of torch")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if given.long:
            lengths = (given.long, math.nextafter(given.long, math.inf))
            measure("short", generated(folder / "short", 20, rate=given.rate), spec, folder)
            measure("long", generated(folder / "long", 1, lengths, rate=given.rate), spec, folder)
            return
        if given.root:
            manifest = load(Data(root=given.root), Plugins.load()).manifest
            manifest = replace(manifest, utterances=manifest.utterances[: given.utterances or None])
        else:
            manifest = generated(folder / "audio", given.utterances * (10 if given.memory else 1), rate=given.rate)
        if given.memory:
            tenth = replace(manifest, utterances=manifest.utterances[: len(manifest) // 10])
            measure("x1", tenth, spec, folder)
            measure("x10", manifest, spec, folder)
        else:
            compare(manifest, spec, model, given.repetitions, folder)


if __name__ == "__main__":
    main()
