"""A plugin whose backbone answers as it is told to, and a command that writes the vectors that others would get."""

import os

import numpy as np
import torch
import typer

import neuroscope
from neuroscope import BackboneSpec, Frames, LayerSpec, Origin, commands

WINDOW, HOP = 400, 160
ANSWER = "FUZZ_ANSWER"
"""Environment variable: the file that ``neuroscope vectors`` writes."""

FAULT = ""
"""What the backbone does wrong in this process; of ``UNLAWFUL`` or ``LAWFUL``; empty = nothing."""

app = typer.Typer()


@neuroscope.hookimpl
def register_backbones(register):
    register("fuzz", make, summary="energies of windows; answers as it is told to")


@neuroscope.hookimpl
def register_commands(register):
    register("vectors", lambda: app, summary="write the vectors of every utterance")


@app.command()
@commands.with_options
def vectors(*, backbone: str = typer.Option(...), data: commands.Data, machine: commands.Machine) -> None:
    """Write ids, vectors by layer, and what was skipped."""
    from fuzzing.running import plugins  # those of the environment do not have this one

    manifest = commands.load(data, machine=machine, plugins=plugins())
    found = commands.extract(backbone, manifest, machine=machine, plugins=plugins())
    layers = {f"layer {layer.name}": found.features([layer.name]).values for layer in found.layers}
    skipped = np.array(sorted(found.skipped), dtype=str)
    np.savez(os.environ[ANSWER], ids=np.array(found.ids, dtype=str), skipped=skipped, **layers)


def make(*, gain: int = 1, salt: int = 0) -> BackboneSpec:
    """Two layers; ``gain`` makes other vectors, ``salt`` the same ones under another key."""
    given = {
        "sample_rate": 16_000,
        "layers": (LayerSpec("energy", 3), LayerSpec("shape", 3)),
        "origin": Origin(source="here", licence="none", digest=f"{gain}-{salt}"),
        "load": lambda device: load(gain),
        "min_samples": WINDOW,
    }
    if FAULT in SPECS:
        return SPECS[FAULT](given)
    return BackboneSpec(**given)


def load(gain):
    if FAULT == "load gives None":
        return None
    if FAULT == "load raises":
        raise FileNotFoundError("weights.bin")
    return Model(gain)


