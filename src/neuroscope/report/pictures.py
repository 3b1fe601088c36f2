"""Charts as files."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import altair


def save(chart: altair.ConcatChart | altair.HConcatChart, folder: Path, name: str) -> None:
    """Write ``NAME.svg`` and, at twice the size, ``NAME.png``."""
    chart.save(folder / f"{name}.svg")
    chart.save(folder / f"{name}.png", scale_factor=2)
