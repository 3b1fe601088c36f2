"""Manifests of Lhotse: cuts, and recordings with supervisions."""

import gzip
import json

import pytest

from neuroscope import BadManifest, BadOption, Data, MissingData
from neuroscope.testing import run
from neuroscope_speech_tasks.formats.lhotse import read_lhotse

DATASET = "lhotse"


@pytest.fixture
def cuts(tmp_path):
    """``cuts(change, ...)``: what is read of a file with a cut for each change of a plain one."""

    def read(*changes, name="cuts.jsonl"):
        (tmp_path / "a.wav").touch()
        (tmp_path / "b.wav").touch()
        lines = [json.dumps(changed(number, change)) for number, change in enumerate(changes)]
        (tmp_path / name).write_text("\n".join(lines))
        return read_lhotse(tmp_path / name)

    return read


def changed(number, change):
    """A plain cut with other values: ``recording.id`` changes the recording's id."""
    cut = {
        "id": f"u{number}",
        "start": 0.5,
        "duration": 1.5,
        "channel": 0,
        "type": "MonoCut",
        "recording": {"id": "r", "sources": [{"type": "file", "channels": [0], "source": "a.wav"}]},
        "supervisions": [{"id": "s", "speaker": "x", "gender": "f", "language": "en", "text": "so"}],
    }
    for path, value in change.items():
        *way, last = path.split(".")
        place = cut
        for step in way:
            place = place[int(step)] if step.isdigit() else place[step]
        place[last] = value
    return cut


def told(call, *arguments, error=BadManifest, **options):
    with pytest.raises(error) as caught:
        call(*arguments, **options)
    return str(caught.value)


@pytest.mark.parametrize("form", ["cuts", "recordings"])
@pytest.mark.parametrize("ending", [".jsonl", ".jsonl.gz"])
def test_cuts_and_supervisions_make_the_same_utterances(names, form, ending):
    root = names(form=form, ending=ending)
    manifest = read_lhotse(root)
    assert (len(manifest), manifest.left_out, manifest.warning) == (32, {}, "")
    one = manifest.utterances[5]
    assert (one.id, one.path) == ("call0-1-1", root / "wav/call0.wav")
    assert (one.start, one.duration, one.audio_channel, one.speaker) == (0.5, 0.5, 1, "s01")
    assert one.tags == {"recording": "call0", "gender": "f", "language": "en", "room": "r0", "level": "-3.5"}


def test_supervisions_keep_the_contract(tree):
    outcomes = run("dataset", "lhotse", Data(root=tree("lhotse", form="recordings")))
    assert {each.check: each.reason for each in outcomes if not each.ok} == {}


@pytest.mark.parametrize("form", ["cuts", "recordings"])
def test_the_root_may_be_a_file(names, form):
    root = names(form=form, parts=("_train", "_dev"))
    for name in ("cuts",) if form == "cuts" else ("recordings", "supervisions"):
        assert {each.tags["split"] for each in read_lhotse(root / f"{name}_train.jsonl")} == {"train"}


def test_a_file_of_cuts_may_have_any_name(cuts):
    assert len(cuts({}, name="mine.jsonl")) == 1


@pytest.mark.parametrize("form", ["cuts", "recordings"])
def test_of_several_manifests_in_a_folder_none_is_chosen_silently(names, form):
    root = names(form=form, parts=("_train", "_dev-clean", "_x"), ending=".jsonl.gz")
    message = told(read_lhotse, root, error=BadOption)
    assert "dev-clean, train, x" in message
    assert "has no part test; it has dev-clean, train, x" in told(read_lhotse, root, error=BadOption, parts=("test",))
    manifest = read_lhotse(root, parts=("train", "dev-clean", "x"))
    assert [each.tags.get("split") for each in manifest] == 32 * ["train"] + 32 * ["dev"] + 32 * [None]


