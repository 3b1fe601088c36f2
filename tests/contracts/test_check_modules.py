"""The modules that a backbone holds, wherever it holds them, and the hooks on them."""

from functools import partial

import numpy as np
import pytest
import torch

from neuroscope.extraction.contract.modules import held_modules
from neuroscope.testing.inputs.signals import SIGNALS, waveforms
from neuroscope.testing.running.module_hooks import PlannedError, counting, hooks_of


class Holder:
    def __init__(self, thing):
        self.thing = thing


class Slotted:
    __slots__ = ("empty", "thing")

    def __init__(self, thing):
        self.thing = thing


def closed_over(thing):
    later = None

    def call():
        return thing, later, unset

    if later:
        unset = 1
    return call


HOLDERS = {
    "itself": lambda module: module,
    "attribute": Holder,
    "slot": Slotted,
    "list in a dict": lambda module: Holder({"a": [(module,)]}),
    "partial": lambda module: partial(print, module, end=module),
    "method": lambda module: Holder(Holder(module).__init__),
    "closure": lambda module: Holder(closed_over(module)),
}


@pytest.mark.parametrize("hold", HOLDERS.values(), ids=HOLDERS)
def test_modules_are_found_wherever_they_are_held(hold):
    module = torch.nn.Sequential(torch.nn.Linear(2, 2))
    assert {id(each) for each in held_modules(hold(module))} == {id(module), id(module[0])}


def test_an_object_that_holds_itself_and_one_without_modules_end():
    holder = Holder(None)
    holder.thing = [holder, "text", 1, torch.zeros(3), torch, Holder]
    assert held_modules(holder) == []


@pytest.mark.parametrize(
    "register",
    [
        lambda module: module.register_forward_hook(print),
        lambda module: module.register_forward_pre_hook(print),
        lambda module: module.register_full_backward_hook(print),
        lambda module: module.register_full_backward_pre_hook(print),
        lambda module: torch.nn.modules.module.register_module_forward_hook(lambda *given: None),
        lambda module: torch.nn.modules.module.register_module_forward_pre_hook(lambda *given: None),
    ],
)
def test_every_kind_of_hook_is_seen_until_it_is_removed(register):
    module = torch.nn.Linear(2, 2)
    before = hooks_of([module])
    handle = register(module)
    assert len(hooks_of([module]) - before) == 1
    handle.remove()
    assert hooks_of([module]) == before


def test_calls_are_counted_and_one_of_them_fails_on_purpose():
    network = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Tanh())
    before = hooks_of(held_modules(network))
    with counting() as calls:
        network(torch.zeros(1, 2))
    assert calls == [3]
    with pytest.raises(PlannedError), counting(fail_at=2):
        network(torch.zeros(1, 2))
    network(torch.zeros(1, 2))
    assert hooks_of(held_modules(network)) == before


def test_waveforms_are_unequal_the_longest_first_and_the_same_every_time():
    for rate, least in ((16_000, 1), (8_000, 400), (100, 1), (16_000, 50_001)):
        waves = waveforms(rate, least)
        lengths = [len(wave) for wave in waves]
        assert len(waves) == len(SIGNALS)
        assert lengths == sorted(set(lengths), reverse=True)
        assert lengths[-1] >= max(least, 0.6 * rate)
        assert all(wave.dtype == "float32" and np.isfinite(wave).all() and abs(wave).max() < 1.5 for wave in waves)
        assert all(np.array_equal(one, other) for one, other in zip(waves, waveforms(rate, least), strict=True))
        assert [bool(wave.any()) for wave in waves] == [True, False, True, True]
