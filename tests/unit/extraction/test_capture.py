"""Hooks on named modules: what is captured is what the network put out, and nothing is left behind."""

import gc
import subprocess
import sys
import weakref
from collections import OrderedDict
from dataclasses import dataclass

import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence

from neuroscope.contracts.backbone import LayerSpec, Tap
from neuroscope.errors import BadOption, PluginBroken, UnknownName
from neuroscope.extraction.capture import capture


@dataclass
class Answer:
    hidden: torch.Tensor
    score: torch.Tensor


class Inner(torch.nn.Module):
    """Gives a tensor as whatever ``form`` makes of it, and takes it as a keyword."""

    def __init__(self, form):
        super().__init__()
        self.form = form

    def forward(self, *, values):
        return self.form(values)


class Net(torch.nn.Module):
    """A convolution, its ReLU in place, an LSTM on packed frames, a block that is run three times."""

    def __init__(self, form=lambda values: values):
        super().__init__()
        self.front = torch.nn.Sequential(OrderedDict(conv=torch.nn.Conv1d(1, 4, 3), act=torch.nn.ReLU(inplace=True)))
        self.lstm = torch.nn.LSTM(4, 5, batch_first=True, bidirectional=True)
        self.block = torch.nn.Linear(10, 10)
        self.inner = Inner(form)
        self.alias = self.block
        self.idle = torch.nn.Linear(1, 1)

    def forward(self, samples, lengths):
        values = self.front(samples[:, None]).transpose(1, 2)
        packed = pack_padded_sequence(values, lengths, batch_first=True, enforce_sorted=False)
        values = torch.nn.utils.rnn.pad_packed_sequence(self.lstm(packed)[0], batch_first=True)[0]
        for _ in range(3):
            values = values + self.block(values)
        self.inner(values=values)
        return values


@pytest.fixture
def run():
    """``run(net, taps)``: a pass over two utterances of 8 and 6 frames, captured."""

    def one(net, taps):
        with torch.inference_mode(), capture(net, taps) as captured:
            net(torch.arange(20.0).reshape(2, 10) / 20, torch.tensor([6, 8]))
        return captured

    return one


@pytest.fixture
def net():
    torch.manual_seed(0)
    return Net().eval()


def hooks(net):
    return sum(len(each._forward_hooks) + len(each._forward_pre_hooks) for each in net.modules())


def test_channels_first_becomes_frames_and_a_later_change_in_place_does_not_show(net, run):
    captured = run(net, {"conv": Tap("front.conv", axes="BDF"), "act": Tap("front.act", axes="BDF")})
    samples = torch.arange(20.0).reshape(2, 10) / 20
    expected = net.front.conv(samples[:, None]).transpose(1, 2)
    assert captured["conv"].shape == (2, 8, 4)
    assert torch.equal(captured["conv"], expected.detach())
    assert (captured["conv"] < 0).any()
    assert torch.equal(captured["act"], captured["conv"].relu())
    assert captured["conv"].is_contiguous()


def test_a_packed_sequence_comes_padded_in_the_order_of_the_batch(net, run):
    captured = run(net, {"lstm": Tap("lstm", 0), "first": Tap("block", side="input", call=0)})
    assert captured["lstm"].shape == (2, 8, 10)
    assert torch.equal(captured["lstm"], captured["first"])
    assert (captured["lstm"][0, 6:] == 0).all()


def test_the_state_of_an_lstm_is_picked_by_a_function(net, run):
    last = run(net, {"state": Tap("lstm", lambda output: output[1][0], axes="FBD")})
    assert last["state"].shape == (2, 2, 5)


def test_axes_without_frames_give_one_frame(run):
    captured = run(Net(lambda values: values[:, 0]).eval(), {"pooled": Tap("inner", axes="BD")})
    assert captured["pooled"].shape == (2, 1, 10)