def test_paths_are_relative_to_the_manifest_else_to_the_working_folder(names, tmp_path, monkeypatch):
    root = names()
    monkeypatch.chdir(tmp_path)
    assert read_lhotse(root).source == str(root)
    (root / "wav").rename(tmp_path / "wav")
    manifest = read_lhotse(root)
    assert {each.path.resolve().parent for each in manifest} == {tmp_path / "wav"}
    assert manifest.source == f"{root} (paths are relative to the working folder)"


def test_absolute_paths_are_read_wherever_they_lie(cuts, tmp_path, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "a.wav"
    elsewhere.touch()
    source = {"type": "file", "channels": [0], "source": str(elsewhere)}
    (one,) = cuts({"recording.sources": [source]})
    assert one.path == elsewhere


def test_channels_are_tracks_of_their_files(cuts):
    pair = [{"type": "file", "channels": [c], "source": f"{'ab'[c]}.wav"} for c in (0, 1)]
    both = [{"type": "file", "channels": [0, 1], "source": "a.wav"}]
    manifest = cuts(
        {},
        {"recording.sources": pair, "channel": 1},
        {"recording.sources": both, "channel": 1},
        {"recording.sources": both, "channel": [0], "type": "MultiCut"},
        {"recording.sources": both, "channel": [0, 1], "type": "MultiCut"},
        {"channel": None},
    )
    assert [(each.path.name, each.audio_channel) for each in manifest] == [
        ("a.wav", None),
        ("b.wav", None),
        ("a.wav", 1),
        ("a.wav", 0),
        ("a.wav", None),
    ]
    assert manifest.left_out == {"several channels at once": 1}


def test_what_is_no_utterance_here_is_counted(cuts):
    supervision = {"id": "t", "speaker": "x", "gender": "f", "language": "en"}
    manifest = cuts(
        {},
        {"type": "MixedCut", "tracks": []},
        {"type": "PaddingCut"},
        {"recording": None},
        {"recording.transforms": [{"name": "Speed", "kwargs": {"factor": 1.1}}]},
        {"recording.sources": [{"type": "file", "channels": [0], "source": "gone.wav"}]},
        {"supervisions": [supervision, {**supervision, "speaker": "y"}]},
        {"supervisions": [supervision, supervision]},
        {"supervisions": []},
    )
    assert [(each.id, each.speaker) for each in manifest] == [("u0", "x"), ("u7", "x"), ("u8", None)]
    assert manifest.left_out == {
        "augmented recording": 1,
        "cut without a recording": 1,
        "file that is not there": 1,
        "mixed cut": 1,
        "padding": 1,
        "several in one cut: speaker": 1,
    }


def test_recordings_and_supervisions_that_lack_each_other_are_counted(names):
    root = names(form="recordings")
    lines = (root / "recordings.jsonl").read_text().splitlines()
    more = json.loads(lines[0]) | {"id": "silent"}
    augmented = json.loads(lines[1]) | {"transforms": [{"name": "Speed"}]}
    (root / "recordings.jsonl").write_text("\n".join([json.dumps(more), json.dumps(augmented), *lines[2:]]))
    manifest = read_lhotse(root)
    assert len(manifest) == 16
    assert manifest.left_out == {
        "augmented recording": 8,
        "recording without a supervision": 1,
        "supervision without its recording": 8,
    }
    (root / "supervisions.jsonl").unlink()
    assert "only recordings.jsonl: it needs" in told(read_lhotse, root, error=MissingData)
    assert "only recordings.jsonl: it needs" in told(read_lhotse, root / "recordings.jsonl", error=MissingData)


def test_texts_and_numbers_of_custom_are_tags(cuts):
    custom = {"snr": 12.5, "n": 3, "ok": True, "room": " a ", "none": None, "bad": float("nan"), "id": "i", "more": [1]}
    (one,) = cuts({"custom": custom, "supervisions.0.custom": {"room": "b", "mood": "calm", "gender": "x"}})
    assert one.tags == {
        "recording": "r",
        "gender": "f",
        "language": "en",
        "snr": "12.5",
        "n": "3",
        "ok": "true",
        "room": "a",
        "mood": "calm",
    }


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"recording.sources.0.type": "command", "recording.sources.0.source": "sox a.wav -"}, "command (sox a.wav -)"),
        ({"recording.sources.0.type": "url"}, "recording r comes from a url"),
        ({"recording.sources.0.type": "memory"}, "recording r comes from a memory"),
        ({"recording.sources": []}, "recording r has no sources"),
        ({"recording.sources.0.channels": "ab"}, "recording r has no channels"),
        ({"recording.sources.0.channels": None}, "recording r has no channels"),
        ({"recording.sources.0.channels": [0, 1], "channel": None}, "no channel, and recording r has 2"),
        ({"recording.sources.0.source": "a\0b"}, "recording r names no file"),
        ({"recording": 3}, "the recording is no JSON object"),
        ({"channel": 4}, "channel 4 is in no file of recording r"),
        ({"channel": "A"}, "channel A is no whole number"),
        ({"start": -1}, "start -1 is no number of seconds"),
        ({"start": 10**400}, "is no number of seconds"),
        ({"duration": None}, "duration null is no number of seconds"),
        ({"duration": 0}, "duration 0"),
        ({"duration": True}, "duration true is no number"),
        ({"id": ""}, "no id"),
        ({"id": ["x"]}, "id is no text"),
        ({"id": "u0"}, "u0 comes twice"),
        ({"type": "OddCut"}, "type OddCut is none of MonoCut"),
        ({"supervisions": {"speaker": "x"}}, "supervisions are no list"),
        ({"custom": 3}, "custom is no JSON object"),
    ],
)
def test_what_cannot_be_used_is_told_with_its_line(cuts, change, said):
    message = told(cuts, {"start": 0.1}, change, {"start": "soon"})
    assert "cuts.jsonl line 2: " in message
    assert said in message
    assert "cuts.jsonl line 3: start soon is no number of seconds" in message


