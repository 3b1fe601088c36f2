"""Every ranking that is installed keeps the contract."""

from neuroscope import Plugins
from neuroscope.testing import run


def test_every_ranking_keeps_the_contract():
    for entry in Plugins.load().rankings:
        found = run("ranking", entry.name)
        assert (entry.name, {each.check: each.reason for each in found if not each.ok}) == (entry.name, {})
