"""Train/test splits: disjoint in speakers or another column, by parts that a column names, or of single utterances.

The grammar is that of every component: ``speaker``, ``utterance``, ``group:COLUMN``, ``column:COLUMN``, with options
(``speaker,test=0.3,balance=class``). No split that is drawn parts utterances that are the same audio.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from neuroscope.contracts.task import Split
from neuroscope.data.splitting.drawing import GroupDrawer
from neuroscope.data.splitting.grouping import group_by
from neuroscope.data.splitting.warnings import warnings_of
from neuroscope.defaults import LEFT_OUT_PARTS, TEST, TRAIN
from neuroscope.errors import BadOption, BadSplit, UnknownName
from neuroscope.plugin import options

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from numpy.typing import NDArray

    from neuroscope.contracts.audio import Utterance
    from neuroscope.data.labelling import LabelledUtterances
    from neuroscope.data.splitting.grouping import Grouping

Balance = Literal["none", "class", "train"]
TRIES = 100
"""Draws in which another split is looked for, where a run's own is that of an earlier run."""
_FORMS = ("speaker", "utterance", "group:COLUMN", "column:COLUMN")
_Draw: TypeAlias = Callable[[int, int], Split]
"""Draws a split: a seed, and how often it was drawn with before."""


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
    return Splitter(text, rows).draw(seed)


class Splitter:
    """The maker of the splits that a text asks for; what is the same for all seeds is made once.

    Args:
        text: in the grammar above.
        rows: what to split.

    Raises:
        BadSplit: none can be made, with the columns that would do.
        BadOption: the text cannot be read.
    """

    def __init__(self, text: str, rows: LabelledUtterances) -> None:
        name, given = options.parse(text)
        form, _, column = name.partition(":")
        makers: Mapping[str, Callable[..., tuple[_Draw, Grouping]]] = {
            "speaker": _by_group,
            "utterance": _by_utterance,
            "group": _by_group,
            "column": _by_column,
        }
        if form not in makers or not (column if form in {"group", "column"} else name == form):
            raise UnknownName("split", name, _FORMS)
        if absent := _absent_classes(rows, slice(None)):
            raise BadSplit(f"class {absent[0]} has no utterance")
        known = options.options_of(makers[form])
        converted = options.convert_all(given, known, of=f"split {name}")
        kept = {key: value for key, value in converted.items() if value != known[key].default}
        self._rows, self._column, self._name = rows, column or form, options.join(name, kept)
        self._draw, self._grouping = makers[form](rows, self._column, **converted)

    def draw(self, seed: int) -> Split:
        """Draw a split.

        Raises:
            BadSplit: a part lacks a class.
        """
        made = self._draw(seed, 0)
        if lacking := self._lacking(made):
            raise BadSplit(
                f"{lacking}. {'' if made.fixed else _about_joined(self._rows, self._grouping)}"
                f"{_suggestion(self._rows, but=self._column)}"
            )
        return self._finished(made)

    def draw_unlike(self, known: Collection[tuple[bytes, bytes]], seed: int) -> Split | None:
        """Draw a split whose parts are none of the known: the seed's own, else others; None where no draw finds one."""
        for attempt in range(TRIES):
            made = self._draw(seed, attempt)
            if parts_of(made) not in known and not self._lacking(made):
                return self._finished(made)
        return None

    def _lacking(self, made: Split) -> str:
        """Say which class a part lacks; empty = none."""
        for part, which in ((made.train, "train"), (made.test, "test")):
            if absent := _absent_classes(self._rows, part):
                return f"class {absent[0]} has no utterance in the {which} part"
        return ""

    def _finished(self, made: Split) -> Split:
        warning = "\n".join(warnings_of(made, self._rows, self._grouping))
        return replace(made, name=self._name, warning=warning, audio=self._rows.same_audio)


def parts_of(made: Split) -> tuple[bytes, bytes]:
    """Digest the two parts of a split: equal digests, the same groups in both, or the same rows where it parts groups.

    Which rows of its groups a balance leaves out makes no other split: it tells nothing of other speakers.
    """
    train_groups, test_groups = (np.unique(made.groups[part]) for part in (made.train, made.test))
    whole = not np.intersect1d(train_groups, test_groups).size
    parts = (train_groups, test_groups) if whole else (made.train, made.test)
    train, test = (hashlib.blake2b(np.ascontiguousarray(part).data).digest() for part in parts)
    return train, test


def _by_group(
    rows: LabelledUtterances, column: str, *, test: float = 0.3, balance: Balance = "none"
) -> tuple[_Draw, Grouping]:
    """Draw groups of a column, each wholly in one part, stratified by the classes that a group has."""
    _check_share(test)
    grouping = group_by(rows, column)
    groups, known = grouping.groups, grouping.known
    if not known.any():
        raise BadSplit(f"there is no column '{column}' to split by. {_suggestion(rows, but=column)}")
    left_out = {f"no {column}": missing} if (missing := int((~known).sum())) else {}
    _check_groups(rows, grouping)
    drawer = GroupDrawer(groups[known], rows.target.values[known], test)

    def draw(seed: int, attempt: int) -> Split:
        in_test = np.isin(groups, drawer.draw(seed, attempt))
        train, tested = np.flatnonzero(known & ~in_test), np.flatnonzero(known & in_test)
        made = _split(train, tested, grouping, left_out=left_out, fixed=False)
        return _balanced(made, rows, balance, seed, attempt)

    return draw, grouping


