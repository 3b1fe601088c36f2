"""Vectors of speakers in which it is known which columns tell the classes apart, alone or together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neuroscope import Features, Labels, Unit

TEST_SPEAKERS = 150  # new ones, so many that what is measured on them is the ranking


@dataclass(frozen=True, kw_only=True)
class RankingWorld:
    """What is planted.

    Attributes:
        kind: which columns know the class, and what their noise has in common; a name of ``KINDS``.
        columns: in four layers of equal width.
        planted: how many columns are needed to know what can be known.
        shift: how far the planted columns' class means lie apart, in sds of their noise.
        speakers: of the training part; each has one class.
        each: utterances of a speaker.
        effect: sd of a speaker's own shift of every column, in sds of the noise.
        classes: how many.
    """

    kind: str
    columns: int = 100
    planted: int = 10
    shift: float = 0.7
    speakers: int = 40
    each: int = 6
    effect: float = 1.0
    classes: int = 2


@dataclass(frozen=True)
class Corpus:
    """A corpus of one world: training rows, new speakers, and the planted columns."""

    train: tuple[Features, Labels]
    test: tuple[Features, Labels]
    planted: np.ndarray


def draw(world: RankingWorld, seed: int) -> Corpus:
    """Draw a corpus: labels are constant in speakers; the columns' order is drawn too, so that ties help nobody."""
    rng = np.random.default_rng([seed, 0x4A2C])
    order = rng.permutation(world.columns)
    structure = KINDS[world.kind](world, rng)
    scale = SCALES[world.kind](world.columns, rng) if world.kind in SCALES else 1.0
    place = np.argsort(order)
    parts = []
    for speakers in (world.speakers, TEST_SPEAKERS):
        class_of = rng.permutation(np.arange(speakers) % world.classes)
        y, groups = np.repeat(class_of, world.each), np.repeat(np.arange(speakers), world.each)
        values = structure(y, groups)[:, order] * scale
        units = tuple(Unit(f"l{4 * column // world.columns}", column) for column in range(world.columns))
        ids = tuple(f"u{row:05d}" for row in range(len(y)))
        names = tuple(f"c{number}" for number in range(world.classes))
        features = Features(ids=ids, units=units, values=values.astype(np.float32))
        parts.append((features, Labels(y.astype(np.int64), names, groups)))
    return Corpus(parts[0], parts[1], np.sort(place[: world.planted]))


