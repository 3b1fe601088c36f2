"""The marks of warnings: a letter beside each number that a warning is about, and before the warning's line."""

from __future__ import annotations

from itertools import count
from string import ascii_lowercase
from typing import TYPE_CHECKING

from neuroscope.contracts import conditions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from neuroscope.contracts.records import CautionedRows, CellRecord


class Marks:
    """The marks of one cell's warnings, lettered in the order in which tables show them.

    Args:
        cell: the record with the warnings; None = there are none.
        numbers: of the letters, where cells of one table share them; None = they are its own.
    """

    def __init__(self, cell: CellRecord | None = None, numbers: Iterator[int] | None = None) -> None:
        self._cautions = () if cell is None else cell.cautions
        self._letters: dict[int, str] = {}
        self._numbers = count() if numbers is None else numbers

    def of_layer(self, layer: str) -> str:
        """Return the marks of the probe of a layer."""
        return self._marks(lambda rows: concerns_layer(rows, layer))

    def of(self, condition: str, percent: float | None = None) -> str:
        """Return the marks of a condition's row."""
        return self._marks(lambda rows: concerns(rows, condition, percent))

    def lines(self) -> list[str]:
        """Make the lines of all warnings: those that tables show a mark of first, each behind its mark."""
        return [f"{f'{mark} ' if mark else ''}Warning: {line}." for mark, line in self.warnings()]

    def warnings(self) -> list[tuple[str, str]]:
        """List the mark of each warning, empty where no table shows one, and what it says; marked ones first."""
        marked = [(letter, self._cautions[number].line) for number, letter in self._letters.items()]
        return marked + [("", each.line) for n, each in enumerate(self._cautions) if n not in self._letters]

    def _marks(self, is_concerned: Callable[[CautionedRows], bool]) -> str:
        found = [number for number, caution in enumerate(self._cautions) if any(map(is_concerned, caution.about))]
        letters = [self._letters.get(number) or self._name(number) for number in found]
        return "".join(sorted(letters, key=lambda letter: (len(letter), letter)))

    def _name(self, number: int) -> str:
        self._letters[number] = _letter(next(self._numbers))
        return self._letters[number]


def concerns_layer(rows: CautionedRows, layer: str) -> bool:
    """Tell whether a warning is about the probe of this layer."""
    return rows.layer == layer and (not rows.conditions or conditions.PROBE in rows.conditions)


def concerns(rows: CautionedRows, condition: str, percent: float | None = None) -> bool:
    """Tell whether a warning is about this condition at this percentage of the neurons."""
    return condition in rows.conditions and (not rows.percents or percent in rows.percents)


def beside(marks: Sequence[str]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Make the column that holds the marks of the numbers before it: its header, and its cells; none without a mark.

    A column of their own keeps numbers below each other, and so they have no header.
    """
    return (("",), [(mark,) for mark in marks]) if any(marks) else ((), [() for _ in marks])


def _letter(number: int) -> str:
    """Name the marks a to z, then aa, bb, ..."""
    times, place = divmod(number, len(ascii_lowercase))
    return ascii_lowercase[place] * (times + 1)
