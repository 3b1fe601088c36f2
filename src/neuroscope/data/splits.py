"""Train/test splits: disjoint in speakers or another column, by parts that a column names, or of single utterances.

The grammar is that of every component: ``speaker``, ``utterance``, ``group:COLUMN``, ``column:COLUMN``, with options
(``speaker,test=0.3,balance=class``). No split that is drawn parts utterances that are the same audio.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from neuroscope.contracts.task import Split
from neuroscope.data.grouping import group_by
from neuroscope.data.split_warnings import warnings_of
from neuroscope.errors import BadOption, BadSplit, UnknownName
from neuroscope.plugin import options

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from neuroscope.contracts.audio import Utterance
    from neuroscope.data.grouping import Grouping
    from neuroscope.data.labelling import LabelledUtterances

Balance = Literal["none", "class", "train"]
_LEFT_OUT_PARTS = ("dev", "valid", "validation")
_REPAIRS = 10
_FORMS = ("speaker", "utterance", "group:COLUMN", "column:COLUMN")


def split(text: str, rows: LabelledUtterances, seed: int) -> Split:
    """Make the split that a text asks for.

    Args:
        text: in the grammar above.
        rows: what to split.
        seed: of the draw; a split by ``column:`` does not depend on it.

    Raises:
        BadSplit: it cannot be made, with the columns that would do.
        BadOption: the text cannot be read.
    """
    name, given = options.parse(text)
    form, _, column = name.partition(":")
    makers: Mapping[str, Callable[..., tuple[Split, Grouping]]] = {
        "speaker": _by_group,
        "utterance": _by_utterance,
        "group": _by_group,
        "column": _by_column,
    }
    if form not in makers or not (column if form in {"group", "column"} else name == form):
        raise UnknownName("split", name, _FORMS)
    if absent := _absent_classes(rows, slice(None)):
        raise BadSplit(f"class {absent[0]} has no utterance")
    maker = makers[form]
    known = options.options_of(maker)
    converted = options.convert_all(given, known, of=f"split {name}")
    kept = {key: value for key, value in converted.items() if value != known[key].default}
    made, grouping = maker(rows, column or form, seed, **converted)
    for part, which in ((made.train, "train"), (made.test, "test")):
        if absent := _absent_classes(rows, part):
            raise BadSplit(
                f"class {absent[0]} has no utterance in the {which} part. "
                f"{'' if made.fixed else _about_joined(rows, grouping)}{_suggestion(rows, but=column or form)}"
            )
    warning = "\n".join(warnings_of(made, rows, grouping))
    return replace(made, name=options.join(name, kept), warning=warning, audio=rows.same_audio)


def _by_group(
    rows: LabelledUtterances, column: str, seed: int, *, test: float = 0.3, balance: Balance = "none"
) -> tuple[Split, Grouping]:
    """Draw groups of a column, each wholly in one part, stratified by the classes that a group has."""
    _check_share(test)
    grouping = group_by(rows, column)
    groups, known = grouping.groups, grouping.known
    if not known.any():
        raise BadSplit(f"there is no column '{column}' to split by. {_suggestion(rows, but=column)}")
    left_out = {f"no {column}": missing} if (missing := int((~known).sum())) else {}
    _check_groups(rows, grouping)
    in_test = np.isin(groups, _draw_groups(groups[known], rows.target.values[known], test, seed))
    made = Split(
        name="",
        train=np.flatnonzero(known & ~in_test),
        test=np.flatnonzero(known & in_test),
        groups=groups,
        group_names=grouping.names,
        grouped_by=column,
        fixed=False,
        left_out=left_out,
    )
    return _balanced(made, rows, balance, seed), grouping


def _by_utterance(
    rows: LabelledUtterances, column: str, seed: int, *, test: float = 0.3, balance: Balance = "none"
) -> tuple[Split, Grouping]:
    """Draw single utterances at random, stratified by class, whoever speaks; the same audio is drawn once."""
    del column  # every maker is called alike
    _check_share(test)
    audio, values = rows.same_audio, rows.target.values
    different = Counter(value for _, value in set(zip(audio.tolist(), values.tolist(), strict=True)))
    if single := [rows.target.names[value] for value, count in different.items() if count < 2]:
        same = Counter(values.tolist())[rows.target.names.index(single[0])]
        what = "has one utterance" if same == 1 else f"has {same} utterances, all of the same audio"
        raise BadSplit(f"class {single[0]} {what}, so it cannot be in both parts")
    in_test = np.isin(audio, _draw_groups(audio, values, test, seed))
    grouping = group_by(rows, "speaker")
    made = Split(
        name="",
        train=np.flatnonzero(~in_test),
        test=np.flatnonzero(in_test),
        groups=grouping.groups,
        group_names=grouping.names,
        grouped_by=grouping.column,
        fixed=False,
    )
    return _balanced(made, rows, balance, seed), grouping


def _by_column(
    rows: LabelledUtterances,
    column: str,
    seed: int,
    *,
    train: str = "train",
    test: str = "test",
    balance: Balance = "none",
) -> tuple[Split, Grouping]:
    """Take the parts that a column names; development parts are left out and counted, another value is an error."""
    values = rows.column(column)
    if all(value is None for value in values):
        raise BadSplit(f"there is no column '{column}' that names the parts. {_suggestion(rows, but=column)}")
    trains, tests = set(train.split("+")), set(test.split("+"))
    known = {*trains, *tests, *_LEFT_OUT_PARTS}
    if strange := sorted({value for value in values if value is not None} - known):
        raise BadSplit(
            f"column '{column}' holds {', '.join(strange[:10])} beside train={train} and test={test}; name the parts "
            f"with --split column:{column},train=A+B,test=C, or leave rows out with --where"
        )
    if both := sorted(trains & tests):
        raise BadOption(f"column '{column}': {both[0]} is in train={train} and in test={test}")
    if not all(any(value in part for value in values) for part in (trains, tests)):
        raise BadSplit(f"column '{column}' has no row with train={train}, or none with test={test}")
    in_train = np.array([value in trains for value in values])
    in_test = np.array([value in tests for value in values])
    left = Counter(_value_text(column, value) for value in values if value not in trains | tests)
    part = in_train + 2 * in_test  # what is the same audio in another part is no reason to join groups of this one
    grouping = group_by(rows, "speaker", 3 * rows.same_audio + part)
    made = Split(
        name="",
        train=np.flatnonzero(in_train),
        test=np.flatnonzero(in_test),
        groups=grouping.groups,
        group_names=grouping.names,
        grouped_by=grouping.column,
        fixed=True,
        left_out=dict(left),
    )
    return _balanced(made, rows, balance, seed=0), grouping  # the parts are given: no draw may depend on the run


def _value_text(column: str, value: str | None) -> str:
    return f"no {column}" if value is None else f"{column}={value}"


def _draw_groups(groups: NDArray[np.int64], values: NDArray[np.int64], share: float, seed: int) -> list[int]:
    """Draw the test part's groups: of each stratum (groups with the same classes) the share, rounded with carry.

    The strata come in a random order: where each has few groups, it is the carry that says which of them are drawn.
    """
    classes: dict[int, set[int]] = {}
    for group, value in sorted(set(zip(groups.tolist(), values.tolist(), strict=True))):
        classes.setdefault(group, set()).add(value)
    by_classes: dict[tuple[int, ...], list[int]] = {}
    for group, has in classes.items():
        by_classes.setdefault(tuple(sorted(has)), []).append(group)
    strata = [by_classes[key] for key in sorted(by_classes)]
    rng = np.random.default_rng([seed, 0x5B117])
    test: set[int] = set()
    carry = 0.0
    for stratum in rng.permutation(len(strata)):
        order = rng.permutation(strata[stratum]).tolist()
        exact = share * len(order) + carry
        count = max(0, round(exact))
        carry = exact - count
        test |= set(order[:count])
    _bring_every_class(classes, test)
    return sorted(test)


def _bring_every_class(classes: Mapping[int, set[int]], test: set[int]) -> None:
    """Move a group for each class that a part lacks: the one that takes the fewest classes from its own part."""
    having: dict[int, list[int]] = {}
    for group, has in classes.items():
        for value in sorted(has):
            having.setdefault(value, []).append(group)

    def lost(group: int) -> int:
        """Count the classes that no other group of this group's part has."""
        sides = ([(other in test) == (group in test) for other in having[value]] for value in classes[group])
        return sum(side.count(True) == 1 for side in sides)

    for _ in range(_REPAIRS):  # a move may cost another class its part; not every manifest has a way out
        for groups in having.values():
            if len({group in test for group in groups}) == 1:
                test ^= {min(groups, key=lambda group: (lost(group), len(classes[group]), group))}


