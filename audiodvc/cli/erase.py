"""`audiodvc erase`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from audiodvc.cli import options
from audiodvc.cli.console import Console
from audiodvc.errors import UsageError
from audiodvc.project import dataset
from audiodvc.project.erase import Wish, erase, relative
from audiodvc.report import erasure


@click.command(name="erase")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE…]")
@click.option("--reason", default="", metavar="TEXT", help="Why; it stands in erased.csv.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.option("--no-push", is_flag=True, help="Commit, and leave pushing and deleting to a later call.")
@options.form
@click.pass_obj
def command(  # noqa: PLR0913 - one parameter for each option
    console: Console, files: tuple[Path, ...], *, reason: str, dry_run: bool, no_push: bool, form: str
) -> int:
    """Take recordings out of every version, remote and cache, with their rows.

    FILEs are paths in the dataset; also one that only old versions have. The list of
    erasures is committed and pushed first, then objects are deleted. Without a FILE it
    goes on with what an earlier call has left. Exit code 1: something could not be deleted.
    """
    if files and not reason.strip():
        raise UsageError("an erasure needs a reason", hint="--reason 'consent withdrawn'")
    found = dataset.find(console.folder)
    names = relative(found, [console.folder / path for path in files])
    wish = Wish(names, reason, datetime.now(UTC).date(), share=not no_push, dry_run=dry_run)
    with options.heard(console):
        done = erase(found, wish, options.settings(console), console.progress)
    for note in done.notes:
        console.note(note)
    console.result((erasure.as_json if form == "json" else erasure.text)(done))
    return 0 if done.is_done else 1