def test_every_call_of_a_module_is_kept_in_order_and_the_author_says_which(net, run):
    taps = {str(call): Tap("block", call=call) for call in (0, 1, 2, -1)}
    captured = run(net, {**taps, "any": Tap("block")})
    assert torch.equal(captured["2"], captured["-1"])
    assert not torch.equal(captured["0"], captured["1"])
    assert [bool(torch.equal(each, captured[str(n)])) for n, each in enumerate(captured.calls("any"))] == [True] * 3
    with pytest.raises(PluginBroken, match=r"layer 'any': module 'block' was called 3 times .*call=0"):
        captured["any"]
    with pytest.raises(PluginBroken, match=r"layer 'x': call 3 of module 'block', which was called 3x"):
        run(net, {"x": Tap("block", call=3)})["x"]


def test_a_module_is_found_under_each_of_its_names(net, run):
    captured = run(net, {"block": Tap("block", call=0), "alias": Tap("alias", call=0), "whole": Tap("")})
    assert torch.equal(captured["block"], captured["alias"])
    assert dict(captured.items()).keys() == {"block", "alias", "whole"}


def test_layers_are_taken_where_their_taps_say_and_those_without_are_left_out(net, run):
    layers = (LayerSpec("lstm", 10, tap=Tap("lstm", 0)), LayerSpec("elsewhere", 3), LayerSpec("all", 10, tap=Tap("")))
    captured = run(net, layers)
    assert list(dict(captured.items())) == ["lstm", "all"]
    assert torch.equal(captured["lstm"], run(net, {"lstm": Tap("lstm", 0)})["lstm"])


@pytest.mark.parametrize("columns", [(7, 2), range(3, 6), []])
def test_a_layer_may_be_some_of_the_columns_in_its_own_order(net, run, columns):
    taps = {"all": Tap("lstm", 0), "some": Tap("lstm", 0, columns=columns)}
    taps |= {"front": Tap("front", axes="BDF"), "third": Tap("front", axes="BDF", columns=(3,))}
    captured = run(net, taps)
    assert torch.equal(captured["some"], captured["all"][:, :, list(columns)])
    assert torch.equal(captured["third"], captured["front"][:, :, 3:])


@pytest.mark.parametrize("column", [10, -1])
def test_a_column_that_is_not_there_is_told(net, run, column):
    with pytest.raises(PluginBroken, match=f"layer 'x': module 'lstm' gave 10 columns, no {column}"):
        run(net, {"x": Tap("lstm", 0, columns=(0, column))})


@pytest.mark.parametrize(
    ("form", "pick"),
    [
        (lambda values: {"hidden": values, "score": 1}, "hidden"),
        (lambda values: Answer(values, values[0]), "hidden"),
        (lambda values: (1, values), 1),
        (lambda values: [values], -1),
        (lambda values: ({"deep": [values]},), lambda output: output[0]["deep"][0]),
        (lambda values: values, None),
    ],
)
def test_one_tensor_is_picked_of_an_output(run, form, pick):
    captured = run(Net(form).eval(), {"whole": Tap(""), "picked": Tap("inner", pick)})
    assert torch.equal(captured["picked"], captured["whole"])


def test_what_goes_in_is_picked_by_position_by_keyword_or_by_a_function(net, run):
    taps = {
        "word": Tap("inner", "values", side="input"),
        "place": Tap("front", 0, side="input", axes="BDF"),
        "made": Tap("", lambda args: args[0][:, :, None], side="input"),
        "whole": Tap(""),
    }
    captured = run(net, taps)
    assert torch.equal(captured["word"], captured["whole"])
    assert torch.equal(captured["place"], captured["made"])


@pytest.mark.parametrize(
    ("form", "tap", "said"),
    [
        (lambda values: (values, 1), Tap("inner"), r"layer 'x': module 'inner': it is a tuple of 2; .*pick="),
        (lambda values: {"a": values}, Tap("inner", "b"), r"output of 'inner' has no 'b'; it is a dict with 'a'"),
        (lambda values: Answer(values, 1), Tap("inner", "b"), r"has no 'b'; it is a Answer"),
        (lambda values: (values,), Tap("inner", 3), r"has no 3; it is a tuple of 1"),
        (lambda values: values, Tap("inner", axes="BD"), r"shape \(2, 8, 10\) where its tap says axes 'BD'"),
        (lambda values: values, Tap("inner", side="input"), r"the input of 'inner' has no 0; it is a tuple of 0"),
    ],
)
def test_what_is_no_tensor_of_the_axes_is_told(run, form, tap, said):
    net = Net(form).eval()
    with pytest.raises(PluginBroken, match=said):
        run(net, {"x": tap})
    assert hooks(net) == 0


