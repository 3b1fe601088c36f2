"""Are the printed numbers true? Each claim of ``probe`` against planted truth, over many repetitions.

Worlds of speakers are drawn whose best possible accuracy is known (``planted/worlds.py``), the code path from features
to rows says what a command would, and what it says is counted: coverage of intervals, bias, level of sentences, each
with its Monte-Carlo error beside its target. The truth of an accuracy is the mean, over all repetitions, of the first
run's: its probe is trained on the whole training part and asked about speakers that it never heard.

    python benchmarks/calibration.py [--quick] [--only CLAIM] [--repetitions 150] [--write]

``--write`` puts the tables into docs/explanation/calibration.md. 150 repetitions take about half an hour on two cores.
"""

import argparse
import math
import multiprocessing
import os
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import own_folder_last  # noqa: F401
from planted.commands import Gap, Said, command, compare
from planted.layered import Judged, LayeredWorld, judge
from planted.studies import Minimal, Selectivity, control, minimal_sets
from planted.worlds import World
from scipy.stats import t as student

from neuroscope.defaults import LEVEL

PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "calibration.md"
BEGIN, END = "<!-- written by benchmarks/calibration.py -->\n", "<!-- end -->\n"
QUICK = 30
HARD = (" 4 groups", "98 %", "99.5 %", "20 weak")
EVERY = {"accuracy": 4, "backbones": 5, "preference": 4, "minimal sets": 2}
"""In a quick measurement every so-manieth world is looked at; else every third."""
FAR = 4.0
"""Errors beyond the target by which a quick measurement fails."""


@dataclass(frozen=True)
class Figure:
    """One figure of one claim in one world, with its Monte-Carlo error and its target."""

    world: str
    name: str
    value: float
    error: float
    target: tuple[float, float]

    @property
    def holds(self) -> bool:
        """Whether it is within its target, as far as the repetitions can tell."""
        return self.within(2)

    def within(self, errors: float) -> bool:
        """Whether it is within its target by so many of its errors."""
        low, high = self.target
        return low - errors * self.error <= self.value <= high + errors * self.error


def share(name: str, world: str, hits: list[bool], target: tuple[float, float]) -> Figure:
    """A share of the repetitions; its error is not 0 where all or none hit."""
    count, right = len(hits), sum(hits)
    smoothed = (right + 1) / (count + 2)
    return Figure(world, name, right / count, math.sqrt(smoothed * (1 - smoothed) / count), target)


def accuracy_figures(world: World, name: str, said: list[Said]) -> list[Figure]:
    """Coverage, width, ± and bias of the printed accuracy of one layer."""
    values = np.array([each.value for each in said])
    singles = np.array([each.single for each in said])
    truth, spread, count = float(singles.mean()), float(values.std(ddof=1)), len(said)
    narrowest = np.mean([_wilson_width(each, truth * (1 - truth) / spread**2) for each in values])
    widths = np.array([each.high - each.low for each in said])
    deviations = np.array([each.sd for each in said if each.sd is not None])
    least = 0.93 if world.groups >= 10 else 0.90
    most = 0.985 if world.groups >= 10 else 1.0
    bias = 100 * (values - singles)
    width, deviation = float(widths.mean() / narrowest), float(deviations.mean()) / spread
    relative = 1 / math.sqrt(2 * (count - 1))  # of an estimated sd
    covered = [each.low <= truth <= each.high for each in said]
    return [
        share("coverage", name, covered, (least, most)),
        Figure(name, "width, of the narrowest", width, width * relative, (0.0, 1.25)),
        Figure(name, "±, of the true sd", deviation, deviation * relative, (0.85, 1.2)),
        Figure(name, "bias, points", float(bias.mean()), float(bias.std(ddof=1)) / math.sqrt(count), (-0.3, 0.3)),
    ]


