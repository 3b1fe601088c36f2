"""The trials that a task asks of a manifest: read from its list, or made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroscope.data.trials.lists import TrialList, read_trials
from neuroscope.plugin.failures import failures_told

if TYPE_CHECKING:
    from neuroscope.contracts.audio import Manifest
    from neuroscope.contracts.task import Verification


def ask_trials(text: str, task: Verification, manifest: Manifest) -> TrialList:
    """Return the trials that a task asks of a manifest, and how many of its list are of other utterances.

    Args:
        text: canonical text of the task.
        task: has the list, or makes the trials.
        manifest: whose utterances they are of.

    Raises:
        MissingData: there is no such list.
        BadManifest: the list cannot be used, or no trial can be made.
        PluginBroken: the task fails otherwise.
    """
    if task.trial_list is not None:
        return read_trials(task.trial_list, manifest)
    with failures_told(f"the trials of task {text}"):
        return TrialList(tuple(task.trials(manifest)), absent=0)
