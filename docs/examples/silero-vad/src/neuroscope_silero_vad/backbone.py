"""What the model is; torch is imported when it runs, and not before."""

from __future__ import annotations

from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import Literal

from neuroscope import Backbone, BackboneSpec, LayerSpec, MissingData, Origin, Tap

CHUNK = 512
"""Samples of one step of the LSTM."""

FILES = {"safetensors": "silero_vad_16k.safetensors", "jit": "silero_vad.jit"}

LAYERS = (
    LayerSpec("stft", 129),
    LayerSpec("conv1", 128),
    LayerSpec("conv2", 64),
    LayerSpec("conv3", 64),
    LayerSpec("conv4", 128),
    LayerSpec("lstm", 128, tap=Tap("lstm", 0)),  # the others are no output of a module
    LayerSpec("speech", 1),
)
ABOUT = (
    "stft: magnitudes; conv1 to conv4: after ReLU; lstm: hidden state; speech: its probability. "
    "Frames a chunk of 512 samples: 4 of stft and conv1, 2 of conv2, 1 of the others"
)


def make(
    *,
    weights: Literal["pretrained", "random"] = "pretrained",
    seed: int = 0,
    file: Literal["safetensors", "jit"] = "safetensors",
) -> BackboneSpec:
    """Silero's voice activity detector, at 16 kHz.

    Args:
        weights: ``pretrained``, or ``random`` for the untrained twin of the same shape.
        seed: of the random weights.
        file: which of the wheel's two sets of trained weights; ``jit`` is the one that silero-vad itself runs.

    Raises:
        MissingData: ``pretrained``, and the wheel is not installed.
        ValueError: a seed that torch does not take.
    """
    if not 0 <= seed < 2**63:
        raise ValueError("seed must be a whole number from 0 to 2**63 - 1")
    path = find(FILES[file]) if weights == "pretrained" else None

    def load(device: str) -> Backbone:
        from neuroscope_silero_vad.model import Model

        return Model(path, seed, device)

    return BackboneSpec(
        sample_rate=16_000,
        layers=LAYERS,
        origin=origin(path, seed),
        load=load,
        min_samples=CHUNK,
        streams=True,
    )


def origin(path: Path | None, seed: int) -> Origin:
    """Say where the weights come from."""
    if path is None:
        return Origin(source=f"drawn with seed {seed}", licence="none", digest=f"random:{seed}", layers=ABOUT)
    return Origin(
        source=f"silero-vad {metadata.version('silero-vad')} (PyPI)",
        licence="MIT",
        files=(path.name,),
        digest=sha256(path.read_bytes()).hexdigest(),
        layers=ABOUT,
    )


def find(name: str) -> Path:
    """Find a file that pip brought, without importing the package that it lies in."""
    try:
        path = Path(str(metadata.distribution("silero-vad").locate_file(f"silero_vad/data/{name}")))
    except metadata.PackageNotFoundError:
        path = None
    if path is None or not path.is_file():
        raise MissingData(
            f"the weights of silero-vad are not there: they are the file {name} of the wheel silero-vad 6.2.3. "
            "To install it: pip install --no-deps silero-vad==6.2.3 (or use silero-vad,weights=random)."
        )
    return path
