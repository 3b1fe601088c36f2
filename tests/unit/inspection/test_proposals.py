"""A network's modules as they run on noise: their axes, how often they are called, and the layers that are proposed."""

import signal

import pytest
import torch
from torch import nn

from neuroscope.capture import capture
from neuroscope.errors import BadOption
from neuroscope.inspection.passes import run
from neuroscope.inspection.proposals import declaration, propose, seen_modules


class Blocks(nn.Module):
    """A stack of blocks behind a convolution, as most encoders are."""

    def __init__(self):
        super().__init__()
        self.front = nn.Conv1d(1, 8, 400, stride=160)
        self.dropout = nn.Dropout(0.5)
        self.layers = nn.ModuleList(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True) for _ in range(3))
        self.top = nn.Linear(8, 5)
        self.unused = nn.Linear(8, 2)

    def forward(self, samples):
        values = self.dropout(self.front(samples[:, None]).mT)
        for layer in self.layers:
            values = layer(values)
        return self.top(values.mean(1))


class Recurrent(nn.Module):
    """Time before the batch, a state beside the sequence, and lengths that are asked for."""

    def __init__(self):
        super().__init__()
        self.front = nn.Linear(160, 6)
        self.lstm = nn.LSTM(6, 4)

    def forward(self, samples, lengths):
        frames = samples.unfold(1, 160, 160).transpose(0, 1)
        packed = nn.utils.rnn.pack_padded_sequence(self.front(frames), lengths // 160, enforce_sorted=False)
        return self.lstm(packed)


class InChannels(nn.Module):
    """Takes ``[B, 1, samples]`` alone; with ``[1, samples]`` its convolution would take the batch for a channel."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(1, 8, 10, stride=5)

    def forward(self, samples):
        return {"hidden": self.conv(samples), "count": 3}


class Window(nn.Module):
    """As much as its window is long, and nothing else."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(4, 6, 3, stride=2, padding=1)

    def forward(self, features):
        if features.shape[-1] != 100:
            raise ValueError("expected 100 frames")
        return self.conv(features).mT


class ByBlock(nn.Module):
    """A block after another, each through the same module."""

    def __init__(self):
        super().__init__()
        self.cell = nn.Linear(4000, 3)

    def forward(self, samples):
        return torch.stack([self.cell(block) for block in samples.split(4000, 1)], 1)


def looked_into(net, shape=(), time=-1, rate=16_000):
    net.eval()
    passes = run(net, rate, shape, time)
    seen = seen_modules(net, passes)
    return passes, {each.name: each for each in seen}, propose(net, seen)


def test_the_blocks_of_a_stack_are_layers_and_what_does_nothing_or_is_not_called_is_none():
    _, seen, layers = looked_into(Blocks())
    assert [layer.name for layer in layers] == ["front", "layers.0", "layers.1", "layers.2", "top"]
    assert seen["unused"].calls == 0
    assert "layers" not in seen  # a list of modules is no module that could be called
    assert seen["dropout"].passes_on
    assert (seen["front"].axes, seen["front"].shape, seen["front"].frames) == ("BDF", (1, 8, 98), 100)
    assert (seen["layers.1"].axes, seen["layers.1"].width) == ("BFD", 8)
    assert (seen["top"].axes, seen["top"].width) == ("BD", 5)


@pytest.mark.parametrize(("net", "shape"), [(Blocks, ()), (Recurrent, ()), (InChannels, ()), (Window, (1, 4, 100))])
def test_a_proposed_tap_is_where_the_layer_can_be_captured(net, shape):
    network = net().eval()
    passes, _, layers = looked_into(network, shape)
    size = (3, *passes.shape[1:])
    lengths = {"lengths": torch.full((3,), size[-1])} if net is Recurrent else {}
    assert layers
    with torch.inference_mode(), capture(network, layers) as captured:
        network(torch.randn(size), **lengths)
    for layer in layers:
        assert captured[layer.name].shape[::2] == (3, layer.width), layer.name


def test_time_before_the_batch_a_tuple_and_a_packed_sequence_are_seen():
    _, seen, layers = looked_into(Recurrent())
    assert (seen["front"].axes, seen["front"].shape) == ("FBD", (100, 1, 6))
    assert (seen["lstm"].pick, seen["lstm"].axes) == (0, "BFD")
    assert [declaration(layer) for layer in layers] == [
        'LayerSpec("front", 6, tap=Tap("front", axes="FBD")),',
        'LayerSpec("lstm", 4, tap=Tap("lstm", pick=0)),',
    ]


def test_a_batch_is_not_taken_for_a_channel():
    passes, seen, _ = looked_into(InChannels())
    assert passes.shape == (1, 1, 16_000)
    assert (seen["conv"].axes, seen["conv"].shape[1]) == ("BDF", 8)
    assert (seen[""].pick, seen[""].axes) == ("hidden", "BDF")


def test_a_network_of_one_length_is_said_to_be_that():
    passes, seen, layers = looked_into(Window(), (1, 4, 100))
    assert passes.longer is None
    assert "expected 100 frames" in passes.refusal
    assert (seen["conv"].axes, seen["conv"].frames, seen[""].axes) == ("BDF", None, "BFD")  # both a guess
    assert [(layer.name, layer.width) for layer in layers] == [("conv", 6)]


def test_a_network_that_goes_block_by_block_has_one_layer_of_all_calls():
    _, seen, layers = looked_into(ByBlock())
    assert seen["cell"].calls == 4
    assert seen["cell"].by_block
    assert [layer.tap.call for layer in layers] == [None]


def test_a_network_that_takes_no_noise_is_told_with_what_was_tried():
    with pytest.raises(BadOption, match=r"--input.*\[2, 16000\]: RuntimeError"):
        run(nn.Linear(3, 4), 16_000)

    class Two(nn.Module):
        def forward(self, samples, mask):
            return samples * mask

    with pytest.raises(BadOption, match="asks for mask, too") as told:
        run(Two(), 16_000)
    assert str(told.value).count("asks for") == 1
    assert "--input" not in str(told.value)


@pytest.mark.parametrize("error", [SystemExit(0), SystemExit(), KeyboardInterrupt(), ValueError("no\nroom")])
def test_however_a_forward_ends_by_itself_it_is_told_in_one_line(error):
    class Ends(nn.Module):
        def forward(self, samples):
            raise error

    with pytest.raises(BadOption, match=rf"\[2, 16000\]: {type(error).__name__}") as told:
        run(Ends(), 16_000)
    assert len(str(told.value).splitlines()) == 1


def test_an_end_that_the_user_or_the_system_asks_for_is_one():
    class Terminated(KeyboardInterrupt):
        pass

    class Slow(nn.Module):
        def __init__(self, stop):
            super().__init__()
            self.stop = stop

        def forward(self, samples):
            self.stop()

    def ended():
        raise Terminated

    with pytest.raises(KeyboardInterrupt):
        run(Slow(lambda: signal.raise_signal(signal.SIGINT)), 16_000)
    with pytest.raises(Terminated):
        run(Slow(ended), 16_000)


class Squeezing(nn.Module):
    """Drops the batch's axis where that is 1, and then raises an error of its own, or torch's."""

    def __init__(self, error=None):
        super().__init__()
        self.conv, self.error = nn.Conv1d(1, 8, 10, stride=5), error

    def forward(self, samples):
        values = self.conv(samples[:, None]).squeeze()
        if values.ndim != 3 and self.error:
            raise self.error
        return values.transpose(1, 2)


@pytest.mark.parametrize("error", [None, SystemExit(0)])
def test_a_network_that_takes_two_utterances_and_not_one_is_told(error):
    told = r"takes two utterances, \[2, 16000\], and not one alone, \[1, 16000\]: (IndexError|SystemExit)"
    with pytest.raises(BadOption, match=told):
        run(Squeezing(error), 16_000)


class Growing(nn.Module):
    """Makes modules when it runs: one in the first pass, and one more in each."""

    def __init__(self):
        super().__init__()
        self.more = nn.ModuleList()

    def forward(self, samples):
        if not hasattr(self, "late"):
            self.late = nn.Conv1d(1, 8, 400, stride=160)
        self.more.append(nn.Linear(8, 8))
        return self.more[-1](self.late(samples[:, None]).mT)


def test_modules_that_are_made_in_forward_are_seen():
    _, seen, layers = looked_into(Growing())
    assert (seen["late"].axes, seen["late"].frames) == ("BDF", 100)
    assert seen["more.3"].calls == 0  # the last pass made it
    assert [layer.name for layer in layers] == ["late"]


def test_a_module_that_is_made_after_the_first_pass_is_seen_too():
    class Later(nn.Module):
        def __init__(self):
            super().__init__()
            self.front, self.runs = nn.Linear(160, 8), 0

        def forward(self, samples):
            self.runs += 1
            if self.runs == 2:
                self.late = nn.Linear(8, 8)
            values = self.front(samples.unfold(1, 160, 160))
            return self.late(values) if self.runs > 1 else values

    _, seen, _ = looked_into(Later())
    assert (seen["late"].calls, seen["late"].shape) == (1, (1, 100, 8))


class ColumnsLast(nn.Module):
    """``[B, F, 32]``, and no other number of columns."""

    def __init__(self):
        super().__init__()
        self.proj = nn.Linear(32, 6)

    def forward(self, features, lengths):
        assert lengths.tolist() == [features.shape[1]] * len(features)
        return self.proj(features)


def test_the_time_axis_need_not_be_the_last():
    passes, seen, _ = looked_into(ColumnsLast(), (1, 50, 32), time=1)
    assert not passes.refusal
    assert (seen["proj"].axes, seen["proj"].frames) == ("BFD", 50)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_what_is_longer_is_longer_and_frames_are_counted_by_what_was_added(size):
    passes, seen, _ = looked_into(ColumnsLast(), (1, size, 32), time=1)
    assert passes.longer["proj"][0].shapes[None][1] > size
    assert seen["proj"].frames == size


def test_a_rate_of_one_makes_a_longer_pass_too():
    class Each(nn.Module):
        def __init__(self):
            super().__init__()
            self.proj = nn.Linear(1, 4)

        def forward(self, samples):
            return self.proj(samples[..., None])

    _, seen, _ = looked_into(Each(), rate=1)
    assert (seen["proj"].axes, seen["proj"].frames) == ("BFD", 1)


def test_looking_leaves_no_hook_and_no_random_state_behind():
    net = Blocks().eval()
    state = torch.random.get_rng_state()
    looked_into(net)
    assert not any(module._forward_hooks for module in net.modules())
    assert torch.equal(torch.random.get_rng_state(), state)
