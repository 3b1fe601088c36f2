"""What looking at a model tells: plain data, as it comes from another process."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any

from neuroscope import BadOption


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """A model's blocks, and how it is run.

    Attributes:
        part: the module that takes the features; empty = the whole model.
        inputs: of the extractor's output, what the part takes, by name.
        blocks: module path of the list of blocks, in the part.
        kind: class of the blocks.
        count: how many blocks there are.
        width: columns of a frame.
        axes: of what a block puts out, as ``Tap.axes``.
        pick: which part of it that is; None = all.
        extractor: class of the feature extractor.
        sample_rate: Hz.
        least: samples of the shortest waveform that it takes.
    """

    part: str
    inputs: tuple[str, ...]
    blocks: str
    kind: str
    count: int
    width: int
    axes: str
    pick: int | None
    extractor: str
    sample_rate: int
    least: int

    def text(self) -> str:
        """Write it as JSON."""
        return json.dumps(asdict(self))


def described(text: str) -> Description:
    """Read a description, or raise what the process that looked had to tell.

    Raises:
        BadOption: no blocks were found, or this is no description.
    """
    try:
        found: dict[str, Any] = json.loads(text)
        if "problem" in found:
            raise BadOption(str(found["problem"]))
        values = {each.name: found[each.name] for each in fields(Description)}
    except (ValueError, TypeError, KeyError) as error:
        raise BadOption(f"the process that looks at models came to no result ({type(error).__name__})") from error
    return Description(**{**values, "inputs": tuple(values["inputs"])})
