"""How long a command takes, phase by phase."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any


class Clock:
    """When a command began, and how many seconds each phase took."""

    def __init__(self) -> None:
        self._began, self._last = datetime.now(UTC), time.monotonic()
        self._seconds: dict[str, float] = {}

    def lap(self, phase: str) -> None:
        """A phase ends."""
        now = time.monotonic()
        self._seconds[phase] = round(now - self._last, 3)
        self._last = now

    def stamp(self) -> dict[str, Any]:
        """For ``run.json``."""
        return {"began": self._began.isoformat(timespec="seconds"), "seconds": self._seconds}