def _wilson_width(value: float, rows: float) -> float:
    """Width of Wilson's interval of a share of so many independent rows."""
    c = 1.96**2 / rows
    return 2 * math.sqrt(value * (1 - value) * c + c**2 / 4) / (1 + c)


def layers_figures(world: World, name: str, said: list[Said]) -> list[Figure]:
    """Equal layers: how often the sentence separates the best from another. Unequal ones: how often it does not err."""
    if world.behind:
        ours = [each.best.layer == "l0" and len(each.best.not_separated) < world.layers - 1 for each in said]
        theirs = [corrected_t_separates(each.accuracies, world.share) for each in said]
        gain = np.array(ours, dtype=float) - np.array(theirs, dtype=float)
        error = max(float(gain.std(ddof=1)), 1 / math.sqrt(len(said))) / math.sqrt(len(said))
        return [
            share("power, 5 points", name, ours, (0.0, 1.0)),
            Figure(name, "power less that of the corrected t", float(gain.mean()), error, (0.0, 1.0)),
        ]
    wrong = [each.best.known and len(each.best.not_separated) < world.layers - 1 for each in said]
    return [share("a layer falsely separated", name, wrong, (0.0, 0.06))]


def corrected_t_separates(accuracies: tuple[tuple[float, ...], ...], tested: float) -> bool:
    """Whether the corrected paired t (Nadeau and Bengio 2003) tells the first layer, as the best, from another.

    Of all pairs at once (Bonferroni), as the best one was chosen by looking.
    """
    each = np.array(accuracies)
    best = int(each.mean(axis=1).argmax())
    if best != 0:
        return False
    gaps = each[0] - each[1:]
    runs, pairs = gaps.shape[1], len(each) * (len(each) - 1) / 2
    variance = gaps.var(axis=1, ddof=1) * (1 / runs + tested / (1 - tested))
    ratio = gaps.mean(axis=1) / np.sqrt(np.maximum(variance, 1e-12))
    return bool((2 * pairs * student.sf(ratio, runs - 1) < LEVEL).any())


def backbones_figures(world: World, name: str, said: list[tuple[Gap, ...]]) -> list[Figure]:
    """Differences of ALL between backbones: whether all their intervals hold at once, and who is told apart."""
    singles = np.array([[gap.single for gap in gaps] for gaps in said])
    truth = singles.mean(axis=0) if world.behind else np.zeros(singles.shape[1])
    covered = [all(gap.low <= true <= gap.high for gap, true in zip(gaps, truth, strict=True)) for gaps in said]
    least = 0.93 if world.groups >= 10 else 0.90
    found = [share("all differences covered", name, covered, (least, 1.0))]
    first = world.layers - 1  # pairs with the first backbone, which come first
    if world.behind:
        power = [all(gap.low > 0 for gap in gaps[:first]) for gaps in said]
        found.append(share(f"power, {100 * float(truth[:first].mean()):.1f} points", name, power, (0.0, 1.0)))
        return found if world.layers == 2 else [*found, _falsely_apart(name, [gaps[first:] for gaps in said])]
    return [*found, _falsely_apart(name, said)]


def _falsely_apart(name: str, said: list[tuple[Gap, ...]]) -> Figure:
    wrong = [any(gap.is_told_apart for gap in gaps) for gaps in said]
    return share("backbones falsely told apart", name, wrong, (0.0, 0.06))


def knowledge_figures(world: World, name: str, said: list[Said]) -> list[Figure]:
    """Pure noise: how often a layer is shown to know it."""
    del world
    return [share("falsely shown to know", name, [each.best.known for each in said], (0.0, 0.06))]


