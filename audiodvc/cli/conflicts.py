"""`audiodvc conflicts`."""

from __future__ import annotations

import click

from audiodvc.cli import options
from audiodvc.cli.console import Console
from audiodvc.project import dataset
from audiodvc.project.conflicts import conflicts
from audiodvc.report import conflicts as report


@click.command(name="conflicts")
@options.form
@click.pass_obj
def command(console: Console, *, form: str) -> int:
    """Show what both sides of a merge changed, cell by cell, and nobody has settled yet.

    Exits with 1 if there is something. `audiodvc resolve` settles it.
    """
    found = conflicts(dataset.find(console.folder, None))
    console.result(report.as_json(found) if form == "json" else report.text(found))
    return int(bool(found))
