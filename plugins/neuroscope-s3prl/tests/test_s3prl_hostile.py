"""Checkpoints of upstreams that would run code, or are damaged: one line, and nothing is executed."""

import json
import os
import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from neuroscope import BadOption, MissingData, NeuroscopeError
from neuroscope_s3prl.upstreams import child, describing
from neuroscope_s3prl.upstreams.settings import EVALUATED, checked, literal
from neuroscope_s3prl.upstreams.spec import upstream

files = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("upstream_files.py"))))


@pytest.fixture
def in_this_process(monkeypatch):
    """What a child process is asked is answered here, where a canary would be seen, too."""
    monkeypatch.setattr(child, "ask", lambda _, question, **__: json.loads(json.dumps(describing.run(question))))


@pytest.fixture
def canary(tmp_path):
    """A file that hostile code would make."""
    return tmp_path / "canary"


class Runs:
    """An object that runs a command when it is unpickled."""

    def __init__(self, canary):
        self.canary = canary

    def __reduce__(self):
        return os.system, (f"touch {self.canary}",)


def refused(name, content, tmp_path, match):
    path = tmp_path / "hostile.pt"
    torch.save(content, path)
    for weights in ("pretrained", "random"):
        with pytest.raises(NeuroscopeError, match=match) as caught:
            upstream(name, checkpoint=path, weights=weights).load("cpu")
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 700
    return str(caught.value)


# Where each upstream's settings hold a text that s3prl runs: entry, and the way to it.
PLACES = {
    "hubert_local": [("model_cfg", "conv_feature_layers")],
    "wav2vec2_local": [("model_cfg", "conv_feature_layers"), ("model_cfg", "latent_temp")],
    "data2vec_local": [("model_cfg", "conv_feature_layers")],
    "wavlm_local": [("cfg", "conv_feature_layers")],
    "distiller_local": [("Config", "distiller", "extractor_conv_feature_layers")],
    "wav2vec_local": [
        ("model_cfg", "conv_feature_layers"),
        ("model_cfg", "conv_aggregator_layers"),
        ("model_cfg", "vq_temp"),
    ],
    "multires_hubert_local": [("model_cfg", "conv_feature_layers"), ("model_cfg", "override_encoder_layers")],
    "mockingjay_local": [("Upstream_Config", "audio", "kaldi", "feat_type")],
    "tera_local": [("Config", "audio", "input", "feat_type")],
    "apc_local": [("config", "data", "audio", "feat_type")],
}


@pytest.mark.usefixtures("in_this_process")
@pytest.mark.parametrize(("name", "way"), [(name, way) for name, ways in PLACES.items() for way in ways], ids=str)
def test_texts_that_s3prl_evaluates_run_nothing(name, way, tmp_path, canary):
    for payload in (
        f"__import__('os').system('touch {canary}')",
        f"[__import__('pathlib').Path('{canary}').touch()]",
        f"fbank if open('{canary}', 'w') else fbank",
        f"(lambda: open('{canary}', 'w'))()",
    ):
        content = files.content(name)
        *outer, last = way
        place = content
        for key in outer:
            place = place[key]
        place[last] = payload
        refused(name, content, tmp_path, rf"setting .*{last} is")
        assert not canary.exists()


@pytest.mark.usefixtures("in_this_process")
def test_the_payloads_would_run_in_s3prl(tmp_path, canary):
    content = files.content("hubert_local")
    content["model_cfg"]["conv_feature_layers"] = f"[__import__('pathlib').Path('{canary}').touch()]"
    torch.save(content, tmp_path / "hostile.pt")
    expert = files.part("hubert", "expert", "UpstreamExpert")
    with pytest.raises(Exception):  # noqa: B017 - of whatever s3prl makes of it, when it has run
        expert(str(tmp_path / "hostile.pt"))
    assert canary.exists()


@pytest.mark.usefixtures("in_this_process")
@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("apc_local", ("config", "data", "audio")),
        ("mockingjay_local", ("Upstream_Config", "transformer")),
        ("hubert_local", ("model_cfg",)),
        ("distiller_local", ("Config", "distiller")),
    ],
    ids=str,
)
def test_pickles_run_nothing(name, way, tmp_path, canary):
    for where in ("beside", "among the settings", "among the weights"):
        content = files.content(name)
        if where == "beside":
            content["optimizer"] = Runs(canary)
        elif where == "among the settings":
            inner = content
            for key in way:
                inner = inner[key]
            inner["extra"] = Runs(canary)
        else:
            state = next(
                each for key, each in content.items() if key in ("model", "Transformer", "model_weight", "Distiller")
            )
            state["extra"] = Runs(canary)
        path = tmp_path / "hostile.pt"
        torch.save(content, path)
        try:
            upstream(name, checkpoint=path).load("cpu")
        except NeuroscopeError as error:
            assert "\n" not in str(error)
        assert not canary.exists()
        if where == "among the settings":
            with pytest.raises(BadOption):
                upstream(name, checkpoint=path)


