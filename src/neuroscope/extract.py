"""Manifest x backbone -> frames -> pooled vectors -> store: the only loop over a model.

The batch plan is a pure function of the manifest, and a shard is whole batches: the same manifest gives the same bits,
interrupted or not. torch is loaded when the first row is missing, and not before.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neuroscope import waves
from neuroscope.audio_index import examine_all
from neuroscope.contracts.progress import Progress, silent
from neuroscope.errors import BadAudio, PluginBroken
from neuroscope.software import versions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from neuroscope.contracts.audio import Manifest, Utterance, WaveBatch
    from neuroscope.contracts.backbone import Backbone, BackboneSpec, Frames
    from neuroscope.contracts.features import Pooling, PoolingState
    from neuroscope.failures import Failures
    from neuroscope.store import Representation

BATCH_MOST = 32
BATCH_SECONDS = 200.0
"""Padded seconds of a batch; an utterance that is longer goes alone."""
SHARD_ROWS = 256
SHARD_BYTES = 64_000_000
_READ_AHEAD = 3
_READERS = 2


@dataclass(frozen=True, slots=True)
class Located:
    """An utterance whose samples are found: its row in the store, and how long it is at the model's rate."""

    utterance: Utterance
    path: Path
    stretch: waves.Stretch
    samples: int

    @property
    def row(self) -> str:
        """The row's name in the store."""
        return self.stretch.key


@dataclass(frozen=True)
class Extraction:
    """What an extraction did.

    Attributes:
        rows: utterance id -> row name, for every utterance that is stored.
        found: rows that the store held already.
        computed: rows that were computed now.
    """

    rows: Mapping[str, str]
    found: int
    computed: int


def extract(
    manifest: Manifest,
    spec: BackboneSpec,
    poolings: Mapping[str, Pooling],
    representation: Representation,
    failures: Failures,
    *,
    audio_index: Path,
    device: str = "cpu",
    progress: Progress = silent,
) -> Extraction:
    """Bring every utterance of a manifest into a representation, computing only what is missing.

    Args:
        manifest: what to extract.
        spec: of the backbone.
        poolings: layer name -> pooling, for every layer that the network does not pool itself.
        representation: where the vectors go.
        failures: receives what cannot be used.
        audio_index: folder of the index of audio files.
        device: ``cpu``, ``cuda:0``, ...
        progress: told of files read and utterances computed.

    Raises:
        TooManyFailures: more failed than ``failures`` allows.
        PluginBroken: the backbone does not yield what it declares.
    """
    located = _locate(manifest, spec, failures, audio_index, progress)
    failures.check()
    stored = representation.rows()
    missing = len({each.row for each in located} - stored.keys())
    computed: set[str] = set()
    if missing:
        runner = _Runner(spec, poolings, device)
        width = sum(len(units) for units in representation.layers.values())
        with progress("Extracting", missing) as advance:
            for shard in _shards(plan(located, spec), width):
                todo = [rest for batch in shard if (rest := [each for each in batch if each.row not in stored])]
                computed |= _run_shard(todo, runner, representation, failures, advance)
        failures.check()
    have = stored.keys() | computed
    rows = {each.utterance.id: each.row for each in located if each.row in have}
    return Extraction(rows, found=sum(each.row in stored for each in located), computed=len(computed))


def plan(located: Sequence[Located], spec: BackboneSpec) -> list[list[Located]]:
    """Batches of similar length, the longest first; equal rows once. It does not depend on what is stored."""
    unique = {each.row: each for each in reversed(located)}
    ordered = sorted(unique.values(), key=lambda each: (-each.samples, each.row))
    most = BATCH_MOST if spec.batchable else 1
    batches: list[list[Located]] = []
    for each in ordered:
        room = batches and len(batches[-1]) < most
        if room and (len(batches[-1]) + 1) * batches[-1][0].samples <= BATCH_SECONDS * spec.sample_rate:
            batches[-1].append(each)
        else:
            batches.append([each])
    return batches


def _locate(
    manifest: Manifest, spec: BackboneSpec, failures: Failures, audio_index: Path, progress: Progress
) -> list[Located]:
    files = examine_all(audio_index, (each.path for each in manifest if each.path is not None), progress)
    located = []
    for utterance in manifest:
        try:
            located.append(_locate_one(utterance, files, spec))
        except BadAudio as error:
            failures.add(utterance.id, error)
    return located


def _locate_one(utterance: Utterance, files: Mapping[Path, waves.AudioFile | BadAudio], spec: BackboneSpec) -> Located:
    if utterance.path is None:
        raise BadAudio("no path", utterance.id)
    file = files[utterance.path]
    if isinstance(file, BadAudio):
        raise file
    stretch = waves.locate(utterance, file)
    samples = stretch.samples_at(spec.sample_rate)
    if samples < spec.min_samples:
        least = spec.min_samples / spec.sample_rate
        raise BadAudio(
            "too short", f"{utterance.id}: {samples / spec.sample_rate:.4f} s, the model takes {least:.4f} s"
        )
    return Located(utterance, utterance.path, stretch, samples)


