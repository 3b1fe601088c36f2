"""What the few names mean that a checkpoint may call: how tensors, and containers of the standard library, are rebuilt.

Each constructor gets arguments that may be anything, and checks them; a name that is not here becomes ``Foreign``.
Source of the tensors' arguments: ``torch/_utils.py`` and ``torch/serialization.py`` of PyTorch 2.
"""

from __future__ import annotations

from collections import OrderedDict
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from neuroscope.weights.inert import (
    DROPPED,
    Attributes,
    Foreign,
    StoragePlace,
    TensorPlace,
    Unreadable,
    is_size,
    tensor_place,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

KINDS = MappingProxyType(
    {
        **{"float64": 8, "float32": 4, "float16": 2, "bfloat16": 2, "complex32": 4, "complex64": 8, "complex128": 16},
        **{"int64": 8, "int32": 4, "int16": 2, "int8": 1, "uint8": 1, "uint16": 2, "uint32": 4, "uint64": 8, "bool": 1},
        **{"float8_e4m3fn": 1, "float8_e5m2": 1, "float8_e4m3fnuz": 1, "float8_e5m2fnuz": 1},
    }
)
"""Numbers that are read, and the bytes of each."""

_STORAGES = {
    **{"DoubleStorage": "float64", "FloatStorage": "float32", "HalfStorage": "float16", "BFloat16Storage": "bfloat16"},
    **{"LongStorage": "int64", "IntStorage": "int32", "ShortStorage": "int16", "CharStorage": "int8"},
    **{"ByteStorage": "uint8", "BoolStorage": "bool"},
    **{"ComplexFloatStorage": "complex64", "ComplexDoubleStorage": "complex128"},
}
_NO_KIND = ("UntypedStorage", "_UntypedStorage")
_ITEMS = MappingProxyType(
    {
        **dict.fromkeys(_NO_KIND, 1),
        **{"QInt8Storage": 1, "QUInt8Storage": 1, "QInt32Storage": 4, "QUInt4x2Storage": 1, "QUInt2x4Storage": 1},
    }
)
"""Bytes of a number in storages whose tensors are not read, or that do not say what they hold."""
_TENSORS = (Foreign("torch", "Tensor"), Foreign("torch._tensor", "Tensor"), Foreign("torch.nn.parameter", "Parameter"))
_OBJECTS = (Foreign("builtins", "object"), Foreign("__builtin__", "object"))
UNREAD = Foreign("torch", "Tensor")
"""A tensor of a kind that is not read: quantized, sparse, without numbers, or of a class of its own."""
_HOSTILE = frozenset(
    {"os", "posix", "nt", "subprocess", "sys", "socket", "shutil", "pty", "runpy", "ctypes", "commands"}
)
_HOSTILE_NAMES = frozenset({"eval", "exec", "compile", "open", "__import__", "breakpoint", "input"})


def call(function: object, given: object, charge: Callable[[int], None]) -> object:
    """Build what a checkpoint asks for, if it is one of the few things known; nothing that it names is called.

    Args:
        function: what it names.
        given: the arguments, a tuple.
        charge: is told how many items are copied.

    Raises:
        Unreadable: the arguments do not fit.
    """
    if not isinstance(function, Foreign) or not isinstance(given, tuple):
        raise Unreadable("it calls what is no class or function")
    build = _CONSTRUCTORS.get((function.module, function.name))
    return function if build is None else build(given, charge)


def refuse_hostile(function: Foreign) -> None:
    """Refuse what no model asks for. Nothing would be run anyway: the user is told what kind of file this is.

    Raises:
        Unreadable: it runs commands or code.
    """
    top = function.module.partition(".")[0]
    if top in _HOSTILE or (top in {"builtins", "__builtin__", "io", "_io"} and function.name in _HOSTILE_NAMES):
        raise Unreadable(f"it asks to run {function} when it is loaded, which no model does; nothing was run")


def storage(identity: object, items: dict[str, int]) -> StoragePlace | Foreign:
    """Read the text by which a checkpoint refers to a storage.

    Args:
        identity: what the checkpoint gives.
        items: name of a storage -> bytes of a number in it; is told of this one, also where it is of a foreign class.

    Raises:
        Unreadable: it is no reference of torch's.
    """
    if not isinstance(identity, tuple) or not identity:
        raise Unreadable("it refers to something outside that torch does not write")
    if identity[0] == "module" and len(identity) == 4 and isinstance(identity[1], Foreign):
        return identity[1]
    if identity[0] != "storage" or len(identity) not in {5, 6} or not isinstance(identity[1], Foreign):
        raise Unreadable("it refers to something outside that torch does not write")
    _, cls, key, _, count, *view = identity
    if not isinstance(key, str) or not is_size(count):
        raise Unreadable("it refers to a storage without a name or a size")
    kind = _STORAGES.get(cls.name, "")
    item = KINDS[kind] if kind else _ITEMS.get(cls.name, 0)
    if item:
        items[key] = item
    if not kind and cls.name not in _NO_KIND:
        return Foreign(cls.module, cls.name)
    begin, part = _view_of(view[0], count) if view and view[0] is not None else (0, count)
    return StoragePlace(key, kind, item, count, begin, part)


def _view_of(view: object, count: int) -> tuple[int, int]:
    if not isinstance(view, tuple) or len(view) != 3 or not is_size(view[1]) or not is_size(view[2]):
        raise Unreadable("a part of a storage is not described as torch does")
    begin, part = view[1], view[2]
    if begin + part > count:
        raise Unreadable("a part of a storage does not lie in it")
    return begin, part


def _tensor(given: tuple[Any, ...], charge: Callable[[int], None]) -> TensorPlace | Foreign:
    """``_rebuild_tensor`` and ``_rebuild_tensor_v2``: storage, offset, shape, strides, and what training needs."""
    del charge
    if len(given) < 4 or (len(given) > 6 and given[6]) or isinstance(given[0], Foreign):
        return UNREAD
    return tensor_place(given[0], None, *given[1:4])


def _tensor_of_kind(given: tuple[Any, ...], charge: Callable[[int], None]) -> TensorPlace | Foreign:
    """``_rebuild_tensor_v3``: the same with the kind of its numbers, of a storage that has none."""
    del charge
    if len(given) < 7 or (len(given) > 7 and given[7]) or not isinstance(given[6], Foreign):
        return UNREAD
    kind = given[6].name
    if given[6].module != "torch" or kind not in KINDS or isinstance(given[0], Foreign):
        return UNREAD
    return tensor_place(given[0], (kind, KINDS[kind]), *given[1:4])


def _parameter(given: tuple[Any, ...], charge: Callable[[int], None]) -> TensorPlace | Foreign:
    del charge
    return given[0] if given and isinstance(given[0], TensorPlace) else UNREAD


def _with_type(given: tuple[Any, ...], charge: Callable[[int], None]) -> object:
    """``_rebuild_from_type_v2``: a function, the class of its result, its arguments, attributes."""
    if len(given) != 4 or given[1] not in _TENSORS:
        return UNREAD
    return call(given[0], given[2], charge)


def _items_of(given: tuple[Any, ...], charge: Callable[[int], None]) -> Iterable[Any]:
    if len(given) > 1 or (given and not isinstance(given[0], list | tuple | set | frozenset)):
        raise Unreadable("a container is made of what is no list")
    items = given[0] if given else ()
    charge(len(items))
    return items


def _ordered(given: tuple[Any, ...], charge: Callable[[int], None]) -> OrderedDict[Any, Any]:
    made: OrderedDict[Any, Any] = OrderedDict()
    for pair in _items_of(given, charge):
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise Unreadable("a dictionary is made of what are no pairs")
        made |= pairs_read([pair])
    return made


def _bytes(given: tuple[Any, ...], charge: Callable[[int], None]) -> bytes:
    """``_codecs.encode(text, "latin1")``, by which pickles of before protocol 3 write bytes."""
    if len(given) != 2 or not isinstance(given[0], str) or given[1] not in ("latin1", "latin-1"):
        raise Unreadable("a text is encoded in a way that is not read")
    charge(len(given[0]))
    return given[0].encode("latin-1")


def _reconstructed(given: tuple[Any, ...], charge: Callable[[int], None]) -> object:
    """``copyreg._reconstructor``, by which pickles of before protocol 2 make objects: class, base, state."""
    if len(given) != 3 or given[1] not in _OBJECTS:
        return Foreign("copyreg", "_reconstructor")
    return call(given[0], (), charge)


def pairs_read(pairs: Iterable[Any]) -> dict[Any, Any]:
    """Make a dictionary of the pairs whose keys are texts, numbers or names; ``DROPPED`` stands for all others.

    What else could be a key costs time or depth that the file does not show: equal hashes of tuples and of large
    numbers can be had for nothing, and a deep tuple is hashed on the stack.
    """
    return {key if _is_key(key) else DROPPED: value for key, value in pairs}


def items_read(items: Iterable[Any]) -> set[Any]:
    """Make a set of such items, in the same way."""
    return {each if _is_key(each) else DROPPED for each in items}


def _is_key(key: object) -> bool:
    if isinstance(key, int):
        return -(1 << 60) < key < 1 << 60
    return isinstance(key, str | bytes | float | None | Foreign)


_CONSTRUCTORS: dict[tuple[str, str], Callable[[tuple[Any, ...], Callable[[int], None]], object]] = {
    ("torch._utils", "_rebuild_tensor"): _tensor,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch._utils", "_rebuild_tensor_v3"): _tensor_of_kind,
    ("torch._utils", "_rebuild_parameter"): _parameter,
    ("torch._utils", "_rebuild_parameter_with_state"): _parameter,
    ("torch._tensor", "_rebuild_from_type_v2"): _with_type,
    ("torch", "Size"): lambda given, charge: tuple(_items_of(given, charge)),
    ("collections", "OrderedDict"): _ordered,
    ("collections", "defaultdict"): lambda given, charge: {},
    ("argparse", "Namespace"): lambda given, charge: Attributes(),
    ("_codecs", "encode"): _bytes,
    ("copyreg", "_reconstructor"): _reconstructed,
    ("copy_reg", "_reconstructor"): _reconstructed,
}
for _module in ("builtins", "__builtin__"):
    _CONSTRUCTORS |= {
        (_module, "set"): lambda given, charge: items_read(_items_of(given, charge)),
        (_module, "frozenset"): lambda given, charge: frozenset(items_read(_items_of(given, charge))),
        (_module, "list"): lambda given, charge: list(_items_of(given, charge)),
        (_module, "tuple"): lambda given, charge: tuple(_items_of(given, charge)),
        (_module, "dict"): lambda given, charge: dict(_ordered(given, charge)),
        (_module, "bytes"): lambda given, charge: b"" if not given else Foreign("builtins", "bytes"),
    }
