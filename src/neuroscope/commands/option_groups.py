"""Groups of options: one parameter of a command is replaced by the options that it is made from.

Public through ``neuroscope.commands``. Importing it loads nothing heavy.
"""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any

from neuroscope.commands.data_options import data_of, machine_of
from neuroscope.commands.study_options import study_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_MAKERS: Mapping[str, Callable[..., Any]] = {"data": data_of, "machine": machine_of, "study": study_of}


def with_options(command: Callable[..., None]) -> Callable[..., None]:
    """Decorate a command: its parameters ``data``, ``machine`` and ``study`` become the options that make them.

    Their types are ``Data``, ``Machine`` and ``Study``.
    """
    signature = inspect.signature(command, eval_str=True)
    options = {name: _options(maker) for name, maker in _MAKERS.items() if name in signature.parameters}

    @functools.wraps(command)
    def run(**arguments: Any) -> None:
        given = {name: {each.name: arguments.pop(each.name) for each in own} for name, own in options.items()}
        command(**arguments, **{name: _MAKERS[name](**own) for name, own in given.items()})

    shown = [each for own in signature.parameters.values() for each in options.get(own.name, [own])]
    keywords = [each.replace(kind=each.KEYWORD_ONLY) for each in shown]
    run.__signature__ = signature.replace(parameters=keywords)  # type: ignore[attr-defined]  # what typer looks at
    return run


def _options(maker: Callable[..., Any]) -> list[inspect.Parameter]:
    return list(inspect.signature(maker, eval_str=True).parameters.values())
