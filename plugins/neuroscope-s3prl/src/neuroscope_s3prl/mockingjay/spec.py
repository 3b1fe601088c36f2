"""What ``mockingjay-base`` and ``mockingjay-large`` say about themselves before they run."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from neuroscope import BackboneSpec, BadOption, LayerSpec, MissingData, Origin, Tap
from neuroscope import weights as weight_files
from neuroscope.weights import check_seed
from neuroscope_s3prl.mockingjay.checkpoint import read_settings
from neuroscope_s3prl.mockingjay.modules import versions_of
from neuroscope_s3prl.mockingjay.published import BASE, LARGE, NAMES, Published, published_weights
from neuroscope_s3prl.mockingjay.settings import Settings, settings_of
from neuroscope_s3prl.releases import Release

if TYPE_CHECKING:
    from neuroscope_s3prl.mockingjay.backbone import Mockingjay

_RECIPE = 1  # of the numbers; raise it with whatever changes them
_INPUT = "input"


def mockingjay_base(
    *,
    checkpoint: Path | None = None,
    weights: Literal["pretrained", "random"] = "pretrained",
    seed: int = 0,
    chunk: Literal["auto", "none"] = "auto",
    input: bool = False,
) -> BackboneSpec:
    """Mockingjay of three layers (arXiv:1910.12638): L1-L3, 2,304 neurons.

    The weights are s3prl's release mockingjay_960hr, which stands in for ST_base of arXiv:2107.00439: that one was
    trained on 360 hours with mel targets, and no present release is. mockingjay_960hr was trained, s3prl says, on all
    960 hours of LibriSpeech for a million steps, with "Feature: 80-dim log Mel". The configuration of s3prl's own
    pre-training has 80 Kaldi filter banks with two orders of slopes (240 columns), and so has the network of random
    weights here. Which of them the release is, is not known before its file is read; its own configuration is run then.
    The untrained twin of a file is checkpoint=FILE,weights=random.

    What comes nearest to ST_base is the release of 2019-20, mockingjay_libri_sd1337_MelBase/mockingjay-500000.ckpt:
    whoever has that file names it with checkpoint=, and it runs behind its own front end (80 mel bands and slopes,
    every 12.5 ms).

    Args:
        checkpoint: a file that s3prl wrote, of three layers, of 2019-20 too; its configuration decides how it is run.
        weights: ``pretrained``, or ``random``: the network before its training, of the checkpoint's configuration, if
            there is one.
        seed: of the random weights; the pretrained ones know none.
        chunk: ``auto``: attention within equal windows, as long as the configuration says (15 s), as s3prl runs it;
            ``none``: over whole utterances.
        input: whether the entry to L1 is a layer, too; it is no part of ALL.

    Raises:
        MissingData: there is no such file, or the release cannot be had.
        MissingDependency: something that is needed for the download is not installed.
        BadOption: the file is no checkpoint of Mockingjay with three layers.
        ValueError: a seed that torch's generator does not take.
    """
    return _spec(BASE, checkpoint, weights, seed, chunk, with_input=input)


def mockingjay_large(
    *,
    checkpoint: Path | None = None,
    weights: Literal["pretrained", "random"] = "pretrained",
    seed: int = 0,
    chunk: Literal["auto", "none"] = "auto",
    input: bool = False,
) -> BackboneSpec:
    """Mockingjay of twelve layers (arXiv:1910.12638): L1-L12, 9,216 neurons.

    The weights are s3prl's release mockingjay_origin: trained on the 360 hours of LibriSpeech's train-clean-360,
    log-mel in, 201 linear bins out, which is what arXiv:2107.00439 says of its ST_large. That paper may have used the
    release of 2019-20, mockingjay_libri_sd1337_LinearLarge/mockingjay-500000.ckpt, which stacks three frames of 12.5 ms
    (its appendix says that frames are stacked): whoever has that file names it with checkpoint=.

    Args:
        checkpoint: a file that s3prl wrote, of twelve layers, of 2019-20 too; its configuration decides how it is run.
        weights: ``pretrained``, or ``random``: the network before its training, of the checkpoint's configuration, if
            there is one.
        seed: of the random weights; the pretrained ones know none.
        chunk: ``auto``: attention within equal windows, as long as the configuration says (5 s), as s3prl runs it;
            ``none``: over whole utterances.
        input: whether the entry to L1 is a layer, too; it is no part of ALL.

    Raises:
        MissingData: there is no such file, or the release cannot be had.
        MissingDependency: something that is needed for the download is not installed.
        BadOption: the file is no checkpoint of Mockingjay with twelve layers.
        ValueError: a seed that torch's generator does not take.
    """
    return _spec(LARGE, checkpoint, weights, seed, chunk, with_input=input)


def _spec(
    published: Published,
    checkpoint: Path | None,
    weights: Literal["pretrained", "random"],
    seed: int,
    chunk: Literal["auto", "none"],
    *,
    with_input: bool,
) -> BackboneSpec:
    check_seed(seed)
    pretrained = _pretrained(published, checkpoint) if weights == "pretrained" else None
    path = pretrained.path if pretrained else checkpoint
    settings = settings_of(published.config, published.name) if path is None else _settings(published, path)
    frames = settings.chunk if chunk == "auto" else 0
    layers = [
        *([_layer(settings, 0)] if with_input else []),
        *(_layer(settings, n + 1) for n in range(settings.layers)),
    ]
    return BackboneSpec(
        sample_rate=16_000,
        layers=tuple(layers),
        origin=_origin(published, settings, pretrained, seed, _what(settings, frames, with_input=with_input)),
        load=partial(_load, settings, pretrained, seed, frames, with_input),
        min_samples=settings.min_samples,
        resolved={"checkpoint": "", "seed": 0 if pretrained else seed, "chunk": frames},
    )


def _pretrained(published: Published, checkpoint: Path | None) -> Release:
    if checkpoint is None:
        return published_weights(published)
    _check_file(checkpoint)
    return Release(checkpoint, weight_files.sha256_of(checkpoint), f"{checkpoint.name}, a checkpoint of s3prl")


def _settings(published: Published, path: Path) -> Settings:
    _check_file(path)
    settings = read_settings(path)
    if settings.layers != published.layers:
        other = NAMES.get(settings.layers)
        advice = f"it is one of {other}" if other else f"{' and '.join(f'{n} are {k}' for k, n in NAMES.items())}"
        raise BadOption(f"{path} has {settings.layers} layers, and {published.name} has {published.layers}: {advice}")
    return settings


def _check_file(path: Path) -> None:
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "is not there"
        raise MissingData(f"checkpoint={path} {what}; it names a file that s3prl wrote, such as states-500000.ckpt")


def _layer(settings: Settings, number: int) -> LayerSpec:
    """Declare a layer; 0 is the entry to the first."""
    if settings.norms_first:
        tap = Tap(f"encoder.LayerNorm.{number}")
    elif number:
        tap = Tap(f"encoder.layer.{number - 1}", call=number - 1 if settings.is_shared else None)
    else:
        tap = Tap("input_representations")
    return LayerSpec(f"L{number}" if number else _INPUT, settings.hidden, in_all=number > 0, tap=tap)


def _what(settings: Settings, frames: int, *, with_input: bool) -> str:
    """Say what the layers are, for people."""
    norm = "after a LayerNorm of its own (encoder.LayerNorm)" if settings.norms_first else "after its last LayerNorm"
    step, front = settings.front.hop * settings.stacked / 16, settings.front
    stacked = f", {settings.stacked} stacked" if settings.stacked > 1 else ""
    window = (
        f"cut into equal chunks of at most {frames} frames, as s3prl does: positions restart, and attention does not "
        "cross from one to the next"
        if frames
        else "attention over the whole utterance"
        + (f", where s3prl cuts it into chunks of {settings.chunk} frames" if settings.chunk else "")
    )
    entry = "input: features and positions behind the first LayerNorm; " if with_input else ""
    return (
        f"{entry}L1-L{settings.layers}: each block of the encoder (encoder.layer), {norm}, a vector every {step:g} ms; "
        f"{window}; front end: {front.columns} columns ({front.kind} {front.feature}{stacked})"
    )


def _origin(published: Published, settings: Settings, pretrained: Release | None, seed: int, layers: str) -> Origin:
    code = versions_of("s3prl", "torchaudio")
    if pretrained is None:
        shape = hashlib.sha256(json.dumps(asdict(settings), sort_keys=True).encode()).hexdigest()
        return Origin(
            source=f"random weights of seed {seed}, as s3prl begins the training of {published.name}",
            licence="none",
            digest=f"random:{seed}:{shape}, {code}, {_RECIPE}",
            layers=layers,
        )
    return Origin(
        source=f"{pretrained.text}, run by {code}",
        licence="unknown: s3prl's code is Apache-2.0, its weights are published without one",
        digest=f"{pretrained.digest}, {code}, {_RECIPE}",
        files=(pretrained.path.name,),
        layers=layers,
    )


def _load(
    settings: Settings, pretrained: Release | None, seed: int, frames: int, with_input: bool, device: str
) -> Mockingjay:
    from neuroscope_s3prl.mockingjay import network
    from neuroscope_s3prl.mockingjay.backbone import Mockingjay
    from neuroscope_s3prl.mockingjay.checkpoint import read_weights

    if pretrained is None:
        filled = network.random_network(settings, seed)
    else:
        empty = network.empty_network(settings).state_dict()
        shapes = {name: tuple(values.shape) for name, values in empty.items()}
        filled = network.filled_network(settings, read_weights(pretrained.path, shapes))
    names = [_INPUT if with_input else None, *(f"L{number + 1}" for number in range(settings.layers))]
    return Mockingjay(settings, filled, chunk=frames, names=names, device=device)
