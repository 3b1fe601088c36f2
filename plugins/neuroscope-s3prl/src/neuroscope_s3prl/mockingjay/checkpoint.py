"""Files of weights: s3prl's checkpoints, and those of before 2021, read without running anything that they hold."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from neuroscope import BadOption, MissingData, weights
from neuroscope_s3prl.mockingjay.settings import settings_of

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

    from neuroscope_s3prl.mockingjay.settings import Settings

_SECTIONS = ("transformer", "mockingjay", "task", "audio")
_KEPT = 16_000
"""Letters of a configuration that are remembered; the largest that was published has 3,500, comments counted."""
_ALIAS = re.compile(r"encoder\.layer\.\d+\.(attention\.)?LayerNorm\.(weight|bias)")
_SHOWN = 4


def read_settings(path: Path) -> Settings:
    """Read what a checkpoint's network and front end are made of, without torch.

    The configuration alone is read, once; after that it is remembered by the file.

    Raises:
        MissingData: there is no such file.
        BadOption: the file is no checkpoint of Mockingjay, or its configuration is not run.
    """
    if not path.exists():
        raise MissingData(f"there is no checkpoint {path}")
    try:
        return weights.remembered_as(
            "mockingjay configuration 1", path, _configuration, lambda text: _settings_in(text, path)
        )
    except OSError as error:
        raise BadOption(f"{path} cannot be read: {error.strerror or error}") from None


def _settings_in(text: str, path: Path) -> Settings:
    found = json.loads(text)
    return settings_of(found["config"], str(path), is_legacy=found["is_legacy"])


def read_weights(path: Path, expected: Mapping[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """Read a checkpoint's encoder, float32.

    Args:
        path: the file.
        expected: name -> shape of each tensor that the network has.

    Raises:
        MissingData: there is no such file.
        BadOption: it is no checkpoint, or its tensors are not those of its configuration.
    """
    content = weights.read_checkpoint(path, ("Transformer", "Mockingjay"))
    found = content.get("Transformer", content.get("Mockingjay"))
    if not isinstance(found, Mapping):
        raise BadOption(f"{path} has no weights of an encoder: neither 'Transformer' nor 'Mockingjay' is in it")
    tensors = {_renamed(str(name)): value for name, value in found.items()}
    # Before 2021 some modules were in a network twice; the second name says nothing new.
    tensors = {name: value for name, value in tensors.items() if name in expected or not _ALIAS.fullmatch(name)}
    if problems := _problems(tensors, expected):
        raise BadOption(f"{path}: its weights are not those of its configuration: {'; '.join(problems)}")
    return {name: tensors[name].float() for name in expected}


def _configuration(path: Path) -> str:
    """Find a checkpoint's configuration by s3prl's rule, check it, and write down the sections that matter."""
    content = weights.read_checkpoint(path, ("Config", "Upstream_Config", "Settings"))
    settings = content.get("Settings")
    legacy = settings.get("Config") if isinstance(settings, Mapping) else None
    config = _first([content.get("Config"), content.get("Upstream_Config")], "transformer")
    is_legacy = config is None
    config = config or _first([legacy], "transformer") or _first([legacy], "mockingjay")
    if config is None:
        raise BadOption(
            f"{path} is no checkpoint of Mockingjay: it has no configuration with a section transformer, neither in "
            "'Config' or 'Upstream_Config' nor, as before 2021, in 'Settings'"
        )
    sections = weights.plain({name: config[name] for name in _SECTIONS if name in config})
    settings_of(sections, str(path), is_legacy=is_legacy)
    text = json.dumps({"config": sections, "is_legacy": is_legacy}, default=ascii)
    if len(text) > _KEPT:
        raise BadOption(f"{path}: its configuration has {len(text):,} letters; one of Mockingjay has a few thousand")
    return text


def _first(configs: Sequence[Any], section: str) -> Mapping[str, Any] | None:
    return next((each for each in configs if isinstance(each, Mapping) and section in each), None)


def _renamed(name: str) -> str:
    """Read a name as s3prl does, which knows those of TensorFlow's LayerNorm."""
    return name.replace("gamma", "weight").replace("beta", "bias")


def _problems(tensors: Mapping[str, Any], expected: Mapping[str, tuple[int, ...]]) -> list[str]:
    kinds = {
        "missing": [name for name in expected if name not in tensors],
        "not of this network": [ascii(name) for name in tensors if name not in expected],
        "no tensors of real numbers": [name for name in expected if name in tensors and not _is_real(tensors[name])],
        "of another shape": [
            f"{name} {list(tensors[name].shape)}, not {list(shape)}"
            for name, shape in expected.items()
            if _is_real(tensors.get(name)) and tuple(tensors[name].shape) != shape
        ],
    }
    return [_counted(names, kind) for kind, names in kinds.items() if names]


def _is_real(value: Any) -> bool:
    import torch

    return isinstance(value, torch.Tensor) and value.is_floating_point()


def _counted(names: list[str], kind: str) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{kind}: {', '.join(name[:80] for name in names[:_SHOWN])}{more}"
