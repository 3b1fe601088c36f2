"""Backbones: the specification of a model, known before it runs, and the frames that it yields."""

from __future__ import annotations

from collections import abc
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, cast, runtime_checkable

from neuroscope.contracts.rows import problem_with_layer_name
from neuroscope.errors import BadOption

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from torch import Tensor
    from torch.nn import Module

    from neuroscope.contracts.audio import WaveBatch

PRECISIONS = ("float32", "bfloat16", "float16")
"""Types of numbers that a model may say it computes with."""
MOST_COLUMNS = 2**24
"""Columns of all layers together, of which a row of the store is made: 64 MB of float32."""

Pick: TypeAlias = "int | str | Callable[[Any], Any] | None"


@dataclass(frozen=True, slots=True)
class Tap:
    """The place in a network that one layer is taken from.

    Attributes:
        module: name of the module, as in ``dict(net.named_modules())``; empty = the network itself.
        pick: what is taken of an output that is more than one tensor: a position, a key or attribute, or a function of
            the whole output. An LSTM gives ``(sequence, state)``: 0 is the sequence. A packed sequence is padded.
        call: which call, from 0 (-1 = the last), where the network runs the module several times in a pass; one tap a
            call makes a layer of each. None = it runs once.
        axes: of the tensor that is picked: ``B`` batch, ``F`` frames, ``D`` columns. ``BDF`` is channels-first,
            ``FBD`` time-first, ``BD`` one frame.
        side: ``input`` = what the module is given; ``pick`` is then a position, the name of a keyword argument, or a
            function of the tuple of positions (None = the first position).
        columns: which of the tensor's columns are the layer's, in the layer's order; None = all, in their own.

    Raises:
        BadOption: the axes are no order of B, F and D (F may be absent).
    """

    module: str
    pick: Pick = None
    call: int | None = None
    axes: str = "BFD"
    side: Literal["output", "input"] = "output"
    columns: Sequence[int] | None = None

    def __post_init__(self) -> None:
        if sorted(self.axes) not in (["B", "D", "F"], ["B", "D"]):
            raise BadOption(f"axes '{self.axes}' of module '{self.module}': expected an order of B, F, D, or of B, D")

    @property
    def read_only(self) -> str:
        """Why the layer cannot be changed at this tap; empty = it can."""
        if self.side == "input":
            return "what a module is given may go elsewhere, too"
        if callable(self.pick):
            return "what a function makes of an output cannot be put back into it"
        return "which call is the last is known when it is over" if self.call is not None and self.call < 0 else ""


@dataclass(frozen=True, slots=True)
class LayerSpec:
    """The declaration of one layer, known before any audio is run.

    Attributes:
        name: unique in the backbone.
        width: columns of a frame.
        pooling: ``none`` for what the network pooled itself, else the name of the pooling that suits the layer.
        statistics: with ``none``: what the columns are (``("mean", "std")``); empty = one statistic named ``value``.
        in_all: whether the layer is part of ALL, the concatenation.
        tap: which module of the running backbone's ``network`` makes it: what is taken there are the layer's frames,
            column n being neuron n. Of a layer with ``statistics`` it is what they are statistics of. None = no
            module's output is the layer; it can be probed, and its neurons cannot be changed.
    """

    name: str
    width: int
    pooling: str = "mean"
    statistics: tuple[str, ...] = ()
    in_all: bool = True
    tap: Tap | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The origin of a backbone's weights.

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
        lengths: int64 ``[B]``, frames of each utterance that are real in this block: of its audio, and not of what
            it is padded with; may be 0.
    """

    values: Tensor
    lengths: Tensor


class Backbone(Protocol):
    """A model that is loaded and ready to run, in evaluation mode.

    One whose layers have taps has the attribute ``network``, too: see ``BackboneWithNetwork``.
    """

    def extract(self, batch: WaveBatch) -> Iterator[Mapping[str, Frames]]:
        """Run a batch; yield blocks in time order, each ``{layer name: Frames}`` (most backbones yield once).

        Every block keeps the batch's size and order; a layer may be absent from a block. A layer with pooling ``none``
        appears in exactly one block, with one frame. An utterance's frames never depend on its neighbours in the batch.
        """
        ...


@runtime_checkable
class BackboneWithNetwork(Backbone, Protocol):
    """A backbone that shows the network behind it, so that single neurons can be changed while it runs.

    ``extract`` calls the modules that the taps of its layers name, as modules: one that it goes round (their weights
    alone, scripted code) runs no hooks.
    """

    @property
    def network(self) -> Module:
        """The network that ``extract`` runs; a tap's ``module`` is a name in its ``named_modules()``."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BackboneSpec:
    """The specification that a backbone's factory returns: cheap, without torch, enough to find vectors in the store.

    Attributes:
        sample_rate: of the waveforms that the model takes, Hz.
        layers: in their order from input to output.
        origin: where the weights come from.
        load: device (``cpu``, ``cuda:0``) -> the running model, in evaluation mode; torch is imported in
            here. It is called again where batches run side by side on a CPU, each in a model of its own.
        batchable: False where padding leaks between neighbours. Utterances of exactly one length go side by side then,
            where that changes no vector, which is looked at before; all others go alone.
        batch_seconds: of audio, padding counted, that a batch holds on a CPU: transformers are slower in large ones,
            recurrent networks gain from them. Other devices get large ones whatever this says.
        min_samples: the shortest waveform that the model takes.
        streams: True where blocks in time keep memory flat however long a recording is; no duration is refused then.
        precision: type of the numbers that the model computes with, where it is lower than that of its frames:
            ``bfloat16`` or ``float16``; vectors in a batch are compared by its tolerance.
        reference: device -> the same model in float32, where ``precision`` is lower: how far its vectors are from those
            of the model is measured, recorded and told.
        resolved: options that leave something open (``mode=auto``, a path whose content ``origin.digest`` tells), each
            as what it came to: the store's key holds this instead, and two ways to ask for the same share vectors. So
            may what completes a family's name be, under the name of its factory's first parameter.
    """

    sample_rate: int
    layers: tuple[LayerSpec, ...]
    origin: Origin
    load: Callable[[str], Backbone]
    batchable: bool = True
    batch_seconds: float = 16.0
    min_samples: int = 1
    streams: bool = False
    precision: str = "float32"
    reference: Callable[[str], Backbone] | None = None
    resolved: Mapping[str, int | float | str | None] = field(default_factory=dict)


