"""Run a case in a child that may crash, hang or take memory, and say what came of it."""

import json
import os
import re
import resource
import signal
import sys
import time
import traceback
from pathlib import Path

import numpy as np

from fuzzing import plugin

ROOM = 1536 << 20
"""Bytes of address space that a child may take beside its parent's."""
SECONDS = 20
"""Of processor time; twice as much on the clock."""
MOST_LINES = 25
CLOSE = 1e-4
BROKEN = 99
"""Exit code of a child in which the fuzzing itself failed."""


ANSWER, ERROR = GOOD = ("clean answer", "one-line error")
"""Outcomes that are no findings."""


def run(case, prepare, steps):
    """Spoil and run a case in a child; its record: outcome, signature, what was said.

    Args:
        case: with its own folder.
        prepare: spoils the files, in the child.
        steps: gives argument lists of ``neuroscope``; a step is run where the one before did not fail.
    """
    began = time.monotonic()
    process = os.fork()
    if not process:
        _child(case, prepare, steps)
    code, usage, hung = _wait(process, began)
    record = json.loads((case.folder / "record.json").read_text()) if (case.folder / "record.json").exists() else {}
    out, err = ((case.folder / name).read_text(errors="replace") for name in ("stdout", "stderr"))
    outcome, signature = _judge(record, code, hung, err)
    if outcome in GOOD and usage.ru_maxrss * 1024 > ROOM:
        outcome, signature = "memory", f"memory: {usage.ru_maxrss >> 10} MiB"
    return {"outcome": outcome, "signature": signature, "err": err[-3000:], "out": out[-500:], **record}


def _wait(process, began):
    while True:
        done, status, usage = os.wait4(process, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status), usage, False
        if time.monotonic() - began > 2 * SECONDS:
            os.kill(process, signal.SIGKILL)
            _, status, usage = os.wait4(process, 0)
            return os.waitstatus_to_exitcode(status), usage, True
        time.sleep(0.005)


def _child(case, prepare, steps):
    """Never returns: what is forked must not go on as its parent."""
    try:
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        for number, name in ((1, "stdout"), (2, "stderr")):
            os.dup2(os.open(case.folder / name, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o644), number)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        sys.stdout, sys.stderr = os.fdopen(1, "w", buffering=1), os.fdopen(2, "w", 1, errors="backslashreplace")
        prepare(case)
        record = {"spoiled": case.spoiled, "steps": []}
        _note(case, record)
        resource.setrlimit(resource.RLIMIT_AS, (used + ROOM, used + ROOM))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 5))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        os.environ["NEUROSCOPE_CACHE"] = str(case.folder / "cache")
        os.chdir(case.folder)
        for arguments in steps(case):
            record["steps"].append([arguments, None])
            _note(case, record)
            record["steps"][-1][1] = command(arguments)
            _note(case, record)
            if record["steps"][-1][1] and not _verified(*record["steps"][-1]):
                break
        else:
            record["problem"] = _compare(case)
        _note(case, record)
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(BROKEN)
    os._exit(0)


def _verified(arguments, code):
    """Tell whether an exit code says that something is damaged, which is the command's answer."""
    return arguments[:2] == ["store", "verify"] and code == 1


def _note(case, record):
    (case.folder / "record.json").write_text(json.dumps(record))


def command(arguments):
    """Run ``neuroscope`` as its console script does; its exit code."""
    from fuzzing.running import application

    sys.argv = ["neuroscope", *arguments]
    try:
        application()()
    except SystemExit as end:
        sys.stdout.flush()
        return end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        return 98
    return 0


def _compare(case):
    """Say what is wrong with the vectors that came; empty = nothing."""
    different = _difference(case)
    if case.must_fail and (different or not plugin.FAULT):  # a plugin's slip that changes nothing may be passed over
        return f"accepted: {case.must_fail}"
    return different


