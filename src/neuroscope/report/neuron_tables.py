"""The findings about neurons as tables for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from neuroscope.report.neurons import CONTROLS, MASKED, SETS, share
from neuroscope.report.table import accuracy, interval

if TYPE_CHECKING:
    from neuroscope.report.curve import Point
    from neuroscope.report.neurons import Findings

_LABELS = {
    "probe": "probe on all neurons",
    "majority": "majority class",
    "random": "random features",
    "permuted": "permuted labels",
    "untrained": "untrained network",
    "masked-top": "top {share}, others masked",
    "masked-random": "random {share}, others masked",
    "masked-bottom": "bottom {share}, others masked",
}


_RULES = {
    "minimal": "Minimal set, chosen on training folds",
    "minimal-sure": "The same, where its interval excludes the loss of a point",
    "minimal-relative": "97 % of the accuracy of all",
    "minimal-paper": "By the paper's rule, chosen on the test part",
}


def controls_table(findings: Findings) -> Table:
    """The probe, its controls, and the same probe with most neurons masked."""
    table = _table("condition", "accuracy %", "95 % interval")
    for condition in ("probe", *CONTROLS):
        _add(table, _LABELS[condition], findings.point(condition))
    percent = findings.masked_percent
    for condition in MASKED if percent is not None else ():
        _add(table, _LABELS[condition].format(share=share(percent or 0)), findings.point(condition, percent))
    return table


def sets_table(findings: Findings) -> Table:
    """Accuracy of probes that were trained anew on a share of the neurons."""
    table = _table("neurons", *(f"{name.removesuffix('-set')} %" for name in SETS))
    for step in findings.steps:
        cells = (step.points.get(name) for name in SETS)
        table.add_row(share(step.percent), *(Text("–") if each is None else Text(accuracy(each)) for each in cells))
    return table


def layers_table(findings: Findings) -> Table:
    """The minimal set over the layers, beside what no preference would give."""
    table = _table("layer", "neurons", "of all", "expected", "p")
    for layer in findings.layers:
        cells = (f"{layer.neurons:.1f}", f"{layer.percent:.1f} %", f"{layer.expected:.1f}", f"{layer.p_value:.3g}")
        table.add_row(Text(layer.name), *cells)
    return table


def _add(table: Table, label: str, point: Point | None) -> None:
    if point is not None:
        table.add_row(Text(label), accuracy(point), interval(point))


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(first)
    for name in others:
        table.add_column(name, justify="right")
    return table


def sentences(findings: Findings) -> list[str]:
    """What may be said of the probe, the minimal sets and the ranking."""
    lines = []
    if found := findings.point("permuted", metric="selectivity"):
        lines.append(f"Selectivity: {100 * found.value:.1f} points{_interval(found)}.")
    lines += [line for condition in _RULES if (line := _minimal(findings, condition))]
    overlap, halves, chance = (findings.any(name) for name in ("overlap", "overlap_halves", "overlap_chance"))
    if overlap and chance:
        among = f", {halves.value:.2f} between disjoint halves of the training groups" if halves else ""
        lines.append(
            f"Stability: the top {share(overlap.percent or 0)} of two runs overlap by {overlap.value:.2f}{among}; "
            f"by chance {chance.value:.2f}."
        )
    return lines


def _minimal(findings: Findings, condition: str) -> str:
    size, accuracy_of = findings.any("neurons_percent", condition), findings.any("accuracy", condition)
    if size is None or accuracy_of is None:
        return ""
    gap, worth = findings.any("accuracy_difference", condition), findings.any("delta_rows", condition)
    random = findings.any("accuracy", f"{condition}-random")
    parts = [f"{_RULES[condition]}: {share(size.value)} of the neurons, {100 * accuracy_of.value:.1f} %"]
    if gap is not None and gap.low is not None and gap.high is not None:
        low, high = 100 * gap.low, 100 * gap.high
        parts.append(f"{100 * gap.value:+.1f} points to all ({low:+.1f} to {high:+.1f})")
    if random is not None:
        parts.append(f"as many at random {100 * random.value:.1f} %")
    if worth is not None:
        parts.append(f"a point is {worth.value:.1f} test utterances")
    return "; ".join(parts) + "."


def _interval(point: Point) -> str:
    return "" if point.low is None or point.high is None else f" ({100 * point.low:.1f} to {100 * point.high:.1f})"
