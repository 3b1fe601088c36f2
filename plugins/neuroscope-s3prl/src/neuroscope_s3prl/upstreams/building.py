"""An upstream of s3prl, built by s3prl's own code from a checkpoint that was read here.

While s3prl builds it, what it reads by ``torch.load`` is that copy, its downloader gives no file that was not asked
for, and the global random states are as they were afterwards. One is built at a time.
"""

from __future__ import annotations

import sys
import tempfile
import threading
import warnings
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch  # noqa: TID253

from neuroscope import BadOption, require
from neuroscope.weights import randomness_kept
from neuroscope_s3prl.mockingjay.front_ends import leave_out_what_nobody_asked_for
from neuroscope_s3prl.mockingjay.modules import INSTALL
from neuroscope_s3prl.upstreams.checkpoint import LAYOUTS, read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

    from torch.nn import Module

    from neuroscope_s3prl.upstreams.hubconfs import Entry

_LOCK = threading.RLock()


def build(entry: Entry, content: dict[str, Any] | None, *, seed: int | None, file: str) -> Module:
    """Build an upstream, in evaluation mode, on the CPU.

    Args:
        entry: which.
        content: its checkpoint (``checkpoint.read``); None = it has none.
        seed: of random weights, which s3prl's own classes draw as before a training; None = those of the checkpoint.
        file: the checkpoint's name, for errors.

    Raises:
        MissingDependency: its module cannot be imported.
        BadOption: s3prl cannot build it from these settings, or the checkpoint lacks some of its weights.
    """
    with _LOCK, tempfile.TemporaryDirectory(prefix="neuroscope-s3prl-") as folder, ExitStack() as stack:
        stack.enter_context(QUIET)  # warnings of s3prl's age: distutils, weight_norm, typed storages
        hubconf = require(entry.module, install=INSTALL)
        QUIET.hide_prints()
        stand_in = Path(folder) / "checkpoint"
        stand_in.touch()
        stack.enter_context(randomness_kept(0 if seed is None else seed))
        stack.enter_context(_files_read(stand_in, content))
        filled = stack.enter_context(_weights_watched(fill=seed is None))
        arguments = {"ckpt": str(stand_in)} if entry.takes_file else {}
        expert = _built(lambda: getattr(hubconf, entry.name)(**arguments), entry, file)
        if seed is None and content is not None:
            _check_filled(expert, filled, file)
    for module in expert.modules():
        # No layer left out by chance, and no utterance that begins where the one before ended.
        for name, value in (("layerdrop", 0.0), ("keepHidden", False)):
            if hasattr(module, name):
                setattr(module, name, value)
        if type(module).__name__ == "OnlinePreprocessor":
            leave_out_what_nobody_asked_for(module)
    _take_hooks(expert)
    return expert.eval().requires_grad_(False)


def _take_hooks(expert: Any) -> None:
    """Take the upstream's own hooks off its modules, and keep what they were: ``running`` puts them on for a call."""
    hooks = list(getattr(expert, "hooks", ()))
    if hooks and hasattr(expert, "remove_all_hooks"):
        expert.remove_all_hooks()
        expert.taken_hooks = tuple(hooks)


def load(entry: Entry, path: Path | None, seed: int | None) -> Module:
    """Read an upstream's checkpoint, and build it.

    Args:
        entry: which.
        path: its checkpoint; None = it has none, or random weights and settings of s3prl's own.
        seed: of random weights; None = those of the checkpoint.

    Raises:
        MissingDependency: its module cannot be imported.
        BadOption: the file is no checkpoint of this upstream.
    """
    layout = LAYOUTS[entry.upstream]
    if path is not None:
        content: dict[str, Any] | None = read(path, entry.upstream, with_weights=seed is None)
    else:
        content = {layout.weights: {}} if layout.weights else None
    return build(entry, content, seed=seed, file=path.name if path else "settings of s3prl's own")


def _built(make: Callable[[], Any], entry: Entry, file: str) -> Module:
    try:
        expert = make()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # asserts, KeyErrors of settings, shapes, exit(1): s3prl checks nothing beforehand
        raise BadOption(f"s3prl:{entry.name} cannot be built from {file}: {reason(error)}") from error
    if not isinstance(expert, torch.nn.Module):
        raise BadOption(f"s3prl:{entry.name} makes a {type(expert).__name__}, and no torch.nn.Module")
    return expert


