"""``neuroscope describe``: what is in data of every kind, what a task asks of them, and what cannot be read."""

import csv
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

import neuroscope
from neuroscope import Classification, Data, MissingData, Plugins, Trial, Verification, commands
from neuroscope.audio.loudness import Loudness
from neuroscope.audio.spans import locate_all
from neuroscope.cli.main import build
from neuroscope.extraction.session import Workspace
from neuroscope.plugin.registry import Entry
from neuroscope.report import pictures

SPEAKERS = 8


def run(*arguments, code=0, columns=80, load=Plugins.load):
    runner = CliRunner(env={"COLUMNS": str(columns)})
    result = runner.invoke(build(load), ["describe", *(str(each) for each in arguments)])
    assert result.exit_code == code, result.output
    return result


def said(*arguments, **options):
    """The lines on stdout, without blanks at their ends."""
    return [line.rstrip() for line in run(*arguments, **options).stdout.splitlines()]


def found(*arguments, **options):
    return json.loads(run(*arguments, "--json", **options).stdout)


def counts(told, **which):
    """Rows of the tidy table as ``(value, part): utterances``."""
    rows = [row for row in told["counts"] if all(row[name] == value for name, value in which.items())]
    return {(row["value"], row["part"]): row["utterances"] for row in rows}


def write(path, seconds=0.5, seed=0, rate=8_000, channels=1):
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = 0.1 * np.random.default_rng(seed).standard_normal((round(seconds * rate), channels))
    soundfile.write(path, samples, rate)


