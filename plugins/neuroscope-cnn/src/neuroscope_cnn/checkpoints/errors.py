"""The error that says why a file of weights that is there cannot be used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroscope import NeuroscopeError

if TYPE_CHECKING:
    from pathlib import Path


class BadCheckpoint(NeuroscopeError):
    """A checkpoint that is damaged, of another kind, or of another network.

    Args:
        path: the file.
        problem: what is wrong with it, without a full stop.
        hint: what to do, as a sentence.
    """

    def __init__(self, path: Path, problem: str, hint: str = "") -> None:
        super().__init__(f"{path} cannot be used: {problem}.{f' {hint}' if hint else ''}")
