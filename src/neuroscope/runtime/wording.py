"""Text for people: control characters of foreign text escaped, signs that an encoding lacks replaced, counts."""

from __future__ import annotations

import codecs
import unicodedata

SIGNS_REPLACED = "neuroscope.signs"
"""Name of the handler of encoding errors that writes our own signs in ASCII, and escapes the rest."""

_ASCII = {"±": "+-", "–": "-", "—": "-", "−": "-", "…": "...", "×": "x", "·": ".", "’": "'", "‘": "'", "→": "->"}
_ASCII |= dict.fromkeys("█▉▊▋▌", "#") | dict.fromkeys("▍▎▏", "")
_ESCAPED = {"Cc", "Cs", "Zl", "Zp"}  # control characters, half characters, line and paragraph separators
_DIRECTION = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


def printable(text: str, encoding: str = "utf-8") -> str:
    r"""Escape what would move the cursor, colour, hide or reorder text: ``\x1b``, ``\u202e``; a line feed stays.

    Bytes of a path that are no UTF-8 are shown as they are: ``\xff``.

    Args:
        text: from anywhere.
        encoding: of the terminal; our own signs that it lacks are written in ASCII, others are escaped.
    """
    if not text.isprintable():
        text = "".join(_escaped(each) if _is_escaped(each) else each for each in text)
    return text.encode(encoding, SIGNS_REPLACED).decode(encoding)


def one_line(text: str) -> str:
    r"""Escape text as ``printable`` does, and its line feeds too: for names within a line."""
    return printable(text).replace("\n", "\\n")


def counted(number: int, noun: str) -> str:
    """Count things: ``1 utterance``, ``2 utterances``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _is_escaped(character: str) -> bool:
    if character == "\n":
        return False
    if ord(character) & 0xFFFE == 0xFFFE:  # no character, and drawing it ends the process
        return True
    return character in _DIRECTION or unicodedata.category(character) in _ESCAPED


def _escaped(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # how Python carries a byte that is no UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return character.encode("unicode_escape").decode()


def _replace_signs(error: UnicodeError) -> tuple[str, int]:
    """Replace what an encoding lacks."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_ASCII[each] if each in _ASCII else _escaped(each) for each in lacking), error.end


codecs.register_error(SIGNS_REPLACED, _replace_signs)
