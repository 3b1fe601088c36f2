"""Docstrings as people are shown them: what is said of a function, and of each of its arguments."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_SECTION = re.compile(
    r"(Args|Arguments|Attributes|Examples?|Keyword Args|Keyword Arguments|Notes?|Other Parameters|Parameters|Raises"
    r"|References|Returns?|See Also|Todo|Warnings?|Warns|Yields?):?\s*"
)
_ARGUMENTS = ("Args", "Arguments", "Attributes", "Keyword Args", "Keyword Arguments")
_ENTRY = re.compile(r"\*{0,2}(\w+(?:\s*,\s*\*{0,2}\w+)*)\s*(?:\([^)]*\))?\s*:(?!:)\s*(.*)")
_LIST = re.compile(r"\s|[-*+] |\d+[.)] |>>>")


@dataclass(frozen=True, slots=True)
class Documentation:
    """What a docstring in Google's style says.

    Attributes:
        text: its paragraphs before the first section, each on a line of its own.
        arguments: name -> what is said of it, on one line.
    """

    text: str = ""
    arguments: Mapping[str, str] = field(default_factory=dict)


def documentation_of(made_by: Callable[..., Any]) -> Documentation:
    """Read the docstring of a function, class, partial or callable object; a class's ``__init__`` may have its own."""
    while isinstance(made_by, functools.partial):
        made_by = made_by.func
    if inspect.isclass(made_by):
        own, making = (parse(_own_docstring(each)) for each in (made_by, made_by.__init__))
        return Documentation(own.text, {**own.arguments, **making.arguments})
    return parse(_own_docstring(made_by if inspect.isroutine(made_by) else type(made_by).__call__))


def parse(docstring: str) -> Documentation:
    """Split a docstring into its text and its arguments; of NumPy's style it has the text."""
    lines = inspect.cleandoc(docstring).splitlines()
    starts = [place for place in range(len(lines)) if _is_section(lines, place)]
    arguments: dict[str, str] = {}
    for start, end in pairwise([*starts, len(lines)]):
        if lines[start].strip().removesuffix(":") in _ARGUMENTS:
            arguments |= _arguments(lines[start + 1 : end])
    return Documentation(_flowing(lines[: starts[0] if starts else None]), arguments)


def _own_docstring(thing: Any) -> str:
    """Return a docstring that somebody wrote for this thing: of a dataclass without one it is its signature."""
    text = vars(thing).get("__doc__") if inspect.isclass(thing) else getattr(thing, "__doc__", None)
    if not isinstance(text, str) or text == object.__init__.__doc__:
        return ""
    return "" if inspect.isclass(thing) and text.startswith(f"{thing.__name__}(") else text


def _is_section(lines: Sequence[str], place: int) -> bool:
    """Tell a section's head: a known word with a colon, or one that is underlined."""
    line = lines[place]
    if not _SECTION.fullmatch(line):
        return False
    below = lines[place + 1].strip() if place + 1 < len(lines) else ""
    return line.rstrip().endswith(":") or (bool(below) and set(below) == {"-"})


def _arguments(lines: Sequence[str]) -> dict[str, str]:
    """Read ``name: text`` and ``name (type): text``, whose text goes on in lines that are further in."""
    written = [line for line in lines if line.strip()]
    if not written:
        return {}
    first = len(written[0]) - len(written[0].lstrip())
    found: dict[str, list[str]] = {}
    names: list[str] = []
    for line in written:
        entry = _ENTRY.fullmatch(line.strip()) if len(line) - len(line.lstrip()) <= first else None
        if entry:
            names = [name.strip(" *") for name in entry[1].split(",")]
            found |= {name: [] for name in names}
        for name in names:
            found[name].append(entry[2] if entry else line.strip())
    return {name: _plain(" ".join(parts).strip()) for name, parts in found.items()}


def _flowing(lines: Sequence[str]) -> str:
    """Join the lines of each paragraph, but not those of lists and examples."""
    text: list[str] = []
    for before, line in zip(["", *lines], lines, strict=False):
        goes_on = bool(before.strip()) and bool(line.strip()) and not _LIST.match(line) and not before.startswith(" ")
        if goes_on:
            text[-1] += f" {line.rstrip()}"
        else:
            text.append(line.rstrip())
    return _plain("\n".join(text).strip())


def _plain(text: str) -> str:
    return text.replace("``", "`")
