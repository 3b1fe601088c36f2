"""What was found, as data frames for further work: numbers as they are, fractions and not per cent."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from neuroscope.contracts import conditions, metric_names
from neuroscope.contracts.records import CautionedRows
from neuroscope.report.marks import concerns, concerns_layer
from neuroscope.report.neuron_findings import CONTROLS, MASKED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import polars

    from neuroscope.contracts.records import CellRecord, ExtractionRecord
    from neuroscope.report.layer_curve import Curve, Point
    from neuroscope.report.neuron_findings import Findings

_MINIMAL = (
    conditions.MINIMAL,
    conditions.MINIMAL_SURE,
    conditions.MINIMAL_RELATIVE,
    conditions.MINIMAL_PAPER,
)


def layers_of_curves(curves: Sequence[Curve], cells: Sequence[CellRecord]) -> polars.DataFrame:
    """A row a cell and layer: ``backbone task layer accuracy sd low high majority warnings``."""
    names = {"backbone": "String", "task": "String", "layer": "String", **_SCORE, "majority": "Float64"}
    return _frame(
        {**names, "warnings": "String"},
        [
            {
                "backbone": curve.backbone,
                "task": curve.task,
                "layer": point.layer,
                **_score(point),
                "majority": curve.majority.value,
                "warnings": _kinds(cell, partial(concerns_layer, layer=point.layer)),
            }
            for curve, cell in zip(curves, cells, strict=True)
            for point in curve.points
        ],
    )


def differences_of(curves: Sequence[Curve]) -> polars.DataFrame:
    """A row a pair of backbones of one task: ``task backbone layer against difference low high``.

    ``difference`` is the accuracy of ``backbone`` less that of ``against``, both on ALL (or their one ``layer``) and on
    the same test utterances; no row where they have others. Intervals are of all pairs at once.
    """
    names = {curve.run: curve.backbone for curve in curves}
    texts, numbers = ("task", "backbone", "layer", "against"), ("difference", "low", "high")
    return _frame(
        {**dict.fromkeys(texts, "String"), **dict.fromkeys(numbers, "Float64")},
        [
            dict(
                zip(
                    (*texts, *numbers),
                    (curve.task, curve.backbone, gap.layer, names[run], gap.value, gap.low, gap.high),
                    strict=True,
                )
            )
            for curve in curves
            for run, gap in curve.beyond.items()
        ],
    )


def conditions_of(findings: Findings, cell: CellRecord) -> polars.DataFrame:
    """The probe, its controls and masked evaluation: ``condition percent accuracy sd low high warnings``."""
    masked = findings.masked_percent
    asked: dict[str, float | None] = dict.fromkeys((conditions.PROBE, *CONTROLS))
    if masked is not None:
        asked |= dict.fromkeys(MASKED, masked)
    points = [(name, percent, findings.point(name, percent)) for name, percent in asked.items()]
    return _frame(
        {"condition": "String", "percent": "Float64", **_SCORE, "warnings": "String"},
        [
            {"condition": name, "percent": percent, **_score(point), "warnings": _about(cell, name, percent)}
            for name, percent, point in points
            if point
        ],
    )


def sets_of(findings: Findings, cell: CellRecord) -> polars.DataFrame:
    """Probes trained anew on a share of the neurons: ``percent set accuracy sd low high warnings``."""
    return _frame(
        {"percent": "Float64", "set": "String", **_SCORE, "warnings": "String"},
        [
            {
                "percent": step.percent,
                "set": name.removesuffix("-set"),
                **_score(point),
                "warnings": _about(cell, name, step.percent),
            }
            for step in findings.steps
            for name, point in step.points.items()
        ],
    )


def minimal_of(findings: Findings, cell: CellRecord) -> polars.DataFrame:
    """The minimal sets: ``condition neurons percent accuracy difference low high at_random warnings``.

    ``difference`` (with its interval ``low`` to ``high``) is to the probe on all neurons; ``at_random`` is the accuracy
    of as many neurons at random.
    """
    numbers = ("neurons", "percent", "accuracy", "difference", "low", "high", "at_random")
    records = []
    for name in _MINIMAL:
        count = findings.any(metric_names.NEURONS, name)
        if count is None:
            continue
        difference = findings.any(metric_names.difference_of(metric_names.ACCURACY), name)
        rows = {
            "neurons": count,
            "percent": findings.any(metric_names.NEURONS_PERCENT, name),
            "accuracy": findings.any(metric_names.ACCURACY, name),
            "difference": difference,
            "at_random": findings.any(metric_names.ACCURACY, conditions.at_random(name)),
        }
        warnings = _about(cell, name, None)
        record = {
            "condition": name,
            "warnings": warnings,
            **{key: None if row is None else row.value for key, row in rows.items()},
        }
        ends = (None, None) if difference is None else (difference.low, difference.high)
        records.append({**record, "low": ends[0], "high": ends[1]})
    return _frame({"condition": "String", **dict.fromkeys(numbers, "Float64"), "warnings": "String"}, records)


def layers_of(findings: Findings) -> polars.DataFrame:
    """The minimal set over the layers: ``layer neurons percent expected p_value``; no row where there is one layer."""
    numbers = ("neurons", "percent", "expected", metric_names.P_VALUE)
    return _frame(
        {"layer": "String", **dict.fromkeys(numbers, "Float64")},
        [{"layer": each.name, **{name: getattr(each, name) for name in numbers}} for each in findings.layers],
    )


def warnings_of(cells: Iterable[CellRecord]) -> polars.DataFrame:
    """A row a warning and what it is about: ``backbone task kind layer conditions percents detail runs``.

    ``layer`` is empty where it is about the split; ``conditions`` and ``percents`` are joined by commas.
    """
    texts, records = ("kind", "layer", "conditions", "percents", "detail"), []
    for cell in cells:
        lines: list[tuple[str, CautionedRows, int | None]] = []
        lines += [(line, CautionedRows(layer=""), None) for line in cell.split_warning.splitlines()]
        lines += [(each.kind, rows, each.runs) for each in cell.cautions for rows in each.about]
        for kind, rows, runs in lines:
            percents = ",".join(f"{percent:g}" for percent in rows.percents)
            found = (kind, rows.layer, ",".join(rows.conditions), percents, rows.detail)
            named = {"backbone": cell.backbone, "task": cell.task, **dict(zip(texts, found, strict=True))}
            records.append({**named, "runs": runs})
    return _frame({**dict.fromkeys(("backbone", "task", *texts), "String"), "runs": "Int64"}, records)


def extractions_of(records: Sequence[ExtractionRecord]) -> polars.DataFrame:
    """A row a backbone: ``backbone representation dataset utterances computed found skipped``."""
    texts, counts = ("backbone", "representation", "dataset"), ("utterances", "computed", "found")
    return _frame(
        {**dict.fromkeys(texts, "String"), **dict.fromkeys((*counts, "skipped"), "Int64")},
        [
            {**{name: getattr(each, name) for name in (*texts, *counts)}, "skipped": len(each.skipped_utterances)}
            for each in records
        ],
    )


def skipped_of(records: Sequence[ExtractionRecord]) -> polars.DataFrame:
    """A row an utterance that could not be used: ``backbone utterance reason detail``."""
    names = ("utterance", "reason", "detail")
    return _frame(
        dict.fromkeys(("backbone", *names), "String"),
        [
            {"backbone": record.backbone, **{name: getattr(each, name) for name in names}}
            for record in records
            for each in record.skipped_utterances
        ],
    )


_SCORE = {"accuracy": "Float64", "sd": "Float64", "low": "Float64", "high": "Float64"}


def _score(point: Point) -> dict[str, float | None]:
    return {"accuracy": point.value, "sd": point.sd, "low": point.low, "high": point.high}


def _about(cell: CellRecord, condition: str, percent: float | None) -> str:
    """The kinds of the warnings about a condition's row."""
    return _kinds(cell, partial(concerns, condition=condition, percent=percent))


def _kinds(cell: CellRecord, is_concerned: Callable[[CautionedRows], bool]) -> str:
    return "; ".join(caution.kind for caution in cell.cautions if any(map(is_concerned, caution.about)))


def _frame(types: dict[str, str], records: Sequence[dict[str, Any]]) -> polars.DataFrame:
    import polars

    return polars.DataFrame(records, schema={name: getattr(polars, kind) for name, kind in types.items()})
