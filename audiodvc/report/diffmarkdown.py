"""What differs as a comment on a pull request: read in ten seconds, the rest folded, never too long."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from audiodvc.report.diff import (
    cells_of,
    header_change,
    media_of,
    media_text,
    risk,
    row_text,
    rows_of,
)
from audiodvc.report.look import encodable, plain
from audiodvc.words import counted, lasting

if TYPE_CHECKING:
    from audiodvc.changes.balance import Shift
    from audiodvc.changes.between import Between
    from audiodvc.changes.rowchanges import RowChange, RowChanges
    from audiodvc.changes.summary import ColumnSummary, Summary, TableSummary

ROOM = 60_000
"""GitHub takes 65,536 characters for a comment, and whoever posts one may add some."""

_HEAD = 30
"""So many lines at most has each part that is not folded."""
_LONGEST = 300
_SECTIONS = 30
_LEFT = 600
"""Room for the last lines."""


def markdown(found: Between, *, stat: bool = False) -> str:
    """A comment that says what differs, risks first; rows are folded, and as many as there is room for."""
    summary = found.summary()
    if not found.difference:
        return encodable("\n".join(["**No change in meaning.**", *_form(summary)]))
    head = [
        f"### {_headline(summary)}",
        *_part("**Look at first**", (f"- {_code_free(risk(one))}" for one in summary.risks)),
        *_part("| what | changed | by class |\n|---|---|---|", _overview(summary)),
        *_touched(summary),
        *_part("| balance | before | after |\n|---|---:|---:|", map(_shift, _largest(summary.shifts))),
    ]
    form = list(_form(summary))
    room = ROOM - _LEFT - sum(len(line) + 1 for line in (*head, *form))
    folded = [] if stat else list(_folded(found, room))
    return encodable("\n".join([*head, *folded, *form]))


def code(text: str, longest: int = 60) -> str:
    """A text that means nothing but itself: no markup, no person is called by it, no table is broken."""
    said = plain(text).replace("`", "'")
    short = said if len(said) <= longest else f"{said[: longest - 1]}…"
    return f"`{short}`".replace("|", "\\|") if short.strip() else "*none*"


def _code_free(text: str) -> str:
    """A sentence with names in it, as text without markup."""
    short = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    # What could call a person, make a link or be HTML is shown as it stands.
    return "".join(_SHOWN.get(letter, letter) for letter in short)


_SHOWN = {mark: f"\\{mark}" for mark in "\\`*_[]#|~"} | {
    "<": "&lt;",
    ">": "&gt;",
    "&": "&amp;",
    "@": "@<!-- -->",
}


def _headline(summary: Summary) -> str:
    tables = [table for table in summary.tables if table.op == "change"]
    columns = [column for table in tables for column in table.columns]
    media = summary.media
    known = (
        (sum(one.cells for one in columns if one.is_labelled), "label", "changed"),
        (sum(one.cells for one in columns if not one.is_labelled), "cell", "changed"),
        (sum(table.moved for table in tables), "segment", "moved"),
        (sum(table.added for table in summary.tables), "row", "added"),
        (sum(table.removed for table in summary.tables), "row", "removed"),
        (media.added, "file", "added"),
        (media.removed, "file", "removed"),
        (media.replaced, "file", "replaced"),
        (media.renamed, "file", "renamed"),
        (len(summary.header), "header change", ""),
    )
    said = [f"{counted(count, noun)} {past}".rstrip() for count, noun, past in known if count]
    return ", ".join(said) or "Other files changed"


def _part(title: str, lines: Iterable[str]) -> Iterator[str]:
    """Lines under a title, the first of them; nothing at all without any."""
    found = list(lines)
    if found:
        yield from ("", title, *(["", *found[:_HEAD]] if title.startswith("*") else found[:_HEAD]))
        if len(found) > _HEAD:
            yield f"\n… and {len(found) - _HEAD:,} more"


def _overview(summary: Summary) -> Iterator[str]:
    for table in summary.tables:
        for at, (what, more) in enumerate(_of_table(table)):
            yield f"| {code(table.id) if at == 0 else ''} | {what} | {more} |"
    if summary.media:
        yield f"| media | {media_of(summary.media)} | |"
    for at, change in enumerate(summary.header):
        yield f"| {'header' if at == 0 else ''} | {code(header_change(change), _LONGEST)} | |"
    for one in summary.files:
        yield f"| {code(one.path)} | {_PAST[one.op]} | |"


def _of_table(table: TableSummary) -> Iterator[tuple[str, str]]:
    if table.op != "change":
        yield f"{_PAST[table.op]}, {counted(max(table.before, table.after), 'row')}", ""
        return
    for column in table.columns:
        name = "" if column.name in (table.id, table.id.partition(".")[0]) else f"{code(column.name)}: "
        yield cells_of(column), f"{name}{_flips(column)}"
    for past, names in (("added", table.added_columns), ("removed", table.removed_columns)):
        yield from ((f"column {code(name)} {past}", "") for name in names)
    if rows := rows_of(table):
        yield rows, ""


_PAST = {"add": "added", "remove": "removed", "change": "changed"}
_FLIPS = 4


def _flips(column: ColumnSummary) -> str:
    shown = [f"{code(one.old)} → {code(one.new)} {one.count:,}" for one in column.flips[:_FLIPS]]
    rest = sum(one.count for one in column.flips[_FLIPS:])
    return ", ".join([*shown, *([f"others {rest:,}"] if rest else [])])


def _touched(summary: Summary) -> Iterator[str]:
    for group in dict.fromkeys(one.group for one in (*summary.splits, *summary.groups)):
        known = [one for one in (*summary.splits, *summary.groups) if one.group == group]
        shown = ", ".join(f"{code(one.value)} {one.count:,}" for one in known[:8])
        more = f" and {len(known) - 8:,} more" if len(known) > 8 else ""  # noqa: PLR2004 - a line of them
        yield f"\nTouches {counted(len(known), group)}: {shown}{more}"


def _largest(shifts: Iterable[Shift]) -> list[Shift]:
    """The shifts in their order, of many those that shift most."""
    found = list(shifts)
    largest = sorted(found, key=_size, reverse=True)[:_SHIFTS]
    return [shift for shift in found if shift in largest]


_SHIFTS = 12


def _size(shift: Shift) -> float:
    return abs(shift.share_after - shift.share_before) or abs(shift.after - shift.before) / max(
        shift.before, 1
    )


def _shift(shift: Shift) -> str:
    if shift.noun == "second":
        name = f"split {code(shift.value)}" if shift.of == "split" else "audio"
        return f"| {name}, length | {lasting(shift.before)} | {lasting(shift.after)} |"
    name = f"split {code(shift.value)}" if shift.of == "split" else f"{code(shift.of)} {code(shift.value)}"
    before, after = (f"{count:,.0f} ({100 * share:.1f} %)" for count, share in _sides(shift))
    return f"| {name}{', files' if shift.noun == 'file' else ''} | {before} | {after} |"


def _sides(shift: Shift) -> Iterator[tuple[float, float]]:
    yield shift.before, shift.share_before
    yield shift.after, shift.share_after


def _folded(found: Between, room: int) -> Iterator[str]:
    """A folded section for each table and for media; each has its part of the room."""
    sections: list[tuple[str, RowChanges, Callable[[RowChange], str]]] = [
        (table.path, table.rows, row_text) for table in found.difference.tables if table.rows.touched
    ]
    if found.difference.media.touched:
        sections.append(("media", found.difference.media, media_text))
    shown = sections[:_SECTIONS]
    for place, (title, changes, text) in enumerate(shown):
        rows = (_row(text(row)) for row in changes.rows())
        lines = list(_section(title, changes.touched, rows, room // (len(shown) - place)))
        room -= sum(len(line) + 1 for line in lines)
        yield from lines
    if len(sections) > len(shown):
        yield f"\n… and rows of {counted(len(sections) - len(shown), 'more table')}"


def _section(title: str, count: int, lines: Iterator[str], room: int) -> Iterator[str]:
    name = f"<code>{html.escape(plain(title)[:_LONGEST])}</code>: {counted(count, 'row')}"
    head = f"\n<details><summary>{name}</summary>"
    tail = "```\n\n</details>"
    rows = list(_fitting(lines, room - len(head) - len(tail) - 60))
    more = [f"… {count - len(rows):,} more"] if count > len(rows) else []
    if rows:
        yield from (head, "", "```diff", *rows, *more, tail)


def _row(line: str) -> str:
    """What a host shows in colour: added in green, removed in red, changed in orange."""
    line = line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
    return "!" + line[1:] if line[0] in "~>" else line


def _fitting(rows: Iterator[str], room: int) -> Iterator[str]:
    for row in islice(rows, _ROWS):
        room -= len(row) + 1
        if room < 0:
            return
        yield row


_ROWS = 500


def _form(summary: Summary) -> Iterator[str]:
    for what, paths in (("In form only", summary.form_only), ("Made from these", summary.derived)):
        if paths:
            more = f" and {len(paths) - 3:,} more" if len(paths) > 3 else ""  # noqa: PLR2004 - a line of them
            yield f"\n<sub>{what}: {', '.join(code(path) for path in paths[:3])}{more}</sub>"
