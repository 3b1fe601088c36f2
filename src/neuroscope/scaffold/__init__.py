"""A starter package for a plugin: it installs, is listed and passes the compliance kit before a line is changed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from string import Template
from types import MappingProxyType
from typing import TYPE_CHECKING

from neuroscope.errors import BadOption, UnknownName
from neuroscope.plugin.diagnosis import CORE
from neuroscope.plugin.hookspecs import API_VERSION
from neuroscope.runtime.files import whole_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from neuroscope.plugin.loading import Plugins

_TEMPLATES = Path(__file__).parent / "templates"
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LONGEST = 40
_PREFIX = "neuroscope-"


@dataclass(frozen=True, slots=True)
class Kind:
    """The values that differ between the packages of each kind, beside their templates.

    Attributes:
        component: the public type that its factory makes.
        summary: of the toy component, for ``neuroscope list``.
        contract: what the body has to do, for the package's README.
        requires: distributions, beside neuroscope's own.
        data: what ``neuroscope check`` is given behind the name; empty = nothing.
        test_requires: distributions that the tests need, beside pytest.
        templates: folder of the templates; empty = that of the kind.
    """

    component: str
    summary: str
    contract: str
    requires: tuple[str, ...] = ()
    data: str = ""
    test_requires: tuple[str, ...] = ()
    templates: str = ""


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "backbone": Kind(
            "BackboneSpec",
            "two layers over windows of 25 ms; a toy to replace",
            "`make` says what the model is without importing torch; `model.py` runs it and yields frames.",
            requires=("torch>=2.6",),
        ),
        "dataset": Kind(
            "Manifest",
            "files CLASS/SPEAKER-NUMBER.wav; a toy to replace",
            "`make` reads the folder that the user names, and gives one `Utterance` for each span of speech.",
            data=" FOLDER",
        ),
        "task": Kind(
            "Task",
            "the classes of one column; a toy to replace",
            "`make` gives a `Classification`: the class of an utterance, read from the columns that it declares.",
            data=" MANIFEST.csv",
            test_requires=("neuroscope-speech-tasks",),
        ),
        "pooling": Kind(
            "Pooling",
            "smallest value over the frames; a toy to replace",
            "A state takes the frames of a batch block by block and gives one vector for each utterance.",
            requires=("torch>=2.6",),
        ),
        "probe": Kind(
            "Probe",
            "logistic regression; a toy to replace",
            "`make` gives an unfitted scikit-learn classifier; any will do.",
            requires=("scikit-learn>=1.6",),
        ),
        "ranking": Kind(
            "Ranker",
            "distance of the class means in standard deviations; a toy to replace",
            "`rank` orders all units, the most important first, ties by the position of their columns.",
            requires=("numpy>=2.0",),
        ),
    }
)

WRAPS: Mapping[str, Kind] = MappingProxyType(
    {
        "module": Kind(
            "BackboneSpec",
            "layers taken from named modules of a network; a toy to replace",
            "`LAYERS` says which modules are its layers, `WHEEL` and `FILE` which wheel brings the trained weights; "
            "`net.py` holds a network of its own, and `model.py` runs it.",
            requires=("safetensors>=0.5", "torch>=2.6"),
            data=",weights=random",
            templates="backbone_module",
        )
    }
)
"""What a backbone may be written around."""


def check_of(name: str, kind: str, wraps: str = "") -> str:
    """Return the arguments of ``neuroscope check`` for a package as it was written."""
    return f"{kind} {name}{_about(kind, wraps).data}"


def write(name: str, kind: str, into: Path, plugins: Plugins, wraps: str = "") -> Path:
    """Write a package, and return the folder that holds it; it is written whole or not at all.

    Args:
        name: of the component; the distribution is ``neuroscope-NAME``.
        kind: one of ``KINDS``.
        into: an existing folder, in which the package's own is made.
        plugins: whose names are taken.
        wraps: one of ``WRAPS``, for a backbone; empty = a body of its own.

    Raises:
        UnknownName: no such kind, or nothing of this name that could be wrapped.
        BadOption: the name cannot be one or is taken, or the place is; or the kind wraps nothing.
        OSError: the folder cannot be written.
    """
    if kind not in KINDS:
        raise UnknownName("kind of plugin", kind, KINDS)
    if wraps and kind != "backbone":
        raise BadOption(f"--wraps {wraps}: a backbone wraps a network, a {kind} does not")
    if wraps and wraps not in WRAPS:
        raise UnknownName("thing to wrap", wraps, WRAPS)
    _check_name(name, kind, plugins)
    target = into / f"{_PREFIX}{name}"
    if not into.is_dir():
        raise BadOption(f"--into {into}: there is no such folder")
    if target.exists() or target.is_symlink():
        raise BadOption(f"{target} exists already; choose another name, or another folder with --into")
    values = _values(name, kind, wraps)
    with whole_folder(target) as folder:
        for path, text in _files(_about(kind, wraps).templates or kind, values):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
    return target


def _check_name(name: str, kind: str, plugins: Plugins) -> None:
    if not _NAME.fullmatch(name) or len(name) > _LONGEST:
        expected = f"expected lower-case letters, digits and single hyphens, {_LONGEST} at most"
        raise BadOption(f"'{name}' cannot be the name of a plugin: {expected}")
    if name.startswith(_PREFIX):
        raise BadOption(f"'{name}': the distribution is called {_PREFIX}NAME; write {name.removeprefix(_PREFIX)}")
    if entry := plugins.registries[kind].entries.get(name):
        raise BadOption(f"{kind} '{name}' is brought by {entry.plugin}; choose another name")
    try:
        installed = version(f"{_PREFIX}{name}")
    except PackageNotFoundError:
        return
    raise BadOption(f"{_PREFIX}{name} {installed} is installed already; choose another name")


def _about(kind: str, wraps: str) -> Kind:
    return WRAPS[wraps] if wraps else KINDS[kind]


def _values(name: str, kind: str, wraps: str) -> dict[str, str]:
    about = _about(kind, wraps)
    return {
        "name": name,
        "kind": kind,
        "distribution": f"{_PREFIX}{name}",
        "module": f"{_PREFIX}{name}".replace("-", "_"),
        "identifier": name.replace("-", "_"),
        "api": str(API_VERSION),
        "component": about.component,
        "imports": ", ".join(sorted((about.component, "Registrar"))),
        "summary": about.summary,
        "contract": about.contract,
        "data": about.data,
        "requires": _toml(CORE, *about.requires),
        "test_requires": _toml("pytest>=8", *about.test_requires),
    }


def _toml(*names: str) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _files(templates: str, values: Mapping[str, str]) -> Iterator[tuple[Path, str]]:
    """Yield every file of the package: its path in it, and its text."""
    renamed = {"module": values["module"], "test_module.py": f"test_{values['module']}.py", "gitignore": ".gitignore"}
    for folder in (_TEMPLATES / "common", _TEMPLATES / templates):
        for template in sorted(folder.rglob("*.in")):
            parts = template.relative_to(folder).with_suffix("").parts
            text = Template(template.read_text(encoding="utf-8")).substitute(values)
            yield Path(*(renamed.get(part, part) for part in parts)), text
