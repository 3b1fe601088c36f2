"""Coordinate descent on the quadratic model of the loss, compiled; one thread, without Python's lock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from neuroscope_elasticnet.solvers.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuroscope_elasticnet.matrix.scaling import Floats

    Column: TypeAlias = NDArray[Any]
    Columns: TypeAlias = NDArray[Any]


@compiled
def _slope(x: Column, center: float, s: Floats, p: Floats, m: Floats) -> float:
    total = 0.0
    for i in range(x.size):
        total += (x[i] - center) * (s[i] - p[i] * m[i])
    return total


@compiled
def _curvature(x: Column, center: float, a: Floats, p: Floats) -> float:
    total = 0.0
    for i in range(x.size):
        z = x[i] - center
        total += z * z * a[i] * (1.0 - p[i])
    return total


@compiled
def _move(step: float, x: Column, center: float, a: Floats, s: Floats, m: Floats) -> None:
    for i in range(x.size):
        change = step * (x[i] - center) * a[i]
        s[i] += change
        m[i] += change


@compiled
def _shift(w: Floats, j: int, l1: float, l2: float) -> None:
    """Add to column j what makes ``sum l1 |w| + l2 w^2`` least: the loss does not change when all classes shift."""
    classes = w.shape[0]
    total = 0.0
    for c in range(classes):
        total += w[c, j]
    best = np.inf
    shift = 0.0
    for c in range(classes):
        point = -w[c, j]
        below = -classes
        at = 0
        for d in range(classes):
            if -w[d, j] < point:
                below += 2
            elif -w[d, j] == point:
                at += 2
        left = 2.0 * l2 * (classes * point + total) + l1 * below  # slopes on either side of the point
        if point < best and left + l1 * at >= 0.0:
            best = point
            shift = point
            if left > 0.0 and l2 > 0.0:
                shift = -(total + l1 * below / (2.0 * l2)) / classes
    for c in range(classes):
        w[c, j] += shift


@compiled
def _sweep(
    x: Columns,
    center: Floats,
    inverse: Floats,
    p: Floats,
    a: Floats,
    curve: Floats,
    s: Floats,
    m: Floats,
    w: Floats,
    l1: float,
    l2: float,
    whole: bool,
) -> float:
    gained = 0.0
    classes, k = w.shape
    for j in range(k):
        awake = whole
        for c in range(classes):
            awake = awake or w[c, j] != 0.0
        if not awake:
            continue
        awake = False
        for c in range(classes):
            old = w[c, j]
            h = curve[c, j] + 2.0 * l2
            if h <= 0.0:
                continue
            aim = h * old - inverse[j] * _slope(x[j], center[j], s[c], p[c], m) - 2.0 * l2 * old
            new = 0.0
            if aim > l1:
                new = (aim - l1) / h
            elif aim < -l1:
                new = (aim + l1) / h
            if new != old:
                _move((new - old) * inverse[j], x[j], center[j], a[c], s[c], m)
                gained += 0.5 * h * (new - old) * (new - old)
                w[c, j] = new
            awake = awake or new != 0.0
        if classes > 1 and awake:
            _shift(w, j, l1, l2)
    return gained


@compiled
def _curves(x: Columns, center: Floats, inverse: Floats, p: Floats, share: Floats, a: Floats, curve: Floats) -> None:
    """Fill in the rows' weights for each class, and the curvature of each weight, the bias last."""
    k, n = x.shape
    for c in range(p.shape[0]):
        curve[c, -1] = 0.0
        for i in range(n):
            a[c, i] = share[i] * p[c, i]
            curve[c, -1] += a[c, i] * (1.0 - p[c, i])
        for j in range(k):
            curve[c, j] = inverse[j] * inverse[j] * _curvature(x[j], center[j], a[c], p[c])


@compiled
def descend(
    x: Columns,
    center: Floats,
    inverse: Floats,
    p: Floats,
    share: Floats,
    s: Floats,
    w: Floats,
    b: Floats,
    l1: float,
    l2: float,
    limit: int,
    ratio: float,
) -> None:
    """Lower the quadratic model of the penalised loss around the present fit, column by column, class by class.

    The model's gradient by the logits is kept as ``s - p * m``: a change of one weight then touches two vectors,
    however many classes there are.

    Args:
        x: ``[k, n]``, columns as they came, float32 or float64; ``(x - center) * inverse`` is meant.
        center: ``[k]``.
        inverse: ``[k]``.
        p: ``[classes, n]``, probabilities of the classes with free logits, at the present fit.
        share: ``[n]``, weights of the rows.
        s: ``[classes, n]``, residuals; changed.
        w: ``[classes, k]``, weights; changed.
        b: ``[classes]``, bias; changed.
        l1: weight of the sum of absolute weights.
        l2: weight of the sum of squares.
        limit: at most so many passes over the columns.
        ratio: stop when a pass lowers the model by less than this share of what all have.
    """
    classes, n = p.shape
    m = np.zeros(n)
    ones = np.ones(n)
    a = np.empty((classes, n))
    curve = np.empty((classes, len(x) + 1))  # the last is the bias
    _curves(x, center, inverse, p, share, a, curve)
    total = 0.0
    for sweep in range(limit):
        gained = _sweep(x, center, inverse, p, a, curve, s, m, w, l1, l2, sweep % 5 == 0)
        for c in range(classes):
            if curve[c, -1] > 0.0:
                step = -_slope(ones, 0.0, s[c], p[c], m) / curve[c, -1]
                _move(step, ones, 0.0, a[c], s[c], m)
                gained += 0.5 * curve[c, -1] * step * step
                b[c] += step
        total += gained
        if gained <= ratio * total:
            return
