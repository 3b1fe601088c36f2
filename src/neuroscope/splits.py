"""Train/test splits, for plugins: disjoint in speakers or any column, from a column, or of utterances; bootstraps."""

from neuroscope.data.labelling import LabelledUtterances
from neuroscope.data.resampling import group_draws
from neuroscope.data.splitting.splits import split

__all__ = ["LabelledUtterances", "group_draws", "split"]
