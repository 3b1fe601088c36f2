"""Lines of trial lists for speaker verification."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroscope_speech_tasks.reading.metadata import read_lines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from neuroscope_speech_tasks.reading.metadata import Problems

_LABELS = {"1": True, "target": True, "0": False, "nontarget": False}
_HEADER = ["trial", "enrolment", "test"]


def read_trial_lines(file: Path, problems: Problems) -> Iterator[tuple[bool, str, str]]:
    """Read the trials of a list: ``1 PATH PATH``, or ``1,PATH,PATH`` below the header ``trial,enrolment,test``.

    Args:
        file: the list.
        problems: receives lines that are none.

    Yields:
        whether one speaker is heard in both, and the two utterances as the list names them.
    """
    for number, line in read_lines(file, problems):
        cells = [cell.strip() for cell in line.split(",")] if "," in line else line.split()
        if cells == _HEADER:
            continue
        if len(cells) != len(_HEADER) or cells[0] not in _LABELS:
            problems.add(file, f"expected '1 PATH PATH' or '0 PATH PATH', it has '{line[:100]}'", number)
        else:
            yield _LABELS[cells[0]], cells[1], cells[2]