def test_an_unknown_module_is_told_with_those_that_are_near_and_known(net):
    with pytest.raises(UnknownName, match=r"module of Net 'front.conf'. Did you mean 'front.conv'.*Known: alias, bl"):
        capture(net, {"good": Tap("block"), "x": Tap("front.conf")}).__enter__()
    assert hooks(net) == 0


def test_a_module_that_was_never_called_is_told(net, run):
    captured = run(net, {"idle": Tap("idle")})
    for read in (captured.__getitem__, captured.calls):
        with pytest.raises(PluginBroken, match="layer 'idle': module 'idle' was never called in this pass"):
            read("idle")
    with pytest.raises(UnknownName, match=r"captured layer 'idol'. Did you mean 'idle'"):
        captured["idol"]


@pytest.mark.parametrize("axes", ["", "B", "BF", "BFDX", "BBD", "bfd"])
def test_axes_are_an_order_of_batch_frames_and_columns(axes):
    with pytest.raises(BadOption, match="expected an order of B, F, D"):
        Tap("x", axes=axes)


def test_outputs_are_not_altered_and_keep_their_gradient(net):
    samples, lengths = torch.rand(2, 10), torch.tensor([8, 8])
    bare = net(samples, lengths)
    with capture(net, {"conv": Tap("front.conv", axes="BDF"), "lstm": Tap("lstm", 0), "whole": Tap("")}) as captured:
        hooked = net(samples, lengths)
    assert torch.equal(bare, hooked)
    assert hooked.requires_grad
    assert not any(values.requires_grad for _, values in captured.items())
    captured["whole"].zero_()
    assert torch.equal(bare, hooked)


def test_hooks_come_off_also_after_an_error_and_nothing_is_kept(net):
    with pytest.raises(ZeroDivisionError), capture(net, {"conv": Tap("front.conv", axes="BDF")}) as captured:
        net.front(torch.rand(2, 1, 10))
        assert captured["conv"].shape == (2, 8, 4)
        assert hooks(net) == 1
        raise ZeroDivisionError
    assert hooks(net) == 0
    with pytest.raises(PluginBroken, match="never called"):
        captured["conv"]


def test_captures_nest_and_overlap(net):
    taps = {"block": Tap("block", call=0)}
    samples, lengths = torch.rand(2, 10), torch.tensor([8, 8])
    with capture(net, taps) as outer:
        net(samples, lengths)
        with capture(net, taps) as inner:
            net(samples + 1, lengths)
        assert hooks(net) == 1
        assert len(outer.calls("block")) == 6
        assert len(inner.calls("block")) == 3
        assert torch.equal(outer.calls("block")[3], inner["block"])
    first, second = capture(net, taps), capture(net, taps)
    one, two = first.__enter__(), second.__enter__()
    first.__exit__(None, None, None)  # the one that came first goes first
    net(samples, lengths)
    second.__exit__(None, None, None)
    assert (hooks(net), len(two.calls("block"))) == (0, 3)
    with pytest.raises(PluginBroken, match="never called"):
        one["block"]


def test_a_hook_of_someone_else_stays(net):
    seen = []
    net.block.register_forward_hook(lambda *_: seen.append(1))
    with capture(net, {"block": Tap("block", call=0)}):
        net.block(torch.rand(1, 1, 10))
    net.block(torch.rand(1, 1, 10))
    assert (len(seen), hooks(net)) == (2, 1)


def test_tensors_go_with_the_pass(net, run):
    captured = run(net, {"whole": Tap("")})
    kept = weakref.ref(captured["whole"])
    assert kept() is not None
    del captured
    gc.collect()
    assert kept() is None


def test_importing_it_loads_no_torch():
    code = "import sys, neuroscope.capture; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
