"""Which ranking finds what is there? Rankings against planted columns, and against real speech.

Planted worlds (``planted/ranking_worlds.py``) and vectors of real speech. Of each ranking: how many of the first ten
columns are planted ones; the accuracy on new speakers of the default probe, trained again on the first 1, 5 and 10 % of
the columns, their mean, and that less the first ranking's, in pairs; and the overlap of the first 10 % between two
rankings of disjoint halves of the speakers. Each with its Monte-Carlo error; between splits of one corpus it is too
small, for they share speakers.

    python benchmarks/rankings.py [--repetitions 30] [--only WORLD ...] [--rankings NAME ...]
    python benchmarks/rankings.py --vectors FILE.npz --label gender --groups speaker [--repetitions 20]

``FILE.npz`` holds ``values`` [rows, columns], ``layers`` [columns], and a text a row under each name of a label or
group.
"""

import argparse
import os
from dataclasses import dataclass, field

import own_folder_last  # noqa: F401

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import numpy as np  # noqa: E402
from planted.ranking_candidates import CANDIDATES  # noqa: E402
from planted.ranking_worlds import WORLDS, Corpus, draw  # noqa: E402

from neuroscope import Features, Labels, Problem, Unit  # noqa: E402
from neuroscope_elasticnet import make_elasticnet  # noqa: E402

PERCENTS = (1.0, 5.0, 10.0)
RANDOM = "random"
DRAWS = 3  # random sets of each size
FIRST = 10


@dataclass
class Found:
    """What one ranking reached, a number a repetition under each heading."""

    numbers: dict[str, list[float]] = field(default_factory=dict)

    def add(self, heading: str, number: float) -> None:
        self.numbers.setdefault(heading, []).append(number)