def test_a_recording_that_comes_twice_with_other_content_is_a_problem(names):
    root = names(form="recordings")
    text = (root / "recordings.jsonl").read_text()
    (root / "recordings.jsonl").write_text(text + text.splitlines(keepends=True)[0])
    assert len(read_lhotse(root)) == 32
    (root / "recordings.jsonl").write_text(text + text.splitlines()[0].replace("call0.wav", "call1.wav"))
    assert "recordings.jsonl line 5: recording call0 comes twice" in told(read_lhotse, root)


def test_a_damaged_archive_is_told(names):
    root = names(ending=".jsonl.gz")
    file = root / "cuts.jsonl.gz"
    whole = file.read_bytes()
    for content, said in ((whole[:-20], "damaged"), (b"{}", "cannot be opened"), (gzip.compress(b""), "no lines")):
        file.write_bytes(content)
        message = told(read_lhotse, root)
        assert "cuts.jsonl.gz" in message
        assert said in message


def test_where_there_is_nothing_it_is_told(cuts, names, tmp_path):
    assert "there is no" in told(read_lhotse, tmp_path / "gone", error=MissingData)
    assert "no Lhotse manifest: it needs cuts*.jsonl[.gz]" in told(read_lhotse, tmp_path, error=MissingData)
    (tmp_path / "m.yaml").touch()
    assert "m.yaml: expected a file that ends in .jsonl" in told(read_lhotse, tmp_path / "m.yaml")
    mixed = {"type": "MixedCut", "tracks": []}
    assert "cuts.jsonl: nothing that can be read (mixed cut: 2)" in told(cuts, mixed, mixed)
    source = [{"type": "file", "channels": [0], "source": "gone.wav"}]
    assert "file that is not there: 1" in told(cuts, {"recording.sources": source}, error=MissingData)