def reason(error: BaseException) -> str:
    """Say in one line what went wrong first: s3prl raises errors of its own in place of those that say more."""
    while error.__context__ is not None:
        error = error.__context__
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text if len(text) <= 300 else f'{text[:300]}…'}".removesuffix(": ")


def _check_filled(expert: Module, filled: list[torch.nn.Parameter], file: str) -> None:
    """Raise BadOption where parameters were left as they began: s3prl goes over missing weights in silence."""
    known = {id(each) for each in filled}
    names = [name for name, each in expert.named_parameters() if id(each) not in known]
    if names:
        raise BadOption(
            f"{file} has no weights for {len(names)} of the network's {len(list(expert.parameters()))} parameters "
            f"({', '.join(names[:3])}{', …' if names[3:] else ''}): is it a checkpoint of this upstream?"
        )


class _Quiet:
    """While any upstream is built or runs, s3prl's warnings are unheard, and its modules print nothing.

    Several threads do so side by side: the last one out puts back what the first one in has found.
    """

    def __init__(self) -> None:
        self._lock, self._inside = threading.Lock(), 0
        self._warnings = warnings.catch_warnings()
        self._hidden: list[ModuleType] = []

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._warnings = warnings.catch_warnings()
                self._warnings.__enter__()
                warnings.simplefilter("ignore")
            self._inside += 1
            self._hide_prints()

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                while self._hidden:
                    vars(self._hidden.pop()).pop("print", None)
                self._warnings.__exit__(None, None, None)

    def hide_prints(self) -> None:
        """Keep the modules quiet, too, that were imported since."""
        with self._lock:
            self._hide_prints()

    def _hide_prints(self) -> None:
        """Hide Python's ``print`` from the modules of s3prl by one of their own: stdout is for results."""
        for name, module in list(sys.modules.items()):
            if name.startswith("s3prl.upstream.") and "print" not in vars(module):
                vars(module)["print"] = _say_nothing
                self._hidden.append(module)


def _say_nothing(*texts: object, **options: object) -> None:
    """Take the place of ``print``."""


QUIET = _Quiet()


@contextmanager
def _files_read(stand_in: Path, content: dict[str, Any] | None) -> Iterator[None]:
    """Give this thread's ``torch.load`` the copy for the stand-in, and nothing that runs for any other file.

    The downloader that each ``hubconf`` imported gives the stand-in, whatever the address.
    """
    thread, original = threading.get_ident(), torch.load

    def load(file: Any, *arguments: Any, **options: Any) -> Any:
        if threading.get_ident() != thread:
            return original(file, *arguments, **options)
        if content is not None and str(file) == str(stand_in):
            return content
        return original(file, *arguments, **{**options, "weights_only": True})

    def find(*addresses: str, refresh: bool = False) -> Any:
        del refresh
        return str(stand_in) if len(addresses) == 1 else [str(stand_in)] * len(addresses)

    with ExitStack() as stack:
        _replace(stack, torch, "load", load)
        for name, module in list(sys.modules.items()):
            if name.startswith("s3prl.upstream.") and hasattr(module, "_urls_to_filepaths"):
                _replace(stack, module, "_urls_to_filepaths", find)
        yield


@contextmanager
def _weights_watched(*, fill: bool) -> Iterator[list[torch.nn.Parameter]]:
    """Collect the parameters that this thread fills from state dicts; with ``fill=False`` they stay as they began."""
    thread, original = threading.get_ident(), torch.nn.Module._load_from_state_dict
    filled: list[torch.nn.Parameter] = []

    def load(module: Module, state: Any, prefix: str, *rest: Any) -> None:
        if threading.get_ident() != thread:
            original(module, state, prefix, *rest)
        elif fill:
            own = module._parameters.items()
            filled.extend(each for name, each in own if each is not None and prefix + name in state)
            original(module, state, prefix, *rest)

    with ExitStack() as stack:
        _replace(stack, torch.nn.Module, "_load_from_state_dict", load)
        yield filled


def _replace(stack: ExitStack, owner: Any, name: str, value: Any) -> None:
    stack.callback(setattr, owner, name, getattr(owner, name))
    setattr(owner, name, value)
