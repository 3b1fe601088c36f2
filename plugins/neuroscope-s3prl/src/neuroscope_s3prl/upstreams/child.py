"""A child process for what loads torch and s3prl: the process that asks stays light, and outlives what goes wrong.

A question and its answer are JSON. Settings may ask for a network without end, so what the child may take is bounded.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from neuroscope import BadOption, MissingData, MissingDependency, NeuroscopeError
from neuroscope_s3prl.mockingjay.modules import INSTALL

if TYPE_CHECKING:
    from collections.abc import Callable

_SECONDS = 1200
_FREE_BYTES = 4 << 30  # of memory, beside what a checkpoint's size allows for
_ERRORS: dict[str, type[NeuroscopeError]] = {"BadOption": BadOption, "MissingData": MissingData}


def ask(function: str, question: Any, *, checkpoint_bytes: int = 0) -> Any:
    """Call a function of this plugin in a child process.

    Args:
        function: ``package.module:name`` of a function, JSON in and JSON out.
        question: its argument.
        checkpoint_bytes: of the file that is read: six times as much memory may be taken, and 4 GB.

    Raises:
        NeuroscopeError: as the function raised it; or the child ended without an answer.
    """
    job = {"function": function, "question": question, "bytes": _FREE_BYTES + 6 * checkpoint_bytes}
    paths = os.pathsep.join(each for each in sys.path if each)
    own = {"PYTHONPATH": paths, "PYTHONWARNINGS": "ignore", "CUDA_VISIBLE_DEVICES": ""}
    # -P: the folder that the user stands in is no place for modules.
    command = [sys.executable, "-P", "-c", f"from {__name__} import answer; answer()"]
    try:
        done = subprocess.run(
            command,
            input=json.dumps(job),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            check=False,
            env=os.environ | own,
        )
    except subprocess.TimeoutExpired:
        raise NeuroscopeError(f"s3prl gave no answer within {_SECONDS} s: its process was ended") from None
    try:
        told = json.loads(done.stdout)
    except ValueError:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise NeuroscopeError(f"the process that ran s3prl ended with code {done.returncode}: {last[:300]}") from None
    return _result(told)


def _result(told: dict[str, Any]) -> Any:
    if "module" in told:
        raise MissingDependency(told["module"], told["reason"], INSTALL)
    if "error" in told:
        raise _ERRORS.get(told["error"], NeuroscopeError)(told["message"])
    return told["answer"]


def answer() -> None:
    """Answer the question on standard input, on standard output; what else is printed goes to standard error."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    job = json.load(sys.stdin)
    _bound_memory(job["bytes"])
    module, _, name = job["function"].partition(":")
    with channel:
        json.dump(_told(getattr(importlib.import_module(module), name), job["question"]), channel)


def _told(function: Callable[[Any], Any], question: Any) -> dict[str, Any]:
    try:
        return {"answer": function(question)}
    except MissingDependency as error:
        cause = error.__cause__
        why = f"{type(cause).__name__}: {cause}" if cause else str(error)
        return {"module": error.module, "reason": " ".join(why.split())}
    except NeuroscopeError as error:
        return {"error": type(error).__name__, "message": str(error)}


def _bound_memory(most: int) -> None:
    """Let the process take so much memory of its own, where the system can be told (Linux)."""
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
