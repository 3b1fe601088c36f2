"""Settings of a model as its JSON file has them, each checked when it is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from neuroscope import BadOption
from neuroscope_transformers.wording import shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST = 2**24
"""Of whatever is counted in a configuration: layers, columns, samples."""
RATES = (1_000, 768_000)
"""Hz, the lowest and the highest that audio is taken at."""


@dataclass(frozen=True, slots=True)
class Settings:
    """A JSON object of settings.

    Attributes:
        values: as the file has them.
        file: its name, for error messages.
        defaults: what a file means that does not say.
    """

    values: Mapping[str, Any]
    file: str
    defaults: Mapping[str, Any] = field(default_factory=dict)

    def with_defaults(self, defaults: Mapping[str, Any]) -> Settings:
        """Return the same settings with other defaults."""
        return Settings(self.values, self.file, defaults)

    def changed(self, values: Mapping[str, Any]) -> Settings:
        """Return the same settings but for some."""
        return Settings({**self.values, **values}, self.file, self.defaults)

    def get(self, name: str) -> Any:
        """Return a setting as it stands, or its default; None where there is neither."""
        found = self.values.get(name)
        return self.defaults.get(name) if found is None else found

    def count(self, name: str, least: int = 1, most: int = MOST) -> int:
        """Return a whole number.

        Raises:
            BadOption: it is none, or out of range.
        """
        value = self.get(name)
        if not _is_whole(value) or not least <= value <= most:
            raise self.wrong(name, value, f"a whole number from {least} to {most}")
        return int(value)

    def sampling_rate(self) -> int:
        """Return ``sampling_rate``, Hz.

        Raises:
            BadOption: it is none that audio has.
        """
        return self.count("sampling_rate", *RATES)

    def bound(self, names: Sequence[str], most: int) -> None:
        """Check those of some whole numbers that the file says.

        Raises:
            BadOption: one is none, or out of range.
        """
        for name in names:
            if self.get(name) is not None:
                self.count(name, most=most)

    def counts(self, name: str, how_many: int | None = None) -> tuple[int, ...]:
        """Return a list of whole numbers from 1.

        Raises:
            BadOption: it is none, or its length is another than ``how_many``.
        """
        value = self.get(name)
        fits = isinstance(value, list | tuple) and 0 < len(value) <= 1000
        if not fits or not all(_is_whole(each) and 1 <= each <= MOST for each in value):
            raise self.wrong(name, value, "a list of whole numbers from 1")
        if how_many is not None and len(value) != how_many:
            raise self.wrong(name, value, f"{how_many} whole numbers, one for each convolution")
        return tuple(value)

    def number(self, name: str, above: float = -MOST) -> float:
        """Return a number.

        Raises:
            BadOption: it is none, or out of range.
        """
        value = self.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not above < value < MOST:
            raise self.wrong(name, value, f"a number above {above:g}")
        return float(value)

    def flag(self, name: str) -> bool:
        """Return true or false; what is not there is false.

        Raises:
            BadOption: it is neither.
        """
        value = self.get(name)
        if not isinstance(value, bool | None):
            raise self.wrong(name, value, "true or false")
        return bool(value)

    def choice(self, name: str, known: Sequence[str]) -> str:
        """Return one of the texts that are known.

        Raises:
            BadOption: it is another.
        """
        value = self.get(name)
        if value not in known:
            raise self.wrong(name, value, " or ".join(known))
        return str(value)

    def must_be(self, name: str, expected: float, why: str) -> None:
        """Compare a setting, where there is one, with what another says.

        Raises:
            BadOption: it is another number.
        """
        value = self.get(name)
        if value is not None and (isinstance(value, bool) or value != expected):
            raise self.wrong(name, value, f"{expected:g}, as {why} says")

    def wrong(self, name: str, value: object, expected: str) -> BadOption:
        """Make the error for a setting that is not as it has to be."""
        said = f"'{shown(value)}'" if isinstance(value, str) else shown(value)
        return BadOption(f"{self.file}: {name} is {said}; expected {expected}")


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
