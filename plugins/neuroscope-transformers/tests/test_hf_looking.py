"""Models of no known family: their blocks are found by running them, or one line says why not."""

import contextlib
import io
import json
import random
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers

from neuroscope import BadOption, testing
from neuroscope_transformers.features.extractors import features_of, with_settings
from neuroscope_transformers.looking import asking, child
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
MIMI = SMALL | {
    "num_filters": 2,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "codebook_size": 16,
    "codebook_dim": 8,
    "vector_quantization_hidden_dimension": 8,
    "num_quantizers": 4,
    "upsample_groups": 16,
}
ENCODEC = {"num_filters": 2, "hidden_size": 16, "codebook_size": 16, "codebook_dim": 16}
_HEARD = {"depths": [1, 1], "num_attention_heads": [2, 2], "patch_embeds_hidden_size": 8, "window_size": 2}
_READ = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16, "vocab_size": 32}
CLAP = {"audio_config": _HEARD | {"hidden_size": 16, "spec_size": 64, "num_mel_bins": 64}, "text_config": _READ}
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
        (("Mimi", "Model", MIMI), "Encodec", ("", "encoder.encoder_transformer.layers", 1)),
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
        (("Encodec", "Model", ENCODEC), "Encodec", "EncodecModel runs, and has no list of equal modules"),
        (
            ("Clap", "Model", CLAP),
            "Clap",
            "ClapModel: ValueError: the wav size should be less than or equal to the swin",
        ),
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
    assert not [str(each) for each in testing.run("backbone", f"hf:{folder}") if not each.ok]


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


