"""A cell of a study: one representation, one task, one probe; its conditions stand in every row that it yields."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

from neuroscope.contracts.rows import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """The conditions that all rows of one cell have in common; texts are canonical, in the component grammar.

    Attributes:
        representation: its key in the store.
        manifest: fingerprint of the utterances that were asked about.
        split: text of the split; with ``preset``, ``runs`` and ``seed`` it decides what every run trains and tests on.
        layers: those that were chosen, joined by ``+``; empty = all. ALL is another thing over other layers.
    """

    representation: str
    backbone: str
    task: str
    dataset: str
    manifest: str
    split: str
    layers: str
    pooling: str
    probe: str
    ranking: str = ""
    preset: str
    runs: int
    seed: int

    @property
    def digest(self) -> str:
        """The name of the cell: equal conditions, equal digest; no path, time or command line enters it."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:16]

    def row(self, *, layer: str, condition: str, metric: str, value: float, n: int, **more: Any) -> Row:
        """Make a row of this cell."""
        return Row(
            run=self.digest,
            representation=self.representation,
            backbone=self.backbone,
            task=self.task,
            dataset=self.dataset,
            split=self.split,
            pooling=self.pooling,
            probe=self.probe,
            ranking=self.ranking,
            layer=layer,
            condition=condition,
            metric=metric,
            value=float(value),
            n=n,
            **more,
        )
