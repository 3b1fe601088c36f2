"""Train/test splits, for plugins: disjoint in speakers or any other column, from a column, or of utterances."""

from neuroscope.data.labelling import LabelledUtterances
from neuroscope.data.splits import split

__all__ = ["LabelledUtterances", "split"]
