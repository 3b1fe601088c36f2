"""The compliance kit: what a component has to keep to, checked for anybody's plugin.

A whole test file under pytest::

    import pytest
    from neuroscope import testing

    @pytest.mark.parametrize("check", testing.checks("backbone", "mine"), ids=str)
    def test_mine(check):
        check()

Without pytest, ``testing.run("backbone", "mine")`` gives the outcomes; ``neuroscope check backbone mine`` prints them.
``testing.frames(spec, samples)`` gives the frames of one recording, for the test that compares a backbone with what it
wraps: no check knows that.
"""

from __future__ import annotations

import importlib
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any

from neuroscope.contracts.progress import Progress, silent
from neuroscope.errors import BadOption, UnknownName
from neuroscope.plugin.loading import Plugins
from neuroscope.testing.cases import Case, NotApplicable, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import ArrayLike
    from torch import Tensor

    from neuroscope.contracts.backbone import BackboneSpec
    from neuroscope.data.places import Data

__all__ = ["KINDS", "Case", "NotApplicable", "Outcome", "checks", "checks_of", "frames", "run"]

_MODULES = MappingProxyType(
    {
        "backbone": "backbones",
        "dataset": "datasets",
        "task": "tasks",
        "pooling": "poolings",
        "probe": "probes",
        "ranking": "rankings",
        "plugin": "packages",
    }
)
_ON_DATA = ("dataset", "task")
KINDS = tuple(_MODULES)
"""What can be checked: each kind of component, and ``plugin``, an installed distribution."""


def checks_of(kind: str) -> tuple[Callable[[Any], None], ...]:
    """List the check functions of a kind as they run; the first line of a docstring is the property that is checked.

    Raises:
        UnknownName: no such kind.
    """
    found: tuple[Callable[[Any], None], ...] = _module(kind).CHECKS
    return found


def checks(
    kind: str,
    text: str,
    data: Data | None = None,
    *,
    expected: Mapping[str, str] | None = None,
    plugins: Plugins | None = None,
) -> list[Case]:
    """Make all checks of one component, each to be called.

    Args:
        kind: ``backbone``, ``dataset``, ``task``, ``pooling``, ``probe``, ``ranking`` or ``plugin``.
        text: the component in the grammar ``name,key=value``; for ``plugin`` the name of a distribution.
        data: where a dataset lies, or what a task is asked of.
        expected: check -> why it is expected to fail. It then has to fail.
        plugins: with the component; None = those that are installed.

    Raises:
        UnknownName: no such kind, component or check.
        BadOption: an option of the component is wrong, an expected failure has no reason, or data is given for a kind
            that is checked without.
        NeuroscopeError: the component cannot be built.
    """
    module, expected = _module(kind), expected or {}
    if data is not None and kind not in _ON_DATA:
        raise BadOption(f"a {kind} is checked without data; data is for {' and '.join(_ON_DATA)}")
    names = [check.__name__ for check in module.CHECKS]
    for name, reason in expected.items():
        if name not in names:
            raise UnknownName(f"check of a {kind}", name, names)
        if not reason:
            raise BadOption(f"say why {name} is expected to fail")
    subject = module.subject(text, data, Plugins.load() if plugins is None else plugins)
    return [Case(check, subject, expected.get(check.__name__, "")) for check in module.CHECKS]


def run(
    kind: str,
    text: str,
    data: Data | None = None,
    *,
    expected: Mapping[str, str] | None = None,
    plugins: Plugins | None = None,
    progress: Progress = silent,
) -> list[Outcome]:
    """Run all checks of one component; arguments and errors are those of ``checks``.

    ``progress`` reports checks that are done.
    """
    cases = checks(kind, text, data, expected=expected, plugins=plugins)
    outcomes = []
    with progress(f"Checking {kind} {text}", len(cases)) as advance:
        for case in cases:
            outcomes.append(case.run())
            advance(1)
    return outcomes


def frames(spec: BackboneSpec, samples: ArrayLike | Tensor, *, device: str = "cpu") -> dict[str, Tensor]:
    """Load a backbone, run one recording through it, and return each layer's real frames, its blocks joined.

    Args:
        spec: what the backbone's factory makes.
        samples: float ``[samples]`` at ``spec.sample_rate``, full scale = 1.
        device: where it runs.

    Returns:
        layer -> frames ``[frames, width]`` on the CPU, as they came; layers in their declared order.

    Raises:
        BadOption: the samples are not one recording, or fewer than ``spec.min_samples``.
        PluginBroken: the backbone fails, with the line of its code, or yields other layers than it declares.
    """
    from neuroscope.testing.running.frames import frames as run_one

    return run_one(spec, samples, device)


def _module(kind: str) -> ModuleType:
    if kind not in _MODULES:
        raise UnknownName("kind", kind, KINDS)
    return importlib.import_module(f"{__name__}.{_MODULES[kind]}")
