"""Commands beside strangers' plugins, each installed in a folder on the path and run as a user would, in a process."""

import json
import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from neuroscope.cli.main import build

STRANGER = """
import neuroscope

@neuroscope.hookimpl
def register_backbones(register):
    register("{name}", lambda: 0, summary="a stranger's")
"""
LOUD = STRANGER.format(name="nss") + "print('{')\n"


@pytest.fixture
def installed(tmp_path):
    """``installed(dist, source)``: a distribution in a folder that ``neuroscope`` has on its path."""

    def make(dist, source):
        module = dist.replace("-", "_")
        (tmp_path / f"{module}.py").write_text(source)
        info = tmp_path / f"{module}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {dist}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[neuroscope]\naaa = {module}\n")

    return make


@pytest.fixture
def neuroscope(tmp_path):
    """``neuroscope(arguments)``: what the command says, with the strangers on its path."""

    def run(*arguments, **environment):
        path = os.pathsep.join([str(tmp_path), *os.environ.get("PYTHONPATH", "").split(os.pathsep)])
        kept = {name: value for name, value in os.environ.items() if name != "NEUROSCOPE_STRICT"}
        folders = {name: str(tmp_path / name) for name in ("NEUROSCOPE_CACHE", "NEUROSCOPE_DATA")}
        return subprocess.run(
            [sys.executable, "-m", "neuroscope", *arguments],
            env={**kept, **folders, "PYTHONPATH": path, "COLUMNS": "200", **environment},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return run


def test_who_claims_ge2e_is_told_and_left_out(installed, neuroscope):
    installed("nss-one", STRANGER.format(name="ge2e"))
    shown = neuroscope("show", "backbone", "ge2e")
    assert (shown.returncode, "from neuroscope-ge2e:ge2e" in shown.stdout) == (0, True)
    warning = "Warning: backbone 'ge2e' is that of neuroscope-ge2e:ge2e; nss-one:aaa may not have the name, too"
    assert shown.stderr.startswith(warning)
    assert len(shown.stderr.splitlines()) == 1
    quiet = neuroscope("show", "backbone", "ge2e", NEUROSCOPE_BLOCK_PLUGINS="nss-one")
    assert (quiet.stdout, quiet.stderr) == (shown.stdout, "")
    extracted = neuroscope("extract", "--backbone", "toy", "--dataset", "toy,speakers=4,utterances=1")
    assert (extracted.returncode, warning in extracted.stderr) == (0, True)
    checked = neuroscope("check", "plugin", "nss-one")
    assert checked.returncode == 1
    assert "has_its_names" in checked.stdout


def test_two_strangers_with_one_name_have_neither(installed, neuroscope):
    installed("nss-one", STRANGER.format(name="nss"))
    installed("nss-two", STRANGER.format(name="nss"))
    refused = neuroscope("check", "backbone", "nss")
    assert (refused.returncode, refused.stdout) == (2, "")
    told = "backbone 'nss' is registered by nss-one:aaa and nss-two:aaa, and none of them has it until one is switched"
    assert f"Error: {told}" in refused.stderr
    found = json.loads(neuroscope("plugins", "--json").stdout)
    contested = {each["distribution"]: each["contested"] for each in found["plugins"] if each["contested"]}
    assert contested == {each: [{"kind": "backbone", "name": "nss", "holder": ""}] for each in ("nss-one", "nss-two")}
    shown = neuroscope("show", "backbone", "nss", NEUROSCOPE_BLOCK_PLUGINS="nss-two")
    assert (shown.returncode, "from nss-one:aaa" in shown.stdout) == (0, True)
    assert "Its layers are not known: the factory of backbone nss" in shown.stdout  # it makes a number


def test_json_stays_json_beside_one_that_prints(installed, neuroscope):
    installed("nss-loud", LOUD)
    found = json.loads(neuroscope("plugins", "--json").stdout)
    (loud,) = [each for each in found["plugins"] if each["distribution"] == "nss-loud"]
    assert "it prints to stdout while it is loaded" in loud["error"]


def test_json_stays_json_where_a_component_prints(installed, neuroscope):
    source = STRANGER.format(name="nss").replace("lambda: 0", "'nss_loud:made'")
    made = """
def made():
    import dataclasses
    from neuroscope_toy.backbone import toy
    print("made")
    spec = toy()
    def load(device):
        print("loaded")
        model = spec.load(device)
        class Loud:
            def extract(self, batch):
                print("extracted")
                yield from model.extract(batch)
        return Loud()
    return dataclasses.replace(spec, load=load)
"""
    installed("nss-loud", source + made)
    asked = ("--task", "toy", "--dataset", "toy,speakers=8,utterances=2", "--runs", "1", "--json")
    done = neuroscope("probe", "--backbone", "nss", *asked)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["rows"]
    assert {"made", "loaded", "extracted"} <= set(done.stderr.splitlines())


LOUD_STUDY = """
import neuroscope

@neuroscope.hookimpl
def register_probes(register):
    register("nss-probe", "nss_loud:probe", summary="prints")

@neuroscope.hookimpl
def register_rankings(register):
    register("nss-ranking", "nss_loud:ranking", summary="prints")

@neuroscope.hookimpl
def register_tasks(register):
    register("nss-task", "nss_loud:task", summary="prints")

@neuroscope.hookimpl
def register_poolings(register):
    register("nss-pooling", "nss_loud:pooling", summary="prints")

@neuroscope.hookimpl
def register_commands(register):
    register("nss-command", "nss_loud:command", summary="prints")

def probe():
    from sklearn.linear_model import LogisticRegression
    class Loud(LogisticRegression):
        def fit(self, X, y, sample_weight=None):
            print("fitted")
            return super().fit(X, y, sample_weight)
        def predict(self, X):
            print("predicted")
            return super().predict(X)
    return Loud()

def ranking():
    import numpy as np
    class Loud:
        uses_probe = False
        def rank(self, features, labels, probe, seed):
            print("ranked")
            return neuroscope.Ranking(units=features.units, scores=np.arange(len(features.units), 0, -1.0))
    return Loud()

def task():
    def label(utterance):
        print("labelled")
        return utterance.column("tone")
    return neuroscope.Classification(label=label, columns=("tone",))

def pooling():
    from neuroscope.extraction.poolings import Mean
    class Loud(Mean):
        def units(self, layer):
            print("counted")
            return super().units(layer)
    return Loud()

def command():
    import typer
    app = typer.Typer()
    @app.command()
    def run():
        print("the command's result")
    return app
"""


def test_json_stays_json_where_what_a_study_runs_prints(installed, neuroscope):
    installed("nss-loud", LOUD_STUDY)
    asked = ("--task", "nss-task", "--dataset", "toy,speakers=8,utterances=2", "--runs", "1", "--json")
    chosen = ("--backbone", "toy", "--probe", "nss-probe", "--split", "utterance", "--pooling", "nss-pooling")
    done = neuroscope("probe", *chosen, *asked)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["rows"]
    assert {"fitted", "predicted", "labelled", "counted"} <= set(done.stderr.splitlines())
    ranked = neuroscope("neurons", *chosen, *asked, "--ranking", "nss-ranking")
    assert ranked.returncode == 0, ranked.stderr
    assert json.loads(ranked.stdout)["rows"]
    assert "ranked" in ranked.stderr.splitlines()
    checked = neuroscope("check", "ranking", "nss-ranking", "--json")
    assert json.loads(checked.stdout)["checks"]


def test_the_command_of_a_plugin_prints_to_stdout(installed, neuroscope):
    installed("nss-loud", LOUD_STUDY)
    done = neuroscope("nss-command")
    assert (done.returncode, done.stdout, done.stderr) == (0, "the command's result\n", "")


FAILING = """
import neuroscope

@neuroscope.hookimpl
def register_probes(register):
    register("nss-probe", "nss_failing:probe", summary="fails in fit")
    register("nss-late", "nss_failing:late", summary="fails in predict")

@neuroscope.hookimpl
def register_rankings(register):
    register("nss-ranking", "nss_failing:ranking", summary="fails")

@neuroscope.hookimpl
def register_tasks(register):
    register("nss-task", "nss_failing:task", summary="fails")

@neuroscope.hookimpl
def register_poolings(register):
    register("nss-pooling", "nss_failing:pooling", summary="fails")

@neuroscope.hookimpl
def register_commands(register):
    register("nss-command", "nss_failing:command", summary="fails")

def fail(*arguments, **options):
    raise TypeError("no such thing")

def made(base, **methods):
    return type("Failing", (base,), methods)()

def probe():
    from sklearn.linear_model import LogisticRegression
    return made(LogisticRegression, fit=fail)

def late():
    from sklearn.linear_model import LogisticRegression
    return made(LogisticRegression, predict=fail)

def ranking():
    return made(object, rank=fail)

def task():
    return neuroscope.Classification(label=fail)

def pooling():
    from neuroscope.extraction.poolings import Mean
    return made(Mean, units=fail)

def command():
    fail()
"""
STUDY = ("--backbone", "toy", "--dataset", "toy,speakers=8,utterances=2", "--runs", "1")


@pytest.fixture(scope="module")
def extracted(tmp_path_factory):
    """Folders that hold the study's vectors: a process that finds them there loads no torch."""
    folders = {name: str(tmp_path_factory.mktemp(name)) for name in ("NEUROSCOPE_CACHE", "NEUROSCOPE_DATA")}
    with pytest.MonkeyPatch.context() as patch:
        for name, folder in folders.items():
            patch.setenv(name, folder)
        result = CliRunner().invoke(build(), ["extract", *STUDY[:4]])
    assert result.exit_code == 0, result.output
    return folders


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("probe", *STUDY, "--task", "toy", "--probe", "nss-probe"), "the probe's fit fails"),
        (("probe", *STUDY, "--task", "toy", "--probe", "nss-late"), "the probe's predict fails"),
        (("neurons", *STUDY, "--task", "toy", "--ranking", "nss-ranking"), "the ranking fails"),
        (("probe", *STUDY, "--task", "nss-task"), "the label of task nss-task fails"),
        (("extract", *STUDY[:4], "--pooling", "nss-pooling"), "units of the pooling of layer energy fails"),
        (("nss-command",), "nss-failing:aaa: the factory of command 'nss-command' fails"),
    ],
    ids=["fit", "predict", "rank", "label", "units", "factory of a command"],
)
def test_errors_of_their_code_are_one_line_with_its_place(installed, neuroscope, extracted, tmp_path, arguments, told):
    installed("nss-failing", FAILING)
    done = neuroscope(*arguments, **extracted)
    line = FAILING.splitlines().index("def fail(*arguments, **options):") + 2
    where = f"TypeError: no such thing ({tmp_path / 'nss_failing.py'}, line {line})"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"Error: {told}: {where}\n")
