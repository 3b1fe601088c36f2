"""What is missing, of data and of weights, told all at once."""

from __future__ import annotations

from neuroscope.errors import MissingData


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
        told = list(dict.fromkeys(map(str, self.found)))
        if len(told) == 1:
            return self.found[0]
        return MissingData("\n".join([f"{len(told)} things are missing:", *(f"- {each}" for each in told)]))

    def check(self) -> None:
        """Raise the error, where a block missed something."""
        if self.found:
            raise self.error