def problems_with_spec(spec: BackboneSpec) -> list[str]:
    """List what in a backbone's specification is not as the contract says; empty = nothing."""
    problems = []
    for name in ("sample_rate", "min_samples"):
        if not _is_count(getattr(spec, name)):
            problems.append(f"{name} {getattr(spec, name)!r} is no whole number from 1")
    load, resolved, seconds = (cast("object", each) for each in (spec.load, spec.resolved, spec.batch_seconds))
    if not callable(load):
        problems.append("load cannot be called: it has to be a function, device -> the running model")
    if not (isinstance(seconds, int | float) and seconds > 0):
        problems.append(f"batch_seconds {seconds!r} is no number above 0")
    if spec.precision not in PRECISIONS:
        problems.append(f"precision {spec.precision!r} is none of {', '.join(PRECISIONS)}")
    if not (spec.reference is None or callable(cast("object", spec.reference))):
        problems.append("reference cannot be called: it has to be a function, device -> the same model in float32")
    plain = (int, float, str, type(None))
    if not isinstance(resolved, abc.Mapping) or not all(isinstance(each, plain) for each in resolved.values()):
        problems.append("resolved is no mapping of option -> text, number or None")
    return problems + _problems_with_origin(spec.origin) + _problems_with_layers(spec.layers)


def _problems_with_origin(origin: object) -> list[str]:
    if not isinstance(origin, Origin):
        return [f"origin is a {type(origin).__name__}, not an Origin"]
    values = {name: cast("object", getattr(origin, name)) for name in ("source", "licence", "digest", "layers")}
    return [
        f"origin.{name} is a {type(value).__name__}, not a text"
        for name, value in values.items()
        if not isinstance(value, str)
    ]


def _problems_with_layers(layers: object) -> list[str]:
    if not isinstance(layers, tuple | list):
        return [f"spec.layers is a {type(layers).__name__}, not a tuple of LayerSpec"]
    if not layers:
        return ["spec.layers is empty; declare a LayerSpec for each layer that extract yields"]
    strange = [each for each in layers if not isinstance(each, LayerSpec)]
    if strange:
        return [f"spec.layers holds a {type(strange[0]).__name__}; declare each layer as a LayerSpec"]
    names = [layer.name for layer in layers]
    twice = sorted({str(name) for name in names if names.count(name) > 1})
    problems = (
        [f"layers {', '.join(twice)} are declared more than once; a layer's name is its address"] if twice else []
    )
    for layer in layers:
        problems += _problems_with_layer(layer)
    total = sum(layer.width for layer in layers if _is_count(layer.width))
    if total > MOST_COLUMNS:
        problems.append(f"its layers have {total:,} columns in all; a store takes {MOST_COLUMNS:,}")
    return problems


def _problems_with_layer(layer: LayerSpec) -> list[str]:
    shown: object = layer.name[:80] if isinstance(layer.name, str) else layer.name
    problems, about = [], f"layer {shown}:"
    problem = problem_with_layer_name(layer.name) if isinstance(layer.name, str) else "is no text"
    if problem:
        problems.append(f"a layer's name {shown!r} {problem}")
    pooling, statistics, tap = (cast("object", each) for each in (layer.pooling, layer.statistics, layer.tap))
    if not isinstance(pooling, str):
        problems.append(f"{about} pooling {pooling!r} is no text")
    if not isinstance(tap, Tap | None):
        problems.append(f"{about} tap is a {type(tap).__name__}, not a Tap or None")
    if not isinstance(statistics, tuple | list) or not all(isinstance(each, str) for each in statistics):
        problems.append(f"{about} statistics {statistics!r} are no tuple of texts")
        shares = 1
    else:
        shares = max(len(statistics), 1)
    if not _is_count(layer.width):
        problems.append(f"{about} width {layer.width!r} is no whole number from 1")
    elif layer.width % shares:
        problems.append(f"{about} {layer.width} columns are not {shares} statistics")
    return problems


def _is_count(number: object) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and number >= 1
