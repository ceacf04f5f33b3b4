"""The functions and constants of VBA that need no Office."""

import math
from collections.abc import Callable
from typing import Any

from tests.vba.values import (
    EMPTY,
    Array,
    Date,
    Empty,
    ErrorValue,
    VbaError,
    mismatch,
    to_boolean,
    to_long,
    to_number,
    to_string,
    written,
)

CONSTANTS: dict[str, Any] = {
    "vblf": "\n",
    "vbcr": "\r",
    "vbtab": "\t",
    "vbboolean": 11,
    "vbstring": 8,
    "vbdate": 7,
    "vbinformation": 64,
    "vbexclamation": 48,
}


def _length(value: Any) -> int:
    number = to_long(value)
    if number < 0:
        raise VbaError(5, "Invalid procedure call or argument")
    return number


def _mid(text: Any, start: Any, length: Any = None) -> str:
    first = to_long(start)
    if first < 1:
        raise VbaError(5, "Invalid procedure call or argument")
    return to_string(text)[first - 1 : None if length is None else first - 1 + _length(length)]


def _right(text: Any, length: Any) -> str:
    count = _length(length)
    return to_string(text)[-count:] if count else ""


def _as_compared(text: Any, compare: Any) -> str:
    """Binary comparison (0) minds upper and lower case, textual comparison (1) does not."""
    return to_string(text).lower() if to_long(compare) == 1 else to_string(text)


def _position(start: Any, text: Any, wanted: Any, compare: Any) -> int:
    if to_long(start) < 1:
        raise VbaError(5, "Invalid procedure call or argument")
    if to_long(start) > len(to_string(text)):
        return 0
    return _as_compared(text, compare).find(_as_compared(wanted, compare), to_long(start) - 1) + 1


def _split(text: Any, separator: Any) -> Array:
    value = to_string(text)
    return Array(list(value.split(to_string(separator))) if value else [], 0, lambda item: item)


def _replace(text: Any, wanted: Any, other: Any) -> str:
    return to_string(text).replace(to_string(wanted), to_string(other)) if to_string(wanted) else to_string(text)


def _character(code: Any) -> str:
    number = to_long(code)
    if not -32768 <= number <= 65535:
        raise VbaError(5, "Invalid procedure call or argument")
    return chr(number % 65536)


def _code(text: Any) -> int:
    """An Integer: codes from 32,768 on are negative."""
    value = to_string(text)
    if not value:
        raise VbaError(5, "Invalid procedure call or argument")
    code = ord(value[0])
    return code - 65536 if code > 32767 else code


def _spelled(number: Any) -> str:
    """As Str does it: a blank in front of what is not negative, no zero in front of the point."""
    value = to_number(number)
    text = written(float(value)).replace("0.", ".", 1) if abs(value) < 1 and value else written(float(value))
    return text if value < 0 else f" {text}"


def _date(value: Any) -> Date:
    if isinstance(value, (Date, int, float)):
        return value if isinstance(value, Date) else Date(float(value))
    raise mismatch()


def _kind(value: Any) -> int:
    kinds = {bool: 11, int: 3, float: 5, str: 8, Date: 7, ErrorValue: 10, Empty: 0}
    return kinds[type(value)]


def _hexadecimal(value: Any) -> str:
    return f"{to_long(value) % 2**32:X}"


def _upper_bound(array: Any, dimension: Any = 1) -> int:
    if not isinstance(array, Array):
        raise mismatch()
    return array.upper(to_long(dimension))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "array": lambda *items: Array(list(items), 0, lambda item: item),
    "ascw": _code,
    "cdate": _date,
    "cdbl": lambda value: float(to_number(value)),
    "chrw": _character,
    "clng": to_long,
    "cstr": to_string,
    "day": lambda value: _date(value).moment.day,
    "hex": _hexadecimal,
    "iif": lambda condition, yes, no: yes if to_boolean(condition) else no,
    "instr": _position,
    "int": lambda value: float(math.floor(to_number(value))),
    "isempty": lambda value: value is EMPTY,
    "iserror": lambda value: isinstance(value, ErrorValue),
    "lcase": lambda text: to_string(text).lower(),
    "left": lambda text, length: to_string(text)[: _length(length)],
    "len": lambda text: len(to_string(text)),
    "mid": _mid,
    "month": lambda value: _date(value).moment.month,
    "replace": _replace,
    "rgb": lambda red, green, blue: to_long(red) + 256 * to_long(green) + 65536 * to_long(blue),
    "right": _right,
    "split": _split,
    "str": _spelled,
    "trim": lambda text: to_string(text).strip(" "),
    "ubound": _upper_bound,
    "ucase": lambda text: to_string(text).upper(),
    "vartype": _kind,
    "year": lambda value: _date(value).moment.year,
}

# The types of what they give, where it is always the same.
RETURNS: dict[str, str] = {
    **dict.fromkeys(("cstr", "hex", "lcase", "left", "mid", "replace", "right", "str", "trim", "ucase", "chrw"), "string"),
    **dict.fromkeys(("ascw", "clng", "day", "instr", "len", "month", "rgb", "ubound", "vartype", "year"), "long"),
    **dict.fromkeys(("cdbl", "int"), "double"),
    **dict.fromkeys(("isempty", "iserror"), "boolean"),
}
