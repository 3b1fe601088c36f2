"""``neuroscope.probe``, ``neurons`` and ``extract``: what one writes first works, and the numbers are the commands'."""

import asyncio
import inspect
import json
import os
import re
import subprocess
import sys
import threading
from dataclasses import MISSING, fields
from pathlib import Path
from typing import get_args

import numpy as np
import polars
import pytest
import soundfile
from typer.testing import CliRunner

import neuroscope
from neuroscope import BadOption, Data, MissingData, NeuroscopeError, UnknownName
from neuroscope.cli.main import build
from neuroscope.contracts.progress import silent
from neuroscope.defaults import PRESETS, PresetName
from neuroscope.extraction.session import ExtractionSettings
from neuroscope.runtime.progress_bar import progress_bar
from neuroscope.study.cell_runner import CellRunner
from neuroscope.study.settings import StudySettings
from neuroscope.workflows.arguments import progress_of


def toy(**more):
    return neuroscope.probe("toy", "toy", **{"dataset": "toy", "runs": 1} | more)


@pytest.fixture
def corpus(tmp_path):
    """24 files of 12 speakers with a manifest: high and low tones, in two rooms."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    lines = ["path,speaker,tone,room"]
    for number in range(24):
        high, time = number // 2 % 2, np.arange(8_000) / 16_000
        tone = np.sin(2 * np.pi * ((200, 3_000)[high] + number) * time)
        soundfile.write(folder / f"{number}.wav", 0.3 * tone, 16_000)
        lines.append(f"{number}.wav,s{number // 2},{('low', 'high')[high]},{('hall', 'booth')[number % 2]}")
    (folder / "m.csv").write_text("\n".join(lines) + "\n")
    return folder


@pytest.mark.parametrize("kind", [str, Path])
def test_a_path_is_a_text_or_a_path(corpus, kind, tmp_path):
    root, out, cache = kind(corpus / "m.csv"), kind(tmp_path / "out"), kind(tmp_path / "cache")
    found = neuroscope.probe("toy", "label:tone", root, runs=1, out=out, cache=cache)
    assert found.folder == tmp_path / "out"
    assert found.run.extractions[0].utterances == 24
    assert (tmp_path / "cache" / "store").is_dir()
    assert neuroscope.extract("toy", root, cache=cache).run.extractions[0].found == 24
    listed = kind(tmp_path / "list.csv")
    neuroscope.neurons("toy", "label:tone", root, runs=1, cache=cache, controls=[], list_to=listed)
    assert (tmp_path / "list.csv").read_text().startswith("layer,neuron")


def test_a_home_folder_is_read_in_a_text(monkeypatch):
    monkeypatch.setenv("HOME", "/home/somebody")
    assert Data(root="~/m.csv").root == Data(root=Path("~/m.csv")).root == Path("/home/somebody/m.csv")


def test_data_takes_texts_alone_and_lists(corpus):
    assert Data(root="m.csv") == Data(root=Path("m.csv"))
    assert Data(where="room=hall", roots="toy=here") == Data(where=["room=hall"], roots=("toy=here",))
    one = neuroscope.extract("toy", Data(root=str(corpus / "m.csv"), where="room=hall"))
    other = neuroscope.extract("toy", str(corpus / "m.csv"), where=["room=hall", "tone=low,high"])
    assert one.run.extractions[0].utterances == other.run.extractions[0].utterances == 12


@pytest.mark.parametrize("wrong", [{"root": 3}, {"root": ""}, {"root": b"m.csv"}, {"where": 1}, {"dataset": None}])
def test_data_of_a_wrong_type_is_told(wrong):
    (name,) = wrong
    with pytest.raises(BadOption, match=f"{name}=.*expected"):
        Data(**wrong)


def test_one_or_several():
    several = neuroscope.probe(
        ["toy", "toy,weights=random"], ["toy", "label:tone"], Data(dataset="toy"), layers=["energy"], runs=1
    )
    cells = [("toy", "toy"), ("toy", "label:tone"), ("toy,weights=random", "toy"), ("toy,weights=random", "label:tone")]
    assert [(best.backbone, best.task) for best in several.best] == cells
    assert several.table().select("backbone", "task", "layer").rows() == [(*cell, "energy") for cell in cells]
    assert toy(layers="delta,energy").table()["layer"].to_list() == ["energy", "delta", "ALL"]
    assert {row.backbone for row in toy(backbone_options="width=8").rows} == {"toy,width=8"}


def test_tables_best_chart_and_repr():
    found = toy(runs=2)
    numbers = ["accuracy", "sd", "low", "high", "majority"]
    assert found.table().columns == ["backbone", "task", "layer", *numbers, "warnings"]
    assert found.table("warnings").columns[:4] == ["backbone", "task", "kind", "layer"]
    (energy,) = found.table().filter(layer="energy").rows(named=True)
    assert (energy["accuracy"], energy["high"], energy["majority"]) == (1.0, 1.0, 0.5)
    assert energy["sd"] > 0  # no error seen is not no error possible
    assert found.table("rows").rows() == polars.read_parquet(found.folder / "rows.parquet").rows()
    assert set(found.table("predictions")["layer"]) == {"", "energy", "delta", "ALL"}
    (best,) = found.best
    assert (best.layer, best.not_separated, best.known) == ("energy", ("ALL",), True)
    assert "Best layer: energy, 100.0 %" in repr(found)
    assert str(found.folder) in repr(found)
    assert json.loads(found.chart().to_json())["concat"]
    with pytest.raises(UnknownName, match=r"unknown table 'layer'\. Did you mean 'layers'"):
        found.table("layer")


def test_tables_of_neurons(tmp_path):
    found = neuroscope.neurons("toy", "toy", dataset="toy", runs=1, controls="permuted", out=tmp_path / "out")
    assert found.table()["condition"].to_list()[:3] == ["probe", "permuted", "majority"]
    for name in ("conditions", "sets", "minimal", "layers"):
        table = found.table(name)
        assert table.columns[:2] == ["backbone", "task"]
        assert table.height
    assert found.table("minimal").filter(condition="minimal").row(0, named=True)["neurons"] == 1
    assert set(found.table("sets")["set"]) == {"top", "random", "bottom"}
    assert found.table("rankings").height
    assert "minimal set 1.0 neurons" in repr(found)
    assert json.loads(found.chart().to_json())["hconcat"]
    assert "<td" in found._repr_html_()


def test_tables_of_an_extraction(corpus):
    (corpus / "3.wav").write_bytes(b"no audio")
    found = neuroscope.extract("toy", corpus / "m.csv")
    assert found.table().row(0, named=True)["skipped"] == 1
    assert found.table("skipped")["utterance"].to_list() == ["3.wav"]
    assert (found.folder, found.failed) == (None, ())
    assert "23 extracted now" in repr(found)
    assert found.table().row(0, named=True)["representation"] in found._repr_html_()
    with pytest.raises(UnknownName, match="extractions"):
        found.table("predictions")


def test_a_folder_that_holds_another_run_is_not_read(tmp_path):
    first = toy(out=tmp_path / "out")
    second = toy(out=tmp_path / "out", layers="energy")
    assert second.table("split").height
    with pytest.raises(MissingData, match="another run"):
        first.table("split")
    assert first.table()["layer"].to_list() == ["energy", "delta", "ALL"]


def test_what_is_shown_is_what_the_terminal_shows(tmp_path):
    toy()
    shown = (
        CliRunner()
        .invoke(build(), ["probe", *["--backbone", "toy", "--task", "toy", "--dataset", "toy", "--runs", "1"]])
        .stdout
    )
    page = toy()._repr_html_()
    words = [word for line in shown.splitlines()[:-1] for word in line.split() if not set(word) & set("█▏▎▍▌▋▊▉'<>&")]
    assert [word for word in words if word not in page] == []
    assert page.count("<table") == 1


def test_foreign_text_is_escaped(corpus, tmp_path, monkeypatch):
    text = (corpus / "m.csv").read_text().replace("high", "<script>alert(1)</script>").replace("low", "[red]a&b[/red]")
    (corpus / "<b>m.csv").write_text(text.replace("room", "<i>"))
    run = CellRunner.run

    def run_or_fail(runner, inputs, part):
        if "<i>" in inputs.spec.task:
            raise RuntimeError("<img src=x>")
        return run(runner, inputs, part)

    monkeypatch.setattr(CellRunner, "run", run_or_fail)
    found = neuroscope.probe("toy", ["label:tone", "label:<i>"], corpus / "<b>m.csv", runs=1, out=tmp_path / "<u>")
    page = found._repr_html_()
    tags = set(re.findall(r"</?\w+", page.replace("</", "<")))
    assert tags == {"<div", "<p", "<br", "<table", "<thead", "<tbody", "<tr", "<th", "<td"}
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "[red]a&amp;b[/red]" in page
    assert "Error: label:&lt;i&gt; in toy has no result: RuntimeError: &lt;img src=x&gt;" in page
    assert [cell.task for cell in found.failed] == ["label:<i>"]
    assert "label:<i> in toy has no result: RuntimeError: <img src=x>" in repr(found)


def test_an_unknown_keyword_is_told():
    with pytest.raises(TypeError, match="unexpected keyword argument 'rnus'"):
        neuroscope.probe("toy", "toy", rnus=2)


@pytest.mark.parametrize(
    ("arguments", "keywords", "message"),
    [
        (("toi", "toy"), {"dataset": "toy"}, "unknown backbone 'toi'. Did you mean 'toy'"),
        (("toy", "tooy"), {"dataset": "toy"}, "unknown task 'tooy'"),
        (("toy", "toy", "nowhere.csv"), {}, "nowhere.csv does not exist"),
        (("toy", "toy", "toy"), {}, "--dataset toy"),
        (("toy", "toy", 3), {}, "data=3: expected a path"),
        (("toy", "label:tone"), {}, "no data"),
        ((), {"backbones": [], "tasks": "toy"}, "no backbone"),
        ((3, "toy"), {}, "backbones=3: expected a text"),
        (("toy", ["toy", 3]), {}, "tasks=.*expected a text"),
        (("toy", "toy", Data(dataset="toy")), {"where": "tone=low"}, "where beside Data"),
        (
            ("toy", "toy"),
            {"dataset": "toy", "layers": "energie"},
            "unknown layer of toy 'energie'. Did you mean 'energy'",
        ),
        (("toy", "toy"), {"dataset": "toy", "runs": 0}, "runs 0: expected 1 to 10000"),
        (("toy", "toy"), {"dataset": "toy", "runs": "2"}, "runs='2': expected a whole number"),
        (("toy", "toy"), {"dataset": "toy", "split": 1}, "split=1: expected a text"),
        (("toy", "toy"), {"dataset": "toy", "rehash": "yes"}, "rehash='yes': expected True or False"),
        (("toy", "toy"), {"dataset": "toy", "segment": "1"}, "segment='1': expected a number"),
        (("toy", "toy"), {"dataset": "toy", "preset": "papre"}, "unknown preset 'papre'"),
        (("toy", "toy"), {"dataset": "toy", "dtype": "float64"}, "float64"),
        (("toy", "toy"), {"dataset": "toy", "on_error": "skp"}, "skp"),
        (("toy", "toy"), {"dataset": "toy", "where": "tone=loud"}, "loud"),
        (("toy", "toy"), {"dataset": "toy", "out": ""}, "out='': expected a path"),
        (("toy", "toy"), {"dataset": "toy", "progress": 3}, "progress=3"),
    ],
)
def test_errors_are_those_of_the_command_line(arguments, keywords, message):
    with pytest.raises(NeuroscopeError, match=message):
        neuroscope.probe(*arguments, **keywords)


def test_neurons_takes_one_backbone_and_one_task():
    with pytest.raises(BadOption, match=r"backbone=.*expected one"):
        neuroscope.neurons(["toy", "toy,width=8"], "toy", dataset="toy")
    with pytest.raises(BadOption, match=r"task=.*expected one"):
        neuroscope.neurons("toy", [], dataset="toy")
    with pytest.raises(UnknownName, match="unknown ranking"):
        neuroscope.neurons("toy", "toy", dataset="toy", ranking="best")


def test_numbers_of_numpy_are_numbers():
    assert toy(seed=np.int64(3), runs=np.int32(1)).rows == toy(seed=3).rows


COMMON = {"dataset", "roots", "where", "backbone_options", "progress"}
KEYWORDS = {
    "probe": {*COMMON, "out"},
    "neurons": {*COMMON, "ranking", "controls", "list_to", "out"},
    "extract": {*COMMON, "pooling"},
}


@pytest.mark.parametrize("name", KEYWORDS)
def test_keywords_and_defaults_are_those_of_the_settings(name):
    function = getattr(neuroscope, name)
    keywords = {
        each.name: each.default
        for each in inspect.signature(function).parameters.values()
        if each.kind is each.KEYWORD_ONLY
    }
    kinds = [ExtractionSettings] if name == "extract" else [StudySettings, ExtractionSettings]
    settings = {each.name: each.default for kind in kinds for each in fields(kind) if each.default_factory is MISSING}
    assert {each: keywords[each] for each in settings} == settings
    assert keywords.keys() - settings.keys() == KEYWORDS[name]
    documented = inspect.getdoc(function)
    assert [each for each in keywords if f"\n    {each}: " not in documented] == []


def test_describe_has_those_of_its_settings_that_matter_before_a_model_runs():
    given = inspect.signature(neuroscope.describe).parameters
    keywords = {each.name: each.default for each in given.values() if each.kind is each.KEYWORD_ONLY}
    settings = {each.name: each.default for each in fields(ExtractionSettings) if each.name in keywords}
    assert settings == {"segment": None, "rehash": False, "cache": None}
    assert {each: keywords[each] for each in settings} == settings
    assert keywords.keys() - settings.keys() == {"dataset", "roots", "where", "split", "save", "progress"}
    documented = inspect.getdoc(neuroscope.describe)
    assert [each for each in given if f"\n    {each}: " not in documented] == []


def test_presets_are_those_that_there_are():
    assert get_args(PresetName) == tuple(PRESETS)


def test_a_second_call_finds_the_vectors_and_the_same_numbers():
    first, second = toy(), toy()
    assert [each.run.extractions[0].computed for each in (first, second)] == [120, 0]
    assert first.rows == second.rows
    assert first.folder != second.folder
    assert first.table("split").equals(second.table("split"))


def test_from_threads_and_from_a_running_event_loop():
    expected, found = toy(), {}

    async def notebook():
        return toy()

    def call(seed):
        found[seed] = toy(seed=seed)

    assert asyncio.run(notebook()).rows == expected.rows
    threads = [threading.Thread(target=call, args=(seed,)) for seed in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found[0].rows == expected.rows
    assert found[1].rows == toy(seed=1).rows != expected.rows


def test_the_folder_is_that_of_the_command(tmp_path, corpus):
    options = [
        "--backbone",
        "toy",
        "--task",
        "label:tone",
        "--runs",
        "2",
        "--layers",
        "energy,delta",
        "--where",
        "room=hall",
    ]
    typed = [*options, "--root", str(corpus / "m.csv"), "--out", str(tmp_path / "typed")]
    assert CliRunner().invoke(build(), ["probe", *typed]).exit_code == 0
    keywords = {"runs": 2, "layers": ["energy", "delta"], "where": "room=hall", "out": tmp_path / "called"}
    neuroscope.probe("toy", "label:tone", corpus / "m.csv", **keywords)
    one, other = tmp_path / "typed", tmp_path / "called"
    names = sorted(path.name for path in one.iterdir())
    assert names == sorted(path.name for path in other.iterdir())
    about = [json.loads((each / "run.json").read_text()) for each in (one, other)]
    (call,) = about[1]["command"]
    assert call.startswith("neuroscope.probe('toy', 'label:tone', '")
    assert call.endswith(f"where='room=hall', layers=['energy', 'delta'], runs=2, out='{other}')")
    for each in about:
        del each["command"], each["began"], each["seconds"]
        del each["extractions"][0]["computed"], each["extractions"][0]["found"]
    assert about[0] == about[1]
    assert [name for name in names if name != "run.json" and not same(one / name, other / name)] == []


def same(one, other):
    if one.suffix == ".parquet":
        return polars.read_parquet(one).equals(polars.read_parquet(other))
    return one.read_bytes() == other.read_bytes()


def test_progress_is_a_bar_in_a_terminal_and_nothing_elsewhere(monkeypatch):
    told = []

    def progress(label, total, seconds=0.0, /):
        told.append(label)
        return silent(label, total, seconds)

    assert progress_of(True) is progress_of(False) is progress_of(None) is silent
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert progress_of(True) is progress_bar
    assert progress_of(None) is silent
    toy(progress=progress)
    assert told


def test_nothing_is_printed(capfd):
    toy()
    assert capfd.readouterr() == ("", "")


def test_neurons_is_the_call_whatever_was_imported_before():
    code = (
        "import neuroscope.neuron_analysis.study, neuroscope.workflows.neurons, neuroscope\n"
        "assert callable(neuroscope.neurons) and callable(neuroscope.probe) and callable(neuroscope.extract)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ)


def test_no_public_name_is_a_module_of_neuroscope():
    """The import system would put the module in the place of the name."""
    places = {path.stem for path in Path(neuroscope.__file__).parent.iterdir()}
    assert not places & set(neuroscope.__all__)


def test_a_result_finds_its_folder_after_the_working_folder_changed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEUROSCOPE_CACHE", "cache")
    found = [
        neuroscope.probe("toy", "toy", dataset="toy", runs=1, **more) for more in ({"out": "run"}, {"cache": "c"}, {})
    ]
    monkeypatch.chdir("/")
    assert [each.table("split").height > 0 for each in found] == [True] * 3


def test_a_table_of_another_folder_is_none_of_the_result(tmp_path):
    found = neuroscope.probe("toy", "toy", dataset="toy", runs=1, out=tmp_path / "run")
    with pytest.raises(NeuroscopeError, match="unknown table"):
        found.table("../run/rows")


def test_an_interrupt_while_backbones_are_compared_leaves_the_run_folder_free(tmp_path, monkeypatch):
    def interrupted(cells):
        raise KeyboardInterrupt

    asked = {"dataset": "toy", "runs": 1, "out": tmp_path / "out"}
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt) as kept:
        patch.setattr("neuroscope.workflows.probing.compare_backbones", interrupted)
        neuroscope.probe(["toy", "toy,seed=1"], "toy", **asked)
    assert neuroscope.probe(["toy", "toy,seed=1"], "toy", **asked).folder == tmp_path / "out"
    assert kept.traceback  # the error, which holds the folder as long as somebody keeps it
