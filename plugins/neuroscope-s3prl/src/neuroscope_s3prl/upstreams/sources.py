"""Where the weights of an upstream come from: the user's file, or the release that its name stands for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from neuroscope import BadOption, MissingData, weights
from neuroscope_s3prl.releases import release
from neuroscope_s3prl.upstreams.checkpoint import LAYOUTS

if TYPE_CHECKING:
    from pathlib import Path

    from neuroscope_s3prl.upstreams.hubconfs import Entry


@dataclass(frozen=True, slots=True)
class Source:
    """A checkpoint that is there.

    Attributes:
        path: the file; None = the upstream is built from nothing, or from settings that s3prl brings.
        digest: sha256 of its bytes; without a file, what is built.
        text: where it comes from, for people.
    """

    path: Path | None
    digest: str
    text: str


def locate(entry: Entry, checkpoint: Path | None, kind: str) -> Source:
    """Find the checkpoint of an upstream, downloaded where its name stands for a release.

    Args:
        entry: the upstream.
        checkpoint: the user's file.
        kind: ``pretrained`` or ``random``, which takes no more than settings from a file, and downloads nothing.

    Raises:
        BadOption: a checkpoint for what has none; or random weights of a shape that nothing tells.
        MissingData: there is no such file; a name that needs a file has none; or the download does not come.
    """
    layout = LAYOUTS[entry.upstream]
    if not layout.weights:
        if checkpoint is not None or kind == "random":
            raise BadOption(f"s3prl:{entry.name} computes features of sound, and has no weights: leave them out")
        return Source(None, f"no weights: {entry.name}", f"{entry.name} of s3prl ({entry.upstream})")
    if checkpoint is not None:
        if not checkpoint.is_file():
            raise MissingData(f"s3prl:{entry.name}: there is no file {checkpoint}; checkpoint= names a checkpoint")
        return Source(checkpoint, weights.sha256_of(checkpoint), str(checkpoint.name))
    if kind == "random":
        if layout.settings:
            raise BadOption(
                f"s3prl:{entry.name},weights=random: its shape is in its checkpoint alone; name one with "
                "checkpoint=FILE, of which the settings are read, and not the weights"
            )
        return Source(None, entry.name, f"{entry.name} of s3prl ({entry.upstream})")
    return _release(entry)


def _release(entry: Entry) -> Source:
    if not entry.urls:
        raise MissingData(
            f"s3prl:{entry.name} stands for no release: name your file with checkpoint=FILE. Releases of "
            f"{entry.upstream}: neuroscope list s3prl:"
        )
    try:
        found = release(entry.urls[0])
    except MissingData as error:
        raise MissingData(
            f"s3prl:{entry.name}: {str(error).rstrip('.')}. A file that you have: checkpoint=FILE"
        ) from error
    return Source(found.path, found.digest, found.text)
