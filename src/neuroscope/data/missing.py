"""What is missing, of data and of weights, told all at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroscope.errors import MissingData

if TYPE_CHECKING:
    from collections.abc import Sequence


class ManyMissing(MissingData):
    """Several things that the user has to bring.

    Attributes:
        each: what is told of each.
    """

    def __init__(self, each: Sequence[str]) -> None:
        self.each = tuple(each)
        super().__init__("\n".join([f"{len(each)} things are missing:", *(f"- {line}" for line in each)]))


class MissingTogether:
    """Collects what is missing, so that all of it is told at once: ``with missing: ...``, then ``missing.check()``.

    Attributes:
        found: what the blocks raised.
    """

    def __init__(self) -> None:
        self.found: list[MissingData] = []

    def __enter__(self) -> None:
        """Begin a block that may miss something."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        """Keep MissingData, and let every other error go on."""
        if isinstance(error, MissingData):
            self.found.append(error)
        return isinstance(error, MissingData)

    @property
    def error(self) -> MissingData:
        """One error of all that is missing, equal messages once."""
        told = (each.each if isinstance(each, ManyMissing) else (str(each),) for each in self.found)
        lines = list(dict.fromkeys(line for lines in told for line in lines))
        return self.found[0] if len(lines) == 1 else ManyMissing(lines)

    def check(self) -> None:
        """Raise the error, where a block missed something."""
        if self.found:
            raise self.error
