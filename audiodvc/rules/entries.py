"""The entries of a header as they are written, whatever their shape, and findings at their places."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, NamedTuple

from audiodvc.finding import Finding
from audiodvc.model.header import Header

TABLES = ("tables", "misc_tables")

NOUNS: Mapping[str, str] = MappingProxyType(
    {
        "attachments": "attachment",
        "media": "media",
        "raters": "rater",
        "schemes": "scheme",
        "splits": "split",
        "tables": "table",
        "misc_tables": "misc table",
        "columns": "column",
    }
)
"""The sections that hold entries, with the word for one of them; columns stand in tables."""

SECTIONS = tuple(section for section in NOUNS if section != "columns")

Path = tuple[Hashable, ...]

_LONGEST = 40


class Entry(NamedTuple):
    """What stands at a path; `kind` is its section, "" for the root, "ids" for what only holds others."""

    path: Path
    kind: str
    value: object

    @property
    def fields(self) -> Mapping[Hashable, Any]:
        """The fields, none if the entry is no mapping."""
        return mapping(self.value)

    @property
    def words(self) -> str:
        """The entry as a message names it."""
        return described(self.path)


def is_read(header: Header) -> bool:
    """Whether the header could be parsed; nothing follows from one that could not."""
    return isinstance(header.document.data, dict)


def mapping(value: object) -> Mapping[Hashable, Any]:
    """The value if it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else {}


def everything(header: Header) -> Iterator[Entry]:
    """The root, every section, every entry, and the columns and levels of tables; none if unreadable."""
    if not is_read(header):
        return
    yield Entry((), "", header.data)
    for section in SECTIONS:
        found = header.data.get(section)
        if isinstance(found, dict):
            yield Entry((section,), "ids", found)
            for entry_id, value in found.items():
                entry = Entry((section, entry_id), section, value)
                yield entry
                yield from _parts(entry)


def entries(header: Header, *kinds: str) -> Iterator[Entry]:
    """The entries of some sections, or the columns of all tables, that are mappings under a text."""
    for entry in everything(header):
        if entry.kind in kinds and isinstance(entry.value, dict) and isinstance(entry.path[-1], str):
            yield entry


def ids(header: Header, *sections: str) -> list[str]:
    """Every id of some sections, whatever stands under it."""
    return [one for section in sections for one in mapping(header.data.get(section)) if isinstance(one, str)]


def is_sound(header: Header, section: str) -> bool:
    """Whether a section is left out or a mapping, so that it has the ids that it seems to have."""
    return header.data.get(section) is None or isinstance(header.data[section], dict)


def finding(header: Header, code: str, message: str, *path: Hashable, key: bool = False) -> Finding:
    """A finding at the value at a path, or at its key; `field` is the path with dots."""
    line, column = header.place(*path, key=key)
    table = path[1] if len(path) > 1 and path[0] in TABLES else None
    return Finding(
        header.path,
        line,
        column,
        code,
        message,
        table=table if isinstance(table, str) else None,
        field=".".join(str(part) for part in path) or None,
    )


def described(path: Path) -> str:
    """What stands at a path as a message names it: `column 'age' of table 'people'`."""
    section, *rest = path or ("header",)
    if not rest:
        return f"'{section}'" if path else "the header"
    entry = f"{NOUNS.get(str(section), section)} {shown(rest[0])}"
    if not rest[1:]:
        return entry
    part, *name = rest[1:]
    return f"{NOUNS.get(str(part), part)} {shown(name[0])} of {entry}" if name else f"'{part}' of {entry}"


def shown(value: object) -> str:
    """A value as a message shows it: texts in quotes, words as in YAML, never anything long."""
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    if isinstance(value, str):
        return f"'{_short(value)}'"
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else _short(str(value))


def meant(word: object, known: Collection[str]) -> str:
    """The known word that was probably meant, as the end of a message, or nothing."""
    near = get_close_matches(word, known, n=1) if isinstance(word, str) else []
    if isinstance(word, str) and not near:
        near = [one for one in known if one.casefold() == word.strip().casefold()]
    return f" (did you mean '{near[0]}'?)" if near else ""


def _parts(entry: Entry) -> Iterator[Entry]:
    columns, levels = ((*entry.path, part) for part in ("columns", "levels"))
    if entry.kind in TABLES and isinstance(entry.fields.get("columns"), dict):
        yield Entry(columns, "ids", entry.fields["columns"])
        for column_id, value in entry.fields["columns"].items():
            yield Entry((*columns, column_id), "columns", value)
    if entry.kind == "misc_tables" and isinstance(entry.fields.get("levels"), dict):
        yield Entry(levels, "levels", entry.fields["levels"])


def _short(text: str) -> str:
    short = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in short)
