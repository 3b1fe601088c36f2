"""Upstreams and Mockingjays in several threads: each draws its own seed's weights, and nobody else's numbers change."""

import builtins
import random
import runpy
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from neuroscope import waves, weights
from neuroscope_s3prl.mockingjay.spec import mockingjay_base
from neuroscope_s3prl.upstreams.spec import upstream

files = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("upstream_files.py"))))
WAVE = waves.batch([np.linspace(-0.1, 0.1, 16_000, dtype=np.float32)])


def values_of(model):
    return {name: value.clone() for name, value in model.network.state_dict().items()}


def test_weights_drawn_side_by_side_are_those_drawn_alone(tmp_path):
    path = files.write("hubert_local", tmp_path / "hubert.pt")
    specs = [upstream("hubert_local", checkpoint=path, weights="random", seed=seed) for seed in (1, 2)]
    specs += [mockingjay_base(weights="random", seed=3)]
    alone = [values_of(spec.load("cpu")) for spec in specs]
    turns = threading.Barrier(len(specs))
    found = {}

    def load(number, spec):
        turns.wait()
        found[number] = values_of(spec.load("cpu"))

    threads = [threading.Thread(target=load, args=each) for each in enumerate(specs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, expected in enumerate(alone):
        assert all(torch.equal(found[number][name], value) for name, value in expected.items())


@pytest.mark.parametrize("kind", ["mockingjay", "upstream"])
def test_who_draws_waits_for_whoever_else_draws(kind, tmp_path):
    if kind == "mockingjay":
        spec = mockingjay_base(weights="random", seed=3)
    else:
        spec = upstream("npc_local", checkpoint=files.write("npc_local", tmp_path / "npc.pt"), weights="random", seed=3)
    loaded = []
    thread = threading.Thread(target=lambda: loaded.append(spec.load("cpu")))
    with weights.randomness_kept(0):
        expected = torch.rand(3)
    with weights.randomness_kept(0):
        thread.start()
        thread.join(2)
        assert torch.equal(torch.rand(3), expected)
        assert not loaded
    thread.join()
    assert loaded


@pytest.mark.parametrize("name", ["npc_local", "mockingjay_local"])
def test_what_draws_nothing_leaves_the_global_states_alone_while_it_runs(name, tmp_path):
    model = upstream(name, checkpoint=files.write(name, tmp_path / "checkpoint.pt")).load("cpu")
    torch.manual_seed(5)
    np.random.seed(5)
    random.seed(5)
    expected = torch.rand(3), np.random.rand(3), random.random()
    torch.manual_seed(5)
    np.random.seed(5)
    random.seed(5)
    drawn = []
    model.network.register_forward_pre_hook(  # as another thread would, in the midst of it
        lambda *_: drawn.extend([torch.rand(3), np.random.rand(3), random.random()])
    )
    list(model.extract(WAVE))
    assert torch.equal(drawn[0], expected[0])
    assert drawn[1].tolist() == expected[1].tolist()
    assert drawn[2] == expected[2]
    assert torch.rand(1) != expected[0][0]  # not put back: nobody hears a number twice


def test_s3prl_prints_again_afterwards(tmp_path):
    path = files.write("distiller_local", tmp_path / "checkpoint.pt")
    list(upstream("distiller_local", checkpoint=path).load("cpu").extract(WAVE))
    modules = [module for name, module in sys.modules.items() if name.startswith("s3prl.upstream.")]
    assert modules
    assert not any("print" in vars(module) for module in modules)
    assert builtins.print is print
