"""Manifest x backbone -> frames -> pooled vectors -> store: the only loop over a model.

The batch plan is a pure function of the manifest, and a shard is whole batches: the same manifest gives the same bits,
interrupted or not. torch is loaded when the first row is missing, and not before.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neuroscope import waves
from neuroscope.audio_index import examine_all
from neuroscope.contracts.progress import Progress, silent
from neuroscope.errors import BadAudio, NeuroscopeError
from neuroscope.runner import Runner, Vectors

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from neuroscope.contracts.audio import Manifest, Utterance
    from neuroscope.contracts.backbone import BackboneSpec
    from neuroscope.contracts.features import Pooling
    from neuroscope.failures import Failures
    from neuroscope.store import Representation

BATCH_MOST = 32
BATCH_SECONDS = 200.0
"""Padded seconds of a batch; an utterance that is longer goes alone."""
SHARD_ROWS = 256
SHARD_BYTES = 64_000_000
AHEAD_SECONDS = 600.0
"""Seconds of audio that are read ahead; of longer recordings, one."""
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


_Reject = Callable[[Located, BadAudio], None]


@dataclass(frozen=True)
class Extraction:
    """What an extraction did.

    Attributes:
        rows: utterance id -> row name, for every utterance that is stored; several may be the same row.
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
        runner = Runner(spec, poolings, representation, device)
        reject = _rejecting(located, failures)
        width = sum(len(units) for units in representation.layers.values())
        with progress("Extracting", missing) as advance:
            for shard in _shards(plan(located, spec), width):
                todo = [rest for batch in shard if (rest := [each for each in batch if each.row not in stored])]
                computed |= _run_shard(todo, runner, reject, advance)
                failures.check()
    have = stored.keys() | computed
    rows = {each.utterance.id: each.row for each in located if each.row in have}
    return Extraction(rows, found=len(stored.keys() & set(rows.values())), computed=len(computed))


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


def _rejecting(located: Sequence[Located], failures: Failures) -> _Reject:
    """What to call when a row fails: every utterance of the row does."""
    ids: defaultdict[str, list[str]] = defaultdict(list)
    for each in located:
        ids[each.row].append(each.utterance.id)

    def reject(located: Located, error: BadAudio) -> None:
        for utterance in ids[located.row]:
            failures.add(utterance, error)

    return reject


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
    shard: Sequence[Sequence[Located]], runner: Runner, reject: _Reject, advance: Callable[[int], None]
) -> set[str]:
    """Compute the batches of a shard and store it; when interrupted, store the batches that are whole."""
    done: list[Vectors] = []  # an entry a batch: wherever an interrupt comes, names and vectors belong together
    try:
        with closing(_read_ahead(shard, runner.spec.sample_rate)) as coming:
            for batch, read in coming:
                done.append(_run_batch(batch, read, runner, reject))
                advance(len(batch))
    except BaseException:
        with suppress(NeuroscopeError):  # it is the first error that has to be told
            runner.store(done)
        raise
    return runner.store(done)


def _run_batch(
    batch: Sequence[Located], read: Sequence[NDArray[np.float32] | BadAudio], runner: Runner, reject: _Reject
) -> Vectors:
    """Vectors of the utterances of a batch that could be read and whose vectors are finite."""
    good: list[Located] = []
    waveforms: list[NDArray[np.float32]] = []
    for each, wave in zip(batch, read, strict=True):
        if isinstance(wave, BadAudio):
            reject(each, wave)
        else:
            good.append(each)
            waveforms.append(wave)
    if not good:
        return [], {}
    pooled = runner.run(waveforms)
    keep = np.ones(len(good), dtype=bool)
    for layer, values in pooled.items():
        for number in np.flatnonzero(keep & ~np.isfinite(values).all(axis=1)).tolist():
            detail = f"{good[number].utterance.id}: layer {layer}, as {values.dtype}"
            reject(good[number], BadAudio("output that is not finite", detail))
            keep[number] = False
    rows = [each.row for each, kept in zip(good, keep, strict=True) if kept]
    return rows, {layer: values[keep] for layer, values in pooled.items()}


def _read_ahead(
    batches: Sequence[Sequence[Located]], sample_rate: int
) -> Generator[tuple[Sequence[Located], list[NDArray[np.float32] | BadAudio]]]:
    """Yield batches with their waveforms, reading in threads as far ahead as memory should be spent on it."""
    pool = ThreadPoolExecutor(_READERS)
    coming: deque[tuple[Sequence[Located], list[Future[NDArray[np.float32] | BadAudio]]]] = deque()
    try:
        for batch in batches:
            while coming and _samples(batch) + sum(_samples(each) for each, _ in coming) > AHEAD_SECONDS * sample_rate:
                ready, futures = coming.popleft()
                yield ready, [future.result() for future in futures]
            coming.append((batch, [pool.submit(_read, each, sample_rate) for each in batch]))
        while coming:
            ready, futures = coming.popleft()
            yield ready, [future.result() for future in futures]
    finally:
        pool.shutdown(cancel_futures=True)


def _samples(batch: Sequence[Located]) -> int:
    return sum(each.samples for each in batch)


def _read(located: Located, sample_rate: int) -> NDArray[np.float32] | BadAudio:
    try:
        return waves.read(located.path, located.stretch, sample_rate)
    except BadAudio as error:
        return error
