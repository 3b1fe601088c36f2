"""Settings of a study: what the user said, and what is built from it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from neuroscope.contracts.task import Classification, Verification
from neuroscope.defaults import RUNS
from neuroscope.errors import BadOption, UnknownName
from neuroscope.plugin.selection import choose_preset, choose_probe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from neuroscope.contracts.probing import Probe
    from neuroscope.contracts.task import Task
    from neuroscope.data.sources import LoadedData
    from neuroscope.extraction.identity import PreparedBackbone
    from neuroscope.plugin.loading import Plugins
    from neuroscope.plugin.registry import Choice

_MOST_RUNS = 10_000  # the splits of all of them are in memory
_LARGEST_SEED = 2**32 - 1  # that scikit-learn takes


@dataclass(frozen=True, slots=True, kw_only=True)
class StudySettings:
    """The settings of a study as the user said them: plain values, the same in every process.

    Attributes:
        split: in the grammar of splits; empty = the task's own, else a split column, else unseen speakers.
        layers: names of the layers to read; empty = all.
        pooling: in the component grammar; empty = each layer's own.
        probe: in the component grammar; empty = the preset's or the default.
        preset: ``paper``, ``neurox``, ``neurox-paper``, or empty.
        runs: repetitions.
        seed: of the first; the others follow by one.
    """

    split: str = ""
    layers: tuple[str, ...] = ()
    pooling: str = ""
    probe: str = ""
    preset: str = ""
    runs: int = RUNS
    seed: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.runs <= _MOST_RUNS:
            raise BadOption(f"--runs {self.runs}: expected 1 to {_MOST_RUNS}")
        if not 0 <= self.seed <= _LARGEST_SEED - self.runs + 1:
            raise BadOption(f"--seed {self.seed}: expected 0 to {_LARGEST_SEED}, which the seed of no run may exceed")
        if not all(self.layers):
            raise BadOption(f"--layers {','.join(self.layers)}: a name is empty; leave the option out for all layers")
        if twice := [layer for layer, count in Counter(self.layers).items() if count > 1]:
            raise BadOption(f"--layers names {', '.join(twice)} more than once")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeSettings:
    """The settings of a study together with what they build from the installed plugins.

    Attributes:
        study: what the user said.
        probe: canonical text of the probe.
        template: the unfitted probe.
        one_split: the first run's split serves all runs.
        made_by: version, or digest of the source, of the plugins that the probe and the rankings come from.
    """

    study: StudySettings
    probe: str
    template: Probe
    one_split: bool
    made_by: tuple[str, ...]

    def layers_of(self, prepared: PreparedBackbone) -> list[str]:
        """List the layers to read, in the order of their declaration.

        Raises:
            UnknownName: the backbone lacks one that was asked for.
        """
        known, asked = list(prepared.representation.layers), self.study.layers
        for layer in asked:
            if layer not in known:
                raise UnknownName(f"layer of {prepared.text}", layer, known)
        return [layer for layer in known if not asked or layer in asked]


@dataclass(frozen=True, slots=True, kw_only=True)
class CellSpec:
    """The description of one cell, from which any process can compute it: one backbone, one task, how it is studied.

    Attributes:
        backbone: canonical text.
        task: the same.
        loaded: the utterances.
        study: split, layers, probe, runs, ...
        ranking: canonical text; empty = layers are probed, and no neurons are ranked.
        controls: of the study of neurons.
    """

    backbone: str
    task: str
    loaded: LoadedData
    study: StudySettings
    ranking: str = ""
    controls: tuple[str, ...] = ()


def resolve(study: StudySettings, plugins: Plugins) -> ProbeSettings:
    """Build the probe, with the preset beneath what the user wrote.

    Raises:
        UnknownName: no such preset, probe or option.
    """
    preset = choose_preset(study.preset)
    probe = choose_probe(study.probe, preset, plugins)
    one_split = preset is not None and preset.one_split
    entries = [probe.entry, *plugins.rankings]
    made_by = tuple(sorted({plugins.owner(each).identity for each in entries}))
    return ProbeSettings(study=study, probe=probe.text, template=probe.build(), one_split=one_split, made_by=made_by)


def choose_tasks(texts: Sequence[str], plugins: Plugins) -> dict[str, Classification]:
    """Choose the tasks, each once, by canonical text; the one place that refuses tasks without classes.

    Raises:
        BadOption: no task, or one that asks trials.
        UnknownName: no such task or option.
    """
    if not texts:
        raise BadOption("no task: name one with --task (`neuroscope list tasks`)")
    return {choice.text: _build_classification(choice) for choice in map(plugins.tasks.choose, texts)}


def _build_classification(choice: Choice[Task]) -> Classification:
    task = choice.build()
    if isinstance(task, Verification):
        raise BadOption(
            f"task {choice.text} asks trials, not classes; name a task with classes, e.g. --task label:COLUMN "
            f"(`neuroscope list tasks`)"
        )
    return task
