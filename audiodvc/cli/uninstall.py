"""`audiodvc uninstall`."""

from __future__ import annotations

import click

from audiodvc.cli.console import Console
from audiodvc.project.install import uninstall
from audiodvc.report import text


@click.command(name="uninstall")
@click.pass_obj
def command(console: Console) -> None:
    """Take out the hooks that `audiodvc install` put into this clone, and put back what was there."""
    done = uninstall(console.folder)
    for note in done.notes:
        console.note(note)
    console.result(text.uninstalled(done))