def worlds_of_accuracy() -> dict[str, World]:
    """Every condition around 20 groups, 90 %, a speaker effect of half the noise; ceilings and few groups crossed."""
    found = {}
    for fixed in (False, True):
        kind = "fixed" if fixed else "drawn"
        for groups in (4, 10, 20, 80):
            for accuracy in (0.7, 0.9, 0.98, 0.995):
                world = World(groups=groups, accuracy=accuracy, fixed=fixed)
                found[f"{kind}, {groups} groups, {100 * accuracy:g} %"] = world
        centre = World(fixed=fixed)
        found[f"{kind}, 20 groups, 90 %, no speaker effect"] = centre.named(effect=0.0)
        found[f"{kind}, 20 groups, 90 %, speaker effect 1"] = centre.named(effect=1.0)
        found[f"{kind}, 20 groups, 90 %, 5 classes"] = centre.named(classes=5)
        found[f"{kind}, 80 groups, 90 %, 20 classes"] = centre.named(classes=20, groups=80)
        found[f"{kind}, 20 groups, 90 %, classes 85/15"] = centre.named(minority=0.15)
    few = World(groups=10, share=0.75, each=20)
    found["drawn, 10 of 13 speakers tested, 90 %"] = few
    found["drawn, 10 of 13 speakers tested, 70 %, 20 columns"] = few.named(accuracy=0.7, columns=20)
    return found


def worlds_of_layers() -> dict[str, World]:
    kinds = {"drawn": False, "fixed": True}
    behind = {
        f"drawn, {groups} groups, {layers} layers, noise correlated {correlation:g}": World(
            groups=groups, layers=layers, correlation=correlation, accuracy=0.8, behind=0.05
        )
        for groups, layers, correlation in ((20, 2, 0.5), (20, 2, 0.9), (80, 2, 0.5), (80, 5, 0.9))
    }
    return behind | {
        f"{kind}, {layers} equal layers, noise correlated {correlation:g}": World(
            layers=layers, fixed=fixed, correlation=correlation, accuracy=0.8
        )
        for kind, fixed in kinds.items()
        for layers in (2, 5, 25)
        for correlation in (0.0, 0.8)
    }


def worlds_of_backbones() -> dict[str, World]:
    """Backbones that know equally much, or of which the first knows more, or which know nothing."""
    base = World(accuracy=0.8, layers=2)
    kinds = {"drawn": base, "fixed": base.named(fixed=True), "utterances drawn": base.named(mixed=True)}
    found = {}
    for kind, world in kinds.items():
        found[f"{kind}, 2 equal backbones"] = world
        found[f"{kind}, 4 equal backbones, noise correlated 0.8"] = world.named(layers=4, correlation=0.8)
        found[f"{kind}, 4 backbones, the first ahead"] = world.named(layers=4, behind=0.1)
    for groups in (4, 10, 80):
        found[f"drawn, {groups} groups, 2 equal backbones"] = base.named(groups=groups)
    found["drawn, 80 groups, 2 backbones, the first ahead"] = base.named(groups=80, behind=0.05)
    found["drawn, 2 equal backbones, 98 %"] = base.named(accuracy=0.98)
    found["one run, 4 equal backbones"] = base.named(layers=4, runs=1)
    found["drawn, 4 backbones that know nothing"] = base.named(layers=4, accuracy=0.5)
    return found


def worlds_of_noise() -> dict[str, World]:
    return {
        f"drawn, {groups} groups, {layers} layers": World(groups=groups, layers=layers, accuracy=0.5)
        for groups in (14, 34)
        for layers in (1, 25)
    }


def selectivity_figures(world: World, name: str, said: list[Selectivity]) -> list[Figure]:
    """Selectivity where nothing is known (it is 0 then), or where something is (it is its own mean)."""
    values = np.array([100 * each.value for each in said])
    error = float(values.std(ddof=1)) / math.sqrt(len(said))
    nothing = world.accuracy <= world.chance
    truth = 0.0 if nothing else float(values.mean())
    covered = [100 * each.low <= truth <= 100 * each.high for each in said]
    found = (
        [Figure(name, "selectivity of nothing, points", float(values.mean()), error, (-1.0, 1.0))] if nothing else []
    )
    return [*found, share("coverage", name, covered, (0.93, 0.985))]


