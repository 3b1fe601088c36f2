"""The families that are known, by the ``model_type`` of config.json."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroscope import BadOption
from neuroscope_transformers.families.patches import PatchFamily
from neuroscope_transformers.families.stacked import StackedFamily
from neuroscope_transformers.families.waveform import WAVEFORM_FAMILIES
from neuroscope_transformers.families.whisper import WhisperFamily
from neuroscope_transformers.wording import shown

if TYPE_CHECKING:
    from neuroscope_transformers.families.anatomy import Family
    from neuroscope_transformers.families.settings import Settings

FAMILIES: tuple[Family, ...] = (*WAVEFORM_FAMILIES, WhisperFamily(), PatchFamily(), StackedFamily())


def family_of(config: Settings) -> Family:
    """Find the family of a model.

    Raises:
        BadOption: config.json says no model_type, or one that is not known here.
    """
    if not has_family(config):
        raise BadOption(f"{config.file}: {no_family(config)}")
    return next(each for each in FAMILIES if each.model_type == config.get("model_type"))


def has_family(config: Settings) -> bool:
    """Tell whether the type of a model is known here.

    Raises:
        BadOption: config.json says no model_type.
    """
    model_type = config.get("model_type")
    if not isinstance(model_type, str) or not model_type:
        raise BadOption(f"{config.file} names no model_type: it is no configuration of a transformers model")
    return any(each.model_type == model_type for each in FAMILIES)


def no_family(config: Settings) -> str:
    """Say that the type of a model is none that is known here."""
    known = ", ".join(each.model_type for each in FAMILIES)
    return f"model_type '{shown(config.get('model_type'))}' is no speech encoder that hf: knows ({known})"