def _difference(case):
    """Compare the vectors that came with those of the unspoiled world."""
    file = case.folder / "answer.npz"
    if not file.exists():
        return ""
    with np.load(file) as held:
        answer = {name: held[name] for name in held.files}
    place = {name: n for n, name in enumerate(case.world.ids)}
    layers = [name for name in answer if name.startswith("layer ")]
    values = np.hstack([answer[name] for name in layers])
    if getattr(case, "wide", False) and values.shape[1] != 6:
        return f"accepted: {values.shape[1]} columns, of which 6 are vectors"
    truth = np.hstack([case.world.truth[1][layer] for layer in case.world.truth[1]])
    if case.loose is None or values.shape[1] != truth.shape[1]:
        return ""
    for name, row in zip(answer["ids"].tolist(), values, strict=True):
        true = truth[place[name.partition("-")[0]]] if name.partition("-")[0] in place else None
        if true is not None and name not in case.loose and not np.allclose(row, true, rtol=CLOSE, atol=CLOSE):
            return f"wrong: {name} differs by {np.abs(row - true).max():.3g}"
    gone = set(place) - set(answer["ids"].tolist()) - set(answer["skipped"].tolist()) - case.loose
    return f"lost: {', '.join(sorted(gone))}" if gone else ""


def _judge(record, code, hung, err):
    """Outcome, and a signature that is the same for the same fault."""
    step = next((arguments[0] for arguments, _ in reversed(record.get("steps", []))), "?")
    if found := _violent_end(step, code, hung, err):
        return found
    if problem := record.get("problem", ""):
        kind = problem.partition(":")[0]
        what = problem if kind == "accepted" else re.sub(r"u\d\d|[\d.]+", "N", problem.partition(" differs")[0])
        return kind, what if kind == "accepted" else f"{what} ({_kind_of(record['spoiled'])})"
    failed = [(arguments, end) for arguments, end in record.get("steps", []) if end and not _verified(arguments, end)]
    strange = [each for each in err if not each.isprintable() and each not in "\n\t"]
    if strange:
        return "message", f"control character {strange[0]!r} in what {step} says"
    if not failed:
        return ANSWER, ""
    (arguments, end) = failed[-1]
    if end not in (1, 2) or not re.search(r"^Error: |^Usage: |damaged|failed", err, re.MULTILINE):
        said = (err.strip().splitlines() or ["nothing"])[-1]
        return "message", f"exit code {end} of {arguments[0]}, and no error is told: {said[:60]}"
    return (ERROR, "") if len(err.splitlines()) <= MOST_LINES else ("message", f"{step}: a message too long")


def _violent_end(step, code, hung, err):
    """Outcome and signature where a child did not end by itself, or in a traceback; None where it did."""
    panics = re.findall(r"panicked at ([^\n:]+:\d+)", err)
    if hung or code == -signal.SIGXCPU:
        return "hang", f"hang in {step}"
    if code < 0:
        return "crash", f"{signal.Signals(-code).name} in {step} {panics[-1] if panics else ''}"
    if "Traceback (most recent call last)" in err:
        memory = re.search(r"^[\w.]*MemoryError", err, re.MULTILINE)
        return "memory" if memory else "harness" if code == BROKEN else "traceback", last_frame(err)
    if code == BROKEN:
        return "harness", "?"
    return ("traceback", f"panic {panics[-1]}") if panics else None


def _kind_of(spoiled):
    """Say what was spoiled without names and numbers, so that the same fault is the same text."""
    kinds = {re.sub(r"[0-9a-f]{6,}|u\d\d|\d+", "N", each.rpartition("/")[2])[:60] for each in spoiled}
    return "; ".join(sorted(kinds))


def last_frame(err):
    """Where a traceback ends in neuroscope's own code, and its error."""
    places = re.findall(r'File "([^"]+)", line \d+, in (\w+)', err.rpartition("Traceback (most recent call last)")[2])
    own = [f"{path.rpartition('/src/')[2]}:{name}" for path, name in places if "/src/neuroscope" in path]
    last = next((line for line in reversed(err.strip().splitlines()) if re.match(r"[\w.]+(:|$)", line)), "?")
    return f"{own[-1] if own else '?'} {re.sub(r'[0-9a-f]{6,}|[0-9]+', 'N', last)[:110]}"
