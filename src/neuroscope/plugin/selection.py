"""From what the user typed to components, with presets beneath it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from neuroscope.defaults import PRESETS, PROBE, RANKING
from neuroscope.errors import BadOption, UnknownName
from neuroscope.plugin import options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from neuroscope.contracts.backbone import BackboneSpec
    from neuroscope.contracts.probing import Probe, Ranker
    from neuroscope.defaults import Preset
    from neuroscope.plugin.loading import Plugins
    from neuroscope.plugin.registry import Choice, Registry

T = TypeVar("T")


def choose_backbones(texts: Sequence[str], extra: Sequence[str], plugins: Plugins) -> list[Choice[BackboneSpec]]:
    """The backbones, each once; ``extra`` are ``KEY=VALUE`` options of the one backbone.

    Raises:
        BadOption: no backbone, or options for several.
        UnknownName: no such backbone or option.
    """
    if not texts:
        raise BadOption("no backbone: name one with --backbone (`neuroscope list backbones`)")
    if extra and len(texts) > 1:
        raise BadOption("-o belongs to one backbone; write options of several as --backbone NAME,KEY=VALUE")
    pairs = options.parse_pairs(extra, of="-o")
    chosen = [plugins.backbones.choose(text, pairs) for text in texts]
    return list({choice.text: choice for choice in chosen}.values())


def choose_preset(name: str) -> Preset | None:
    """A preset by its name; None for an empty one.

    Raises:
        UnknownName: there is no such preset.
    """
    if name and name not in PRESETS:
        raise UnknownName("preset", name, PRESETS)
    return PRESETS[name] if name else None


def choose_probe(text: str, preset: Preset | None, plugins: Plugins) -> Choice[Probe]:
    """The probe: what the user wrote wins over the preset, option by option where both name the same probe.

    Raises:
        UnknownName: no such probe or option.
    """
    return _over(preset.probe if preset else PROBE, text, plugins.probes)


def choose_ranking(text: str, preset: Preset | None, plugins: Plugins) -> Choice[Ranker]:
    """The ranking: what the user wrote wins over the preset, option by option where both name the same ranking.

    Raises:
        UnknownName: no such ranking or option.
    """
    return _over(preset.ranking if preset else RANKING, text, plugins.rankings)


def _over(beneath: str, text: str, registry: Registry[T]) -> Choice[T]:
    if not text:
        return registry.choose(beneath)
    name, given = options.parse(text)
    default_name, default_options = options.parse(beneath)
    if name == default_name:
        given = {**default_options, **given}
    return registry.choose(options.join(name, given))
