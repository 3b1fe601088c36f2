"""A name that several plugins register: ours stays ours, and of strangers none has it until the user says who."""

import pytest

from neuroscope.defaults import OWN_DISTRIBUTIONS
from neuroscope.errors import DuplicateName
from neuroscope.plugin.loading import OWN_COMMANDS, Plugins

STRANGER = """
    import neuroscope

    @neuroscope.hookimpl
    def register_{kind}s(register):
        register("{name}", lambda: "{own}", summary="a stranger's")
        register("{own}", lambda: "{own}", summary="its own")
"""


def stranger(kind, name, own):
    return STRANGER.format(kind=kind, name=name, own=own)


def of(name, plugins):
    (found,) = [each for each in plugins.all if each.distribution == name]
    return found


@pytest.mark.parametrize("point", ["aaa", "zzz"])
@pytest.mark.parametrize(("kind", "name"), [("backbone", "toy"), ("pooling", "mean"), ("task", "label:")])
def test_our_names_stay_ours_whatever_the_alphabet_says(install, point, kind, name):
    before = Plugins.load().registries[kind].entries[name].plugin
    install("nsx-newcomer", stranger(kind, name, "nsx-own"), name=point)
    plugins = Plugins.load()
    registry, newcomer = plugins.registries[kind], of("nsx-newcomer", plugins)
    assert registry.entries[name].plugin == before
    assert registry.choose("nsx-own").entry.make() == "nsx-own"
    assert (newcomer.registers, newcomer.error) == ((f"{kind} nsx-own",), "")
    (contested,) = newcomer.contested
    assert (contested.name, contested.holder) == (name, before)
    assert f"{kind} '{name}' is that of {before}; nsx-newcomer:{point} may not have the name" in str(contested)
    assert "NEUROSCOPE_BLOCK_PLUGINS=nsx-newcomer switches it off" in str(contested)
    assert plugins.contested == (contested,)


def test_of_strangers_none_has_the_name_until_one_is_switched_off(install, monkeypatch):
    install("nsx-one", stranger("backbone", "nsx", "nsx-1"))
    install("nsx-two", stranger("backbone", "nsx", "nsx-2"), name="aaa")
    plugins = Plugins.load()
    assert {"nsx-1", "nsx-2"} <= set(plugins.backbones.entries)
    assert "nsx" not in plugins.backbones.entries
    assert [of(name, plugins).registers for name in ("nsx-one", "nsx-two")] == [
        ("backbone nsx-1",),
        ("backbone nsx-2",),
    ]
    with pytest.raises(DuplicateName, match="NEUROSCOPE_BLOCK_PLUGINS=nsx-two or NEUROSCOPE_BLOCK_PLUGINS=nsx-one"):
        plugins.backbones.choose("nsx")
    assert len(plugins.contested) == 1
    monkeypatch.setenv("NEUROSCOPE_BLOCK_PLUGINS", "nsx-two")
    plugins = Plugins.load()
    assert plugins.backbones.choose("nsx").entry.make() == "nsx-1"
    assert plugins.contested == ()


def test_a_name_below_a_familys_is_the_familys(install):
    install("nsx-one", stranger("task", "label:gender", "nsx-1"))
    install("nsx-two", stranger("task", "nsx:", "nsx-2"))
    install("nsx-three", stranger("task", "nsx:a", "nsx-3"))
    plugins = Plugins.load()
    assert plugins.owner(plugins.tasks.choose("label:gender").entry).distribution == "neuroscope-speech-tasks"
    assert [each.name for each in of("nsx-one", plugins).contested] == ["label:gender"]
    assert [each.name for each in of("nsx-three", plugins).contested] == ["nsx:a"]


def test_our_commands_stay_ours(install):
    for name in OWN_COMMANDS:
        install(f"nsx-{name}", stranger("command", name, f"nsx-own-{name}"))
    plugins = Plugins.load()
    assert not set(OWN_COMMANDS) & set(plugins.commands.entries)
    assert {f"nsx-own-{name}" for name in OWN_COMMANDS} <= set(plugins.commands.entries)
    assert "command 'probe' is that of neuroscope-speech; nsx-probe" in " ".join(map(str, plugins.contested))


def test_strict_raises(install):
    install("nsx-newcomer", stranger("backbone", "toy", "nsx-own"))
    with pytest.raises(DuplicateName, match="nsx-newcomer"):
        Plugins.load(strict=True)


def test_our_distributions_are_those_of_this_environment():
    ours = {each.distribution for each in Plugins.load().all if each.distribution.startswith("neuroscope-")}
    assert {"neuroscope-speech", "neuroscope-ge2e"} <= ours
    assert ours <= OWN_DISTRIBUTIONS
