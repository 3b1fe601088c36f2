"""What ``neuroscope cnn train`` says at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from neuroscope_cnn.training.evaluation import Score
    from neuroscope_cnn.training.running import TrainingResult
    from neuroscope_cnn.training.settings import TrainingSettings


def sentences(trained: TrainingResult, settings: TrainingSettings) -> Iterator[str]:
    """The result of a training as lines for people."""
    yield (
        f"{settings.network}-cnn, {len(trained.classes):,} classes of {settings.label}, {trained.train:,} utterances, "
        f"{trained.steps:,} steps of {settings.batch} crops of {settings.crop} frames"
    )
    for reason, count in trained.left_out.items():
        yield f"left out: {count:,} x {reason}"
    if trained.warning:
        yield f"Warning: {trained.warning}."
    if trained.dev:
        yield f"dev accuracy {_score(trained.dev)}"
    if trained.best:
        step, found = trained.best
        yield f"best at step {step:,}: {_score(found)}"
        yield "The best was chosen on these very utterances: to claim an accuracy, ask others."
    if trained.files:
        vad = f",vad={settings.vad}" if settings.vad else ""
        yield f"--backbone {settings.network}-cnn,checkpoint={trained.files[0]}{vad}"


def record(trained: TrainingResult, settings: TrainingSettings) -> dict[str, Any]:
    """The result of a training as a record for JSON."""
    step, best = trained.best or (None, None)
    return {
        "settings": settings.record(),
        "steps": trained.steps,
        "classes": list(trained.classes),
        "train_utterances": trained.train,
        "left_out": dict(trained.left_out),
        "warning": trained.warning,
        "dev": _fields(trained.dev),
        "best": {"step": step, **(_fields(best) or {})} if best else None,
        "files": [str(file) for file in trained.files],
    }


def _score(found: Score) -> str:
    low, high = found.interval
    return (
        f"{100 * found.accuracy:.1f} % of {found.utterances:,} utterances "
        f"(95 % interval {100 * low:.1f} to {100 * high:.1f})"
    )


def _fields(found: Score | None) -> dict[str, Any] | None:
    if found is None:
        return None
    low, high = found.interval
    share = {"accuracy": found.accuracy, "low": low, "high": high}
    return {**share, "right": found.right, "utterances": found.utterances, "loss": found.loss}
