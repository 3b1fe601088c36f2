"""What a reader is warned of."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from neuroscope.contracts.task import Split
from neuroscope.defaults import EXCESS_LOSS
from neuroscope.probing import diagnostics
from neuroscope.probing.fitting import Fit
from neuroscope.probing.runs import Run, Runs


def run_of(groups, grouped_by="speaker", train=()):
    groups = np.array(groups)
    names = tuple(f"s{number}" for number in range(groups.max() + 1))
    split = Split(
        name="speaker",
        train=np.array(train, dtype=int),
        test=np.setdiff1d(np.arange(len(groups)), train),
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


@pytest.mark.parametrize(
    ("rows", "errors", "named"),
    [
        ((5, 3, 3), (3, 1, 1), True),  # five errors are enough
        ((5, 3, 3), (4, 0, 0), False),
        ((5, 3, 3), (3, 2, 1), False),  # just half of the errors
        ((5, 3, 2), (5, 0, 0), False),  # just half of the rows
        ((6, 3, 2), (6, 0, 0), False),
    ],
)
def test_most_of_the_errors_is_more_than_half_of_five_by_a_group_of_less_than_half_of_the_rows(rows, errors, named):
    wrong = np.concatenate([np.arange(all_of_it) < count for all_of_it, count in zip(rows, errors, strict=True)])
    found = list(diagnostics.about_errors(run_of(np.repeat(range(3), rows)), wrong, "lstm1"))
    assert [each.kind for each in found] == ["one group makes most of the errors"] * named


def test_only_groups_of_the_test_part_are_counted():
    run = run_of([*range(20), *[7] * 5], train=range(17))
    (few,) = diagnostics.about_split(run)
    assert few.detail == "4"
    (one,) = diagnostics.about_errors(run_of([*[0] * 9, 1, 2, 3, 4, 5, 5, 5, 5], train=range(8)), np.arange(9) > 3, "a")
    assert one.detail == "speaker s5: 4 of 5"


def test_errors_that_follow_the_rows_are_nobodys():
    run = run_of([0] * 20 + [1] * 3)
    assert not list(diagnostics.about_errors(run, np.ones(23, dtype=bool), "lstm1"))
    spread = run_of(range(12))
    assert not list(diagnostics.about_errors(spread, np.ones(12, dtype=bool), "lstm1"))


def test_a_test_value_beyond_ten_deviations_on_either_side_is_far_off_unless_its_column_is_constant():
    train = np.array([[-1, -1, -1, 5], [1, 1, 1, 5]], dtype=np.float32)  # mean 0, deviation 1
    test = np.array([[10, 10.5, -10.5, 99], [0, 0, 0, 5]], dtype=np.float32)
    found = {each.kind: each.detail for each in diagnostics.about_columns(train, test, "lstm1", 0)}
    assert found == {
        "columns are constant in training": "1 of 4",
        "columns reach beyond 10 standard deviations in test": "2 of 4",
    }


def test_fits_that_know_nothing_or_did_not_end():
    probe = object()
    fine = Fit(probe, {}, converged=True, silent=False)
    poor = Fit(probe, {}, converged=False, silent=True)
    assert not list(diagnostics.about_fit(fine, "a", 0))
    assert len(list(diagnostics.about_fit(poor, "a", 0))) == 2


@pytest.mark.parametrize(("unlearned", "told"), [(0.29, 0), (0.31, 1)])
def test_a_fit_far_from_its_optimum_is_told_by_what_it_may_have_left_unlearned(unlearned, told):
    metrics = {"gap": 0.99, EXCESS_LOSS: unlearned}
    found = list(diagnostics.about_fit(Fit(object(), metrics, converged=True, silent=False), "a", 0))
    assert [each.kind.split(":")[0] for each in found] == ["the fit is far from its optimum"] * told
    assert [each.detail for each in found] == ["31 % unlearned"] * told
    assert diagnostics.is_far_from_optimum(metrics) is bool(told)
    assert not diagnostics.is_far_from_optimum({"gap": 0.99})


@pytest.mark.parametrize(
    ("changed", "kind"),
    [({}, "without a penalty"), ({"training_accuracy": 0.99}, "the fit did not"), ({"l1": 1e-9}, "the fit did not")],
)
def test_classes_without_an_optimum_are_not_called_unconverged(changed, kind):
    metrics = {"l1": 0.0, "l2": 0.0, "training_accuracy": 1.0} | changed
    (found,) = diagnostics.about_fit(Fit(object(), metrics, converged=False, silent=False), "a", 0)
    assert found.kind.startswith(kind)


def test_much_higher_accuracy_in_training_or_on_folds_stands_with_its_figures():
    training, test = {"a": [1.0, 0.996], "b": [1.0, 0.9]}, {"a": [0.70, 0.982], "b": [0.9, 0.81]}
    found = list(diagnostics.about_training(training, test, [3, 4]))
    (line,) = [each.line for each in diagnostics.summed_up(found)]
    assert line == "training accuracy is more than 10 points above test: a (99.8 against 84.1); in 2 runs"
    (line,) = diagnostics.summed_up(diagnostics.about_choice([0.987], [0.739], "ALL", [0]))
    assert line.line.endswith("more than 10 points above test: ALL (98.7 against 73.9); in 1 run")
    assert not list(diagnostics.about_choice([0.8], [0.7], "ALL", [0]))


def test_equal_kinds_become_one_line():
    found = [
        diagnostics.Diagnostic("columns are constant", layer, seed, f"{count + seed} of 9")
        for layer, count in (("a", 1), ("b", 2))
        for seed in (0, 1)
    ]
    (one,), (other,) = (diagnostics.summed_up(some) for some in (found, found[::2]))
    assert one.line == "columns are constant: a (1 of 9), b (2 of 9); in 2 runs"
    assert other.line == "columns are constant: a (1 of 9), b (2 of 9); in 1 run"
    assert (one.kind, one.runs, other.runs) == ("columns are constant", 2, 1)
    about = [(each.layer, each.conditions, each.detail) for each in one.about]
    assert about == [("a", (), "1 of 9"), ("b", (), "2 of 9")]


def test_a_warning_names_its_conditions_and_percentages():
    rows = [("top-set", 5.0), ("top-set", 10.0), ("bottom-set", 5.0)]
    found = [diagnostics.Diagnostic("no", "ALL", 0, "", (name,), (percent,)) for name, percent in rows]
    found.append(diagnostics.Diagnostic("no", "ALL", 0, "1 of 2", ("minimal", "minimal-sure")))
    (one,) = diagnostics.summed_up(found)
    assert one.line == "no: ALL top-set 5, 10 %, ALL bottom-set 5 %, ALL minimal/minimal-sure (1 of 2); in 1 run"
    assert [each.percents for each in one.about] == [(5.0,), (10.0,), (5.0,), ()]
    of_split = diagnostics.summed_up([diagnostics.Diagnostic("few groups", "", seed, "3") for seed in (0, 1)])
    assert [each.line for each in of_split] == ["few groups (3); in 2 runs"]


def test_a_warning_is_read_as_it_was_written():
    one = diagnostics.Diagnostic("no", "ALL", 3, "1 of 2", ("minimal",), (5.0,))
    assert diagnostics.Diagnostic.read(json.loads(json.dumps(asdict(one)))) == one
    older = {"kind": "no", "layer": "a", "seed": 3, "detail": "x"}
    assert diagnostics.Diagnostic.read(older) == diagnostics.Diagnostic("no", "a", 3, "x")


def test_test_vectors_that_a_training_row_has_too_are_counted_where_the_audio_is_not_known_to_be_the_same():
    values = np.array([[0, 1], [2, 3], [0, 1], [2, 4], [2, 3], [9, 9], [9, 9]], dtype=np.float32)
    run = run_of(range(7), train=(0, 1))
    runs = Runs((run, replace(run, seed=4)), same_test=True, varied="")
    assert [each.detail for each in diagnostics.about_equal_vectors(values, runs)] == ["2 of 5", "2 of 5"]
    known = replace(run, split=replace(run.split, audio=np.array([0, 1, 0, 3, 4, 5, 6])))
    (one,) = diagnostics.about_equal_vectors(values, Runs((known,), same_test=True, varied=""))
    assert (one.detail, one.layer) == ("1 of 5", "")
    assert not list(diagnostics.about_equal_vectors(values[[0, 1, 3, 3, 3, 5, 6]], runs))
