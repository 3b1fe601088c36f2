"""The cases of the compliance kit, run one by one: none stops the rest, and one that is expected to fail has to."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from unittest import SkipTest

from neuroscope.errors import NeuroscopeError
from neuroscope.plugin.failures import error_text, message_of

if TYPE_CHECKING:
    from collections.abc import Callable

Verdict = Literal["passed", "failed", "skipped", "expected failure", "unexpected pass"]


class NotApplicable(SkipTest):
    """The skip of a check: the component has not what it is about. Test runners that know ``SkipTest`` skip."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one check.

    Attributes:
        check: its name.
        about: the property that it checks, one line.
        verdict: ``passed``, ``failed``, ``skipped``, ``expected failure`` or ``unexpected pass``.
        reason: why it failed or was skipped; of an expected failure also why that was expected. Empty = it passed.
    """

    check: str
    about: str
    verdict: Verdict
    reason: str = ""

    @property
    def ok(self) -> bool:
        """Whether this is no reason to reject the component."""
        return self.verdict in {"passed", "skipped", "expected failure"}


@dataclass(frozen=True, eq=False)
class Case:
    """One check of one component, to be called; its text is the check's name.

    Attributes:
        check: the function.
        subject: what it is called with.
        expected: why it is expected to fail; empty = it is not.
    """

    check: Callable[[Any], None]
    subject: Any
    expected: str = ""

    def __str__(self) -> str:
        return self.check.__name__

    @property
    def about(self) -> str:
        """The property that is checked, one line."""
        return inspect.getdoc(self.check) or ""

    def __call__(self) -> None:
        """Call the check, and raise what it raises; silent where it fails as expected.

        Raises:
            AssertionError: the property does not hold, or does where a failure is expected.
            NotApplicable: the component has not what the check is about.
        """
        try:
            self.check(self.subject)
        except NotApplicable:
            raise
        except Exception:
            if not self.expected:
                raise
            return
        if self.expected:
            raise AssertionError(f"{self} was expected to fail ({self.expected}), and passes: expect it no more")

    def run(self) -> Outcome:
        """Call the check, and return its outcome; whatever it raises is a failure."""
        try:
            self.check(self.subject)
        except NotApplicable as why:
            return self._outcome("skipped", str(why))
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a stranger's component may raise anything
            if self.expected:
                return self._outcome("expected failure", f"{self.expected}: {_error_text(error)}")
            return self._outcome("failed", _error_text(error))
        if self.expected:
            return self._outcome(
                "unexpected pass", f"expected to fail ({self.expected}), and passes: expect it no more"
            )
        return self._outcome("passed")

    def _outcome(self, verdict: Verdict, reason: str = "") -> Outcome:
        return Outcome(str(self), self.about, verdict, reason)


def hold(condition: bool, message: str) -> None:
    """Raise AssertionError unless the condition holds; unlike ``assert``, ``python -O`` keeps it."""
    if not condition:
        raise AssertionError(message)


def _error_text(error: BaseException) -> str:
    message = message_of(error)
    if isinstance(error, AssertionError) and message:
        return message
    if isinstance(error, NeuroscopeError):  # says itself what there is to say
        return f"{type(error).__name__}: {message}"
    return error_text(error)
