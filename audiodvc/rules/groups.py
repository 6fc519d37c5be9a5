"""Groups of files that belong together, such as those of one speaker, by a column or by its labels."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping

import polars as pl

from audiodvc.model.header import Header, SchemeEntry
from audiodvc.model.sheet import Sheet
from audiodvc.model.snapshot import Snapshot
from audiodvc.rules import media


def values(snapshot: Snapshot, group: str) -> pl.DataFrame | None:
    """Files with their value of a group as `by`; None if no table and no scheme has such a group."""
    found = [
        _of_files(sheet, cells)
        for sheet in media.tables(snapshot)
        for cells in _cells(snapshot, sheet, group)
    ]
    return pl.concat(found) if found else None


def is_declared(header: Header, group: str) -> bool:
    """Whether a table of media has a column of this name, or one whose labels say something of it."""
    return any(
        column.id == group or _labels_have(header, header.schemes.get(column.scheme_id or ""), group)
        for table in header.tables.values()
        if table.kind != "misc"
        for column in table.columns.values()
    )


def _labels_have(header: Header, scheme: SchemeEntry | None, group: str) -> bool:
    if scheme is None or scheme.labels is None:
        return False
    if not isinstance(scheme.labels, str):
        return bool(_listed(scheme.labels, group))
    table = header.tables.get(scheme.labels)
    if table is None or table.kind != "misc":
        return False
    return group in table.columns or [name for name, _ in table.levels] == [group]


def _of_files(sheet: Sheet, cells: pl.Series) -> pl.DataFrame:
    frame = pl.DataFrame({"file": sheet.text("file"), "by": cells})
    return frame.filter((pl.col("file") != "") & (pl.col("by") != ""))


def _cells(snapshot: Snapshot, sheet: Sheet, group: str) -> Iterator[pl.Series]:
    """The values of a group in a table, row by row: of its column, or by way of the labels of another."""
    if not sheet.has("file"):
        return
    for column in snapshot.header.tables[sheet.id].columns.values():
        if not sheet.has(column.id):
            continue
        scheme = snapshot.header.schemes.get(column.scheme_id or "")
        if column.id == group:
            yield sheet.canonical(group)
        elif scheme is not None:
            meanings = _meanings(snapshot, scheme, group)
            if meanings is not None:
                labels, said = pl.Series(list(meanings), dtype=pl.String), list(meanings.values())
                texts = pl.Series(said, dtype=pl.String)
                yield sheet.canonical(column.id).replace_strict(labels, texts, default="")


def _meanings(snapshot: Snapshot, scheme: SchemeEntry, group: str) -> Mapping[str, str] | None:
    """What the labels of a scheme say of a group; None if they say nothing of it."""
    if isinstance(scheme.labels, str):
        return _in_table(snapshot.tables.get(scheme.labels), group)
    return None if scheme.labels is None else _listed(scheme.labels, group)


def _listed(labels: Mapping[Hashable, object] | tuple[object, ...], group: str) -> Mapping[str, str] | None:
    if not isinstance(labels, Mapping):
        return None
    said = {
        str(label): str(fields[group])
        for label, fields in labels.items()
        if isinstance(fields, Mapping) and _is_scalar(fields.get(group))
    }
    return said or None


def _is_scalar(value: object) -> bool:
    return value is not None and not isinstance(value, list | dict)


def _in_table(sheet: Sheet | None, group: str) -> Mapping[str, str] | None:
    """What the misc table that has the labels of a scheme says of a group, which may be its level."""
    if sheet is None or sheet.spec is None or sheet.spec.kind != "misc" or len(sheet.spec.key) != 1:
        return None
    level = sheet.spec.key[0]
    if not sheet.has(level, group) or group not in sheet.spec.names:
        return None
    rows = zip(sheet.canonical(level).to_list(), sheet.canonical(group).to_list(), strict=True)
    return dict(rows)