def first(scores: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """The columns of largest score, ties drawn."""
    return np.lexsort((rng.permutation(len(scores)), -scores))[:count]


def sizes(columns: int) -> dict[float, int]:
    return {percent: max(1, int(columns * percent) // 100) for percent in PERCENTS}


def part(features: Features, labels: Labels, rows: np.ndarray) -> tuple[Features, Labels]:
    chosen = Features(ids=tuple(features.ids[row] for row in rows), units=features.units, values=features.values[rows])
    return chosen, Labels(labels.values[rows], labels.classes, labels.groups[rows])


def halves(labels: Labels, rng: np.random.Generator) -> list[np.ndarray]:
    """Rows of two halves of the groups; of each class's groups half, where groups have one class."""
    side = {}
    for number in np.unique(labels.values):
        own = [each for each in np.unique(labels.groups[labels.values == number]) if each not in side]
        for place, group in enumerate(rng.permutation(own)):
            side[int(group)] = place % 2
    of_row = np.array([side[int(group)] for group in labels.groups])
    return [np.flatnonzero(of_row == number) for number in (0, 1)]


def compare(corpus: Corpus, rankings, seed: int, found: dict[str, Found]) -> None:
    """Rank a corpus by each, train the default probe anew on the tops, and count."""
    features, labels = corpus.train
    rng = np.random.default_rng([seed, 0xF00])
    columns = features.values.shape[1]
    pair = halves(labels, rng)
    split = all(set(labels.values[rows]) == set(labels.values) for rows in pair)
    sets, asked = [], []
    for name, rank in rankings.items():
        scores = rank(features, labels, seed)
        if len(corpus.planted):
            hits = np.isin(first(scores, FIRST, rng), corpus.planted).sum()
            found[name].add("precision", hits / min(FIRST, len(corpus.planted)))
        for percent, count in sizes(columns).items():
            sets.append((name, percent))
            asked.append(np.sort(first(scores, count, rng)))
        if split:
            count = sizes(columns)[PERCENTS[-1]]
            tops = [set(first(rank(*part(features, labels, rows), seed), count, rng).tolist()) for rows in pair]
            found[name].add("halves", len(tops[0] & tops[1]) / len(tops[0] | tops[1]))
    for percent, count in sizes(columns).items():
        for _ in range(DRAWS):
            sets.append((RANDOM, percent))
            asked.append(np.sort(rng.permutation(columns)[:count]))
    sets.append((RANDOM, 100.0))
    asked.append(np.arange(columns))
    problems = [Problem(columns=each) for each in asked]
    fits = make_elasticnet().fit_many(features.values, labels.values, problems, column_groups=features.column_groups)
    tested, truth = corpus.test
    means: dict[tuple[str, float], list[float]] = {}
    for key, chosen, fit in zip(sets, asked, fits, strict=True):
        said = fit.predict(tested.values[:, chosen])
        means.setdefault(key, []).append(float((said == truth.values).mean()))
    for (name, percent), values in means.items():
        found[name].add(f"{percent:g} %", float(np.mean(values)))


def real(path: str, label: str, group: str, seed: int, leave: bool) -> Corpus:
    """A split of real vectors: 30 % of the groups are tested, or one group after the other."""
    data = np.load(path)
    names, y = np.unique(data[label], return_inverse=True)
    _, groups = np.unique(data[group], return_inverse=True)
    rng = np.random.default_rng(seed)
    if leave:
        tested = groups == seed % (groups.max() + 1)
    else:
        order = rng.permutation(groups.max() + 1)
        tested = np.isin(groups, order[: round(0.3 * len(order))])
    units = tuple(Unit(str(layer), column) for column, layer in enumerate(data["layers"]))
    ids = tuple(f"u{row}" for row in range(len(y)))
    whole = Features(ids=ids, units=units, values=data["values"].astype(np.float32))
    labels = Labels(y.astype(np.int64), tuple(map(str, names)), groups.astype(np.int64))
    parts = [part(whole, labels, np.flatnonzero(mask)) for mask in (~tested, tested)]
    return Corpus(parts[0], parts[1], np.array([], dtype=int))


def add_mean(found: dict[str, Found]) -> None:
    """Accuracy at 1, 5 and 10 % in one number, and that less the first ranking's, in pairs."""
    first_of_all = None
    for one in found.values():
        mean = np.mean([one.numbers[f"{percent:g} %"] for percent in PERCENTS], axis=0)
        first_of_all = mean if first_of_all is None else first_of_all
        one.numbers["mean %"] = list(mean)
        one.numbers["less the first %"] = list(mean - first_of_all)


def table(title: str, found: dict[str, Found]) -> str:
    add_mean(found)
    headings = ["precision", "1 %", "5 %", "10 %", "100 %", "mean %", "less the first %", "halves"]
    headings = [each for each in headings if any(each in one.numbers for one in found.values())]
    lines = [f"## {title}", "", "| ranking | " + " | ".join(headings) + " |", "|---" * (len(headings) + 1) + "|"]
    for name, one in found.items():
        row = [name]
        for heading in headings:
            numbers = np.array(one.numbers.get(heading, []))
            factor = 100 if heading.endswith("%") else 1
            error = numbers.std(ddof=1) / np.sqrt(len(numbers)) if len(numbers) > 1 else np.nan
            digits = 1 if factor == 100 else 2
            row.append(f"{factor * numbers.mean():.{digits}f} ± {factor * error:.{digits}f}" if len(numbers) else "")
        lines.append("| " + " | ".join(row) + " |")
    return "\n".join([*lines, ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=30)
    parser.add_argument("--only", choices=WORLDS, action="append")
    parser.add_argument("--rankings", nargs="*", help="parts of names")
    parser.add_argument("--vectors")
    parser.add_argument("--label", default="gender")
    parser.add_argument("--groups", default="speaker")
    parser.add_argument("--leave-one-out", action="store_true", help="test each group in its turn")
    given = parser.parse_args()
    chosen = {
        name: rank
        for name, rank in CANDIDATES.items()
        if not given.rankings or any(each in name for each in given.rankings)
    }
    names = [given.vectors] if given.vectors else given.only or WORLDS
    for title in names:
        found = {name: Found() for name in [*chosen, RANDOM]}
        for seed in range(given.repetitions):
            if given.vectors:
                corpus = real(given.vectors, given.label, given.groups, seed, given.leave_one_out)
            else:
                corpus = draw(WORLDS[title], seed)
            compare(corpus, chosen, seed, found)
        print(table(title, found), flush=True)


if __name__ == "__main__":
    main()
