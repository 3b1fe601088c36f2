"""Every dataset that is installed keeps the contract: generators at their default place, readers on small trees."""

import csv

import numpy as np
import pytest
import soundfile

from neuroscope import Plugins
from neuroscope.data import Data
from neuroscope.testing import run

READERS = {
    "csv": "table/manifest.csv",
    "csv folder": "table",
    "folder": "tree",
    r"folder,label_from=(?P<speaker>\w+)_(?P<gender>[mf])": "tree",
}
CORPORA = ("audiofolder", "kaldi", "lhotse", "voxceleb1", "voxceleb2", "common-voice", "adi5", "adi17")
CORPORA += ("callhome,segments=transcript", "librispeech", "fleurs", "voxlingua107")
GENERATORS = ("toy", "toy,speakers=4,utterances=1,seed=3", "espeak,voices=m1+f1,texts=1,rates=150,pitches=20")


@pytest.fixture(scope="module")
def trees(tmp_path_factory):
    """A manifest with spans, tracks and gaps, and a tree of classes with files that are no audio."""
    root = tmp_path_factory.mktemp("trees")
    rows = []
    for number in range(8):
        speaker = f"s{number % 4}_{'mf'[number % 2]}"
        for path in (
            root / "tree" / f"class{number % 2}" / f"{speaker}_{number}.wav",
            root / "table" / f"{number}.flac",
        ):
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, np.full((800, 2), 0.1), 8_000)
        span = {"start": 0.02, "duration": 0.03} if number % 3 else {"start": "", "duration": ""}
        track = "" if number % 2 else 1
        rows.append(
            {
                "path": f"{number}.flac",
                **span,
                "audio_channel": track,
                "speaker": speaker,
                "gender": "mf"[number % 2],
            }
        )
    (root / "tree" / "readme.txt").write_text("recorded on a Sunday")
    with (root / "table" / "manifest.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return root


def not_ok(text, data=None):
    return {each.check: each.reason for each in run("dataset", text, data) if not each.ok}


@pytest.mark.parametrize("text", READERS)
def test_a_reader_keeps_the_contract(text, trees):
    assert not_ok(text.removesuffix(" folder"), Data(root=trees / READERS[text])) == {}


@pytest.mark.parametrize("text", CORPORA)
def test_a_reader_of_corpora_keeps_the_contract(text, tree):
    assert not_ok(text, Data(root=tree(text.partition(",")[0]))) == {}


@pytest.mark.parametrize("text", GENERATORS)
def test_a_generator_keeps_the_contract(text):
    assert not_ok(text) == {}


def test_a_reader_keeps_the_contract_on_real_speech(speech):
    assert not_ok("csv", Data(root=speech)) == {}
    assert not_ok("folder", Data(root=speech)) == {}


def test_no_dataset_is_left_out():
    checked = {text.partition(",")[0].removesuffix(" folder") for text in (*READERS, *CORPORA, *GENERATORS)}
    assert checked == {entry.name for entry in Plugins.load().datasets}
