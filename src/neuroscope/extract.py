"""Manifest x backbone -> frames -> pooled vectors -> store: the only loop over a model.

The batch plan is a pure function of the manifest, and a shard is whole batches: the same manifest gives the same bits,
interrupted or not. torch is loaded when the first row is missing, and not before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from neuroscope import invariance, waves
from neuroscope.audio_index import examine_all
from neuroscope.collecting import uncollected
from neuroscope.contracts.progress import Advance, Progress, silent
from neuroscope.defaults import MAX_DURATION
from neuroscope.errors import BadAudio, NeuroscopeError
from neuroscope.reading import Located, read_ahead
from neuroscope.runner import Runner, Vectors

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from neuroscope.contracts.audio import Manifest, Utterance
    from neuroscope.contracts.backbone import BackboneSpec
    from neuroscope.contracts.features import Pooling
    from neuroscope.failures import Failures
    from neuroscope.invariance import Invariance
    from neuroscope.store import Representation

BATCH_MOST = 32
BATCH_SECONDS = 200.0
"""Padded seconds of a batch; an utterance that is longer goes alone."""
CPU_BATCH_SECONDS = 50.0
"""On a CPU, whose caches larger batches leave."""
SHARD_ROWS = 256
SHARD_BYTES = 64_000_000
AHEAD_SECONDS = 600.0
"""Seconds of audio that are read ahead; of longer recordings, one."""


_Reject = Callable[[Located, BadAudio], None]
_Batch = tuple["Sequence[Located]", "Sequence[NDArray[np.float32] | BadAudio]"]


@dataclass(frozen=True)
class Extraction:
    """What an extraction did.

    Attributes:
        rows: utterance id -> row name, for every utterance that is stored; several may be the same row.
        found: rows that the store held already.
        computed: rows that were computed now.
        invariance: how far vectors in a batch are from those of utterances alone; None where that was not looked at.
    """

    rows: Mapping[str, str]
    found: int
    computed: int
    invariance: Invariance | None = None


def extract(
    manifest: Manifest,
    spec: BackboneSpec,
    poolings: Mapping[str, Pooling],
    representation: Representation,
    failures: Failures,
    *,
    audio_index: Path,
    trust_index: bool = True,
    max_duration: float = MAX_DURATION,
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
        trust_index: False = every file is read and digested again.
        max_duration: seconds; longer utterances fail, unless the backbone streams.
        device: ``cpu``, ``cuda:0``, ...
        progress: told of files read and utterances computed.

    Raises:
        TooManyFailures: more failed than ``failures`` allows.
        PluginBroken: the backbone does not yield what it declares.
    """
    paths = (each.path for each in manifest if each.path is not None)
    files = examine_all(audio_index, paths, progress, trust=trust_index)
    with uncollected():
        located = _locate(manifest, spec, failures, files, max_duration)
    failures.check()
    stored = representation.rows()
    found = invariance.recall(representation.folder)
    computed: set[str] = set()
    if {each.row for each in located} - stored.keys():
        runner = Runner(spec, poolings, representation, device)
        if found is None and spec.batchable:
            found = invariance.compare(_ordered(located), runner)
        batchable = spec.batchable and not (found and found.broken)
        with uncollected():
            batches = plan(located, replace(spec, batchable=batchable), device)
            todo = [_without(shard, stored) for shard in _shards(batches, representation)]
        for new in _compute(todo, runner, _rejecting(located, failures), progress):
            computed |= new
            if new and found is not None:  # a representation begins with its first shard
                invariance.remember(representation.folder, found)
            failures.check()
    have = stored.keys() | computed
    rows = {each.utterance.id: each.row for each in located if each.row in have}
    return Extraction(rows, found=len(stored.keys() & set(rows.values())), computed=len(computed), invariance=found)


