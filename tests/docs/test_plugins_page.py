"""docs/plugins.md is the contract as the code has it: its hooks, its modules, and examples that work."""

import dataclasses
import importlib.util
import re
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from typer.testing import CliRunner

from neuroscope.capture import Tap
from neuroscope.cli.main import build
from neuroscope.plugin import hookspecs
from neuroscope.plugin.loading import KINDS, Plugins

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "plugins.md").read_text()


def section(title):
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


@pytest.fixture
def python_blocks(blocks_of):
    return [block for block in blocks_of(PAGE) if block.kind == "python"]


@pytest.fixture
def load(tmp_path, monkeypatch):
    """``load(module, text)``: the plugins of one module, with the toy ones."""
    monkeypatch.syspath_prepend(tmp_path)

    def one(module, text):
        (tmp_path / f"{module}.py").write_text(text)
        monkeypatch.delitem(sys.modules, module, raising=False)
        targets = {"toy": "neuroscope_toy", "page": module}
        return Plugins.load([EntryPoint(*each, "neuroscope") for each in targets.items()], strict=True)

    return one


def test_its_headings_are_the_hooks_that_exist():
    hooks = [name for name, value in vars(hookspecs).items() if hasattr(value, "neuroscope_spec")]
    assert re.findall(r"^### (\S+)$", section("Hooks"), re.MULTILINE) == hooks
    assert {f"register_{kind}s" for kind in KINDS} <= set(hooks)


def test_every_kind_has_its_page_and_the_contract_names_it():
    for kind in KINDS:
        assert (DOCS / "how-to" / f"write-a-{kind}.md").exists()
        assert f"(how-to/write-a-{kind}.md)" in PAGE.partition("\n## ")[0]


def test_the_modules_that_it_opens_exist():
    opened = re.findall(r"^\| `(neuroscope\.\w+)` \|", section("What may be imported from neuroscope"), re.MULTILINE)
    assert len(opened) >= 5
    assert all(importlib.util.find_spec(module) for module in opened)


def test_the_version_that_it_names_is_this_one():
    assert f"`neuroscope_api = {hookspecs.API_VERSION}`" in section("The version of this contract")


def test_the_first_example_registers_its_name_and_imports_no_factory(python_blocks, load):
    plugins = load("nsx_page_first", python_blocks[0].text)
    assert plugins.backbones.entries["mine"].plugin == "?:page"


def test_capturing_gives_what_the_example_says(python_blocks, capsys):
    (example,) = [block.text for block in python_blocks if "import Tap" in block.text]
    exec(compile(example, "plugins.md", "exec"), {})
    assert capsys.readouterr().out.splitlines() == [f"{layer} torch.Size([2, 98, 8])" for layer in ("conv", "act")]
    assert "# [2, 98, 8]" in example


def test_a_checkpoint_is_read_as_the_example_says(python_blocks, capsys, tmp_path):
    (example,) = [block.text for block in python_blocks if "read_checkpoint" in block.text]
    exec(compile(example, "plugins.md", "exec"), {"file": tmp_path / "checkpoint.pt"})
    assert f"# {capsys.readouterr().out.strip()}\n" in example


def test_a_file_is_brought_as_the_example_says(python_blocks, capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("neuroscope.weights.transfer.PAUSES", (0.0,))
    repository = tmp_path / "repositories" / "owner" / "name"
    repository.mkdir(parents=True)
    (repository / "model.safetensors").write_bytes(bytes(1000))
    (example,) = [block.text for block in python_blocks if "hub_file(" in block.text]
    exec(compile(example, "plugins.md", "exec"), {"repositories": tmp_path / "repositories", "home": tmp_path / "home"})
    assert f"# {capsys.readouterr().out.strip()}\n" in example


def test_the_parts_of_a_tap_are_those_that_it_has():
    parts = re.findall(r"^\| `(\w+)` \|", section("Capturing layers"), re.MULTILINE)
    assert parts == [each.name for each in dataclasses.fields(Tap)]


def test_the_command_of_the_example_counts(python_blocks, load):
    (example,) = [block for block in python_blocks if "register_commands" in block.text]
    plugins = load(Path(example.title).stem, example.text)
    done = CliRunner().invoke(build(lambda: plugins), ["speakers", "--dataset", "toy,speakers=4"])
    assert (done.exit_code, done.output.splitlines()) == (0, [f"speaker0{n} 3" for n in range(4)])


def test_the_checks_of_the_example_pass(python_blocks):
    (example,) = [block.text for block in python_blocks if "testing.checks" in block.text]
    names = {}
    exec(compile(example, "plugins.md", "exec"), names)
    (parameters,) = [mark.args[1] for mark in names["test_mean"].pytestmark]
    assert parameters
    for check in parameters:
        names["test_mean"](check)
