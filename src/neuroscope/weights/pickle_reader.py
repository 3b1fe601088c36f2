"""A pickle read as data: its opcodes are followed on a stack of plain values, and no class of it is made or called.

Python's own unpickler calls what a file names; with a restricted ``find_class`` it still sets attributes, hashes and
allocates what the file says. Here an opcode does what is written below, or is refused. ``pickletools`` splits the
bytes into opcodes.
"""

from __future__ import annotations

import pickletools
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Protocol

from neuroscope.weights.constructors import call, items_read, pairs_read, refuse_hostile, storage
from neuroscope.weights.inert import DROPPED, LARGEST_PICKLE, MOST_STEPS, Attributes, Foreign, Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...
    def readline(self, size: int, /) -> bytes: ...


class Bounded:
    """A stream that gives no more than so many bytes, so that no length in it is believed before it is there.

    Args:
        stream: at its begin.
        most: bytes that may be read of it.
    """

    def __init__(self, stream: _Readable, most: int = LARGEST_PICKLE) -> None:
        self._stream, self._left = stream, most

    def read(self, size: int = -1, /) -> bytes:
        """Read exactly so many bytes.

        Raises:
            Unreadable: that many are not there.
        """
        found = b"" if not 0 <= size <= self._left else self._stream.read(size)
        self._left -= size
        if len(found) != size:
            raise Unreadable("it is cut off, damaged, or too large beside its tensors")
        return found

    def readline(self) -> bytes:
        """Read to the end of a line.

        Raises:
            Unreadable: it does not end.
        """
        found = self._stream.readline(self._left)
        self._left -= len(found)
        if not found.endswith(b"\n"):
            raise Unreadable("it is cut off, damaged, or too large beside its tensors")
        return found


def read_pickle(stream: BinaryIO, steps: int | None = None, items: dict[str, int] | None = None) -> Any:
    """Read one pickle from where the stream is, and leave the stream behind it.

    Args:
        stream: binary.
        steps: opcodes and copied items that are allowed; None = as many as any model has.
        items: receives each storage that is referred to, by its name: bytes of a number in it.

    Returns:
        dicts (ordered ones as such, ``Attributes`` for a namespace), lists, tuples, sets, texts, bytes, numbers, None;
        ``TensorPlace``, ``StoragePlace`` and ``Foreign`` for the rest.

    Raises:
        Unreadable: it is damaged, too large, or holds what is not read.
    """
    return _Machine(MOST_STEPS if steps is None else steps, {} if items is None else items).run(Bounded(stream))


