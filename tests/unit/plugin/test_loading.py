"""Plugins are found as distributions of the environment, and load one by one."""

import json
import sys
from importlib import metadata

import pytest

from neuroscope.errors import PluginBroken, UnknownName
from neuroscope.plugin.loading import Plugins

GOOD = """
    import neuroscope

    @neuroscope.hookimpl
    def register_tasks(register):
        register("{0}", lambda: "{0}", summary="a task")
"""


def loaded(name, plugins=None):
    (found,) = [each for each in (plugins or Plugins.load()).all if each.distribution == name]
    return found


def test_a_strangers_package_is_found_and_used_like_a_built_in(install):
    install("nsx-good", GOOD.format("nsx"))
    plugins = Plugins.load()
    plugin = loaded("nsx-good", plugins)
    assert (plugin.version, plugin.registers, plugin.error) == ("1.2", ("task nsx",), "")
    assert plugins.tasks.choose("nsx").entry.make() == "nsx"
    assert plugins.owner(plugins.tasks.entries["nsx"]) is plugin
    assert {"mean", "max"} <= set(plugins.poolings.entries)


BROKEN = {
    "import": ("import surely_not_there", "surely_not_there"),
    "syntax": ("def (:", "SyntaxError"),
    "exit": ("import sys; sys.exit('bye')", "bye"),
    "any exception": ("class Odd(Exception): pass\nraise Odd('odd')", "odd"),
    "misspelt hook": (GOOD.format("t").replace("register_tasks", "register_task"), "register_task"),
    "wrong signature": (GOOD.format("t").replace("(register)", "(registrar)"), "registrar"),
    "no hook": (GOOD.format("t").replace("@neuroscope.hookimpl", ""), "hookimpl"),
    "hook raises": (GOOD.format("t").replace("lambda:", "1 / 0 or"), "ZeroDivisionError"),
    "no summary": (GOOD.format("t").replace(', summary="a task"', ""), "summary"),
    "number for factory": (GOOD.format("t").replace('lambda: "t"', "3"), "'t'"),
    "comma in name": (GOOD.format("a,b"), "'a,b'"),
    "no name": (GOOD.format(""), "name"),
    "space around name": (GOOD.format(" a"), "' a'"),
    "twice": (GOOD.format("t") + '        register("t", print, summary="again")\n', "twice"),
}


@pytest.mark.parametrize(("source", "reason"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_plugin_is_kept_with_its_reason_registers_nothing_and_stops_nobody(install, source, reason):
    install("nsx-aaa", source)
    install("nsx-zzz", GOOD.format("nsx-works"))
    plugins = Plugins.load()
    plugin = loaded("nsx-aaa", plugins)
    assert reason in plugin.error
    assert plugin.registers == ()
    assert "t" not in plugins.tasks.entries
    assert plugins.poolings.entries["mean"].plugin == "neuroscope-speech:core"
    assert "nsx-works" in plugins.tasks.entries
    with pytest.raises(UnknownName, match="nsx-aaa"):
        plugins.probes.find("nothing-of-this-name")


def test_strict_raises_at_a_broken_plugin_and_names_it(install, monkeypatch):
    install("nsx-bad", "raise OSError('no library')")
    with pytest.raises(PluginBroken, match=r"nsx-bad.*no library"):
        Plugins.load(strict=True)
    monkeypatch.setenv("NEUROSCOPE_STRICT", "1")
    with pytest.raises(PluginBroken):
        Plugins.load()
    assert loaded("nsx-bad", Plugins.load(strict=False)).error


def test_two_distributions_may_give_their_entry_points_one_name(install):
    install("nsx-one", GOOD.format("nsx1"), name="same")
    install("nsx-two", GOOD.format("nsx2"), name="same")
    plugins = Plugins.load()
    assert [loaded(f"nsx-{n}", plugins).registers for n in ("one", "two")] == [("task nsx1",), ("task nsx2",)]
    assert plugins.tasks.entries["nsx1"].plugin != plugins.tasks.entries["nsx2"].plugin


@pytest.mark.parametrize("value", ["nsx-off", "point", " other , point,", "nsx-off,point"])
def test_a_blocked_plugin_is_not_even_imported(install, monkeypatch, value):
    install("nsx-off", GOOD.format("nsx"), name="point")
    monkeypatch.setenv("NEUROSCOPE_BLOCK_PLUGINS", value)
    plugins = Plugins.load()
    assert all(each.distribution != "nsx-off" for each in plugins.all)
    assert "nsx" not in plugins.tasks.entries
    assert "nsx_off" not in sys.modules


def test_a_family_takes_what_the_user_writes_after_the_colon(install):
    install("nsx-family", GOOD.format("nsx:").replace('lambda: "nsx:"', "lambda what, *, n=1: (what, n)"))
    choice = Plugins.load().tasks.choose("nsx:a/b,n=2")
    assert (choice.argument, choice.given) == ("a/b", {"n": 2})


def test_an_entry_point_may_name_an_object(install):
    source = """
        import neuroscope

        class Hooks:
            @neuroscope.hookimpl
            def register_tasks(self, register):
                register("nsx", lambda: 1, summary="a task")

        hooks = Hooks()
    """
    install("nsx-object", source, target="nsx_object:hooks", direct_url='{"dir_info": {"editable": true}}')
    plugin = loaded("nsx-object")
    assert (plugin.error, plugin.registers) == ("", ("task nsx",))
    assert plugin.source is not None


def test_only_an_editable_plugin_is_known_by_its_source_too(install):
    editable = json.dumps({"url": "file:///x", "dir_info": {"editable": True}})
    file = install("nsx-edit", GOOD.format("nsx"), direct_url=editable)
    install("nsx-fixed", GOOD.format("nsx2"), direct_url='{"url": "file:///x", "dir_info": {}}')
    first = loaded("nsx-edit").identity
    assert loaded("nsx-edit").identity == first != "nsx-edit 1.2"
    file.write_text(file.read_text() + "\n# changed\n")
    assert loaded("nsx-edit").identity not in {first, "nsx-edit 1.2"}
    assert loaded("nsx-fixed").identity == "nsx-fixed 1.2"


@pytest.mark.parametrize("text", ["", "no json", "[]", '"text"'])
def test_a_spoilt_installation_record_stops_nothing(install, text):
    install("nsx-spoilt", GOOD.format("nsx"), direct_url=text)
    plugins = Plugins.load()
    assert "mean" in plugins.poolings.entries
    assert bool(loaded("nsx-spoilt", plugins).error) == bool(text)


def test_given_entry_points_are_loaded_instead_of_the_installed_ones(install):
    install("nsx-alone", GOOD.format("nsx"))
    (point,) = metadata.entry_points(group="neuroscope", name="nsx-alone")
    plugins = Plugins.load([point])
    assert [each.name for each in plugins.all] == ["nsx-alone"]
    assert not plugins.poolings.entries
    assert list(plugins.registries) == ["backbone", "dataset", "task", "pooling", "probe", "ranking"]


def test_the_installed_plugins_all_work():
    assert {each.name: each.error for each in Plugins.load(strict=False).all if each.error} == {}


def test_commands_are_staged_like_the_rest(install):
    install("nsx-one", GOOD.replace("register_tasks", "register_commands").replace("{0}", "nsx-count"))
    plugins = Plugins.load()
    assert loaded("nsx-one", plugins).registers == ("command nsx-count",)
    assert plugins.owner(plugins.commands.entries["nsx-count"]).distribution == "nsx-one"
    assert "command" not in plugins.registries
