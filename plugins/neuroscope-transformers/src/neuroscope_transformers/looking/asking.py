"""Ask another process what a model consists of, and remember what it says."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

from neuroscope import BadOption, commands, weights
from neuroscope_transformers.looking.description import described
from neuroscope_transformers.running.classes import installed_version
from neuroscope_transformers.wording import printable, shown

if TYPE_CHECKING:
    from pathlib import Path

    from neuroscope_transformers.looking.description import Description
    from neuroscope_transformers.sources.model_files import ModelFiles

SECONDS = 300
"""How long looking may take; most models need ten."""
RECIPE = 2
"""Of looking; raise it when what it finds changes."""


def look(files: ModelFiles, about: str) -> Description:
    """Tell what a model consists of.

    It is made of its configuration with random weights, in a process of its own, so that no torch is loaded in this
    one, and neither time nor memory is without bounds. What comes is remembered with the configuration's file, but for
    what lies with the machine: a package that is not there, memory that ran out.

    Args:
        files: of the model.
        about: what is said of it where looking comes to nothing.

    Raises:
        BadOption: transformers cannot make it, it takes no audio, or no blocks are found in it.
    """
    versions = ", ".join(f"{name} {installed_version(name)}" for name in ("transformers", "torch"))
    what = f"blocks, recipe {RECIPE}, {versions}, {_settings_digest(files)}"

    def ask(path: Path) -> str:
        del path  # what is in it is known
        return _asked(files, about)

    return described(weights.remembered_as(what, files.paths["config.json"], ask, _whole))


def _whole(text: str) -> str:
    """Return a description as it is; one that is damaged is an error, and is asked for again."""
    if "problem" not in json.loads(text):
        described(text)
    return text


def _settings_digest(files: ModelFiles) -> str:
    return " ".join(each.digest for name, each in sorted(files.found.items()) if name.endswith("_config.json"))


def _asked(files: ModelFiles, about: str) -> str:
    request = json.dumps({"config": dict(files.config.values), "preprocessor": dict(files.preprocessor.values)})
    command = [sys.executable, "-P", "-m", "neuroscope_transformers.looking.child"]
    about = f"{files.config.file}: {about}; looking into it"
    label = f"Looking into {shown(files.config.get('model_type'))}"
    try:
        with commands.progress_bar(label, 0):
            ended = subprocess.run(
                command, input=request, capture_output=True, encoding="utf-8", timeout=SECONDS, check=False
            )
    except subprocess.TimeoutExpired:
        raise BadOption(f"{about} took more than {SECONDS} s; {HOW}") from None
    if ended.returncode or not ended.stdout.strip():
        lines = [line.strip() for line in ended.stderr.splitlines() if line.strip()]
        raise BadOption(f"{about} failed ({printable((lines or [f'exit code {ended.returncode}'])[-1][:200])}); {HOW}")
    found = json.loads(ended.stdout)
    if "passing" in found:
        raise BadOption(f"{about} failed ({found['passing']})")
    if "unknown" in found:
        return json.dumps({"problem": f"{files.config.file}: {found['unknown']}"})
    if "problem" in found:
        found["problem"] = f"{about} found no blocks: {found['problem']}; {HOW}"
    return json.dumps(found)


HOW = "docs/how-to/write-a-backbone.md says how a backbone is written for it"
