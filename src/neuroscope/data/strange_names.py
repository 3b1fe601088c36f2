"""Names that are not what they seem: alike but for their writing, missing values in words, numbers and dates."""

from __future__ import annotations

import math
import re
import unicodedata
from typing import TYPE_CHECKING

from neuroscope.contracts.records import Caution, CautionedRows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_MISSING = {"nan", "na", "n/a", "#n/a", "<na>", "nat", "none", "null", "nil", "undefined", "unknown", "-", "?"}
_DATE = re.compile(r"\d{4}([-/.])\d{1,2}\1\d{1,2}([T ].*)?|\d{1,2}([-/.])\d{1,2}\3\d{4}", re.ASCII)
_FEW = 10
"""Classes that are whole numbers may be names; more of them are rather amounts."""
_SHOWN = 3


def cautions_about(
    classes: Mapping[str, int], columns: Mapping[str, Mapping[str, int]], runs: int
) -> Iterator[Caution]:
    """Find what a reader has to know of the names of classes, speakers and groups.

    Args:
        classes: utterances of each.
        columns: name of a column that utterances are grouped by -> utterances of each of its values.
        runs: number of runs, which all have the names.
    """
    for kind, line in _strange(classes, columns):
        yield Caution(kind=kind, line=line, runs=runs, about=(CautionedRows(layer=""),))


def _strange(classes: Mapping[str, int], columns: Mapping[str, Mapping[str, int]]) -> Iterator[tuple[str, str]]:
    """Find each kind of strange names, with a line for people."""
    values = {"speakers" if name == "speaker" else f"values of '{name}'": counts for name, counts in columns.items()}
    for what, counts in {"classes": classes, **values}.items():
        if groups := alike(counts):
            yield f"{what} are alike", _about_alike(what, groups, counts)
        if missing := like_missing(counts):
            yield f"{what} are named like missing values", _about_missing(what, missing, counts)
    kind, are_speakers = kind_of(classes), classes.keys() == columns.get("speaker", {}).keys()
    few = len(classes) <= _FEW and all(map(_is_whole, classes))
    if kind and not are_speakers and not (kind == "numbers" and few):
        yield f"the classes are {kind}", _about_kind(kind, list(classes))


def about_classes(names: Sequence[str]) -> str:
    """Say of classes that are no names what they are, for an error; empty where they are."""
    parts = []
    if kind := kind_of(names):
        parts.append(_about_kind(kind, names))
    if missing := like_missing(names):
        parts.append(f"{_names(missing)} {'are' if len(missing) > 1 else 'is'} named like a missing value")
    return "; ".join(parts)


def alike(names: Iterable[str]) -> list[list[str]]:
    """Find names that differ only in case, Unicode form, spaces around or a final ``.0``, those of a kind together."""
    kinds: dict[str, list[str]] = {}
    for name in sorted(names):
        kinds.setdefault(_folded(name), []).append(name)
    return [group for group in kinds.values() if len(group) > 1]


def like_missing(names: Iterable[str]) -> list[str]:
    """Find names that programs write where nothing is known."""
    return [name for name in sorted(names) if _folded(name) in _MISSING]


def kind_of(names: Iterable[str]) -> str:
    """Tell what all names are, beside those of missing values: ``numbers``, ``dates``; empty = neither."""
    known = [name.strip() for name in names if _folded(name) not in _MISSING]
    if known and all(_DATE.fullmatch(name) for name in known):
        return "dates"
    return "numbers" if known and all(_number(name) is not None for name in known) else ""


def _folded(name: str) -> str:
    """Write names of one kind alike."""
    folded = name.casefold()
    if not name.isascii():  # as most names are, and there may be very many
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
        folded = "".join(sign for sign in folded if unicodedata.category(sign) != "Cf")
    return re.sub(r"(?<=\d)\.0+$", "", " ".join(folded.split()))


def _number(name: str) -> float | None:
    try:
        value = math.nan if "_" in name else float(name)  # Python's own 1_000 is an id rather than a number
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _is_whole(name: str) -> bool:
    value = _number(name)
    return value is None or value.is_integer()


def _about_alike(what: str, groups: list[list[str]], counts: Mapping[str, int]) -> str:
    shown = "; ".join(_names(group, counts) for group in groups[:_SHOWN])
    count = sum(map(len, groups))
    are = "differ only in case, Unicode form or a final .0, and count as different"
    return f"{count} {what} {are}: {shown}{_more(groups)}"


def _about_missing(what: str, missing: list[str], counts: Mapping[str, int]) -> str:
    return (
        f"{what} named like missing values count like any other: {_names(missing[:_SHOWN], counts)}{_more(missing)}; "
        "leave a cell empty where nothing is known"
    )


def _about_kind(kind: str, names: Sequence[str]) -> str:
    known = [name for name in names if _folded(name) not in _MISSING]
    ordered = sorted(known, key=lambda name: (_number(name) or 0.0, name))
    return (
        f"the classes are {kind}, {ordered[0]} to {ordered[-1]}: each of the {len(known)} is a class of its own; for "
        "ranges, make a column of their names"
    )


def _names(names: Sequence[str], counts: Mapping[str, int] | None = None) -> str:
    """Name for people, with escapes where the names look alike."""
    forms = {unicodedata.normalize("NFKC", name) for name in names}
    shown = [ascii(name) if len(forms) < len(names) else repr(name) for name in names]
    if counts is not None:
        shown = [f"{each} ({counts[name]})" for each, name in zip(shown, names, strict=True)]
    return ", ".join(shown)


def _more(found: Sequence[object]) -> str:
    return f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
