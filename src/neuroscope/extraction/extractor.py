"""Extract vectors: run a backbone over a manifest, pool its frames, store the vectors; the only loop over a model.

The batch plan is a pure function of the manifest, and a shard is whole batches: the same manifest gives the same bits,
interrupted or not. torch is loaded when the first row is missing, and not before.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from neuroscope.audio.prefetch import ReadJob, read_ahead
from neuroscope.contracts.progress import Advance, Progress, silent
from neuroscope.contracts.records import EQUAL
from neuroscope.defaults import MAX_DURATION
from neuroscope.errors import BadAudio, NeuroscopeError
from neuroscope.extraction import batching, padding_check
from neuroscope.extraction.runner import DoesNotFit, Runner, Vectors
from neuroscope.extraction.usable import UsableUtterances, usable
from neuroscope.runtime.threads import map_ahead, one_torch_thread
from neuroscope.store import padding_record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from neuroscope.audio.findings import FindingRecord
    from neuroscope.audio.spans import AudioFiles
    from neuroscope.contracts.audio import Manifest
    from neuroscope.contracts.backbone import BackboneSpec
    from neuroscope.contracts.features import Pooling
    from neuroscope.extraction.skipped import SkippedUtterances
    from neuroscope.store.padding_record import Invariance
    from neuroscope.store.representations import Representation

AHEAD_SECONDS = 600.0
"""Seconds of audio that are read ahead; a batch that is longer is read alone."""
SECONDS_AT_ONCE = 64.0
"""Padded seconds of the batches that run side by side on a CPU, or those that its threads' usual batches hold: a longer
utterance waits for others to end. A transformer of 95 million parameters takes a gigabyte for 60 s."""


_Reject = Callable[[ReadJob, BadAudio], None]
_Batch = tuple["Sequence[ReadJob]", "Sequence[NDArray[np.float32] | BadAudio]"]


@dataclass(frozen=True, slots=True)
class _Computed:
    """What came of a batch: the vectors of its utterances, and those that cannot be used, with the reason."""

    batch: Sequence[ReadJob]
    vectors: Vectors
    failed: Sequence[tuple[ReadJob, BadAudio]]


@dataclass(frozen=True)
class Extraction:
    """Result of an extraction.

    Attributes:
        rows: utterance id -> row name, for every utterance that is stored; several may have the same row.
        found: number of rows that the store held already.
        computed: number of rows that were computed now.
        invariance: how far vectors in a batch are from those of utterances alone; None where that was not looked at.
        findings: what was strange about the audio -> ids of the utterances.
        alone: how many of the computed rows ran alone for lack of one that is exactly as long; None where it is not
            equal lengths that go side by side.
        halved: number of batches that ran in parts because memory ran out, in them or in an earlier one.
    """

    rows: Mapping[str, str]
    found: int
    computed: int
    invariance: Invariance | None = None
    findings: Mapping[str, Sequence[str]] = field(default_factory=dict)
    alone: int | None = None
    halved: int = 0


def extract(
    manifest: Manifest,
    spec: BackboneSpec,
    poolings: Mapping[str, Pooling],
    representation: Representation,
    skipped: SkippedUtterances,
    *,
    files: AudioFiles,
    record: FindingRecord,
    max_duration: float = MAX_DURATION,
    device: str = "cpu",
    threads: int = 0,
    progress: Progress = silent,
) -> Extraction:
    """Bring every utterance of a manifest into a representation, computing only what is missing.

    Args:
        manifest: what to extract.
        spec: of the backbone.
        poolings: layer name -> pooling, for every layer that the network does not pool itself.
        representation: where the vectors go.
        skipped: receives the utterances that cannot be used.
        files: what the manifest's audio files hold; others may be among them.
        record: of what is strange about audio that is read.
        max_duration: seconds; longer utterances are skipped, unless the backbone streams.
        device: ``cpu``, ``cuda:0``, ...
        threads: of the processor, each of which runs a batch; 0 = those that are granted to us.
        progress: reports utterances computed.

    Raises:
        TooManyFailures: more were skipped than ``skipped`` allows.
        PluginBroken: the backbone does not yield what it declares.
        NeuroscopeError: the store cannot be written; told before the backbone is loaded where that is known.
    """
    corpus = usable(manifest, files, spec, skipped, max_duration)
    missing = corpus.missing(representation.rows())
    computed: set[str] = set()
    halved, found = 0, padding_record.recall(representation.folder)
    if missing.any():
        representation.check_writable(int(missing.sum()))
        runner = Runner(spec, poolings, representation, device, threads)
        with one_torch_thread():
            if found is None:
                some = [corpus[place] for place in padding_check.spread(corpus.order)]
                found = padding_check.compare(some, runner, progress)
            computed = _extract_missing(corpus, missing, runner, found, skipped, record, progress)
        halved = len(runner.halved)
    each = zip(corpus.ids, corpus.rows.to_list(), missing.tolist(), strict=True)
    rows = {utterance: row for utterance, row, absent in each if not absent or row in computed}
    stored = len(set(rows.values()) - computed)
    equal = bool(computed) and padding_record.batches_of(found) == EQUAL
    return Extraction(
        rows,
        stored,
        len(computed),
        invariance=found,
        findings=record.found(rows),
        alone=len(computed & batching.without_twin(corpus)) if equal else None,
        halved=halved,
    )


def _extract_missing(
    corpus: UsableUtterances,
    missing: NDArray[np.bool_],
    runner: Runner,
    found: Invariance | None,
    skipped: SkippedUtterances,
    record: FindingRecord,
    progress: Progress,
) -> set[str]:
    """Compute and store the rows that are missing, as the invariance allows, and return their names."""
    spec, representation = runner.spec, runner.representation
    width = sum(map(len, representation.layers.values()))
    batches = padding_record.batches_of(found)
    todo = batching.wanted_shards(corpus, spec, runner.device, width, missing, batches)
    computed: set[str] = set()
    for new in _compute(todo, corpus, runner, _make_reject(corpus, skipped), record, progress):
        computed |= new
        if new and found is not None:  # a representation begins with its first shard
            padding_record.remember(representation.folder, found)
        skipped.check()
    return computed


def _make_reject(corpus: UsableUtterances, skipped: SkippedUtterances) -> _Reject:
    """Make the function to call when a row fails, which skips every utterance of the row."""

    @cache
    def ids() -> Mapping[str, list[str]]:  # made at the first failure, which most extractions never see
        found: defaultdict[str, list[str]] = defaultdict(list)
        for utterance, row in zip(corpus.ids, corpus.rows, strict=True):
            found[row].append(utterance)
        return found

    def reject(failed: ReadJob, error: BadAudio) -> None:
        for utterance in ids()[failed.row]:
            skipped.add(utterance, error)

    return reject


def _compute(
    shards: Sequence[Sequence[NDArray[np.int64]]],
    corpus: UsableUtterances,
    runner: Runner,
    reject: _Reject,
    record: FindingRecord,
    progress: Progress,
) -> Iterator[set[str]]:
    """Compute and store shard by shard, reading ahead over all of them; yield the rows of each."""
    spec, rate = runner.spec, runner.spec.sample_rate
    most = math.inf if spec.streams else max(SECONDS_AT_ONCE, (runner.threads + 1) * spec.batch_seconds)
    run, weigh = partial(_run_batch, runner), partial(_padded_seconds, rate)
    batches = ([corpus[place] for place in batch.tolist()] for shard in shards for batch in shard)
    places = np.concatenate([batch for shard in shards for batch in shard])
    with (
        progress("Extracting", len(places), corpus.samples[places].sum() / rate) as advance,
        closing(read_ahead(batches, rate, AHEAD_SECONDS * rate, record.note)) as coming,
        closing(map_ahead(run, coming, runner.threads, weigh, most)) as done,
    ):
        for shard in shards:
            try:
                computed = _store_shard(islice(done, len(shard)), runner, reject, advance)
            finally:
                record.keep()
            yield computed


def _store_shard(coming: Iterator[_Computed], runner: Runner, reject: _Reject, advance: Advance) -> set[str]:
    """Gather the batches of a shard and store it; when interrupted, store the batches that are whole."""
    done: list[Vectors] = []  # an entry a batch: wherever an interrupt comes, names and vectors belong together
    try:
        for computed in coming:
            done.append(computed.vectors)
            for job, error in computed.failed:
                reject(job, error)
            advance(len(computed.batch), sum(each.samples for each in computed.batch) / runner.spec.sample_rate)
    except BaseException:
        with suppress(NeuroscopeError):  # it is the first error that has to be reported
            runner.store(done)
        raise
    return runner.store(done)


def _padded_seconds(rate: int, given: _Batch) -> float:
    batch, _ = given
    return len(batch) * max(each.samples for each in batch) / rate


def _run_batch(runner: Runner, given: _Batch) -> _Computed:
    """Compute the vectors of a batch's utterances.

    Except those that cannot be read, do not fit into memory, or have vectors that are not finite.
    """
    batch, read = given
    failed = [(each, wave) for each, wave in zip(batch, read, strict=True) if isinstance(wave, BadAudio)]
    good = [each for each, wave in zip(batch, read, strict=True) if not isinstance(wave, BadAudio)]
    waveforms = [wave for wave in read if not isinstance(wave, BadAudio)]
    pooled: dict[str, NDArray[Any]] = {}
    while good and not pooled:
        try:
            pooled = runner.run(waveforms)
        except DoesNotFit as error:
            del waveforms[error.number]
            job = good.pop(error.number)
            failed.append((job, BadAudio(error.reason, f"{job.utterance.id}: {error.detail}")))
    if not good:
        return _Computed(batch, ([], {}), failed)
    keep = np.ones(len(good), dtype=bool)
    for layer, values in pooled.items():
        for number in np.flatnonzero(keep & ~np.isfinite(values).all(axis=1)).tolist():
            detail = f"{good[number].utterance.id}: layer {layer}, as {values.dtype}"
            failed.append((good[number], BadAudio("output that is not finite", detail)))
            keep[number] = False
    rows = [each.row for each, kept in zip(good, keep, strict=True) if kept]
    return _Computed(batch, (rows, {layer: values[keep] for layer, values in pooled.items()}), failed)
