"""`audiodvc status`."""

from __future__ import annotations

import click

from audiodvc.cli.console import Console
from audiodvc.project import dataset
from audiodvc.project.status import status
from audiodvc.report import text


@click.command(name="status")
@click.option("--remote", is_flag=True, help="Ask the remote, too, when it is not a folder of this machine.")
@click.pass_obj
def command(console: Console, *, remote: bool) -> None:
    """Show what is changed, staged and not pushed. No media file is read."""
    found = dataset.find(console.folder)
    console.result(text.status(status(found, console.progress, ask_remote=remote)))
