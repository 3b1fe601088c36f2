"""Train/test splits, for plugins: disjoint in speakers or any other column, from a column, or of utterances."""

from neuroscope.data.splits import Labelled, split

__all__ = ["Labelled", "split"]
