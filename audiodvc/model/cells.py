"""Columns of cells: canonical text, values, and what is not of its dtype.

Cells that are canonical already are seen by polars; each distinct rest is read by `scalar`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import polars as pl

from audiodvc.model import scalar


def value_type(dtype: str) -> pl.DataType:
    """The type of the values of a dtype."""
    return _VALUE_TYPES.get(dtype, pl.String)()


class Settled(NamedTuple):
    """Cells in canonical form; those that are not of the dtype stay as they are, and are listed."""

    cells: pl.Series
    unreadable: list[str]


def settle(cells: pl.Series, dtype: str) -> Settled:
    """Read each cell once; what can be asked of a column follows from it."""
    if dtype not in _PLAIN:
        return Settled(cells, [])
    rest = _odd(cells, dtype)
    if dtype == "time" and not rest.is_empty():
        cells = _padded_times(cells)
        rest = _odd(cells, dtype)
    if rest.is_empty():
        return Settled(cells, [])
    read = {old: scalar.canonical_cell(old, dtype) for old in rest.to_list()}
    new = {old: text for old, text in read.items() if text is not None and text != old}
    settled = cells.replace(list(new), list(new.values())) if new else cells
    return Settled(settled, [old for old, text in read.items() if text is None])


def _odd(cells: pl.Series, dtype: str) -> pl.Series:
    """The distinct cells that polars does not see to be canonical."""
    return cells.filter(_select(cells, (_TEXT != "") & ~_PLAIN[dtype](_TEXT))).unique().sort()


def canonical(cells: pl.Series, dtype: str) -> pl.Series:
    """The canonical text of each cell; one that is not of the dtype stays as it is."""
    return settle(cells, dtype).cells


def unreadable(cells: pl.Series | Settled, dtype: str) -> pl.Series:
    """Which cells are neither missing nor of the dtype."""
    settled = _settled(cells, dtype)
    return settled.cells.is_in(settled.unreadable)


def values(cells: pl.Series | Settled, dtype: str) -> pl.Series:
    """The value of each cell, to compare and to sort; null if it is missing or not of the dtype.

    Times and dates are nanoseconds, dates in UTC; a dtype that does not exist counts as text.
    """
    settled = _settled(cells, dtype)
    readable = ~_TEXT.is_in(settled.unreadable) if settled.unreadable else pl.lit(value=True)
    known = _select(settled.cells, pl.when((_TEXT != "") & readable).then(_TEXT))
    if dtype == "date":
        return _mapped_dates(known)
    return _select(known, _VALUE[dtype](_TEXT)) if dtype in _VALUE else known


def _settled(cells: pl.Series | Settled, dtype: str) -> Settled:
    return cells if isinstance(cells, Settled) else settle(cells, dtype)


_VALUE_TYPES: dict[str, type[pl.DataType]] = {
    "bool": pl.Boolean,
    "int": pl.Int64,
    "float": pl.Float64,
    "time": pl.Int64,
    # Years beyond 2262 do not fit into 64 bit of nanoseconds.
    "date": pl.Int128,
}

# Cells stand under this name while expressions look at them: polars takes a column name such as
# `^.*$` for a pattern, and a table may call its columns anything.
_TEXT = pl.col("text")


def _select(cells: pl.Series, expression: pl.Expr) -> pl.Series:
    return cells.alias("text").to_frame().select(expression).to_series().alias(cells.name)


_CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
# Up to 99999 days, which is far inside 64 bit of nanoseconds.
_TIME = rf"^((0|[1-9][0-9]{{0,4}}) days |-[1-9][0-9]{{0,4}} days \+){_CLOCK}\.[0-9]{{9}}$"
_SHORT_TIME = rf"^(0|[1-9][0-9]{{0,4}}) days {_CLOCK}(\.[0-9]{{1,8}})?$"


def _padded_times(cells: pl.Series) -> pl.Series:
    """Give times as pandas writes them their nine digits; most tables in the wild are nothing but these."""
    short = cells.str.contains(_SHORT_TIME)
    if not short.any():
        return cells
    whole = _TEXT.str.extract(r"^([^.]*)")
    digits = _TEXT.str.extract(r"\.([0-9]+)$").fill_null("")
    padded = pl.concat_str(whole, pl.lit("."), digits.str.pad_end(9, "0"))
    return _select(cells, pl.when(short).then(padded).otherwise(_TEXT))


def _plain_bool(text: pl.Expr) -> pl.Expr:
    return text.is_in(["True", "False"])


def _plain_int(text: pl.Expr) -> pl.Expr:
    return text.str.contains(r"^(0|-?[1-9][0-9]{0,17})$")


_SMALL, _LARGE = 1e-3, 1e15


def _plain_float(text: pl.Expr) -> pl.Expr:
    """Decimals that come back the same from polars, inside the range that repr writes without exponent."""
    number = text.cast(pl.Float64, strict=False)
    size = number.abs()
    same = number.cast(pl.String) == text
    decimal = text.str.contains(r"^-?[0-9]+\.[0-9]+$")
    return (decimal & same & ((size >= _SMALL) & (size < _LARGE) | (size == 0))).fill_null(value=False)


def _plain_time(text: pl.Expr) -> pl.Expr:
    return text.str.contains(_TIME)


def _plain_date(text: pl.Expr) -> pl.Expr:
    shape = text.str.contains("^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}$")
    return shape & text.str.to_date("%Y-%m-%d", strict=False).is_not_null()


_PLAIN = {
    "bool": _plain_bool,
    "int": _plain_int,
    "float": _plain_float,
    "time": _plain_time,
    "date": _plain_date,
}


def _time_values(text: pl.Expr) -> pl.Expr:
    """Read canonical times by position: days from the left, the clock from the right."""
    days = pl.when(text.str.starts_with("-")).then(text.str.head(-25)).otherwise(text.str.head(-24))
    clock = text.str.tail(18)
    hours = _number(days) * 24 + _number(clock.str.slice(0, 2))
    seconds = (hours * 60 + _number(clock.str.slice(3, 2))) * 60 + _number(clock.str.slice(6, 2))
    return seconds * 10**9 + _number(clock.str.slice(9, 9))


def _number(text: pl.Expr) -> pl.Expr:
    return text.cast(pl.Int64)


_VALUE: dict[str, Callable[[pl.Expr], pl.Expr]] = {
    "bool": lambda text: text == "True",
    "int": _number,
    "float": lambda text: text.cast(pl.Float64),
    "time": _time_values,
}


def _mapped_dates(cells: pl.Series) -> pl.Series:
    known = cells.drop_nulls().unique()
    numbers = pl.Series([scalar.value(text, "date") for text in known.to_list()], dtype=pl.Int128)
    return cells.replace_strict(known, numbers, default=None, return_dtype=pl.Int128)
