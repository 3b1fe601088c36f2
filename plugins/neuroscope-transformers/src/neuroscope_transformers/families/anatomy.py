"""What a model consists of, as its configuration tells: layers, lengths, what padding does to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from neuroscope import LayerSpec
    from neuroscope_transformers.families.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Anatomy:
    """One model's layers and habits, known before it is loaded.

    Attributes:
        layers: with taps, in order from input to output; a tap's module is a name in the network that is run.
        what: each layer's module path, and before or after which norm; for people.
        batchable: False where padding reaches the frames of shorter utterances.
        sample_rate: of the waveforms, Hz.
        min_samples: the fewest that give each layer a frame.
        frames: samples of an utterance -> frames of each layer, under its name; nothing where that shows when it runs.
        front_end: ``package.module:attribute`` of what makes it of Anatomy, the preprocessor's Settings and device.
        lean: ``package.module:attribute`` of functions (network, Anatomy) that change how the network computes where
            transformers would take too much memory, and neither its numbers nor its modules' names.
        part: the module of transformers' model that is run; empty = all of it.
        streams: True where long audio goes in pieces.
        batch_seconds: of audio that a batch holds on a CPU.
        overrides: settings of config.json that are set so: what stands beside the encoder is not made.
        options: whatever else the front end has to know.
        seen: what was found by looking, and depends on the version of transformers; empty where the family is known.
    """

    layers: tuple[LayerSpec, ...]
    what: str
    batchable: bool
    sample_rate: int
    min_samples: int
    frames: Callable[[int], Mapping[str, int]]
    front_end: str
    lean: tuple[str, ...] = ()
    part: str = ""
    streams: bool = False
    batch_seconds: float = 16.0
    overrides: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    seen: str = ""


class Family(Protocol):
    """Models of one ``model_type``.

    Attributes:
        model_type: as config.json says.
        title: the family's name, for people.
        licence: what is known of its published weights.
        example: a model of its authors', as the user may name it.
    """

    @property
    def model_type(self) -> str: ...  # noqa: D102

    @property
    def title(self) -> str: ...  # noqa: D102

    @property
    def licence(self) -> str: ...  # noqa: D102

    @property
    def example(self) -> str: ...  # noqa: D102

    def anatomy(self, config: Settings, preprocessor: Settings, site: str) -> Anatomy:
        """Tell a model's anatomy from its config.json and its preprocessor_config.json (empty where there is none).

        Args:
            config: of the model.
            preprocessor: of its feature extractor.
            site: ``hidden`` = the blocks' outputs; ``ffn`` = the inner activations of their feed-forward layers.

        Raises:
            BadOption: a setting is missing, of the wrong type or impossible, or there is no such site.
        """
        ...
