"""The header `db.yaml`: what a dataset says about itself and its tables, with places.

Views of it never fail: what has a shape that they do not understand is left out,
and rules say what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from audiodvc.errors import FormatError
from audiodvc.finding import Finding, Place
from audiodvc.model import yamlform
from audiodvc.model.spec import FILEWISE_LEVELS, SEGMENTED_LEVELS, Kind, Spec, Typed
from audiodvc.model.yamltext import Codes, Document, read

PATH = "db.yaml"

DTYPES = ("bool", "int", "float", "object", "str", "time", "date")

Fields = Mapping[str, object]

_AH001 = "AH001"
_KINDS: Mapping[str, tuple[Kind, Typed]] = MappingProxyType(
    {"filewise": ("filewise", FILEWISE_LEVELS), "segmented": ("segmented", SEGMENTED_LEVELS)}
)


@dataclass(frozen=True, slots=True)
class ColumnEntry:
    """A column of a table."""

    id: str
    scheme_id: str | None
    rater_id: str | None


@dataclass(frozen=True, slots=True)
class TableEntry:
    """A table, or a misc table."""

    id: str
    kind: Kind
    levels: Typed
    columns: Mapping[str, ColumnEntry]
    split_id: str | None
    media_id: str | None


@dataclass(frozen=True, slots=True)
class SchemeEntry:
    """What the cells of a column may be; labels are listed, a mapping to fields, or a misc table."""

    id: str
    dtype: str
    labels: tuple[object, ...] | Mapping[Hashable, object] | str | None
    minimum: object
    maximum: object


@dataclass(frozen=True, slots=True)
class Header:
    """A header: its findings, its data (empty where it is broken), and views of them."""

    document: Document
    findings: tuple[Finding, ...]
    data: dict[str, Any]
    name: str | None = None
    declared: tuple[str, ...] = ()
    tables: Mapping[str, TableEntry] = field(default_factory=dict)
    schemes: Mapping[str, SchemeEntry] = field(default_factory=dict)
    splits: Mapping[str, Fields] = field(default_factory=dict)
    media: Mapping[str, Fields] = field(default_factory=dict)
    raters: Mapping[str, Fields] = field(default_factory=dict)
    attachments: Mapping[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Where the header stands."""
        return self.document.path

    @property
    def text(self) -> str:
        """The text, without a byte-order mark."""
        return self.document.text

    def place(self, *path: Hashable, key: bool = False) -> Place:
        """The place of the value at a path of keys, or of its key; else of the nearest one above."""
        return self.document.place(*path, key=key)

    def spec(self, table_id: str) -> Spec:
        """What a table of the header should be; a column without a known scheme is text."""
        table = self.tables[table_id]
        columns = tuple((column.id, self._dtype(column)) for column in table.columns.values())
        return Spec(table.id, table.kind, table.levels, columns)

    def _dtype(self, column: ColumnEntry) -> str:
        scheme = self.schemes.get(column.scheme_id) if column.scheme_id is not None else None
        return "object" if scheme is None else scheme.dtype


def parse(data: bytes | str, path: str = PATH) -> Header:
    """The header in a text; whatever the text is, its faults are findings."""
    document = read(data, path, Codes(broken=_AH001, repeated="AH002"))
    root = document.data
    if not isinstance(root, dict):
        return Header(document, _not_a_mapping(document), {})
    tables = dict(_tables(root))
    return Header(
        document,
        document.findings,
        root,
        name=_text(root.get("name")),
        declared=tuple(dict.fromkeys((*_entries(root, "tables"), *_entries(root, "misc_tables")))),
        tables=MappingProxyType(tables),
        schemes=MappingProxyType(dict(_schemes(root, tables))),
        splits=MappingProxyType(_entries(root, "splits")),
        media=MappingProxyType(_entries(root, "media")),
        raters=MappingProxyType(_entries(root, "raters")),
        attachments=MappingProxyType(dict(_attachments(root))),
    )


def canonical(text: str) -> str:
    """The text in canonical form: its keys, comments and style stay, and what it says.

    Raises a FormatError if it is no header.
    """
    header = parse(text)
    faults = [finding for finding in header.findings if finding.code not in ("AF001", "AF002")]
    if faults or not isinstance(header.document.data, dict):
        raise FormatError(
            "the header cannot be formatted",
            details=[f"{fault.line}:{fault.column}: {fault.message}" for fault in header.findings],
        )
    return yamlform.tidy(text)


def dump(data: Mapping[str, object]) -> str:
    """A new header from plain data, in the order and style of audformat."""
    return yamlform.dump(_ordered(data))


def _not_a_mapping(document: Document) -> tuple[Finding, ...]:
    if document.broken:
        return document.findings
    what = "the header is empty" if document.data is None else "the header is not a mapping"
    return (*document.findings, document.finding(_AH001, what, document.place()))


# ---------------------------------------------------------------------------
# views


