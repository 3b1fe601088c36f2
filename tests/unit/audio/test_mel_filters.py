"""Filters on Slaney's mel scale, against librosa and against their definition."""

import subprocess
import sys

import librosa
import numpy as np
import pytest
import torch

from neuroscope.waves import mel_filters

SETTINGS = [
    {"sample_rate": 16_000, "n_fft": 400, "bands": 40, "lowest": 0, "highest": 8000},
    {"sample_rate": 16_000, "n_fft": 512, "bands": 128, "lowest": 133.0, "highest": 6955.0},
    {"sample_rate": 22_050, "n_fft": 1024, "bands": 1, "lowest": 500, "highest": 999},
]
NAMED = pytest.mark.parametrize("settings", SETTINGS, ids=lambda settings: f"{settings['bands']} bands")


@NAMED
@pytest.mark.filterwarnings("ignore:Empty filters")
def test_filters_are_librosas(settings):
    found = mel_filters(**settings)
    expected = librosa.filters.mel(
        sr=settings["sample_rate"],
        n_fft=settings["n_fft"],
        n_mels=settings["bands"],
        fmin=settings["lowest"],
        fmax=settings["highest"],
        dtype=np.float64,
    )
    assert found.dtype == torch.float64
    assert found.is_contiguous()
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-9, atol=1e-15)


def test_each_triangle_has_the_area_of_one_hertz():
    settings = SETTINGS[0] | {"n_fft": 64_000}  # bins of a quarter of a hertz
    areas = mel_filters(**settings).sum(1) * 0.25
    torch.testing.assert_close(areas, torch.ones_like(areas), rtol=1e-3, atol=0)


@NAMED
def test_nothing_is_heard_outside_the_range(settings):
    hertz = torch.linspace(0, settings["sample_rate"] / 2, settings["n_fft"] // 2 + 1)
    outside = (hertz <= settings["lowest"]) | (hertz >= settings["highest"])
    assert not mel_filters(**settings)[:, outside].any()


def test_bands_are_even_in_hertz_below_1000_and_in_octaves_above():
    peaks = mel_filters(sample_rate=16_000, n_fft=160_000, bands=59, lowest=0, highest=6400).argmax(1) / 10
    below, above = peaks[peaks < 990], peaks[peaks > 1010]
    torch.testing.assert_close(below.diff(), below[:1].expand(len(below) - 1), rtol=0, atol=0.2)
    ratios = above[1:] / above[:-1]
    torch.testing.assert_close(ratios, ratios[:1].expand(len(ratios)), rtol=0, atol=5e-4)


def test_an_odd_window_is_refused():
    with pytest.raises(ValueError, match="n_fft=401: expected an even number"):
        mel_filters(sample_rate=16_000, n_fft=401, bands=40, lowest=0, highest=8000)


def test_importing_it_loads_no_torch():
    script = "import sys, neuroscope.waves; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "False"
