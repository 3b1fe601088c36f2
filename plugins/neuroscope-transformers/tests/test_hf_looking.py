"""Models of no known family: their blocks are found by running them, or one line says why not."""

import contextlib
import io
import json
import subprocess

import pytest
import torch
import transformers

from neuroscope import BadOption
from neuroscope_transformers.looking import asking
from neuroscope_transformers.looking.blocks import describe
from neuroscope_transformers.looking.description import Description, described
from neuroscope_transformers.spec import hf

SMALL = {"hidden_size": 16, "intermediate_size": 24}
MOONSHINE = SMALL | {
    "encoder_num_hidden_layers": 3,
    "decoder_num_hidden_layers": 2,
    "encoder_num_attention_heads": 4,
    "decoder_num_attention_heads": 4,
    "vocab_size": 32,
}
SPEECH_TO_TEXT = {
    "d_model": 16,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_ffn_dim": 24,
    "decoder_ffn_dim": 24,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "conv_channels": 16,
    "vocab_size": 32,
}
PARAKEET = SMALL | {"num_hidden_layers": 2, "num_attention_heads": 4, "subsampling_conv_channels": 8}
DAC = {"encoder_hidden_size": 8, "decoder_hidden_size": 32, "n_codebooks": 3, "codebook_size": 16, "codebook_dim": 4}
WINDOWED = {"d_model": 16, "encoder_layers": 2, "encoder_attention_heads": 4, "encoder_ffn_dim": 24}


def build(kind, head="Model", **settings):
    config = getattr(transformers, f"{kind}Config")(**settings)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return getattr(transformers, kind + head)(config).eval()


@pytest.fixture(scope="module")
def moonshine():
    return build("Moonshine", **MOONSHINE)


@pytest.fixture(scope="module")
def folder(moonshine, tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "moonshine"
    with contextlib.redirect_stderr(io.StringIO()):
        moonshine.save_pretrained(path)
    transformers.Wav2Vec2FeatureExtractor(do_normalize=False).save_pretrained(path)
    return path


def test_blocks_are_found_in_the_encoder(moonshine):
    assert describe(moonshine, transformers.Wav2Vec2FeatureExtractor()) == Description(
        part="encoder",
        inputs=("input_values",),
        blocks="layers",
        kind="MoonshineEncoderLayer",
        count=3,
        width=16,
        axes="BFD",
        pick=None,
        extractor="Wav2Vec2FeatureExtractor",
        sample_rate=16_000,
        least=895,
    )


@pytest.mark.parametrize(
    ("model", "extractor", "expected"),
    [
        (("Speech2Text", "Model", SPEECH_TO_TEXT), "Speech2Text", ("encoder", "layers", 560)),
        (("ParakeetEncoder", "", PARAKEET), "Parakeet", ("", "layers", 320)),
    ],
)
def test_blocks_of_other_types(model, extractor, expected):
    kind, head, settings = model
    made = build(kind, head, **settings)
    found = describe(made, getattr(transformers, f"{extractor}FeatureExtractor")())
    assert (found.part, found.blocks, found.least) == expected
    assert (found.count, found.width) == (2, 16)


@pytest.mark.parametrize(
    ("model", "extractor", "told"),
    [
        (("Dac", "Model", DAC), "Dac", "DacModel runs, and has no list of equal modules, each fed by the one before"),
        (("Qwen2AudioEncoder", "", WINDOWED), "Whisper", "expects the mel input features to be of length 3000"),
    ],
)
def test_what_is_no_stack_of_blocks_is_refused(model, extractor, told):
    kind, head, settings = model
    words = {"feature_size": 128} if extractor == "Whisper" else {}
    with pytest.raises(BadOption, match=told):
        describe(build(kind, head, **settings), getattr(transformers, f"{extractor}FeatureExtractor")(**words))


class Windowed(torch.nn.Module):
    """Fills audio up to 4 s, as encoders of a fixed window do."""

    def __init__(self):
        super().__init__()
        self.layers = torch.nn.ModuleList(torch.nn.Linear(64, 64) for _ in range(2))

    def forward(self, input_values):
        frames = torch.nn.functional.pad(input_values, (0, 64_000 - input_values.shape[1])).unflatten(1, (-1, 64))
        for layer in self.layers:
            frames = layer(frames)
        return frames


def test_a_window_of_fixed_length_is_told():
    with pytest.raises(BadOption, match="as many frames for 3 s as for 2 s: it sees a window of fixed length"):
        describe(Windowed(), transformers.Wav2Vec2FeatureExtractor())


def test_it_runs_as_the_model_does_and_looks_once(moonshine, folder, wave, run, monkeypatch):
    spec, sound = hf(str(folder)), wave(20_000)
    assert [layer.name for layer in spec.layers] == ["L1", "L2", "L3"]
    assert spec.origin.layers.startswith("found by looking, not by knowing: L1-L3: output of layers.0-2 of its encoder")
    assert (spec.batchable, spec.min_samples, spec.sample_rate) == (False, 895, 16_000)
    with torch.inference_mode():
        made = moonshine.encoder(torch.from_numpy(sound)[None], output_hidden_states=True)
    (layers,) = run(spec, sound)
    for number in (1, 2):  # the library's third is behind its last norm
        expected = made.hidden_states[number][0]
        torch.testing.assert_close(layers[f"L{number}"], expected, rtol=0, atol=1e-5 * float(expected.abs().max()))
    monkeypatch.setattr(subprocess, "run", None)
    assert hf(str(folder), weights="random").layers == spec.layers


def test_neurons_inside_are_for_known_families(folder):
    with pytest.raises(
        BadOption, match=r"model_type 'moonshine' is no speech encoder that hf: knows .* site=ffn is for"
    ):
        hf(str(folder), site="ffn")


@pytest.mark.parametrize(
    ("ending", "told"),
    [
        (
            {"stdout": '{"problem": "it hears nothing"}'},
            "found no blocks: it hears nothing; docs/how-to/write-a-backbone",
        ),
        (
            {"stdout": "", "stderr": "a\nKilled: 9\n", "code": 137},
            r"failed \(Killed: 9\); docs/how-to/write-a-backbone",
        ),
        ({"stdout": "", "code": 3}, r"failed \(exit code 3\)"),
        ({"late": True}, "took more than 300 s"),
    ],
)
def test_looking_that_fails_is_one_line(tmp_path, monkeypatch, ending, told):
    def run(command, **_):
        if ending.get("late"):
            raise subprocess.TimeoutExpired(command, 300)
        return subprocess.CompletedProcess(command, ending.get("code", 0), ending["stdout"], ending.get("stderr", ""))

    monkeypatch.setattr(asking.subprocess, "run", run)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "murmur"}))
    with pytest.raises(BadOption, match=told) as error:
        hf(str(tmp_path), weights="random")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("text", ["", "[]", '{"part": ""}', "nonsense"])
def test_what_is_no_description_is_refused(text):
    with pytest.raises(BadOption, match="came to no result"):
        described(text)
