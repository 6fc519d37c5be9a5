"""AK: every row has a key, and one of its own."""

from __future__ import annotations

from collections.abc import Iterator

from audiodvc.finding import Finding, Fix
from audiodvc.model.sheet import Sheet
from audiodvc.model.snapshot import Snapshot


def ak001(snapshot: Snapshot) -> Iterator[Finding]:
    """A key stands in two rows.

    A loader keeps both rows or the last one, and a merge cannot tell which of them was changed.
    Keys are compared by value: `1` and `1.0` are one float. Two rows that say the same in every cell are
    mended by `--fix`, which keeps the first; of two that differ only a person can say which is right.

    Bad:

        file,emotion
        audio/a.wav,happy
        audio/a.wav,angry

    Good:

        file,emotion
        audio/a.wav,happy
        audio/b.wav,angry
    """
    for sheet in (*snapshot.declared.values(), *snapshot.indexes.values()):
        if sheet.spec is None or not sheet.has(*sheet.spec.key):
            continue
        for row, first in sheet.repeated:
            same = all(cells[row] == cells[first] for cells in sheet.settled)
            line = sheet.table.lines[first]
            fix = Fix("remove the second of two equal rows", safe=True) if same else None
            message = f"key {_shown(sheet, row)} stands on line {line} already"
            yield sheet.finding("AK001", message, row, sheet.spec.key[0], whole_row=True, fix=fix)


def ak002(snapshot: Snapshot) -> Iterator[Finding]:
    """A file or level of the key is empty.

    A row without its key belongs to nothing. Start and end of a segment are the business of AT001
    and may be empty where a segment goes to the end of its file.

    Bad:

        file,emotion
        ,happy

    Good:

        file,emotion
        audio/a.wav,happy
    """
    for sheet in (*snapshot.declared.values(), *snapshot.indexes.values()):
        for level in sheet.spec.key if sheet.spec else ():
            if not sheet.has(level) or (sheet.spec and sheet.spec.kind == "segmented" and level != "file"):
                continue
            for row in (sheet.text(level) == "").arg_true():
                yield sheet.finding("AK002", f"'{level}' is empty", row, level)


RULES = (ak001, ak002)


def _shown(sheet: Sheet, row: int) -> str:
    return ", ".join(text for _, text in sheet.key(row))
