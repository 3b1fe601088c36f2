"""A whole training, from data to checkpoints: what ``neuroscope cnn train`` runs."""

from __future__ import annotations

import dataclasses
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch  # noqa: TID253

from neuroscope import BadOption, Manifest, commands
from neuroscope_cnn.frontend.framing import min_samples
from neuroscope_cnn.model.architecture import ARCHITECTURES
from neuroscope_cnn.model.weights import random_weights
from neuroscope_cnn.spec import sre_cnn
from neuroscope_cnn.training import state as states
from neuroscope_cnn.training.evaluation import Score
from neuroscope_cnn.training.features import prepare
from neuroscope_cnn.training.forward import is_learned
from neuroscope_cnn.training.labelled import divide, labelled
from neuroscope_cnn.training.state import TrainingState
from neuroscope_cnn.training.trainer import BEST, LAST, Trainer, TrainingCorpus

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from neuroscope_cnn.training.settings import TrainingSettings


@dataclass(frozen=True)
class TrainingResult:
    """What a training gave: steps, classes, scores and checkpoints.

    Attributes:
        finished: whether all steps are done; else the user stopped it.
        steps: that are done.
        classes: names, in the order of the outputs.
        train: utterances that were learned from.
        left_out: reason -> utterances that are in neither part.
        warning: what a reader has to know of the data; empty = nothing.
        dev: of the last checkpoint; None without held-out utterances, and where the user stopped it.
        best: step and score of the best checkpoint.
        files: that hold it.
    """

    finished: bool
    steps: int
    classes: tuple[str, ...]
    train: int
    left_out: Mapping[str, int]
    warning: str
    dev: Score | None
    best: tuple[int, Score] | None
    files: tuple[Path, ...]


def train(
    settings: TrainingSettings,
    steps: int,
    data: commands.Data,
    machine: commands.Machine,
    folder: Path,
    *,
    resume: bool,
) -> TrainingResult:
    """Train a network, or go on with a training.

    Args:
        settings: all that the numbers depend on.
        steps: after which it ends.
        data: whose utterances.
        machine: device, errors, cache.
        folder: for checkpoints, history and state.
        resume: go on with what is there, rather than begin.

    Raises:
        NeuroscopeError: whatever the user can mend.
    """
    _check(machine, steps)
    before = states.read(folder) if resume else None
    if before is not None:
        states.check_same(before.settings, settings.record(), folder)
        if before.step > steps:
            raise BadOption(f"{folder} has {before.step:,} steps done: --steps {steps:,} is behind that")
    elif (folder / states.FILE).exists():
        raise BadOption(_taken(folder, steps))
    manifest = commands.load(data, machine=machine, progress=commands.progress_bar)
    corpus, rows, left_out = _corpus(settings, manifest, machine)
    parts = corpus.parts
    known = settings.record() | {"data": _fingerprint(corpus, rows)}
    architecture = dataclasses.replace(ARCHITECTURES[settings.network], outputs=len(parts.classes))
    if before is None:
        folder.mkdir(parents=True, exist_ok=True)
        before = _begun(random_weights(architecture, settings.seed), known, momentum=bool(settings.momentum))
    else:
        states.check_same(before.settings, known, folder)
    trainer = Trainer(architecture, settings, corpus, before, folder, machine.device)
    finished = trainer.run(steps)
    best = trainer.state.best
    return TrainingResult(
        finished,
        trainer.state.step,
        parts.classes,
        len(parts.train),
        left_out,
        manifest.warning,
        trainer.score() if finished else None,
        (best["step"], Score(best["dev_right"], best["dev_utterances"], best["dev_loss"])) if best else None,
        tuple(folder / name for name in (BEST, LAST) if (folder / name).exists()),
    )


def _check(machine: commands.Machine, steps: int) -> None:
    if steps < 1:
        raise BadOption(f"--steps {steps}: expected a whole number from 1 on")
    if machine.dtype != "float32":
        raise BadOption(f"--dtype {machine.dtype}: a training computes in float32")
    try:
        torch.empty(1, device=machine.device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise BadOption(f"--device {machine.device} cannot be used: {reason}") from None


def _taken(folder: Path, steps: int) -> str:
    done = states.read(folder).step
    how = "it is finished; --resume with more --steps goes on" if done >= steps else "--resume goes on with it"
    return f"{folder} holds a training with {done:,} steps done: {how}. Or name another --out."


def _corpus(
    settings: TrainingSettings, manifest: Manifest, machine: commands.Machine
) -> tuple[TrainingCorpus, list[str], dict[str, int]]:
    """Frames and parts, the rows that the frames came from, and how many utterances are in neither part."""
    asked, absent = labelled(manifest, settings.label)
    failures = machine.failures(len(manifest))
    spec = dataclasses.replace(sre_cnn(weights="random"), min_samples=min_samples(settings.n_fft))
    located = commands.located(Manifest(tuple(asked)), spec, failures, machine=machine, progress=commands.progress_bar)
    usable, frames = prepare(located, settings.n_fft, settings.vad, machine, failures)
    parts = divide([located[each].utterance for each in usable], settings.label, settings.dev, settings.seed)
    left_out = (
        Counter(manifest.left_out)
        + Counter(absent)
        + Counter(each.reason for each in failures.skipped)
        + Counter(parts.left_out)
    )
    return TrainingCorpus(frames, parts), [located[each].row for each in usable], dict(left_out)


def _fingerprint(corpus: TrainingCorpus, rows: list[str]) -> str:
    parts = corpus.parts
    numbers = (np.stack([each, labels]).tolist() for each, labels in _both(corpus))
    return commands.cache_key(rows, list(parts.classes), *numbers)


def _both(corpus: TrainingCorpus) -> list[tuple[Any, Any]]:
    return [(corpus.parts.train, corpus.parts.train_labels), (corpus.parts.dev, corpus.parts.dev_labels)]


def _begun(weights: dict[str, torch.Tensor], settings: dict[str, Any], *, momentum: bool) -> TrainingState:
    learned = [name for name in weights if is_learned(name)]
    velocity = {name: torch.zeros_like(weights[name]) for name in learned} if momentum else {}
    return TrainingState(settings, weights, velocity)
