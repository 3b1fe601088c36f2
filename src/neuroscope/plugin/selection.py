"""Selection of components: what the user typed, with presets beneath it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from neuroscope.defaults import PRESETS, PROBE, RANKING, UNLIKE_RANKING, UNLIKE_RANKINGS
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
    """Choose the backbones, each once; ``extra`` are ``KEY=VALUE`` options of the one backbone.

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
    """Look up a preset by its name; None for an empty one.

    Raises:
        UnknownName: there is no such preset.
    """
    if name and name not in PRESETS:
        raise UnknownName("preset", name, PRESETS)
    return PRESETS[name] if name else None


def choose_probe(text: str, preset: Preset | None, plugins: Plugins) -> Choice[Probe]:
    """Choose the probe: what the user wrote wins over the preset, option by option where both name the same probe.

    Raises:
        UnknownName: no such probe or option.
    """
    return _choose_over_default(preset.probe if preset else PROBE, text, plugins.probes)


def choose_ranking(text: str, preset: Preset | None, plugins: Plugins) -> Choice[Ranker]:
    """Choose the ranking: what the user wrote wins over the preset, option by option where both name the same one.

    Raises:
        UnknownName: no such ranking or option.
    """
    return _choose_over_default(preset.ranking if preset else RANKING, text, plugins.rankings)


def choose_unlike(ranking: str, plugins: Plugins) -> Choice[Ranker] | None:
    """Choose the ranking that one is compared with: an unlike one; None where it is not installed.

    Args:
        ranking: canonical text of the one.
        plugins: with the other.
    """
    name, _ = options.parse(ranking)
    other = UNLIKE_RANKINGS.get(name, UNLIKE_RANKING)
    return plugins.rankings.choose(other) if other in plugins.rankings.entries else None


def _choose_over_default(default: str, text: str, registry: Registry[T]) -> Choice[T]:
    if not text:
        return registry.choose(default)
    name, given = options.parse(text)
    default_name, default_options = options.parse(default)
    if name == default_name:
        given = {**default_options, **given}
    return registry.choose(options.join(name, given))
