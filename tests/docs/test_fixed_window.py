"""The how-to for encoders with a fixed window, on a small random encoder of Whisper's shape that is built here."""

import math
import os
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pytest
import torch

from neuroscope import testing
from neuroscope.plugin.loading import Plugins

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "wrap-a-fixed-window-encoder.md"
ENCODER = '''
"""An encoder of Whisper's shape: two convolutions, fixed positions, blocks of attention over all of the window."""

import torch
from torch import nn
from torch.nn.functional import gelu, scaled_dot_product_attention


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.inward, self.outward = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.wide, self.narrow = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, values):
        queries, keys, others = self.inward(self.norms[0](values)).chunk(3, dim=-1)
        values = values + self.outward(scaled_dot_product_attention(queries, keys, others))
        return values + self.narrow(gelu(self.wide(self.norms[1](values))))


class Encoder(nn.Module):
    def __init__(self, bands=80, width=24, blocks=2, positions=1500):
        super().__init__()
        self.conv1 = nn.Conv1d(bands, width, 3, padding=1)
        self.conv2 = nn.Conv1d(width, width, 3, stride=2, padding=1)
        self.layers = nn.ModuleList(Block(width) for _ in range(blocks))
        self.layer_norm = nn.LayerNorm(width)
        angles = torch.arange(positions)[:, None] * 10_000 ** -torch.linspace(0, 1, width // 2)
        self.register_buffer("positions", torch.cat([angles.sin(), angles.cos()], 1))

    def forward(self, features):
        if features.shape[-1] != 2 * len(self.positions):
            raise ValueError(f"expected {2 * len(self.positions)} frames of mel bands")
        values = gelu(self.conv2(gelu(self.conv1(features)))).mT + self.positions
        for layer in self.layers:
            values = layer(values)
        return self.layer_norm(values)
'''


@pytest.fixture
def window(blocks_of, tmp_path, monkeypatch):
    """The page's module, imported beside the encoder."""
    (module,) = [block.text for block in blocks_of(PAGE.read_text()) if block.kind == "python"]
    (tmp_path / "neuroscope_window.py").write_text(module)
    (tmp_path / "small_whisper.py").write_text(ENCODER)
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("neuroscope_window", "small_whisper"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    import neuroscope_window

    return neuroscope_window


def speech(seconds):
    return (0.1 * np.random.default_rng(3).standard_normal(int(16_000 * seconds))).astype(np.float32)


@pytest.mark.timeout(300)
def test_the_kit_finds_it_sound(window):
    plugins = Plugins.load([EntryPoint("window", "neuroscope_window", "neuroscope")], strict=True)
    outcomes = testing.run("backbone", "window", plugins=plugins)
    assert outcomes
    assert not [f"{each.check}: {each.reason}" for each in outcomes if not each.ok]


def test_frames_grow_with_the_audio_and_silence_behind_it_changes_them_at_the_edge_alone(window):
    spec, samples = window.make_window(), speech(2)
    short = testing.frames(spec, samples)
    longer = testing.frames(spec, np.concatenate([samples, np.zeros(16_000, np.float32)]))
    for layer, frames in short.items():
        assert (len(frames), len(longer[layer])) == (100, 150)
        torch.testing.assert_close(longer[layer][:98], frames[:98], rtol=1e-5, atol=1e-5)


def test_a_long_recording_is_its_windows_one_after_another(window):
    samples = speech(70)
    whole = testing.frames(window.make_window(), samples)
    parts = [testing.frames(window.make_window(), part) for part in np.split(samples, [480_000, 960_000])]
    for layer, frames in whole.items():
        assert len(frames) == math.floor(70 * 50)
        torch.testing.assert_close(frames, torch.cat([part[layer] for part in parts]), rtol=1e-5, atol=1e-5)


def test_a_window_of_which_nothing_counts_yields_nothing(window):
    whole = testing.frames(window.make_window(), speech(30.01))
    assert {len(frames) for frames in whole.values()} == {1500}


def test_who_has_ended_costs_no_window_and_how_many_run_at_once_does_not_show(window, monkeypatch):
    from neuroscope.waves import batch

    windows = []
    waveforms = [speech(40), speech(2), speech(3)]
    found = []
    for together in (1, 3):
        monkeypatch.setattr(window, "TOGETHER", together)
        model = window.make_window().load("cpu")
        model.network.register_forward_hook(lambda module, args, output: windows.append(len(args[0])))
        found.append([block["layers.1"] for block in model.extract(batch(waveforms))])
    assert windows == [1, 1, 1, 1, 3, 1]
    for one, other in zip(*found, strict=True):
        assert one.lengths.tolist() == other.lengths.tolist()
        torch.testing.assert_close(one.values, other.values, rtol=1e-5, atol=1e-5)


def test_the_console_shows_what_is_printed(window, run_page, tmp_path, monkeypatch):
    page = tmp_path / "page.md"
    text = PAGE.read_text()
    page.write_text(text[: text.index("## The plugin")])
    run_page(page, tmp_path, PYTHONPATH=f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}")
