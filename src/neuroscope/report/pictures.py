"""Charts as files, drawn in a process of their own: what ends that process costs the picture and nothing else."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from signal import Signals
from typing import TYPE_CHECKING, Any

from neuroscope.errors import BadOption
from neuroscope.runtime.files import whole_file
from neuroscope.runtime.wording import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import altair

    Chart = altair.ConcatChart | altair.HConcatChart | altair.VConcatChart

_LONGEST = 120.0  # seconds

# It loads vl_convert alone, from the folder where we have it, and leaves no core behind.
_DRAW = """
import base64, json, resource, sys
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
folder, version, *endings = sys.argv[1:]
sys.path.append(folder)
import vl_convert
spec = json.load(sys.stdin)
draw = {
    ".html": lambda: vl_convert.vegalite_to_html(spec, vl_version=version, bundle=True).encode(),
    ".png": lambda: vl_convert.vegalite_to_png(spec, vl_version=version, scale=2),
    ".svg": lambda: vl_convert.vegalite_to_svg(spec, vl_version=version).encode(),
}
json.dump({ending: base64.b64encode(draw[ending]()).decode() for ending in endings}, sys.stdout)
"""
ENDINGS = (".html", ".json", ".png", ".svg")
"""Of a file that a chart can be written to: a page that needs no internet, Vega-Lite, and pictures."""


def save(chart: Callable[[], Chart], folder: Path, name: str) -> str:
    """Write ``NAME.svg`` and, at twice the size, ``NAME.png``.

    Args:
        chart: makes the chart.
        folder: of the files.
        name: of the files.

    Returns:
        Why they could not be drawn or written; empty where they were.
    """
    return save_as(chart, *(folder / f"{name}{ending}" for ending in (".svg", ".png")))


def save_as(chart: Callable[[], Chart], *files: Path) -> str:
    """Write a chart to files, each in the form that its ending names; a PNG is at twice the size.

    Args:
        chart: makes the chart.
        files: end in one of ``ENDINGS``.

    Returns:
        Why they could not be drawn or written; empty where they were.
    """
    try:
        return _draw(_shown(chart().to_dict()), files)
    except subprocess.TimeoutExpired:
        return f"not done after {_LONGEST:g} s"
    except Exception as error:  # whatever it is, the numbers do not depend on it
        return f"{type(error).__name__}: {error}".removesuffix(": ")


def check_ending(option: str, file: Path) -> None:
    """Raise BadOption where no chart can be written to a file of that name, which an option gave."""
    if file.suffix.lower() not in ENDINGS:
        raise BadOption(f"{option} {file}: expected a file that ends in {', '.join(ENDINGS)}")


def _draw(spec: dict[str, Any], files: Sequence[Path]) -> str:
    drawn = {".json": json.dumps(spec, indent=2).encode()}
    if wanted := [file.suffix.lower() for file in files if file.suffix.lower() not in drawn]:
        answer = _drawn_apart(spec, wanted)
        if isinstance(answer, str):
            return answer
        drawn |= answer
    for path in files:
        with whole_file(path) as file:
            file.write_bytes(drawn[path.suffix.lower()])
    return ""


def _drawn_apart(spec: dict[str, Any], endings: Sequence[str]) -> dict[str, bytes] | str:
    """Draw in another process: the content of each file, or why there is none."""
    package = find_spec("vl_convert")
    if package is None or package.origin is None:
        return "vl-convert-python is not installed"
    # the version in the schema's address, as vl_convert names it: 6.1.0 is 6_1
    version = "_".join(spec["$schema"].rsplit("/v", 1)[1].split(".")[:2])
    done = subprocess.run(
        [sys.executable, "-I", "-c", _DRAW, str(Path(package.origin).parents[1]), version, *endings],
        input=json.dumps(spec).encode(),
        capture_output=True,
        timeout=_LONGEST,
        check=False,
    )
    if done.returncode < 0:
        return (
            f"the process that draws was ended by {Signals(-done.returncode).name}: too little memory, or a limit on it"
        )
    if done.returncode > 0:
        return (done.stderr.decode(errors="replace").strip().splitlines() or [f"exit code {done.returncode}"])[-1]
    return {ending: base64.b64decode(content) for ending, content in json.loads(done.stdout).items()}


def _shown(part: Any) -> Any:
    """Escape the control characters of a chart's texts, which cannot be drawn."""
    if isinstance(part, str):
        return printable(part)
    if isinstance(part, dict):
        return {key: _shown(value) for key, value in part.items()}
    return [_shown(value) for value in part] if isinstance(part, list) else part
