"""What a workflow gives back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from neuroscope.runtime.versions import all_versions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from neuroscope.contracts.rows import Row
    from neuroscope.extraction.session import Machine
    from neuroscope.runtime.clock import Clock


@dataclass(frozen=True, slots=True)
class Result:
    """What a command found: ``run`` is the content of ``run.json``; ``folder`` the run folder, None for ``extract``."""

    run: dict[str, Any]
    rows: list[Row]
    folder: Path | None


def about_run(
    command: Sequence[str], clock: Clock, extractions: list[dict[str, Any]], cells: list[dict[str, Any]]
) -> dict[str, Any]:
    """The content of ``run.json``."""
    stamp = clock.stamp()
    return {"command": list(command), **stamp, "extractions": extractions, "cells": cells, "versions": all_versions()}


def run_folder(out: Path | None, machine: Machine, digest: str) -> Path:
    """Where a run goes: where the user said, else to the cache folder, named by the time and the first cell."""
    return out or machine.folder / "runs" / f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{digest}"
