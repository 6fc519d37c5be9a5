"""AS: every cell is what its scheme or level allows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import polars as pl

from audiodvc.finding import Finding
from audiodvc.model import scalar
from audiodvc.model.header import SchemeEntry
from audiodvc.model.sheet import Sheet
from audiodvc.model.snapshot import Snapshot
from audiodvc.rules import labels, loading
from audiodvc.rules.labels import Labels


def as001(snapshot: Snapshot) -> Iterator[Finding]:
    """A cell cannot be read as the dtype that its scheme or level has.

    A loader stops at such a cell without naming its line, or takes the whole column for text. Start
    and end of a segment are times, and the columns of a media index have dtypes, too. An empty cell is
    missing and fits every dtype.

    A whole number beyond 2 to the power of 53 is found where other cells of its column are missing,
    since a loader then takes the column for floats and rounds it.

    audformat fails at an empty cell of dtype time, such as a segment without end, where it cannot read the
    table in the fast way: one with a date that has a zone or is before 1677-09-22 or after 2262-04-11, with
    a row of more than 1 MiB, or larger than that and with a line break in a cell. One finding stands at the
    first such time. Dates of these kinds do load where no time is missing, but they cannot be keys of a misc
    table that gives labels to a scheme.

    Bad, in a column of dtype float:

        file,arousal
        audio/a.wav,O.5

    Good:

        file,arousal
        audio/a.wav,0.5
    """
    for sheet in (*snapshot.declared.values(), *snapshot.indexes.values()):
        for name in sheet.names:
            dtype = sheet.dtype(name)
            for row in sheet.unreadable(name).arg_true():
                message = f"'{sheet.text(name)[row]}' is not of dtype {dtype}{_FORMS.get(dtype, '')}"
                yield sheet.finding("AS001", message, row, name)
            for row in _rounded(sheet, name) if dtype == "int" else ():
                message = (
                    f"{sheet.text(name)[row]} is rounded by loaders, since cells of its column are missing"
                )
                yield sheet.finding("AS001", message, row, name)
    for sheet in snapshot.declared.values():
        yield from loading.lost_times(sheet)
    yield from loading.unfit_labels(snapshot)


def as002(snapshot: Snapshot) -> Iterator[Finding]:
    """A label is not among the labels of its scheme.

    A loader turns it into a missing value without a word. Labels are compared as values of the scheme's
    dtype: in a float scheme `1` is the label 1.0. Where a scheme takes its labels from a misc table,
    the keys of that table are the labels.

    Bad, with the labels angry and happy:

        file,emotion
        audio/a.wav,hapy

    Good:

        file,emotion
        audio/a.wav,happy

    `--fix` mends a label that differs from the scheme's in letter case only; `--fix --unsafe` takes
    the nearest label.
    """
    for sheet, name, scheme in _columns(snapshot):
        allowed = labels.of(scheme, snapshot)
        if allowed is not None:
            yield from _foreign(sheet, name, allowed)


def as003(snapshot: Snapshot) -> Iterator[Finding]:
    """A number is below the minimum or above the maximum of its scheme.

    A loader never looks at the bounds, so nobody else will tell.

    Bad, with a maximum of 1:

        file,arousal
        audio/a.wav,1.5

    Good:

        file,arousal
        audio/a.wav,1.0
    """
    for sheet, name, scheme in _columns(snapshot):
        if scheme.dtype not in {"int", "float"}:
            continue
        values = sheet.values(name)
        minimum, maximum = _bound(scheme.minimum), _bound(scheme.maximum)
        below = () if minimum is None else (values < minimum).arg_true()
        above = () if maximum is None else (values > maximum).arg_true()
        for rows, bound in (below, f"below the minimum {minimum}"), (above, f"above the maximum {maximum}"):
            for row in rows:
                message = f"{sheet.text(name)[row]} is {bound} of scheme '{scheme.id}'"
                yield sheet.finding("AS003", message, row, name)


def as004(snapshot: Snapshot) -> Iterator[Finding]:
    """A text that loaders read as a missing value.

    Words such as `NA`, `nan` or `null` in a column of text are gone once the table is loaded: Namibia's
    country code is missing, and so is a speaker called Null. Leave the cell empty if the value is
    missing, or choose another text. Where the scheme has labels and the text is none of them, AS002
    says so instead.

    Bad:

        file,country
        audio/a.wav,NA

    Good:

        file,country
        audio/a.wav,NAM
    """
    for sheet in snapshot.declared.values():
        for name in sheet.names:
            if sheet.dtype(name) not in {"str", "object"}:
                continue
            allowed = _labels(snapshot, sheet, name)
            words = [word for word in sorted(scalar.LOST) if allowed is None or allowed.allow(word)]
            for row in sheet.text(name).is_in(words).arg_true():
                message = f"loaders read '{sheet.text(name)[row]}' as a missing value"
                yield sheet.finding("AS004", message, row, name)


RULES = (as001, as002, as003, as004)

_FORMS: Mapping[str, str] = {
    "bool": " (True or False)",
    "time": " (such as 0 days 00:00:01.500000000, 1.5s or 00:00:01.5)",
    "date": " (such as 2020-01-31 or 2020-01-31 10:20:30)",
}
_LARGEST = 2**63
_EXACT = 2**53


def _rounded(sheet: Sheet, name: str) -> pl.Series | tuple[()]:
    """Whole numbers that are others as floats, in a column that loaders make floats of."""
    values = sheet.values(name)
    if not values.null_count():
        return ()
    large = (values > _EXACT) | (values < -_EXACT)
    return (large & (values.cast(pl.Float64).cast(pl.Int64, strict=False).ne_missing(values))).arg_true()


def _columns(snapshot: Snapshot) -> Iterator[tuple[Sheet, str, SchemeEntry]]:
    """The columns that have a scheme."""
    for sheet in snapshot.declared.values():
        for name in sheet.names:
            scheme = _scheme(snapshot, sheet, name)
            if scheme is not None:
                yield sheet, name, scheme


def _scheme(snapshot: Snapshot, sheet: Sheet, name: str) -> SchemeEntry | None:
    column = snapshot.header.tables[sheet.id].columns.get(name)
    if column is None or column.scheme_id is None or (sheet.spec and name in sheet.spec.key):
        return None
    return snapshot.header.schemes.get(column.scheme_id)


def _labels(snapshot: Snapshot, sheet: Sheet, name: str) -> Labels | None:
    scheme = _scheme(snapshot, sheet, name)
    return None if scheme is None else labels.of(scheme, snapshot)


def _foreign(sheet: Sheet, name: str, allowed: Labels) -> Iterator[Finding]:
    cells = sheet.canonical(name)
    unread = set(cells.filter(sheet.unreadable(name)).unique())
    known = cells.unique(maintain_order=True).to_list()
    bad = [text for text in known if text and text not in unread and not allowed.allow(text)]
    if not bad:
        return
    said = labels.proposals(bad, allowed)
    for row in cells.is_in(bad).arg_true():
        message, fix = said[cells[row]]
        yield sheet.finding("AS002", message, row, name, fix=fix)


def _bound(value: object) -> float | None:
    """A bound as a number that polars knows; what is none (AH005, AH008) bounds nothing."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float) and math.isnan(value):
        return None
    if abs(value) < _LARGEST:
        return value
    return math.inf if value > 0 else -math.inf
