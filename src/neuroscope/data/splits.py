"""Train/test splits: disjoint in speakers or another column, by parts that a column names, or of single utterances.

The grammar is that of every component: ``speaker``, ``utterance``, ``group:COLUMN``, ``column:COLUMN``, with options
(``speaker,test=0.3,balance=class``).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from neuroscope.contracts.task import Split
from neuroscope.errors import BadOption, BadSplit, UnknownName
from neuroscope.plugin import options

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

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
    makers: Mapping[str, Callable[..., Split]] = {
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
    made: Split = maker(rows, column or form, seed, **converted)
    for part, which in ((made.train, "train"), (made.test, "test")):
        if absent := _absent_classes(rows, part):
            raise BadSplit(
                f"class {absent[0]} has no utterance in the {which} part. {_suggestion(rows, but=column or form)}"
            )
    return replace(made, name=options.join(name, kept))


def _by_group(
    rows: LabelledUtterances, column: str, seed: int, *, test: float = 0.3, balance: Balance = "none"
) -> Split:
    """Draw groups of a column, each wholly in one part, stratified by the classes that a group has."""
    _check_share(test)
    values = rows.column(column)
    if all(value is None for value in values):
        raise BadSplit(f"there is no column '{column}' to split by. {_suggestion(rows, but=column)}")
    left_out = {f"no {column}": missing} if (missing := sum(value is None for value in values)) else {}
    groups, names = _number_values(values, rows)
    known = np.array([value is not None for value in values])
    _check_groups(rows, groups, known, column)
    in_test = np.isin(groups, _draw_groups(groups[known], rows.target.values[known], test, seed))
    made = Split(
        name="",
        train=np.flatnonzero(known & ~in_test),
        test=np.flatnonzero(known & in_test),
        groups=groups,
        group_names=names,
        grouped_by=column,
        fixed=False,
        left_out=left_out,
        warning=_shared_speakers(rows, known & ~in_test, known & in_test),
    )
    return _balanced(made, rows, balance, seed)


def _by_utterance(
    rows: LabelledUtterances, column: str, seed: int, *, test: float = 0.3, balance: Balance = "none"
) -> Split:
    """Draw single utterances at random, stratified by class, whoever speaks."""
    del column  # every maker is called alike
    _check_share(test)
    single = np.arange(len(rows.utterances))
    if counts := [rows.target.names[c] for c, n in Counter(rows.target.values.tolist()).items() if n < 2]:
        raise BadSplit(f"class {counts[0]} has one utterance, so it cannot be in both parts")
    in_test = np.isin(single, _draw_groups(single, rows.target.values, test, seed))
    groups, names, grouped_by = speaker_groups(rows)
    made = Split(
        name="",
        train=np.flatnonzero(~in_test),
        test=np.flatnonzero(in_test),
        groups=groups,
        group_names=names,
        grouped_by=grouped_by,
        fixed=False,
        warning=_shared_speakers(rows, ~in_test, in_test),
    )
    return _balanced(made, rows, balance, seed)


def _by_column(
    rows: LabelledUtterances,
    column: str,
    seed: int,
    *,
    train: str = "train",
    test: str = "test",
    balance: Balance = "none",
) -> Split:
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
    groups, names, grouped_by = speaker_groups(rows)
    made = Split(
        name="",
        train=np.flatnonzero(in_train),
        test=np.flatnonzero(in_test),
        groups=groups,
        group_names=names,
        grouped_by=grouped_by,
        fixed=True,
        left_out=dict(left),
        warning=_shared_speakers(rows, in_train, in_test),
    )
    return _balanced(made, rows, balance, seed=0)  # the parts are given, so no draw may depend on the run


def _value_text(column: str, value: str | None) -> str:
    return f"no {column}" if value is None else f"{column}={value}"


def speaker_groups(rows: LabelledUtterances) -> tuple[NDArray[np.int64], tuple[str, ...], str]:
    """Group rows by speaker: number of each row, names, and the column's name; empty where no speaker is known."""
    speakers = rows.column("speaker")
    return *_number_values(speakers, rows), "speaker" if any(speakers) else ""


def _number_values(values: Sequence[str | None], rows: LabelledUtterances) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Number the values in sorted order; a row without one is a group of its own, named by its utterance."""
    names = sorted({value for value in values if value is not None})
    number = {name: n for n, name in enumerate(names)}
    groups = np.empty(len(values), dtype=np.int64)
    for row, value in enumerate(values):
        if value is None:
            names.append(rows.utterances[row].id)
            groups[row] = len(names) - 1
        else:
            groups[row] = number[value]
    return groups, tuple(names)


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


def _check_groups(rows: LabelledUtterances, groups: NDArray[np.int64], known: NDArray[np.bool_], column: str) -> None:
    """Raise BadSplit if a class has fewer than two groups, one for each part."""
    for value, name in enumerate(rows.target.names):
        count = len(set(groups[known & (rows.target.values == value)].tolist()))
        if count < 2:
            many = f"{count} value of '{column}'" if count == 1 else f"no value of '{column}'"
            raise BadSplit(
                f"a split by {column} puts each {column} into one part, but class {name} has {many}. "
                f"{_suggestion(rows, but=column)}"
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
    values = rows.column(column)
    groups: dict[int, set[str]] = {}
    for value, label in zip(values, rows.target.values.tolist(), strict=True):
        if value is not None:
            groups.setdefault(label, set()).add(value)
    known = [value for value in values if value is not None]
    repeats = len(set(known)) < len(known)
    return repeats and len(groups) == len(rows.target.names) and all(len(names) >= 2 for names in groups.values())


def _shared_speakers(rows: LabelledUtterances, train: NDArray[np.bool_], test: NDArray[np.bool_]) -> str:
    speakers = np.array([speaker or "" for speaker in rows.column("speaker")])
    shared = (set(speakers[train].tolist()) & set(speakers[test].tolist())) - {""}
    if not shared:
        return ""
    many = f"{len(shared)} speakers are" if len(shared) > 1 else "1 speaker is"
    return f"{many} in both parts: the probe may recognise who speaks instead of what is asked"


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
