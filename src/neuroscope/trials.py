"""Trials of speaker verification, for plugins: read from a list, made of a manifest's utterances, written."""

from neuroscope.data.trials.lists import TrialList, read_trials, write_trials
from neuroscope.data.trials.making import make_trials, some_hours

__all__ = ["TrialList", "make_trials", "read_trials", "some_hours", "write_trials"]
