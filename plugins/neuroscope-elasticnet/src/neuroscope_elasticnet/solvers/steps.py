"""What a step of Adam computes beside products of matrices: the loss's gradient and the update, compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neuroscope_elasticnet.solvers.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[Any]  # float32 or float64, all of a call alike


@compiled
def turn_into_gradient(logits: Numbers, bias: Numbers, labels: NDArray[np.int64], first: NDArray[np.int64]) -> None:
    """Turn logits ``[rows, all classes]`` into the gradient of the mean cross-entropy by them.

    Args:
        logits: without the bias; changed.
        bias: ``[all classes]``.
        labels: ``[problems, rows]``, class numbers.
        first: ``[problems + 1]``, where each problem's classes begin.
    """
    rows = logits.shape[0]
    share = bias.dtype.type(1) / bias.dtype.type(rows)
    for i in range(rows):
        for problem in range(first.size - 1):
            one, end = first[problem], first[problem + 1]
            top = logits[i, one] + bias[one]
            for s in range(one, end):
                logits[i, s] += bias[s]
                top = max(top, logits[i, s])
            total = share * 0
            for s in range(one, end):
                logits[i, s] = np.exp(logits[i, s] - top)
                total += logits[i, s]
            for s in range(one, end):
                logits[i, s] *= share / total
            logits[i, one + labels[problem, i]] -= share


@compiled
def _slope(d: Numbers, inverse: Numbers, w: Numbers, l1: float, l2: float) -> None:
    for j in range(d.size):
        d[j] = d[j] * inverse[j] + l2 * w[j]
    for j in range(d.size):
        d[j] += l1 if w[j] > 0 else (-l1 if w[j] < 0 else l1 * 0)


@compiled
def _moments(d: Numbers, m: Numbers, v: Numbers, keep1: float, keep2: float, rest1: float, rest2: float) -> None:
    for j in range(d.size):
        m[j] = keep1 * m[j] + rest1 * d[j]
    for j in range(d.size):
        v[j] = keep2 * v[j] + rest2 * (d[j] * d[j])


@compiled
def _move(w: Numbers, m: Numbers, v: Numbers, rate: float, mend: float, epsilon: float) -> None:
    for j in range(w.size):
        w[j] -= rate * m[j] / (np.sqrt(v[j] * mend) + epsilon)


@compiled
def _scale(out: Numbers, w: Numbers, inverse: Numbers) -> None:
    for j in range(w.size):
        out[j] = w[j] * inverse[j]


@compiled
def update(
    state: Numbers, gradient: Numbers, effective: Numbers, at: NDArray[np.int64], inverse: Numbers, constants: Numbers
) -> None:
    """One step of Adam on one problem's weights. Short loops over few arrays, so that each runs in vector registers.

    Args:
        state: ``[3, classes, columns]``: weights of the scaled columns, first and second moment; changed.
        gradient: ``[classes, columns of the stack]``, of the loss, by the weights of the centred columns.
        effective: of the same shape: the weights of the centred columns; changed.
        at: ``[columns]``, where the problem's columns are among the stack's; empty = at the same places.
        inverse: ``[columns]``, 1 / scale.
        constants: beta1, beta2, 1 - beta1, 1 - beta2, epsilon, learning rate / (1 - beta1^t), 1 / (1 - beta2^t), l1,
            and the L2 term's slope divided by the weight.
    """
    keep1, keep2, rest1, rest2, epsilon, rate, mend, l1, l2 = constants
    d = np.empty(state.shape[2], state.dtype)
    for c in range(state.shape[1]):
        w, m, v = state[0, c], state[1, c], state[2, c]
        if at.size:
            for j in range(at.size):
                d[j] = gradient[c, at[j]]
        else:
            d[:] = gradient[c]
        _slope(d, inverse, w, l1, l2)
        _moments(d, m, v, keep1, keep2, rest1, rest2)
        _move(w, m, v, rate, mend, epsilon)
        _scale(d, w, inverse)
        if at.size:
            for j in range(at.size):
                effective[c, at[j]] = d[j]
        else:
            effective[c] = d
