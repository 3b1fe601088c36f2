"""VoxCeleb1: celebrities in interviews."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from neuroscope import BadManifest
from neuroscope_speech_tasks.corpora.voxceleb import Part, Reading, Release, read_release
from neuroscope_speech_tasks.reading.corpus import Corpus
from neuroscope_speech_tasks.reading.listing import found_near, leads_out

if TYPE_CHECKING:
    from neuroscope import Manifest, Progress

CORPUS = Corpus(
    dataset="voxceleb1",
    title="VoxCeleb1",
    source="https://www.robots.ox.ac.uk/~vgg/data/voxceleb/ (on request)",
    licence="CC BY 4.0, the videos belong to their owners",
    size="test: 4,874 utterances of 40 speakers, 11.2 h, 1 GB; dev: 148,642 of 1,211, 340 h, 33 GB",
    folder="the folder with wav/ and vox1_meta.csv",
    layouts=(
        "vox1_meta.csv\nveri_test.txt\nwav/id10270/x6uYqmx31kE/00001.wav",
        "vox1_meta.csv\ndev/wav/id10001/...\ntest/wav/id10270/x6uYqmx31kE/00001.wav",
        "vox1_meta.csv\nvoxceleb1_test.txt\nvoxceleb1_wav/Eartha_Kitt/x6uYqmx31kE_0000001.wav",
    ),
    columns=(
        ("gender", "f or m"),
        ("nationality", "as the table has it: USA, UK, Ireland"),
        ("language", "en"),
        ("recording", "the video"),
    ),
    notes=(
        "vox1_meta.csv may lie in the folder, in meta/ there, or up to two folders above; it is read with tabs or "
        "commas, and with quotation marks around lines.",
        "Who is of part test or dev is told by vox1_meta.csv, else by folders named dev and test.",
        "The language is not annotated: the paper uses VoxCeleb1 as English, and so does the column language.",
        "The layout of 2017 names speakers, whose ids are found by the column VGGFace1 ID; it numbers utterances "
        "otherwise than today's, so that ids of the two layouts, and their trial lists, do not fit each other.",
        "trials=original is veri_test.txt (voxceleb1_test.txt at OpenSLR), 37,720 trials, and trials=cleaned is "
        "veri_test2.txt (voxceleb1_test_v2.txt), 37,611; without the list there are no trials.",
        "Of copies of an utterance in several formats, wav is read before flac, and that before others.",
    ),
)
_RELEASE = Release(
    corpus=CORPUS,
    table="vox1_meta.csv",
    ids="id1",
    id_column="VoxCeleb1 ID",
    name_column="VGGFace1 ID",
    columns={"Gender": "gender", "Nationality": "nationality"},
    tags={"language": "en"},
)
_LISTS = {
    "original": ("veri_test.txt", "voxceleb1_test.txt"),
    "cleaned": ("veri_test2.txt", "voxceleb1_test_v2.txt"),
    "none": (),
}


@CORPUS.describes
def read_voxceleb1(
    root: Path,
    *,
    progress: Progress,
    part: Part = "test",
    trials: Literal["original", "cleaned", "none"] = "original",
) -> Manifest:
    """Read VoxCeleb1, as unpacked, sorted into dev and test, in the layout of 2017, or converted.

    Args:
        root: the corpus's folder, one above it that has it as ``voxceleb1``, or ``wav`` in it.
        progress: told of the files that are found.
        part: test (40 speakers), dev (1,211), or all.
        trials: the trial list, of part test; it lies where ``vox1_meta.csv`` may.

    Raises:
        MissingData: the part is not there, or nothing tells who belongs to it.
        BadManifest: the table or the list is not understood, or the table contradicts the folders.
    """
    read = read_release(_RELEASE, root, part, progress)
    return read.manifest if part == "dev" else _with_trials(read, _LISTS[trials])


def _with_trials(read: Reading, lists: tuple[str, ...]) -> Manifest:
    """Add the trials of the first list that is there; those of utterances that are not there are counted."""
    from neuroscope.trials import read_trials

    if not lists:
        return read.manifest
    left_out, file = dict(read.manifest.left_out), found_near(read.folder, *lists)
    if file is None:
        left_out[f"trial list that is not there ({lists[0]})"] = 1
        return replace(read.manifest, left_out=left_out)
    if leads_out(file, file.parent):
        raise BadManifest(str(file), ["it is a link out of its folder; put the file itself there"])
    found = read_trials(file, read.manifest, needed=False)
    if found.absent:
        left_out["trial of an utterance that is not there"] = found.absent
    if found.repeated:
        left_out["trial that comes again"] = found.repeated
    return replace(read.manifest, trials=found.trials, left_out=left_out)
