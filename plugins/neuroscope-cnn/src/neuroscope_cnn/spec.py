"""What the backbones ``adi-cnn`` and ``sre-cnn`` say about themselves before they run."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from neuroscope import BackboneSpec, LayerSpec, Origin, Tap
from neuroscope.weights import check_seed
from neuroscope_cnn.checkpoints.checkpoint import Checkpoint, find
from neuroscope_cnn.checkpoints.published import missing
from neuroscope_cnn.frontend.framing import N_FFT, SAMPLE_RATE, Window, min_samples
from neuroscope_cnn.model.architecture import ARCHITECTURES, CONVOLUTIONS, DENSE_OUTPUTS, LAYERS, Architecture
from neuroscope_cnn.model.weights import RECIPE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from neuroscope_cnn.model.backbone import CnnBackbone

WindowOption = Literal["auto", Window]
EXACT_VAD = 0.9  # of half the mean energy, in the published front end
STATISTICS = ("mean", "std")
POOLED = (
    "CNN1, CNN2, CNN3: mean and deviation of conv1-3 behind their ReLU, over time; "
    "CNN4: the network's own pooling layer, the same of conv4; "
)
TAPS = {
    "pre": "FC1, FC2: the dense layers' output before normalisation and ReLU",
    "post": "FC1, FC2: the dense layers' output behind normalisation and ReLU (FC1 of sre-cnn has no ReLU)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """How a network is run, with nothing left open.

    Attributes:
        architecture: with the outputs of its weights.
        mode: ``exact`` or ``valid``.
        vad: threshold of the voice activity detection; None = all frames.
        n_fft: samples of a window.
        fc_tap: ``pre`` or ``post``.
    """

    architecture: Architecture
    mode: Literal["exact", "valid"]
    vad: float | None
    n_fft: int
    fc_tap: Literal["pre", "post"]


def adi_cnn(
    *,
    checkpoint: Path | None = None,
    weights: Literal["pretrained", "random"] = "pretrained",
    seed: int = 0,
    mode: Literal["auto", "exact", "valid"] = "auto",
    vad: str = "auto",
    n_fft: WindowOption = "auto",
    fc_tap: Literal["pre", "post"] = "pre",
) -> BackboneSpec:
    """The CNN that tells 17 Arabic dialects apart (arXiv:2107.00439; its training: arXiv:1912.08639).

    Args:
        checkpoint: prefix of a TensorFlow bundle, any of its files, its folder, or a ``.safetensors`` file.
        weights: ``pretrained`` reads the checkpoint; ``random`` is the network before its training, and takes no more
            than configuration and mode from a checkpoint, if there is one.
        seed: of the random weights; the pretrained ones know none.
        mode: ``exact`` computes what the published graph computes, ``valid`` counts each utterance's own frames alone;
            ``auto`` is what the checkpoint was made with, without one ``valid``.
        vad: voice activity detection: ``off``, or the threshold as a share of half the mean energy; ``auto`` is 0.9 in
            the mode ``exact``, off in ``valid``.
        n_fft: samples of a window; ``auto`` is the checkpoint's, without one 400.
        fc_tap: FC1 and FC2 before normalisation and ReLU, or behind them.

    Raises:
        MissingData: ``pretrained``, and there is no checkpoint.
        ValueError: a seed that torch's generator does not take, or a threshold that is none.
    """
    return _spec("adi", checkpoint, weights, seed, mode, vad, n_fft, fc_tap)


def sre_cnn(
    *,
    checkpoint: Path | None = None,
    weights: Literal["pretrained", "random"] = "pretrained",
    seed: int = 0,
    mode: Literal["auto", "exact", "valid"] = "auto",
    vad: str = "auto",
    n_fft: WindowOption = "auto",
    fc_tap: Literal["pre", "post"] = "pre",
) -> BackboneSpec:
    """The CNN that tells the 1,211 speakers of VoxCeleb1 dev apart (arXiv:2107.00439; its training: arXiv:1809.04437).

    Args:
        checkpoint: prefix of a TensorFlow bundle, any of its files, its folder, or a ``.safetensors`` file.
        weights: ``pretrained`` reads the checkpoint; ``random`` is the network before its training, and takes no more
            than configuration and mode from a checkpoint, if there is one.
        seed: of the random weights; the pretrained ones know none.
        mode: ``exact`` computes what the published graph computes, ``valid`` counts each utterance's own frames alone;
            ``auto`` is what the checkpoint was made with, without one ``valid``.
        vad: voice activity detection: ``off``, or the threshold as a share of half the mean energy; ``auto`` is 0.9 in
            the mode ``exact``, off in ``valid``.
        n_fft: samples of a window; ``auto`` is the checkpoint's, without one 400.
        fc_tap: FC1 and FC2 before normalisation and ReLU, or behind them.

    Raises:
        MissingData: ``pretrained``, and there is no checkpoint.
        ValueError: a seed that torch's generator does not take, or a threshold that is none.
    """
    return _spec("sre", checkpoint, weights, seed, mode, vad, n_fft, fc_tap)


def threshold(text: str, mode: Literal["exact", "valid"]) -> float | None:
    """Threshold that the option ``vad`` comes to in a mode; None = all frames are kept.

    Raises:
        ValueError: it is none of ``auto``, ``off`` and a number above 0.
    """
    if text in {"auto", "off"}:
        return EXACT_VAD if text == "auto" and mode == "exact" else None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"vad={text}: expected auto, off or a number above 0, such as 0.9")
    return value


def _spec(
    name: str,
    path: Path | None,
    weights: Literal["pretrained", "random"],
    seed: int,
    mode: Literal["auto", "exact", "valid"],
    vad: str,
    n_fft: WindowOption,
    fc_tap: Literal["pre", "post"],
) -> BackboneSpec:
    check_seed(seed)
    chosen: Literal["exact", "valid"] = "valid" if mode == "auto" else mode
    threshold(vad, chosen)  # a bad value is told before any file is read
    checkpoint = find(path, name, weights=weights == "pretrained") if path is not None else None
    if checkpoint is None and weights == "pretrained":
        raise missing(name)
    if checkpoint is not None and mode == "auto":
        chosen = checkpoint.mode
    settings = RunSettings(
        architecture=checkpoint.architecture if checkpoint else ARCHITECTURES[name],
        mode=chosen,
        vad=threshold(vad, chosen),
        n_fft=n_fft if n_fft != "auto" else checkpoint.n_fft if checkpoint else N_FFT,
        fc_tap=fc_tap,
    )
    pretrained = checkpoint if weights == "pretrained" else None
    return BackboneSpec(
        sample_rate=SAMPLE_RATE,
        layers=tuple(_layers(settings)),
        origin=_origin(pretrained, seed, settings),
        load=partial(_load, pretrained, seed, settings),
        batchable=chosen == "valid",
        min_samples=min_samples(settings.n_fft),
        resolved=_resolved(settings, seed if pretrained is None else 0),
    )


def _layers(settings: RunSettings) -> Iterator[LayerSpec]:
    """The six layers: pooling ``none`` where the network pools itself; in ``valid``, the core pools the first three."""
    points = (*CONVOLUTIONS, *DENSE_OUTPUTS[settings.fc_tap])
    for (name, width), point in zip(LAYERS.items(), points, strict=True):
        if point not in CONVOLUTIONS:
            yield LayerSpec(name, width, pooling="none", tap=Tap(point, axes="BD"))
        elif settings.mode == "valid" and name != "CNN4":
            yield LayerSpec(name, CONVOLUTIONS[point][1], pooling="meanstd", tap=Tap(point))
        else:
            yield LayerSpec(name, width, pooling="none", statistics=STATISTICS, tap=Tap(point))


def _resolved(settings: RunSettings, seed: int) -> dict[str, int | float | str | None]:
    """The options that leave something open, as what they came to; the origin's digest stands for the checkpoint."""
    vad = "off" if settings.vad is None else str(settings.vad)
    return {"checkpoint": "", "mode": settings.mode, "vad": vad, "n_fft": settings.n_fft, "seed": seed}


