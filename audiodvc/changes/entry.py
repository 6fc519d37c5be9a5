"""What a changelog says of a difference: kinds of change, and under each a line for what changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

import polars as pl

from audiodvc.changes import bump, media, promises
from audiodvc.changes.difference import Difference, TableChange
from audiodvc.changes.header import HeaderChange
from audiodvc.changes.promises import Promise
from audiodvc.changes.rowchanges import RowChanges
from audiodvc.model import layout
from audiodvc.model.sheet import Sheet
from audiodvc.model.snapshot import Snapshot
from audiodvc.words import counted, lasting

Kind = Literal["Added", "Changed", "Removed"]
KINDS: tuple[Kind, ...] = ("Added", "Changed", "Removed")

_SHOWN = 5
_LONGEST = 60


class Line(NamedTuple):
    """A change, and the kind that it is of."""

    kind: Kind
    text: str


def of(difference: Difference, a: Snapshot, b: Snapshot) -> Mapping[str, Sequence[str]]:
    """The changes between two versions, by kind."""
    lines = [
        *_names(a, b),
        *(line for table in difference.tables for line in _table(table)),
        *_media(difference),
        *_header(difference.header),
        *_erased(a, b),
        *_files(difference),
    ]
    return _by_kind(lines or _form(difference))


def first(b: Snapshot) -> Mapping[str, Sequence[str]]:
    """What the first version has."""
    return _by_kind([*_first_media(b), *_first_tables(b)])


def code(text: object) -> str:
    """A text as code: on one line whatever is in it, and not too long."""
    plain = str(text)
    if not plain.isprintable():
        plain = "".join(one if one.isprintable() else ascii(one)[1:-1] for one in plain)
    short = plain if len(plain) <= _LONGEST else f"{plain[: _LONGEST - 1]}…"
    if not short.strip():
        return "nothing"
    return f"`` {_ticked(short)} ``" if "`" in short else f"`{short}`"


def _ticked(text: str) -> str:
    # Two backticks in the text would end the code that two begin.
    return text.replace("``", "` `")


def _by_kind(lines: Iterable[Line]) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for line in lines:
        found[line.kind].append(line.text[:1].upper() + line.text[1:])
    return {kind: texts for kind, texts in found.items() if texts}


def _listed(names: Iterable[str], count: int | None = None) -> str:
    """The first few names as code, and how many more there are."""
    shown = list(names)
    rest = (len(shown) if count is None else count) - min(len(shown), _SHOWN)
    return ", ".join(map(code, shown[:_SHOWN])) + (f" and {rest:,} more" if rest else "")


# -- what has a name --------------------------------------------------------------------------------


def _names(a: Snapshot, b: Snapshot) -> Iterator[Line]:
    """Tables, columns, schemes, labels, splits, attachments and flavors that came, went or changed."""
    old, new = promises.of_snapshot(a), promises.of_snapshot(b)
    yield from _grouped("Added", promises.beyond(new, old), b)
    yield from _grouped("Removed", promises.beyond(old, new), a)
    for promise, was in old.items():
        if promise in new and new[promise] != was and not bump.is_of_scheme(promise, old, new):
            (name,) = _grouped("Changed", [promise])
            yield Line("Changed", f"{name.text} is {code(new[promise])}, and was {code(was)}")
    ours, theirs = b.settings.flavors.keys(), a.settings.flavors.keys()
    yield from (Line("Added", f"flavor {code(name)}") for name in ours - theirs)
    yield from (Line("Removed", f"flavor {code(name)}") for name in theirs - ours)


def _grouped(kind: Kind, found: Iterable[Promise], side: Snapshot | None = None) -> Iterator[Line]:
    """A line for each table, and one for all that are parts of the same thing."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for one in found:
        groups.setdefault((one.noun, one.inside, one.name if one.noun == "table" else ""), []).append(
            one.name
        )
    for (noun, inside, table), names in groups.items():
        whole = f" of {'scheme' if noun == 'label' else 'table'} {code(inside)}" if inside else ""
        sheet = side.tables.get(table) if side and table else None
        rows = f" with {counted(sheet.height, 'row')}" if sheet is not None else ""
        yield Line(kind, f"{noun if len(names) == 1 else noun + 's'} {_listed(names)}{whole}{rows}")


# -- rows -------------------------------------------------------------------------------------------


def _table(table: TableChange) -> Iterator[Line]:
    """What became of rows; those of a table that came or went are counted where it is named."""
    if table.op != "change" and table.kind is not None:
        return
    rows, of = table.rows, f"in table {code(table.id)}"
    noun = "segment" if table.kind == "segmented" else "row"
    if count := rows.count("add"):
        yield Line("Added", f"{counted(count, noun)} {of}")
    if count := rows.count("remove"):
        yield Line("Removed", f"{counted(count, noun)} {of}")
    if count := rows.count("move"):
        yield Line("Changed", f"{counted(count, noun)} moved {of}")
    stayed = {*(name for name, _ in rows.before.columns)} & {*(name for name, _ in rows.after.columns)}
    for column in rows.columns:
        if column in stayed and (flips := rows.flips(column)):
            yield Line("Changed", _flips(column, flips, of))


