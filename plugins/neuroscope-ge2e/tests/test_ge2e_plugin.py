"""The module that the entry point names, and the specification that it leads to."""

import subprocess
import sys
from importlib import import_module, metadata

import pytest

HEAVY = {"torch", "numpy", "scipy", "sklearn"}
LOADED = "import sys; {}; print(*sys.modules)"
SPEC = "from neuroscope_ge2e.spec import ge2e; ge2e()"


@pytest.mark.parametrize("statement", ["import neuroscope_ge2e", SPEC], ids=["entry module", "specification"])
def test_nothing_heavy_is_imported(statement):
    done = subprocess.run([sys.executable, "-c", LOADED.format(statement)], capture_output=True, text=True, check=True)
    assert "neuroscope_ge2e" in done.stdout.split()
    assert not HEAVY.intersection(done.stdout.split())


def test_entry_point_registers_a_factory_that_exists():
    (entry,) = (e for e in metadata.entry_points(group="neuroscope") if e.name == "ge2e")
    registered = {}
    entry.load().register_backbones(lambda name, factory, **words: registered.update({name: (factory, words)}))
    ((name, (factory, words)),) = registered.items()
    module, _, attribute = factory.partition(":")
    spec = getattr(import_module(module), attribute)()
    assert name == "ge2e"
    assert words["install"] == "pip install --no-deps Resemblyzer==0.1.4"
    assert [(layer.name, layer.width, layer.pooling) for layer in spec.layers] == [
        ("lstm1", 256, "mean"),
        ("lstm2", 256, "mean"),
        ("lstm3", 256, "mean"),
        ("linear", 256, "mean"),
    ]
    assert (spec.sample_rate, spec.batchable, spec.min_samples) == (16_000, True, 201)
