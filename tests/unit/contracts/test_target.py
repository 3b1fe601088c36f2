"""What a probe learns of each row."""

import numpy as np
import pytest

from neuroscope import Target


def test_a_target_of_some_rows_keeps_its_names():
    target = Target(np.array([2, 0, 1, 0]), ("a", "b", "c"))
    some = target.of(np.array([3, 0]))
    assert some.values.tolist() == [0, 2]
    assert (some.names, some.classes, some.kind, len(some)) == (("a", "b", "c"), 3, "classes", 2)


def test_a_target_of_another_kind_is_taken_for_classes_by_nobody():
    target = Target(np.array([1, 2]), (), kind="number")
    with pytest.raises(TypeError, match="of kind number has no classes"):
        _ = target.classes