def _by_utterance(
    rows: LabelledUtterances, column: str, *, test: float = 0.3, balance: Balance = "none"
) -> tuple[_Draw, Grouping]:
    """Draw single utterances at random, stratified by class, whoever speaks; the same audio is drawn once."""
    del column  # every maker is called alike
    _check_share(test)
    audio, values = rows.same_audio, rows.target.values
    different = Counter(value for _, value in set(zip(audio.tolist(), values.tolist(), strict=True)))
    if single := [rows.target.names[value] for value, count in different.items() if count < 2]:
        same = Counter(values.tolist())[rows.target.names.index(single[0])]
        what = "has one utterance" if same == 1 else f"has {same} utterances, all of the same audio"
        raise BadSplit(f"class {single[0]} {what}, so it cannot be in both parts")
    drawer, grouping = GroupDrawer(audio, values, test), group_by(rows, "speaker")

    def draw(seed: int, attempt: int) -> Split:
        in_test = np.isin(audio, drawer.draw(seed, attempt))
        made = _split(np.flatnonzero(~in_test), np.flatnonzero(in_test), grouping, left_out={}, fixed=False)
        return _balanced(made, rows, balance, seed, attempt)

    return draw, grouping


def _by_column(
    rows: LabelledUtterances,
    column: str,
    *,
    train: str = TRAIN,
    test: str = TEST,
    balance: Balance = "none",
) -> tuple[_Draw, Grouping]:
    """Take the parts that a column names; development parts are left out and counted, another value is an error."""
    values = rows.column(column)
    if all(value is None for value in values):
        raise BadSplit(f"there is no column '{column}' that names the parts. {_suggestion(rows, but=column)}")
    trains, tests = set(train.split("+")), set(test.split("+"))
    known = {*trains, *tests, *LEFT_OUT_PARTS}
    if strange := sorted({value for value in values if value is not None} - known):
        raise BadSplit(
            f"column '{column}' holds {', '.join(strange[:10])} beside train={train} and test={test}; name the parts "
            f"with --split column:{column},train=A+B,test=C, or leave rows out with --where"
        )
    if both := sorted(trains & tests):
        raise BadOption(f"column '{column}': {both[0]} is in train={train} and in test={test}")
    if not all(any(value in part for value in values) for part in (trains, tests)):
        raise BadSplit(
            f"column '{column}' has no row with train={train}, or none with test={test}; it holds "
            f"{', '.join(sorted({value for value in values if value is not None})[:10])}: name the parts with --split "
            f"column:{column},train=A,test=B. {_suggestion(rows, but=column)}"
        )
    in_train = np.array([value in trains for value in values])
    in_test = np.array([value in tests for value in values])
    left = Counter(_value_text(column, value) for value in values if value not in trains | tests)
    part = in_train + 2 * in_test  # what is the same audio in another part is no reason to join groups of this one
    grouping = group_by(rows, "speaker", 3 * rows.same_audio + part)
    made = _split(np.flatnonzero(in_train), np.flatnonzero(in_test), grouping, left_out=dict(left), fixed=True)
    balanced = _balanced(made, rows, balance, seed=0, attempt=0)  # the parts are given: no draw may depend on the run
    return lambda seed, attempt: balanced, grouping


def _split(
    train: NDArray[np.int64],
    test: NDArray[np.int64],
    grouping: Grouping,
    *,
    left_out: Mapping[str, int],
    fixed: bool,
) -> Split:
    return Split(
        name="",
        train=train,
        test=test,
        groups=grouping.groups,
        group_names=grouping.names,
        grouped_by=grouping.column,
        fixed=fixed,
        left_out=left_out,
    )


def _value_text(column: str, value: str | None) -> str:
    return f"no {column}" if value is None else f"{column}={value}"


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
    found = f"What would do: {', '.join(ways)}" if ways else "No column would do"
    has = "has" if any(rows.column("speaker")) else "may have"
    return (
        f"{found}; --split utterance draws utterances at random and {has} the same voices in both parts: it measures "
        "whether known voices are told apart, which is another question unless the classes are speakers."
    )


def _can_split_by(rows: LabelledUtterances, column: str) -> bool:
    """Tell whether each class has two groups of the column, and groups are more than single rows."""
    grouping = group_by(rows, column)
    groups, labels = grouping.groups[grouping.known], rows.target.values[grouping.known]
    repeats = len(np.unique(groups)) < len(np.unique(rows.same_audio[grouping.known]))
    return repeats and all(len(np.unique(groups[labels == value])) >= 2 for value in range(len(rows.target.names)))


def _balanced(made: Split, rows: LabelledUtterances, balance: Balance, seed: int, attempt: int) -> Split:
    """Cut the larger classes at random to the size of the smallest, in both parts or in train alone."""
    if balance == "none":
        return made
    rng = np.random.default_rng([seed, 0xBA1A, attempt])
    train = _cut_to_smallest(made.train, rows.target.values, rng)
    test = _cut_to_smallest(made.test, rows.target.values, rng) if balance == "class" else made.test
    dropped = len(made.train) + len(made.test) - len(train) - len(test)
    return replace(made, train=train, test=test, left_out={**made.left_out, "to balance the classes": dropped})


def _cut_to_smallest(part: NDArray[np.int64], values: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    by_class = [part[values[part] == value] for value in np.unique(values[part])]
    least = min(map(len, by_class))
    return np.sort(np.concatenate([rng.permutation(members)[:least] for members in by_class]))
