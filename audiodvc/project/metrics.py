"""What `dvc metrics` shows of a dataset: findings by code, rows of tables, files and hours of media."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import polars as pl

from audiodvc.adapters import disk
from audiodvc.model.snapshot import Snapshot
from audiodvc.model.stages import METRICS
from audiodvc.progress import Progress
from audiodvc.project import tree, validate
from audiodvc.project.dataset import Dataset
from audiodvc.project.validate import Validated

SCHEMA = "audiodvc.metrics/v1"

_HOUR = 3600


def measure(dataset: Dataset, progress: Progress, path: Path) -> Validated:
    """Check the folder, and write the figures of what was seen and found."""
    with progress("checking", None):
        taken = validate.take(dataset, tree.folder(dataset))
        done = validate.check(taken)
    disk.write(path, (json.dumps(figures(taken, done), indent=2) + "\n").encode())
    return done


def is_behind(dataset: Dataset, taken: Snapshot, done: Validated) -> bool:
    """Whether the figures that git has are those of another state."""
    try:
        written = json.loads(dataset.read(METRICS) or b"null")
    except (ValueError, RecursionError):
        return True
    return written is not None and written != figures(taken, done)


def figures(taken: Snapshot, done: Validated) -> dict[str, object]:
    """The figures of a dataset; those of its flavors are not among them."""
    sheets = [sheet for sheet in taken.media_indexes.values() if sheet.has("file", "duration")]
    seconds = [sheet.text("duration").cast(pl.Float64, strict=False).sum() for sheet in sheets]
    return {
        "schema": SCHEMA,
        "errors": done.errors,
        "warnings": done.warnings,
        "findings": dict(sorted(Counter(finding.code for finding in done.findings).items())),
        "rows": done.rows,
        "tables": {name: sheet.height for name, sheet in sorted(taken.tables.items())},
        "files": sum(sheet.height for sheet in sheets),
        # More digits than anybody reads would make a change of every sum.
        "hours": round(sum(seconds) / _HOUR, 6),
    }