def minimal_figures(world: World, name: str, said: list[Minimal]) -> list[Figure]:
    """Sets that "surely lose no more than a point", and the sentence "others know as much"."""
    del world
    lose = [each.loss > 0.01 for each in said]
    wrong = [each.redundant and each.beyond >= 0.05 for each in said]
    return [
        share("surely no more, and it is more", name, lose, (0.0, 0.05)),
        Figure(name, "share of the columns that surely suffices", *_mean([each.share for each in said]), (0.0, 1.0)),
        share("others know as much, and they do not", name, wrong, (0.0, 0.05)),
    ]


def preference_figures(world: LayeredWorld, name: str, said: list[Judged]) -> list[Figure]:
    """Whether any layer is said to be preferred."""
    found = [min(each.layers) <= LEVEL for each in said]
    preferred = len(set(world.shifts)) > 1
    target = (0.5, 1.0) if preferred else (0.0, 0.06)
    return [share("the preferred layer is found" if preferred else "a layer falsely preferred", name, found, target)]


def stability_figures(world: LayeredWorld, name: str, said: list[Judged]) -> list[Figure]:
    """Whether the overlap of two runs, and of two halves, is said to be above chance."""
    known = any(world.shifts)
    target = (0.5, 1.0) if known else (0.0, 0.06)
    what = "above chance" if known else "falsely above chance"
    return [
        share(f"two runs {what}", name, [each.overlap is not None and each.overlap <= LEVEL for each in said], target),
        share(f"two halves {what}", name, [each.halves <= LEVEL for each in said], target),
    ]


def _mean(values: list[float]) -> tuple[float, float]:
    return float(np.mean(values)), float(np.std(values, ddof=1)) / math.sqrt(len(values))


def worlds_of_selectivity() -> dict[str, World]:
    """Features that know speakers, and their classes or not; classes of speakers and of utterances."""
    base = World(effect=1.0, accuracy=0.5, columns=20)
    rare = {"minority": 0.15, "accuracy": 0.85}
    kinds = {"drawn": base, "fixed": base.named(fixed=True), "utterances drawn": base.named(mixed=True)}
    found = {}
    for kind, world in kinds.items():
        found[f"{kind}, nothing known"] = world
        found[f"{kind}, nothing known, classes 85/15"] = world.named(**rare)
        found[f"{kind}, nothing known, 10 groups"] = world.named(groups=10)
        found[f"{kind}, nothing known, each utterance its class"] = world.named(own=False)
        found[f"{kind}, 80 % known"] = world.named(accuracy=0.8, columns=4)
    return found


def worlds_of_minimal_sets() -> dict[str, World]:
    base = World(groups=3000, columns=40, accuracy=0.9, fixed=True, runs=1)
    return {
        f"{trained} training speakers, {weak} weak columns": base.named(trained=trained, weak=weak, accuracy=accuracy)
        for trained, accuracy in ((60, 0.9), (200, 0.9), (600, 0.97))
        for weak in (0, 20)
    }


def worlds_of_preference() -> dict[str, LayeredWorld]:
    """Nothing known; as much known in each layer; ten columns of one layer with 80 % of the signal (in squares)."""
    found = {}
    for runs in (1, 5):
        for block in (1, 5, 12, 25):
            base = LayeredWorld(runs=runs, block=block)
            found[f"{runs} runs, nothing known, blocks of {block}"] = base
            even = base.named(shifts=(0.8,) * 4, informative=max(3, block))
            found[f"{runs} runs, each layer alike, blocks of {block}"] = even
        uneven = LayeredWorld(runs=runs, shifts=(1.0, 0.289, 0.289, 0.289))  # three times 0.289 squared is a quarter
        found[f"{runs} runs, ten columns of one layer"] = uneven
    return found


