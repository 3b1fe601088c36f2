"""The frame of the kit: every check runs, failures are told, what is expected to fail has to, and pytest knows it."""

import os
import subprocess
import sys

import pytest

from neuroscope import testing
from neuroscope.data import Data
from neuroscope.errors import BadOption, MissingData, UnknownName
from neuroscope.testing.cases import Case


def holds(subject):
    """It holds."""


def asserts(subject):
    """It fails with a message."""
    raise AssertionError("width 3, not 4")


def breaks(subject):
    """It fails in another way."""
    raise ValueError("odd")


def leaves(subject):
    """It ends the process."""
    raise SystemExit(3)


def breaks_without_a_word(subject):
    """It fails and says nothing."""
    raise AssertionError


def misses_data(subject):
    """It fails as a user's error."""
    raise MissingData("no weights")


def has_not(subject):
    """It cannot be told."""
    raise testing.NotApplicable("there are no weights")


def line_in(check):
    """Where a check of two lines raises."""
    return f"{__file__}, line {check.__code__.co_firstlineno + 2}"


@pytest.mark.parametrize(
    ("check", "expected", "verdict", "reason"),
    [
        (holds, "", "passed", ""),
        (asserts, "", "failed", "width 3, not 4"),
        (breaks, "", "failed", f"ValueError: odd ({line_in(breaks)})"),
        (leaves, "", "failed", f"SystemExit: 3 ({line_in(leaves)})"),
        (breaks_without_a_word, "", "failed", f"AssertionError ({line_in(breaks_without_a_word)})"),
        (misses_data, "", "failed", "MissingData: no weights"),
        (has_not, "", "skipped", "there are no weights"),
        (asserts, "old", "expected failure", "old: width 3, not 4"),
        (breaks, "old", "expected failure", f"old: ValueError: odd ({line_in(breaks)})"),
        (holds, "old", "unexpected pass", "expected to fail (old), and passes: expect it no more"),
        (has_not, "old", "skipped", "there are no weights"),
    ],
)
def test_an_outcome_tells_what_came_of_a_check(check, expected, verdict, reason):
    case = Case(check, None, expected)
    outcome = case.run()
    assert (str(case), case.about) == (check.__name__, check.__doc__) == (outcome.check, outcome.about)
    assert (outcome.verdict, outcome.reason) == (verdict, reason)
    assert outcome.ok == (verdict not in {"failed", "unexpected pass"})


def test_a_case_that_is_called_raises_what_the_check_raises_and_is_strict():
    Case(holds, None)()
    Case(breaks, None, "old")()
    with pytest.raises(ValueError, match="odd"):
        Case(breaks, None)()
    with pytest.raises(AssertionError, match=r"holds was expected to fail \(old\), and passes"):
        Case(holds, None, "old")()
    for expected in ("", "old"):
        with pytest.raises(testing.NotApplicable):
            Case(has_not, None, expected)()


def test_what_cannot_be_asked_is_told():
    for ask in (testing.checks, testing.run):
        with pytest.raises(UnknownName, match="backbone, dataset"):
            ask("model", "toy")
        with pytest.raises(UnknownName, match="ignores_padding"):
            ask("backbone", "toy", expected={"ignores_paddin": "it leaks"})
        with pytest.raises(BadOption, match="say why is_deterministic"):
            ask("backbone", "toy", expected={"is_deterministic": ""})
        with pytest.raises(BadOption, match="without data"):
            ask("backbone", "toy", Data())
        with pytest.raises(UnknownName, match="toy"):
            ask("backbone", "toi")


@pytest.mark.parametrize("kind", testing.KINDS)
def test_every_check_is_a_plain_function_that_says_its_property_in_one_line(kind):
    checks = testing.checks_of(kind)
    assert len({check.__name__ for check in checks}) == len(checks) > 4
    for check in checks:
        assert check.__doc__.strip().endswith(".")
        assert len(check.__doc__.splitlines()) == 1
        assert not check.__name__.startswith(("_", "test"))


def test_the_kit_is_imported_without_pytest_and_without_anything_heavy():
    script = "import neuroscope.testing, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert not {"pytest", "torch", "numpy", "sklearn", "typer"} & set(done.stdout.split())


WHOLE_FILE = """
import pytest
from neuroscope import testing

EXPECTED = {"says_what_each_is": "is said to be silent"}

@pytest.mark.parametrize("check", testing.checks("plugin", "neuroscope-speech", expected=EXPECTED), ids=str)
def test_mine(check):
    check()
"""


def test_an_authors_whole_test_file(tmp_path):
    (tmp_path / "test_mine.py").write_text(WHOLE_FILE)
    pytest_alone = [sys.executable, "-m", "pytest", "-rA", "-p", "no:cacheprovider", "--rootdir", str(tmp_path)]
    done = subprocess.run(
        [*pytest_alone, "test_mine.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert "PASSED test_mine.py::test_mine[loads]" in done.stdout, done.stdout
    assert "it registers no backbone that has a whole name" in done.stdout
    assert "FAILED test_mine.py::test_mine[says_what_each_is]" in done.stdout
    assert "1 failed, 6 passed, 1 skipped" in done.stdout
