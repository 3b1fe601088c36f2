"""Whatever is installed here keeps its contract: backbones, poolings and distributions."""

import pytest

from neuroscope import MissingData, testing
from neuroscope.plugin.loading import Plugins

INSTALLED = Plugins.load()


def at_hand(name):
    """The backbone, untrained where its weights have to be brought."""
    try:
        INSTALLED.backbones.choose(name).build()
    except MissingData:
        return f"{name},weights=random"
    return name


BACKBONES = [at_hand(entry.name) for entry in INSTALLED.backbones if not entry.is_family]
POOLINGS = [entry.name for entry in INSTALLED.poolings]
LARGE = {"mockingjay-large,weights=random"}
"""What takes half a minute, and is the code and the checks of its smaller one; its plugin checks a narrow one."""
DISTRIBUTIONS = sorted({plugin.distribution for plugin in INSTALLED.all})


def rejected(kind, text):
    return {each.check: each.reason for each in testing.run(kind, text) if not each.ok}


def test_the_built_ins_are_found():
    assert {"toy", "ge2e"} <= set(BACKBONES)
    assert {"mean", "meanstd", "max"} <= set(POOLINGS)
    assert {"neuroscope-speech", "neuroscope-toy"} <= set(DISTRIBUTIONS)


def cases(*names):
    return [pytest.param(name, marks=pytest.mark.slow) if name in LARGE else name for name in names]


@pytest.mark.parametrize("name", cases(*BACKBONES, "toy,width=7,weights=random,seed=3", "ge2e,weights=random"))
def test_backbone(name):
    assert rejected("backbone", name) == {}


@pytest.mark.parametrize("name", POOLINGS)
def test_pooling(name):
    assert rejected("pooling", name) == {}


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_distribution(name):
    assert rejected("plugin", name) == {}
