"""What a difference asks of the next version: more for what breaks a program than for what mends a label."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from audiodvc.changes import media, promises
from audiodvc.changes.difference import Difference, TableChange
from audiodvc.changes.header import HeaderChange, Path
from audiodvc.changes.promises import Promise, Promises
from audiodvc.model import version
from audiodvc.model.snapshot import Snapshot
from audiodvc.words import counted

Level = Literal["major", "minor", "patch"]

LEVELS: tuple[Level, ...] = ("major", "minor", "patch")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a version has to rise, and by how much for this alone."""

    level: Level
    what: str


@dataclass(frozen=True, slots=True)
class Bump:
    """By how much a version has to rise, and all reasons for it, the strongest first."""

    level: Level
    reasons: tuple[Reason, ...]

    @property
    def decisive(self) -> tuple[Reason, ...]:
        """The reasons that ask for this level."""
        return tuple(reason for reason in self.reasons if reason.level == self.level)


def bump(difference: Difference, a: Snapshot, b: Snapshot) -> Bump | None:
    """What the difference of two states asks of the version of the second; None where nothing differs."""
    reasons = sorted(dict.fromkeys(_reasons(difference, a, b)), key=lambda reason: LEVELS.index(reason.level))
    return Bump(reasons[0].level, tuple(reasons)) if reasons else None


def following(tag: str, level: Level) -> str:
    """The version after one, without `v`.

    What breaks raises only the second number before 1.0.0, and a pre-release becomes its release.
    """
    order = version.order(tag)
    if order is None:
        raise ValueError(f"{tag} is no version")
    major, minor, patch, is_release, _ = order
    if not is_release:
        return f"{major}.{minor}.{patch}"
    if level == "major" and major:
        return f"{major + 1}.0.0"
    return f"{major}.{minor}.{patch + 1}" if level == "patch" else f"{major}.{minor + 1}.0"


def _reasons(difference: Difference, a: Snapshot, b: Snapshot) -> Iterator[Reason]:
    old, new = promises.of_snapshot(a), promises.of_snapshot(b)
    yield from (Reason("major", f"{one.shown} was removed") for one in promises.beyond(old, new))
    yield from _altered(old, new)
    yield from (Reason("minor", f"{one.shown} was added") for one in promises.beyond(new, old))
    for table in difference.tables:
        yield from _of_rows(table)
    yield from _of_media(difference)
    yield from _of_header(difference.header)
    yield from (Reason("patch", f"{one.path} was {_PAST[one.op]}") for one in difference.files)
    if any(_is_order(change) for change in difference.header):
        yield Reason("patch", "labels are in another order")
    if difference:
        return
    if form := difference.form_only:
        yield Reason("patch", f"{counted(len(form), 'file')} changed in form only")
    if made := difference.made_anew:
        yield Reason("patch", f"{counted(len(made), 'flavor')} made anew")


def _altered(old: Promises, new: Promises) -> Iterator[Reason]:
    for promise, kind in old.items():
        if promise in new and new[promise] != kind and not is_of_scheme(promise, old, new):
            yield Reason("major", f"{promise.shown} is {new[promise]}, and was {kind}")


def is_of_scheme(promise: Promise, old: Promises, new: Promises) -> bool:
    """Whether another dtype is told by a column: a scheme that columns use need not be named, too."""
    if promise.noun != "scheme":
        return False
    change = old[promise], new[promise]
    return any(
        one.noun == "column" and (kind, new.get(one)) == change and kind != new.get(one)
        for one, kind in old.items()
    )


def _of_rows(table: TableChange) -> Iterator[Reason]:
    """A table that came or went is told by itself, and so is one that no header knows."""
    if table.op != "change" and table.kind is not None:
        return
    rows, of = table.rows, f"table {table.id}"
    if count := rows.count("add"):
        yield Reason("minor", f"{counted(count, 'row')} added to {of}")
    if count := rows.count("remove"):
        yield Reason("minor", f"{counted(count, 'row')} removed from {of}")
    if count := rows.count("move"):
        yield Reason("patch", f"{counted(count, 'segment')} moved in {of}")
    if count := rows.corrected:
        yield Reason("patch", f"{counted(count, 'row')} changed in {of}")


def _of_media(difference: Difference) -> Iterator[Reason]:
    counts = media.counts(difference.media)
    told: tuple[tuple[int, str, Level], ...] = (
        (counts.added, "added", "minor"),
        (counts.removed, "removed", "minor"),
        (counts.renamed, "renamed", "minor"),
        (counts.replaced, "replaced", "patch"),
        (counts.described, "described otherwise", "patch"),
    )
    for count, past, level in told:
        if count:
            yield Reason(level, f"{counted(count, 'media file')} {past}")


def _of_header(changes: tuple[HeaderChange, ...]) -> Iterator[Reason]:
    for change in changes:
        path = change.path
        if path[:1] == ("schemes",) and path[2:] in (("minimum",), ("maximum",)):
            yield Reason("minor", f"{path[2]} of scheme {path[1]} was {_PAST[change.op]}")
        elif path[:1] == ("tables",) and path[2:] == ("split_id",):
            yield Reason("minor", f"the split of table {path[1]} was {_PAST[change.op]}")
        elif not is_told(path):
            yield Reason("patch", f"{change.dotted} of the header was {_PAST[change.op]}")


def is_told(path: Path) -> bool:
    """Whether what is at a path of the header has a name of its own, and its reasons with it."""
    section, part = path[:1], path[2:3]
    if section in _SECTIONS and len(path) <= _ENTRY:
        return True
    if section == ("schemes",):
        return part in (("labels",), ("dtype",))
    if section in (("tables",), ("misc_tables",)):
        return part in (("type",), ("levels",)) or (part == ("columns",) and len(path) <= _COLUMN)
    return False


def _is_order(change: HeaderChange) -> bool:
    """Whether a list has other items than before, if any, in another order: it is told whole."""
    return change.op == "change" and change.path[2:] == ("labels",) and isinstance(change.new, list)


_ENTRY, _COLUMN = 2, 4
_SECTIONS = (("tables",), ("misc_tables",), ("schemes",), ("splits",), ("attachments",))
_PAST = {"add": "added", "remove": "removed", "change": "changed"}
