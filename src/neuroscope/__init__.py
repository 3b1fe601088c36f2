"""neuroscope: what has a speech model learned, in which layers, in which neurons.

The public names are loaded when they are first used, so that importing neuroscope costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neuroscope.contracts.audio import Manifest, Trial, Utterance, WaveBatch
    from neuroscope.contracts.backbone import (
        Backbone,
        BackboneSpec,
        BackboneWithNetwork,
        Frames,
        LayerSpec,
        Origin,
        Tap,
    )
    from neuroscope.contracts.features import Features, Pooling, PoolingState, Unit
    from neuroscope.contracts.probing import Labels, Probe, Problem, Ranker, Ranking
    from neuroscope.contracts.progress import Progress
    from neuroscope.contracts.rows import Row
    from neuroscope.contracts.target import Target
    from neuroscope.contracts.task import Classification, Split, Subsample, Task, Verification
    from neuroscope.data.places import Data
    from neuroscope.errors import (
        BadAudio,
        BadManifest,
        BadOption,
        BadSplit,
        BadVectors,
        DuplicateName,
        MissingData,
        MissingDependency,
        NeuroscopeError,
        PluginBroken,
        StoreMismatch,
        TooManyFailures,
        UnknownName,
    )
    from neuroscope.plugin.hookspecs import API_VERSION, hookimpl
    from neuroscope.plugin.loading import Plugins
    from neuroscope.plugin.registry import Member, Registrar, require
    from neuroscope.workflows.face import describe, extract, neurons, probe

_HOMES = {
    "neuroscope.contracts.audio": "Manifest Trial Utterance WaveBatch",
    "neuroscope.contracts.backbone": "Backbone BackboneSpec BackboneWithNetwork Frames LayerSpec Origin Tap",
    "neuroscope.contracts.features": "Features Pooling PoolingState Unit",
    "neuroscope.contracts.probing": "Labels Probe Problem Ranker Ranking",
    "neuroscope.contracts.progress": "Progress",
    "neuroscope.contracts.rows": "Row",
    "neuroscope.contracts.target": "Target",
    "neuroscope.contracts.task": "Classification Split Subsample Task Verification",
    "neuroscope.data.places": "Data",
    "neuroscope.errors": "BadAudio BadManifest BadOption BadSplit BadVectors DuplicateName MissingData "
    "MissingDependency NeuroscopeError PluginBroken StoreMismatch TooManyFailures UnknownName",
    "neuroscope.plugin.hookspecs": "API_VERSION hookimpl",
    "neuroscope.plugin.loading": "Plugins",
    "neuroscope.plugin.registry": "Member Registrar require",
    "neuroscope.workflows.face": "describe extract neurons probe",
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = [
    "API_VERSION",
    "Backbone",
    "BackboneSpec",
    "BackboneWithNetwork",
    "BadAudio",
    "BadManifest",
    "BadOption",
    "BadSplit",
    "BadVectors",
    "Classification",
    "Data",
    "DuplicateName",
    "Features",
    "Frames",
    "Labels",
    "LayerSpec",
    "Manifest",
    "Member",
    "MissingData",
    "MissingDependency",
    "NeuroscopeError",
    "Origin",
    "PluginBroken",
    "Plugins",
    "Pooling",
    "PoolingState",
    "Probe",
    "Problem",
    "Progress",
    "Ranker",
    "Ranking",
    "Registrar",
    "Row",
    "Split",
    "StoreMismatch",
    "Subsample",
    "Tap",
    "Target",
    "Task",
    "TooManyFailures",
    "Trial",
    "Unit",
    "UnknownName",
    "Utterance",
    "Verification",
    "WaveBatch",
    "describe",
    "extract",
    "hookimpl",
    "neurons",
    "probe",
    "require",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'neuroscope' has no attribute '{name}'")
    return getattr(importlib.import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
