"""Who gave cells their values: the history of a table, and of what its labels say elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import NamedTuple

from audiodvc.adapters import chronicle
from audiodvc.adapters.bare import Reader
from audiodvc.adapters.chronicle import Contents, Entry
from audiodvc.changes import blame, excerpt, renames
from audiodvc.changes.blame import History, Op, Renamed, Step
from audiodvc.changes.excerpt import Excerpt, Key
from audiodvc.errors import SelectionError
from audiodvc.model import header as headers
from audiodvc.model import layout, spec
from audiodvc.model import version as semantic
from audiodvc.model.header import Header
from audiodvc.model.spec import SEGMENTED_LEVELS, Spec
from audiodvc.words import counted


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which cells: a table by its id or file, the first values of a key, a column or all.

    `through` asks also for what the labels in these cells say, in the header or in a misc table.
    """

    table: str
    key: tuple[str, ...]
    column: str | None = None
    through: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """What a commit did to a cell: who, when, in which version first, and both values.

    `key` and `column` are as they were; a value is None where there was no such row, and empty if it was
    missing. `version` is None while no version has the commit.
    """

    op: Op
    key: Mapping[str, str]
    column: str | None
    old: str | None
    value: str | None
    commit: str
    author: str
    email: str
    date: datetime
    version: str | None


@dataclass(frozen=True, slots=True)
class Trail:
    """A cell as it is, and every change of it, the latest first; a value of None was removed.

    `table` is empty for a label of the header, whose key is its scheme and itself. Without `column` it is
    the row itself, or the label. `through` is whether another cell led here.
    """

    table: str
    path: str
    key: Mapping[str, str]
    column: str | None
    value: str | None
    changes: tuple[Change, ...]
    through: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """Where histories come from: of a file all entries, blobs, and the first version of commits."""

    entries: Callable[[str], Sequence[Entry]]
    contents: Contents
    versions: Mapping[str, str]


def first_versions(objects: Reader, versions: Mapping[str, str]) -> dict[str, str]:
    """Commit -> the lowest of some versions, given with their commits, that contains it."""
    ranked = sorted((rank, name) for name in versions if (rank := semantic.order(name)) is not None)
    return chronicle.first_versions(objects, {name: versions[name] for _, name in ranked})


def path_of(table: str) -> str:
    """The file of a table that was named by its id or its file."""
    name = table.replace("\\", "/").rpartition("/")[2]
    if table.endswith(layout.INDEX):
        return table.removeprefix("./")
    return name if layout.table_id(name) else f"db.{table}.csv"


def paths(header: Header, wanted: Wanted) -> list[str]:
    """The files whose history may be asked for."""
    found = [path_of(wanted.table)]
    if wanted.through:
        found += [layout.HEADER, *(f"db.{name}.csv" for name in _misc_tables(header))]
    return list(dict.fromkeys(found))


def find(source: Source, header: Header, wanted: Wanted) -> list[Trail]:
    """The trails of the cells that are wanted; a SelectionError if there never were such."""
    file = _file(source, header, path_of(wanted.table), wanted)
    key = _key(wanted.key, file.spec)
    found = _trails(source, file, key, wanted.column)
    if not found:
        raise SelectionError(f"{file.path} never had a row {' '.join(wanted.key)}", hint=_hint(file, key))
    return [*found, *_beyond(source, header, found)] if wanted.through else found


class _File(NamedTuple):
    path: str
    spec: Spec
    entries: Sequence[Entry]


def _file(source: Source, header: Header, path: str, wanted: Wanted) -> _File:
    entries = source.entries(path)
    blob = next((entry.blob for entry in entries if entry.blob), None)
    if blob is None:
        known = ", ".join(header.declared)
        hint = f"the header has {known}" if known else "its id or its file name is needed"
        raise SelectionError(f"no commit has a table {wanted.table} ({path})", hint=hint)
    name = layout.table_id(path)
    if name in header.tables:
        return _File(path, header.spec(name), entries)
    data = next(data for _, data in source.contents([blob]))
    if path.endswith(layout.INDEX):
        return _File(path, spec.of_index(data), entries)
    levels = excerpt.guessed(data)
    if not levels:
        what = f"which columns of {path} are its key is not known"
        raise SelectionError(what, hint="the header of this revision does not declare it")
    return _File(path, Spec(name, "segmented" if levels == SEGMENTED_LEVELS else "filewise", levels), entries)


def _key(values: Sequence[str], known: Spec) -> Key:
    if not 0 < len(values) <= len(known.levels):
        raise SelectionError(
            f"a key of {known.id} has {counted(len(known.levels), 'value')}, and {len(values)} are given",
            hint=f"give {', '.join(known.key)}, or the first of them",
        )
    return tuple(excerpt.cell(text, dtype) for text, (_, dtype) in zip(values, known.levels, strict=False))


def _hint(file: _File, key: Key) -> str:
    if len(key) > 1:
        return f"`{file.spec.key[0]}` alone gives all rows of it"
    return f"the first value of its key is `{file.spec.key[0]}`, as it is written in the table"


