"""Receipts of erasures, made and kept: beside what git keeps of a clone, where no commit has them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from typing import NamedTuple

from audiodvc.adapters import disk
from audiodvc.project.erasing.receipt import Erased, Place, Receipt, State
from audiodvc.project.erasing.redaction import Redaction
from audiodvc.project.erasing.trace import Trace

SCHEMA = "audiodvc.erase/v1"
FOLDER = "audiodvc/erasures"


class Told(NamedTuple):
    """What was asked for, and how far it came."""

    dataset: str
    state: State
    today: date
    reason: str
    notes: tuple[str, ...]


def receipt(
    told: Told, traced: Trace, made: Redaction, commit: str | None, places: Iterable[Place]
) -> Receipt:
    """The receipt of what was done."""
    return Receipt(
        dataset=told.dataset,
        state=told.state,
        date=told.today.isoformat(),
        reason=told.reason,
        files=tuple(Erased(*one, traced.others.get(one.md5, ())) for one in traced.had),
        rows=made.rows,
        changed=tuple(sorted(made.texts)),
        commit=commit,
        places=tuple(places),
        notes=(*told.notes, *(f"could not be read: {what}" for what in traced.unread)),
    )


def text(done: Receipt) -> str:
    """A receipt as json."""
    return json.dumps({"schema": SCHEMA, **asdict(done)}, indent=2, ensure_ascii=False)


def keep(folder: Path, done: Receipt) -> Receipt:
    """Write a receipt down, under a name that is free."""
    number = 1
    while (path := folder / f"{done.date}-{number}.json").exists():
        number += 1
    kept = replace(done, path=str(path))
    disk.write(path, f"{text(kept)}\n".encode())
    return kept
