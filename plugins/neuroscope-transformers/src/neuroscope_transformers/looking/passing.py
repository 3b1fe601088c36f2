"""Which failures are the machine's, and say nothing of a model: they are not remembered."""

from neuroscope import MissingDependency

_OF_TORCH = "allocate memory"


def is_passing(error: Exception) -> bool:
    """Tell whether a package is not there, or memory ran out, which torch says with a RuntimeError."""
    return isinstance(error, ImportError | MemoryError | MissingDependency) or _OF_TORCH in str(error)
