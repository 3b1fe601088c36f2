"""Run a backbone: waveforms to pooled vectors, where what it yields has to be what it declares.

A batch for which there is not enough memory runs in halves.
"""

from __future__ import annotations

import ctypes
import math
import os
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neuroscope.audio import waveforms as waves
from neuroscope.errors import BadAudio, PluginBroken
from neuroscope.extraction.contract.blocks import (
    blocks_of,
    problem_with_lengths,
    problem_with_missing,
    problem_with_name,
    problem_with_pooled,
    problem_with_shape,
)
from neuroscope.extraction.contract.models import Models
from neuroscope.plugin.failures import failures_told, message_of
from neuroscope.runtime.threads import available_threads
from neuroscope.runtime.versions import versions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from neuroscope.contracts.audio import WaveBatch
    from neuroscope.contracts.backbone import Backbone, BackboneSpec, Frames
    from neuroscope.contracts.features import Pooling, PoolingState
    from neuroscope.store.representations import Representation

_CACHES = ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "LRU_CACHE_CAPACITY")
_SHAPES = "64"
"""oneDNN, and torch above it, keep what they compiled for the last 1,024 shapes; nearly every batch has a shape of its
own, and 200 MB went to shapes that never came again."""

_NO_MEMORY = ("out of memory", "can't allocate memory")  # what torch says on other devices, and on a CPU
_MOST_MODELS = 8  # more of them wait for memory, and not for processors

Vectors = tuple[list[str], dict[str, NDArray[Any]]]
"""Names of rows, and for every layer their vectors ``[rows, units]``."""


class DoesNotFit(BadAudio):
    """A waveform that runs out of memory by itself; ``number`` is its place among those that were given."""

    def __init__(self, number: int, seconds: float, device: str) -> None:
        self.number = number
        super().__init__(
            "out of memory",
            f"{seconds:.1f} s do not fit into the memory of {device} (--segment SECONDS makes several utterances)",
        )


