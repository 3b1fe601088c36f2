"""A folder that holds a model, as ``save_pretrained`` leaves it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from neuroscope import MissingData, weights
from neuroscope_transformers.sources.model_files import FoundFile


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that exists.

    Attributes:
        path: of the folder.
    """

    path: Path

    @property
    def source(self) -> str:
        """Where it is, for people."""
        return f"the folder {self.path.resolve()}"

    @property
    def repo(self) -> str:
        """No repository."""
        return ""

    def find(self, name: str) -> FoundFile | None:
        """Find a file; None where there is none of that name.

        Raises:
            BadOption: it cannot be read.
        """
        path = self.path / name
        return FoundFile(path, weights.sha256_of(path)) if path.is_file() else None

    def lacks(self, what: str) -> MissingData:
        """Make the error for something that is not there."""
        return MissingData(f"{self.path} has no {what}")
