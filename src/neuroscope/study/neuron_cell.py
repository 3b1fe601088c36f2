"""A cell of the analysis of neurons: which neurons of one backbone know what one task asks."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from neuroscope.contracts import conditions
from neuroscope.contracts.rows import ALL
from neuroscope.data.splitting.grouping import group_by
from neuroscope.errors import BadOption, MissingData
from neuroscope.neuron_analysis.controls import types_of
from neuroscope.neuron_analysis.stability import UnlikeRanking
from neuroscope.neuron_analysis.study import NeuronSettings
from neuroscope.neuron_analysis.study import study as study_neurons
from neuroscope.plugin.selection import choose_unlike
from neuroscope.probing.cell_result import CellResult, joined
from neuroscope.probing.problem_data import ProbeData

if TYPE_CHECKING:
    from collections.abc import Mapping

    from neuroscope.contracts.audio import Manifest
    from neuroscope.contracts.backbone import BackboneSpec
    from neuroscope.contracts.features import Features
    from neuroscope.extraction.identity import PreparedBackbone
    from neuroscope.extraction.session import Workspace
    from neuroscope.plugin.loading import Plugins
    from neuroscope.plugin.registry import Choice
    from neuroscope.probing.runs import Run
    from neuroscope.study.cell_inputs import CellInputs
    from neuroscope.study.settings import StudySettings


def neuron_settings(ranking: str, controls: tuple[str, ...], study: StudySettings, plugins: Plugins) -> NeuronSettings:
    """Build the settings of the analysis; a preset masks with zeros, and chooses the minimal set as the paper did.

    Raises:
        UnknownName: no such ranking.
        BadOption: no such control.
    """
    paper = bool(study.preset)
    ranker = plugins.rankings.choose(ranking).build()
    other = choose_unlike(ranking, plugins)
    unlike = None if other is None else UnlikeRanking(other.text, other.build())
    fill = "zero" if paper else "mean"
    return NeuronSettings(ranker=ranker, controls=controls, fill=fill, paper=paper, unlike=unlike)


def run_neuron_cell(inputs: CellInputs, manifest: Manifest, plugins: Plugins, workspace: Workspace) -> CellResult:
    """Read the vectors, and study the neurons of the chosen layers.

    Args:
        inputs: backbone, task, runs, settings.
        manifest: the utterances that the task is asked of, for the vectors of an untrained twin.
        plugins: with ranking and backbone.
        workspace: how vectors are computed and kept.
    """
    spec, prepared = inputs.spec, inputs.prepared
    layers = inputs.settings.layers_of(prepared)
    chosen = [layer for layer in prepared.in_all if layer in layers] or layers
    ids = [utterance.id for utterance in inputs.labelled.rows.utterances]

    def features_of(one: PreparedBackbone, row_of: Mapping[str, str]) -> Features:
        return one.representation.features(ids, [row_of[each] for each in ids], chosen)

    def of_twin(run: Run) -> Features:
        twin = workspace.prepare(twin_choice(choice, run.seed), plugins, spec.study.pooling)
        extracted, _ = workspace.extract(twin, manifest)
        if missing := [each for each in ids if each not in extracted.rows]:
            raise MissingData(f"{twin.text} has no vectors of {len(missing)} utterances, e.g. {missing[0]}")
        return features_of(twin, extracted.rows)

    choice = plugins.backbones.choose(spec.backbone)
    rows, target = inputs.labelled.rows, inputs.labelled.rows.target
    data = ProbeData(
        layer=ALL if len(chosen) > 1 else chosen[0],
        features=features_of(prepared, inputs.row_of),
        target=target,
        runs=inputs.runs,
        template=inputs.settings.template,
        types=types_of(target.values, group_by(rows, "speaker").groups, inputs.runs.each[0].split.groups),
    )
    found = study_neurons(
        inputs.cell,
        data,
        neuron_settings(spec.ranking, spec.controls, spec.study, plugins),
        untrained=of_twin if conditions.UNTRAINED in spec.controls else None,
        progress=workspace.progress,
    )
    neurons = dict(Counter(unit.layer for unit in data.features.units))
    return joined([found, CellResult(facts={"neurons": neurons})])


def twin_choice(choice: Choice[BackboneSpec], seed: int) -> Choice[BackboneSpec]:
    """Choose the untrained twin of a backbone: the user's own text with ``weights=random`` and the seed."""
    return replace(choice, given={**choice.given, "weights": "random", "seed": seed})


def check_twin(choice: Choice[BackboneSpec]) -> None:
    """Raise BadOption if the backbone has no untrained twin."""
    lacking = [name for name in ("weights", "seed") if name not in choice.entry.options]
    if lacking:
        raise BadOption(f"--control untrained: backbone {choice.name} has no option {' and '.join(lacking)}")