def _entries(root: Mapping[str, object], section: str) -> dict[str, Fields]:
    """The entries of a section that are mappings; one that is empty has no fields."""
    found = root.get(section)
    entries = found.items() if isinstance(found, dict) else ()
    return {key: _fields(value) for key, value in entries if isinstance(key, str) and _is_fields(value)}


def _is_fields(value: object) -> bool:
    return value is None or isinstance(value, dict)


def _fields(value: object) -> Fields:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _tables(root: Mapping[str, object]) -> Iterator[tuple[str, TableEntry]]:
    tables = _entries(root, "tables")
    for table_id, fields in tables.items():
        # To audformat a table without type is filewise.
        kind, levels = _KINDS.get(_text(fields.get("type", "filewise")) or "", (None, ()))
        if kind is not None:
            yield table_id, _table(table_id, kind, levels, fields)
    for table_id, fields in _entries(root, "misc_tables").items():
        levels = tuple(_levels(fields.get("levels")))
        if levels and table_id not in tables:
            yield table_id, _table(table_id, "misc", levels, fields)


def _levels(value: object) -> Iterator[tuple[str, str]]:
    for level, dtype in value.items() if isinstance(value, dict) else ():
        if isinstance(level, str):
            yield level, dtype if dtype in DTYPES else "object"


def _table(table_id: str, kind: Kind, levels: Typed, fields: Fields) -> TableEntry:
    columns = {
        column_id: ColumnEntry(column_id, _text(column.get("scheme_id")), _text(column.get("rater_id")))
        for column_id, column in _entries(fields, "columns").items()
    }
    split_id, media_id = _text(fields.get("split_id")), _text(fields.get("media_id"))
    return TableEntry(table_id, kind, levels, MappingProxyType(columns), split_id, media_id)


def _schemes(
    root: Mapping[str, object], tables: Mapping[str, TableEntry]
) -> Iterator[tuple[str, SchemeEntry]]:
    for scheme_id, fields in _entries(root, "schemes").items():
        labels = _labels(fields.get("labels"))
        dtype = _dtype(fields, tables.get(labels) if isinstance(labels, str) else None)
        yield scheme_id, SchemeEntry(scheme_id, dtype, labels, fields.get("minimum"), fields.get("maximum"))


def _labels(value: object) -> tuple[object, ...] | Mapping[Hashable, object] | str | None:
    if isinstance(value, list):
        return tuple(value)
    return value if isinstance(value, dict | str) else None


def _dtype(fields: Fields, labels: TableEntry | None) -> str:
    """The dtype that audformat's loader gives a scheme: it is str if not said, whatever the labels are."""
    dtype = fields.get("dtype")
    if dtype is None:
        return labels.levels[0][1] if labels is not None and labels.kind == "misc" else "str"
    return dtype if isinstance(dtype, str) and dtype in DTYPES else "object"


def _attachments(root: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for attachment_id, fields in _entries(root, "attachments").items():
        path = fields.get("path")
        if isinstance(path, str):
            yield attachment_id, path


# ---------------------------------------------------------------------------
# the order in which audformat writes


_COLUMN = ("description", "scheme_id", "rater_id")
_TABLE = ("type", "levels", "description", "split_id", "media_id", "columns")
_MEDIA = (
    *("description", "type", "format", "channels", "bit_depth", "sampling_rate"),
    *("video_fps", "video_resolution", "video_channels", "video_depth"),
)
_SECTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "attachments": ("description", "path"),
        "media": _MEDIA,
        "raters": ("description", "type"),
        "schemes": ("description", "dtype", "labels", "minimum", "maximum"),
        "splits": ("description", "type"),
        "tables": _TABLE,
        "misc_tables": _TABLE,
    }
)
_ROOT = (
    *("name", "description", "source", "usage", "expires", "languages"),
    *("author", "organization", "license", "license_url"),
    *_SECTIONS,
)


def _ordered(data: Mapping[str, object]) -> dict[Any, object]:
    """Known keys in their order, then the others; ids sorted, but columns and labels as they are."""
    return {
        key: _section(value, _SECTIONS[key]) if key in _SECTIONS else value
        for key, value in _known_first(data, _ROOT).items()
    }


def _section(value: object, known: tuple[str, ...]) -> object:
    if not isinstance(value, dict):
        return value
    return {key: _entry(one, known) for key, one in _known_first(value, ()).items()}


def _entry(value: object, known: tuple[str, ...]) -> object:
    if not isinstance(value, dict):
        return value
    entry = _known_first(value, known)
    columns = entry.get("columns")
    if known is _TABLE and isinstance(columns, dict):
        entry["columns"] = {
            key: _known_first(one, _COLUMN) if isinstance(one, dict) else one for key, one in columns.items()
        }
    return entry


def _known_first(data: Mapping[Any, object], known: tuple[str, ...]) -> dict[Any, object]:
    others = [key for key in data if key not in known]
    if all(isinstance(key, str) for key in others):
        others.sort()
    return {key: data[key] for key in (*(key for key in known if key in data), *others)}
