"""Members of the family ``s3prl:``, for ``neuroscope list s3prl:``: every entry of s3prl, and why some do not run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from neuroscope import Member, NeuroscopeError, commands, weights
from neuroscope_s3prl.upstreams import child, hubconfs
from neuroscope_s3prl.upstreams.checkpoint import LAYOUTS
from neuroscope_s3prl.upstreams.describing import versions

if TYPE_CHECKING:
    from pathlib import Path

    from neuroscope_s3prl.upstreams.hubconfs import Entry

OBSTACLES = {
    "ast": "it needs timm 0.4.5, and weights of ImageNet beside its own",
    "byol_a": "its checkpoint is a bare state dict of a network that s3prl names by its width",
    "byol_s": "it calls torchaudio.set_audio_backend, which went with torchaudio 2.9 (s3prl#575)",
    "espnet_hubert": "it needs the package espnet, which reads its checkpoints itself",
    "example": "it is a template for upstreams of one's own",
    "hf_hubert": "use hf:ID, which loads the same models by transformers itself",
    "hf_wav2vec2": "use hf:ID, which loads the same models by transformers itself",
    "lighthubert": "it was not tried: its networks come in two full sizes alone",
    "log_stft": "it takes a YAML file of settings, and has no weights",
    "mos_prediction": "it imports torchaudio.sox_effects, which went with torchaudio 2.9, and gives scores, no frames",
    "pase": "it needs the package pase",
    "passt": "it downloads its weights by itself",
    "roberta": "it needs s3prl.hub, which does not import beside torchaudio 2.9 or later (s3prl#575)",
    "ssast": "it needs timm 0.4.5",
    "vggish": "its weights are two files, and frames of a second",
}
"""Upstream -> why the family does not offer it."""

NOT_OFFERED = {"baseline_local": "it takes a YAML file of settings: use fbank, fbank_no_cmvn, mel, mfcc or linear"}
"""Entries of offered upstreams that take something that the family does not pass on."""


def members() -> list[Member]:
    """List every public entry of every ``hubconf.py`` of s3prl, with why it cannot be used here.

    Raises:
        MissingDependency: s3prl is not installed.
    """
    problems = import_problems()
    return [
        Member(entry.name, _summary(entry), problem=_import_told(entry, problems) or obstacle(entry))
        for entry in hubconfs.entries().values()
    ]


def obstacle(entry: Entry) -> str:
    """Say why an entry is not offered; empty = it is."""
    known = NOT_OFFERED.get(entry.name) or OBSTACLES.get(entry.upstream, "")
    return known or ("" if entry.upstream in LAYOUTS else "its checkpoints are not known here")


def import_problems() -> dict[str, str]:
    """Find the upstreams whose ``hubconf.py`` does not import here: upstream -> why.

    They are imported in a child process, those that do once for these versions of s3prl and of what it stands on; the
    others each time, since nobody knows what would mend them: a package, a variable, a library of the system.
    """
    names = sorted({entry.upstream for entry in hubconfs.entries().values()})
    file, failed = hubconfs.folder() / "__init__.py", dict[str, str]()

    def compute(_: Path) -> str:
        failed.update(_ask(names))
        return json.dumps(sorted(set(names) - set(failed)))

    good = weights.remembered_as(f"upstreams of s3prl that import, {versions()}", file, compute, _names)
    rest = [name for name in names if name not in good]
    return failed or (_ask(rest) if rest else {})


def _names(text: str) -> frozenset[str]:
    return frozenset(str(name) for name in json.loads(text))


def _ask(names: list[str]) -> dict[str, str]:
    try:
        with commands.progress_bar("Looking at the upstreams of s3prl", 1):
            problems: dict[str, str] = child.ask(f"{__name__}:try_imports", names)
    except NeuroscopeError as error:  # one of the imports ended the process: the halves tell which
        if len(names) == 1:
            return {names[0]: str(error)}
        half = len(names) // 2
        return _ask(names[:half]) | _ask(names[half:])
    return problems


def try_imports(names: list[str]) -> dict[str, str]:
    """Import the ``hubconf.py`` of each upstream, and say what went wrong; in a child process."""
    import importlib

    problems = {}
    for name in names:
        try:
            importlib.import_module(f"s3prl.upstream.{name}.hubconf")
        except BaseException as error:  # an import fails in many ways
            problems[name] = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
    return problems


def _import_told(entry: Entry, problems: dict[str, str]) -> str:
    why = problems.get(entry.upstream, "")
    if not why:
        return ""
    known = OBSTACLES.get(entry.upstream, "")
    return f"does not import here ({why}){f': {known}' if known else ''}"


def _summary(entry: Entry) -> str:
    source = "takes checkpoint=FILE" if entry.takes_file else entry.urls[0].split("/")[2] if entry.urls else ""
    parts = [entry.upstream, entry.summary, source]
    return "; ".join(each for each in parts if each)
