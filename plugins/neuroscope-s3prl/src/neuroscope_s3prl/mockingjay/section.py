"""One section of a configuration that nobody vouches for: each value is checked when it is taken."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

_SHOWN = 40


class Section:
    """Values by their names; what is wrong with them is added to a list, and something harmless goes on in its place.

    Args:
        name: of the section.
        values: what the configuration has there.
        problems: receives what is wrong.
    """

    def __init__(self, name: str, values: object, problems: list[str]) -> None:
        self._name, self._problems = name, problems
        self._values: Mapping[Any, Any] = values if isinstance(values, Mapping) else {}
        if not isinstance(values, Mapping):
            problems.append(f"{name} is {_shown(values)}, no section")

    def has(self, key: str) -> bool:
        """Whether there is such a value."""
        return key in self._values

    def knows(self, keys: str) -> None:
        """Note the values that are none of these names."""
        strange = sorted(str(key) for key in self._values if key not in keys.split())
        if strange:
            self._problems.append(f"{self._name} has {', '.join(_shown(key) for key in strange[:5])}, not known here")

    def section(self, key: str, default: Mapping[str, Any] | None = None) -> Section:
        """Take a section within this one."""
        return Section(f"{self._name}.{key}", self._values.get(key, default), self._problems)

    def whole(self, key: str, least: int, most: int, default: int | None = None) -> int:
        """Take a whole number within bounds, also from its text."""
        value = self._float(key, default)
        if value is None or not (least <= value <= most and value == int(value)):
            self._wrong(key, f"a whole number from {least} to {most}")
            return least
        return int(value)

    def number(self, key: str, least: float, most: float, default: float | None = None) -> float:
        """Take a number within bounds, also from its text."""
        value = self._float(key, default)
        if value is None or not least <= value <= most:
            self._wrong(key, f"a number from {least} to {most}")
            return float(most)
        return value

    def truth(self, key: str, default: bool | None = None) -> bool:
        """Take a truth value."""
        value = self._values.get(key, default)
        if not isinstance(value, bool):
            self._wrong(key, "True or False")
        return value is True

    def one_of(self, key: str, choices: Sequence[str], default: str | None = None) -> str:
        """Take a text that is known."""
        value = self._values.get(key, default)
        if not (isinstance(value, str) and value in choices):
            self._wrong(key, f"one of {', '.join(choices)}")
            return choices[0]
        return value

    def _float(self, key: str, default: float | None) -> float | None:
        value = self._values.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            return None
        try:
            number = float(value)
        except (ValueError, OverflowError):
            return None
        return number if math.isfinite(number) else None

    def _wrong(self, key: str, expected: str) -> None:
        value = _shown(self._values[key]) if key in self._values else "missing"
        self._problems.append(f"{self._name}.{key} is {value}, expected {expected}")


def _shown(value: object) -> str:
    text = ascii(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
