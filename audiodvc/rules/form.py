"""AF, AM: the form of tables and media indexes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from difflib import get_close_matches

from audiodvc.finding import Finding, Fix, Place
from audiodvc.model import table
from audiodvc.model.sheet import Sheet
from audiodvc.model.snapshot import Snapshot


def af001(snapshot: Snapshot) -> Iterator[Finding]:
    r"""A file has another encoding than UTF-8, or a byte-order mark.

    A byte-order mark becomes a part of the first column's name for many readers. A file in another
    encoding cannot be read for certain, so nothing else is said of it.

    Bad, in bytes:

        file,text\n
        audio/a.wav,caf\xe9\n

    Good:

        file,text\n
        audio/a.wav,caf\xc3\xa9\n

    `--fix` removes a byte-order mark. Convert another encoding yourself, for instance with
    `iconv -f windows-1252 -t utf-8`.
    """
    return _read(snapshot, "AF001", _TIDY)


def af002(snapshot: Snapshot) -> Iterator[Finding]:
    r"""Lines end in CRLF, or the last one has no end.

    Mixed line ends make every line differ from what it was, and a line appended to a file without a last
    newline joins the last row.

    Bad:

        file,emotion\r\n
        audio/a.wav,happy\r\n

    Good:

        file,emotion\n
        audio/a.wav,happy\n

    `--fix` mends it.
    """
    return _read(snapshot, "AF002", _TIDY)


def af003(snapshot: Snapshot) -> Iterator[Finding]:
    """A quote is not closed, or stands where none may stand.

    A reader takes everything up to the next quote for one cell, and loses rows without a word. The line is
    the one where the quote opens.

    Bad:

        file,text
        audio/a.wav,"good morning
        audio/b.wav,hello

    Good:

        file,text
        audio/a.wav,"good morning"
        audio/b.wav,hello
    """
    return _read(snapshot, "AF003")


def af004(snapshot: Snapshot) -> Iterator[Finding]:
    """The first line is not what the header declares.

    A loader takes columns by their position: with two columns in another order than the header's it
    swaps their values without a word.

    Bad, if the header declares the columns emotion and arousal:

        file,arousal,emotion
        audio/a.wav,0.5,happy

    Good:

        file,emotion,arousal
        audio/a.wav,happy,0.5

    `--fix` puts columns into order. A column that is missing or unknown is for a person to mend.
    """
    for sheet in _checked(snapshot, erased=True):
        yield from _first_line(sheet)


def af005(snapshot: Snapshot) -> Iterator[Finding]:
    """A row has fewer or more cells than the first line, or a line is blank.

    Some readers fill short rows up, cut long ones and skip blank lines; a comma inside of a text needs
    quotes around the text.

    Bad:

        file,text
        audio/a.wav,good morning, Ada

    Good:

        file,text
        audio/a.wav,"good morning, Ada"

    `--fix` removes blank lines, and leaves rows for a person to mend.
    """
    return _read(snapshot, "AF005", _TIDY)


def af006(snapshot: Snapshot) -> Iterator[Finding]:
    """A table or media index is written in another way than its canonical form.

    There is one way to write a table, so that a change of one label is a change of one line: rows in the
    order of their keys, times with nine digits, the shortest number that reads back the same, quotes
    only where they are needed. One finding stands at the first place that differs.

    Bad:

        file,start,end,emotion
        audio/b.wav,0s,1s,happy
        audio/a.wav,0s,1s,happy

    Good:

        file,start,end,emotion
        audio/a.wav,0 days 00:00:00.000000000,0 days 00:00:01.000000000,happy
        audio/b.wav,0 days 00:00:00.000000000,0 days 00:00:01.000000000,happy

    `--fix` mends it, as `audiodvc fmt` does.
    """
    for sheet in _checked(snapshot):
        if sheet.spec and not sheet.is_canonical and _has_form(sheet):
            place = table.first_difference(sheet.data, table.canonical(sheet.table, sheet.spec))
            if place is not None:
                message = "differs from canonical form from here on; `audiodvc fmt` mends it"
                yield _at(sheet, place, "AF006", message, _TIDY)


def af007(snapshot: Snapshot) -> Iterator[Finding]:
    """A parquet or pickle file stands beside a table.

    A loader prefers `db.<table>.pkl` and `db.<table>.parquet` to `db.<table>.csv`, so it would read
    something that no check has seen, and a pickle may run any code.

    Bad:

        db.emotion.csv
        db.emotion.parquet

    Good:

        db.emotion.csv
    """
    for identifier in dict.fromkeys((*snapshot.header.declared, *snapshot.tables)):
        for ending in ("parquet", "pkl"):
            path = f"db.{identifier}.{ending}"
            if path in snapshot.files:
                message = f"a loader reads this file and not db.{identifier}.csv"
                yield Finding(path, 1, 1, "AF007", message, table=identifier)


def am001(snapshot: Snapshot) -> Iterator[Finding]:
    """A merge-conflict marker was left in a file.

    Somebody has to decide between the sides: `audiodvc conflicts` lists what is open, `audiodvc resolve`
    settles it. Nothing else is said of a file with markers, and no setting can ignore them.

    Bad:

        file,emotion
        <<<<<<< ours
        audio/a.wav,happy
        =======
        audio/a.wav,angry
        >>>>>>> theirs

    Good:

        file,emotion
        audio/a.wav,happy
    """
    return _read(snapshot, "AM001")


RULES = (af001, af002, af003, af004, af005, af006, af007, am001)

_TIDY = Fix("write it in canonical form", safe=True)
_TOP = Place(1, 1)


def _read(snapshot: Snapshot, code: str, fix: Fix | None = None) -> Iterator[Finding]:
    """What the parsers found of one code, with the table that settings know and the fix."""
    sheets = {sheet.path: sheet for sheet in (*snapshot.tables.values(), *snapshot.indexes.values())}
    sound = {
        document.path: not document.broken
        for document in (snapshot.header.document, snapshot.settings.document)
    }
    for finding in snapshot.form:
        if finding.code == code:
            sheet = sheets.get(finding.path)
            mends = (
                sound.get(finding.path, False)
                if sheet is None
                else bool(sheet.spec) and not sheet.table.lossy
            )
            yield replace(finding, table=sheet.table_id if sheet else None, fix=fix if mends else None)


def _checked(snapshot: Snapshot, *, erased: bool = False) -> Iterator[Sheet]:
    """The files that have a spec and a first line to hold against it."""
    others = [snapshot.erased] if erased and snapshot.erased else []
    for sheet in (*snapshot.declared.values(), *snapshot.indexes.values(), *others):
        if sheet.spec is not None and (sheet.table.columns or not sheet.table.lossy):
            yield sheet


def _has_form(sheet: Sheet) -> bool:
    """Whether canonical form is what a file lacks; of other faults a rule of their own speaks."""
    return not sheet.table.findings and sheet.spec is not None and sheet.table.columns == sheet.spec.names


def _first_line(sheet: Sheet) -> Iterator[Finding]:
    found, wanted = sheet.table.columns, sheet.spec.names if sheet.spec else ()
    if found == wanted:
        return
    if not found:
        yield _at(sheet, _TOP, "AF004", f"the file is empty; its first line is {table.line(wanted).strip()}")
        return
    missing, unknown = _without(wanted, found), _without(found, wanted)
    meant = {name: get_close_matches(name, missing, n=1) for name in unknown}
    for name in unknown:
        yield _unknown(sheet, name, meant[name])
    for name in missing:
        if [name] not in meant.values():
            yield _at(sheet, _TOP, "AF004", f"column '{name}' is missing")
    if not missing and not unknown:
        yield _misplaced(sheet, found, wanted)


def _without(names: Sequence[str], others: Sequence[str]) -> list[str]:
    return list((Counter(names) - Counter(others)).elements())


def _unknown(sheet: Sheet, name: str, meant: Sequence[str]) -> Finding:
    at = len(sheet.table.columns) - 1 - sheet.table.columns[::-1].index(name)
    twice = sheet.table.columns.count(name) > 1
    said = f"column '{name}' stands twice" if twice else f"column '{name}' is not declared"
    message = f"{said} (did you mean '{meant[0]}'?)" if meant else said
    return _at(sheet, table.head_place(sheet.table, at), "AF004", message)


def _misplaced(sheet: Sheet, found: Sequence[str], wanted: Sequence[str]) -> Finding:
    at = next(index for index, name in enumerate(found) if name != wanted[index])
    message = f"column '{found[at]}' stands where the header has '{wanted[at]}'"
    fix = None if sheet.table.lossy else Fix("put the columns into order", safe=True)
    return _at(sheet, table.head_place(sheet.table, at), "AF004", message, fix)


def _at(sheet: Sheet, place: Place, code: str, message: str, fix: Fix | None = None) -> Finding:
    return Finding(sheet.path, place.line, place.column, code, message, table=sheet.table_id, fix=fix)
