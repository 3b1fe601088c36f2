"""The process that looks at a model: its configuration comes in as JSON, a description or a problem goes out."""

from __future__ import annotations

import json
import os
import resource
import sys
from typing import Any

import transformers  # noqa: TID253 - this is the process that may

from neuroscope import NeuroscopeError
from neuroscope_transformers.looking.blocks import describe
from neuroscope_transformers.running.extractors import make_extractor
from neuroscope_transformers.running.quiet import transformers_quiet

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
    with transformers_quiet(transformers):
        try:
            config = transformers.CONFIG_MAPPING[request["config"]["model_type"]].from_dict(request["config"])
            extractor = make_extractor(request["preprocessor"], config)
            make: Any = transformers.MODEL_MAPPING[type(config)]
            return describe(make(config).float().eval(), extractor).text()
        except NeuroscopeError as error:
            return json.dumps({"problem": str(error)})
        except KeyError:
            return json.dumps({"problem": "transformers has no such model, or no plain one (AutoModel)"})
        except Exception as error:  # a configuration may be wrong in any way
            line = next((line.strip() for line in str(error).splitlines() if line.strip()), "no message")
            return json.dumps({"problem": f"transformers cannot make it: {type(error).__name__}: {line[:200]}"})


if __name__ == "__main__":
    main()
