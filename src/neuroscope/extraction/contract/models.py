"""The loaded models of a backbone, each of which runs one batch at a time."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Condition
from typing import TYPE_CHECKING

from neuroscope.errors import BadOption
from neuroscope.extraction.contract.blocks import load_backbone

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch.nn import Module

    from neuroscope.contracts.backbone import Backbone, BackboneSpec


class Models:
    """Loaded models, one for each batch that runs at the same time: a stranger's model may keep a state between calls.

    Batches wait for each other where a second model is not one of its own: where loading gives the same modules again,
    or where the first batch, which runs alone, calls modules that the model does not hold. Equal weights of several
    models are held once.

    Args:
        spec: loads them.
        device: where they run.
    """

    def __init__(self, spec: BackboneSpec, device: str) -> None:
        self._spec, self._device = spec, device
        self._loaded: list[Backbone] = []
        self._idle: list[Backbone] = []
        self._tried = self._only_one = False
        self._change = Condition()

    @contextmanager
    def free(self) -> Iterator[Backbone]:
        """Lend a model that nobody uses, loaded where there is none."""
        with self._change:
            while not self._idle:
                if self._loaded and (self._only_one or not self._tried):
                    self._change.wait()
                else:
                    self._load()
            model = self._idle.pop()
        try:
            if self._tried:
                yield model
            else:
                with self._on_trial(model):
                    yield model
        finally:
            with self._change:
                self._idle.append(model)
                self._change.notify_all()

    @contextmanager
    def _on_trial(self, model: Backbone) -> Iterator[None]:
        """Look whether the first batch calls modules that the model does not hold, and in which mode they are."""
        from neuroscope.extraction.contract.modules import calls_noted, check_evaluation_mode, held_modules

        try:
            with calls_noted() as called:
                yield
            check_evaluation_mode(list(called.values()))
        finally:
            with self._change:
                self._only_one |= bool(called.keys() - {id(module) for module in held_modules(model)})
                self._tried = True

    def _load(self) -> None:
        from neuroscope.extraction.contract.modules import check_evaluation_mode, held_modules

        if not self._loaded:
            _check_device(self._device)
        model = load_backbone(self._spec, self._device)
        check_evaluation_mode(model)
        modules = held_modules(model)
        known = {id(part) for each in self._loaded for part in (each, *held_modules(each))}
        if known & {id(part) for part in (model, *modules)}:
            self._only_one = True
            return
        if self._loaded:
            _share_weights(held_modules(self._loaded[0]), modules)
        self._loaded.append(model)
        self._idle.append(model)


def _share_weights(first: Sequence[Module], second: Sequence[Module]) -> None:
    """Let the weights of the second model's modules be those of the first's in memory, where they are equal."""
    from torch import equal

    ours, theirs = ([weight for each in held for weight in each.parameters(recurse=False)] for held in (first, second))
    for own, weight in zip(ours, theirs, strict=False):
        if own.dtype == weight.dtype and equal(own, weight):
            weight.data = own.data


def _check_device(device: str) -> None:
    """Raise BadOption where torch knows no such device, or has none here."""
    import torch

    try:
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:  # AssertionError: torch was built without the device's support
        here = ["cpu", *(f"cuda:{number}" for number in range(torch.cuda.device_count()))]
        reason = str(error).splitlines()[0]
        raise BadOption(f"--device {device}: {reason}. Known here: {', '.join(here)}") from None
