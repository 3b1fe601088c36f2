"""The files that the paper's networks were published in, and what to say where they are wanted and not there.

Sizes and git blob ids: swshon/arabic-dialect-identification@de15d4a and swshon/sidnet@4939742, both MIT.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from neuroscope import MissingData

if TYPE_CHECKING:
    from pathlib import Path

INDEX, DATA, META = ".index", ".data-00000-of-00001", ".meta"
SUFFIXES = (DATA, INDEX, META)

_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """One file of a published bundle, and how to know it.

    Attributes:
        suffix: what follows the prefix in its name.
        size: bytes.
        blob: its git blob id, or the first eight digits of it.
    """

    suffix: str
    size: int
    blob: str

    def is_file_of(self, size: int, blob: str) -> bool:
        """Whether a file of this size and git blob id is the published one."""
        return size == self.size and blob.startswith(self.blob)


@dataclass(frozen=True, slots=True)
class PublishedNetwork:
    """One network of the paper, as it was published.

    Attributes:
        repository: GitHub repository, at a commit.
        folder: in it.
        prefix: what the names of the three files begin with.
        files: data, index and graph.
        licence: of the repository.
        labels: of the classes in the order of the outputs; empty = not published with it.
    """

    repository: str
    folder: str
    prefix: str
    files: tuple[PublishedFile, ...]
    licence: str
    labels: tuple[str, ...]

    @property
    def where(self) -> str:
        """Repository, commit and prefix, for people."""
        return f"{self.repository}, {self.folder}/{self.prefix}"


DIALECTS = (
    *("ALG", "EGY", "IRA", "JOR", "KSA", "KUW", "LEB", "LIB", "MAU"),
    *("MOR", "OMA", "PAL", "QAT", "SUD", "SYR", "UAE", "YEM"),
)
"""The classes of ADI17 in the order of the dialect network's outputs (``data/language_id_initial`` there)."""

PUBLISHED = {
    "adi": PublishedNetwork(
        repository="swshon/arabic-dialect-identification@de15d4a",
        folder="data/pretrained_model",
        prefix="model7712000.ckpt-7712000",
        files=(
            PublishedFile(DATA, 60_467_272, "e75ce90a002df8f67fee7d36542f04fdfee1292a"),
            PublishedFile(INDEX, 564, "13581a1f"),
            PublishedFile(META, 232_500, "e2eab5e6"),
        ),
        licence="MIT",
        labels=DIALECTS,
    ),
    "sre": PublishedNetwork(
        repository="swshon/sidnet@4939742",
        folder="egs/clustering_test/saver/spk2vec_test24_aug_mfcc_win400_hop160_vad_cmn",
        prefix="model6992000.ckpt-6992000",
        files=(
            PublishedFile(DATA, 63_443_248, "00f4db776edd8b78b933820f5725f54e65107963"),
            PublishedFile(INDEX, 1_303, "dd14dff6"),
            PublishedFile(META, 488_966, "60854fb9"),
        ),
        licence="MIT",
        labels=(),
    ),
}


def blob_id(path: Path) -> str:
    """What ``git hash-object`` says of a file: sha1 of its size and content.

    Raises:
        OSError: it cannot be read.
    """
    digest = hashlib.sha1(usedforsecurity=False)
    with path.open("rb") as stream:
        digest.update(b"blob %d\0" % path.stat().st_size)
        while piece := stream.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def missing(architecture: str, where: Path | None = None) -> MissingData:
    """The error of a network without its checkpoint: what to get, how to know it, where to put it, how to do without.

    Args:
        architecture: ``adi`` or ``sre``.
        where: what was asked for and is not there; None = nothing was.
    """
    model, name = PUBLISHED[architecture], f"{architecture}-cnn"
    begin = f"there is no checkpoint at {where}" if where else f"{name} needs a checkpoint, which does not come with it"
    files = ", ".join(
        f"{model.prefix}{each.suffix} ({each.size:,} bytes, git blob {each.blob})" for each in model.files
    )
    address = f"https://github.com/{model.repository.replace('@', ' at commit ')}"
    return MissingData(
        f"{begin}. The paper's is in {model.folder} of {address} ({model.licence}): {files}. "
        f"Put the files into one folder and write {name},checkpoint=FOLDER; "
        f"`neuroscope cnn verify FOLDER` says whether they are the right ones. "
        f"Or use {name},weights=random, the untrained network."
    )
