"""What the two names say before they run: layers, options, origins; nothing heavy is imported for it."""

import json
import runpy
import subprocess
import sys
from importlib import import_module, metadata
from pathlib import Path
from types import SimpleNamespace

import pytest

from neuroscope import BadOption, MissingData, MissingDependency
from neuroscope_s3prl.mockingjay.spec import mockingjay_base, mockingjay_large

files = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("mockingjay_files.py"))))
HEAVY = {"torch", "numpy", "scipy", "sklearn", "s3prl", "torchaudio"}
SPEC = "from pathlib import Path; from neuroscope_s3prl.mockingjay.spec import mockingjay_base as make; "


def modules_after(statement):
    code = f"import json, sys; {statement}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_nothing_heavy_is_imported_not_even_when_a_checkpoint_is_seen_for_the_first_time(tmp_path):
    path = files.write(tmp_path / "base.ckpt", files.config_of("base"))
    once = f"make(weights='random', checkpoint=Path({str(path)!r}))"
    loaded = modules_after(
        f"import neuroscope_s3prl; {SPEC}make(weights='random'); make(checkpoint=Path({str(path)!r})); {once}"
    )
    assert "neuroscope_s3prl.mockingjay.spec" in loaded
    assert not HEAVY & loaded


def test_entry_point_registers_factories_that_exist():
    (entry,) = (each for each in metadata.entry_points(group="neuroscope") if each.name == "s3prl")
    registered = {}
    entry.load().register_backbones(lambda name, factory, **words: registered.update({name: (factory, words)}))
    for name in ("mockingjay-base", "mockingjay-large"):
        factory, words = registered[name]
        module, _, attribute = factory.partition(":")
        assert callable(getattr(import_module(module), attribute))
        assert "torchaudio" in words["install"]


@pytest.mark.parametrize(("make", "layers", "total"), [(mockingjay_base, 3, 2304), (mockingjay_large, 12, 9216)])
def test_layers_are_those_of_the_paper_and_the_entry_is_no_part_of_all(make, layers, total):
    spec = make(weights="random")
    assert [layer.name for layer in spec.layers] == [f"L{number}" for number in range(1, layers + 1)]
    assert sum(layer.width for layer in spec.layers if layer.in_all) == total
    first, *others = make(weights="random", input=True).layers
    assert (first.name, first.in_all, tuple(others)) == ("input", False, spec.layers)
    assert (spec.sample_rate, spec.batchable, spec.streams) == (16_000, True, False)


def test_origin_says_where_attention_ends():
    assert "after its last LayerNorm" in mockingjay_large(weights="random").origin.layers
    assert "at most 500 frames" in mockingjay_large(weights="random").origin.layers
    assert "at most 1500 frames" in mockingjay_base(weights="random").origin.layers
    assert "attention over the whole utterance" in mockingjay_base(weights="random", chunk="none").origin.layers


def test_what_is_open_is_resolved_so_that_equal_questions_share_vectors(tmp_path):
    path = files.write(tmp_path / "base.ckpt", files.config_of("base", task={"sequence_length": 0}))
    auto, none = (
        mockingjay_base(checkpoint=path, chunk=chunk, seed=seed) for chunk, seed in (("auto", 1), ("none", 2))
    )
    assert auto.resolved == none.resolved == {"checkpoint": "", "seed": 0, "chunk": 0}
    assert mockingjay_base(weights="random", seed=4).resolved == {"checkpoint": "", "seed": 4, "chunk": 1500}


@pytest.mark.parametrize("weights", ["pretrained", "random"])
def test_vectors_do_not_outlive_the_code_that_made_them(weights, tmp_path, monkeypatch):
    path = files.write(tmp_path / "base.ckpt", files.config_of("base"))
    before = mockingjay_base(checkpoint=path, weights=weights).origin.digest
    original = metadata.version
    for other in ("s3prl", "torchaudio"):
        monkeypatch.setattr(metadata, "version", lambda name, other=other: "9" if name == other else original(name))
        assert mockingjay_base(checkpoint=path, weights=weights).origin.digest != before


def test_digests_tell_weights_apart(tmp_path):
    one, two = (files.write(tmp_path / f"{seed}.ckpt", files.config_of("base"), seed=seed) for seed in (0, 1))
    digests = [mockingjay_base(checkpoint=path).origin.digest for path in (one, two)]
    digests += [mockingjay_base(weights="random", seed=seed).origin.digest for seed in (0, 1)]
    digests += [mockingjay_base(weights="random", checkpoint=one).origin.digest]
    assert len(set(digests)) == 5
    same = mockingjay_base(weights="random", checkpoint=two).origin.digest  # of a checkpoint, the configuration alone
    assert same == digests[-1]


def test_a_checkpoint_of_the_other_size_names_the_other(tmp_path):
    large = files.write(tmp_path / "large.ckpt", files.config_of("large"))
    with pytest.raises(BadOption, match=r"has 12 layers, and mockingjay-base has 3: it is one of mockingjay-large$"):
        mockingjay_base(checkpoint=large)
    six = files.write(tmp_path / "six.ckpt", files.config_of("large", num_hidden_layers=6))
    with pytest.raises(BadOption, match=r"has 6 layers.*mockingjay-base are 3 and mockingjay-large are 12"):
        mockingjay_large(checkpoint=six, weights="random")


@pytest.mark.parametrize("seed", [-1, 2**63])
def test_a_seed_has_bounds(seed):
    with pytest.raises(ValueError, match="seed must be"):
        mockingjay_base(weights="random", seed=seed)


def test_a_checkpoint_that_is_not_there_is_said():
    with pytest.raises(MissingData, match="is not there"):
        mockingjay_base(checkpoint=Path("nowhere.ckpt"))


@pytest.mark.parametrize("module", ["s3prl.upstream.mockingjay.model", "s3prl.upstream.baseline.preprocessor"])
def test_s3prl_that_does_not_import_says_which_versions_go_together(module, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingDependency, match=r"'s3prl>=0\.4\.18,<0\.5' 'torchaudio>=2\.6'.*setuptools"):
        mockingjay_large(weights="random").load("cpu")


def test_the_docstring_says_which_release_stands_in_for_st_base():
    assert all(word in mockingjay_base.__doc__ for word in ("ST_base", "mockingjay_960hr", "MelBase", "360 hours"))
    assert all(word in mockingjay_base.__doc__ for word in ("80-dim log Mel", "240 columns", "not known before"))
