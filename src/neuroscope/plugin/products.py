"""What the factory of each kind of component has to make: looked at where it is made, for commands and checks alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from neuroscope.contracts.audio import Manifest, Utterance
from neuroscope.contracts.backbone import BackboneSpec
from neuroscope.contracts.task import Classification, Verification

if TYPE_CHECKING:
    from collections.abc import Mapping

_TYPES: Mapping[str, tuple[tuple[type, ...], str]] = {
    "backbone": ((BackboneSpec,), "a BackboneSpec"),
    "dataset": ((Manifest,), "a Manifest"),
    "task": ((Classification, Verification), "a Classification or a Verification"),
}
_METHODS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "pooling": (("units", "start"), "pooling"),
    "probe": (("fit", "predict", "get_params", "set_params"), "scikit-learn classifier"),
    "ranking": (("rank",), "ranker"),
}
_PROBES = "; return an unfitted instance that derives from ClassifierMixin and BaseEstimator"


def problem_with_product(kind: str, made: Any) -> str:
    """Say why what a factory returned is no component of its kind; empty = it is one."""
    if kind in _TYPES:
        types, wanted = _TYPES[kind]
        if not isinstance(made, types):
            return f"returns {description(made)}, not {wanted}"
        return _problem_with_manifest(made) if isinstance(made, Manifest) else ""
    if kind in _METHODS:
        methods, wanted = _METHODS[kind]
        lacking = [name for name in methods if not callable(getattr(made, name, None))]
        if lacking or isinstance(made, type):
            has_not = f": it has no {', '.join(lacking)}" if lacking else ""
            hint = _PROBES if kind == "probe" else "; return an instance"
            return f"returns {description(made)}, which is no {wanted}{has_not}{hint}"
    return ""


def description(thing: Any) -> str:
    """Describe what came instead of what was expected, for people."""
    if thing is None:
        return "None"
    if isinstance(thing, type):
        return f"the class {thing.__name__}"
    name = type(thing).__name__
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"


def _problem_with_manifest(made: Manifest) -> str:
    utterances: Any = made.utterances
    if not isinstance(utterances, tuple | list):
        return f"returns a Manifest whose utterances are {description(utterances)}, not a tuple"
    strange = [each for each in utterances if not isinstance(each, Utterance)]
    return f"returns a Manifest with {strange[0]!r} in it, which is no Utterance" if strange else ""