def write_table(file, rows):
    with file.open("w", newline="") as stream:
        table = csv.DictWriter(stream, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    return file


@pytest.fixture
def rows(tmp_path):
    """Three utterances of each of eight speakers, 0.5, 1 and 1.5 s; six speakers are of the part ``train``."""
    made = []
    for speaker in range(SPEAKERS):
        for number in range(3):
            name = f"s{speaker}-{number}.wav"
            write(tmp_path / name, 0.5 + 0.5 * number, seed=len(made))
            row = {"path": name, "speaker": f"s{speaker}", "gender": "mf"[speaker % 2]}
            row |= {"language": ("en", "de")[speaker // 4], "split": "train" if speaker < 6 else "test"}
            made.append(row)
    return made


@pytest.fixture
def manifest(rows, tmp_path):
    return write_table(tmp_path / "m.csv", rows)


def pairs(manifest):
    """Trials of neighbours: target where they have one speaker."""
    ids = [each.id for each in manifest]
    return [Trial(one, other, one[:2] == other[:2]) for one, other in pairwise(ids)]


def plugins_with(task, **more):
    """How to load the plugins, with one more task ``mine``, and others by their names."""

    def load():
        plugins = Plugins.load()
        for name, each in {"mine": task, **more}.items():
            plugins.tasks.add(Entry("task", name, partial(replace, each), "of a test", "", "tests:tests"))
        return plugins

    return load


def test_a_manifest_with_parts_is_described_whole(manifest):
    expected = f"""\
csv: 24 utterances of 8 speakers, 24.0 seconds
From {manifest}
Seconds an utterance: 0.5 to 1.5, median 1.0. Utterances a speaker: 3.
Sampling rate: 8,000 Hz. Audio channels of a file: 1.

column    values  utterances  most frequent, … least
speaker        8          24  s0 (3), s1 (3), s2 (3), … 4 more …, s7 (3)
gender         2          24  f (12), m (12)
language       2          24  de (12), en (12)

split  utterances  minutes  speakers
test            6     0.10         2
train          18     0.30         6
all            24     0.40         8

gc on csv: 2 classes
Split: column:split,balance=class, seed 0: 18 train, 6 test.
Groups (speaker): 6 train, 2 test.

class   train  minutes  speakers  test  minutes  speakers
female      9     0.15         3     3     0.05         1
male        9     0.15         3     3     0.05         1
all        18     0.30         6     6     0.10         2

Majority in test: female, 50.0 %."""
    assert said("--root", manifest, "--task", "gc") == expected.splitlines()
    assert run("--root", manifest, "--task", "gc").stderr == ""


def test_json_has_each_count_and_the_split_that_a_probe_would_make(manifest):
    told = found("--root", manifest, "--task", "gc")
    (data,) = told["data"]
    assert set(told) == {"data", "tasks", "counts", "pairs"}
    assert data["total"] == {"utterances": 24, "minutes": 0.4, "speakers": 8, "recordings": 0}
    assert data["rates"] == {"8000": 24}
    (task,) = told["tasks"]
    assert (task["kind"], task["classes"], task["not_asked"]) == ("classes", ["female", "male"], {})
    assert (task["split"]["train"], task["split"]["test"], task["split"]["majority_share"]) == (18, 6, 0.5)
    assert counts(told, column="language") == {("de", ""): 12, ("en", ""): 12}
    assert counts(told, column="speaker") == {(f"s{n}", ""): 3 for n in range(SPEAKERS)}
    of_classes = {("", ""): 24, ("", "test"): 6, ("", "train"): 18}
    for name in ("female", "male"):
        of_classes |= {(name, ""): 12, (name, "test"): 3, (name, "train"): 9}
    assert counts(told, task="gc") == of_classes


def test_a_wide_terminal_has_the_same_numbers_and_a_narrow_one_loses_none(manifest):
    command = ("--root", manifest, "--task", "gc", "--task", "label:language")
    narrow, wide = ("".join(run(*command, columns=columns).stdout.split()) for columns in (80, 120))
    assert narrow == wide
    assert max(len(line) for line in said(*command)[2:] if not line.startswith("Warning")) <= 80


def test_of_many_classes_the_largest_and_the_least_are_shown_and_json_has_all(tmp_path):
    made = []
    for number in range(40):
        for count in range(4 if number == 7 else 2):
            write(tmp_path / f"{number}-{count}.wav", 0.1, seed=len(made))
            made.append({"path": f"{number}-{count}.wav", "speaker": f"s{number}-{count}", "word": f"w{number:02}"})
    command = ("--root", write_table(tmp_path / "m.csv", made), "--task", "label:word")
    lines = said(*command)
    assert "word         40          82  w07 (4), w00 (2), w01 (2), … 36 more …, w39 (2)" in lines
    begin = next(n for n, line in enumerate(lines) if line.startswith("class"))
    shown = [line.split("  ")[0] for line in lines[begin + 1 :]]
    assert shown[:2] == ["w07", "w00"]
    assert shown[12:18] == ["… 24 between …", "w36", "w37", "w38", "w39", "all"]
    told = counts(found(*command), task="label:word")
    assert {(f"w{n:02}", "") for n in range(40)} <= set(told)


def test_a_folder_has_no_speakers_and_a_split_that_would_do_is_named(rows, tmp_path):
    for name in ("a", "b"):
        for number in range(3):
            write(tmp_path / "audio" / name / f"{number}.wav", 0.2, seed=10 * ord(name) + number)
    (tmp_path / "audio" / "notes.txt").write_text("x")
    lines = said("--root", tmp_path / "audio", "--task", "label:label")
    assert lines[0] == "folder: 6 utterances, 1.2 seconds"
    assert [line for line in lines if line.startswith("Left out while reading: 1 ")]
    assert "class  utterances  minutes" in lines
    (warning,) = [line for line in lines if line.startswith("Warning")]
    assert warning.startswith("Warning: no split can be made: there is no column 'speaker' to split by.")
    assert "--split utterance" in warning
    again = said("--root", tmp_path / "audio", "--task", "label:label", "--split", "utterance")
    assert "class  train  minutes  test  minutes" in again
    assert "Split: utterance, seed 0: 4 train, 2 test." in again


def test_what_a_generator_warns_of_is_told():
    lines = said("--dataset", "espeak,languages=de,texts=1,rates=200")
    assert lines[0].startswith("espeak,languages=de,texts=1,rates=200: ")
    assert [line for line in lines if line.startswith("Warning: ") and "synthetic" in line]


def test_utterances_that_cannot_be_used_are_counted_told_and_in_no_part(rows, tmp_path):
    (tmp_path / "s0-0.wav").unlink()
    (tmp_path / "s0-1.wav").write_bytes(b"")
    (tmp_path / "s1-0.wav").write_bytes(b"RIFF")
    (tmp_path / "s1-1.wav").write_bytes(b"")
    result = run("--root", write_table(tmp_path / "m.csv", rows), "--task", "gc")
    lines = [line.rstrip() for line in result.stdout.splitlines()]
    assert "csv: 24 utterances of 8 speakers, 21.0 seconds" in lines
    (unusable,) = [line for line in lines if line.startswith("Cannot be used")]
    assert "2 empty file" in unusable
    assert "1 missing file" in unusable
    assert "class   train  minutes  speakers  test  minutes  speakers  unusable" in lines
    assert "female      7     0.12         3     3     0.05         1         2" in lines
    told = result.stderr.splitlines()
    assert len(told) == 3
    assert told[0].startswith("Warning: 2 of 24 utterances cannot be used: empty file, e.g. ")
    assert all("s0-" in line or "s1-" in line for line in told)


def test_where_no_file_can_be_used_it_is_described_all_the_same(rows, tmp_path):
    file = write_table(tmp_path / "m.csv", [{**row, "path": f"x{row['path']}"} for row in rows])
    result = run("--root", file, "--task", "gc")
    assert result.stdout.startswith("csv: 24 utterances of 8 speakers\n")
    assert "Warning: no split can be made" in result.stdout
    assert result.stderr.startswith("Warning: 24 of 24 utterances cannot be used: missing file, e.g. ")


def test_equal_short_and_silent_audio_is_told(rows, tmp_path):
    shutil.copy(tmp_path / "s0-0.wav", tmp_path / "s5-0.wav")
    write(tmp_path / "s2-0.wav", 0.05)
    soundfile.write(tmp_path / "s3-0.wav", np.zeros(8_000), 8_000)
    file = write_table(tmp_path / "m.csv", rows)
    warnings = [line for line in said("--root", file) if line.startswith("Warning")]
    assert warnings == [
        "Warning: 1 utterance is shorter than 0.1 s; e.g. s2-0.wav.",
        "Warning: 1 utterance is the same audio as another; e.g. s5-0.wav as s0-0.wav.",
    ]
    workspace, data = Workspace(), commands.load(Data(root=file))
    silent = locate_all(data.utterances, workspace.audio_files(data)).rows()[9]
    record = workspace.findings
    record.note(silent, Loudness(lowest=0.0, highest=0.0))  # as whoever reads the samples does
    record.keep()
    assert "Warning: 1 utterance: digital silence: all samples are equal; e.g. s3-0.wav." in said("--root", file)


def test_ids_alone_are_described_without_minutes(rows, tmp_path):
    made = [{**{name: value for name, value in row.items() if name != "path"}, "id": row["path"]} for row in rows]
    lines = said("--root", write_table(tmp_path / "m.csv", made), "--task", "gc")
    assert lines[0] == "csv: 24 utterances of 8 speakers"
    assert "Utterances a speaker: 3." in lines
    assert "class   train  speakers  test  speakers" in lines
    assert found("--root", tmp_path / "m.csv")["data"][0]["total"]["minutes"] is None


def test_rows_that_a_task_has_no_class_for_are_counted(rows, tmp_path):
    rows[0]["gender"] = rows[1]["gender"] = ""
    file = write_table(tmp_path / "m.csv", rows)
    assert "Not asked: 2 without a class." in said("--root", file, "--task", "gc")
    assert counts(found("--root", file, "--task", "gc"), task="gc")["", ""] == 22


def test_rates_tracks_parts_of_files_and_the_dataset_of_each(rows, tmp_path):
    write(tmp_path / "more.wav", 3.0, rate=16_000, channels=2)
    rows += [{**rows[0], "path": "more.wav"}]
    file = write_table(tmp_path / "m.csv", rows)
    lines = said("--root", file)
    assert "Sampling rate: 8,000 Hz (24), 16,000 Hz (1). Audio channels of a file: 1 (24), 2 (1)." in lines
    cut = said("--root", file, "--segment", "1")
    assert "Segments: 9 of 25 utterances cut into 19 segments of 1 s." in cut
    assert cut[0] == "csv: 35 utterances of 8 speakers, 27.0 seconds"
    joined = said("--data", f"csv={file}", "--data", f"toy={tmp_path / 'toy'}")
    assert joined[0].startswith("csv+toy: 145 utterances of 48 speakers")
    assert [line.split()[:2] for line in joined if line.startswith(("csv ", "toy "))] == [["csv", "25"], ["toy", "120"]]


def test_trials_are_counted_by_language_and_gender(manifest):
    lines = said("--root", manifest, "--task", "mine", load=plugins_with(Verification(trials=pairs)))
    begin = next(n for n, line in enumerate(lines) if line.startswith("mine"))
    assert lines[begin:] == [
        "mine on csv: 23 trials, 16 target and 7 non-target",
        "Drawn or named by the task: 23; the data bring no list of these.",
        "",
        "trials by  of both  trials  target  non-target",
        "language   de           11       8           3",
        "           de / en       1       0           1",
        "           en           11       8           3",
        "gender     f             8       8           0",
        "           f / m         7       0           7",
        "           m             8       8           0",
        "",
        "Compared: 24 utterances of 8 speakers, 24.0 seconds. In no trial: 0.",
    ]


def test_trials_are_split_by_nothing(manifest):
    options = ["--root", manifest, "--task", "mine", "--split", "speaker"]
    told = run(*options, code=2, load=plugins_with(Verification(trials=pairs))).stderr
    assert "--split speaker: it is of a task with classes" in told


@pytest.mark.parametrize(
    ("trials", "told"),
    [
        ([], "there are no trials: an error rate takes both kinds"),
        ([Trial("s0-0.wav", "s0-1.wav", True)], "there are no non-target trials: an error rate takes both kinds"),
        (
            [Trial("s0-0.wav", "s0-1.wav", True), Trial("s0-0.wav", "gone", False)],
            "trials name 1 utterance that the data do not have",
        ),
    ],
)
def test_what_is_wrong_with_trials_is_told(manifest, trials, told):
    lines = said("--root", manifest, "--task", "mine", load=plugins_with(Verification(trials=lambda _: trials)))
    assert f"Warning: {told}." in lines
    assert [line for line in lines if line.endswith(f"In no trial: {22 if trials else 24}.")]


def test_the_dataset_of_a_proxy_is_a_line_and_so_is_what_is_missing_of_it(manifest):
    there = plugins_with(Verification(trials=pairs, proxy="toy"))
    (line,) = [line for line in said("--root", manifest, "--task", "mine", load=there) if line.startswith("Proxy")]
    assert line.startswith("Proxy: toy: 120 utterances of 40 speakers, from ")
    missing = plugins_with(Verification(trials=pairs, proxy="folder"))
    (line,) = [line for line in said("--root", manifest, "--task", "mine", load=missing) if line.startswith("Proxy")]
    assert line.startswith("Proxy: there is no folder ")


def test_trials_that_the_corpus_brings_are_counted(manifest):
    plugins = Plugins.load()
    made = neuroscope.Manifest(
        (neuroscope.Utterance(id="a", path=None), neuroscope.Utterance(id="b", path=None)),
        trials=(Trial("a", "b", False), Trial("b", "a", True)),
    )
    plugins.datasets.add(Entry("dataset", "mine", lambda root: made, summary="", install="", plugin="tests:tests"))
    lines = said("--dataset", "mine", load=lambda: plugins)
    assert lines == ["mine: 2 utterances", "Trials: 2, 1 target and 1 non-target."]


def test_without_data_the_default_of_the_task_is_described_or_missed():
    tone = Classification(label=lambda each: each.column("tone"), columns=("tone",), datasets=("toy,speakers=8",))
    lines = said("--task", "mine", load=plugins_with(tone))
    assert lines[0].startswith("toy,speakers=8: 24 utterances of 8 speakers")
    lost = Classification(label=lambda each: None, datasets=("folder",))
    assert "there is no folder" in run("--task", "mine", load=plugins_with(lost), code=2).stderr


@pytest.mark.usefixtures("drawn_pictures")
def test_tasks_of_different_data_are_described_together_and_drawn_in_one_picture(tmp_path):
    tone = Classification(label=lambda each: each.column("tone"), columns=("tone",), datasets=("toy,speakers=8",))
    load = plugins_with(tone, other=replace(tone, datasets=("toy,speakers=12",)), third=tone)
    command = ("--task", "mine", "--task", "other", "--task", "third", "--plot", tmp_path / "chart.json")
    lines = said(*command, load=load)
    assert [line.partition(":")[0] for line in lines if line.startswith("toy,") or " on toy," in line] == [
        "toy,speakers=8",
        "mine on toy,speakers=8",
        "third on toy,speakers=8",
        "toy,speakers=12",
        "other on toy,speakers=12",
    ]
    assert len(json.loads((tmp_path / "chart.json").read_text())["vconcat"]) == 3
    told = found(*command, load=load)
    assert [each["total"]["utterances"] for each in told["data"]] == [24, 36]
    assert counts(told, dataset="toy,speakers=12", what="column", column="tone") == {("high", ""): 18, ("low", ""): 18}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "no data: name a file or folder with --root"),
        (["--root", "gone.csv"], "--root gone.csv does not exist"),
        (["--dataset", "toy", "--task", "tyo"], "unknown task 'tyo'"),
        (["--dataset", "toy", "--task", "gc"], "unknown column 'gender'"),
        (["--dataset", "toy", "--split", "speaker"], "--split speaker: it is of a task with classes"),
        (["--dataset", "toy", "--task", "toy", "--split", "speakers"], "unknown split 'speakers'"),
        (["--dataset", "toy", "--where", "tone=low", "--task", "toy"], "needs at least two classes"),
        (["--dataset", "toy", "--segment", "0"], "--segment 0: expected"),
        (["--dataset", "toy", "--plot", "chart.pdf"], "--plot chart.pdf: expected a file that ends in .html, .json"),
        (["--dataset", "toy", "--plot", "file/chart.svg"], "--plot file/chart.svg"),
    ],
)
def test_bad_input_is_one_message_and_nothing_else(arguments, told, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    result = run(*arguments, code=2)
    assert result.stdout == ""
    assert told in result.stderr
    assert "Traceback" not in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.usefixtures("drawn_pictures")
def test_the_distribution_is_drawn_in_the_form_that_the_file_names(manifest, tmp_path):
    for ending in (".json", ".SVG"):
        run("--root", manifest, "--task", "gc", "--plot", tmp_path / "plots" / f"chart{ending}")
    plots = {path.suffix: path.read_bytes() for path in (tmp_path / "plots").iterdir()}
    assert set(plots) == {".json", ".SVG"}
    assert b"gc on csv: 2 classes, split: column:split" in plots[".SVG"]
    assert json.loads(plots[".json"])["$schema"].startswith("https://vega.github.io/schema/vega-lite/")


@pytest.mark.usefixtures("drawn_pictures")
def test_a_plot_that_cannot_be_drawn_leaves_the_description_and_what_was_there(manifest, tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "_DRAW", "raise SystemExit('no fonts')")
    plot = tmp_path / "plots" / "chart.svg"
    plot.parent.mkdir()
    plot.write_text("of an earlier run")
    result = run("--root", manifest, "--plot", plot, code=2)
    assert result.stdout.startswith("csv: 24 utterances")
    assert result.stderr == f"Error: {plot} cannot be drawn: no fonts\n"
    assert [(path.name, path.read_text()) for path in plot.parent.iterdir()] == [("chart.svg", "of an earlier run")]


def test_files_are_read_once_and_no_torch_is_loaded(manifest):
    code = """
import sys
from neuroscope.audio import waveforms
from neuroscope.cli.main import build

def describe():
    try:
        build()(sys.argv[1:])
    except SystemExit as end:
        return end.code

first, waveforms.examine = describe(), None
print(first, describe(), {"torch", "sklearn", "scipy", "altair"} & set(sys.modules))
"""
    command = [sys.executable, "-c", code, "describe", "--root", str(manifest), "--task", "gc"]
    done = subprocess.run(command, env=os.environ, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 0 set()", done.stdout + done.stderr


def test_a_notebook_shows_the_same_and_has_tables(manifest):
    shown = neuroscope.describe(manifest, ["gc", "label:language"])
    assert repr(shown).splitlines()[0] == "<Description"
    assert "gc on csv: 2 classes" in repr(shown)
    page = shown._repr_html_()
    assert page.count("<table") == 4
    assert "Majority in test: female, 50.0 %." in page
    table = shown.table()
    assert table.filter(what="class", task="gc", part="test", value="male")["utterances"].to_list() == [3]
    assert shown.table("pairs").is_empty()
    assert shown.data[0].seconds.most == 1.5
    assert shown.tasks[0].split.majority == "female"
    assert len(shown.chart().to_dict()["vconcat"]) == 2
    with pytest.raises(neuroscope.UnknownName, match="unknown table 'count'"):
        shown.table("count")
    with pytest.raises(MissingData):
        neuroscope.describe("gone.csv")