class Runner:
    """Runner of a backbone: loads it at the first batch, pools its layers, and stores the vectors."""

    def __init__(
        self,
        spec: BackboneSpec,
        poolings: Mapping[str, Pooling],
        representation: Representation,
        device: str,
        threads: int = 0,
    ) -> None:
        self.spec, self.device, self.representation = spec, device, representation
        self.threads = min(threads or available_threads(), _MOST_MODELS) if device == "cpu" else 1
        """How many batches run side by side, each on a thread of its own."""
        self.precisions: dict[str, str] = {}
        """Layer -> type of the frames that came, as ``float32``."""
        self.halved: list[int] = []
        """Utterances of each batch that ran in parts because memory ran out, in it or in an earlier one."""
        self._fits = math.inf  # padded samples, of which a batch holds fewer: so many were too many for the memory
        self._poolings = poolings
        self._made_with = {"device": device, **versions("torch", "transformers")}
        self._layers = {layer.name: layer for layer in spec.layers}
        self._models = Models(spec, device)

    def reference(self) -> Runner | None:
        """Make the runner of the same model in float32; None where the model computes in that."""
        if self.spec.reference is None:
            return None
        exact = replace(self.spec, load=self.spec.reference, reference=None, precision="float32")
        return Runner(exact, self._poolings, self.representation, self.device, self.threads)

    def run(self, waveforms: Sequence[NDArray[np.float32]]) -> dict[str, NDArray[Any]]:
        """Compute the pooled vectors of every layer, ``[B, units]``, of the type that they are stored as."""
        pooled = self.pool(waveforms)
        with np.errstate(over="ignore"):  # what the type cannot hold becomes infinite, and is rejected as such
            return {layer: values.astype(self.representation.identity.dtype) for layer, values in pooled.items()}

    def pool(self, waveforms: Sequence[NDArray[np.float32]]) -> dict[str, NDArray[Any]]:
        """Compute the pooled vectors of every layer, ``[B, units]``, of the type that they come in.

        Raises:
            PluginBroken: the backbone does not yield what it declares.
            DoesNotFit: there is not enough memory for one of the waveforms by itself.
        """
        for name in _CACHES:
            os.environ.setdefault(name, _SHAPES)  # read at the first use
        parts = list(self._parts(waveforms))
        if len(parts) == 1:
            return parts[0]
        self.halved.append(len(waveforms))
        return {layer: np.concatenate([part[layer] for part in parts]) for layer in self.representation.layers}

    def _parts(self, waveforms: Sequence[NDArray[np.float32]], first: int = 0) -> Iterator[dict[str, NDArray[Any]]]:
        """Pool a batch, or where memory runs out its halves, in order."""
        count, padded = len(waveforms), len(waveforms) * max(map(len, waveforms))
        if count == 1 or padded < self._fits:
            pooled = self._pool_what_fits(waveforms)
            if pooled is not None:
                yield pooled
                return
            if count == 1:
                raise DoesNotFit(first, padded / self.spec.sample_rate, self.device)
            self._fits = min(self._fits, padded)
        half = (count + 1) // 2
        yield from self._parts(waveforms[:half], first)
        yield from self._parts(waveforms[half:], first + half)

    def _pool_what_fits(self, waveforms: Sequence[NDArray[np.float32]]) -> dict[str, NDArray[Any]] | None:
        """Pool a batch; None where memory runs out, when all that it took is given back."""
        import torch

        with self._models.free() as model, torch.inference_mode():
            try:
                pooled = self._pool(model, _pinned(waves.batch(waveforms), self.device))
            except Exception as error:  # its traceback holds the batch's tensors until this block ends
                if not _ran_out_of_memory(error):
                    raise
                pooled = None
        if pooled is None:
            _trim_allocator()
            if self.device != "cpu":
                torch.get_device_module(self.device).empty_cache()  # torch.accelerator's came later than 2.6
            return None
        for layer, units in self.representation.layers.items():
            if pooled[layer].shape != (len(waveforms), len(units)):
                shape = list(pooled[layer].shape)
                raise PluginBroken(f"layer {layer} is pooled to {shape}, not [{len(waveforms)}, {len(units)}]")
        return {layer: pooled[layer] for layer in self.representation.layers}

    def store(self, done: Sequence[Vectors]) -> set[str]:
        """Write whole batches as one shard, and return the names of its rows."""
        rows = [row for names, _ in done for row in names]
        if rows:
            parts = [vectors for names, vectors in done if names]
            values = {layer: np.concatenate([part[layer] for part in parts]) for layer in parts[0]}
            self.representation.write(rows, values, made_with=self._made_with)
            _trim_allocator()
        return set(rows)

    def _pool(self, backbone: Backbone, batch: WaveBatch) -> dict[str, NDArray[Any]]:
        states: dict[str, PoolingState] = {}
        pooled: dict[str, NDArray[Any]] = {}
        for block in blocks_of(backbone, batch):
            for name, frames in block.items():
                self._check(name, frames, len(batch.lengths), earlier=int(name in pooled))
                self.precisions[name] = str(frames.values.dtype).removeprefix("torch.")
                if name not in self._poolings:
                    pooled[name] = frames.values[:, 0].float().cpu().numpy()
                    continue
                with failures_told(f"the pooling of layer {name}"):
                    if name not in states:
                        states[name] = self._poolings[name].start(self._layers[name])
                    states[name].update(frames)
        if problem := problem_with_missing({*pooled, *states}, self._layers):
            raise PluginBroken(problem)
        for name, state in states.items():
            with failures_told(f"the pooling of layer {name}"):
                pooled[name] = state.finish().cpu().numpy()
        return pooled

    def _check(self, name: str, frames: Frames, batch_size: int, *, earlier: int) -> None:
        problem = (
            problem_with_name(name, self._layers)
            or problem_with_shape(name, frames, self._layers[name].width, batch_size)
            or problem_with_lengths(name, frames, batch_size)
            or (name not in self._poolings and problem_with_pooled(name, frames, earlier))
        )
        if problem:
            raise PluginBroken(problem)


def _pinned(batch: WaveBatch, device: str) -> WaveBatch:
    """Put a batch where a GPU reads it by itself: a copy with ``non_blocking=True`` is then not waited for."""
    return replace(batch, samples=batch.samples.pin_memory()) if device.startswith("cuda") else batch


def _ran_out_of_memory(error: BaseException | None) -> bool:
    """Tell whether an error, or one that it was made from, says that torch or numpy got no memory."""
    import torch

    while error is not None:
        if isinstance(error, (torch.OutOfMemoryError, MemoryError)):  # front ends compute in numpy
            return True
        if isinstance(error, RuntimeError) and any(words in message_of(error).lower() for words in _NO_MEMORY):
            return True
        error = error.__cause__ or error.__context__
    return False


def _trim_allocator() -> None:
    """Give back what the allocator keeps between batches of ever new sizes, where it can be asked to (glibc)."""
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
