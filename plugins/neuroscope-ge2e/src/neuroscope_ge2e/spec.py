"""What the backbone ``ge2e`` says about itself before it runs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Literal

from neuroscope import BackboneSpec, LayerSpec, Origin, Tap
from neuroscope.weights import check_seed
from neuroscope_ge2e.weights import FILE, RECIPE, SHA256, WIDTH, find_pretrained

if TYPE_CHECKING:
    from pathlib import Path

    from neuroscope_ge2e.encoder import SpeakerEncoder

LAYERS = (
    LayerSpec("lstm1", WIDTH, tap=Tap("lstm1", 0)),
    LayerSpec("lstm2", WIDTH, tap=Tap("lstm2", 0)),
    LayerSpec("lstm3", WIDTH, tap=Tap("lstm3", 0)),
    LayerSpec("linear", WIDTH, tap=Tap("linear")),
)
WHAT = (
    "lstm1, lstm2, lstm3: the hidden state of each LSTM layer, at every frame of 10 ms; "
    "linear: ReLU(Linear(lstm3)), at every frame too, where Resemblyzer applies it to the last hidden state alone"
)


def ge2e(*, weights: Literal["pretrained", "random"] = "pretrained", seed: int = 0) -> BackboneSpec:
    """The speaker encoder of Resemblyzer 0.1.4, trained with the generalized end-to-end loss (arXiv:1710.10467).

    Args:
        weights: ``pretrained`` reads the wheel's file; ``random`` is the untrained network of the same shape.
        seed: of the random weights; the pretrained ones know none.

    Raises:
        MissingData: ``pretrained``, and the wheel is not installed.
        ValueError: a seed that torch's generator does not take.
    """
    check_seed(seed)
    path = find_pretrained() if weights == "pretrained" else None
    return BackboneSpec(
        sample_rate=16_000,
        layers=LAYERS,
        origin=_random_origin(seed) if path is None else _pretrained_origin(),
        load=partial(_load, path, seed),
        streams=True,
        batch_seconds=50.0,
        min_samples=201,  # half a window is reflected at each end, and a sample does not mirror itself
    )


def _pretrained_origin() -> Origin:
    source = "Resemblyzer 0.1.4 (PyPI), https://github.com/resemble-ai/Resemblyzer"
    return Origin(source=source, licence="Apache-2.0", digest=SHA256, files=(FILE,), layers=WHAT)


def _random_origin(seed: int) -> Origin:
    source = f"random weights of seed {seed}, in the shapes of Resemblyzer 0.1.4"
    return Origin(source=source, licence="none", digest=f"random:{seed}:{RECIPE}", layers=WHAT)


def _load(path: Path | None, seed: int, device: str) -> SpeakerEncoder:
    from neuroscope_ge2e.encoder import SpeakerEncoder
    from neuroscope_ge2e.weights import random_weights, read_pretrained

    return SpeakerEncoder(random_weights(seed) if path is None else read_pretrained(path), device)
