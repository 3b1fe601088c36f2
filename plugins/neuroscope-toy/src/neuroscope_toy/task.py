"""The planted task: its answer is known before any probe is trained."""

from __future__ import annotations

from neuroscope import Classification


def toy() -> Classification:
    """Whether a toy speaker's tone is low or high.

    Band energies show it. Their mean difference from frame to frame is the last frame minus the first, over the number
    of frames: next to nothing. So layer ``energy`` knows, and layer ``delta`` is near chance.
    """
    return Classification(label=lambda utterance: utterance.column("tone"), columns=("tone",))
