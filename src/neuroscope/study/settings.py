"""What the workflows that analyse have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroscope.contracts.task import Classification, Verification
from neuroscope.errors import BadOption
from neuroscope.study.probe_cell import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from neuroscope.contracts.probing import Probe
    from neuroscope.contracts.task import Task
    from neuroscope.defaults import Preset
    from neuroscope.plugin.loading import Plugins
    from neuroscope.plugin.registry import Choice


def choose_tasks(texts: Sequence[str], plugins: Plugins) -> dict[str, Classification]:
    """Canonical text -> task, each once; the one place that keeps tasks without classes from what needs classes.

    Raises:
        BadOption: no task, or one that asks trials.
        UnknownName: no such task or option.
    """
    if not texts:
        raise BadOption("no task: name one with --task (`neuroscope list tasks`)")
    return {choice.text: _with_classes(choice) for choice in map(plugins.tasks.choose, texts)}


def _with_classes(choice: Choice[Task]) -> Classification:
    task = choice.build()
    if isinstance(task, Verification):
        raise BadOption(
            f"task {choice.text} asks trials, not classes; name a task with classes, e.g. --task label:COLUMN "
            f"(`neuroscope list tasks`)"
        )
    return task


def settings_of(
    probe: Choice[Probe], chosen: Preset | None, preset: str, layers: Sequence[str], runs: int, seed: int
) -> Settings:
    """What is the same for every cell."""
    return Settings(
        probe=probe.text,
        template=probe.build(),
        layers=tuple(layers),
        preset=preset,
        one_split=chosen is not None and chosen.one_split,
        runs=runs,
        seed=seed,
    )
