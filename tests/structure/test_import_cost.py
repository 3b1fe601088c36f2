"""Looking at what there is costs no heavy import; what is asserted is the set of modules, never a time."""

import json
import subprocess
import sys

import pytest

from neuroscope.plugin.loading import Plugins

HEAVY = {
    *("torch", "torchaudio", "transformers", "s3prl", "numpy", "scipy", "sklearn", "polars", "pandas", "pyarrow"),
    *("altair", "vl_convert", "numba", "librosa", "soundfile", "soxr", "safetensors"),
    *("huggingface_hub", "httpx", "httpx2", "requests"),
}
SCRIPT = """
import io, json, sys
from contextlib import redirect_stdout
from neuroscope.cli.main import build

found = []
for arguments in json.loads(sys.argv[1]):
    sys.argv = ["neuroscope", *arguments]
    shown = io.StringIO()
    try:
        with redirect_stdout(shown):
            build()()
    except SystemExit as end:
        code = end.code or 0
    found.append([arguments, code, len(shown.getvalue()), sorted(sys.modules)])
print(json.dumps(found))
"""


def run(*commands):
    """``(arguments, exit code, length of the output, heavy modules)`` of commands run one after another."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(commands)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    for arguments, code, length, modules in json.loads(done.stdout):
        yield arguments, code, length, HEAVY & {name.partition(".")[0] for name in modules}


def test_help_lists_and_every_component_load_nothing_heavy():
    registries = Plugins.load().registries
    components = [["show", kind, entry.name] for kind, registry in registries.items() for entry in registry]
    lists = [["list", f"{kind}s"] for kind in registries]
    store = [["store", *command, "--help"] for command in ([], ["list"], ["show"], ["verify"], ["prune"], ["export"])]
    others = [
        [*command, "--help"]
        for command in (["probe"], ["describe"], ["extract"], ["import"], ["check"], ["modules"], ["new", "plugin"])
    ]
    helps = [["--help"], *others, *store]
    commands = [*helps, ["plugins"], ["list"], *lists, *components]
    assert len(components) > 8
    for arguments, code, length, heavy in run(*commands):
        assert (arguments, code, heavy) == (arguments, 0, set())
        assert length > 20


def test_the_layers_of_a_model_are_shown_without_torch():
    models = ("toy,width=2", "ge2e,weights=random", "sre-cnn,weights=random")
    for arguments, code, length, heavy in run(*(["show", "backbone", model] for model in models)):
        assert (arguments, code, heavy & {"torch", "torchaudio", "transformers", "s3prl"}) == (arguments, 0, set())
        assert length > 400


def test_a_component_or_command_that_does_not_exist_is_told_without_a_heavy_import():
    for arguments, code, _, heavy in run(["show", "backbone", "nothing"], ["list", "nothing"]):
        assert (arguments, code, heavy) == (arguments, 2, set())


def test_a_command_that_works_is_seen_to_load_them():
    ((_, code, _, heavy),) = run(["extract", "--backbone", "toy", "--dataset", "nothing"])
    assert code == 2
    assert "numpy" in heavy


@pytest.mark.parametrize(
    "module",
    [
        "neuroscope",
        "neuroscope.contracts.task",
        "neuroscope.plugin.options",
        "neuroscope.cli.main",
        "neuroscope.weights",
    ],
)
def test_importing_what_everybody_imports_loads_nothing_heavy(module):
    script = f"import {module}, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert not HEAVY & {name.partition(".")[0] for name in done.stdout.split()}


def test_analysis_and_reports_load_no_torch_and_read_no_audio():
    script = """
import importlib, pkgutil, sys
for room in ("probing", "neuron_analysis", "store", "report"):
    package = importlib.import_module(f"neuroscope.{room}")
    for module in pkgutil.iter_modules(package.__path__, f"neuroscope.{room}."):
        importlib.import_module(module.name)
importlib.import_module("neuroscope.study.records")
print(*sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    loaded = set(done.stdout.split())
    assert "neuroscope.probing.layerwise" in loaded
    assert not {"torch", "soundfile", "soxr"} & {name.partition(".")[0] for name in loaded}
    assert not [name for name in loaded if name.startswith(("neuroscope.audio", "neuroscope.extraction"))]
