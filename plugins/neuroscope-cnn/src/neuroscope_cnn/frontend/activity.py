"""Voice activity detection by energy: which frames are loud, measured by the utterance's mean loudness."""

from __future__ import annotations

import torch  # noqa: TID253 - this module is imported when the model is loaded, never before


def active(loudness: torch.Tensor, threshold: float) -> torch.Tensor:
    """Indices of the frames louder than ``threshold`` times half the mean loudness; of all frames where none is.

    Args:
        loudness: ``[F]``, root mean squares.
        threshold: 0.90 in the published front end.

    Returns:
        int64 ``[K]``, ascending, from 1 to F of them.
    """
    kept = (loudness > loudness.mean() / 2 * threshold).nonzero()[:, 0]
    return kept if len(kept) else torch.arange(len(loudness), device=loudness.device)
