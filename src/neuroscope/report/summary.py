"""What commands that analyse say for people: what was extracted, what was split how."""

from __future__ import annotations

from typing import Any


def lines_of_extraction(about: dict[str, Any]) -> list[str]:
    """What an extraction found, computed and skipped, for people."""
    stored = f"{about['computed']} extracted now, {about['found']} from the store"
    lines = [f"{about['backbone']}: {about['utterances']} utterances, {stored}"]
    counted = about["computed"] + about["found"] + len(about["skipped_utterances"])
    if twins := about["utterances"] - counted:
        lines.append(f"The same audio as another utterance: {twins}")
    if about["segmented"]:
        lines.append(f"Segments: {about['segmented']}.")
    if about["invariance"] and (layers := about["invariance"]["one_at_a_time"]):
        lines.append(_one_at_a_time(about["invariance"]["differences"], layers))
    if about["warning"]:
        lines.append(f"Warning: {about['warning']}.")
    if left_out := about["left_out_by_reader"]:
        lines.append(f"Left out while reading: {_counts(left_out)}")
    if skipped := about["skipped"]:
        lines.append(f"Skipped: {_counts(skipped)} (run.json names each)")
    return lines


def _one_at_a_time(differences: dict[str, float], layers: list[str]) -> str:
    worst = max(layers, key=lambda layer: differences[layer])
    return (
        f"One utterance at a time: in a batch, {len(layers)} layers of this model change by up to "
        f"{differences[worst]:.1e} of their largest value ({worst})."
    )


def lines_of_cell(cell: dict[str, Any]) -> list[str]:
    """What was asked of which utterances, and how they were split."""
    sizes = f"{cell['train']} train, {cell['test']} test"
    grouped = f", {cell['test_groups']} test groups ({cell['grouped_by']})" if cell["grouped_by"] else ""
    lines = [
        "",
        f"{cell['task']} in {cell['backbone']}, on {cell['dataset']}",
        f"Classes: {_counts(cell['classes'])}. Split: {cell['split']}: {sizes}{grouped}.",
    ]
    if cell["unlabelled"]:
        lines.append(f"No class for this task: {cell['unlabelled']} utterances, left out.")
    if left := {reason: count for reason, count in cell["left_out_by_split"].items() if count}:
        lines.append(f"Left out by the split: {_counts(left)}.")
    if cell["split_warning"]:
        lines.append(f"Warning: {cell['split_warning']}.")
    return lines


def what_varied(cell: dict[str, Any]) -> str:
    """What ± is over."""
    return f"± over {cell['runs']} runs: {cell['varied']}." if cell["runs"] > 1 else "One run."


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items())
