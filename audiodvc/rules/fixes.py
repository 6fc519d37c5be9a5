"""Mending what rules found: texts of files in, texts of files out; only equal rows are ever removed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from typing import NamedTuple

import polars as pl

from audiodvc.finding import Finding
from audiodvc.model import header, settings, snapshot, table, yamlform
from audiodvc.model.sheet import Sheet
from audiodvc.model.snapshot import FileKind, Read, Snapshot
from audiodvc.model.spec import Spec
from audiodvc.model.table import Table
from audiodvc.rules import catalogue


@dataclass(frozen=True, slots=True)
class Mended:
    """The new texts of the files that changed, and how many findings are mended by them."""

    texts: Mapping[str, bytes]
    findings: int


def mend(files: Mapping[str, FileKind], read: Read, today: date, *, unsafe: bool = False) -> Mended:
    """Apply the fixes of all findings until nothing changes: one that is mended may lay another bare."""
    texts: dict[str, bytes] = {}
    mended = 0
    for _ in range(_ROUNDS):
        taken = snapshot.take(files, now := _over(read, texts), today)
        changed, count = _round(taken, now, unsafe=unsafe)
        if not changed:
            break
        texts.update(changed)
        mended += count
    return Mended(texts, mended)


# Labels in other letter case, then rows that have become equal, then ends that no longer collide;
# what were more rounds than these is mended by the next call.
_ROUNDS = 6


class _Text(NamedTuple):
    data: bytes
    mended: int


def _over(read: Read, texts: Mapping[str, bytes]) -> Read:
    return lambda path: texts[path] if path in texts else read(path)


def _round(taken: Snapshot, read: Read, *, unsafe: bool) -> tuple[dict[str, bytes], int]:
    """The files that one look mends, and how many findings that takes away."""
    fixable = [found for found in catalogue.check(taken) if found.fix and (found.fix.safe or unsafe)]
    changed, count = {}, 0
    for path, group in groupby(fixable, _path):
        new = _mended(taken, path, list(group))
        if new is not None and new.data != read(path):
            changed[path] = new.data
            count += new.mended
    return changed, count


def _path(finding: Finding) -> str:
    return finding.path


def _mended(taken: Snapshot, path: str, found: Sequence[Finding]) -> _Text | None:
    """The text of a file in canonical form and with the fixes; None if it cannot be written anew."""
    documents = {header.PATH: taken.header.document, settings.PATH: taken.settings.document}
    if path in documents:
        return _Text(yamlform.tidy(documents[path].text).encode(), len(found))
    sheets = {sheet.path: sheet for sheet in (*taken.tables.values(), *taken.indexes.values())}
    sheet = sheets.get(path)
    if sheet is None or sheet.spec is None or sheet.table.lossy:
        return None
    return _table(sheet, sheet.spec, found)


def _table(sheet: Sheet, spec: Spec, found: Sequence[Finding]) -> _Text:
    cells = [finding for finding in found if finding.fix and finding.fix.value is not None]
    twice = [_row(sheet, finding) for finding in found if finding.code == "AK001"]
    written, refused = _written(sheet, spec, cells)
    keep = pl.Series([True]).new_from_index(0, sheet.height).scatter(twice, values=False)
    left = replace(written, frame=written.frame.filter(keep), lines=written.lines.filter(keep), raw=None)
    return _Text(table.canonical(left, spec), len(found) - refused)


def _row(sheet: Sheet, finding: Finding) -> int:
    """The row that a line belongs to, which may not be its first."""
    return int(sheet.table.lines.search_sorted(finding.line, side="right")) - 1


def _written(sheet: Sheet, spec: Spec, found: Iterable[Finding]) -> tuple[Table, int]:
    """The table with mended cells, and how many were not, since their rows would get another row's key."""
    cells = [(_row(sheet, finding), finding) for finding in found]
    others = [cell for cell in cells if cell[1].field not in spec.key]
    moves = [cell for cell in cells if cell[1].field in spec.key]
    left = moves
    while True:
        done = _with(sheet.table, (*others, *left))
        clashing = _involved(done, spec) if left else set()
        kept = [cell for cell in left if cell[0] not in clashing]
        if len(kept) == len(left):
            return done, len(moves) - len(left)
        left = kept


def _involved(read: Table, spec: Spec) -> set[int]:
    return {row for pair in table.repeated(read, spec) for row in pair}


def _with(read: Table, cells: Iterable[tuple[int, Finding]]) -> Table:
    columns: dict[str, list[tuple[int, str]]] = {}
    for row, finding in cells:
        if finding.fix and finding.fix.value is not None and finding.field in read.columns:
            columns.setdefault(finding.field, []).append((row, finding.fix.value))
    new = []
    for name, changes in columns.items():
        rows, values = zip(*changes, strict=True)
        new.append(read.column(name).clone().scatter(rows, pl.Series(values, dtype=pl.String)))
    return replace(read, frame=read.frame.with_columns(new))
