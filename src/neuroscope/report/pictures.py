"""Charts as files, drawn in a process of their own: what ends that process costs the picture and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from signal import Signals
from typing import TYPE_CHECKING, Any

from neuroscope.runtime.files import whole_file
from neuroscope.runtime.wording import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    import altair

    Chart = altair.ConcatChart | altair.HConcatChart

_LONGEST = 120.0  # seconds

# It loads vl_convert alone, from the folder where we have it, and leaves no core behind.
_DRAW = """
import json, resource, sys
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
folder, version = sys.argv[1:]
sys.path.append(folder)
import vl_convert
spec = json.load(sys.stdin)
svg = vl_convert.vegalite_to_svg(spec, vl_version=version).encode()
png = vl_convert.vegalite_to_png(spec, vl_version=version, scale=2)
sys.stdout.buffer.write(svg + bytes(1) + png)
"""


def save(chart: Callable[[], Chart], folder: Path, name: str) -> str:
    """Write ``NAME.svg`` and, at twice the size, ``NAME.png``.

    Args:
        chart: makes the chart.
        folder: of the files.
        name: of the files.

    Returns:
        Why they could not be drawn or written; empty where they were.
    """
    try:
        return _draw(chart().to_dict(), folder, name)
    except subprocess.TimeoutExpired:
        return f"not done after {_LONGEST:g} s"
    except Exception as error:  # whatever it is, the numbers do not depend on it
        return f"{type(error).__name__}: {error}".removesuffix(": ")


def _draw(spec: dict[str, Any], folder: Path, name: str) -> str:
    package = find_spec("vl_convert")
    if package is None or package.origin is None:
        return "vl-convert-python is not installed"
    # the version in the schema's address, as vl_convert names it: 6.1.0 is 6_1
    version = "_".join(spec["$schema"].rsplit("/v", 1)[1].split(".")[:2])
    done = subprocess.run(
        [sys.executable, "-I", "-c", _DRAW, str(Path(package.origin).parents[1]), version],
        input=json.dumps(_shown(spec)).encode(),
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
    svg, _, png = done.stdout.partition(bytes(1))
    for ending, content in {"svg": svg, "png": png}.items():
        with whole_file(folder / f"{name}.{ending}") as file:
            file.write_bytes(content)
    return ""


def _shown(part: Any) -> Any:
    """Escape the control characters of a chart's texts, which cannot be drawn."""
    if isinstance(part, str):
        return printable(part)
    if isinstance(part, dict):
        return {key: _shown(value) for key, value in part.items()}
    return [_shown(value) for value in part] if isinstance(part, list) else part
