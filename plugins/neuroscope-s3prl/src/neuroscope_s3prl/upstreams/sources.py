"""Where the weights of an upstream come from: the user's file, or the release that its name stands for."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from neuroscope import BadOption, MissingData, commands, weights
from neuroscope_s3prl.upstreams.checkpoint import LAYOUTS

if TYPE_CHECKING:
    from pathlib import Path

    from neuroscope_s3prl.upstreams.hubconfs import Entry

DISTRIBUTION = "neuroscope-s3prl"
_HUB = re.compile(r"https://huggingface\.co/(?P<repo>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<file>[^?]+)")


@dataclass(frozen=True, slots=True)
class Source:
    """A checkpoint that is there.

    Attributes:
        path: the file; None = the upstream is built from nothing, or from settings that s3prl brings.
        digest: sha256 of its bytes.
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
        return Source(None, "no weights", f"{entry.upstream} of s3prl")
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
        return Source(None, "", f"{entry.upstream} of s3prl")
    return _release(entry)


def _release(entry: Entry) -> Source:
    if not entry.urls:
        raise MissingData(
            f"s3prl:{entry.name} stands for no release: name your file with checkpoint=FILE. Releases of "
            f"{entry.upstream}: neuroscope list s3prl:"
        )
    url = entry.urls[0]
    hub = _HUB.fullmatch(url)
    try:
        if hub:
            revision = None if hub["revision"] == "main" else hub["revision"]
            file = weights.hub_file(hub["repo"], hub["file"], revision=revision, progress=commands.progress_bar)
            return Source(file.path, file.digest, f"{hub['repo']}, {hub['file']}, commit {file.commit}")
        # Many releases have the same file name (states-1000000.ckpt): each address has a folder of its own.
        own = hashlib.sha256(url.encode()).hexdigest()[:16]
        folder = commands.own_folder(DISTRIBUTION) / "weights" / f"{entry.upstream}-{own}"
        path = weights.download(url, folder, progress=commands.progress_bar)
        return Source(path, weights.sha256_of(path), url)
    except MissingData as error:
        raise MissingData(
            f"s3prl:{entry.name}: {str(error).rstrip('.')}. A file that you have: checkpoint=FILE"
        ) from error
