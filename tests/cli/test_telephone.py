"""Telephone calls: two channels of u-law in one SPHERE file, plain or compressed, cut into utterances of one side."""

import csv
import io
import json
import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from neuroscope.cli.main import build

DECODERS = Path(__file__).parents[1] / "unit" / "audio" / "decoders"
files = SimpleNamespace(**runpy.run_path(str(DECODERS / "shorten_files.py")))
RATE, SECONDS = 8_000, 3


def call():
    """A low voice on one side, a higher one on the other: float ``[frames, 2]`` that u-law has, and the bytes."""
    time = np.arange(RATE * SECONDS)[:, None] / RATE
    sides = 0.3 * np.sin(2 * np.pi * np.array([200, 900]) * time) * (1 + 0.5 * np.sin(2 * np.pi * time))
    soundfile.write(written := io.BytesIO(), sides, RATE, format="RAW", subtype="ULAW")
    content = written.getvalue()
    raw = {"format": "RAW", "subtype": "ULAW", "samplerate": RATE, "channels": 2}
    return soundfile.read(io.BytesIO(content), **raw)[0], np.frombuffer(content, dtype=np.uint8).reshape(-1, 2)


def write(folder, form):
    """Write a call in a form, and a manifest of four utterances, two of each side."""
    sides, ulaw = call()
    folder.mkdir()
    names = ["a.sph", "a.sph"]
    if form == "a file a side":
        names = ["a0.wav", "a1.wav"]
        for name, side in zip(names, sides.T, strict=True):
            soundfile.write(folder / name, side, RATE, subtype="FLOAT")
    elif form == "shorten":
        header = files.sphere(len(ulaw), RATE, 2, "ulaw,embedded-shorten-v2.00", "1")
        (folder / "a.sph").write_bytes(header + files.shorten(ulaw, files.ULAW))
    else:
        (folder / "a.sph").write_bytes(files.sphere(len(ulaw), RATE, 2, "ulaw", "1") + ulaw.tobytes())
    with (folder / "m.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["id", "path", "start", "end", "audio_channel", "side"])
        for number, start in enumerate((0.25, 1.5)):
            for channel, side in enumerate("AB"):
                track = 0 if form == "a file a side" else channel
                table.writerow([f"{side}{number}", names[channel], start, start + 1, track, side])
    return folder / "m.csv"


def run(*arguments):
    result = CliRunner().invoke(build(), [str(each) for each in arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def vectors(folder, form):
    """What ``extract`` stores of each utterance."""
    manifest = write(folder, form)
    (extraction,) = json.loads(run("extract", "--backbone", "toy", "--root", manifest, "--json"))["run"]["extractions"]
    assert (extraction["computed"], extraction["skipped"]) == (4, {})
    key = extraction["representation"]
    run("store", "export", key, folder / "x.npz", "--root", manifest)
    with np.load(folder / "x.npz") as found:
        return {name: found[name] for name in found.files}


@pytest.mark.parametrize("form", ["u-law", "shorten"])
def test_one_side_of_a_call_is_what_a_file_of_that_side_is(tmp_path, form):
    if form == "shorten":
        pytest.importorskip("desphere")
    of_call, of_sides = vectors(tmp_path / "call", form), vectors(tmp_path / "sides", "a file a side")
    assert of_call["ids"].tolist() == ["A0", "B0", "A1", "B1"]
    assert len(np.unique(of_call["values"], axis=0)) == 4
    for name, values in of_sides.items():
        np.testing.assert_array_equal(of_call[name], values)
