"""Lines of JSON, one object each."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neuroscope_speech_tasks.reading.metadata import read_lines

if TYPE_CHECKING:
    from neuroscope_speech_tasks.reading.metadata import Problems


def read_objects(file: Path, problems: Problems) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Read the objects of a file, one a line, with the numbers of their lines; what is none is a problem."""
    for number, line in read_lines(file, problems):
        try:
            yield number, parse_object(line)
        except ValueError as error:
            problems.add(file, str(error), number)


def parse_object(line: str) -> dict[str, Any]:
    """Parse the object of a line; NaN, which JSON does not have, is null, as pandas writes it.

    Raises:
        ValueError: it cannot be read, is no object, or a key comes twice in it.
    """
    try:
        value = json.loads(line, parse_constant=_constant, object_pairs_hook=_once_each)
        if "\\u" in line:
            json.dumps(value, ensure_ascii=False).encode()  # half a surrogate pair is no text that could be kept
    except (ValueError, RecursionError) as error:
        raise ValueError(f"cannot be read: {error}") from None
    if not isinstance(value, dict):
        raise ValueError("is no JSON object")
    return value


def text_of(value: Any) -> str:
    """Write a value as a column's text."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _once_each(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object of its pairs; ValueError where a key comes twice, with spaces around it or without."""
    if len(found := dict(pairs)) == len(pairs) == len(set(map(str.strip, found))):
        return found
    if twice := [key for key, count in Counter(key.strip() for key, _ in pairs).items() if key and count > 1]:
        raise ValueError(f"key '{twice[0]}' comes twice")
    return dict(pairs)


def _constant(name: str) -> float | None:
    return None if name == "NaN" else float(name)
