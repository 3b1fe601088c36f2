"""The families that are known, by the ``model_type`` of config.json."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroscope import BadOption
from neuroscope_transformers.families.waveform import WAVEFORM_FAMILIES

if TYPE_CHECKING:
    from neuroscope_transformers.families.anatomy import Family
    from neuroscope_transformers.families.settings import Settings

FAMILIES: tuple[Family, ...] = (*WAVEFORM_FAMILIES,)


def family_of(config: Settings) -> Family:
    """Find the family of a model.

    Raises:
        BadOption: config.json says no model_type, or one that is not known here.
    """
    known = {each.model_type: each for each in FAMILIES}
    model_type = config.get("model_type")
    if not isinstance(model_type, str) or not model_type:
        raise BadOption(f"{config.file} names no model_type: it is no configuration of a transformers model")
    if model_type not in known:
        raise BadOption(
            f"{config.file}: model_type '{model_type[:60]}' is no speech encoder that hf: knows ({', '.join(known)})"
        )
    return known[model_type]