@pytest.mark.usefixtures("in_this_process")
def test_damaged_files(tmp_path):
    whole = files.write("npc_local", tmp_path / "whole.pt").read_bytes()
    for number, content in enumerate((whole[: len(whole) // 2], whole[:100], b"", b"no checkpoint" * 50)):
        path = tmp_path / f"damaged-{number}.pt"
        path.write_bytes(content)
        with pytest.raises(BadOption, match=f"damaged-{number}.pt") as caught:
            upstream("npc_local", checkpoint=path)
        assert "\n" not in str(caught.value)
    with pytest.raises(MissingData, match="there is no file"):
        upstream("npc_local", checkpoint=tmp_path / "nowhere.pt")
    with pytest.raises(MissingData, match="there is no file"):
        upstream("npc_local", checkpoint=tmp_path)


@pytest.mark.usefixtures("in_this_process")
@pytest.mark.parametrize("name", ["apc_local", "tera_local", "hubert_local"])
def test_wrong_shapes(name, tmp_path):
    content = files.content(name)
    state = next(each for key, each in content.items() if key in ("model", "Transformer", "model_weight"))
    wrong = next(key for key in state if key.endswith("weight_ih_l0") or "dense.weight" in key or "fc1.weight" in key)
    state[wrong] = torch.zeros(3, 3)
    torch.save(content, tmp_path / "wrong.pt")
    with pytest.raises(BadOption, match="size mismatch") as caught:
        upstream(name, checkpoint=tmp_path / "wrong.pt")
    assert "\n" not in str(caught.value)


@pytest.mark.usefixtures("in_this_process")
def test_a_checkpoint_of_another_upstream(tmp_path):
    path = files.write("npc_local", tmp_path / "npc.pt")
    for name, match in {
        "hubert_local": "has no task_cfg",
        "tera_local": "has no Config or Upstream_Config with transformer and task",
        "decoar_local": "no weights for|Missing|unexpected",
        "apc_local": "cannot be built from npc.pt",
    }.items():
        with pytest.raises(BadOption, match=match) as caught:
            upstream(name, checkpoint=path)
        assert "\n" not in str(caught.value)


def test_a_network_without_end_ends_its_process_alone(tmp_path):
    content = files.content("hubert_local")
    content["model_cfg"] |= {"encoder_ffn_embed_dim": 2**33, "encoder_layers": 3}
    torch.save(content, tmp_path / "large.pt")
    with pytest.raises(NeuroscopeError, match=r"large.pt|the process that ran s3prl ended") as caught:
        upstream("hubert_local", checkpoint=tmp_path / "large.pt", weights="random")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[(512, 10, 5)] + [(512, 3, 2)] * 2", [(512, 10, 5), (512, 3, 2), (512, 3, 2)]),
        ("2 * [(4,)]", [(4,), (4,)]),
        ("(2.0, 0.5, 0.999995)", (2.0, 0.5, 0.999995)),
        ("(2,-1)", (2, -1)),
        ("[]", []),
        ("[3 * 4 + 1]", [13]),
        (" (1, 2) ", (1, 2)),
    ],
)
def test_literals_of_numbers(text, value):
    assert literal(text, "it") == value == eval(text.strip())


@pytest.mark.parametrize(
    "text",
    [
        "exit()", "os", "[x]", "[x for x in (1,)]", "'a'", "['a']", "(1).__class__", "[1][0]", "{1: 2}", "{1}",
        "f'{1}'",
        "[0] * 10**9", "[0] * 10000000", "[[0] * 900] * 900", "9**9**9", "[1] * True", "1 if 1 else 2", "1_000_000_000",
        "1e400", "(1, 2) + [3]", "2 @ 3", "-[1]", "lambda: 1", "(" * 5000, "[1]\n[2]", "", "[1] * 2.5", "[True]", "...",
        "1 + 'a'", "[1, *[2]]", "(x := 1)", "`id`", "[0] * -1 + [(1", "1" * 20_000,
    ],
)  # fmt: skip
def test_no_other_texts(text):
    with pytest.raises(BadOption, match="which s3prl would run as code"):
        literal(text, "it")


def test_what_is_evaluated_is_written_anew():
    settings = {"conv_feature_layers": "[(512,10,5)]+[(512,3,2)]*2", "vq_temp": [2.0, 0.5], "other": "gelu"}
    assert checked(settings, "it") == {
        "conv_feature_layers": "[(512, 10, 5), (512, 3, 2), (512, 3, 2)]",
        "vq_temp": [2.0, 0.5],
        "other": "gelu",
    }
    assert checked({"a": {"data": "${task.data}", "none": None, "b": (1, True)}}, "it")["a"]["data"] == "${task.data}"
    assert checked({"data": "/data (old)/x", "override_encoder_layers": ""}, "it")["data"] == "/data (old)/x"


@pytest.mark.parametrize("key", sorted(EVALUATED))
def test_each_evaluated_setting(key):
    for payload in ("exit", "exit()", "'x'.join", ["exit()"], {"a": 1}, b"exit()"):
        with pytest.raises(BadOption, match=f"setting {key} is"):
            checked({key: payload}, "it")


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"other": "exit()"}, "setting other is 'exit"),
        ({"other": {"deep": ["x", "{1}"]}}, "setting other.deep.1 is"),
        ({"feat_type": "fbank.__class__"}, "front end is one of"),
        ({"feat_type": "spectrogram if 1 else fbank"}, "front end is one of"),
        ({"feat_type": ["fbank"]}, "front end is one of"),
        ({"dither": 1.0}, "add noise"),
        ({"width": 10**30}, "out of all bounds"),
        ({"width": float("inf")}, "out of all bounds"),
        ({"width": float("nan")}, "out of all bounds"),
        ({"what": b"x"}, "is a bytes"),
        ({"what": torch.zeros(1)}, "is a Tensor"),
        ({3: 1}, "has the name"),
        ({"a\nb": 1}, "has the name"),
        ([1], "no dictionary"),
    ],
)
def test_other_settings_that_are_refused(settings, match):
    with pytest.raises(BadOption, match=match) as caught:
        checked(settings, "it")
    assert "\n" not in str(caught.value)


def test_settings_within_themselves():
    settings = {}
    settings["a"] = settings
    with pytest.raises(BadOption, match="deep in one another"):
        checked(settings, "it")
