"""The process that looks at a model: its configuration comes in as JSON, a description or a problem goes out."""

from __future__ import annotations

import json
import os
import resource
import sys
from typing import Any

from neuroscope import NeuroscopeError
from neuroscope_transformers.features.extractors import make_extractor
from neuroscope_transformers.looking.blocks import describe
from neuroscope_transformers.looking.passing import is_passing
from neuroscope_transformers.running.classes import UnknownModel, classes_of
from neuroscope_transformers.running.quiet import transformers_quiet
from neuroscope_transformers.wording import first_line

MEMORY = 2**34
"""Bytes that a model and its pass may take: 16 GB."""


def main() -> None:
    """Read a request from the standard input, and write the answer to the standard output, which nothing else gets."""
    answer = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    most = MEMORY if hard == resource.RLIM_INFINITY else min(MEMORY, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (most, hard))
    with answer:
        answer.write(_answer(json.loads(sys.stdin.buffer.read())))


def _answer(request: dict[str, Any]) -> str:
    try:
        configuration, kind = classes_of(request["config"]["model_type"])
        with transformers_quiet():
            config = configuration.from_dict(request["config"])
            extractor = make_extractor(request["preprocessor"], config)
            return describe(kind(config).float().eval(), extractor).text()
    except UnknownModel as error:
        return json.dumps({"unknown": str(error)})
    except Exception as error:  # a configuration may be wrong in any way
        if is_passing(error):
            return json.dumps({"passing": first_line(error)})
        if isinstance(error, NeuroscopeError):
            return json.dumps({"problem": str(error)})
        return json.dumps({"problem": f"transformers cannot make it: {first_line(error)}"})


if __name__ == "__main__":
    main()
