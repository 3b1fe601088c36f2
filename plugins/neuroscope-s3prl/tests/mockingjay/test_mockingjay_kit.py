"""The compliance kit on small checkpoints of each kind; and a whole command line."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

from neuroscope import testing

files = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("mockingjay_files.py"))))
KINDS = {
    "base": ("mockingjay-base", {}, "input=true"),
    "large": ("mockingjay-large", {"task": {"sequence_length": 90}}, "input=true"),
    "one window": ("mockingjay-large", {}, "chunk=none"),
    "pre-LN": ("mockingjay-base", {"pre_layer_norm": True}, "input=true"),
    "shared": ("mockingjay-base", {"share_layer": True, "task": {"sequence_length": 70}}, "input=true"),
    "linear": (
        "mockingjay-large",
        {"audio": {"input": {"feat_type": "linear", "channel": 0, "log": True, "delta": 0, "cmvn": True}}},
        "weights=random",
    ),
    "legacy": ("mockingjay-large", None, "input=true"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_check_of_the_kit(kind, tmp_path):
    name, config, option = KINDS[kind]
    path = tmp_path / "file.ckpt"
    if config is None:
        files.write_legacy(path, files.legacy_config(num_hidden_layers=12, downsample_rate=3))
    else:
        files.write(
            path, files.config_of(name.removeprefix("mockingjay-"), **config), columns=201 if kind == "linear" else None
        )
    outcomes = testing.run("backbone", f"{name},checkpoint={path},{option}")
    assert not [str(each) for each in outcomes if each.verdict not in {"passed", "skipped"}]
    assert [each.check for each in outcomes if each.verdict == "skipped"] == ["yields_pooled_layers_once"]
