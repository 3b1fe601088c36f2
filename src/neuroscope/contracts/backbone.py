"""What a backbone says about itself before it runs, and what it yields when it does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from torch import Tensor

    from neuroscope.contracts.audio import WaveBatch


@dataclass(frozen=True, slots=True)
class LayerSpec:
    """One layer, known before any audio is run.

    Attributes:
        name: unique in the backbone.
        width: columns of a frame.
        pooling: ``none`` for what the network pooled itself, else the name of the pooling that suits the layer.
        statistics: with ``none``: what the columns are (``("mean", "std")``); empty = one statistic named ``value``.
        in_all: whether the layer is part of ALL, the concatenation.
    """

    name: str
    width: int
    pooling: str = "mean"
    statistics: tuple[str, ...] = ()
    in_all: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where the weights come from.

    Attributes:
        source: package, repository or file, for people.
        licence: of the weights.
        files: names of the files that are read.
        digest: of the weights (sha256, or the seed and shape of random ones); it enters the store's key.
        layers: what each layer is (module; before or after which nonlinearity or norm).
    """

    source: str
    licence: str
    digest: str
    files: tuple[str, ...] = ()
    layers: str = ""


@dataclass(frozen=True, slots=True)
class Frames:
    """One layer's output for a batch, or for one block in time of it.

    Attributes:
        values: float ``[B, F, D]``.
        lengths: int64 ``[B]``, frames of each utterance that are real in this block; may be 0.
    """

    values: Tensor
    lengths: Tensor


class Backbone(Protocol):
    """A model that is loaded and ready to run, in evaluation mode."""

    def extract(self, batch: WaveBatch) -> Iterator[Mapping[str, Frames]]:
        """Run a batch; yield blocks in time order, each ``{layer name: Frames}`` (most backbones yield once).

        Every block keeps the batch's size and order; a layer may be absent from a block. A layer with pooling ``none``
        appears in exactly one block, with one frame. An utterance's frames never depend on its neighbours in the batch.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BackboneSpec:
    """What a backbone's factory returns: cheap, made without torch, and enough to find vectors in the store.

    Attributes:
        sample_rate: of the waveforms that the model takes, Hz.
        layers: in their order from input to output.
        origin: where the weights come from.
        load: device (``cpu``, ``cuda:0``) -> the running model; torch is imported in here.
        batchable: False where padding leaks between neighbours; extraction then goes one utterance at a time.
        batch_seconds: of audio, padding counted, that a batch holds on a CPU: transformers are slower in large ones,
            recurrent networks gain from them. Other devices get large ones whatever this says.
        min_samples: the shortest waveform that the model takes.
        streams: True where blocks in time keep memory flat however long a recording is; no duration is refused then.
        resolved: options that leave something open (``mode=auto``, a path whose content ``origin.digest`` tells), each
            as what it came to: the store's key holds this instead, and two ways to ask for the same share vectors.
    """

    sample_rate: int
    layers: tuple[LayerSpec, ...]
    origin: Origin
    load: Callable[[str], Backbone]
    batchable: bool = True
    batch_seconds: float = 16.0
    min_samples: int = 1
    streams: bool = False
    resolved: Mapping[str, int | float | str | None] = field(default_factory=dict)
