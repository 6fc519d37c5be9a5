"""`audiodvc merge-driver`: what git calls to merge a table or header; people call `git merge`."""

from __future__ import annotations

from pathlib import Path

import click

from audiodvc.cli.console import Console
from audiodvc.project import hooks, mergedriver
from audiodvc.project.mergedriver import Files, Place

_FILE = click.Path(path_type=Path)


@click.command(name="merge-driver")
@click.argument("base", metavar="%O", type=_FILE)
@click.argument("ours", metavar="%A", type=_FILE)
@click.argument("theirs", metavar="%B", type=_FILE)
@click.argument("size", metavar="%L", type=int)
@click.argument("name", metavar="%P")
@click.pass_obj
def command(  # noqa: PLR0913 - the words that git gives
    console: Console, *, base: Path, ours: Path, theirs: Path, size: int, name: str
) -> int:
    """Merge three texts into that of our side; exits with 1 if conflicts are left in it."""
    top = hooks.top_of(console.folder)
    files = Files(*(console.folder / one for one in (base, ours, theirs)))
    return mergedriver.run(Place(top, name), files, size)
