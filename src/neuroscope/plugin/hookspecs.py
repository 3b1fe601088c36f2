"""The hooks: a plugin implements those it needs and registers names with them; nothing is built before a user chooses.

The reference page ``docs/reference/hooks.md`` is generated from here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    import typer

    from neuroscope.contracts.audio import Manifest
    from neuroscope.contracts.backbone import BackboneSpec
    from neuroscope.contracts.features import Pooling
    from neuroscope.contracts.probing import Probe, Ranker
    from neuroscope.contracts.task import Task
    from neuroscope.plugin.registry import Registrar

PROJECT = "neuroscope"
API_VERSION = 1
"""The version of hooks, contracts and public names; a plugin's module states which it needs: ``neuroscope_api = 1``."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def register_backbones(register: Registrar[BackboneSpec]) -> None:
    """Register backbones: models to look into.

    ``factory(*, ...) -> BackboneSpec``: cheap and without torch; ``BackboneSpec.load`` is what imports it. Every
    backbone with weights takes ``weights="pretrained"|"random"`` and ``seed``: the untrained twin of the same shape.
    """


@hookspec
def register_datasets(register: Registrar[Manifest]) -> None:
    """Register datasets: readers of corpora.

    ``factory(root: Path, *, ...) -> Manifest``: ``root`` is where the user said, or the default place, which need not
    exist; a reader that finds nothing there raises ``MissingData`` saying what to get and where to put it. A factory
    with the keyword-only parameters ``progress`` or ``cache`` is handed a ``Progress`` that long work is reported to,
    or the cache folder (``Path``), where a reader keeps what took long to find.
    """


@hookspec
def register_tasks(register: Registrar[Task]) -> None:
    """Register tasks: questions, each a declaration of about 20 lines.

    ``factory(*, ...) -> Classification`` asks for the class of an utterance, ``factory(*, ...) -> Verification`` asks
    of two utterances whether one speaker is heard in both.
    """


@hookspec
def register_poolings(register: Registrar[Pooling]) -> None:
    """Register poolings, which turn the frames of an utterance into one vector: ``factory(*, ...) -> Pooling``."""


@hookspec
def register_probes(register: Registrar[Probe]) -> None:
    """Register probes, which are classifiers: ``factory(*, ...)`` -> an unfitted scikit-learn classifier."""


@hookspec
def register_rankings(register: Registrar[Ranker]) -> None:
    """Register rankings, which order the neurons: ``factory(*, ...) -> Ranker``."""


@hookspec
def register_commands(register: Registrar[typer.Typer]) -> None:
    """Register commands of the command line: ``neuroscope NAME``.

    ``factory() -> typer.Typer``, or the text ``package.module:app`` of an application: imported when the command or its
    help is run, and not before; ``neuroscope --help`` shows the summary. ``neuroscope.commands`` has the options about
    data and extraction, the vectors of a representation, and progress.
    """
