"""Audio files that a user's own manifests name, wherever they lie."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class NamedFiles:
    """Files that manifests name; each folder is listed once, so that a million files are not asked for one by one.

    Attributes:
        note: for the manifest's source: that paths are relative to the working folder, where one was; else empty.
    """

    note: str = ""
    _listed: dict[str, Collection[str]] = field(default_factory=dict)

    def find(self, name: str, beside: Path) -> Path | None:
        """Find a file by its path as it is written: relative to a folder, else to the working folder; None = neither.

        Args:
            name: the path.
            beside: the manifest's folder.
        """
        if self._is_file(path := os.path.join(beside, name)):  # noqa: PTH118 - of hundreds of thousands
            return Path(path)
        if self._is_file(name):
            self.note = " (paths are relative to the working folder)"
            return Path(name)
        return None

    def _is_file(self, path: str) -> bool:
        folder, name = os.path.split(path)
        if folder not in self._listed:
            try:
                with os.scandir(folder or ".") as entries:
                    self._listed[folder] = {entry.name for entry in entries if entry.is_file()}
            except (OSError, ValueError):  # ValueError: the name holds a zero
                self._listed[folder] = ()
        return name in self._listed[folder]
