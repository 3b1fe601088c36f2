"""Gradient descent: step after step, with a look at the held-out utterances now and then."""

from __future__ import annotations

import math
import signal
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch  # noqa: TID253 - this module is imported when a training runs
from torch.nn import functional  # noqa: TID253

from neuroscope import NeuroscopeError
from neuroscope_cnn.checkpoints.safe import SUFFIX, save
from neuroscope_cnn.model.network import full_precision
from neuroscope_cnn.training import state as states
from neuroscope_cnn.training.batches import Batch, CropSampler, ahead, lay_out
from neuroscope_cnn.training.display import TrainingDisplay, display
from neuroscope_cnn.training.evaluation import Score, score
from neuroscope_cnn.training.forward import TrainingNetwork, is_learned

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from neuroscope_cnn.model.architecture import Architecture
    from neuroscope_cnn.training.features import CorpusCepstra
    from neuroscope_cnn.training.labelled import CorpusParts
    from neuroscope_cnn.training.settings import TrainingSettings
    from neuroscope_cnn.training.state import TrainingState

BEST, LAST = f"best{SUFFIX}", f"last{SUFFIX}"
POPULATION = 128  # utterances that the statistics of the batch normalisation are taken of
KEPT_EVERY = 600.0  # seconds, at most, between two states on disk


class Diverged(NeuroscopeError):
    """The error of a training whose loss is no number any more."""


@dataclass(frozen=True)
class TrainingCorpus:
    """Frames of a corpus and how it is divided.

    Attributes:
        frames: of all utterances.
        parts: which of them are learned from, and which are held out.
    """

    frames: CorpusCepstra
    parts: CorpusParts


class Trainer:
    """Trains a network: moves its state on, step after step.

    Args:
        architecture: of the network.
        settings: of the training.
        corpus: what is learned from.
        state: where it begins; it is changed.
        folder: where states and checkpoints go.
        device: where it runs.
    """

    def __init__(
        self,
        architecture: Architecture,
        settings: TrainingSettings,
        corpus: TrainingCorpus,
        state: TrainingState,
        folder: Path,
        device: str,
    ) -> None:
        self._architecture, self._settings, self._corpus = architecture, settings, corpus
        self.state, self._folder, self._device = state, folder, device
        for tensors in (state.weights, state.velocity):
            tensors.update({name: values.to(device) for name, values in tensors.items()})
        self._learned = [name for name in architecture.shapes() if is_learned(name)]
        for name in self._learned:
            state.weights[name].requires_grad_()
        self._network = TrainingNetwork(architecture, state.weights)
        self._parts = corpus.parts
        lengths = corpus.frames.lengths[self._parts.train]
        self._sampler = CropSampler(lengths, settings.batch, settings.crop, settings.seed)

    def run(self, steps: int) -> bool:
        """Go on until so many steps are done; False = the user stopped it earlier.

        Raises:
            Diverged: the loss is no number any more; the last state stays.
        """
        state = self.state
        kept = time.monotonic()
        with (
            full_precision(),
            _stoppable() as stopped,
            display(steps, state.step) as shown,
            ahead(self._batch, state.step, steps) as batches,
        ):
            for batch in batches:
                self._step(batch)
                shown.step(state.step, self._settings.batch, *self._means())
                if state.step % self._settings.every == 0 or state.step == steps:
                    self._look(shown)
                    kept = time.monotonic()
                elif stopped.is_set() or time.monotonic() > kept + KEPT_EVERY:
                    states.write(state, self._folder)
                    kept = time.monotonic()
                if stopped.is_set():
                    break
        return state.step >= steps

    def score(self) -> Score | None:
        """Score the held-out utterances with the weights and statistics as they are; None where there are none."""
        dev, labels = self._parts.dev, self._parts.dev_labels
        if not len(dev):
            return None
        return score(self._architecture, self.state.weights, self._corpus.frames, dev, labels, self._device)

    def _batch(self, step: int) -> Batch:
        return self._laid_out(self._sampler.of_step(step))

    def _laid_out(self, crops: Sequence[tuple[int, int, int]]) -> Batch:
        train, frames = self._parts.train, self._corpus.frames
        values = [frames(int(train[number]), first, last) for number, first, last in crops]
        return lay_out(values, self._parts.train_labels[[number for number, _, _ in crops]])

    def _step(self, batch: Batch) -> None:
        state, settings = self.state, self._settings
        batch = batch.to(self._device)
        logits = self._network(batch)
        loss = functional.cross_entropy(logits, batch.labels)
        value = float(loss.detach())
        if not math.isfinite(value):
            raise Diverged(
                f"the loss is {value} at step {state.step + 1}: lower --learning-rate ({settings.learning_rate:g}). "
                f"{self._folder} keeps the last state before."
            )
        learned = [state.weights[name] for name in self._learned]
        gradients = torch.autograd.grad(loss, learned)
        rate = settings.rate_at(state.step)
        with torch.no_grad():
            for name, weight, gradient in zip(self._learned, learned, gradients, strict=True):
                change = gradient
                if settings.momentum:
                    change = state.velocity[name].mul_(settings.momentum).add_(gradient)
                weight.add_(change, alpha=-rate)
        state.step += 1
        state.losses += value
        state.right += int((logits.argmax(1) == batch.labels).sum())
        state.counted += 1

    def _means(self) -> tuple[float, float]:
        state = self.state
        return state.losses / state.counted, state.right / (state.counted * self._settings.batch)

    def _look(self, shown: TrainingDisplay) -> None:
        """Take the statistics anew, ask the held-out utterances, and write all that is kept."""
        state = self.state
        population = self._laid_out(self._sampler.population(state.step, POPULATION)).to(self._device)
        state.weights.update(self._network.statistics_of(population))
        found = self.score()
        loss, accuracy = self._means()
        record: dict[str, Any] = {
            "step": state.step,
            "loss": loss,
            "accuracy": accuracy,
            "learning_rate": self._settings.rate_at(state.step - 1),
            "dev_accuracy": found.accuracy if found else None,
            "dev_loss": found.loss if found else None,
            "dev_utterances": found.utterances if found else 0,
        }
        state.history.append(record)
        state.losses, state.right, state.counted = 0.0, 0, 0
        if found and (not state.best or found.accuracy > state.best["dev_accuracy"]):
            state.best = {**record, "dev_right": found.right}
            self._keep(BEST, record)
        self._keep(LAST, record)
        states.write(state, self._folder)
        shown.looked(record)

    def _keep(self, name: str, record: dict[str, Any]) -> None:
        settings = self._settings
        weights = {each: self.state.weights[each].detach().cpu().numpy() for each in self._architecture.shapes()}
        more = {key: str(value) for key, value in record.items()} | {"vad": str(settings.vad or "off")}
        save(
            self._folder / name,
            weights,
            architecture=self._architecture,
            mode="valid",
            labels=self._parts.classes,
            n_fft=settings.n_fft,
            source=f"trained by neuroscope cnn train, {settings.label}, step {record['step']}",
            licence="of who trained it",
            more=more,
        )


@contextmanager
def _stoppable() -> Iterator[threading.Event]:
    """Give an event that the first Ctrl-C sets, so that the step under way is whole; the second interrupts as ever.

    Where Ctrl-C is ignored, as in the background of a shell, it stays so.
    """
    stopped = threading.Event()
    ignored = signal.getsignal(signal.SIGINT) in {signal.SIG_IGN, None}
    if ignored or threading.current_thread() is not threading.main_thread():
        yield stopped
        return

    def stop(*_: object) -> None:
        stopped.set()
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield stopped
    finally:
        signal.signal(signal.SIGINT, before)
