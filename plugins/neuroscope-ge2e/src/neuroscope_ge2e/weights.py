"""The encoder's weights: those that the Resemblyzer wheel carries, or random ones of the same shapes."""

from __future__ import annotations

import hashlib
import io
import math
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from neuroscope import MissingData

if TYPE_CHECKING:
    from torch import Tensor

DISTRIBUTION = "Resemblyzer"
FILE = "resemblyzer/pretrained.pt"
SHA256 = "39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e"
INSTALL = "pip install --no-deps Resemblyzer==0.1.4"
RECIPE = 1  # of the random weights; raise it with whatever changes their values

BANDS = 40
WIDTH = 256


def find_pretrained() -> Path:
    """Where the installed wheel keeps its weights; the package itself is never imported, and nothing is read.

    Raises:
        MissingData: the wheel is not installed, or its file is gone.
    """
    try:
        files = metadata.files(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        files = []
    for file in files:
        path = Path(str(file.locate()))
        if file.as_posix() == FILE and path.is_file():
            return path
    raise MissingData(
        f"the weights of ge2e are not there: they are the file {FILE} of the wheel Resemblyzer 0.1.4. "
        f"To install it: {INSTALL} (or use ge2e,weights=random, the untrained network)."
    )


def read_pretrained(path: Path) -> dict[str, Tensor]:
    """The wheel's state dict (``lstm.*``, ``linear.*``), float32.

    Raises:
        MissingData: the file is another than the one that this backbone is named after.
    """
    import torch

    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if digest != SHA256:
        raise MissingData(
            f"{path} has sha256 {digest}, but the weights of ge2e have {SHA256}. "
            f"To get them: {INSTALL} --force-reinstall"
        )
    state: dict[str, Tensor] = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)["model_state"]
    return state


def random_weights(seed: int) -> dict[str, Tensor]:
    """A fresh state dict of the same names and shapes, drawn as torch begins layers of this width.

    Uniform within ±1/16, from a generator of its own, so that the global random state stays where it is.
    """
    import torch

    bound = 1 / math.sqrt(WIDTH)
    generator = torch.Generator().manual_seed(seed)
    return {
        name: torch.empty(shape, dtype=torch.float32).uniform_(-bound, bound, generator=generator)
        for name, shape in _shapes().items()
    }


def _shapes() -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}
    for layer, inputs in enumerate((BANDS, WIDTH, WIDTH)):
        shapes[f"lstm.weight_ih_l{layer}"] = (4 * WIDTH, inputs)
        shapes[f"lstm.weight_hh_l{layer}"] = (4 * WIDTH, WIDTH)
        shapes[f"lstm.bias_ih_l{layer}"] = (4 * WIDTH,)
        shapes[f"lstm.bias_hh_l{layer}"] = (4 * WIDTH,)
    return shapes | {"linear.weight": (WIDTH, WIDTH), "linear.bias": (WIDTH,)}
