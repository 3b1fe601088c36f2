"""Transformers: extraction against the passes alone and the usual scripts, its memory, and its time beside other work.

Weights are random and those of both sides the same, in files that s3prl and the Hugging Face library read; audio is
real speech. Ratios are of one run, repetitions interleaved, medians of the pairs, by the clock and by processor time,
which other work on the machine changes less:

    passes   the whole extraction (cold store, known audio files) over the forward passes alone on the same batches
    script   the whole extraction over the script that people write: lists of eight, padded, all hidden states, means
             over the real frames; and how far that script's numbers are from those of each utterance by itself
    memory   anonymous memory beside the weights, extracting utterances of 60 s
    busy     time beside an endless loop a processor over that alone, each in a process of its own: one pair, of
             few utterances, so that it ends within minutes

The exit code is 1 where a limit is missed: 1.10 of the passes and 1.3 of the script, both in processor time; 2 GB of
memory; 2.5 times the idle time, by the clock.

    python benchmarks/transformers.py passes script memory busy [--backbone mockingjay-large hubert-base]
        [--manifest ../shared/data/speech/manifest.csv] [--utterances 60] [--repetitions 3]
    python benchmarks/transformers.py passes script --threads 2
"""

import argparse
import contextlib
import io
import logging
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import own_folder_last  # noqa: F401
import soundfile
import soxr
import torch
from extraction import batches_of, extracted, forward, representation
from memory import anonymous, peak_anonymous
from threads import busy

from neuroscope.contracts.audio import Manifest, Utterance
from neuroscope.data import Data, load
from neuroscope.extraction import padding_check
from neuroscope.plugin.loading import Plugins
from neuroscope_s3prl.mockingjay import published

