"""Errors that say what was asked, what exists, and what to do next.

Each is one message, of one or a few lines; the command line shows it after ``Error:`` and ends with exit code 2.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class NeuroscopeError(Exception):
    """Any error that a user can mend; everything else is a defect of neuroscope or of a plugin."""


class UnknownName(NeuroscopeError):
    """A name that nothing is registered, stored or written under.

    Args:
        kind: what was looked for, in the singular (``backbone``, ``column``).
        name: what was asked for.
        known: the names that exist.
        hint: what to do next, when "write one of the known names" is not enough.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str], hint: str = "") -> None:
        self.kind, self.name, self.known = kind, name, tuple(sorted(known))
        super().__init__(
            f"unknown {kind} '{name}'.{_did_you_mean(name, self.known)} {_listing(self.known)}{_tail(hint)}"
        )


class DuplicateName(NeuroscopeError):
    """A name that several plugins register, so that none of them has it: who they are, and how to switch one off."""


class PluginBroken(NeuroscopeError):
    """A plugin that could not be loaded, or did not keep its contract when it was used."""


class MissingDependency(NeuroscopeError):
    """A module that is not there, or fails while it is imported."""

    def __init__(self, module: str, reason: str, install: str) -> None:
        self.module = module
        super().__init__(
            f"{module} cannot be imported ({reason}).{_tail(f'To install it: {install}' if install else '')}"
        )


class MissingData(NeuroscopeError):
    """Data or weights that the user has to bring: what to get, where to put it, which option names it."""


class BadOption(NeuroscopeError):
    """An option that does not exist, is given twice, or has a value of the wrong type."""


class BadManifest(NeuroscopeError):
    """A manifest that cannot be used; all its problems are told at once.

    Args:
        source: the file or dataset.
        problems: one line each; the first twenty are shown, the rest counted.
    """

    def __init__(self, source: str, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join([f"{source} is no usable manifest:", *_first(self.problems)]))


class BadVectors(NeuroscopeError):
    """Vectors computed elsewhere that cannot be imported; all their problems are told at once, and nothing is imported.

    Args:
        source: the file or folder.
        problems: one line each; the first twenty are shown, the rest counted.
    """

    def __init__(self, source: str, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join([f"{source} cannot be imported:", *_first(self.problems)]))


class BadAudio(NeuroscopeError):
    """One utterance that cannot be read; ``reason`` is a short fixed phrase that counts are kept by."""

    def __init__(self, reason: str, detail: str) -> None:
        self.reason, self.detail = reason, detail
        super().__init__(f"{reason}: {detail}")


class TooManyFailures(NeuroscopeError):
    """More utterances failed than ``--max-errors`` allows, or one did under ``--on-error fail``."""


class BadSplit(NeuroscopeError):
    """A train/test split that cannot be made from this manifest, with the columns that would do."""


class StoreMismatch(NeuroscopeError):
    """A folder of the store that this version cannot read or must not write."""


def _first(problems: Sequence[str], most: int = 20) -> list[str]:
    shown = [f"  {problem}" for problem in problems[:most]]
    return shown if len(problems) <= most else [*shown, f"  and {len(problems) - most} more"]


def _did_you_mean(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.6)
    return f" Did you mean {' or '.join(repr(match) for match in close)}?" if close else ""


def _listing(known: Sequence[str], most: int = 30) -> str:
    if not known:
        return "There is none."
    more = f" and {len(known) - most} more" if len(known) > most else ""
    return f"Known: {', '.join(known[:most])}{more}."


def _tail(text: str) -> str:
    return f" {text}" if text else ""
