"""Measure how long a command takes, phase by phase."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True)
class Times:
    """Times of a command: when it began (ISO 8601), and the seconds of each phase."""

    began: str
    seconds: Mapping[str, float]


class Clock:
    """Clock of a command, which measures the seconds of each phase."""

    def __init__(self) -> None:
        self._began, self._last = datetime.now(UTC), time.monotonic()
        self._seconds: dict[str, float] = {}

    def lap(self, phase: str) -> None:
        """End a phase, and note how long it took."""
        now = time.monotonic()
        self._seconds[phase] = round(now - self._last, 3)
        self._last = now

    def stamp(self) -> Times:
        """Return when the command began, and how long each phase took."""
        return Times(self._began.isoformat(timespec="seconds"), dict(self._seconds))
