"""What commands that analyse say for people: what was extracted, what was split how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from neuroscope.contracts.records import EQUAL, PADDED
from neuroscope.runtime.wording import counted, one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from neuroscope.contracts.records import CellRecord, ExtractionRecord, FailedCell


def lines_of_extraction(record: ExtractionRecord, *, data: bool = False) -> list[str]:
    """What an extraction found, computed and skipped, for people.

    Args:
        record: of the extraction.
        data: whether to say of which data, as others were extracted, too.
    """
    stored = f"{record.computed} extracted now, {record.found} from the store"
    of = f" of {record.dataset}" if data else ""
    lines = [f"{record.backbone}: {counted(record.utterances, 'utterance')}{of}, {stored}"]
    told = record.computed + record.found + len(record.skipped_utterances)
    if twins := record.utterances - told:
        lines.append(f"The same audio as another utterance: {twins}")
    if record.segmented:
        lines.append(f"Segments: {record.segmented}.")
    lines += _lines_of_batches(record)
    if record.warning:
        lines.append(f"Warning: {record.warning}.")
    lines += [f"Warning: {caution.line}." for caution in record.cautions]
    if left_out := record.left_out_by_reader:
        lines.append(f"Left out while reading: {counts_text(left_out)}")
    if skipped := record.skipped:
        lines.append(f"Skipped: {counts_text(skipped)} (run.json names each)")
    return lines


def _lines_of_batches(record: ExtractionRecord) -> list[str]:
    """Which utterances ran side by side, where that is not any, and what else was measured before they did."""
    lines, found = [], record.invariance
    if found and found["batches"] != PADDED:
        lines.append(_limited_batches(found))
    if record.alone and record.computed > 1:
        lines.append(f"{record.alone:,} of {record.computed:,} utterances ran alone: no other has their exact length.")
    if record.halved:
        batches = "1 batch" if record.halved == 1 else f"{record.halved} batches"
        lines.append(f"{batches} ran in parts, as memory ran out.")
    if found and (apart := found["from_float32"]):
        worst = max(apart, key=lambda layer: apart[layer])
        lines.append(
            f"{found['precisions'][worst]}: vectors differ from those of float32 by up to {apart[worst]:.1e} "
            f"of a layer's largest value ({worst})."
        )
    return lines


def _limited_batches(found: Mapping[str, Any]) -> str:
    """Say which batches there are, and why: what was measured, or what the backbone says of itself."""
    padded, equal, layers = found["differences"], found["equal_lengths"], found["one_at_a_time"]
    if found["batches"] == EQUAL:
        if not padded:
            return "Batches of one length each: the backbone asks for no padding."
        worst = max(padded, key=lambda layer: padded[layer])
        changed = f"by up to {padded[worst]:.1e} of a layer's largest value ({worst})"
        return f"Batches of one length each: padding changes this model's vectors {changed}."
    if not layers:
        return "One utterance at a time: the backbone takes no batches, as it says."
    where, changes = ("a batch", padded) if padded else ("a batch of one length, too", equal)
    worst = max(layers, key=lambda layer: changes[layer])
    return (
        f"One utterance at a time: in {where}, {len(layers)} layers of this model change by up to "
        f"{changes[worst]:.1e} of their largest value ({worst})."
    )


def lines_of_cell(cell: CellRecord) -> list[str]:
    """What was asked of which utterances, and how they were split."""
    return ["", f"{cell.task} in {cell.backbone}, on {cell.dataset}", *lines_of_split(cell)]


def lines_of_split(cell: CellRecord) -> list[str]:
    """Which utterances of which classes were split how: the same where cells are of the same utterances."""
    sizes = f"{cell.train} train, {cell.test} test"
    grouped = f", {counted(cell.test_groups, 'test group')} ({cell.grouped_by})" if cell.grouped_by else ""
    lines = [f"Classes: {counts_text(cell.classes)}. Split: {cell.split}: {sizes}{grouped}."]
    if cell.unlabelled:
        lines.append(f"No class for this task: {counted(cell.unlabelled, 'utterance')}, left out.")
    if cell.not_drawn:
        lines.append(f"Not drawn ({cell.drawn}): {counted(cell.not_drawn, 'utterance')}.")
    if left := {reason: count for reason, count in cell.left_out_by_split.items() if count}:
        lines.append(f"Left out by the split: {counts_text(left)}.")
    return lines + [f"Warning: {line}." for line in cell.split_warning.splitlines()]


def line_of_failure(cell: FailedCell) -> str:
    """Which cell has no result, and why."""
    return f"{cell.task} in {cell.backbone} has no result: {cell.error}"


def what_varied(cell: CellRecord, *, spread: bool, printed: bool = True) -> str:
    """Say what the number is of, and what ± and the interval are.

    Args:
        cell: the record with its runs.
        spread: whether anything is known of it.
        printed: whether a ± is shown beside the interval.
    """
    of = cell.grouped_by or "utterance"
    runs = f"{cell.runs} runs: {cell.varied}." if cell.runs > 1 else "One run."
    if not spread:
        return f"{runs} The test part is one {of}: nothing is known of the spread."
    if not printed:
        return f"{runs} The interval, over new draws of {of}s, is of 95 %."
    return f"{runs} ± is the sd of the number over new draws of {of}s; the interval is of 95 %."


def counts_text(counts: Mapping[str, int]) -> str:
    """Say counts in a line: ``2 missing file, 1 empty file``."""
    return ", ".join(f"{count} {one_line(name)}" for name, count in counts.items())
