"""Neurons that are set while a network runs: those alone, for whoever reads them, and nothing is left behind."""

from collections import OrderedDict, namedtuple
from dataclasses import dataclass

import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from neuroscope.contracts.backbone import Tap
from neuroscope.errors import BadOption, PluginBroken, UnknownName
from neuroscope.extraction.capture import capture
from neuroscope.extraction.change import changed


@dataclass(frozen=True)
class Frozen:
    hidden: torch.Tensor
    score: int = 1


class CountedKeys(OrderedDict):
    """Takes a number for the key at that place, as the outputs of transformers do."""

    def __getitem__(self, key):
        return list(self.values())[key] if isinstance(key, int) else super().__getitem__(key)


Pair = namedtuple("Pair", "hidden score")


class Inner(torch.nn.Module):
    def __init__(self, form):
        super().__init__()
        self.form = form

    def forward(self, values):
        return self.form(values)


class Net(torch.nn.Module):
    """A module that is called twice, with its own input beside it."""

    def __init__(self, form=lambda values: values, part=lambda output: output):
        super().__init__()
        self.inner, self.part = Inner(form), part

    def forward(self, values):
        for _ in range(2):
            values = values + 2 * self.part(self.inner(values))
        return values


VALUES = torch.arange(12.0).view(2, 3, 2)


def through(net, tap, neurons):
    with torch.inference_mode(), changed(net, tap, neurons):
        return net(VALUES)


def expected(values, calls=(0, 1), column=1, value=100.0):
    for call in range(2):
        inner = values.clone()
        if call in calls:
            inner[..., column] = value
        values = values + 2 * inner
    return values


@pytest.mark.parametrize(
    ("form", "part", "pick"),
    [
        (lambda v: v, lambda o: o, None),
        (lambda v: (v, 1), lambda o: o[0], 0),
        (lambda v: (1, v), lambda o: o[1], -1),
        (lambda v: [1, v], lambda o: o[1], 1),
        (lambda v: Pair(v, 1), lambda o: o.hidden, "hidden"),
        (lambda v: Pair(v, 1), lambda o: o.hidden, 0),
        (lambda v: torch.max(v[..., None], -1), lambda o: o.values, 0),
        (lambda v: {"hidden": v, "score": 1}, lambda o: o["hidden"], "hidden"),
        (lambda v: CountedKeys(score=1, hidden=v), lambda o: o["hidden"], 1),
        (Frozen, lambda o: o.hidden, "hidden"),
    ],
)
def test_a_neuron_is_set_in_every_frame_whatever_it_stands_in(form, part, pick):
    assert torch.equal(through(Net(form, part), Tap("inner", pick), {1: 100.0}), expected(VALUES))


def test_what_goes_into_the_module_is_not_touched():
    before = VALUES.clone()
    through(Net(), Tap("inner"), {0: 5.0, 1: 6.0})
    assert torch.equal(VALUES, before)


@pytest.mark.parametrize("call", [0, 1, 2])
def test_the_call_that_the_tap_names_is_changed_alone(call):
    net, tap = Net(), Tap("inner", call=call)
    for _ in range(2):  # each ``with`` counts anew
        assert torch.equal(through(net, tap, {1: 100.0}), expected(VALUES, calls=(call,)))


@pytest.mark.parametrize("axes", ["BFD", "FBD", "BDF"])
def test_neurons_are_where_the_axes_and_columns_say(axes):
    form = lambda v: v.permute([("BFD").index(axis) for axis in axes])
    back = lambda v: v.permute([axes.index(axis) for axis in "BFD"])
    net = Net(form, back)
    assert torch.equal(through(net, Tap("inner", axes=axes), {1: 100.0}), expected(VALUES))
    assert torch.equal(through(net, Tap("inner", axes=axes, columns=(1,)), {0: 100.0}), expected(VALUES))


def test_a_packed_sequence_stays_one():
    def pack(values):
        return pack_padded_sequence(values, torch.tensor([1, 3]), batch_first=True, enforce_sorted=False)

    net, tap = Net(pack, lambda o: pad_packed_sequence(o, batch_first=True)[0]), Tap("inner", call=0)
    with torch.inference_mode(), changed(net, tap, {1: 100.0}), capture(net, {"x": tap}) as captured:
        net(VALUES)
    assert captured["x"][..., 1].tolist() == [[100.0, 0.0, 0.0], [100.0, 100.0, 100.0]]
    assert torch.equal(captured["x"][1, :, 0], VALUES[1, :, 0])


@pytest.mark.parametrize(
    ("tap", "why"),
    [
        (Tap("inner", side="input"), "may go elsewhere"),
        (Tap("inner", lambda values: values), "a function makes"),
        (Tap("inner", call=-1), "the last is known when"),
    ],
)
def test_a_tap_that_can_only_be_read_is_refused(tap, why):
    assert why in tap.read_only
    with pytest.raises(BadOption, match=f"module 'inner' cannot be changed .*{why}"):
        through(Net(), tap, {0: 1.0})


@pytest.mark.parametrize(
    ("tap", "error", "message"),
    [
        (Tap("iner"), UnknownName, "Did you mean 'inner'"),
        (Tap("inner", axes="BD"), PluginBroken, "module 'inner' gives no tensor of axes 'BD'"),
        (Tap("inner", "hidden"), PluginBroken, "has no 'hidden'"),
        (Tap("inner", columns=(0,)), PluginBroken, "module 'inner' gives 1 neurons, no 1"),
        (Tap("inner", columns=(0, 5)), PluginBroken, "module 'inner' gives 2 columns, no 5"),
    ],
)
def test_what_is_not_there_is_told_and_no_hook_is_left(tap, error, message):
    net = Net()
    with pytest.raises(error, match=message):
        through(net, tap, {1: 1.0})
    assert not net.inner._forward_hooks
    assert torch.equal(net(VALUES), expected(VALUES, calls=()))
