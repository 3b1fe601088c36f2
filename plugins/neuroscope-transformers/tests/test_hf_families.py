"""What a configuration tells of a model, without the model."""

import runpy
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
import transformers

from neuroscope import BadOption
from neuroscope_transformers.families.convolutions import Convolutions
from neuroscope_transformers.families.settings import Settings
from neuroscope_transformers.families.table import FAMILIES, family_of
from neuroscope_transformers.families.waveform import WAVEFORM_FAMILIES
from neuroscope_transformers.spec import hf

tiny_encoders = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("tiny_encoders.py"))))
NOTHING = Settings({}, "preprocessor_config.json")


def anatomy(model_type, **values):
    config = Settings({"model_type": model_type, **values}, "config.json")
    return family_of(config).anatomy(config, NOTHING, "hidden")


@pytest.mark.parametrize("family", WAVEFORM_FAMILIES, ids=lambda each: each.model_type)
def test_defaults_are_those_of_transformers(family):
    """A configuration that does not say means what transformers takes it for."""
    default = transformers.CONFIG_MAPPING[family.model_type]()
    for name, value in family.defaults.items():
        own = getattr(default, name, value)  # data2vec-audio has no feat_extract_norm: it is always "layer"
        assert (tuple(own) if isinstance(own, list) else own) == value, name


@pytest.mark.parametrize("case", tiny_encoders.CASES)
def test_lengths_are_those_of_the_model(case):
    """Frames by arithmetic, at the shortest waveform, around it, and where a convolution has a sample left over."""
    model = tiny_encoders.build(case)
    config = model.config.to_dict()
    found = anatomy(**config)
    for samples in (found.min_samples, found.min_samples + 1, 1_039, 1_040, 4_000, 5_555, 16_079, 16_080, 30_001):
        with torch.no_grad():
            conv = model.base_model.feature_extractor(torch.zeros(1, samples)).shape[2]
        counted = found.frames(samples)
        assert counted["conv"] == conv
        assert counted["L1"] == conv // (2 if case.startswith("sew") else 1) > 0
    assert min(found.frames(found.min_samples - 1).values()) == 0


def test_convolutions_count_both_ways():
    convolutions = Convolutions((10, 3, 3, 3, 3, 2, 2), (5, 2, 2, 2, 2, 2, 2))
    for frames in (1, 2, 49, 1000):
        samples = convolutions.samples(frames)
        assert (convolutions.frames(samples), convolutions.frames(samples - 1)) == (frames, frames - 1)
    assert (convolutions.samples(1), convolutions.samples_before(3)) == (400, 960)


def test_layers_of_a_pre_norm_model():
    found = anatomy("wav2vec2", feat_extract_norm="layer", do_stable_layer_norm=True, num_hidden_layers=3)
    assert [(each.name, each.width, each.in_all) for each in found.layers] == [
        ("conv", 512, False),
        ("L1", 768, True),
        ("L2", 768, True),
        ("L3", 768, True),
        ("norm", 768, False),
    ]
    assert found.batchable
    assert "encoder.layers.0-2" in found.what
    assert "before the next block's norm" in found.what


def test_layers_of_a_post_norm_model():
    found = anatomy("hubert")
    assert [each.name for each in found.layers] == ["conv", *(f"L{each}" for each in range(1, 13))]
    assert not found.batchable
    assert "after the block's final LayerNorm" in found.what
    assert "normalised over time" in found.what


@pytest.mark.parametrize(
    ("model_type", "values", "batchable"),
    [
        ("wav2vec2", {"feat_extract_norm": "layer"}, True),
        ("hubert", {"feat_extract_norm": "layer", "conv_pos_batch_norm": True}, False),
        ("data2vec-audio", {}, False),
        ("sew", {"feat_extract_norm": "layer"}, False),
        ("wav2vec2-conformer", {"feat_extract_norm": "layer"}, False),
    ],
)
def test_who_may_be_padded(model_type, values, batchable):
    assert anatomy(model_type, **values).batchable == batchable


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"hidden_size": -3}, "config.json: hidden_size is -3; expected a whole number from 1"),
        ({"hidden_size": True}, "hidden_size is True"),
        ({"num_hidden_layers": 10**12}, "num_hidden_layers is 1000000000000; expected a whole number from 1 to"),
        ({"num_hidden_layers": 30_000}, "num_hidden_layers is 30000; expected at most 21845, of 768 columns each"),
        ({"conv_dim": "many"}, "conv_dim is 'many'; expected a list of whole numbers"),
        ({"conv_kernel": [10, 3]}, "conv_kernel is [10, 3]; expected 7 whole numbers, one for each convolution"),
        ({"feat_extract_norm": "batch"}, "feat_extract_norm is 'batch'; expected group or layer"),
        ({"do_stable_layer_norm": "yes"}, "do_stable_layer_norm is 'yes'; expected true or false"),
    ],
)
def test_impossible_settings_are_told(values, message):
    with pytest.raises(BadOption) as caught:
        anatomy("wav2vec2", **values)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("values", [{}, {"model_type": 3}, {"model_type": "bert"}])
def test_models_that_are_no_speech_encoders_are_refused(values):
    with pytest.raises(BadOption, match=r"config.json.*(no model_type|'bert' is no speech encoder)"):
        family_of(Settings(values, "config.json"))


def test_every_family_says_what_its_weights_may_be_used_for():
    assert all(each.licence and each.title for each in FAMILIES)
    assert len({each.model_type for each in FAMILIES}) == len(FAMILIES)


def test_a_spec_loads_neither_torch_nor_transformers(folder_of):
    spec = f"from neuroscope_transformers.spec import hf; hf({str(folder_of('wav2vec2'))!r})"
    code = f"import sys; {spec}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "neuroscope_transformers" in done.stdout.split()
    assert not {"torch", "transformers", "numpy", "safetensors"}.intersection(done.stdout.split())


def test_the_sampling_rate_is_the_feature_extractors(folder_of, tmp_path):
    import json
    import shutil

    folder = shutil.copytree(folder_of("wav2vec2"), tmp_path / "model")
    (folder / "preprocessor_config.json").write_text(json.dumps({"sampling_rate": 8000}))
    assert hf(str(folder)).sample_rate == 8000
