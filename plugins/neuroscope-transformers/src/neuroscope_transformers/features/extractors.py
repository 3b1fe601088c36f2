"""Feature extractors of transformers, as a model's preprocessor_config.json names them."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import numpy as np
import transformers  # noqa: TID253 - this module is imported when a model is loaded, never before

from neuroscope import BadOption
from neuroscope_transformers.families.settings import Settings
from neuroscope_transformers.wording import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

_PLAINLY = {"padding": True, "pad_to_multiple_of": None, "truncation": False}
"""What an extractor is told where it asks: nothing is padded behind one utterance, and nothing is cut off."""


def make_extractor(settings: Mapping[str, Any], config: Any) -> Any:
    """Make the feature extractor that settings name, or the one of the model's type by default.

    Raises:
        BadOption: there is none for audio.
    """
    name = settings.get("feature_extractor_type")
    if name is not None:
        return with_settings(extractor_class(name), settings)
    mapping: Any = transformers.models.auto.feature_extraction_auto.FEATURE_EXTRACTOR_MAPPING
    kind = mapping.get(type(config), None)
    if kind is None:
        raise BadOption("it has no feature extractor, so that it is not known what it takes")
    return with_settings(kind, settings)


def with_settings(kind: Any, settings: Mapping[str, Any]) -> Any:
    """Make a feature extractor with a file's settings, but for ``dither``: noise, which is for training.

    Raises:
        BadOption: it is none for audio.
    """
    return _for_audio(kind.from_dict({**settings, "dither": 0.0}))


def extractor_class(name: object) -> Any:
    """Return transformers' own class of a name.

    Raises:
        BadOption: it has no such feature extractor.
    """
    kind = getattr(transformers, name, None) if isinstance(name, str) and name.isidentifier() else None
    if not (inspect.isclass(kind) and issubclass(kind, transformers.FeatureExtractionMixin)):
        raise BadOption(f"transformers has no feature extractor '{shown(name)}'")
    return kind


def features_of(extractor: Any, samples: Tensor) -> dict[str, Tensor]:
    """Compute the features of one utterance ``[N]``, a batch of one, by name."""
    asked = inspect.signature(type(extractor).__call__).parameters
    words = {name: value for name, value in _PLAINLY.items() if name in asked}
    with np.errstate(divide="ignore", invalid="ignore"):  # of silence, which some divide by its deviation
        made = extractor(samples.numpy(), sampling_rate=extractor.sampling_rate, return_tensors="pt", **words)
    return dict(made)


def _for_audio(extractor: Any) -> Any:
    rate = getattr(extractor, "sampling_rate", None)
    if not isinstance(rate, int) or isinstance(rate, bool):
        raise BadOption(f"{type(extractor).__name__} says no sampling_rate: it takes no audio")
    Settings({"sampling_rate": rate}, type(extractor).__name__).sampling_rate()
    return extractor