class _Machine:
    """The stack, the marks in it, and the memo of one pickle."""

    def __init__(self, steps: int, items: dict[str, int]) -> None:
        self._items = items
        self._stack: list[Any] = []
        self._marks: list[list[Any]] = []
        self._memo: dict[int, Any] = {}
        self._left = steps

    def run(self, stream: Bounded) -> Any:
        for opcode, argument, _ in pickletools.genops(stream):  # type: ignore[arg-type]
            self._charge(1)
            if opcode.name == "STOP":
                if len(self._stack) != 1 or self._marks:
                    raise Unreadable("it is damaged: more than one object is left")
                return self._pop()
            follow = _FOLLOW.get(opcode.name)
            if follow is None:
                raise Unreadable(f"it uses {opcode.name}, which torch does not")
            follow(self, argument)
        raise Unreadable("it is cut off")

    def _charge(self, steps: int) -> None:
        self._left -= steps
        if self._left < 0:
            raise Unreadable("it holds more objects than any model beside its tensors")

    def _pop(self) -> Any:
        if not self._stack:
            raise Unreadable("it is damaged: an object is missing")
        return self._stack.pop()

    def _top(self) -> Any:
        if not self._stack:
            raise Unreadable("it is damaged: an object is missing")
        return self._stack[-1]

    def _since_mark(self) -> list[Any]:
        if not self._marks:
            raise Unreadable("it is damaged: a mark is missing")
        items, self._stack = self._stack, self._marks.pop()
        return items

    def push(self, value: object) -> None:
        self._stack.append(value)

    def mark(self, _: object) -> None:
        self._marks.append(self._stack)
        self._stack = []

    def pop(self, _: object) -> None:
        if self._stack or not self._marks:
            self._pop()
        else:
            self._since_mark()

    def pop_mark(self, _: object) -> None:
        self._since_mark()

    def duplicate(self, _: object) -> None:
        self.push(self._top())

    def put(self, place: int) -> None:
        self._memo[place] = self._top()

    def memoize(self, _: object) -> None:
        self._memo[len(self._memo)] = self._top()

    def get(self, place: int) -> None:
        if place not in self._memo:
            raise Unreadable("it is damaged: it refers to an object that is not there")
        self.push(self._memo[place])

    def text(self, value: str) -> None:
        """A text of Python 2: bytes, in which texts were written too."""
        content = value.encode("latin-1")
        try:
            self.push(content.decode("utf-8"))
        except UnicodeDecodeError:
            self.push(content)

    def name(self, value: str) -> None:
        self._named(*value.split(" ", 1))

    def name_on_stack(self, _: object) -> None:
        name, module = self._pop(), self._pop()
        if not isinstance(name, str) or not isinstance(module, str):
            raise Unreadable("it is damaged: a name is no text")
        self._named(module, name)

    def _named(self, module: str, name: str) -> None:
        found = Foreign(module, name)
        refuse_hostile(found)
        self.push(found)

    def reduce(self, _: object) -> None:
        given, function = self._pop(), self._pop()
        self.push(call(function, given, self._charge))

    def new_with_names(self, _: object) -> None:
        named, given, cls = self._pop(), self._pop(), self._pop()
        if not isinstance(named, dict):
            raise Unreadable("it is damaged: named arguments are no dictionary")
        self.push(call(cls, given, self._charge))

    def instance(self, value: str) -> None:
        given = tuple(self._since_mark())
        self.name(value)
        self.push(call(self._pop(), given, self._charge))

    def instance_on_stack(self, _: object) -> None:
        cls, *given = self._since_mark() or [None]
        self.push(call(cls, tuple(given), self._charge))

    def build(self, _: object) -> None:
        """State is kept of namespaces alone, and of an ordered dictionary the versions of a network's modules."""
        state, target = self._pop(), self._top()
        if isinstance(target, Attributes):
            given = state if isinstance(state, dict) else {DROPPED: None}
            self._charge(len(given))
            target.update({key if isinstance(key, str) else DROPPED: each for key, each in given.items()})
        elif isinstance(target, OrderedDict):
            if isinstance(state, dict) and isinstance(metadata := state.get("_metadata"), dict):
                target._metadata = metadata  # type: ignore[attr-defined]
        elif not isinstance(target, Foreign):
            raise Unreadable(f"it gives attributes to what has none ({type(target).__name__})")

    def persistent(self, _: object) -> None:
        self.push(storage(self._pop(), self._items))

    def append(self, _: object) -> None:
        value = self._pop()
        self._extend([value])

    def extend(self, _: object) -> None:
        self._extend(self._since_mark())

    def _extend(self, items: list[Any]) -> None:
        target = self._top()
        if isinstance(target, list):
            target.extend(items)
        elif not isinstance(target, Foreign):
            raise Unreadable(f"it appends to what is no list ({type(target).__name__})")

    def add(self, _: object) -> None:
        items, target = self._since_mark(), self._top()
        if isinstance(target, set):
            target.update(items_read(items))
        elif not isinstance(target, Foreign):
            raise Unreadable(f"it adds to what is no set ({type(target).__name__})")

    def set_item(self, _: object) -> None:
        value, key = self._pop(), self._pop()
        self._set([key, value])

    def set_items(self, _: object) -> None:
        self._set(self._since_mark())

    def _set(self, items: list[Any]) -> None:
        target = self._top()
        if isinstance(target, dict) and not isinstance(target, Attributes):
            target.update(self._pairs(items))
        elif not isinstance(target, Foreign):
            raise Unreadable(f"it sets items of what is no dictionary ({type(target).__name__})")

    def _pairs(self, items: list[Any]) -> dict[Any, Any]:
        if len(items) % 2:
            raise Unreadable("it is damaged: a key has no value")
        return pairs_read(zip(items[::2], items[1::2], strict=True))

    def new_list(self, _: object) -> None:
        self.push(self._since_mark())

    def new_dict(self, _: object) -> None:
        self.push(self._pairs(self._since_mark()))

    def new_tuple(self, _: object) -> None:
        self.push(tuple(self._since_mark()))

    def new_frozenset(self, _: object) -> None:
        self.push(frozenset(items_read(self._since_mark())))

    def tuple_of(self, size: int) -> None:
        items = [self._pop() for _ in range(size)]
        self.push(tuple(reversed(items)))


_FOLLOW: dict[str, Callable[[_Machine, Any], None]] = {
    **dict.fromkeys(
        ("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"), _Machine.push
    ),
    **dict.fromkeys(("UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"), _Machine.push),
    **dict.fromkeys(("SHORT_BINBYTES", "BINBYTES", "BINBYTES8"), _Machine.push),
    **dict.fromkeys(("STRING", "BINSTRING", "SHORT_BINSTRING"), _Machine.text),
    **dict.fromkeys(("PROTO", "FRAME"), lambda machine, _: None),
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT"), _Machine.put),
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), _Machine.get),
    **dict.fromkeys(("REDUCE", "NEWOBJ"), _Machine.reduce),
    "BYTEARRAY8": lambda machine, value: machine.push(bytes(value)),
    "NONE": lambda machine, _: machine.push(None),
    "NEWTRUE": lambda machine, _: machine.push(True),
    "NEWFALSE": lambda machine, _: machine.push(False),
    "EMPTY_DICT": lambda machine, _: machine.push({}),
    "EMPTY_LIST": lambda machine, _: machine.push([]),
    "EMPTY_TUPLE": lambda machine, _: machine.push(()),
    "EMPTY_SET": lambda machine, _: machine.push(set()),
    "TUPLE1": lambda machine, _: machine.tuple_of(1),
    "TUPLE2": lambda machine, _: machine.tuple_of(2),
    "TUPLE3": lambda machine, _: machine.tuple_of(3),
    "MEMOIZE": _Machine.memoize,
    "MARK": _Machine.mark,
    "POP": _Machine.pop,
    "POP_MARK": _Machine.pop_mark,
    "DUP": _Machine.duplicate,
    "GLOBAL": _Machine.name,
    "STACK_GLOBAL": _Machine.name_on_stack,
    "NEWOBJ_EX": _Machine.new_with_names,
    "INST": _Machine.instance,
    "OBJ": _Machine.instance_on_stack,
    "BUILD": _Machine.build,
    "BINPERSID": _Machine.persistent,
    "APPEND": _Machine.append,
    "APPENDS": _Machine.extend,
    "ADDITEMS": _Machine.add,
    "SETITEM": _Machine.set_item,
    "SETITEMS": _Machine.set_items,
    "LIST": _Machine.new_list,
    "DICT": _Machine.new_dict,
    "TUPLE": _Machine.new_tuple,
    "FROZENSET": _Machine.new_frozenset,
}
