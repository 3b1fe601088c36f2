"""Why a plugin cannot be loaded, told so that it can be mended."""

import sys
import textwrap
from importlib import metadata

import pytest

import neuroscope
from neuroscope.errors import PluginBroken
from neuroscope.plugin.loading import Plugins

VERSION = metadata.version("neuroscope-speech")
GOOD = """
import neuroscope

@neuroscope.hookimpl
def register_tasks(register):
    register("nsd", lambda: 1, summary="a task")
"""


@pytest.fixture
def loaded(tmp_path, monkeypatch):
    """``loaded(source, requires)``: the plugin of a distribution ``nsd-plugin`` that was installed and loaded."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delenv("NEUROSCOPE_STRICT", raising=False)

    def load(source, *, requires=(), target="nsd_plugin", strict=None):
        (tmp_path / "nsd_plugin.py").write_text(textwrap.dedent(source))
        info = tmp_path / "nsd_plugin-1.2.dist-info"
        info.mkdir(exist_ok=True)
        lines = ["Metadata-Version: 2.1", "Name: nsd-plugin", "Version: 1.2"]
        (info / "METADATA").write_text("\n".join([*lines, *(f"Requires-Dist: {each}" for each in requires)]) + "\n")
        (info / "entry_points.txt").write_text(f"[neuroscope]\nnsd = {target}\n")
        (plugin,) = Plugins.load(metadata.entry_points(group="neuroscope", name="nsd"), strict=strict).all
        return plugin

    yield load
    sys.modules.pop("nsd_plugin", None)


def test_the_version_is_public_and_absent_is_one(loaded):
    assert neuroscope.API_VERSION == 1
    assert loaded(GOOD).registers == ("task nsd",)


def test_the_version_that_exists_may_be_stated(loaded):
    assert loaded(GOOD + "neuroscope_api = 1").error == ""


@pytest.mark.parametrize(
    ("stated", "told"),
    [
        (
            "2",
            f"API 2 of neuroscope, and neuroscope {VERSION} has API 1: "
            "upgrade neuroscope-speech, or use an older version",
        ),
        ("0", f"API 0 of neuroscope, and neuroscope {VERSION} has API 1: upgrade nsd-plugin, or use an older version"),
        ("'1'", "neuroscope_api = '1' in nsd_plugin is no whole number"),
        ("True", "no whole number"),
    ],
)
def test_another_version_is_refused_with_what_to_do(loaded, stated, told):
    plugin = loaded(GOOD + f"neuroscope_api = {stated}")
    assert told in plugin.error
    assert plugin.registers == ()
    with pytest.raises(PluginBroken, match="nsd of nsd-plugin"):
        loaded(GOOD + f"neuroscope_api = {stated}", strict=True)


@pytest.mark.parametrize(
    ("imported", "requires", "told"),
    [
        (
            "nsd_lib",
            ["nsd-lib>=2"],
            "there is no module nsd_lib. nsd-plugin requires it; to install it: pip install nsd-plugin",
        ),
        ("nsd_lib.part", ["NSD.lib"], "pip install nsd-plugin"),
        ("nsd_lib", ['nsd-lib; extra == "big"'], 'pip install "nsd-plugin[big]"'),
        ("nsd_lib", ['nsd-lib (>=1) ; python_version > "3" and extra == "big"'], '"nsd-plugin[big]"'),
        ("nsd_lib", ['a>1; python_version > "3"', "b[c]", 'd; extra == "e"'], "requires: a, b (with [e]: d); if none"),
        ("nsd_lib", [], "requires: nothing; if none of these brings nsd_lib, install what does (pip install nsd_lib"),
        ("json.nothing", [], "there is no module json.nothing, though json is installed: the plugin needs another"),
        ("pluggy.nothing", [], f"though pluggy {metadata.version('pluggy')} is installed"),
        ("neuroscope.nothing", [], f"it needs another neuroscope than {VERSION} (API 1)"),
    ],
)
def test_a_missing_module_is_told_with_what_to_install(loaded, imported, requires, told):
    assert told in loaded(f"import {imported}", requires=requires).error


def test_a_public_name_that_is_not_there_is_told_as_another_version(loaded):
    error = loaded("from neuroscope import Tomorrow").error
    assert "Tomorrow" in error
    assert f"it needs another neuroscope than {VERSION}" in error


def test_an_entry_point_that_names_nothing_is_told_as_such(loaded):
    assert (
        "its entry point names the module nsd_other, and there is no module" in loaded(GOOD, target="nsd_other").error
    )
    assert "AttributeError" in loaded(GOOD, target="nsd_plugin:nothing").error


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("registrar", "register_tasks(registrar) has to be register_tasks(register)"),
        ("", "register_tasks() has to be register_tasks(register)"),
        ("register, name", "register_tasks(register, name) has to be register_tasks(register)"),
        ("*arguments", "register_tasks(*arguments) has to be register_tasks(register)"),
        ("self, register", "register_tasks(self, register) has to be register_tasks(register)"),
    ],
)
def test_a_wrong_signature_is_told_with_the_right_one(loaded, written, told):
    assert told in loaded(GOOD.replace("register_tasks(register)", f"register_tasks({written})")).error


def test_a_parameter_with_a_default_is_the_hooks_own_business(loaded):
    assert loaded(GOOD.replace("(register)", "(register, more=1)")).error == ""


def test_a_misspelt_hook_is_told_with_what_was_meant(loaded):
    error = loaded(GOOD.replace("register_tasks", "register_task")).error
    assert "unknown hook 'register_task'. Did you mean 'register_tasks'" in error


def test_a_hook_may_stand_under_another_name(loaded):
    source = GOOD.replace("@neuroscope.hookimpl", '@neuroscope.hookimpl(specname="register_tasks")')
    assert loaded(source.replace("def register_tasks", "def tasks_of_mine")).registers == ("task nsd",)
