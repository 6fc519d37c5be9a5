"""AH007 and AH008: the labels and bounds of a scheme can be met by the cells of a column."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator, Mapping
from datetime import date, datetime
from types import MappingProxyType

from audiodvc.finding import Finding
from audiodvc.model import scalar, timetext
from audiodvc.model.header import DTYPES, Header, TableEntry
from audiodvc.model.snapshot import Snapshot
from audiodvc.rules import entries
from audiodvc.rules.entries import Entry, finding, shown


def ah007(snapshot: Snapshot) -> Iterator[Finding]:
    """A label is given twice, or labels are not of the dtype of their scheme.

    A loader matches no cell with a label of another type, so that all of them become missing. A scheme
    without `dtype` is one of texts. YAML reads a bare `yes`, `no`, `on` or `off` as a boolean and `1` as
    a number: such labels of a str scheme need quotes. Labels of dtype time are written like the cells,
    those of dtype date with a time of day, and bool needs none at all.

    A label of dtype float is the value of some float, and one of dtype date lies in what nanoseconds since
    1970 can hold.

    A misc table that gives labels to a scheme has one level of the scheme's dtype, which is not time, and
    no column whose own labels come from a misc table.

    Bad:

        schemes:
          answer: {dtype: str, labels: [yes, no]}

    Good:

        schemes:
          answer: {dtype: str, labels: ["yes", "no"]}
    """
    for scheme in entries.entries(snapshot.header, "schemes"):
        labels, dtype = scheme.fields.get("labels"), _dtype(scheme)
        if dtype is None:
            continue
        if isinstance(labels, str):
            yield from _misc_table(snapshot.header, scheme, labels, dtype)
        elif labels and dtype == "bool":
            message = f"labels of {scheme.words}: a loader matches no bool with them (leave them out)"
            yield finding(snapshot.header, "AH007", message, *scheme.path, "labels")
        else:
            yield from _labels(snapshot.header, scheme, dtype)


def ah008(snapshot: Snapshot) -> Iterator[Finding]:
    """The minimum of a scheme is above its maximum, or a bound cannot bound anything.

    No cell can be between bounds that are the wrong way round, or beyond one that is no number. Only
    int and float have bounds: audformat drops those of other dtypes, and a scheme without `dtype` is one
    of texts.

    Bad:

        schemes:
          arousal: {dtype: float, minimum: 1, maximum: 0}

    Good:

        schemes:
          arousal: {dtype: float, minimum: 0, maximum: 1}
    """
    for scheme in entries.entries(snapshot.header, "schemes"):
        dtype = _dtype(scheme)
        bounds = {bound: scheme.fields[bound] for bound in _BOUNDS if _is_number(scheme.fields.get(bound))}
        for bound, value in bounds.items():
            if dtype is not None and dtype not in _BOUNDED:
                message = f"'{bound}' of {scheme.words} has no effect, as its dtype is {_said(scheme, dtype)}"
            elif math.isnan(value):
                message = f"'{bound}' of {scheme.words} is not a number"
            else:
                continue
            yield finding(snapshot.header, "AH008", message, *scheme.path, bound)
        if len(bounds) == len(_BOUNDS) and bounds["minimum"] > bounds["maximum"]:
            message = f"minimum {bounds['minimum']} of {scheme.words} is above maximum {bounds['maximum']}"
            yield finding(snapshot.header, "AH008", message, *scheme.path, "minimum")


_BOUNDS = ("minimum", "maximum")
_BOUNDED = ("int", "float")
_LARGEST = 2**63


def _dtype(scheme: Entry) -> str | None:
    """The dtype that a loader gives a scheme, None if what is written there is not one."""
    dtype = scheme.fields.get("dtype", "str")
    return dtype if isinstance(dtype, str) and dtype in DTYPES else None


def _said(scheme: Entry, dtype: str) -> str:
    return dtype if "dtype" in scheme.fields else f"{dtype} (none is given)"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


# ---------------------------------------------------------------------------
# labels in the header


def _labels(header: Header, scheme: Entry, dtype: str) -> Iterator[Finding]:
    labels = scheme.fields.get("labels")
    if not isinstance(labels, dict | list):
        return
    named = enumerate(labels) if isinstance(labels, list) else ((label, label) for label in labels)
    seen: set[Hashable] = set()
    for step, label in named:
        path = (*scheme.path, "labels", step)
        fault = _fault(label, dtype)
        if fault is not None:
            wrong = fault or f"is not of dtype {_said(scheme, dtype)}"
            message = f"label {shown(label)} of {scheme.words} {wrong}"
            yield finding(header, "AH007", message, *path, key=isinstance(labels, dict))
        elif label in seen:
            yield finding(header, "AH007", f"label {shown(label)} of {scheme.words} is given twice", *path)
        else:
            seen.add(label)


def _fault(label: object, dtype: str) -> str | None:
    """Why a loader matches no cell with a label: empty if that is the dtype, None if it does."""
    return _FAULTS[dtype](label)


def _text(label: object) -> str | None:
    return None if isinstance(label, str) else ""


def _object(label: object) -> str | None:
    """Any scalar will do: what a loader takes the cells for depends on all cells of the column."""
    if label is None or isinstance(label, list | dict):
        return ""
    if isinstance(label, float):
        return "" if math.isnan(label) else None
    return _int(label) if isinstance(label, int) and not isinstance(label, bool) else None


def _int(label: object) -> str | None:
    if not isinstance(label, int) or isinstance(label, bool):
        return ""
    return None if -_LARGEST <= label < _LARGEST else "is beyond 64 bit"


def _float(label: object) -> str | None:
    if isinstance(label, float):
        return "" if math.isnan(label) else None
    # A loader takes whole numbers for floats.
    fault = _int(label)
    if fault is None and isinstance(label, int) and int(float(label)) != label:
        return f"is not the value of any float (the nearest is {int(float(label))})"
    return fault


def _time(label: object) -> str | None:
    ns = timetext.time_ns(label) if isinstance(label, str) else None
    if ns is None:
        return ""
    text = timetext.time_text(ns)
    return None if text == label else f"is not in the form of cells (write '{text}')"


def _date(label: object) -> str | None:
    if isinstance(label, datetime):
        if label.tzinfo is not None:
            return "has a zone, which no cell has"
        ns = scalar.value(str(label), "date")
        fits = isinstance(ns, int) and timetext.FIRST <= ns <= timetext.LAST
        return None if fits else f"is outside of {timetext.RANGE}"
    return f"has no time of day (write {label} 00:00:00)" if isinstance(label, date) else ""


_FAULTS: Mapping[str, Callable[[object], str | None]] = MappingProxyType(
    {"int": _int, "float": _float, "str": _text, "object": _object, "time": _time, "date": _date}
)


# ---------------------------------------------------------------------------
# labels in a misc table


def _misc_table(header: Header, scheme: Entry, table_id: str, dtype: str) -> Iterator[Finding]:
    table = header.tables.get(table_id)
    if table is None or table.kind != "misc":
        return
    told = f"misc table {shown(table_id)} cannot give labels to {scheme.words}: "
    level = table.levels[0][1]
    if len(table.levels) > 1:
        message = f"it has {len(table.levels)} levels, not one"
    elif level != dtype and _is_dtype(header, table):
        message = f"its level is of dtype {level}, the scheme of dtype {_said(scheme, dtype)}"
    elif level == "time":
        message = "a loader matches no cell with times of a table (list them here)"
    else:
        message = ""
    if message:
        yield finding(header, "AH007", told + message, *scheme.path, "labels")
    for column in table.columns.values():
        if _takes_table(header, column.scheme_id):
            message = f"the labels of its column {shown(column.id)} come from a misc table too"
            yield finding(header, "AH007", told + message, *scheme.path, "labels")


def _is_dtype(header: Header, table: TableEntry) -> bool:
    """Whether the dtype of the first level is one; the view takes an unknown one for `object`."""
    name = table.levels[0][0]
    return header.data["misc_tables"][table.id]["levels"].get(name) in DTYPES


def _takes_table(header: Header, scheme_id: str | None) -> bool:
    scheme = header.schemes.get(scheme_id) if scheme_id is not None else None
    return scheme is not None and isinstance(scheme.labels, str)