RATE, LIST = 16_000, 8
LIMITS = {"passes": 1.10, "script": 1.3, "memory": 2e9, "busy": 2.5}
BUSY_UTTERANCES, MEMORY_THREADS = 6, 2
SPEECH = Path(__file__).parents[2] / "shared" / "data" / "speech" / "manifest.csv"
BACKBONES = ("mockingjay-large", "hubert-base")
DROPOUT = {"hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1}
LARGE = {  # as s3prl pre-trains it
    **published.LARGE.config,
    "transformer": {"input_dim": -1, **DROPOUT, **published.LARGE.config["transformer"]},
}


class Mockingjay:
    """Mockingjay large in a file of s3prl's, and the script: its upstream on lists of waveforms."""

    def __init__(self, folder):
        self.file = folder / "mockingjay.ckpt"
        self.text = f"mockingjay-large,checkpoint={self.file}"

    def write(self):
        from s3prl.upstream.mockingjay.model import TransformerConfig, TransformerModel

        torch.manual_seed(0)
        state = TransformerModel(TransformerConfig(LARGE["transformer"]), 80).state_dict()
        torch.save({"Config": LARGE, "Transformer": state}, self.file)

    def load(self):
        from s3prl.upstream.mockingjay.hubconf import mockingjay_local

        self.model = mockingjay_local(str(self.file)).eval()

    def layers(self, waves):
        """Layer -> frames ``[B, F, D]``; frames of each utterance."""
        made = self.model([torch.from_numpy(wave) for wave in waves])["hidden_states"][1:]
        lengths = [min(1 + len(wave) // 160, made[0].shape[1]) for wave in waves]
        return {f"L{number + 1}": each for number, each in enumerate(made)}, lengths


class Hubert:
    """A model of HuBERT-base's configuration in a folder, and the script: padded lists of waveforms."""

    def __init__(self, folder):
        self.folder = folder / "hubert"
        self.text = f"hf:{self.folder}"

    def write(self):
        from transformers import HubertConfig, HubertModel, Wav2Vec2FeatureExtractor

        torch.manual_seed(0)
        HubertModel(HubertConfig()).save_pretrained(self.folder)
        Wav2Vec2FeatureExtractor(do_normalize=True, return_attention_mask=False).save_pretrained(self.folder)

    def load(self):
        from transformers import AutoFeatureExtractor, AutoModel

        self.extractor = AutoFeatureExtractor.from_pretrained(self.folder)
        self.model = AutoModel.from_pretrained(self.folder).eval()

    def layers(self, waves):
        inputs = self.extractor(waves, sampling_rate=RATE, padding=True, return_tensors="pt")
        made = self.model(**inputs, output_hidden_states=True).hidden_states[1:]
        lengths = self.model._get_feat_extract_output_lengths(torch.tensor([len(wave) for wave in waves])).tolist()
        return {f"L{number + 1}": each for number, each in enumerate(made)}, lengths


SCRIPTS = {"mockingjay-large": Mockingjay, "hubert-base": Hubert}


@contextlib.contextmanager
def quiet():
    """Without what the libraries print and warn of."""
    logging.disable(logging.WARNING)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


def speech(path, count):
    """Utterances of 2 s and more from all over a manifest."""
    manifest = load(Data(root=path), Plugins.load()).manifest
    kept = [each for each in manifest if (each.duration or soundfile.info(each.path).duration) >= 2.0]
    return replace(manifest, utterances=tuple(kept[:: max(len(kept) // count, 1)][:count]))


def long_speech(path, folder, count=3, seconds=60):
    """Recordings of a minute, of one real utterance after the other."""
    folder.mkdir()
    utterances, waves = [], (read(each) for each in speech(path, 400))
    for number in range(count):
        parts = []
        while sum(map(len, parts)) < seconds * RATE:
            parts.append(next(waves))
        file = folder / f"{number}.wav"
        soundfile.write(file, np.concatenate(parts)[: seconds * RATE], RATE, subtype="PCM_16")
        utterances.append(Utterance(id=str(number), path=file))
    return Manifest(tuple(utterances))


def read(utterance):
    samples, rate = soundfile.read(utterance.path, dtype="float32", always_2d=True)
    mono = samples.mean(axis=1)
    return mono if rate == RATE else soxr.resample(mono, rate, RATE)


def lists(manifest):
    each = list(manifest)
    return [each[start : start + LIST] for start in range(0, len(each), LIST)]


def script(manifest, model, target, vectors):
    """The usual script; puts utterance -> layer -> vector into ``vectors``, which it saves."""
    for some in lists(manifest):
        with torch.inference_mode(), quiet():
            layers, lengths = model.layers([read(each) for each in some])
            for row, each in enumerate(some):
                vectors[each.id] = {name: made[row, : lengths[row]].mean(0).numpy() for name, made in layers.items()}
    names = next(iter(vectors.values()))
    np.savez(target, **{name: np.stack([each[name] for each in vectors.values()]) for name in names})
    return vectors


def built(text):
    spec = Plugins.load().backbones.choose(text).build()
    with quiet():
        model = spec.load("cpu")
    weights = sum(each.numel() * each.element_size() for each in model.network.parameters())
    return replace(spec, load=lambda device: model), model, weights


def cold(manifest, spec, root, threads):
    """Extract into an empty store beside the index of the audio files, which stays."""
    shutil.rmtree(root / "representations", ignore_errors=True)
    return extracted(manifest, spec, root, threads=threads)[0]


def about(name, manifest, spec, done, weights):
    seconds = sum(len(read(each)) for each in manifest) / RATE
    alone = "" if done.alone is None else f", {done.alone} of {done.computed} alone for lack of one as long"
    print(
        f"\n{name}: {weights / 4e6:.0f} million parameters; {len(manifest)} utterances, {seconds:.0f} s; batches: "
        f"{done.invariance.batches}{alone}; batch_seconds {spec.batch_seconds:g}",
        flush=True,
    )


def timed(function, *args):
    """Seconds by the clock and of the processors."""
    start = time.perf_counter(), time.process_time()
    function(*args)
    return time.perf_counter() - start[0], time.process_time() - start[1]


def compare(label, pairs):
    """Print the ratios of pairs, each of two measurements, by the clock and of the processors; return both medians."""
    told, medians = [], []
    for number, clock in enumerate(("by the clock", "of the processors")):
        ours, theirs = zip(*[(one[number], other[number]) for one, other in pairs], strict=True)
        ratios = [one / other for one, other in zip(ours, theirs, strict=True)]
        medians.append(statistics.median(ratios))
        told.append(
            f"{statistics.median(ours):.2f} s over {statistics.median(theirs):.2f} s {clock}: "
            f"{statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f})"
        )
    print(f"{label}, {len(pairs)} pairs: {'; '.join(told)}", flush=True)
    return medians


@contextlib.contextmanager
def looked():
    """Processor seconds of each look at what padding does, which comes before a representation's first batch."""
    compare_pieces, look = padding_check.compare, SimpleNamespace(seconds=[])

    def timed_compare(*given):
        start = time.process_time()
        try:
            return compare_pieces(*given)
        finally:
            look.seconds.append(time.process_time() - start)

    padding_check.compare = timed_compare
    try:
        yield look
    finally:
        padding_check.compare = compare_pieces


def passes(name, given, folder):
    manifest = speech(given.manifest, given.utterances)
    spec, model, weights = built(SCRIPTS[name](folder).text)
    done = cold(manifest, spec, folder / name, given.threads)
    about(name, manifest, spec, done, weights)
    batches = batches_of(manifest, spec, folder / "index", done.invariance)
    with looked() as look:
        pairs = [
            (timed(cold, manifest, spec, folder / name, given.threads), timed(forward, model, batches))
            for _ in range(given.repetitions)
        ]
    _, ratio = compare(f"passes  {len(batches)} batches: extraction over forward passes alone", pairs)
    looks = statistics.median(look.seconds)
    alone = statistics.median((own[1] - looks) / forwards[1] for own, forwards in pairs)
    print(f"        {looks:.2f} s of it looks at padding, once a representation; without that {alone:.3f}", flush=True)
    return ratio


def against_script(name, given, folder):
    manifest, theirs = speech(given.manifest, given.utterances), SCRIPTS[name](folder)
    spec, _, weights = built(theirs.text)
    with quiet():
        theirs.load()
    done = cold(manifest, spec, folder / name, given.threads)
    about(name, manifest, spec, done, weights)
    vectors, pairs = {}, []
    for _ in range(given.repetitions):
        own = timed(cold, manifest, spec, folder / name, given.threads)
        pairs.append((own, timed(script, manifest, theirs, folder / "script.npz", vectors)))
    _, ratio = compare(f"script  extraction over the padded lists of {LIST}", pairs)
    stored = representation(spec, folder / name)
    features = stored.features(list(done.rows), list(done.rows.values()), stored.layers)
    columns = defaultdict(list)
    for column, unit in enumerate(features.units):
        columns[unit.layer].append(column)
    tell_errors(
        manifest,
        theirs,
        vectors,
        {
            each: {layer: features.values[row, own] for layer, own in columns.items() if layer in vectors[each]}
            for row, each in enumerate(features.ids)
        },
    )
    return ratio


def tell_errors(manifest, theirs, vectors, ours):
    """How far padded lists are from each utterance by itself in the same model, and ours from that."""
    frames, last, padded, own = [], [], [], []
    largest = {layer: max(np.abs(each[layer]).max() for each in ours.values()) for layer in next(iter(ours.values()))}
    for some in lists(manifest)[:3]:
        waves = [read(each) for each in some]
        with torch.inference_mode(), quiet():
            together, lengths = theirs.layers(waves)
            for row, (each, wave) in enumerate(zip(some, waves, strict=True)):
                alone, (count,) = theirs.layers([wave])
                for layer, scale in largest.items():
                    right, wrong = alone[layer][0, :count], together[layer][row, : lengths[row]]
                    both = min(len(right), len(wrong))
                    apart = ((right[:both] - wrong[:both]).abs().amax(1) / right.abs().max()).numpy()
                    frames.append(apart)
                    last.append(apart[-1])
                    vector = right.mean(0).numpy()
                    padded.append(np.abs(vectors[each.id][layer] - vector).max() / scale)
                    own.append(np.abs(ours[each.id][layer] - vector).max() / scale)
    frames = np.concatenate(frames)
    for what, found in (("frames", frames), ("last frames", last), ("vectors", padded)):
        print(f"        {what} of the padded lists are off by at most {max(found):.2e}, median {np.median(found):.2e}")
    print(f"        vectors of neuroscope are off by at most {max(own):.2e}, median {np.median(own):.2e}", flush=True)


def child(what, name, given, folder):
    """Run one measurement in a process of its own, and read its numbers."""
    command = [sys.executable, __file__, what, "--once", str(folder), "--backbone", name, "--manifest", given.manifest]
    command += ["--utterances", given.utterances]
    done = subprocess.run([str(each) for each in command], check=True, capture_output=True, text=True)
    return [float(each) for each in done.stdout.split()]


def memory(name, given, folder):
    weights, before, most, computed = child("memory", name, given, folder)
    print(
        f"memory  {name}: {computed:g} utterances of 60 s, {MEMORY_THREADS} threads: at most {most / 1e6:.0f} MB "
        f"beside {weights / 1e6:.0f} MB of weights; before, {(before - weights) / 1e6:.0f} MB beside them",
        flush=True,
    )
    return most


def memory_once(name, given, folder):
    with tempfile.TemporaryDirectory() as place:
        manifest = long_speech(given.manifest, Path(place) / "audio")
        spec = Plugins.load().backbones.choose(SCRIPTS[name](folder).text).build()
        with quiet():
            weights = sum(each.numel() * each.element_size() for each in spec.load("cpu").network.parameters())
            before = anonymous()
            with peak_anonymous() as peak:
                done, _ = extracted(manifest, spec, Path(place) / "store", threads=MEMORY_THREADS)
    print(weights, before, peak[0] - weights, done.computed)


def beside_others(name, given, folder):
    idle = child("busy", name, given, folder)
    with busy():
        beside = child("busy", name, given, folder)
    ratio, _ = compare(
        f"busy    {name}, {BUSY_UTTERANCES} utterances: beside endless loops over idle", [(beside, idle)]
    )
    return ratio


def busy_once(name, given, folder):
    manifest = speech(given.manifest, BUSY_UTTERANCES)
    spec = Plugins.load().backbones.choose(SCRIPTS[name](folder).text).build()
    with tempfile.TemporaryDirectory() as place, quiet():
        seconds = timed(extracted, manifest, spec, Path(place))
    print(*seconds)


WHOLE = {"passes": passes, "script": against_script, "memory": memory, "busy": beside_others}
ONCE = {"memory": memory_once, "busy": busy_once}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="+", choices=WHOLE)
    parser.add_argument("--backbone", nargs="+", choices=BACKBONES, default=BACKBONES)
    parser.add_argument("--manifest", type=Path, default=SPEECH)
    parser.add_argument("--utterances", type=int, default=60)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--threads", type=int, help="of each side, of passes and script alone; default: 1")
    parser.add_argument("--once", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.once:
        ONCE[given.what[0]](given.backbone[0], given, given.once)
        return
    if given.threads and not {"passes", "script"}.issuperset(given.what):
        parser.error("--threads is of passes and script: memory has two threads, busy as many as there are processors")
    given.threads = given.threads or 1
    torch.set_num_threads(given.threads)
    missed = []
    with tempfile.TemporaryDirectory() as place:
        for name in given.backbone:
            with quiet():
                SCRIPTS[name](Path(place)).write()
            for what in given.what:
                found = WHOLE[what](name, given, Path(place))
                if found > LIMITS[what]:
                    missed.append(f"{what} {name}: {found:.4g}, and at most {LIMITS[what]:g} is wanted")
    sys.exit("\n".join(["limits missed:", *missed]) if missed else 0)


if __name__ == "__main__":
    main()
