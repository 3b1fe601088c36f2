"""The rankings keep the contract."""

import pytest

from neuroscope import testing

RANKINGS = [
    "weight-mass",
    "weight-mass,weights=ridge",
    "weight-mass,weights=ridge,bootstraps=0",
    "weight-mass,inclusive=false",
    "weight-mass,weights=probe",
    "weight-mass,weights=probe,inclusive=false",
    "t",
    "probeless",
    "probeless,scale=none",
]
CHECKS = [(text, check) for text in RANKINGS for check in testing.checks("ranking", text)]


@pytest.mark.parametrize(("text", "check"), CHECKS, ids=str)
def test_the_kit_finds_it_sound(text, check):
    check()
