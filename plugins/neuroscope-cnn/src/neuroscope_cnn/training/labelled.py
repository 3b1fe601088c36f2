"""Which utterances are learned from and which are held out, and what their classes are."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neuroscope import BadOption, UnknownName

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from neuroscope import Manifest, Utterance

NONE = "none"
_DRAW = 3  # stream of random numbers; those of the steps are in ``batches``


@dataclass(frozen=True)
class CorpusParts:
    """The part of a corpus that is learned from, and the part that is held out.

    Attributes:
        classes: names, in the order of the network's outputs: those of the training part, sorted.
        train: int64, numbers of the utterances that are learned from.
        train_labels: int64, the class of each.
        dev: int64, those that are held out; may be empty.
        dev_labels: int64.
        left_out: reason -> how many are in neither.
    """

    classes: tuple[str, ...]
    train: NDArray[np.int64]
    train_labels: NDArray[np.int64]
    dev: NDArray[np.int64]
    dev_labels: NDArray[np.int64]
    left_out: Mapping[str, int]


def labelled(manifest: Manifest, column: str) -> tuple[list[Utterance], dict[str, int]]:
    """The utterances that have a label, and how many have none.

    Raises:
        UnknownName: there is no such column.
    """
    if column not in manifest.columns:
        raise UnknownName("column", column, manifest.columns)
    found = [each for each in manifest if each.column(column)]
    absent = len(manifest) - len(found)
    return found, {f"no {column}": absent} if absent else {}


def divide(utterances: Sequence[Utterance], label: str, dev: str, seed: int) -> CorpusParts:
    """Divide utterances into those that are learned from and those that are held out.

    Args:
        utterances: usable ones, each with a label.
        label: their column.
        dev: ``none``, a share such as ``0.1`` (drawn of every class alike), or ``COLUMN=VALUE[,VALUE]``.
        seed: of the draw.

    Raises:
        BadOption: the text cannot be read, or a part is left without utterances or classes.
        UnknownName: there is no such column.
    """
    names = [str(each.column(label)) for each in utterances]
    held = _held_out(utterances, names, dev, seed)
    classes = tuple(sorted({name for name, out in zip(names, held, strict=True) if not out}))
    if len(classes) < 2:
        there = f"one {label}, {classes[0]}" if classes else "none"
        raise BadOption(f"the training part has {there}: two classes or more can be told apart")
    numbers = {name: number for number, name in enumerate(classes)}
    known = np.array([name in numbers for name in names])
    labels = np.array([numbers.get(name, -1) for name in names], dtype=np.int64)
    chosen = np.flatnonzero(held & known)
    if dev != NONE and not held.any():
        raise BadOption(f"--dev {dev}: of no {label} is the share one utterance")
    if dev != NONE and not len(chosen):
        raise BadOption(f"--dev {dev}: none of these utterances has a {label} that the training part has, too")
    unseen = int((held & ~known).sum())
    train = np.flatnonzero(~held)
    left_out = {f"held out, {label} unseen in training": unseen} if unseen else {}
    return CorpusParts(classes, train, labels[train], chosen, labels[chosen], left_out)


def _held_out(utterances: Sequence[Utterance], names: Sequence[str], dev: str, seed: int) -> NDArray[np.bool_]:
    column, equals, values = dev.partition("=")
    if dev == NONE:
        return np.zeros(len(names), dtype=bool)
    if not equals:
        return _drawn(names, _share(dev), seed)
    found = [each.column(column) for each in utterances]
    there = Counter(each for each in found if each is not None)
    if not there:
        columns = {name for each in utterances for name in each.tags} | {"speaker"}
        raise UnknownName("column", column, columns)
    wanted = set(values.split(","))
    if absent := sorted(wanted - there.keys()):
        raise UnknownName(f"value of {column}", absent[0], there)
    return np.array([each in wanted for each in found])


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 < share < 1:
        raise BadOption(f"--dev {text}: expected COLUMN=VALUE, a share above 0 and below 1, or {NONE}")
    return share


def _drawn(names: Sequence[str], share: float, seed: int) -> NDArray[np.bool_]:
    """The share of every class, to the nearest utterance; one at least stays."""
    held = np.zeros(len(names), dtype=bool)
    random = np.random.default_rng([seed, _DRAW])
    order = random.permutation(len(names))
    by_class: dict[str, list[int]] = {}
    for number in order.tolist():
        by_class.setdefault(names[number], []).append(number)
    for members in by_class.values():
        held[members[: min(round(share * len(members)), len(members) - 1)]] = True
    return held
