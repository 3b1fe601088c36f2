"""What was found, as data frames for further work: numbers as they are, fractions and not per cent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from neuroscope.contracts import conditions, metric_names
from neuroscope.report.neuron_findings import CONTROLS, MASKED

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import polars

    from neuroscope.contracts.records import ExtractionRecord
    from neuroscope.report.layer_curve import Curve, Point
    from neuroscope.report.neuron_findings import Findings

_MINIMAL = (
    conditions.MINIMAL,
    conditions.MINIMAL_SURE,
    conditions.MINIMAL_RELATIVE,
    conditions.MINIMAL_PAPER,
)


def layers_of_curves(curves: Iterable[Curve]) -> polars.DataFrame:
    """A row a cell and layer: ``backbone task layer accuracy sd low high majority``."""
    names = {"backbone": "String", "task": "String", "layer": "String", **_SCORE, "majority": "Float64"}
    return _frame(
        names,
        [
            {
                "backbone": curve.backbone,
                "task": curve.task,
                "layer": point.layer,
                **_score(point),
                "majority": curve.majority.value,
            }
            for curve in curves
            for point in curve.points
        ],
    )


def conditions_of(findings: Findings) -> polars.DataFrame:
    """The probe, its controls and masked evaluation: ``condition percent accuracy sd low high``."""
    masked = findings.masked_percent
    asked: dict[str, float | None] = dict.fromkeys((conditions.PROBE, *CONTROLS))
    if masked is not None:
        asked |= dict.fromkeys(MASKED, masked)
    points = [(name, percent, findings.point(name, percent)) for name, percent in asked.items()]
    return _frame(
        {"condition": "String", "percent": "Float64", **_SCORE},
        [{"condition": name, "percent": percent, **_score(point)} for name, percent, point in points if point],
    )


def sets_of(findings: Findings) -> polars.DataFrame:
    """Probes trained anew on a share of the neurons: ``percent set accuracy sd low high``."""
    return _frame(
        {"percent": "Float64", "set": "String", **_SCORE},
        [
            {"percent": step.percent, "set": name.removesuffix("-set"), **_score(point)}
            for step in findings.steps
            for name, point in step.points.items()
        ],
    )


def minimal_of(findings: Findings) -> polars.DataFrame:
    """The minimal sets: ``condition neurons percent accuracy difference low high at_random``.

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
        record = {"condition": name, **{key: None if row is None else row.value for key, row in rows.items()}}
        ends = (None, None) if difference is None else (difference.low, difference.high)
        records.append({**record, "low": ends[0], "high": ends[1]})
    return _frame({"condition": "String", **dict.fromkeys(numbers, "Float64")}, records)


def layers_of(findings: Findings) -> polars.DataFrame:
    """The minimal set over the layers: ``layer neurons percent expected p_value``; no row where there is one layer."""
    numbers = ("neurons", "percent", "expected", metric_names.P_VALUE)
    return _frame(
        {"layer": "String", **dict.fromkeys(numbers, "Float64")},
        [{"layer": each.name, **{name: getattr(each, name) for name in numbers}} for each in findings.layers],
    )


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


def _frame(types: dict[str, str], records: Sequence[dict[str, Any]]) -> polars.DataFrame:
    import polars

    return polars.DataFrame(records, schema={name: getattr(polars, kind) for name, kind in types.items()})
