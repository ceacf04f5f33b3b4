"""What VBA computes with: strings of UTF-16 units, numbers, dates, arrays, Empty; its conversions and its errors.

Python's str, int, float and bool stand for String, Integer or Long, Double and Boolean; None for Nothing. A character beyond
U+FFFF is two halves, as in Office.
"""

import datetime
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

EPOCH = datetime.datetime(1899, 12, 30)  # noqa: DTZ001 - a day in a cell has no time zone
_LOWEST, _HIGHEST = -(2**31), 2**31 - 1


class VbaError(Exception):
    """A run-time error with the number that VBA gives it."""

    def __init__(self, number: int, description: str) -> None:
        super().__init__(f"{number} {description}")
        self.number = number
        self.description = description


class Empty:
    """The value of a Variant or a cell that has none."""


EMPTY = Empty()


@dataclass(frozen=True)
class Date:
    """A date and time as days since 30/12/1899."""

    serial: float

    @property
    def moment(self) -> datetime.datetime:
        return EPOCH + datetime.timedelta(days=self.serial)


@dataclass(frozen=True)
class ErrorValue:
    """What a cell holds that shows #DIV/0! and the like."""

    text: str


class Array:
    """An array of one or two dimensions with a lowest index for both."""

    def __init__(self, items: list[Any], low: int, coerce: Callable[[Any], Any]) -> None:
        self.items = items
        self.low = low
        self.coerce = coerce

    def put(self, indexes: Sequence[Any], value: Any) -> None:
        row: Any = self.items
        for index in indexes[:-1]:
            row = row[self._place(row, index)]
        row[self._place(row, indexes[-1])] = self.coerce(value)

    def _place(self, row: Any, index: Any) -> int:
        place = to_long(index) - self.low
        if not isinstance(row, list) or not 0 <= place < len(row):
            raise VbaError(9, "Subscript out of range")
        return place

    def upper(self, dimension: int) -> int:
        row = self.items
        for _ in range(dimension - 1):
            if not row or not isinstance(row[0], list):
                raise VbaError(9, "Subscript out of range")
            row = row[0]
        return self.low + len(row) - 1


def units(text: str) -> str:
    """The text with each character beyond U+FFFF as two halves."""
    raw = text.encode("utf-16-le", "surrogatepass")
    return "".join(chr(int.from_bytes(raw[place : place + 2], "little")) for place in range(0, len(raw), 2))


def whole(text: str) -> str:
    """The opposite of `units`."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def mismatch() -> VbaError:
    return VbaError(13, "Type mismatch")


def to_string(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "True" if value else "False"
    if value is EMPTY:
        return ""
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return written(value)
    if isinstance(value, Date):
        return f"{value.moment:%d/%m/%Y}"
    raise mismatch()


def written(number: float) -> str:
    """A Double with fifteen digits at most."""
    text = f"{number:.15g}"
    mantissa, mark, exponent = text.partition("e")
    return f"{mantissa}E{exponent[0]}{exponent[1:].lstrip('0').rjust(2, '0')}" if mark else text


def to_number(value: Any) -> int | float:
    if type(value) is int:
        return value
    if isinstance(value, bool):
        return -1 if value else 0
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, Date):
        return value.serial
    if value is EMPTY:
        return 0
    if isinstance(value, str):
        try:
            return float(value) if set(value) & set(".eE") else int(value)
        except ValueError:
            raise mismatch() from None
    raise mismatch()


def to_long(value: Any) -> int:
    """A whole number of 32 bits; halves go to the even neighbour."""
    number = value if type(value) is int else round(to_number(value))
    if not _LOWEST <= number <= _HIGHEST:
        raise VbaError(6, "Overflow")
    return number


def to_boolean(value: Any) -> bool:
    if value is True or value is False:
        return value
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    return to_number(value) != 0


def to_object(value: Any) -> Any:
    if value is None or hasattr(value, "vba_get"):
        return value
    raise VbaError(424, "Object required")


def checked(number: int | float) -> int | float:
    if isinstance(number, int) and not _LOWEST <= number <= _HIGHEST:
        raise VbaError(6, "Overflow")
    return number


def _plus(a: Any, b: Any) -> Any:
    if isinstance(a, str) and isinstance(b, str):
        return a + b
    return checked(to_number(a) + to_number(b))


def _divided(a: Any, b: Any) -> float:
    if to_number(b) == 0:
        raise VbaError(11, "Division by zero")
    return to_number(a) / to_number(b)


def _whole_part(a: Any, b: Any) -> int:
    """Integer division goes towards zero."""
    quotient = abs(to_long(a)) // _divisor(b)
    return quotient if (to_long(a) < 0) == (to_long(b) < 0) else -quotient


def _modulo(a: Any, b: Any) -> int:
    rest = abs(to_long(a)) % _divisor(b)
    return -rest if to_long(a) < 0 else rest


def _divisor(value: Any) -> int:
    if to_long(value) == 0:
        raise VbaError(11, "Division by zero")
    return abs(to_long(value))


def _both(a: Any, b: Any) -> tuple[Any, Any]:
    """Two values as they are compared: as texts when both are, as numbers otherwise."""
    if isinstance(a, str) and isinstance(b, str):
        return a, b
    if a is EMPTY and isinstance(b, str):
        return "", b
    if b is EMPTY and isinstance(a, str):
        return a, ""
    return to_number(a), to_number(b)


def _compared(operation: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def compare(a: Any, b: Any) -> bool:
        return operation(a, b) if type(a) is type(b) and type(a) in {str, int} else operation(*_both(a, b))

    return compare


def _logical(a: Any, b: Any, bits: Callable[[int, int], int]) -> Any:
    if isinstance(a, bool) and isinstance(b, bool):
        return bool(bits(a, b))
    return bits(to_long(a), to_long(b))


OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "&": lambda a, b: to_string(a) + to_string(b),
    "+": _plus,
    "-": lambda a, b: checked(to_number(a) - to_number(b)),
    "*": lambda a, b: checked(to_number(a) * to_number(b)),
    "/": _divided,
    "\\": _whole_part,
    "mod": _modulo,
    "=": _compared(operator.eq),
    "<>": _compared(operator.ne),
    "<": _compared(operator.lt),
    ">": _compared(operator.gt),
    "<=": _compared(operator.le),
    ">=": _compared(operator.ge),
    "and": lambda a, b: _logical(a, b, lambda x, y: x & y),
    "or": lambda a, b: _logical(a, b, lambda x, y: x | y),
    "is": lambda a, b: a is b,
}
