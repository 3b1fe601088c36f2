"""Draw the groups of a test part, so that each part has every class."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

_REPAIRS = 10


class GroupDrawer:
    """Draws of a test part's groups: of each stratum (groups with the same classes) the share, rounded with carry.

    Args:
        groups: int64 ``[rows]``, group of each row.
        values: int64 ``[rows]``, class of each row.
        share: of the groups, 0 to 1.
    """

    def __init__(self, groups: NDArray[np.int64], values: NDArray[np.int64], share: float) -> None:
        self._share = share
        self._classes: dict[int, set[int]] = {}
        for group, value in sorted(set(zip(groups.tolist(), values.tolist(), strict=True))):
            self._classes.setdefault(group, set()).add(value)
        by_classes: dict[tuple[int, ...], list[int]] = {}
        for group, has in self._classes.items():
            by_classes.setdefault(tuple(sorted(has)), []).append(group)
        self._strata = [by_classes[key] for key in sorted(by_classes)]

    def draw(self, seed: int, attempt: int = 0) -> list[int]:
        """Draw the groups.

        The strata come in a random order: where each has few groups, it is the carry that says which of them are drawn.

        Args:
            seed: of the draw.
            attempt: how often the seed was drawn with before; then the moves that bring every class into each part are
                drawn too, so that no split that can be made is out of reach.
        """
        rng = np.random.default_rng([seed, 0x5B117, attempt])
        test: set[int] = set()
        carry = 0.0
        for stratum in rng.permutation(len(self._strata)):
            order = rng.permutation(self._strata[stratum]).tolist()
            exact = self._share * len(order) + carry
            count = max(0, round(exact))
            carry = exact - count
            test |= set(order[:count])
        names = list(self._classes)
        preferred = rng.permutation(names).tolist() if attempt else names
        _bring_every_class(self._classes, test, {group: place for place, group in enumerate(preferred)})
        return sorted(test)


def _bring_every_class(classes: Mapping[int, set[int]], test: set[int], preferred: Mapping[int, int]) -> None:
    """Move a group for each class that a part lacks: the one that takes the fewest classes from its own part."""
    having: dict[int, list[int]] = {}
    for group, has in classes.items():
        for value in sorted(has):
            having.setdefault(value, []).append(group)
    tested = Counter(value for group in test for value in classes[group])

    def lost(group: int) -> int:
        """Count the classes that no other group of this group's part has."""
        beside = (tested[value] if group in test else len(having[value]) - tested[value] for value in classes[group])
        return sum(number == 1 for number in beside)

    for _ in range(_REPAIRS):  # a move may cost another class its part; not every manifest has a way out
        for value, groups in having.items():
            if tested[value] in {0, len(groups)}:
                moved = min(groups, key=lambda group: (lost(group), len(classes[group]), preferred[group]))
                test ^= {moved}
                for each in classes[moved]:
                    tested[each] += 1 if moved in test else -1
