"""The target: what a probe learns of each row."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Target:
    """The value that a probe has to learn for each row.

    Attributes:
        values: int64 ``[rows]``, class numbers.
        names: of the classes, by number.
        kind: ``classes``, the only kind today; another one has no ``classes``, so that no probe takes it for one.
    """

    values: NDArray[np.int64]
    names: tuple[str, ...]
    kind: str = "classes"

    @property
    def classes(self) -> int:
        """The number of classes.

        Raises:
            TypeError: the target is of another kind; whoever needs classes finds it here.
        """
        if self.kind != "classes":
            raise TypeError(f"a target of kind {self.kind} has no classes")
        return len(self.names)

    def of(self, rows: NDArray[np.int64]) -> Target:
        """Select the target of these rows, in this order."""
        return replace(self, values=self.values[rows])

    def __len__(self) -> int:
        return len(self.values)
