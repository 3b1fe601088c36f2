"""Runs of a backbone as the core runs it, and the frames that came, utterance by utterance."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import torch  # noqa: TID253 - this module is imported when a backbone is checked
from numpy.typing import NDArray

from neuroscope.audio import waveforms as waves
from neuroscope.contracts.backbone import BackboneSpec, Frames
from neuroscope.errors import BadOption, NeuroscopeError
from neuroscope.extraction.contract.blocks import blocks_of, load_backbone
from neuroscope.extraction.contract.modules import held_modules
from neuroscope.runtime.files import cache_folder
from neuroscope.store.names import NamedVectorsSpec
from neuroscope.store.representations import Store
from neuroscope.testing.cases import NotApplicable
from neuroscope.testing.inputs.signals import waveforms
from neuroscope.testing.running.module_hooks import hooks_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from neuroscope.contracts.audio import WaveBatch
    from neuroscope.contracts.backbone import Backbone
    from neuroscope.contracts.features import Pooling
    from neuroscope.data.places import Data
    from neuroscope.plugin.loading import Plugins
    from neuroscope.plugin.registry import Choice, Registry

Heard: TypeAlias = dict[str, NDArray[np.float64]]
"""Layer -> the frames of one utterance that are real, of all blocks, ``[frames, width]``."""


@dataclass(frozen=True, slots=True)
class Run:
    """One call of ``extract``: the batch, and the blocks as they came."""

    batch: WaveBatch
    blocks: tuple[Mapping[str, Frames], ...]

    @property
    def utterances(self) -> list[Heard]:
        """The frames of each utterance, in the batch's order."""
        names = list(dict.fromkeys(name for block in self.blocks for name in block))
        return [
            {name: _joined([block[name] for block in self.blocks if name in block], row) for name in names}
            for row in range(len(self.batch.lengths))
        ]


def run(backbone: Backbone, waveforms: Sequence[NDArray[np.float32]], mode: AbstractContextManager[None]) -> Run:
    """Run waveforms side by side, in a mode of torch; they are copied, so that nobody changes them."""
    batch = waves.batch([wave.copy() for wave in waveforms])
    with mode:
        return Run(batch, tuple(_kept(block) for block in blocks_of(backbone, batch)))


def hear(backbone: Backbone, waveforms: Sequence[NDArray[np.float32]]) -> Run:
    """Run waveforms side by side as the core does."""
    return run(backbone, waveforms, torch.inference_mode())


@dataclass(eq=False)
class Subject:
    """A backbone that is checked, loaded once for all checks that need no fresh one."""

    choice: Choice[BackboneSpec]
    spec: BackboneSpec
    poolings: Registry[Pooling]
    _model: Any = field(default=None, init=False)
    _runs: tuple[Run, ...] = field(default=(), init=False)
    _alone: tuple[Run, ...] = field(default=(), init=False)

    @cached_property
    def load_error(self) -> str:
        """Why the model cannot be loaded; empty = it is."""
        try:
            self._model = load_backbone(self.spec, "cpu")
        except NeuroscopeError as error:
            return str(error)
        return ""

    @cached_property
    def run_error(self) -> str:
        """Why what the model yields cannot be looked at, alone or side by side; empty = it can."""
        _ = self.loaded
        try:
            self._alone = hear_all(self._model, self.waveforms)
            self._runs = self.run_all(self._model)
        except NeuroscopeError as error:
            return str(error)
        return ""

    @cached_property
    def loaded(self) -> tuple[Backbone, list[torch.nn.Module], set[tuple[str, int]]]:
        """The model, the modules that it holds, and the hooks on them before it first ran.

        Raises:
            NotApplicable: it cannot be loaded, which is another check's.
        """
        if self.load_error:
            raise NotApplicable("the model does not load (check loads)")
        modules = held_modules(self._model)
        return self._model, modules, hooks_of(modules)

    @property
    def model(self) -> Backbone:
        """The running model.

        Raises:
            NotApplicable: it cannot be loaded or run, which is another check's.
        """
        if self.run_error:
            raise NotApplicable("the model does not run (check runs)")
        return self.loaded[0]

    @cached_property
    def waveforms(self) -> tuple[NDArray[np.float32], ...]:
        """Four utterances, the longest first."""
        return waveforms(self.spec.sample_rate, self.spec.min_samples)

    @property
    def runs(self) -> tuple[Run, ...]:
        """The runs over all utterances, each of which is in one."""
        _ = self.model
        return self._runs

    @cached_property
    def heard(self) -> list[Heard]:
        """The frames of each utterance in ``runs``."""
        return [each for one in self.runs for each in one.utterances]

    @cached_property
    def alone(self) -> list[Heard]:
        """The frames of each utterance when it runs on its own."""
        _ = self.model
        return [each for one in self._alone for each in one.utterances]

    def run_all(self, model: Backbone) -> tuple[Run, ...]:
        """Run a model as the core does: side by side, or one at a time where the spec says that padding leaks."""
        return (hear(model, self.waveforms),) if self.spec.batchable else hear_all(model, self.waveforms)

    def with_weights(self, weights: str, seed: int) -> BackboneSpec:
        """Build the spec of the same backbone with other weights."""
        return replace(self.choice, given={**self.choice.given, "weights": weights, "seed": seed}).build()

    def skip_unless_weights(self) -> None:
        """Raise NotApplicable where the backbone has no option ``weights``."""
        if "weights" not in self.choice.entry.options:
            raise NotApplicable("it has no option weights: a backbone without weights has no untrained twin")


def subject(text: str, data: Data | None, plugins: Plugins) -> Subject:
    """Build the spec; nothing is loaded yet.

    Raises:
        UnknownName: no such backbone or option.
        BadOption: there is no model behind it.
        PluginBroken: its factory makes no spec, or fails with an error that says nothing to a user.
    """
    del data
    choice = plugins.backbones.choose(text)
    spec = choice.build(store=Store(cache_folder() / "store"))
    if isinstance(spec, NamedVectorsSpec):
        raise BadOption(f"{choice.text} holds vectors that were computed elsewhere: there is no model to check")
    return Subject(choice, spec, plugins.poolings)


def hear_all(model: Backbone, waves: tuple[NDArray[np.float32], ...]) -> tuple[Run, ...]:
    """Run each utterance on its own."""
    return tuple(hear(model, [wave]) for wave in waves)


def _kept(block: Mapping[str, Frames]) -> dict[str, Frames]:
    """Copy a block: a model may write the next block where this one was."""
    return {name: Frames(frames.values.clone(), frames.lengths.clone()) for name, frames in block.items()}


def _joined(frames: Sequence[Frames], row: int) -> NDArray[np.float64]:
    parts = [each.values[row, : int(each.lengths[row])].detach().double().cpu().numpy() for each in frames]
    return np.concatenate(parts)
