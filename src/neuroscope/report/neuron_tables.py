"""The findings about neurons as tables for a terminal."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from neuroscope.contracts import conditions, metric_names
from neuroscope.defaults import LEVEL, TOLERATED
from neuroscope.report.layer_table import accuracy, interval
from neuroscope.report.marks import Marks, beside
from neuroscope.report.neuron_findings import CONTROLS, MASKED, SETS, probability, share
from neuroscope.runtime.wording import one_line

if TYPE_CHECKING:
    from neuroscope.contracts.rows import Row
    from neuroscope.report.neuron_findings import Findings

_LABELS = {
    conditions.PROBE: "probe on all neurons",
    conditions.MAJORITY: "majority class",
    conditions.RANDOM: "random features",
    conditions.RANDOM_UNIFORM: "random features, uniform",
    conditions.RANDOM_MATCHED: "random features, matched",
    conditions.PERMUTED: "control task",
    conditions.UNTRAINED: "untrained network",
    conditions.MASKED_TOP: "top {share}, others masked",
    conditions.MASKED_RANDOM: "random {share}, others masked",
    conditions.MASKED_BOTTOM: "bottom {share}, others masked",
}


_RULES = {
    conditions.MINIMAL: "lost at most a point on folds",
    conditions.MINIMAL_SURE: "surely no more",
    conditions.MINIMAL_RELATIVE: "has 97 % of all",
    conditions.MINIMAL_PAPER: "paper's, chosen on test",
}


def controls_table(findings: Findings, marks: Marks | None = None) -> Table:
    """The probe, its controls, and the same probe with most neurons masked; marks of warnings behind the numbers."""
    percent, marks = findings.masked_percent, marks or Marks()
    asked: list[tuple[str, float | None]] = [(condition, None) for condition in (conditions.PROBE, *CONTROLS)]
    asked += [(condition, percent) for condition in MASKED if percent is not None]
    shown = [(*each, point) for each in asked if (point := findings.point(*each)) is not None]
    head, marked = beside([marks.of(condition, kept) for condition, kept, _ in shown])
    table = _table("condition", "accuracy %", *head, "95 % interval")
    for (condition, kept, point), mark in zip(shown, marked, strict=True):
        label = Text(_LABELS[condition].format(share=share(kept or 0)))
        table.add_row(label, accuracy(point), *mark, interval(point))
    return table


def sets_table(findings: Findings, marks: Marks | None = None) -> Table:
    """Accuracy of probes that were trained anew on a share of the neurons; marks of warnings behind the numbers."""
    steps, marks = findings.steps, marks or Marks()
    by_step = [[marks.of(name, step.percent) for name in SETS] for step in steps]  # in the order in which they are read
    columns = [beside(marked) for marked in zip(*by_step, strict=True)] or [beside([]) for _ in SETS]
    heads = [(f"{name.removesuffix('-set')} %", *head) for name, (head, _) in zip(SETS, columns, strict=True)]
    table = _table("neurons", *chain.from_iterable(heads))
    for number, step in enumerate(steps):
        cells = []
        for name, (_, marked) in zip(SETS, columns, strict=True):
            point = step.points.get(name)
            cells += ["–" if point is None else accuracy(point), *marked[number]]
        table.add_row(share(step.percent), *map(Text, cells))
    return table


def layers_table(findings: Findings) -> Table:
    """The minimal set over the layers, beside what no preference would give."""
    table = _table("layer", "neurons", "of all", "expected", "p")
    for layer in findings.layers:
        cells = (f"{layer.neurons:.1f}", f"{layer.percent:.1f} %", f"{layer.expected:.1f}", probability(layer.p_value))
        table.add_row(Text(one_line(layer.name)), *cells)
    return table


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(first)
    for name in others:
        table.add_column(name, justify="right" if name else "left")
    return table


def minimal_table(findings: Findings, marks: Marks | None = None) -> Table:
    """The minimal sets by each rule: their size, what they reach on the test part, and as many neurons at random."""
    marks, rows, marked = marks or Marks(), [], []
    for condition, rule in _RULES.items():
        count, percent = findings.any("neurons", condition), findings.any(metric_names.NEURONS_PERCENT, condition)
        reached = findings.any(metric_names.ACCURACY, condition)
        if count is None or percent is None or reached is None:
            continue
        less_all = findings.any(metric_names.difference_of(metric_names.ACCURACY), condition)
        random = findings.any(metric_names.ACCURACY, conditions.at_random(condition))
        size = (rule, _size(findings, count), share(percent.value), _percent(reached))
        rows.append((size, (_points(less_all), "–" if random is None else _percent(random))))
        marked.append(marks.of(condition))
    head, cells = beside(marked)
    table = _table("minimal set", "neurons", "of all", "accuracy %", *head, "less all, points", "at random %")
    for (size, others), mark in zip(rows, cells, strict=True):
        table.add_row(*map(Text, (*size, *mark, *others)))
    return table


def _size(findings: Findings, count: Row) -> str:
    """The mean number of neurons, and from which to which the runs' sets go."""
    each = findings.of_runs(metric_names.NEURONS, count.condition, count.layer) or [count.value]
    if min(each) == max(each):
        return f"{count.value:.0f}"
    return f"{count.value:.1f} ({min(each):.0f}–{max(each):.0f})"


