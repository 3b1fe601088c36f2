"""Vectors of speakers whose classes are known, and of which the best possible accuracy is set."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import norm

from neuroscope import Features, Target, Unit, Utterance
from neuroscope.splits import LabelledUtterances

SPLIT_COLUMN = "split"


@dataclass(frozen=True, kw_only=True)
class World:
    """What is planted.

    Attributes:
        groups: speakers of the test part.
        trained: speakers of the training part; None = as many as a drawn split leaves.
        accuracy: that the best rule reaches on new speakers; chance = nothing is known.
        effect: sd of a speaker's own shift of every column, in sds of the noise.
        classes: how many.
        minority: share of the rarer class, of two classes; None = as many of each.
        fixed: whether a column says who is tested, or each run draws its own split.
        share: of the speakers that a drawn split tests.
        mixed: whether each run draws utterances, whoever speaks.
        own: whether classes are those of speakers; else each utterance has its own.
        layers: how many, each as informative as the others.
        behind: how much less accurate the best rule is on all layers but the first, a fraction.
        columns: of a layer; the first ``classes`` are informative.
        weak: of the others, how many are a little informative: each adds a fortieth of what one of the first tells.
        correlation: of the layers' noise.
        each: utterances of a speaker.
        runs: repetitions.
    """

    groups: int = 20
    trained: int | None = None
    accuracy: float = 0.9
    effect: float = 0.5
    classes: int = 2
    minority: float | None = None
    fixed: bool = False
    share: float = 0.3
    mixed: bool = False
    own: bool = True
    layers: int = 1
    behind: float = 0.0
    columns: int = 4
    weak: int = 0
    correlation: float = 0.0
    each: int = 8
    runs: int = 5

    @property
    def chance(self) -> float:
        """What a rule reaches that knows nothing."""
        return 1 / self.classes if self.minority is None else 1 - self.minority

    def named(self, **changed) -> World:
        return replace(self, **changed)


def distance(world: World) -> float:
    """How far apart class means are, in sds of noise and speaker effect together, for the accuracy that is planted.

    The informative columns are one a class, raised by the distance for its own class: the best rule takes the
    largest. Its accuracy is one integral.
    """
    if world.accuracy <= world.chance:
        return 0.0
    grid = np.linspace(-9, 9, 4001)
    weights = norm.pdf(grid) * (grid[1] - grid[0])

    def reached(d: float) -> float:
        return float((weights * norm.cdf(grid + d) ** (world.classes - 1)).sum())

    low, high = 0.0, 12.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if reached(middle) < world.accuracy else (low, middle)
    return high


def draw(world: World, seed: int) -> tuple[Features, LabelledUtterances]:
    """Draw a corpus: each speaker has one class, as genders and languages are, or each utterance has its own."""
    rng = np.random.default_rng([seed, 0xCA11])
    speakers = round(world.groups / world.share) if world.trained is None else world.groups + world.trained
    test_share = world.groups / speakers
    share = np.full(world.classes, 1 / world.classes)
    if world.minority is not None:
        share = np.array([1 - world.minority, world.minority])
    class_of = np.repeat(np.arange(world.classes), np.maximum(2, np.round(share * speakers)).astype(int))
    speakers = len(class_of)
    values = np.repeat(class_of, world.each)
    if not world.own:
        values = rng.permutation(values)
    spread = np.sqrt(1 + world.effect**2)
    common = _noise(rng, speakers, world)
    layers = []
    for number in range(world.layers):
        apart = distance(world if number == 0 else world.named(accuracy=world.accuracy - world.behind))
        own = np.sqrt(world.correlation) * common + np.sqrt(1 - world.correlation) * _noise(rng, speakers, world)
        own[np.arange(len(values)), values] += spread * apart
        for column in range(world.classes, world.classes + world.weak):
            own[:, column] += 0.16 * spread * apart * (values == column % world.classes)  # squared, a fortieth
        layers.append(own)
    units = tuple(Unit(f"l{layer}", column) for layer in range(world.layers) for column in range(own.shape[1]))
    ids = tuple(f"u{row:05d}" for row in range(len(values)))
    features = Features(ids=ids, units=units, values=np.hstack(layers).astype(np.float32))
    tested = np.zeros(speakers, dtype=bool)
    for number in range(world.classes):
        members = rng.permutation(np.flatnonzero(class_of == number))
        tested[members[: max(1, round(test_share * len(members)))]] = True
    utterances = tuple(
        Utterance(
            id=name,
            path=None,
            speaker=f"s{row // world.each:04d}",
            tags={SPLIT_COLUMN: "test" if tested[row // world.each] else "train"},
        )
        for row, name in enumerate(ids)
    )
    names = tuple(f"c{number:02d}" for number in range(world.classes))
    return features, LabelledUtterances(utterances, Target(values.astype(np.int64), names))


def _noise(rng: np.random.Generator, speakers: int, world: World) -> np.ndarray:
    """Noise of sd 1 an utterance, and a shift of sd ``effect`` that all utterances of a speaker share."""
    columns = max(world.columns, world.classes)
    shift = world.effect * rng.standard_normal((speakers, columns))
    return np.repeat(shift, world.each, axis=0) + rng.standard_normal((speakers * world.each, columns))
