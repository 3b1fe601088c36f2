"""What a reader is warned of."""

import numpy as np

from neuroscope.contracts.task import Split
from neuroscope.probing import diagnostics
from neuroscope.probing.fitting import Fit
from neuroscope.probing.runs import Run


def run_of(groups, grouped_by="speaker"):
    groups = np.array(groups)
    names = tuple(f"s{number}" for number in range(groups.max() + 1))
    split = Split(
        name="speaker",
        train=np.array([], dtype=int),
        test=np.arange(len(groups)),
        groups=groups,
        group_names=names,
        grouped_by=grouped_by,
        fixed=False,
    )
    return Run(3, split)


def test_few_test_groups_are_named():
    (found,) = diagnostics.about_split(run_of([0, 1, 2, 2]))
    assert "fewer than 10 groups (speaker)" in found.kind
    assert found.detail == "3"
    assert not list(diagnostics.about_split(run_of(range(10))))


def test_one_group_that_makes_most_errors_is_named():
    run = run_of([0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7])
    wrong = np.array([True] * 6 + [True, True] + [False] * 5)
    (found,) = diagnostics.about_errors(run, wrong, "lstm1")
    assert found.detail == "speaker s0: 6 of 8"


def test_errors_that_follow_the_rows_are_nobodys():
    run = run_of([0] * 20 + [1] * 3)
    assert not list(diagnostics.about_errors(run, np.ones(23, dtype=bool), "lstm1"))
    spread = run_of(range(12))
    assert not list(diagnostics.about_errors(spread, np.ones(12, dtype=bool), "lstm1"))


def test_fits_that_know_nothing_or_did_not_end():
    probe = object()
    fine = Fit(probe, {}, converged=True, silent=False)
    poor = Fit(probe, {}, converged=False, silent=True)
    assert not list(diagnostics.about_fit(fine, "a", 0))
    assert len(list(diagnostics.about_fit(poor, "a", 0))) == 2


def test_equal_kinds_become_one_line():
    found = [
        diagnostics.Diagnostic("columns are constant", layer, seed, f"{count} of 9")
        for layer, count in (("a", 1), ("b", 2))
        for seed in (0, 1)
    ]
    assert diagnostics.summed_up(found) == ["columns are constant: a (1 of 9), b (2 of 9); in 2 runs"]
