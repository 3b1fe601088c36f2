"""Count utterances that could not be used, keep their reasons, and stop the work where they are too many."""

from __future__ import annotations

from dataclasses import dataclass, field

from neuroscope.contracts.records import SkippedUtterance, counts_of
from neuroscope.defaults import MAX_ERRORS
from neuroscope.errors import BadAudio, BadOption, TooManyFailures


@dataclass
class SkippedUtterances:
    """Collector of the utterances that could not be used, among ``total``.

    Attributes:
        on_error: ``fail`` raises at the first.
        max_errors: the largest share that may be skipped.
    """

    total: int
    on_error: str = "skip"
    max_errors: float = MAX_ERRORS
    skipped: list[SkippedUtterance] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.on_error not in {"skip", "fail"}:
            raise BadOption(f"--on-error {self.on_error}: expected skip or fail")
        if not 0 <= self.max_errors <= 1:
            raise BadOption(f"--max-errors {self.max_errors}: expected a share between 0 and 1")

    def add(self, utterance: str, error: BadAudio) -> None:
        """Count one skipped utterance.

        Raises:
            TooManyFailures: under ``on_error="fail"``.
        """
        self.skipped.append(SkippedUtterance(utterance, error.reason, error.detail))
        if self.on_error == "fail":
            raise TooManyFailures(f"utterance {utterance}: {error} (--on-error skip leaves such utterances out)")

    def check(self) -> None:
        """Raise TooManyFailures if the share that was skipped is above ``max_errors``."""
        if self.skipped and len(self.skipped) / self.total > self.max_errors:
            reasons = [
                f"{count} x {reason}, e.g. {self._example(reason)}" for reason, count in counts_of(self.skipped).items()
            ]
            begin = f"{len(self.skipped)} of {self.total} utterances cannot be used:"
            end = f"Mend them, or allow it with --max-errors (now {self.max_errors:g})."
            alone = len(reasons) == 1  # one reason is one line
            raise TooManyFailures(
                f"{begin} {reasons[0]}. {end}" if alone else "\n  ".join([begin, *reasons]) + f"\n{end}"
            )

    def _example(self, reason: str) -> str:
        return next(skipped.detail for skipped in self.skipped if skipped.reason == reason)
