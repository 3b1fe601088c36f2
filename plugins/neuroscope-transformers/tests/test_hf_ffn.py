"""``site=ffn``: the neurons inside feed-forward modules, in every family; layers that memory does not hold at once."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch.nn import functional

from neuroscope import testing
from neuroscope_transformers.running import encoder
from neuroscope_transformers.spec import hf

here = Path(__file__)
CASES = tuple(runpy.run_path(str(here.with_name("tiny_encoders.py")))["CASES"])
written = SimpleNamespace(**runpy.run_path(str(here.with_name("written_spectra.py"))))

WIDTH, HEADS = 40, 4


def ffn(folder):
    return hf(str(folder), site="ffn")


@pytest.mark.parametrize("case", CASES)
def test_layers_are_the_inner_activations(folder_of, wave, run, case):
    spec = ffn(folder_of(case))
    assert [(layer.name, layer.width, layer.in_all) for layer in spec.layers] == [
        ("L1", WIDTH, True),
        ("L2", WIDTH, True),
    ]
    (layers,) = run(spec, wave(8_000))
    for values in layers.values():
        assert values.shape[1] == WIDTH
        # GELU is never below -0.17: what comes is behind the activation function, and before the output projection
        assert -0.17 < float(values.min()) < 0 < float(values.max())
    assert "the feed-forward module's neurons behind their activation function" in spec.origin.layers
    assert ("ffn2 is the second" in spec.origin.layers) == ("conformer" in case)


@pytest.mark.parametrize("case", ["wav2vec2-pre", "wav2vec2"])
def test_neurons_of_a_block_are_those_written_by_hand(folder_of, wave, run, case):
    """Of the second block, from what the first puts out: pre-norm, and post-norm."""
    folder, sound = folder_of(case), wave(8_000)
    (hidden,), (inner,) = run(hf(str(folder)), sound), run(ffn(folder), sound)
    state, x = hf(str(folder)).load("cpu").network.state_dict(), hidden["L1"]
    at, pre = "encoder.layers.1", case == "wav2vec2-pre"
    h = written.norm(state, f"{at}.layer_norm", x) if pre else x
    q, k, v = (written.linear(state, f"{at}.attention.{each}_proj", h) for each in "qkv")
    x = x + written.linear(state, f"{at}.attention.out_proj", written.attention(q, k, v, HEADS))
    x = written.norm(state, f"{at}.{'final_layer_norm' if pre else 'layer_norm'}", x)
    expected = functional.gelu(written.linear(state, f"{at}.feed_forward.intermediate_dense", x))
    torch.testing.assert_close(inner["L2"], expected, rtol=0, atol=1e-5 * float(expected.abs().max()))


def test_the_sites_are_told_apart(folder_of):
    hidden, inner = hf(str(folder_of("hubert"))), ffn(folder_of("hubert"))
    assert [layer.name for layer in hidden.layers] == ["conv", "L1", "L2"]
    assert hidden.origin.layers != inner.origin.layers


@pytest.mark.parametrize("site", ["hidden", "ffn"])
def test_layers_that_memory_does_not_hold_at_once_are_the_same(folder_of, wave, run, monkeypatch, site):
    spec, sound = hf(str(folder_of("wav2vec2-pre")), site=site), wave(20_000)
    (whole,) = run(spec, sound)
    monkeypatch.setattr(encoder, "MOST_HELD", 1)
    (one_by_one,) = run(spec, sound)
    assert list(one_by_one) == list(whole)
    assert all(torch.equal(one_by_one[layer], values) for layer, values in whole.items())


def test_a_pass_for_some_layers_ends_behind_the_last_of_them(folder_of, wave, run, monkeypatch):
    spec, calls = ffn(folder_of("wav2vec2-pre")), []
    model = spec.load("cpu")
    for name in ("encoder.layers.0", "encoder.layers.1", "encoder.layer_norm"):
        model.network.get_submodule(name).register_forward_hook(lambda *_, name=name: calls.append(name))
    monkeypatch.setattr(encoder, "MOST_HELD", 1)
    run(SimpleNamespace(load=lambda _: model), wave(8_000))
    assert calls == [
        "encoder.layers.0",
        "encoder.layers.1",
        "encoder.layer_norm",
    ]  # nothing behind L1's in its own pass


def test_layers_are_held_together_as_room_allows():
    layers = [SimpleNamespace(name=f"L{number}", width=2**9) for number in range(5)]
    lengths = {layer.name: torch.tensor([2**15, 3]) for layer in layers}  # 2**25 numbers each
    groups = encoder.held_together(layers, lengths)
    assert [[layer.name for layer in group] for group in groups] == [["L0", "L1"], ["L2", "L3"], ["L4"]]
    assert encoder.held_together(layers[:4], lengths) == [layers[:4]]
    assert encoder.held_together(layers, None) == [layers]


@pytest.mark.parametrize("case", ["wav2vec2-pre", "wavlm", "sew-d", "wav2vec2-conformer"])
def test_it_keeps_the_contract(folder_of, case):
    failed = [str(each) for each in testing.run("backbone", f"hf:{folder_of(case)},site=ffn") if not each.ok]
    assert not failed