def _shards(batches: Sequence[list[Located]], width: int) -> Iterator[list[list[Located]]]:
    """Whole batches of the plan, up to the size of a shard."""
    most = min(SHARD_ROWS, SHARD_BYTES // (4 * width))
    shard: list[list[Located]] = []
    for batch in batches:
        if shard and sum(map(len, shard)) + len(batch) > most:
            yield shard
            shard = []
        shard.append(batch)
    if shard:
        yield shard


def _run_shard(
    shard: Sequence[Sequence[Located]],
    runner: _Runner,
    representation: Representation,
    failures: Failures,
    advance: Any,
) -> set[str]:
    """Compute the batches of a shard and store it; when interrupted, store the batches that are whole."""
    rows: list[str] = []
    parts: list[dict[str, NDArray[np.float32]]] = []
    try:
        for batch, read in _read_ahead(shard, runner.spec.sample_rate):
            good = [(each, wave) for each, wave in zip(batch, read, strict=True) if not isinstance(wave, BadAudio)]
            for each, wave in zip(batch, read, strict=True):
                if isinstance(wave, BadAudio):
                    failures.add(each.utterance.id, wave)
            if good:
                pooled = runner.run([wave for _, wave in good])
                keep = _finite([each for each, _ in good], pooled, failures)
                parts.append({layer: values[keep] for layer, values in pooled.items()})
                rows += [each.row for (each, _), kept in zip(good, keep, strict=True) if kept]
            advance(len(batch))
    finally:
        if rows:
            values = {layer: np.concatenate([part[layer] for part in parts]) for layer in parts[0]}
            representation.write(rows, values, made_with=runner.made_with)
    return set(rows)


def _finite(
    batch: Sequence[Located], pooled: Mapping[str, NDArray[np.float32]], failures: Failures
) -> NDArray[np.bool_]:
    keep = np.ones(len(batch), dtype=bool)
    for layer, values in pooled.items():
        for number in np.flatnonzero(keep & ~np.isfinite(values).all(axis=1)).tolist():
            failures.add(batch[number].utterance.id, BadAudio("output that is not finite", f"layer {layer}"))
            keep[number] = False
    return keep


def _read_ahead(
    batches: Sequence[Sequence[Located]], sample_rate: int
) -> Iterator[tuple[Sequence[Located], list[NDArray[np.float32] | BadAudio]]]:
    """Yield batches with their waveforms, reading a few batches ahead in threads."""
    with ThreadPoolExecutor(_READERS) as pool:
        coming: list[tuple[Sequence[Located], list[Future[NDArray[np.float32] | BadAudio]]]] = []
        try:
            for batch in batches:
                coming.append((batch, [pool.submit(_read, each, sample_rate) for each in batch]))
                if len(coming) > _READ_AHEAD:
                    ready, futures = coming.pop(0)
                    yield ready, [future.result() for future in futures]
            for ready, futures in coming:
                yield ready, [future.result() for future in futures]
        finally:
            pool.shutdown(cancel_futures=True)


def _read(located: Located, sample_rate: int) -> NDArray[np.float32] | BadAudio:
    try:
        return waves.read(located.path, located.stretch, sample_rate)
    except BadAudio as error:
        return error


class _Runner:
    """A backbone, loaded at the first batch, and the pooling of its layers."""

    def __init__(self, spec: BackboneSpec, poolings: Mapping[str, Pooling], device: str) -> None:
        self.spec, self._poolings, self._device = spec, poolings, device
        self.made_with = {"device": device, **versions("torch", "transformers")}
        self._layers = {layer.name: layer for layer in spec.layers}
        self._backbone: Backbone | None = None

    def run(self, waveforms: Sequence[NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
        """Pooled vectors of every layer, float32 ``[B, units]``."""
        import torch

        if self._backbone is None:
            self._backbone = self.spec.load(self._device)
        with torch.inference_mode():
            return self._pool(waves.batch(waveforms))

    def _pool(self, batch: WaveBatch) -> dict[str, NDArray[np.float32]]:
        states: dict[str, PoolingState] = {}
        pooled: dict[str, NDArray[np.float32]] = {}
        backbone = self._backbone
        for block in backbone.extract(batch) if backbone else ():
            for name, frames in block.items():
                self._check(name, frames, len(batch.lengths), again=name in pooled)
                if name not in self._poolings:
                    pooled[name] = frames.values[:, 0].float().cpu().numpy()
                else:
                    state = states.setdefault(name, self._poolings[name].start(self._layers[name]))
                    state.update(frames)
        pooled |= {name: state.finish().cpu().numpy() for name, state in states.items()}
        if absent := [name for name in self._layers if name not in pooled]:
            raise PluginBroken(f"the backbone declares layer {absent[0]} and did not yield it")
        return pooled

    def _check(self, name: str, frames: Frames, batch_size: int, *, again: bool) -> None:
        if name not in self._layers:
            raise PluginBroken(f"the backbone yields layer {name}, which it does not declare")
        size, length, width = frames.values.shape
        layer = self._layers[name]
        if (size, width) != (batch_size, layer.width):
            raise PluginBroken(
                f"layer {name} is [{size}, {length}, {width}], not [{batch_size}, frames, {layer.width}]"
            )
        if name not in self._poolings and (length != 1 or again):
            raise PluginBroken(f"layer {name} is declared pooled: it has to come once, with one frame")
