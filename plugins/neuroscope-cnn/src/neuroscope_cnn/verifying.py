"""Whether a user's files are the paper's: their git blob ids, and what the network says of a published recording."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from neuroscope import BadOption, MissingData
from neuroscope_cnn.checkpoints.bundle import beside
from neuroscope_cnn.checkpoints.checkpoint import expanded, find, located
from neuroscope_cnn.checkpoints.errors import BadCheckpoint
from neuroscope_cnn.checkpoints.published import META, PUBLISHED, PublishedFile, blob_id
from neuroscope_cnn.checkpoints.safe import SUFFIX

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Verdict = Literal["the paper's", "another", "absent"]

DEMO_SAMPLES = 53_120
DEMO_VAD = 1.04
DEMO_FRAMES = 143
DEMO = {"YEM": 0.9932908, "KSA": 0.0060163, "UAE": 0.00043452, "QAT": 0.00019942}
"""Softmax of ``dialectid_api/sample/msg0001.raw`` in shammur/arabic_spoken_dialect_identification_demo."""
TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True)
class FileVerdict:
    """Whether one file of a bundle is the paper's.

    Attributes:
        name: of the file.
        size: bytes; 0 where it is absent.
        blob: its git blob id; empty where it is absent.
        expected: the paper's.
        verdict: what comes of it.
    """

    name: str
    size: int
    blob: str
    expected: PublishedFile
    verdict: Verdict

    @property
    def is_graph(self) -> bool:
        """Whether it is the graph, which is never read."""
        return self.expected.suffix == META


@dataclass(frozen=True, slots=True)
class DemoVerdict:
    """What the network says of the demo recording.

    Attributes:
        frames: that the activity detector keeps.
        softmax: of the classes that are published.
        right: whether frames and softmax are the published ones.
    """

    frames: int
    softmax: dict[str, float]
    right: bool


@dataclass(frozen=True, slots=True)
class BundleVerdict:
    """Whether a bundle is the paper's, file by file and by what it computes.

    Attributes:
        prefix: of the bundle.
        architecture: ``adi`` or ``sre``.
        files: data, index and graph.
        problem: why the bundle cannot be used, whosever it is; empty = it can.
        demo: of the recording, where it was given.
    """

    prefix: Path
    architecture: str
    files: tuple[FileVerdict, ...]
    problem: str
    demo: DemoVerdict | None

    @property
    def right(self) -> bool:
        """Index and data are the paper's, the graph is absent or the paper's, and the demo gives what it should."""
        same = all(each.verdict == "the paper's" or (each.is_graph and each.verdict == "absent") for each in self.files)
        return same and not self.problem and (self.demo is None or self.demo.right)


def verify(path: Path, demo: Path | None = None) -> BundleVerdict:
    """Compare a bundle with the paper's; every byte is read, nothing is remembered.

    Args:
        path: of the bundle: prefix, folder, or one of its files.
        demo: the demo recording, s16le at 16 kHz, for the dialect network.

    Raises:
        NeuroscopeError: there is no bundle, or no such recording, or none of the paper's networks fits.
    """
    prefix = located(path)
    if prefix.suffix == SUFFIX:
        raise BadOption(f"{prefix} is no bundle: the paper's files are, and `cnn verify` compares with them")
    wave = None if demo is None else _demo_wave(demo)
    architecture, problem = _looked_at(prefix)
    if wave is not None and architecture != "adi":
        raise BadOption("the demo recording is of the dialect network (adi), and this is a checkpoint of sre-cnn")
    try:
        files = tuple(_compared(beside(prefix, file.suffix), file) for file in PUBLISHED[architecture].files)
    except OSError as error:
        raise BadCheckpoint(Path(error.filename or prefix), error.strerror or str(error)) from None
    result = None if wave is None or problem else _demo(prefix, wave)
    return BundleVerdict(prefix, architecture, files, problem, result)


def _looked_at(prefix: Path) -> tuple[str, str]:
    """Which network it is, and why it cannot be used; what cannot be read is told by its name."""
    try:
        checkpoint = find(prefix)
    except BadCheckpoint as error:
        for name, model in PUBLISHED.items():
            if model.prefix == prefix.name:
                return name, str(error)
        raise
    try:
        checkpoint.read()
    except BadCheckpoint as error:
        return checkpoint.architecture.name, str(error)
    return checkpoint.architecture.name, ""


def _compared(path: Path, expected: PublishedFile) -> FileVerdict:
    if not path.is_file():
        return FileVerdict(path.name, 0, "", expected, "absent")
    size, blob = path.stat().st_size, blob_id(path)
    return FileVerdict(path.name, size, blob, expected, "the paper's" if expected.is_file_of(size, blob) else "another")


def _demo_wave(path: Path) -> NDArray[np.float32]:
    """Read the demo recording; samples in [-1, 1)."""
    import numpy as np

    path = expanded(path)
    if not path.is_file():
        raise MissingData(
            f"there is no recording {path}: it is dialectid_api/sample/msg0001.raw of "
            "https://github.com/shammur/arabic_spoken_dialect_identification_demo."
        )
    if path.stat().st_size != 2 * DEMO_SAMPLES:
        raise BadOption(f"{path} is not the demo recording, which has {2 * DEMO_SAMPLES:,} bytes")
    return np.fromfile(path, "<i2").astype(np.float32) / np.float32(32768)


def _demo(prefix: Path, wave: NDArray[np.float32]) -> DemoVerdict:
    """Run front end and network on the recording as the demo does."""
    import torch

    from neuroscope_cnn.frontend.front_end import FrontEnd
    from neuroscope_cnn.model.extents import exact
    from neuroscope_cnn.model.layers import whole
    from neuroscope_cnn.model.network import Network

    checkpoint = find(prefix, "adi")
    if not checkpoint.labels:
        raise BadOption(f"{prefix} tells {checkpoint.architecture.outputs} classes apart, not the demo's {len(DEMO)}")
    weights = {name: torch.from_numpy(values) for name, values in checkpoint.read().items()}
    features = FrontEnd(n_fft=checkpoint.n_fft, vad=DEMO_VAD)(torch.from_numpy(wave))
    network = Network(checkpoint.architecture, weights, "cpu")
    layers = whole(network, [features], [exact(len(features))], "post")
    logits = network.logits(layers["FC2"])[0]
    softmax = dict(zip(checkpoint.labels, logits.double().softmax(0).tolist(), strict=True))
    found = {label: softmax[label] for label in DEMO}
    near = all(abs(found[label] - value) <= TOLERANCE for label, value in DEMO.items())
    return DemoVerdict(len(features), found, near and len(features) == DEMO_FRAMES)
