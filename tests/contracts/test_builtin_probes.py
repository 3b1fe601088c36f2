"""Every probe that is installed keeps the contract, scikit-learn's own among it."""

import pytest

from neuroscope import Plugins
from neuroscope.defaults import PRESETS, PROBE
from neuroscope.testing import run

PROBES = (PROBE, *sorted({preset.probe for preset in PRESETS.values()}), f"{PROBE},solver=adam", f"{PROBE},scale=none")


def not_ok(text):
    return {each.check: each.reason for each in run("probe", text) if not each.ok}


@pytest.mark.parametrize("text", PROBES)
def test_a_probe_keeps_the_contract(text):
    assert not_ok(text) == {}


@pytest.mark.slow
def test_a_probe_that_chooses_its_penalty_keeps_the_contract():
    assert not_ok(f"{PROBE},penalty=cv") == {}


def test_no_probe_is_left_out():
    assert {text.partition(",")[0] for text in PROBES} == {entry.name for entry in Plugins.load().probes}