def _flips(column: str, flips: Sequence[tuple[str, str, int]], of: str) -> str:
    """How many cells of a column are others, and which became which."""
    total = sum(count for _, _, count in flips)
    many = total > 1
    shown = [
        f"{code(old)} → {code(new)}" + (f" ({count:,})" if many and len(flips) > 1 else "")
        for old, new, count in flips[:_SHOWN]
    ]
    rest = sum(count for _, _, count in flips[_SHOWN:])
    more = [f"and {rest:,} others"] if rest > 1 else ["and another one"] if rest else []
    return f"{counted(total, 'value')} of {code(column)} {of}: {', '.join([*shown, *more])}"


# -- media ------------------------------------------------------------------------------------------


def _media(difference: Difference) -> Iterator[Line]:
    changes = difference.media
    counts = media.counts(changes)
    if counts.added:
        yield Line("Added", _files_of(counts.added, "", _keys(changes, "add")))
    if counts.removed:
        yield Line("Removed", _files_of(counts.removed, "", _keys(changes, "remove")))
    if counts.replaced:
        names = media.replacements(changes)["k0"].to_list()
        yield Line("Changed", _files_of(counts.replaced, " replaced", names))
    if counts.renamed:
        yield Line("Changed", _renamed(counts.renamed, changes))
    if counts.described:
        yield Line("Changed", f"{counted(counts.described, 'media file')} described otherwise")


def _files_of(count: int, what: str, names: Sequence[str]) -> str:
    return f"{counted(count, 'media file')}{what}: {_listed(names)}"


def _renamed(count: int, changes: RowChanges) -> str:
    moves = changes.frame.filter(pl.col("op") == "move").select("k0", "t0").head(_SHOWN).rows()
    shown = [f"{code(old)} → {code(new)}" for old, new in moves]
    more = [f"and {count - len(shown):,} more"] if count > len(shown) else []
    return f"{counted(count, 'media file')} renamed: {', '.join([*shown, *more])}"


def _keys(changes: RowChanges, op: str) -> list[str]:
    names: list[str] = changes.frame.filter(pl.col("op") == op)["k0"].to_list()
    return names


# -- header and other files -------------------------------------------------------------------------


def _header(changes: Iterable[HeaderChange]) -> Iterator[Line]:
    """What the header says beside names; the text of a value is shown where it is short."""
    for change in changes:
        if not _is_told(change):
            name = f"{code(change.dotted)} of the header"
            if change.op == "change" and _is_short(change.old) and _is_short(change.new):
                yield Line("Changed", f"{name}: {code(change.old)} → {code(change.new)}")
            else:
                value = change.new if change.op == "add" else change.old
                said = f": {code(value)}" if change.op != "change" and _is_short(value) else ""
                yield Line(_KIND[change.op], f"{name}{said}")


def _is_told(change: HeaderChange) -> bool:
    """Whether it is one of what has a name, but for the order of labels and what is said of each."""
    is_of_labels = change.path[2:3] == ("labels",) and change.path[0] == "schemes"
    details = is_of_labels and (change.op == "change" or len(change.path) > _LABEL)
    return bump.is_told(change.path) and not details


_LABEL = 4
_KIND: Mapping[str, Kind] = {"add": "Added", "remove": "Removed", "change": "Changed"}


def _is_short(value: object) -> bool:
    return isinstance(value, str | int | float) and len(str(value)) <= _LONGEST


def _files(difference: Difference) -> Iterator[Line]:
    """Attachments, settings and the like; the stages follow from all others."""
    told = (layout.STAGES, layout.ERASED)
    yield from (Line(_KIND[one.op], code(one.path)) for one in difference.files if one.path not in told)


def _erased(a: Snapshot, b: Snapshot) -> Iterator[Line]:
    old, new = (side.erased.height if side.erased else 0 for side in (a, b))
    if new > old:
        yield Line("Removed", f"{counted(new - old, 'file')} erased from every version")


def _form(difference: Difference) -> Iterator[Line]:
    if difference.form_only:
        yield Line("Changed", f"the form of {_listed(difference.form_only)}, and nothing in it")
    if difference.made_anew:
        yield Line("Changed", f"{_listed(difference.made_anew)}, made anew")


# -- the first version ------------------------------------------------------------------------------


def _first_media(b: Snapshot) -> Iterator[Line]:
    for path, sheet in b.media_indexes.items():
        seconds = _seconds(sheet)
        lasts = f" ({lasting(seconds)})" if seconds else ""
        name = path.removesuffix(layout.INDEX)
        yield Line("Added", f"{counted(sheet.height, 'media file')} in {code(name)}{lasts}")


def _seconds(sheet: Sheet) -> float:
    if not sheet.has("duration"):
        return 0.0
    return float(sheet.text("duration").cast(pl.Float64, strict=False).sum() or 0)


def _first_tables(b: Snapshot) -> Iterator[Line]:
    found = [one for one in promises.of_snapshot(b) if one.noun in ("table", "attachment")]
    yield from _grouped("Added", found, b)
    yield from (Line("Added", f"flavor {code(name)}") for name in b.settings.flavors)