def _trails(
    source: Source, file: _File, key: Key, column: str | None, *, through: bool = False
) -> list[Trail]:
    read = excerpt.Reader(file.spec, key[0])
    taken = {blob: read(data) for blob, data in source.contents(_blobs(file.entries))}
    if column is not None:
        _check_column(file, column, [one for one in taken.values() if one is not None])
    history = History(
        {entry.commit: entry.parents for entry in file.entries},
        {entry.commit: taken[entry.blob] if entry.blob else Excerpt() for entry in file.entries},
        file.spec.levels == SEGMENTED_LEVELS,
        _renamed(source, file),
    )
    table = layout.table_id(file.path) or file.path
    made = _Maker(source, file.entries, file.spec.key, table, file.path, through)
    return [made.trail(one) for one in blame.trails(history, key, column)]


def _check_column(file: _File, column: str, taken: Sequence[Excerpt]) -> None:
    known = list(dict.fromkeys(name for one in taken for name in one.columns))
    if known and column not in known:
        raise SelectionError(f"{file.path} never had a column '{column}'", hint=f"it has {', '.join(known)}")


def _blobs(entries: Sequence[Entry]) -> list[str]:
    return list(dict.fromkeys(entry.blob for entry in entries if entry.blob))


def _renamed(source: Source, file: _File) -> Renamed:
    blobs = {entry.commit: entry.blob for entry in file.entries}

    @cache
    def renamed(commit: str, earlier: str) -> Mapping[str, str]:
        new, old = blobs[commit], blobs[earlier]
        if not new or not old:
            return {}
        texts = dict(source.contents([new, old]))
        return renames.columns(texts[old], texts[new], file.spec)

    return renamed


class _Maker(NamedTuple):
    """Puts names and dates to commits."""

    source: Source
    entries: Sequence[Entry]
    levels: tuple[str, ...]
    table: str
    path: str
    through: bool

    def trail(self, found: blame.Trail) -> Trail:
        known = {entry.commit: entry for entry in self.entries}
        changes = tuple(self._change(step, known[step.commit]) for step in found.steps)
        key = self._keyed(found.key)
        return Trail(self.table, self.path, key, found.column, found.value, changes, self.through)

    def _change(self, step: Step, entry: Entry) -> Change:
        date = datetime.fromisoformat(entry.date)
        version = self.source.versions.get(entry.commit)
        who = (entry.commit, entry.author, entry.email, date, version)
        return Change(step.op, self._keyed(step.key), step.column, step.old, step.value, *who)

    def _keyed(self, key: Key) -> Mapping[str, str]:
        return dict(zip(self.levels, key, strict=True))


# -- what labels say elsewhere -----------------------------------------------------------------------


def _misc_tables(header: Header) -> list[str]:
    """The misc tables that give schemes their labels."""
    named = (scheme.labels for scheme in header.schemes.values())
    return [labels for labels in named if isinstance(labels, str) and labels in header.tables]


def _beyond(source: Source, header: Header, found: Sequence[Trail]) -> Iterator[Trail]:
    """What the labels in some cells say, and the labels in what they say; each once."""
    seen, rest = set[tuple[str, str]](), list(found)
    while rest:
        one = rest.pop(0)
        scheme = _scheme(header, one)
        label = (scheme, one.value or "")
        if not scheme or not one.value or label in seen:
            continue
        seen.add(label)
        labels = header.schemes[scheme].labels
        if isinstance(labels, str):
            more = _of_misc(source, header, labels, one.value)
            yield from more
            rest += more
        elif labels is not None:
            yield from _of_header(source, scheme, one.value)


def _scheme(header: Header, one: Trail) -> str:
    table = header.tables.get(one.table)
    column = table.columns.get(one.column or "") if table else None
    name = column.scheme_id if column else None
    return name if name in header.schemes and name else ""


def _of_misc(source: Source, header: Header, table: str, value: str) -> list[Trail]:
    path = f"db.{table}.csv"
    entries = source.entries(path)
    if table not in header.tables or not any(entry.blob for entry in entries):
        return []
    file = _File(path, header.spec(table), entries)
    return _trails(source, file, _key([value], file.spec), None, through=True)


def _of_header(source: Source, scheme: str, value: str) -> list[Trail]:
    """The trail of a label in the header, and of each of its fields."""
    entries = source.entries(layout.HEADER)
    taken: dict[str, Excerpt | None] = {
        blob: None
        if (said := headers.parse(data)).document.broken
        else excerpt.of_labels(said.schemes.get(scheme))
        for blob, data in source.contents(_blobs(entries))
    }
    history = History(
        {entry.commit: entry.parents for entry in entries},
        {entry.commit: taken[entry.blob] if entry.blob else Excerpt() for entry in entries},
    )
    made = _Maker(source, entries, ("scheme", "label"), "", layout.HEADER, through=True)
    found = [*blame.trails(history, (value,), None)]
    return [made.trail(_under(scheme, one)) for one in found]


def _under(scheme: str, one: blame.Trail) -> blame.Trail:
    steps = tuple(
        Step(step.op, step.commit, (scheme, *step.key), step.column, step.old, step.value)
        for step in one.steps
    )
    return blame.Trail((scheme, *one.key), one.column, one.value, steps)
