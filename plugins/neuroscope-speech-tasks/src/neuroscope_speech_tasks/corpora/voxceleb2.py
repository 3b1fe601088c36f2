"""VoxCeleb2: celebrities in interviews, in many languages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from neuroscope_speech_tasks.corpora.voxceleb import Part, Release, read_release
from neuroscope_speech_tasks.reading.corpus import Corpus

if TYPE_CHECKING:
    from neuroscope import Manifest, Progress

CORPUS = Corpus(
    dataset="voxceleb2",
    title="VoxCeleb2",
    source="https://www.robots.ox.ac.uk/~vgg/data/voxceleb/ (on request)",
    licence="CC BY 4.0, the videos belong to their owners",
    size="test: 36,237 utterances of 118 speakers, 80 h, 2.6 GB; dev: 1,092,009 of 5,994, 2,360 h",
    folder="the folder with aac/ and vox2_meta.csv",
    layouts=(
        "vox2_meta.csv\naac/id00017/.../00001.m4a",
        "vox2_meta.csv\ndev/aac/id00012/...\ntest/aac/id00017/.../00001.m4a",
        "vox2_meta.csv\nwav/id00017/.../00001.wav",
    ),
    columns=(("gender", "f or m"), ("recording", "the video")),
    notes=(
        "vox2_meta.csv may lie in the folder, in meta/ there, or up to two folders above; it is read with commas or "
        "tabs, and with blanks around cells.",
        "Who is of part test or dev is told by vox2_meta.csv, else by folders named dev and test: the speakers of "
        "test are scattered among the others.",
        "The .m4a files are read through PyAV; copies as wav or flac are read before them, where there are both.",
    ),
)
_RELEASE = Release(
    corpus=CORPUS, table="vox2_meta.csv", ids="id0", id_column="VoxCeleb2 ID", columns={"Gender": "gender"}
)


@CORPUS.describes
def read_voxceleb2(root: Path, *, progress: Progress, part: Part = "test") -> Manifest:
    """Read VoxCeleb2, as unpacked, sorted into dev and test, or converted.

    Args:
        root: the corpus's folder, one above it that has it as ``voxceleb2``, or ``aac`` in it.
        progress: told of the files that are found.
        part: test (118 speakers), dev (5,994), or all.

    Raises:
        MissingData: the part is not there, or nothing tells who belongs to it.
        BadManifest: the table is not understood, or contradicts the folders.
    """
    return read_release(_RELEASE, root, part, progress).manifest
