"""Converting a bundle of TensorFlow to our own format."""

from __future__ import annotations

from pathlib import Path

from neuroscope import BadOption
from neuroscope_cnn.checkpoints.checkpoint import Checkpoint, expanded, find
from neuroscope_cnn.checkpoints.safe import check_name, save


def convert(prefix: Path, file: Path, *, replace: bool = False) -> Checkpoint:
    """Write the weights of a bundle to a ``.safetensors`` file, whole or not at all.

    The numbers stay bit by bit what they are, and so does the digest: vectors in the store serve both. The mode stays
    ``exact``.

    Args:
        prefix: of the bundle, or a folder or file that means it.
        file: to write, ends in ``.safetensors``.
        replace: write over what is there.

    Returns:
        What was written, found again.

    Raises:
        NeuroscopeError: the bundle cannot be used, or the file cannot be written.
    """
    file = expanded(file)
    check_name(file)
    if file.exists() and not replace:
        raise BadOption(f"{file} exists; --force replaces it")
    found = find(prefix)
    if found.kind != "bundle":
        raise BadOption(f"{found.path} is a checkpoint in neuroscope's own format already")
    save(
        file,
        found.read(),
        architecture=found.architecture,
        mode=found.mode,
        labels=found.labels,
        n_fft=found.n_fft,
        source=f"{found.source}; converted",
        licence=found.licence,
    )
    written = find(file, found.architecture.name)
    if written.digest != found.digest:
        raise BadOption(f"{file} does not hold what was written: the disk or the memory is faulty")
    return written