def _origin(checkpoint: Checkpoint | None, seed: int, settings: RunSettings) -> Origin:
    layers = POOLED + TAPS[settings.fc_tap]
    network = settings.architecture
    if checkpoint is None:
        source = f"random weights of seed {seed}, in the shapes of {network.name}-cnn"
        digest = f"random:{seed}:{RECIPE}:{network.name}:{network.outputs}"
        return Origin(source=source, licence="none", digest=digest, layers=layers)
    return Origin(
        source=checkpoint.source,
        licence=checkpoint.licence or "unknown",
        digest=checkpoint.digest,
        files=checkpoint.files,
        layers=layers,
    )


def _load(checkpoint: Checkpoint | None, seed: int, settings: RunSettings, device: str) -> CnnBackbone:
    import torch

    from neuroscope_cnn.model.backbone import CnnBackbone
    from neuroscope_cnn.model.weights import random_weights

    if checkpoint is None:
        weights = random_weights(settings.architecture, seed)
    else:
        weights = {name: torch.from_numpy(values) for name, values in checkpoint.read().items()}
    return CnnBackbone(
        settings.architecture,
        weights,
        mode=settings.mode,
        vad=settings.vad,
        n_fft=settings.n_fft,
        fc_tap=settings.fc_tap,
        device=device,
    )
