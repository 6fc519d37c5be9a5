"""One cell: its canonical text and its value, by dtype; the truth that `cells` speeds up.

What is read is what audformat's loader reads. Words such as `nan` or `NA` are missing in every
dtype but str and object, where they stay text.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from audiodvc.model.timetext import moment, moment_ns, moment_text, time_ns, time_text

DTYPES = ("bool", "int", "float", "str", "time", "date", "object")


def canonical_cell(text: str, dtype: str) -> str | None:
    """Write a cell in canonical form: empty if it is missing, None if it is not of the dtype.

    A dtype that does not exist, as a header may name one, counts as text.
    """
    if dtype not in _CANONICAL:
        return text
    if text == "" or text in _MISSING[dtype]:
        return ""
    return _CANONICAL[dtype](text)


def value(text: str, dtype: str) -> bool | int | float | str | None:
    """Read a cell: times and dates as nanoseconds; None if it is missing or not of the dtype."""
    canonical = canonical_cell(text, dtype)
    return _VALUES.get(dtype, str)(canonical) if canonical else None


_NULLS = frozenset(
    {
        *("#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN"),
        *("N/A", "NA", "NULL", "NaN", "n/a", "nan", "null"),
    }
)
LOST = _NULLS | {"None", "<NA>"}
"""Words that loaders of text read as missing: pyarrow all but the last two, pandas every one."""

_MISSING = {
    **dict.fromkeys(("bool", "int", "float"), LOST),
    **dict.fromkeys(("time", "date"), _NULLS | {"NaT", "nat", "NAT", "NAN"}),
}
_BOOLS = {
    **dict.fromkeys(("True", "TRUE", "true", "1", "1.0"), "True"),
    **dict.fromkeys(("False", "FALSE", "false", "0", "0.0"), "False"),
}
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_WHOLE = re.compile(r"[+-]?[0-9]+")
_HEX = re.compile(r"0[xX][0-9a-fA-F]{1,16}")
_INFINITE = re.compile(r"[+-]?inf(?:inity)?", re.IGNORECASE)
_NAN = re.compile(r"[+-]?nan", re.IGNORECASE)


def _int(text: str) -> str | None:
    number = _whole(text.strip(" \t"))
    return str(number) if number is not None and -(2**63) <= number < 2**63 else None


def _whole(text: str) -> int | None:
    if _WHOLE.fullmatch(text):
        digits = text.lstrip("+-").lstrip("0") or "0"
        sign = -1 if text[0] == "-" else 1
        return sign * int(digits[:20])  # 20 digits are beyond 64 bit already, and int() refuses very many
    if _HEX.fullmatch(text):
        return int(text, 16)
    # Loaders take 1.0 and 1e3 by way of a float, which is exact up to 2**53.
    number = float(text) if _NUMBER.fullmatch(text) else 0.5
    return int(number) if number.is_integer() and abs(number) <= 2**53 else None


def _float(text: str) -> str | None:
    text = text.strip(" \t")
    if _NUMBER.fullmatch(text) or _INFINITE.fullmatch(text):
        return repr(float(text))
    return "" if _NAN.fullmatch(text) else None


def _time(text: str) -> str | None:
    ns = time_ns(text)
    return None if ns is None else time_text(ns)


def _date(text: str) -> str | None:
    at = moment(text)
    return None if at is None else moment_text(at)


def _date_ns(text: str) -> int | None:
    at = moment(text)
    return None if at is None else moment_ns(at)


_CANONICAL: dict[str, Callable[[str], str | None]] = {
    "bool": _BOOLS.get,
    "int": _int,
    "float": _float,
    "time": _time,
    "date": _date,
}
_VALUES: dict[str, Callable[[str], bool | int | float | str | None]] = {
    "bool": lambda text: text == "True",
    "int": int,
    "float": float,
    "time": time_ns,
    "date": _date_ns,
}
