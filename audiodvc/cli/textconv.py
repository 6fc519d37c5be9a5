"""`audiodvc textconv`: what `git diff` and `git log -p` call to show a table; people call `audiodvc diff`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from audiodvc.cli.console import Console
from audiodvc.project.drivers import converted


@click.command(name="textconv")
@click.argument("path", type=click.Path(path_type=Path))
@click.pass_obj
def command(console: Console, *, path: Path) -> None:
    """Print the table in the file PATH as git should compare it, a line for each row."""
    sys.stdout.buffer.write(converted(console.folder, path))
