"""AH006 and AH010 to AH013: what the header names is there, and what is there is named."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from audiodvc.finding import Finding
from audiodvc.model.header import Header
from audiodvc.model.snapshot import Snapshot
from audiodvc.model.spec import FILEWISE_LEVELS, SEGMENTED_LEVELS
from audiodvc.rules import entries
from audiodvc.rules.entries import NOUNS, TABLES, Entry, finding, meant, shown


def ah006(snapshot: Snapshot) -> Iterator[Finding]:
    """A reference leads to nothing.

    Columns name their scheme and rater, tables their split and media, and a scheme may name the
    misc table from which it takes its labels. audformat cannot load a table, or not even the header, when
    one of them is not there.

    Bad:

        schemes:
          emotion: {dtype: str}
        tables:
          emotion: {type: filewise, columns: {emotion: {scheme_id: emotoin}}}

    Good:

        schemes:
          emotion: {dtype: str}
        tables:
          emotion: {type: filewise, columns: {emotion: {scheme_id: emotion}}}
    """
    header = snapshot.header
    sections = [section for section in entries.SECTIONS if entries.is_sound(header, section)]
    known_ids = {section: dict.fromkeys(entries.ids(header, section)) for section in sections}
    for entry in entries.entries(header, *_REFERENCES):
        for field, section in _REFERENCES[entry.kind].items():
            name, known = entry.fields.get(field), known_ids.get(section)
            if isinstance(name, str) and known is not None and name not in known:
                hint = meant(name, known)
                if field == "labels" and name in header.tables:
                    hint = " (it is a table, not a misc table)"
                message = f"'{field}' of {entry.words} names no {NOUNS[section]}: {shown(name)}{hint}"
                yield finding(header, "AH006", message, *entry.path, field)


def ah010(snapshot: Snapshot) -> Iterator[Finding]:
    """An id cannot be used, or is used twice.

    Ids of tables, misc tables and attachments become names of files and folders, so they consist of the
    letters A to Z and a to z, digits, and the marks `.`, `_` and `-`. A table and a misc table cannot share
    an id, because both would be the same file. A column cannot be called like a level of its table, and
    neither name can have a line break: loaders take what is behind it for the first row.

    Bad:

        tables:
          emotion/test: {type: filewise}

    Good:

        tables:
          emotion.test: {type: filewise}
    """
    header = snapshot.header
    for section in (*TABLES, "attachments"):
        for one in entries.ids(header, section):
            if not _is_id(one):
                message = f"{NOUNS[section]} id {shown(one)} has other characters than A-Z a-z 0-9 . _ -"
                yield finding(
                    header,
                    "AH010",
                    message if one else f"{NOUNS[section]} id is empty",
                    section,
                    one,
                    key=True,
                )
    tables = set(entries.ids(header, "tables"))
    for one in entries.ids(header, "misc_tables"):
        if one in tables:
            message = f"misc table {shown(one)} has the id of a table"
            yield finding(header, "AH010", message, "misc_tables", one, key=True)
    for table in entries.entries(header, *TABLES):
        yield from _names(header, table)


def ah011(snapshot: Snapshot) -> Iterator[Finding]:
    """A table that the header declares has no file.

    The table `emotion` is the file `db.emotion.csv` beside the header. A loader fails when it comes
    to the table. The file may have been left out of the commit.

    Bad, without a file db.emotion.csv:

        tables:
          emotion: {type: filewise}

    Good:

        tables:
          emotion: {type: filewise}

    with a file db.emotion.csv, that may have no rows.
    """
    header = snapshot.header
    for section in TABLES:
        for one in entries.ids(header, section):
            path = f"db.{one}.csv"
            if one in snapshot.tables or not _is_id(one):
                continue
            message = f"{NOUNS[section]} {shown(one)} has no file {path}"
            if snapshot.files.get(path) == "link":
                message = f"{path} is a symbolic link, not a file"
            yield finding(header, "AH011", message, section, one, key=True)


def ah012(snapshot: Snapshot) -> Iterator[Finding]:
    """A table file is not declared in the header.

    Nobody loads it, and nobody knows what should be in it. Either its entry was forgotten, or the file
    should be removed.

    Bad, beside a file db.gender.csv:

        tables:
          emotion: {type: filewise}

    Good:

        tables:
          emotion: {type: filewise}
          gender: {type: filewise}
    """
    header = snapshot.header
    if not entries.is_read(header) or not all(entries.is_sound(header, section) for section in TABLES):
        return
    known = entries.ids(header, *TABLES)
    missing = [one for one in known if one not in snapshot.tables]
    for table_id, sheet in snapshot.tables.items():
        if table_id not in known:
            message = f"the header declares no table {shown(table_id)}{meant(table_id, missing)}"
            yield Finding(sheet.path, 1, 1, "AH012", message, table=table_id)


def ah013(snapshot: Snapshot) -> Iterator[Finding]:
    """A scheme, rater, split or media is used by nothing.

    It may be left over from a table that was removed, or a column may have lost its reference, whose
    cells are then not checked at all.

    Bad:

        schemes:
          emotion: {dtype: str, labels: [angry, happy]}
        tables:
          emotion: {type: filewise, columns: {emotion: {}}}

    Good:

        schemes:
          emotion: {dtype: str, labels: [angry, happy]}
        tables:
          emotion: {type: filewise, columns: {emotion: {scheme_id: emotion}}}
    """
    header = snapshot.header
    if not all(entries.is_sound(header, section) for section in TABLES):
        return
    used = {
        (section, entry.fields.get(field))
        for entry in entries.entries(header, *TABLES, "columns")
        for field, section in _REFERENCES[entry.kind].items()
        if isinstance(entry.fields.get(field), str)
    }
    for section in ("media", "raters", "schemes", "splits"):
        for one in entries.ids(header, section):
            if (section, one) not in used:
                message = f"{NOUNS[section]} {shown(one)} is used by no {_USERS[section]}"
                yield finding(header, "AH013", message, section, one, key=True)


_TABLE = {"split_id": "splits", "media_id": "media"}
_REFERENCES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "columns": {"scheme_id": "schemes", "rater_id": "raters"},
        "tables": _TABLE,
        "misc_tables": _TABLE,
        "schemes": {"labels": "misc_tables"},
    }
)
_USERS: Mapping[str, str] = MappingProxyType(
    {"media": "table", "raters": "column", "schemes": "column", "splits": "table"}
)
_ID = re.compile("[A-Za-z0-9._-]+")


def _is_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None


def _names(header: Header, table: Entry) -> Iterator[Finding]:
    """A table whose type is not known has the levels of a filewise one, as it has to a loader."""
    if table.kind == "misc_tables":
        levels = [level for level in entries.mapping(table.fields.get("levels")) if isinstance(level, str)]
    else:
        typed = SEGMENTED_LEVELS if table.fields.get("type") == "segmented" else FILEWISE_LEVELS
        levels = [level for level, _ in typed]
    if "" in levels:
        yield finding(
            header, "AH010", f"a level of {table.words} has no name", *table.path, "levels", "", key=True
        )
    columns = [name for name in entries.mapping(table.fields.get("columns")) if isinstance(name, str)]
    for column in columns:
        if column in levels:
            message = f"column {shown(column)} of {table.words} is called like a level"
            yield finding(header, "AH010", message, *table.path, "columns", column, key=True)
    for noun, names in (("level", levels), ("column", columns)):
        for name in names:
            if "\n" in name or "\r" in name:
                message = f"the name of {noun} {shown(name)} of {table.words} has a line break"
                yield finding(header, "AH010", message, *table.path, f"{noun}s", name, key=True)
