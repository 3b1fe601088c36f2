"""Checkpoints as the upstreams of s3prl expect them, read without running what they hold and copied part by part."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from neuroscope import BadOption, weights
from neuroscope_s3prl.upstreams.settings import checked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Layout:
    """The parts of an upstream's checkpoint that s3prl reads.

    Attributes:
        weights: key of the state dict; empty = the upstream has no checkpoint.
        settings: keys of what the network is built from; of alternatives (``A|B``), the first that has the sections.
        sections: of the settings, that s3prl reads (``data.audio`` lies in ``data``); empty = all of them.
        optional: more sections, of which any may be missing.
        also: keys of texts, or lists of them, that a network needs beside its settings (names of targets).
        chunked: whether s3prl cuts long audio into chunks, so that modules run once for each.
    """

    weights: str = ""
    settings: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    chunked: bool = False


_TRANSFORMER = Layout("Transformer", ("Config|Upstream_Config",), ("transformer", "task"), ("audio",), chunked=True)
_CONVERTED = Layout("model_weight", ("task_cfg", "model_cfg"))
_HUBERT = Layout("model_weight", ("task_cfg", "model_cfg"), also=("dictionaries_symbols",))
_PREDICTIVE = Layout("model", ("config",), ("data.audio", "model.paras"))
_WAVLM = Layout("model", ("cfg",))
LAYOUTS: Mapping[str, Layout] = {
    "apc": _PREDICTIVE,
    "audio_albert": _TRANSFORMER,
    "baseline": Layout(),
    "cpc": Layout("weights", ("config",)),
    "data2vec": _CONVERTED,
    "decoar": Layout("model"),
    "decoar2": Layout("model"),
    "decoar_layers": Layout("model"),
    "distiller": Layout("Distiller", ("Config",), ("distiller",)),
    "hubert": _HUBERT,
    "mae_ast": Layout("model", ("cfg",), ("model", "task")),
    "mockingjay": _TRANSFORMER,
    "multires_hubert": _HUBERT,
    "npc": _PREDICTIVE,
    "spec_augment": _TRANSFORMER,
    "tera": _TRANSFORMER,
    "unispeech_sat": _WAVLM,
    "vq_apc": _PREDICTIVE,
    "vq_wav2vec": _CONVERTED,
    "wav2vec": _CONVERTED,
    "wav2vec2": _CONVERTED,
    "wavlm": _WAVLM,
}
"""Upstream -> what of its checkpoint is read; others are not offered."""


def read(path: Path, upstream: str, *, with_weights: bool) -> dict[str, Any]:
    """Read what s3prl needs of a checkpoint: settings that are checked, and tensors.

    Args:
        path: the file.
        upstream: whose layout it has.
        with_weights: False leaves the weights on disk; their place is empty.

    Returns:
        plain dictionaries, as ``torch.load`` would give them to the upstream.

    Raises:
        BadOption: the file is no checkpoint of this upstream, or its settings would run as code.
    """
    layout, file = LAYOUTS[upstream], path.name
    keys = [key for name in layout.settings for key in name.split("|")]
    wanted = [*keys, *layout.also, *([layout.weights] if with_weights else [])]
    held = weights.read_checkpoint(path, keep=wanted)
    content: dict[str, Any] = dict(_settings(held, layout, file))
    for key in layout.also:
        content[key] = _texts(_held(held, key, file), f"{file}: {key}")
    content[layout.weights] = _tensors(_held(held, layout.weights, file), file) if with_weights else {}
    if upstream == "data2vec":
        content[layout.weights]["_ema"] = {}  # s3prl takes the teacher out, and fails where it is gone already
    return content


def _settings(held: Mapping[str, Any], layout: Layout, file: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for name in layout.settings:
        alternatives = name.split("|")
        there = next((key for key in alternatives if _has(held.get(key), layout.sections)), None)
        if there is None:
            parts = f" with {' and '.join(layout.sections)}" if layout.sections else ""
            raise BadOption(f"{file} has no {' or '.join(alternatives)}{parts}: {_no_checkpoint(held)}")
        # Training leaves much beside what the network is built from (paths, optimizers), which s3prl never reads.
        optional = [key for key in layout.optional if _section(held[there], key) is not None]
        kept: dict[str, Any] = {}
        for key in (*layout.sections, *optional) or tuple(_names(held[there])):
            *outer, last = key.split(".") if layout.sections else [key]
            place = kept
            for each in outer:
                place = place.setdefault(each, {})
            place[last] = _plain(_section(held[there], key) if layout.sections else _names(held[there])[key], file)
        yield alternatives[0], checked(kept, file)


def _has(settings: object, sections: tuple[str, ...]) -> bool:
    return bool(_names(settings)) and all(_section(settings, key) is not None for key in sections)


def _section(settings: object, key: str) -> Any:
    """Return a section of nested settings, or None."""
    for name in key.split("."):
        settings = _names(settings).get(name)
    return settings


def _names(settings: object) -> dict[str, Any]:
    """Return the names of a dictionary, or of a Namespace, with what they stand for."""
    return settings if isinstance(settings, dict) else vars(settings) if isinstance(settings, Namespace) else {}


def _plain(value: object, about: str) -> Any:
    try:
        return weights.plain(value)
    except BadOption as error:
        raise BadOption(f"{about}: {error}") from None


def _held(held: Mapping[str, Any], key: str, file: str) -> Any:
    if key not in held:
        raise BadOption(f"{file} has no {key}: {_no_checkpoint(held)}")
    return held[key]


def _no_checkpoint(held: Mapping[str, Any]) -> str:
    found = f"it has {', '.join(held)} alone" if held else "it has nothing that is looked for"
    return f"{found}. Is it a checkpoint of another upstream, or one that s3prl has not converted?"


def _texts(value: object, about: str) -> Any:
    """Copy lists of texts, in lists; s3prl counts them, and no more."""
    if isinstance(value, str | int):
        return value
    if isinstance(value, list | tuple):
        return [_texts(each, about) for each in value]
    raise BadOption(f"{about} holds a {type(value).__name__}, and texts are expected")


def _tensors(state: object, file: str) -> dict[str, Any]:
    import torch

    if not isinstance(state, dict) or not state:
        raise BadOption(f"{file}: its weights are a {type(state).__name__}, and no dictionary of tensors")
    tensors = {key: each for key, each in state.items() if isinstance(key, str) and isinstance(each, torch.Tensor)}
    if not tensors:
        raise BadOption(f"{file}: there is no tensor among its weights")
    return {key: each.detach() for key, each in tensors.items()}