class Noisy(torch.nn.Module):
    """Draws from one of the random generators of the process, in evaluation mode too."""

    def __init__(self, draw):
        super().__init__()
        self.draw, self.layers = draw, torch.nn.ModuleList(torch.nn.Linear(64, 64) for _ in range(2))

    def forward(self, input_values):
        frames = input_values[:, : input_values.shape[1] // 64 * 64].unflatten(1, (-1, 64)) + self.draw()
        for layer in self.layers:
            frames = layer(frames)
        return frames


@pytest.mark.parametrize("draw", [lambda: 1e-3 * torch.randn(1), lambda: 1e-3 * random.random(), np.random.rand])
def test_what_draws_at_random_is_refused(draw):
    with pytest.raises(BadOption, match="other frames each time for the same audio: something in it draws at random"):
        describe(Noisy(draw), transformers.Wav2Vec2FeatureExtractor())
    assert describe(Noisy(lambda: 0), transformers.Wav2Vec2FeatureExtractor()).count == 2


def test_noise_for_training_is_left_out(wave):
    sound = torch.from_numpy(wave(20_000))
    kind = transformers.Speech2TextFeatureExtractor
    noisy, plain = (with_settings(kind, {"dither": each}) for each in (1.0, 0.0))
    assert torch.equal(features_of(noisy, sound)["input_features"], features_of(plain, sound)["input_features"])


class Cut(transformers.Wav2Vec2FeatureExtractor):
    """Cuts audio at 30 s."""

    def __call__(self, samples, **words):
        return super().__call__(samples[: 30 * 16_000], **words)


class Rows(transformers.Wav2Vec2FeatureExtractor):
    """Makes two rows of what is longer than 30 s."""

    def __call__(self, samples, **words):
        long = len(samples) > 30 * 16_000
        return super().__call__(list(samples.reshape(2, -1)) if long else samples, **words)


@pytest.mark.parametrize("extractor", [Cut, Rows])
def test_extractors_of_a_window_are_refused(extractor):
    with pytest.raises(BadOption, match=r"makes input_values of \(\d, \d+\) of 65 s: it sees a window of fixed length"):
        describe(Noisy(lambda: 0), extractor())


@pytest.mark.parametrize("named", [True, False])
def test_the_extractor_that_was_looked_at_is_the_one_that_runs(folder, tmp_path, named, monkeypatch):
    """With the file's settings in both, whether the file names its class or leaves that to the model's type."""
    model = Path(shutil.copytree(folder, tmp_path / "model"))
    file = model / "preprocessor_config.json"
    settings = json.loads(file.read_text()) | {"sampling_rate": 8_000, "do_normalize": True}
    file.write_text(json.dumps({name: each for name, each in settings.items() if named or "type" not in name}))
    monkeypatch.setattr(asking.subprocess, "run", in_this_process)
    spec = hf(str(model))
    extractor = spec.load("cpu")._front_end._extractor
    assert spec.sample_rate == extractor.sampling_rate == 8_000
    assert extractor.do_normalize
    file.unlink()
    bare = hf(str(model))
    own = bare.load("cpu")._front_end._extractor
    assert (bare.sample_rate, own.do_normalize) == (16_000, transformers.Wav2Vec2FeatureExtractor().do_normalize)


def in_this_process(command, *, input, **_):
    return subprocess.CompletedProcess(command, 0, child._answer(json.loads(input)), "")


def test_code_that_a_configuration_names_never_reaches_the_process_that_looks(folder, tmp_path, monkeypatch):
    model = Path(shutil.copytree(folder, tmp_path / "model"))
    evil = {"attn_implementation": "evil/kernel", "_attn_implementation": "evil/kernel"}
    config = json.loads((model / "config.json").read_text()) | evil | {"encoder_config": evil}
    (model / "config.json").write_text(json.dumps(config))
    monkeypatch.setattr(asking.subprocess, "run", in_this_process)
    assert len(hf(str(model)).layers) == 3


def test_other_blocks_found_in_the_same_files_are_another_model(folder, monkeypatch):
    digests = set()
    for count in (2, 3):
        seen = {"part": "encoder", "inputs": ["input_values"], "blocks": "layers", "kind": "Block", "count": count}
        seen |= {"width": 16, "axes": "BFD", "pick": None, "extractor": "Wav2Vec2FeatureExtractor"}
        text = json.dumps(seen | {"sample_rate": 16_000, "least": 900})
        monkeypatch.setattr("neuroscope.weights.remembered_as", lambda *_, text=text: text)
        digests |= {hf(str(folder), weights=each).origin.digest for each in ("pretrained", "random")}
    assert len(digests) == 4


@pytest.mark.parametrize("error", [MemoryError, ImportError, "[enforce fail] you tried to allocate memory"])
def test_what_lies_with_the_machine_is_not_remembered(folder, tmp_path, monkeypatch, error):
    model = Path(shutil.copytree(folder, tmp_path / "model"))

    def fail(self, input_values=None, **_):
        raise RuntimeError(error) if isinstance(error, str) else error("of today")

    monkeypatch.setattr(asking.subprocess, "run", in_this_process)
    with monkeypatch.context() as today:
        today.setattr(transformers.models.moonshine.modeling_moonshine.MoonshineEncoder, "forward", fail)
        with pytest.raises(BadOption, match=r"looking into it failed \("):
            hf(str(model))
    assert len(hf(str(model)).layers) == 3


def test_a_type_that_transformers_does_not_know_is_said_so(tmp_path, monkeypatch):
    (tmp_path / "config.json").write_text('{"model_type": "murmur"}')
    monkeypatch.setattr(asking.subprocess, "run", in_this_process)
    with pytest.raises(
        BadOption, match=rf"config.json: transformers {transformers.__version__} knows no model_type 'mu"
    ):
        hf(str(tmp_path))


def test_looking_says_that_it_looks(folder, tmp_path, monkeypatch):
    told = []

    @contextlib.contextmanager
    def bar(label, total, seconds=0.0):
        told.append(label)
        yield lambda steps, seconds=0.0: None

    monkeypatch.setattr(asking.subprocess, "run", in_this_process)
    monkeypatch.setattr("neuroscope.commands.progress_bar", bar)
    assert hf(str(shutil.copytree(folder, tmp_path / "model")))
    assert told == ["Looking into moonshine"]


@pytest.mark.parametrize("text", ["", "[]", '{"part": ""}', "nonsense"])
def test_what_is_no_description_is_refused(text):
    with pytest.raises(BadOption, match="came to no result"):
        described(text)
