"""A plugin's own command: found without being imported, run as a user would, and its errors end like ours."""

import sys
import textwrap
from importlib import metadata

import pytest
from typer.testing import CliRunner

from neuroscope.cli.main import build
from neuroscope.errors import NeuroscopeError
from neuroscope.plugin.loading import OWN_COMMANDS, Plugins

PLUGIN = """
    import neuroscope

    neuroscope_api = 1

    @neuroscope.hookimpl
    def register_commands(register):
        register("toy-count", "nsc_commands:app", summary="count [loud] utterances", install="pip install loud")
"""
COMMANDS = """
    from typing import Annotated

    import typer

    from neuroscope import commands

    app = typer.Typer()

    @app.command()
    @commands.with_options
    def count(
        backbone: commands.Backbone,
        layer: Annotated[str, typer.Option("--layer", help="Which layer.")],
        data: commands.Data,
        machine: commands.Machine,
        json: commands.Json = False,
    ) -> None:
        \"\"\"Count the utterances whose first neuron is above the mean.\"\"\"
        manifest = commands.load(data, machine=machine)
        found = commands.extract(backbone, manifest, machine=machine, progress=commands.progress_bar)
        file = commands.own_folder("nsc-toy", machine) / commands.cache_key("count", found, layer)
        if not file.exists():
            values = found.features([layer]).values[:, 0]
            with commands.whole_file(file) as temporary:
                temporary.write_text(str(int((values > values.mean()).sum())))
        typer.echo(f"{file.read_text()} of {len(found.ids)} in {found.backbone}")
"""
DATA = ["--dataset", "toy,speakers=4,utterances=2", "--backbone", "toy"]


@pytest.fixture
def install(tmp_path, monkeypatch):
    """``install(hooks, commands)``: a distribution on the path whose command is in a module of its own."""
    monkeypatch.syspath_prepend(tmp_path)

    def make(hooks=PLUGIN, commands=COMMANDS):
        (tmp_path / "nsc_toy.py").write_text(textwrap.dedent(hooks))
        (tmp_path / "nsc_commands.py").write_text(textwrap.dedent(commands))
        info = tmp_path / "nsc_toy-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: nsc-toy\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text("[neuroscope]\nnsc = nsc_toy\n")

    yield make
    for module in ("nsc_toy", "nsc_commands"):
        sys.modules.pop(module, None)


def run(*arguments, code=0, load=Plugins.load):
    result = CliRunner(env={"COLUMNS": "200"}).invoke(build(load), list(map(str, arguments)), prog_name="neuroscope")
    assert result.exit_code == code, result.output
    return result


def test_a_user_runs_it_with_data_store_and_progress(install):
    install()
    first = run("toy-count", *DATA, "--layer", "energy").stdout
    assert first == run("toy-count", *DATA, "--layer", "energy").stdout
    assert "of 8 in toy\n" in first
    assert "0 extracted now, 8 from the store" in run("extract", *DATA).stdout
    assert "of 4 in toy" in run("toy-count", *DATA, "--where", "tone=low", "--layer", "delta").stdout


def test_help_shows_the_summary_and_does_not_import_the_command(install):
    install(commands="raise RuntimeError('imported')")
    shown = run("--help").stdout
    assert "Commands of plugins" in shown
    assert "count [loud] utterances" in shown
    assert "command toy-count" in run("plugins").stdout
    run("list")
    assert "nsc_commands" not in sys.modules


def test_its_own_help_has_the_shared_options(install):
    install()
    shown = run("toy-count", "--help").stdout
    assert "Usage: neuroscope toy-count" in shown
    assert all(option in shown for option in ("--where", "--max-duration", "--layer", "--backbone", "above the mean"))


def test_a_module_that_cannot_be_imported_is_told_with_what_to_install(install):
    install(commands="import surely_not_there")
    error = run("toy-count", code=2).stderr
    assert len(error.splitlines()) == 1
    assert "surely_not_there" in error
    assert "pip install loud" in error


@pytest.mark.parametrize(
    ("raised", "code", "told"),
    [
        ("neuroscope.MissingData('no such corpus')", 2, "Error: no such corpus\n"),
        ("FileNotFoundError(2, 'No such file', 'x.txt')", 2, "Error: x.txt: No such file\n"),
        ("KeyboardInterrupt", 130, "Interrupted."),
    ],
)
def test_errors_end_like_ours(install, raised, code, told):
    source = f"import neuroscope, typer\napp = typer.Typer()\n@app.command()\ndef f() -> None:\n    raise {raised}\n"
    install(commands=source)
    assert told in run("toy-count", code=code).stderr
    assert run("toy-count", "--unknown", code=2).stderr


def test_debug_shows_the_traceback(install):
    install()
    wrong = [*DATA, "--layer", "nothing"]
    assert "unknown layer of toy 'nothing'" in run("toy-count", *wrong, code=2).stderr
    assert isinstance(run("--debug", "toy-count", *wrong, code=1).exception, NeuroscopeError)


@pytest.mark.parametrize("made", ["lambda: app", "app"])
def test_several_commands_and_a_factory(install, made):
    source = """
        import typer
        app = typer.Typer()
        app.command("one")(lambda: typer.echo("1"))
        app.command("two")(lambda: typer.echo("2"))
    """
    install(commands=textwrap.dedent(source) + f"\nmade = {made}\n", hooks=PLUGIN.replace(":app", ":made"))
    assert run("toy-count", "two").stdout == "2\n"
    assert "one" in run("toy-count", "--help").stdout


def test_a_factory_that_makes_something_else_is_told(install):
    install(commands="def app():\n    return 3\n")
    assert "returns int, not a typer.Typer" in run("toy-count", code=2).stderr


def test_an_unknown_command_is_told_with_those_of_plugins(install):
    install()
    assert "Did you mean 'toy-count'?" in run("toy-coun", code=2).stderr


def test_plugins_are_loaded_only_for_help_and_for_names_that_are_not_ours():
    def load():
        raise NeuroscopeError("loaded")

    assert "--backbone" in run("probe", "--help", load=load).stdout
    for arguments in (["--help"], ["other"]):
        assert run(*arguments, code=2, load=load).stderr == "Error: loaded\n"


def test_plugins_are_loaded_once_a_run():
    loads = []

    def load():
        loads.append(1)
        return Plugins.load()

    run("--help", load=load)
    assert len(loads) == 1


@pytest.mark.parametrize(
    ("name", "told"),
    [("a b", "no name"), ("-x", "no name"), ("x:", "no name")],
)
def test_a_name_that_cannot_be_had_breaks_the_plugin(install, monkeypatch, name, told):
    monkeypatch.delenv("NEUROSCOPE_STRICT", raising=False)
    install(PLUGIN.replace("toy-count", name))
    (plugin,) = Plugins.load(metadata.entry_points(group="neuroscope", name="nsc")).all
    assert told in plugin.error
    assert plugin.registers == ()


@pytest.mark.parametrize("name", OWN_COMMANDS)
def test_a_name_of_our_own_is_not_had(install, monkeypatch, name):
    monkeypatch.delenv("NEUROSCOPE_STRICT", raising=False)
    install(PLUGIN.replace("toy-count", name))
    (plugin,) = Plugins.load(metadata.entry_points(group="neuroscope", name="nsc")).all
    assert (plugin.registers, plugin.error) == ((), "")
    assert f"command '{name}' is that of neuroscope-speech; nsc-toy:nsc may not have the name" in str(*plugin.contested)


def test_the_names_of_our_own_commands_are_known():
    from typer.main import get_command

    assert sorted(OWN_COMMANDS) == sorted(get_command(build()).commands)
