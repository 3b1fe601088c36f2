"""The findings about neurons as tables for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from neuroscope.contracts import conditions, metric_names
from neuroscope.report.layer_table import accuracy, interval
from neuroscope.report.neuron_findings import CONTROLS, MASKED, SETS, probability, share

if TYPE_CHECKING:
    from neuroscope.contracts.rows import Row
    from neuroscope.report.layer_curve import Point
    from neuroscope.report.neuron_findings import Findings

_LABELS = {
    conditions.PROBE: "probe on all neurons",
    conditions.MAJORITY: "majority class",
    conditions.RANDOM: "random features",
    conditions.RANDOM_UNIFORM: "random features, uniform",
    conditions.RANDOM_MATCHED: "random features, matched",
    conditions.PERMUTED: "permuted labels",
    conditions.UNTRAINED: "untrained network",
    conditions.MASKED_TOP: "top {share}, others masked",
    conditions.MASKED_RANDOM: "random {share}, others masked",
    conditions.MASKED_BOTTOM: "bottom {share}, others masked",
}


_RULES = {
    conditions.MINIMAL: "loses at most a point",
    conditions.MINIMAL_SURE: "surely no more",
    conditions.MINIMAL_RELATIVE: "has 97 % of all",
    conditions.MINIMAL_PAPER: "paper's, chosen on test",
}


def controls_table(findings: Findings) -> Table:
    """The probe, its controls, and the same probe with most neurons masked."""
    table = _table("condition", "accuracy %", "95 % interval")
    for condition in (conditions.PROBE, *CONTROLS):
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
        cells = (f"{layer.neurons:.1f}", f"{layer.percent:.1f} %", f"{layer.expected:.1f}", probability(layer.p_value))
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


def minimal_table(findings: Findings) -> Table:
    """The minimal sets by each rule: their size, what they reach on the test part, and as many neurons at random."""
    table = _table("minimal set", "neurons", "of all", "accuracy %", "less all, points", "at random %")
    for condition, rule in _RULES.items():
        count, percent = findings.any("neurons", condition), findings.any(metric_names.NEURONS_PERCENT, condition)
        reached = findings.any(metric_names.ACCURACY, condition)
        if count is None or percent is None or reached is None:
            continue
        numbers = (f"{count.value:.1f}", share(percent.value), _percent(reached))
        beside = (
            findings.any("accuracy_difference", condition),
            findings.any(metric_names.ACCURACY, conditions.at_random(condition)),
        )
        table.add_row(Text(rule), *numbers, _points(beside[0]), "–" if beside[1] is None else _percent(beside[1]))
    return table


def _percent(row: Row) -> str:
    return f"{100 * row.value:.1f}"


def _points(row: Row | None) -> str:
    """A difference with its interval."""
    if row is None:
        return "–"
    return f"{100 * row.value:+.1f}" + _interval(row.low, row.high, "+.1f")


def sentences(findings: Findings) -> list[str]:
    """What else may be said of the probe, the minimal sets and the ranking."""
    lines = []
    if found := findings.point(conditions.PERMUTED, metric=metric_names.SELECTIVITY):
        lines.append(f"Selectivity: {100 * found.value:.1f} points{_interval(found.low, found.high)}.")
    if worth := findings.any(metric_names.DELTA_ROWS):
        part = (
            "the training part, the paper's on test"
            if findings.any(metric_names.DELTA_ROWS, conditions.MINIMAL)
            else "test"
        )
        lines.append(f"Sizes are chosen on {part}; a point is {worth.value:.1f} test utterances.")
    lines += _beyond_random(findings)
    return [*lines, *_stability(findings)]


def _stability(findings: Findings) -> list[str]:
    """What the most important neurons have in common with those of other rows, other speakers and an unlike ranking."""
    names = {metric_names.OVERLAP: "two runs", metric_names.OVERLAP_HALVES: "two halves of the groups"}
    found = {metric: row for metric in names if (row := findings.any(metric)) is not None}
    chance, unlike = findings.any(metric_names.OVERLAP_CHANCE), findings.any(metric_names.OVERLAP_RANKERS)
    lines = []
    if chance is not None and found:
        parts = ", ".join(f"{names[metric]} {row.value:.2f}" for metric, row in found.items())
        lines.append(
            f"Stability (overlap of the top {share(chance.percent or 0)}): {parts}, chance {chance.value:.2f}."
        )
    if unlike is not None:
        lines.append(f"The same overlap with an unlike ranking, {unlike.against}: {unlike.value:.2f}.")
    return lines


def _beyond_random(findings: Findings) -> list[str]:
    """What the top of the ranking has beyond as many random neurons, and whether others know the same."""
    gaps = [row for row in findings.all(metric_names.TOP_MINUS_RANDOM) if row.condition == conditions.TOP_SET]
    lines = [f"Trained anew, the top {share(row.percent or 0)} less as many at random: {_points(row)}." for row in gaps]
    lines += _no_concentration(findings, gaps)
    gap = findings.any(metric_names.TOP_MINUS_RANDOM, findings.chosen)
    redundant = findings.any(metric_names.REDUNDANT_INFORMATION, findings.chosen)
    if gap and redundant:
        verdict = "at most 5 points: others know as much" if redundant.value else "more than 5 points"
        lines.append(f"The minimal set less as many at random: {_points(gap)}; {verdict}.")
    return lines


def _no_concentration(findings: Findings, gaps: list[Row]) -> list[str]:
    """What to say where no top set is surely better than random neurons, with another ranking to try."""
    if not gaps or any(row.low is None or row.low > 0 for row in gaps):
        return []
    unlike = findings.any(metric_names.OVERLAP_RANKERS)
    other = f" Another ranking: --ranking {unlike.against}." if unlike else ""
    return [f"This ranking shows no concentration: no top is surely above random neurons.{other}"]


def _interval(low: float | None, high: float | None, form: str = ".1f") -> str:
    return "" if low is None or high is None else f" ({100 * low:{form}} to {100 * high:{form}})"
