"""Records that make up ``run.json``: extractions, cells, what failed, and the versions of the software."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neuroscope.contracts.backbone import Origin


PADDED, EQUAL, ALONE = "padded", "equal lengths", "alone"
"""Which batches a representation is extracted in: any utterances, padded to the longest; those of exactly one length;
none."""


@dataclass(frozen=True, slots=True)
class SkippedUtterance:
    """One utterance that is in no result, and why."""

    utterance: str
    reason: str
    detail: str


def counts_of(skipped: Iterable[SkippedUtterance]) -> dict[str, int]:
    """Count the skipped utterances of each reason, the most frequent first."""
    counts = Counter(each.reason for each in skipped)
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractionRecord:
    """The record of an extraction: one backbone over one manifest.

    Attributes:
        backbone: canonical text.
        representation: key in the store.
        origin: where the weights come from.
        identity: what decides the vectors.
        dataset: canonical text.
        source: where the manifest was read, for people.
        manifest: fingerprint.
        utterances: how many there are.
        segmented: what was cut into segments; empty = nothing.
        found: rows that the store held already.
        computed: rows that were computed now.
        invariance: how far vectors change with their neighbours in a batch; None where that was not looked at.
        warning: what a reader of any result on this data has to know.
        left_out_by_reader: rows or files of the source that are no utterance, by reason.
        skipped: utterances that could not be used, by reason.
        skipped_utterances: each of them.
        cautions: what is strange about audio that was used, a warning for each kind.
        alone: how many of the computed rows ran alone, since no other utterance has their exact length; None where it
            is not equal lengths that go side by side.
        halved: batches that ran in parts because memory ran out, in them or in an earlier one; None = none.
    """

    backbone: str
    representation: str
    origin: Origin
    identity: Mapping[str, Any]
    dataset: str
    source: str
    manifest: str
    utterances: int
    segmented: str
    found: int
    computed: int
    invariance: Mapping[str, Any] | None
    warning: str
    left_out_by_reader: Mapping[str, int]
    skipped: Mapping[str, int]
    skipped_utterances: tuple[SkippedUtterance, ...]
    cautions: tuple[Caution, ...] = ()
    alone: int | None = None
    halved: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CautionedRows:
    """The rows that a warning is about.

    Attributes:
        layer: theirs; empty = no layer alone.
        conditions: theirs; empty with a layer = the probe of the layer, without one = all that was found.
        percents: shares of the neurons that were kept; empty = whatever the share.
        detail: figures.
    """

    layer: str
    conditions: tuple[str, ...] = ()
    percents: tuple[float, ...] = ()
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caution:
    """A warning: what a reader has to know before believing a number.

    Attributes:
        kind: a short fixed phrase.
        line: the warning for people, with layers and figures.
        runs: in how many of the runs it was found.
        about: the rows that it is about.
    """

    kind: str
    line: str
    runs: int
    about: tuple[CautionedRows, ...]

    @classmethod
    def read(cls, written: Any) -> Caution:
        """Read a warning as JSON has it; older run folders have its line alone."""
        if isinstance(written, str):
            return cls(kind=written, line=written, runs=0, about=())
        about = [
            {**each, "conditions": tuple(each["conditions"]), "percents": tuple(each["percents"])}
            for each in written["about"]
        ]
        return cls(**{**written, "about": tuple(CautionedRows(**each) for each in about)})


@dataclass(frozen=True, slots=True, kw_only=True)
class CellRecord:
    """The record of a cell: its conditions, what was split how, and what a reader has to be careful about.

    Attributes:
        run: digest that the cell's rows carry.
        representation: key in the store; this and what follows are the conditions that all its rows have in common.
        classes: utterances of each class.
        unlabelled: utterances that the task has no class for.
        train: rows of the first run's training part.
        test: rows of its test part.
        grouped_by: column of the groups; empty = each utterance is its own.
        test_groups: groups of the test part.
        left_out_by_split: rows in neither part, by reason.
        split_warning: what a reader has to know of the split, a line each; empty = nothing.
        seeds: of the runs.
        varied: what differs between runs, for people.
        cautions: the warnings, one for each kind.
        neurons: how many each layer has, where neurons were studied.
        drawn: how the utterances were drawn of all with a class, for people; empty = they are all.
        not_drawn: utterances with a class that were not drawn.
    """

    run: str
    representation: str
    backbone: str
    task: str
    dataset: str
    manifest: str
    split: str
    layers: str
    pooling: str
    probe: str
    ranking: str
    preset: str
    runs: int
    seed: int
    classes: Mapping[str, int]
    unlabelled: int
    train: int
    test: int
    grouped_by: str
    test_groups: int
    left_out_by_split: Mapping[str, int]
    split_warning: str
    seeds: tuple[int, ...]
    varied: str
    cautions: tuple[Caution, ...]
    neurons: Mapping[str, int] | None = None
    drawn: str = ""
    not_drawn: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedCell:
    """The record of a cell that has no result, and why."""

    backbone: str
    task: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """The content of ``run.json``.

    Attributes:
        command: what was typed.
        began: time of the start, ISO 8601.
        seconds: of each stage.
        roots: folders of the datasets; paths in ``manifest.parquet`` are relative to them.
        manifests: name of each manifest in the folder -> the data that it is of.
        extractions: one per backbone.
        cells: those that have a result.
        failed: those that have none.
        versions: of the software.
    """

    command: tuple[str, ...]
    began: str
    seconds: Mapping[str, float]
    roots: tuple[str, ...] = ()
    manifests: Mapping[str, str] = field(default_factory=dict)
    extractions: tuple[ExtractionRecord, ...]
    cells: tuple[CellRecord, ...]
    failed: tuple[FailedCell, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)


def plain(value: Any) -> Any:
    """Turn records into what JSON has: mappings, lists, texts and numbers; a field that is not known is left out."""
    if is_dataclass(value) and not isinstance(value, type):
        named = {each.name: getattr(value, each.name) for each in fields(value)}
        optional = {each.name for each in fields(value) if each.default is None}
        return {name: plain(each) for name, each in named.items() if each is not None or name not in optional}
    if isinstance(value, Mapping):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value
