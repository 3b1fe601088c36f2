"""What a probe learns of each row."""

import numpy as np

from neuroscope import Target


def test_a_target_of_some_rows_keeps_its_names():
    target = Target(np.array([2, 0, 1, 0]), ("a", "b", "c"))
    some = target.of(np.array([3, 0]))
    assert some.values.tolist() == [0, 2]
    assert (some.names, some.classes, some.kind, len(some)) == (("a", "b", "c"), 3, "classes", 2)
