"""Failures of plugins' code, told with the file and line that their author has to look at."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from neuroscope.errors import NeuroscopeError, PluginBroken
from neuroscope.plugin.confinement import output_aside

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType, TracebackType

_BETWEEN = frozenset({"neuroscope", "importlib", "pluggy", "contextlib", "functools", "typing", "torch"})
"""Packages whose frames stand between the core's call and the plugin's own code."""


@contextmanager
def failures_told(what: str) -> Iterator[None]:
    """Turn an error of a plugin's code into one that says where it is; what it prints goes to stderr.

    Raises:
        PluginBroken: the code fails; ``what`` is said to.
        NeuroscopeError: as the code raises it.
    """
    try:
        with output_aside():
            yield
    except (NeuroscopeError, KeyboardInterrupt):
        raise
    except BaseException as error:  # a stranger's code may raise anything
        raise PluginBroken(f"{what} fails: {error_text(error)}") from error


def error_text(error: BaseException) -> str:
    """Say an error in one text: its type, its message, and where in the plugin's code it comes from."""
    name, message, where = type(error).__name__, message_of(error), place_of(error)
    told = f"{name}: {message}" if message else name
    return f"{told} ({where})" if where else told


def message_of(error: BaseException) -> str:
    """Return the message of an error; empty where it has none, or fails to say it."""
    try:
        return str(error).strip()
    except Exception:  # a stranger's error may fail to say what it is
        return ""


def place_of(error: BaseException) -> str:
    """Find the innermost line of the plugin's code that an error went through, as ``file, line n``.

    The plugin is whoever was called first outside of the core; empty = nothing but the core and libraries ran.
    """
    steps = [(step.tb_frame, step.tb_lineno) for step in _steps(error.__traceback__)]
    packages = [_package(frame) for frame, _ in steps]
    plugin = next((each for each in packages if each not in _BETWEEN), None)
    own = [step for step, package in zip(steps, packages, strict=True) if package == plugin]
    if plugin is None or not own:
        return ""
    frame, line = own[-1]
    return f"{frame.f_code.co_filename}, line {line}"


def _steps(traceback: TracebackType | None) -> list[TracebackType]:
    steps = []
    while traceback is not None:
        steps.append(traceback)
        traceback = traceback.tb_next
    return steps


def _package(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]