def _percent(row: Row) -> str:
    return f"{100 * row.value:.1f}"


def _points(row: Row | None) -> str:
    """A difference with its interval."""
    if row is None:
        return "–"
    return f"{100 * row.value:+.1f}" + _interval(row.low, row.high, "+.1f")


def sentences(findings: Findings, marks: Marks | None = None) -> list[str]:
    """What else may be said of the probe, the minimal sets and the ranking."""
    lines = []
    if found := findings.point(conditions.PERMUTED, metric=metric_names.SELECTIVITY):
        known = findings.number(metric_names.TRAINING_ACCURACY, conditions.PERMUTED)
        control = "" if known is None else f"; of its training rows the control task learns {100 * known.value:.1f} %"
        lines.append(f"Selectivity: {100 * found.value:.1f} points{_interval(found.low, found.high)}{control}.")
    if worth := findings.any(metric_names.DELTA_ROWS):
        part = (
            "the training part, the paper's on test"
            if findings.any(metric_names.DELTA_ROWS, conditions.MINIMAL)
            else "test"
        )
        lines.append(f"Sizes are chosen on {part}; a point is {worth.value:.1f} test utterances.")
    lines += _beyond_random(findings)
    return [*lines, *_stability(findings, marks or Marks())]


def _stability(findings: Findings, marks: Marks) -> list[str]:
    """What the most important neurons have in common with those of other rows, other speakers and an unlike ranking."""
    names = {metric_names.OVERLAP: "two runs", metric_names.OVERLAP_HALVES: "two halves of the groups"}
    found = {metric: row for metric in names if (row := findings.any(metric)) is not None}
    unlike = findings.any(metric_names.OVERLAP_RANKERS)
    lines = []
    if found:
        top = share(next(iter(found.values())).percent or 0)
        parts = ", ".join(
            f"{names[metric]} {row.value:.2f}{_chance(findings, metric)}" for metric, row in found.items()
        )
        lines.append(f"Stability (overlap of the top {top}): {parts}. {marks.of(conditions.RANKING)}".rstrip())
    if unlike is not None:
        lines.append(f"The same overlap with an unlike ranking, {unlike.against}: {unlike.value:.2f}.")
    return lines


def _chance(findings: Findings, metric: str) -> str:
    """What permuted labels reach, and whether that is less."""
    chance, p_value = findings.any(metric_names.chance_of(metric)), findings.any(metric_names.p_of(metric))
    if chance is None or p_value is None:
        return ""
    said = "above chance" if p_value.value <= LEVEL else "not above chance"
    return f" ({said}, {chance.value:.2f}; p {probability(p_value.value)})"


def _beyond_random(findings: Findings) -> list[str]:
    """What the top of the ranking has beyond as many random neurons, and whether others know the same."""
    gaps = [row for row in findings.all(metric_names.TOP_MINUS_RANDOM) if row.condition == conditions.TOP_SET]
    lines = [f"Trained anew, the top {share(row.percent or 0)} less as many at random: {_points(row)}." for row in gaps]
    lines += _no_concentration(findings, gaps)
    gap = findings.any(metric_names.TOP_MINUS_RANDOM, findings.chosen)
    redundant = findings.any(metric_names.REDUNDANT_INFORMATION, findings.chosen)
    if gap and redundant:
        verdict = "whether others know as much is open"
        if redundant.value:
            verdict = "surely below 5 points: others know as much"
        elif gap.low is not None and gap.low > TOLERATED:
            verdict = "surely more than 5 points: others know less"
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