def _check_share(test: float) -> None:
    if not 0 < test < 1:
        raise BadOption(f"test={test:g}: expected a share between 0 and 1")


def _check_groups(rows: LabelledUtterances, grouping: Grouping) -> None:
    """Raise BadSplit if a class has fewer than two groups, one for each part."""
    column = grouping.column
    for value, name in enumerate(rows.target.names):
        count = len(set(grouping.groups[grouping.known & (rows.target.values == value)].tolist()))
        if count < 2:
            many = f"{count} value of '{column}'" if count == 1 else f"no value of '{column}'"
            raise BadSplit(
                f"a split by {column} puts each {column} into one part, but class {name} has {many}. "
                f"{_about_joined(rows, grouping)}{_suggestion(rows, but=column)}"
            )


def _about_joined(rows: LabelledUtterances, grouping: Grouping) -> str:
    """Say which utterances make one group of several values; empty where there are none."""
    if not grouping.joined:
        return ""
    first: dict[int, Utterance] = {}
    known = np.flatnonzero(grouping.known).tolist()
    pairs = ((first.setdefault(int(rows.same_audio[row]), rows.utterances[row]), rows.utterances[row]) for row in known)
    column = grouping.column
    alike = next(f"{one.id} and {other.id}" for one, other in pairs if one.column(column) != other.column(column))
    groups = f"{grouping.joint} group{'s' * (grouping.joint > 1)}"
    return (
        f"{grouping.joined} values of '{column}' are {groups} here, since they hold the same audio (e.g. {alike}): "
        "leave such utterances out of the manifest. "
    )