class _Noise:
    """Noise of utterances and speakers: sd 1 in all, of which the speakers' part is ``effect`` of the rest."""

    def __init__(self, world: RankingWorld, rng: np.random.Generator) -> None:
        self.rng, self.effect = rng, world.effect

    def __call__(self, groups: np.ndarray, columns: int) -> np.ndarray:
        own = self.rng.standard_normal((len(groups), columns))
        speakers = self.rng.standard_normal((groups.max() + 1, columns))[groups]
        return (own + self.effect * speakers) / np.sqrt(1 + self.effect**2)

    def blocks(self, groups: np.ndarray, columns: int, width: int, correlation: float) -> np.ndarray:
        """Noise in blocks of columns that have a part of it in common."""
        common = np.repeat(self(groups, -(-columns // width)), width, axis=1)[:, :columns]
        return np.sqrt(correlation) * common + np.sqrt(1 - correlation) * self(groups, columns)


def _signs(y: np.ndarray, columns: int, classes: int) -> np.ndarray:
    """Where each column's class means lie, -1/2 or 1/2: of two classes apart, of more each column has its own class."""
    if classes == 2:
        return np.repeat(y[:, None] - 0.5, columns, axis=1)
    return (y[:, None] == np.arange(columns) % classes) - 0.5


def _plain(world, rng, noise_width=1, signal_width=1):
    noise = _Noise(world, rng)

    def values(y, groups):
        signal = noise.blocks(groups, world.planted, signal_width, 0.8 if signal_width > 1 else 0.0)
        signal += world.shift * _signs(y, world.planted, world.classes)
        others = world.columns - world.planted
        rest = noise.blocks(groups, others, noise_width, 0.8 if noise_width > 1 else 0.0)
        return np.hstack([signal, rest])

    return values


def _per_layer(columns: int, rng: np.random.Generator) -> np.ndarray:
    del rng
    return np.array([0.1, 1.0, 10.0, 0.3])[4 * np.arange(columns) // columns]


def _per_column(columns: int, rng: np.random.Generator) -> np.ndarray:
    return np.exp(rng.standard_normal(columns))


SCALES = {"scale per layer": _per_layer, "scale per column": _per_column}
"""What columns are multiplied by, where they stand."""


def _crowd(world, rng):
    """Half of the columns are one clue, said again and again, each a little more clearly than by a planted one."""
    noise = _Noise(world, rng)
    many = world.columns // 2

    def values(y, groups):
        strong = noise(groups, world.planted) + world.shift * _signs(y, world.planted, world.classes)
        weak = noise.blocks(groups, many, many, 0.9) + 1.2 * world.shift * _signs(y, many, world.classes)
        return np.hstack([strong, weak, noise(groups, world.columns - world.planted - many)])

    return values


def _suppressors(world, rng):
    """Half of the planted columns are noise alone: the noise that hides the class in the other half."""
    noise = _Noise(world, rng)
    half = world.planted // 2

    def values(y, groups):
        hidden = noise(groups, half)
        carriers = 2 * hidden + noise(groups, half) + world.shift * _signs(y, half, world.classes)
        suppressors = 2 * hidden + 0.5 * noise(groups, half)
        return np.hstack([carriers / 2, suppressors / 2, noise(groups, world.columns - 2 * half)])

    return values


def _factors(world, rng):
    """All columns share ten factors, three times as large as their own noise; the class is in that of the planted."""
    noise = _Noise(world, rng)
    loadings = rng.standard_normal((10, world.columns)) * 3 / np.sqrt(10)

    def values(y, groups):
        own = noise(groups, world.columns)
        own[:, : world.planted] += world.shift * _signs(y, world.planted, world.classes)
        return noise(groups, 10) @ loadings + own

    return values


def _clusters(world, rng):
    """Clusters of five that say nearly the same: in a third of them a clue, in another third a difference within.

    What is planted are the differences: two columns of each such cluster have the class in the tenth of their variance
    that is their own.
    """
    noise = _Noise(world, rng)
    count, width = world.columns // 5, 5
    third = count // 3
    planted = np.array([width * cluster + place for cluster in range(third) for place in (0, 1)])
    order = np.r_[planted, np.setdiff1d(np.arange(world.columns), planted)]

    def values(y, groups):
        common = noise(groups, count)
        common[:, third : 2 * third] += 0.5 * world.shift * _signs(y, third, world.classes)
        own = noise(groups, world.columns)
        own[:, planted] += world.shift * _signs(y, len(planted), world.classes) * np.where(planted % width, -1, 1)
        return (np.sqrt(0.9) * np.repeat(common, width, axis=1) + np.sqrt(0.1) * own)[:, order]

    return values


KINDS = {
    "independent": _plain,
    "noise blocks": lambda world, rng: _plain(world, rng, noise_width=10),
    "signal blocks": lambda world, rng: _plain(world, rng, signal_width=5),
    "scale per layer": _plain,
    "scale per column": _plain,
    "crowd": _crowd,
    "suppressors": _suppressors,
    "factors": _factors,
    "clusters": _clusters,
}

WORLDS = {
    **{kind: RankingWorld(kind=kind) for kind in list(KINDS)[:5]},
    "crowd": RankingWorld(kind="crowd", columns=300),
    "suppressors": RankingWorld(kind="suppressors", columns=300, shift=1.5, speakers=80),
    "factors": RankingWorld(kind="factors", columns=300, shift=1.0, speakers=80),
    "clusters": RankingWorld(kind="clusters", columns=300, planted=40, shift=0.9, speakers=80),
    "independent, 4 classes": RankingWorld(kind="independent", classes=4, planted=12, shift=1.0),
}