class Model:
    def __init__(self, gain):
        self.gain = gain

    def extract(self, batch):
        windows = batch.samples.unfold(1, WINDOW, HOP)
        parts = windows.reshape(*windows.shape[:2], 4, WINDOW // 4).square().mean(3)
        energy = self.gain * torch.log(parts[:, :, :3] + 1e-4)
        shape = self.gain * torch.tanh(parts[:, :, 1:] * 10)
        lengths = (batch.lengths - WINDOW) // HOP + 1
        blocks = [{"energy": Frames(energy, lengths), "shape": Frames(shape, lengths)}]
        return BLOCKS[FAULT](blocks, batch) if FAULT in BLOCKS else iter(blocks)


def _spec(**changes):
    return lambda given: BackboneSpec(**{**given, **changes})


def _raising(error):
    def act(blocks, batch):
        yield blocks[0]
        raise error

    return act


def _frames(change):
    """Every layer's values and lengths changed."""
    return lambda blocks, batch: iter(
        [{name: change(each.values, each.lengths) for name, each in block.items()} for block in blocks]
    )


def _by_frame(blocks, batch):
    (block,) = blocks
    most = max(each.values.shape[1] for each in block.values())
    for n in range(most):
        yield {name: Frames(each.values[:, n : n + 1], (each.lengths - n).clamp(0, 1)) for name, each in block.items()}
        yield {}


SPECS = {
    "spec is None": lambda given: None,
    "spec is a dict": lambda given: given,
    "no layers": _spec(layers=()),
    "a layer twice": _spec(layers=(LayerSpec("energy", 3), LayerSpec("energy", 3))),
    "layers is a list of names": _spec(layers=["energy", "shape"]),
    "width 0": _spec(layers=(LayerSpec("energy", 0), LayerSpec("shape", 3))),
    "width -3": _spec(layers=(LayerSpec("energy", -3), LayerSpec("shape", 3))),
    "width is a text": _spec(layers=(LayerSpec("energy", "3"), LayerSpec("shape", 3))),
    "width 2**40": _spec(layers=(LayerSpec("energy", 2**40), LayerSpec("shape", 3))),
    "a name with control characters": _spec(layers=(LayerSpec("en\x1b[2Jergy", 3), LayerSpec("shape", 3))),
    "no such pooling": _spec(layers=(LayerSpec("energy", 3, pooling="nope"), LayerSpec("shape", 3))),
    "sample_rate 0": _spec(sample_rate=0),
    "sample_rate -1": _spec(sample_rate=-1),
    "sample_rate is a text": _spec(sample_rate="16000"),
    "sample_rate None": _spec(sample_rate=None),
    "sample_rate 2**40": _spec(sample_rate=2**40),
    "min_samples -1": _spec(min_samples=-1),
    "min_samples None": _spec(min_samples=None),
    "batch_seconds 0": _spec(batch_seconds=0),
    "batch_seconds nan": _spec(batch_seconds=float("nan")),
    "batch_seconds -inf": _spec(batch_seconds=float("-inf")),
    "origin None": _spec(origin=None),
    "digest None": _spec(origin=Origin(source="here", licence="none", digest=None)),
    "digest is bytes": _spec(origin=Origin(source="here", licence="none", digest=b"1")),
    "resolved is a set": _spec(resolved={"gain"}),
    "load is None": _spec(load=None),
}
BLOCKS = {
    "nothing": lambda blocks, batch: iter(()),
    "None": lambda blocks, batch: None,
    "a dict": lambda blocks, batch: blocks[0],
    "a layer missing": lambda blocks, batch: iter([{"energy": blocks[0]["energy"]}]),
    "a layer too many": lambda blocks, batch: iter([{**blocks[0], "other": blocks[0]["energy"]}]),
    "blocks are lists": lambda blocks, batch: iter([list(blocks[0].items())]),
    "values for frames": _frames(lambda values, lengths: values),
    "tuples for frames": _frames(lambda values, lengths: (values, lengths)),
    "lengths None": _frames(lambda values, lengths: Frames(values, None)),
    "lengths a list": _frames(lambda values, lengths: Frames(values, lengths.tolist())),
    "lengths float": _frames(lambda values, lengths: Frames(values, lengths.float() + 0.5)),
    "lengths too long": _frames(lambda values, lengths: Frames(values, lengths + 9)),
    "lengths negative": _frames(lambda values, lengths: Frames(values, -lengths)),
    "lengths of the batch": _frames(lambda values, lengths: Frames(values, lengths.sum())),
    "width": _frames(lambda values, lengths: Frames(values[:, :, :2], lengths)),
    "two axes": _frames(lambda values, lengths: Frames(values[:, 0], lengths)),
    "no batch": _frames(lambda values, lengths: Frames(values[0], lengths)),
    "half the batch": _frames(lambda values, lengths: Frames(values[: len(values) // 2], lengths)),
    "numpy": _frames(lambda values, lengths: Frames(values.numpy(), lengths.numpy())),
    "whole numbers": _frames(lambda values, lengths: Frames(values.long(), lengths)),
    "truth values": _frames(lambda values, lengths: Frames(values > 0, lengths)),
    "complex": _frames(lambda values, lengths: Frames(values.to(torch.complex64), lengths)),
    "nan": _frames(lambda values, lengths: Frames(values * float("nan"), lengths)),
    "inf": _frames(lambda values, lengths: Frames(values / 0, lengths)),
    "no frames": _frames(lambda values, lengths: Frames(values[:, :0], lengths * 0)),
    "raises ValueError": _raising(ValueError("of the plugin")),
    "raises KeyError": _raising(KeyError("of the plugin")),
    "raises StopIteration": _raising(StopIteration()),
    "raises SystemExit": _raising(SystemExit(0)),
    "raises BaseException": _raising(BaseException("of the plugin")),
    "raises UnicodeDecodeError": _raising(UnicodeDecodeError("utf-8", b"\xff", 0, 1, "of the plugin")),
    "raises with control characters": _raising(RuntimeError("\x1b[2J\x07\n\nof the plugin")),
}
LAWFUL = {
    "double": _frames(lambda values, lengths: Frames(values.double(), lengths)),
    "gradient": _frames(lambda values, lengths: Frames(values.clone().requires_grad_(False), lengths)),
    "a list": lambda blocks, batch: blocks,
    "frame by frame": _by_frame,
    "rubbish behind": _frames(
        lambda values, lengths: Frames(torch.nn.functional.pad(values, (0, 0, 0, 5), value=9e9), lengths)
    ),
    "not contiguous": _frames(lambda values, lengths: Frames(values.mT.contiguous().mT, lengths)),
}
BLOCKS |= LAWFUL
UNLAWFUL = [*SPECS, *(name for name in BLOCKS if name not in LAWFUL), "load gives None", "load raises"]
