"""Settings of a checkpoint, made safe to hand to s3prl, which runs some texts of them as code (``eval``).

What s3prl evaluates is written anew, from numbers that were read here; what names a function of a library has to be one
of those known; and no text elsewhere in the settings may look like code either.
"""

from __future__ import annotations

import ast
import operator
import re
from typing import TYPE_CHECKING, Any

from neuroscope import BadOption

if TYPE_CHECKING:
    from collections.abc import Mapping

EVALUATED = frozenset(
    {
        "conv_feature_layers",
        "conv_aggregator_layers",
        "extractor_conv_feature_layers",
        "latent_temp",
        "override_encoder_layers",
        "vq_temp",
        "xformers_att_config",
    }
)
"""Settings that s3prl 0.4.18 gives to ``eval``, or to ``ast.literal_eval``, when they are texts."""

FEATURES = ("complx", "fbank", "linear", "mel", "mfcc", "phase", "spectrogram", "wav")
"""What a front end of s3prl can be: functions of ``torchaudio.compliance.kaldi``, and outputs of its own front end."""

_CODE = re.compile(r"[()\[\]{}]|\blambda\b|__")
_REFERENCE = re.compile(r"\$\{[\w.]+\}")  # to another setting, by OmegaConf; s3prl reads it as a text
_LARGEST = 65_536  # of a number in what is evaluated: channels, kernel, stride
_MOST = 1_000  # numbers in what is evaluated
_LARGEST_SETTING = 2**40
_LONGEST = 2**20  # characters of one text: a dictionary of target symbols is long, and is no setting
_DEEPEST = 20
_Number = int | float


def checked(settings: object, file: str) -> dict[str, Any]:
    """Copy a checkpoint's settings, of which nothing can run, or make s3prl build without end.

    Args:
        settings: texts, numbers, truth values, None, lists, tuples and dictionaries of these.
        file: whose settings they are, for the error.

    Returns:
        the copy, in which texts that s3prl evaluates are literals of numbers.

    Raises:
        BadOption: a setting is none of these, or reads like code, or its number is out of all bounds.
    """
    if not isinstance(settings, dict):
        raise BadOption(f"{file}: its settings are a {type(settings).__name__}, and no dictionary")
    return {_key(key, file): _checked(value, (str(key),), file) for key, value in settings.items()}


def _key(key: object, file: str) -> str:
    if not isinstance(key, str) or not key.isprintable() or len(key) > 200:
        raise BadOption(f"{file}: one of its settings has the name {str(key)[:40]!r}, which is none")
    return key


def _checked(value: object, where: tuple[str, ...], file: str) -> Any:
    name, about = where[-1], f"{file}: its setting {'.'.join(where)}"
    if len(where) > _DEEPEST:
        raise BadOption(f"{file}: its settings lie {_DEEPEST} deep in one another")
    if name in EVALUATED:
        return _evaluated(value, about)
    if name == "feat_type" and value not in FEATURES:
        raise BadOption(f"{about} is {str(value)[:60]!r}; a front end is one of {', '.join(FEATURES)}")
    if name == "dither" and value not in (0, None):
        raise BadOption(f"{about} is {str(value)[:20]}: its front end would add noise, and no two runs be the same")
    if isinstance(value, dict):
        return {_key(key, file): _checked(each, (*where, str(key)), file) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)([_checked(each, (*where, str(number)), file) for number, each in enumerate(value)])
    return _text(value, about) if isinstance(value, str) else _plain_value(value, about)


def _plain_value(value: object, about: str) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if not isinstance(value, _Number):
        raise BadOption(f"{about} is a {type(value).__name__}, which is no setting")
    if not abs(value) <= _LARGEST_SETTING:
        raise BadOption(f"{about} is {value:.3g}, a number out of all bounds")
    return value


def _text(text: str, about: str) -> str:
    if len(text) > _LONGEST:
        raise BadOption(f"{about} is a text of {len(text):,} characters")
    # A path (/data (old)/x) cannot run: nothing that begins with a stroke is an expression of Python.
    if _CODE.search(text) and not _REFERENCE.fullmatch(text) and not text.startswith("/"):
        literal(text, about)
    return text


def _evaluated(value: object, about: str) -> Any:
    """Write anew what s3prl evaluates: a text stays one, of the same numbers."""
    if value is None or isinstance(value, bool) or value == "":
        return value
    if isinstance(value, str):
        return repr(literal(value, about))
    return literal(repr(value), about)


def literal(text: str, about: str) -> Any:
    """Read numbers, tuples and lists of them, with + and *: ``[(512, 10, 5)] + [(512, 3, 2)] * 4``.

    Raises:
        BadOption: the text is anything else, or comes to more than a thousand numbers.
    """
    try:
        if len(text) > 10_000:
            raise _NoLiteral
        value = _value(ast.parse(text.strip(), mode="eval").body)
        if _count(value) > _MOST:
            raise _NoLiteral
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        shown = text if len(text) <= 60 else f"{text[:60]}…"
        raise BadOption(
            f"{about} is {shown!r}, which s3prl would run as code; expected are numbers, tuples and lists of them, + "
            "and *, such as [(512, 10, 5)] + [(512, 3, 2)] * 4"
        ) from None
    return value


class _NoLiteral(ValueError):
    """A text that is no arithmetic of numbers, or a very large one."""


_OPERATORS: Mapping[type[ast.operator], Any] = {ast.Add: operator.add, ast.Mult: operator.mul}


def _value(node: ast.expr) -> Any:
    if isinstance(node, ast.Constant):
        return _number(node.value)
    if isinstance(node, ast.Tuple | ast.List):
        values = [_value(each) for each in node.elts]
        return tuple(values) if isinstance(node, ast.Tuple) else values
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        operand = _value(node.operand)
        if isinstance(operand, _Number):
            return -operand
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        return _combined(_OPERATORS[type(node.op)], _value(node.left), _value(node.right))
    raise _NoLiteral


def _combined(operation: Any, left: Any, right: Any) -> Any:
    """Add or multiply two values, whose result stays as small as a literal has to be."""
    numbers = isinstance(left, _Number), isinstance(right, _Number)
    if operation is operator.add and (all(numbers) or type(left) is type(right)):
        result = left + right
    elif operation is operator.mul and any(numbers):
        times = [each for each in (left, right) if isinstance(each, int)]
        if not all(numbers) and (not times or times[0] * max(_count(left), _count(right)) > _MOST):
            raise _NoLiteral
        result = left * right
    else:
        raise _NoLiteral
    if isinstance(result, _Number):
        return _number(result)
    if _count(result) > _MOST:
        raise _NoLiteral
    return result


def _number(value: object) -> _Number:
    if isinstance(value, bool) or not isinstance(value, _Number) or not abs(value) <= _LARGEST:
        raise _NoLiteral
    return value


def _count(value: Any) -> int:
    return 1 if isinstance(value, _Number) else 1 + sum(map(_count, value))