def _absent_classes(rows: LabelledUtterances, part: NDArray[np.int64] | slice) -> list[str]:
    """List the classes that no row of a part has."""
    present = set(rows.target.values[part].tolist())
    return [name for value, name in enumerate(rows.target.names) if value not in present]


def _suggestion(rows: LabelledUtterances, but: str) -> str:
    """Suggest columns to split by, except ``but``, as texts for ``--split``."""
    fits = [column for column in rows.columns if column != but and _can_split_by(rows, column)]
    ways = [f"--split {'speaker' if each == 'speaker' else options.join(f'group:{each}', {})}" for each in fits]
    if not ways:
        return "No column would do; --split utterance draws utterances at random."
    return f"What would do: {', '.join(ways)}; --split utterance draws utterances at random."


def _can_split_by(rows: LabelledUtterances, column: str) -> bool:
    """Tell whether each class has two groups of the column, and groups are more than single rows."""
    grouping = group_by(rows, column)
    groups, labels = grouping.groups[grouping.known], rows.target.values[grouping.known]
    repeats = len(np.unique(groups)) < len(np.unique(rows.same_audio[grouping.known]))
    return repeats and all(len(np.unique(groups[labels == value])) >= 2 for value in range(len(rows.target.names)))


def _balanced(made: Split, rows: LabelledUtterances, balance: Balance, seed: int) -> Split:
    """Cut the larger classes at random to the size of the smallest, in both parts or in train alone."""
    if balance == "none":
        return made
    rng = np.random.default_rng([seed, 0xBA1A])
    train = _cut_to_smallest(made.train, rows.target.values, rng)
    test = _cut_to_smallest(made.test, rows.target.values, rng) if balance == "class" else made.test
    dropped = len(made.train) + len(made.test) - len(train) - len(test)
    return replace(made, train=train, test=test, left_out={**made.left_out, "to balance the classes": dropped})


def _cut_to_smallest(part: NDArray[np.int64], values: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    by_class = [part[values[part] == value] for value in np.unique(values[part])]
    least = min(map(len, by_class))
    return np.sort(np.concatenate([rng.permutation(members)[:least] for members in by_class]))
