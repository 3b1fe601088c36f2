"""``neuroscope modules``: a network by its name, its modules in a table, layers to paste, errors in one line."""

import ast
import json
import sys

import pytest
from typer.testing import CliRunner

from neuroscope.cli.main import build

NET = '''
"""A network of two blocks."""
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, width=4):
        super().__init__()
        self.front = nn.Conv1d(1, width, 400, stride=160)
        self.lstm = nn.LSTM(width, 3, batch_first=True)

    def forward(self, samples):
        return self.lstm(self.front(samples[:, None]).mT)

class Loud(Net):
    def __init__(self):
        super().__init__()
        print("made")

    def train(self, mode=True):
        print("mode")
        return super().train(mode)

    def forward(self, samples):
        print("run")
        return super().forward(samples)

class Leaves(Net):
    def forward(self, samples):
        raise SystemExit

class Needy(Net):
    def forward(self, samples, mask):
        return super().forward(samples)

class Single(Net):
    def forward(self, samples):
        return self.front(samples[:, None]).squeeze().transpose(1, 2)

class Features(nn.Module):
    def __init__(self):
        super().__init__()
        self.proj = nn.Linear(32, 5)

    def forward(self, features):
        return self.proj(features)

class Lazy(Net):
    def forward(self, samples):
        import BESIDE
        return super().forward(samples)

ready = Net()
number = 3

def needs(width):
    return Net(width)

def fails():
    raise RuntimeError("no weights\\nhere")

def leaves():
    raise SystemExit(0)

def interrupted():
    raise KeyboardInterrupt
'''


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch, request):
    name = f"net_{abs(hash(request.node.name))}"  # a module is imported once in a process
    (tmp_path / f"{name}.py").write_text(NET.replace("BESIDE", f"{name}_beside"))
    (tmp_path / f"{name}_beside.py").touch()
    monkeypatch.chdir(tmp_path)
    return name


def run(*arguments):
    return CliRunner(env={"COLUMNS": "200"}).invoke(build(), ["modules", *arguments])


def test_the_layers_that_are_shown_are_lines_of_python_that_declare_them(folder):
    result = run(f"{folder}:Net,width=6")
    assert result.exit_code == 0, result.output
    lines = [line for line in result.stdout.splitlines() if "LayerSpec" in line]
    assert [line.strip() for line in lines] == [
        'LayerSpec("front", 6, tap=Tap("front", axes="BDF")),',
        'LayerSpec("lstm", 3, tap=Tap("lstm", pick=0)),',
    ]
    ast.parse("[" + "".join(lines).replace("    ", "") + "]")
    assert "[1, 6, 98]" in result.stdout


@pytest.mark.parametrize("attribute", ["ready", "Net", "needs,width=4"])
def test_a_network_a_class_or_a_function_will_do_and_json_holds_the_same(folder, attribute):
    result = run(f"{folder}:{attribute}", "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert [layer["name"] for layer in found["layers"]] == ["front", "lstm"]
    assert found["input"] == [1, 16000]
    front = next(module for module in found["modules"] if module["name"] == "front")
    assert (front["shape"], front["axes"], front["frames"]) == ([1, 4, 98], "BDF", 100)


def test_what_a_network_prints_is_not_among_the_results(folder):
    result = run(f"{folder}:Loud", "--json")
    assert json.loads(result.stdout)["network"] == "Loud"
    assert {"made", "mode", "run"} <= set(result.stderr.split())


def test_what_lies_beside_the_network_is_found_while_it_runs(folder, tmp_path):
    assert str(tmp_path) not in sys.path
    result = run(f"{folder}:Lazy")
    assert result.exit_code == 0, result.output
    assert str(tmp_path) not in sys.path


def test_the_time_axis_is_the_last_or_the_one_that_is_marked(folder):
    marked, last = (run(f"{folder}:Features", "--input", shape) for shape in ("1x50tx32", "1x50x32"))
    assert "takes no longer input" not in marked.stdout
    assert "takes no longer input" in last.stdout  # of columns it has 32
    found = json.loads(run(f"{folder}:Features", "--input", "1x50tx32", "--json").stdout)
    proj = next(module for module in found["modules"] if module["name"] == "proj")
    assert (found["input"], proj["axes"], proj["frames"]) == ([1, 50, 32], "BFD", 50)


def test_the_same_network_twice_is_the_same(folder):
    assert run(f"{folder}:Net").stdout == run(f"{folder}:Net").stdout


@pytest.mark.parametrize(
    ("attribute", "told"),
    [
        (":Nett", "Did you mean 'Net'?"),
        ("", "expected PACKAGE.MODULE:ATTRIBUTE"),
        (":number", "neither a torch.nn.Module nor a function"),
        (":needs", "missing a required argument: 'width'"),
        (":Net,widht=3", "unexpected keyword argument 'widht'"),
        (":ready,width=3", "takes no arguments"),
        (":fails", "cannot be made: RuntimeError: no weights"),
        (":needs,width=-2", "cannot be made"),
        (":Net,width", "no key=value"),
        (":leaves", "cannot be made: SystemExit: 0"),
        (":interrupted", "cannot be made: KeyboardInterrupt"),
        (":Leaves", "[2, 16000]: SystemExit;"),
        (":Needy", "asks for mask, too"),
        (":Single", "and not one alone, [1, 16000]: IndexError"),
    ],
)
def test_what_cannot_be_looked_into_is_told_in_one_line(folder, attribute, told):
    result = run(f"{folder}{attribute}")
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1), result.output
    assert told in result.stderr


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--input", "3"], "expected sizes"),
        (["--input", "1x0"], "expected sizes"),
        (["--input", "1xa"], "expected sizes"),
        (["--input", "1xt"], "expected sizes"),
        (["--input", "1x3tt"], "expected sizes"),
        (["--input", "1x" + "9" * 5000], "expected sizes"),
        (["--input", "50x32"], "--input 50x32: the first size is the batch, and has to be 1"),
        (["--input", "1tx32"], "the first size is the batch"),
        (["--input", "1x50tx32t"], "one axis is the time, not 2"),
        (["--sample-rate", "0"], "expected 1 or more"),
    ],
)
def test_a_shape_that_is_none_is_told(folder, options, told):
    result = run(f"{folder}:Net", *options)
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
    assert told in result.stderr


def test_a_module_that_is_not_there_or_ends_the_process_is_told(tmp_path):
    (tmp_path / "leaves.py").write_text("raise SystemExit('bye')")
    for name in ("no_such_module_at_all:Net", "leaves:Net"):
        result = run(name)
        assert result.exit_code == 2
        assert "cannot be imported" in result.stderr