def plan(located: Sequence[Located], spec: BackboneSpec, device: str = "cpu") -> list[list[Located]]:
    """Batches of similar length, the longest first; equal rows once. It does not depend on what is stored."""
    most = BATCH_MOST if spec.batchable else 1
    seconds = CPU_BATCH_SECONDS if device == "cpu" else BATCH_SECONDS
    batches: list[list[Located]] = []
    for each in _ordered(located):
        room = batches and len(batches[-1]) < most
        if room and (len(batches[-1]) + 1) * batches[-1][0].samples <= seconds * spec.sample_rate:
            batches[-1].append(each)
        else:
            batches.append([each])
    return batches


def _ordered(located: Sequence[Located]) -> list[Located]:
    """Equal rows once, the longest first."""
    unique = {each.row: each for each in reversed(located)}
    return sorted(unique.values(), key=lambda each: (-each.samples, each.row))


def _locate(
    manifest: Manifest,
    spec: BackboneSpec,
    failures: Failures,
    files: Mapping[Path, waves.AudioFile | BadAudio],
    max_duration: float,
) -> list[Located]:
    located = []
    for utterance in manifest:
        try:
            one = _locate_one(utterance, files, spec)
            _check_duration(one, spec, max_duration)
        except BadAudio as error:
            failures.add(utterance.id, error)
        else:
            located.append(one)
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
    return Located(utterance, utterance.path, stretch, samples, stretch.key)


def _check_duration(located: Located, spec: BackboneSpec, most: float) -> None:
    seconds = located.samples / spec.sample_rate
    if seconds > most and not spec.streams:
        raise BadAudio(
            "too long",
            f"{located.utterance.id}: {seconds:.1f} s, and the model takes a recording whole: at most {most:g} s "
            "(--max-duration); --segment SECONDS makes several utterances of it",
        )


def _rejecting(located: Sequence[Located], failures: Failures) -> _Reject:
    """What to call when a row fails: every utterance of the row does."""

    @cache
    def ids() -> Mapping[str, list[str]]:  # made at the first failure, which most extractions never see
        found: defaultdict[str, list[str]] = defaultdict(list)
        for each in located:
            found[each.row].append(each.utterance.id)
        return found

    def reject(failed: Located, error: BadAudio) -> None:
        for utterance in ids()[failed.row]:
            failures.add(utterance, error)

    return reject


def _shards(batches: Sequence[list[Located]], representation: Representation) -> Iterator[list[list[Located]]]:
    """Whole batches of the plan, up to the size of a shard."""
    width = sum(len(units) for units in representation.layers.values())
    most = min(SHARD_ROWS, SHARD_BYTES // (4 * width))
    shard: list[list[Located]] = []
    for batch in batches:
        if shard and sum(map(len, shard)) + len(batch) > most:
            yield shard
            shard = []
        shard.append(batch)
    if shard:
        yield shard


def _without(shard: Sequence[list[Located]], stored: Container[str]) -> list[list[Located]]:
    return [rest for batch in shard if (rest := [each for each in batch if each.row not in stored])]


def _compute(
    shards: Sequence[Sequence[list[Located]]], runner: Runner, reject: _Reject, progress: Progress
) -> Iterator[set[str]]:
    """Compute and store shard by shard, reading ahead over all of them; the rows of each."""
    batches = [batch for shard in shards for batch in shard]
    rate = runner.spec.sample_rate
    missing = [each for batch in batches for each in batch]
    seconds = sum(each.samples for each in missing) / rate
    with (
        progress("Extracting", len(missing), seconds) as advance,
        closing(read_ahead(batches, rate, AHEAD_SECONDS * rate)) as coming,
    ):
        for shard in shards:
            yield _run_shard(islice(coming, len(shard)), runner, reject, advance)


def _run_shard(coming: Iterator[_Batch], runner: Runner, reject: _Reject, advance: Advance) -> set[str]:
    """Compute the batches of a shard and store it; when interrupted, store the batches that are whole."""
    done: list[Vectors] = []  # an entry a batch: wherever an interrupt comes, names and vectors belong together
    try:
        for batch, read in coming:
            done.append(_run_batch(batch, read, runner, reject))
            advance(len(batch), sum(each.samples for each in batch) / runner.spec.sample_rate)
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
