"""`audiodvc doctor`."""

from __future__ import annotations

import click

from audiodvc.cli.console import Console
from audiodvc.project import dataset
from audiodvc.project.doctor import doctor
from audiodvc.report import text


@click.command(name="doctor")
@click.pass_obj
def command(console: Console) -> int:
    """Check that this clone has all that it needs, and say what mends it."""
    checks = doctor(dataset.find(console.folder))
    console.result(text.checks(checks))
    return int(any(check.outcome == "error" for check in checks))
