"""Released weights by their address, as s3prl names it: from a hub's repository, or downloaded."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from neuroscope import commands, weights

if TYPE_CHECKING:
    from pathlib import Path

_DISTRIBUTION = "neuroscope-s3prl"
_HUB = re.compile(r"https://huggingface\.co/(?P<repo>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<file>[^?]+)")


@dataclass(frozen=True, slots=True)
class Release:
    """A file of released weights that is there.

    Attributes:
        path: of the file.
        digest: sha256 of its bytes.
        text: where it is from, for people.
    """

    path: Path
    digest: str
    text: str


def release(url: str) -> Release:
    """Find the file of an address, downloaded where it is not there yet; once, whoever asks for it.

    Args:
        url: of a file on the Hugging Face hub, or elsewhere.

    Raises:
        MissingData: it cannot be had.
        MissingDependency: it is on the hub, and ``huggingface_hub`` is not installed.
    """
    hub = _HUB.fullmatch(url)
    if hub:
        revision = None if hub["revision"] == "main" else hub["revision"]
        file = weights.hub_file(hub["repo"], hub["file"], revision=revision, progress=commands.progress_bar)
        return Release(file.path, file.digest, f"{hub['file']} of {hub['repo']}, commit {file.commit}")
    # Many releases have the same file name (states-1000000.ckpt): each address has a folder of its own.
    own = hashlib.sha256(url.encode()).hexdigest()[:16]
    path = weights.download(url, commands.own_folder(_DISTRIBUTION) / "weights" / own, progress=commands.progress_bar)
    return Release(path, weights.sha256_of(path), url)