def worlds_of_stability() -> dict[str, LayeredWorld]:
    worlds = {f"nothing known, blocks of {block}": LayeredWorld(block=block) for block in (1, 5, 25)}
    worlds["nothing known, columns of unequal scale"] = LayeredWorld(scales=True)
    worlds["ten of a hundred columns known"] = LayeredWorld(shifts=(0.8, 0.0, 0.0, 0.0))
    return worlds


Count = Callable[[Any, str, list[Any]], list[Figure]]
CLAIMS: dict[str, tuple[Callable[[], dict[str, Any]], Callable[[Any, int], Any], Count]] = {
    "accuracy": (worlds_of_accuracy, command, accuracy_figures),
    "layers": (worlds_of_layers, command, layers_figures),
    "backbones": (worlds_of_backbones, compare, backbones_figures),
    "knowledge": (worlds_of_noise, command, knowledge_figures),
    "selectivity": (worlds_of_selectivity, control, selectivity_figures),
    "preference": (worlds_of_preference, judge, preference_figures),
    "stability": (worlds_of_stability, judge, stability_figures),
    "minimal sets": (worlds_of_minimal_sets, minimal_sets, minimal_figures),
}


def measure(claim: str, repetitions: int, pool: ProcessPoolExecutor, *, quick: bool) -> list[Figure]:
    """The figures of one claim in all its worlds; in some of them where it has to be quick."""
    worlds, say, count = CLAIMS[claim]
    found, chosen = [], worlds()
    if quick:  # the hardest worlds, where some targets cannot be met, are left to the whole measurement
        names = [name for name in chosen if not any(hard in name for hard in HARD)]
        chosen = {name: chosen[name] for name in names[:: EVERY.get(claim, 3)]}
    for name, world in chosen.items():
        step = max(1, repetitions // 20)
        said = list(pool.map(say, [world] * repetitions, range(repetitions), chunksize=step))
        for figure in count(world, name, said):
            print(line(figure), flush=True)
            found.append(figure)
    return found


def line(figure: Figure) -> str:
    """A row of the table."""
    low, high = figure.target
    mark = "" if figure.holds else " **out**"
    value = f"{figure.value:.3f} ± {figure.error:.3f}"
    return f"| {figure.name} | {figure.world} | {value}{mark} | {low:g} to {high:g} |"


def write(figures: dict[str, list[Figure]], repetitions: int) -> None:
    """Put the tables into the page; those of other claims stay."""
    text = PAGE.read_text()
    begin, end = text.index(BEGIN) + len(BEGIN), text.index(END)
    parts = {part.split("\n", 1)[0]: part for part in text[begin:end].strip().removeprefix("## ").split("\n## ")}
    for claim, found in figures.items():
        held = f"{sum(each.holds for each in found)} of {len(found)} figures hold; {repetitions} repetitions a world."
        table = ["| figure | world | measured | target |", "|---|---|---|---|", *map(line, found)]
        parts[claim.capitalize()] = "\n".join([claim.capitalize(), "", held, "", *table])
    tables = "".join(f"\n## {parts[claim.capitalize()].strip()}\n" for claim in CLAIMS if claim.capitalize() in parts)
    PAGE.write_text(text[:begin] + tables + "\n" + text[end:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--quick", action="store_true", help=f"{QUICK} repetitions in some worlds; fails if a figure is far out"
    )
    parser.add_argument("--only", choices=CLAIMS, action="append")
    parser.add_argument("--repetitions", type=int, default=150)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    repetitions = QUICK if given.quick else given.repetitions
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")  # a process a core, and a thread a process
    with ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn")) as pool:
        figures = {claim: measure(claim, repetitions, pool, quick=given.quick) for claim in given.only or CLAIMS}
    if given.write:
        write(figures, repetitions)
    out = [line(each) for found in figures.values() for each in found if not each.within(FAR)]
    if given.quick and out:
        sys.exit("\n".join(["far from their targets:", *out]))


if __name__ == "__main__":
    main()
