"""A watch on the random generators that a whole process shares: a component has to bring its own."""

from __future__ import annotations

import random
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def global_randomness_stays(what: str) -> Iterator[None]:
    """Raise AssertionError where the block moves the state of Python's, numpy's or torch's global generator.

    Each is set to a fresh state first, so that a block that sets the same seed each time is seen too; in the end it is
    what it was. ``torch`` is watched where it has been imported.

    Args:
        what: is said to have moved them.
    """
    former = _states()
    random.seed()
    np.random.seed()
    if torch := sys.modules.get("torch"):
        torch.default_generator.seed()
    before = _states()
    try:
        yield
        after = _states()
    finally:
        _restore(former)
    moved = [name for name, state in before.items() if state != after[name]]
    if moved:
        raise AssertionError(
            f"{what} moves the global random state of {', '.join(moved)}, and so changes what others draw after it; "
            f"draw "
            f"from a generator of its own: random.Random(seed), numpy.random.default_rng(seed), torch.Generator(); "
            f"build torch "
            f"modules, which draw their weights, under torch.random.fork_rng()"
        )


def _states() -> dict[str, Any]:
    name, keys, *rest = np.random.get_state()
    states = {"random": random.getstate(), "numpy": (name, np.asarray(keys).tobytes(), *rest)}
    if torch := sys.modules.get("torch"):
        states["torch"] = torch.get_rng_state().numpy().tobytes()
    return states


def _restore(states: dict[str, Any]) -> None:
    random.setstate(states["random"])
    name, keys, *rest = states["numpy"]
    np.random.set_state((name, np.frombuffer(keys, dtype=np.uint32), *rest))
    if "torch" in states:
        torch = sys.modules["torch"]
        torch.set_rng_state(torch.frombuffer(bytearray(states["torch"]), dtype=torch.uint8))
