"""Flavors in text and json."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from audiodvc.model.settings import FLAVOR_FIELDS
from audiodvc.project.build import Report
from audiodvc.project.flavors import Changed, Row, shown
from audiodvc.report.document import document
from audiodvc.words import counted


def added(done: Changed) -> str:
    """What `flavor add` did."""
    if not done.is_new:
        return f"{done.name} is there already"
    return f"{done.name}: staged {', '.join(done.staged)}; `dvc repro` builds it"


def removed(done: Changed) -> str:
    """What `flavor remove` did."""
    return f"{done.name} removed: staged {', '.join(done.staged)}"


def built(done: Report) -> str:
    """What `flavor build` did."""
    kept = done.files - done.converted - done.same
    parts = [f"{done.converted:,} converted", f"{kept:,} kept", f"{done.same:,} as they are"]
    left = f"; {counted(done.left_out, 'file')} left out, which cannot be converted" if done.left_out else ""
    return f"{done.name}: {counted(done.files, 'file')}, {', '.join(parts)}{left}"


def text(rows: Sequence[Row]) -> str:
    """A line for each flavor."""
    width = max((len(row.name) for row in rows), default=0)
    return (
        "\n".join(f"{row.name:{width}}  {_state(row)}  {shown(row.flavor)}" for row in rows) or "no flavors"
    )


def as_json(rows: Sequence[Row]) -> str:
    """All flavors in one object."""
    listed = [
        {
            "name": row.name,
            "flavor": {name: getattr(row.flavor, name) for name in FLAVOR_FIELDS},
            "flavor_id": row.flavor.short_id,
            "state": row.state,
            "files": row.files,
        }
        for row in rows
    ]
    return document("flavors", flavors=listed)


FORMATS: Mapping[str, Callable[[Sequence[Row]], str]] = MappingProxyType({"text": text, "json": as_json})


def _state(row: Row) -> str:
    return row.state if row.files is None else f"{row.state}, {counted(row.files, 'file')}"
