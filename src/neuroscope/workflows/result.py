"""What a workflow gives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from neuroscope.contracts.rows import Row


@dataclass(frozen=True, slots=True)
class Result:
    """What a command found: ``run`` is the content of ``run.json``; ``folder`` the run folder, None for ``extract``."""

    run: dict[str, Any]
    rows: list[Row]
    folder: Path | None
