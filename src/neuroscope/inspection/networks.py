"""Find a network by ``package.module:attribute``, and make it."""

from __future__ import annotations

import ast
import inspect
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neuroscope.errors import BadOption, NeuroscopeError, UnknownName
from neuroscope.plugin.confinement import interrupts_seen, output_aside
from neuroscope.plugin.failures import message_of
from neuroscope.plugin.options import parse
from neuroscope.plugin.registry import require
from neuroscope.runtime.randomness import randomness_kept

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from torch.nn import Module


class NetworkFailed(Exception):
    """The network's own code ended otherwise than it should: its text says how, in one line."""


def network(text: str) -> Module:
    """Make a network, in evaluation mode, with weights that are the same every time.

    Args:
        text: ``package.module:attribute``: a ``torch.nn.Module``, or a class or function that makes one, which may be
            followed by its arguments, ``,key=value``. The current folder is looked in first.

    Raises:
        BadOption: the text cannot be read, the arguments do not fit, or what is there makes no network.
        MissingDependency: the module cannot be imported.
        UnknownName: it has no such attribute.
    """
    name, options = parse(text)
    module, colon, attribute = name.partition(":")
    if not (module and colon and attribute):
        raise BadOption(
            f"'{name}': expected PACKAGE.MODULE:ATTRIBUTE, such as net:Murmur for the class Murmur of net.py"
        )
    try:
        with running():
            return _in_evaluation(name, module, attribute, options)
    except NetworkFailed as failed:
        raise BadOption(f"{name} cannot be made: {failed}") from failed


@contextmanager
def running() -> Iterator[None]:
    """Run a network's own code: what lies in the current folder is found, and what is printed goes to stderr.

    Raises:
        NetworkFailed: whatever the code raises by itself, ``sys.exit()`` too.
        NeuroscopeError: as the code raises it.
        KeyboardInterrupt: the user ends the command.
    """
    with _current_folder_first(), output_aside(), interrupts_seen() as interrupted:
        try:
            yield
        except NeuroscopeError:
            raise
        except BaseException as error:  # a stranger's code may raise anything
            if isinstance(error, KeyboardInterrupt) and (interrupted() or type(error) is not KeyboardInterrupt):
                raise  # of another type where the process was asked to end
            raise NetworkFailed(_line_of(error)) from error


def _in_evaluation(name: str, module: str, attribute: str, options: Mapping[str, str]) -> Module:
    """Find or make a network, with the same random numbers every time."""
    import torch

    with randomness_kept(seed=0):
        found = _attribute(module, attribute)
        made = found if isinstance(found, torch.nn.Module) else _made(name, found, options)
    if made is found and options:
        raise BadOption(f"{name} is a network already, and takes no arguments")
    if not isinstance(made, torch.nn.Module):
        raise BadOption(f"{name} makes a {type(made).__name__}, not a torch.nn.Module")
    return made.eval()


def _attribute(module: str, attribute: str) -> Any:
    found: Any = require(module)
    for part in attribute.split("."):
        if not hasattr(found, part):
            known = [name for name, value in vars(found).items() if callable(value) and not name.startswith("_")]
            raise UnknownName(f"attribute of {module}", attribute, known)
        found = getattr(found, part)
    return found


def _made(name: str, make: Any, options: Mapping[str, str]) -> Any:
    """Call a class or function with the arguments that were written."""
    if not callable(make):
        raise BadOption(f"{name} is a {type(make).__name__}: neither a torch.nn.Module nor a function that makes one")
    arguments = {key: _value(text) for key, text in options.items()}
    try:
        inspect.signature(make).bind(**arguments)
    except TypeError as error:
        way = "write them as ,key=value, or name a function that makes the network without"
        raise BadOption(f"{name}: its arguments do not fit ({error}); {way}") from None
    except ValueError:  # a callable without a signature
        pass
    return make(**arguments)


def _line_of(error: BaseException) -> str:
    """Say an error's type and the first line of its message, if it has one."""
    return ": ".join([type(error).__name__, *message_of(error).splitlines()[:1]])


def _value(text: str) -> Any:
    """Read a value as Python writes it; what is none is a text."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


@contextmanager
def _current_folder_first() -> Iterator[None]:
    """Import from the current folder, as ``python -m`` does."""
    here = str(Path.cwd())
    sys.path.insert(0, here)
    try:
        yield
    finally:
        with suppress(ValueError):  # the network's own code took it out
            sys.path.remove(here)
