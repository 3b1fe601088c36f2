"""What the user types, over what a preset or the defaults say."""

import pytest

from neuroscope import defaults
from neuroscope.defaults import PRESETS, PROBE, RANKING, Preset
from neuroscope.errors import BadOption, UnknownName
from neuroscope.plugin.loading import Plugins
from neuroscope.plugin.registry import Entry
from neuroscope.plugin.selection import choose_backbones, choose_preset, choose_probe, choose_ranking, choose_unlike


@pytest.fixture
def plugins():
    made = Plugins()

    def toy(*, width: int = 4, seed: int = 0): ...

    def probe(*, l1: float = 0.1, l2: float = 0.1, mark: str = ""): ...

    def ranking(*, weights: str = "own", step: float = 0.1): ...

    for name in ("toy", "other"):
        made.backbones.add(Entry("backbone", name, toy, "", "", "dist:plug"))
    for name in ("linear", PROBE):
        made.probes.add(Entry("probe", name, probe, "", "", "dist:plug"))
    for name in ("mass", RANKING):
        made.rankings.add(Entry("ranking", name, ranking, "", "", "dist:plug"))
    return made


PRESET = Preset(probe="linear,l1=0.5,mark=a,,b", ranking="mass,weights=probe", one_split=True, source="")


def test_the_same_backbone_written_twice_is_one(plugins):
    texts = ["toy,seed=1,width=5", "other", "toy,width=5,seed=1", "toy,width=4", "toy"]
    assert [each.text for each in choose_backbones(texts, [], plugins)] == ["toy,width=5,seed=1", "other", "toy"]


def test_extra_options_belong_to_one_backbone(plugins):
    assert [each.text for each in choose_backbones(["toy,seed=1"], ["width=7"], plugins)] == ["toy,width=7,seed=1"]
    with pytest.raises(BadOption, match="-o"):
        choose_backbones(["toy", "other"], ["width=7"], plugins)
    with pytest.raises(BadOption, match="-o"):
        choose_backbones(["toy"], ["width"], plugins)


def test_a_backbone_is_needed(plugins):
    with pytest.raises(BadOption, match="--backbone"):
        choose_backbones([], [], plugins)


@pytest.mark.parametrize(
    ("text", "preset", "canonical"),
    [
        ("", PRESET, "linear,l1=0.5,mark=a,,b"),
        ("linear", PRESET, "linear,l1=0.5,mark=a,,b"),
        ("linear,l1=0.7,l2=3", PRESET, "linear,l1=0.7,l2=3,mark=a,,b"),
        ("linear,mark=,l1=0.1", PRESET, "linear"),
        ("linear,mark=x", None, "linear,mark=x"),
        (PROBE, PRESET, PROBE),
        ("", None, PROBE),
    ],
)
def test_what_is_written_wins_over_the_preset_option_by_option(plugins, text, preset, canonical):
    assert choose_probe(text, preset, plugins).text == canonical


@pytest.mark.parametrize(
    ("text", "preset", "canonical"),
    [
        ("", PRESET, "mass,weights=probe"),
        ("mass,step=0.5", PRESET, "mass,weights=probe,step=0.5"),
        ("mass,weights=own", PRESET, "mass"),
        (RANKING, PRESET, RANKING),
        ("mass,step=0.5", None, "mass,step=0.5"),
        ("", None, RANKING),
    ],
)
def test_the_ranking_is_chosen_as_the_probe_is(plugins, text, preset, canonical):
    assert choose_ranking(text, preset, plugins).text == canonical


def test_unknown_probes_rankings_options_and_presets_are_told(plugins):
    with pytest.raises(UnknownName, match=r"option of linear.*'l3'"):
        choose_probe("linear,l3=1", PRESET, plugins)
    with pytest.raises(UnknownName, match=r"option of mass.*'steps'"):
        choose_ranking("mass,steps=1", PRESET, plugins)
    with pytest.raises(UnknownName, match=r"ranking 'mas'.*'mass'"):
        choose_ranking("mas", PRESET, plugins)
    with pytest.raises(UnknownName, match="linea"):
        choose_probe("linea", PRESET, plugins)
    with pytest.raises(UnknownName, match=f"preset.*{'.*'.join(sorted(PRESETS))}"):
        choose_preset("papers")


def test_no_preset_is_no_preset():
    assert choose_preset("") is None


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_names_a_probe_a_ranking_and_options_that_are_installed(name):
    preset, installed = choose_preset(name), Plugins.load()
    assert choose_probe("", preset, installed).build().fit
    assert choose_ranking("", preset, installed).build().rank


def test_a_ranking_is_compared_with_an_unlike_one(plugins):
    """A ranking by all neurons together with one that looks at each alone, and the other way round."""
    installed = Plugins.load()
    for name in defaults.UNLIKE_RANKINGS:
        assert choose_unlike(name, installed).name == defaults.UNLIKE_RANKINGS[name] != name
    assert choose_unlike(defaults.RANKING, installed).name == defaults.UNLIKE_RANKING
    assert choose_unlike("mass,step=1", installed).name == defaults.UNLIKE_RANKING
    assert choose_unlike("mass", plugins) is None
