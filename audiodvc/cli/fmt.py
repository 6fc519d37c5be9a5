"""`audiodvc fmt`."""

from __future__ import annotations

import click

from audiodvc.cli.console import Console
from audiodvc.errors import FormatError
from audiodvc.project import dataset
from audiodvc.project.fmt import fmt
from audiodvc.report import text
from audiodvc.report.look import plain
from audiodvc.words import counted


@click.command(name="fmt")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if a file is not in canonical form.")
@click.option("--diff", "show", is_flag=True, help="Write nothing; show what would change, else as --check.")
@click.pass_obj
def command(console: Console, *, check: bool, show: bool) -> int:
    """Bring tables, indexes and header into canonical form.

    Never changes a value: what a file says is compared before and after.
    """
    done = fmt(dataset.find(console.folder), console.progress, write=not (check or show))
    for note in done.notes:
        console.note(plain(note))
    if not show:
        console.result(text.formatted(done, written=not check))
    elif done.rewritten:
        console.result(text.differences(done))
    if done.problems:
        count = len(done.problems)
        keep = "keeps" if count == 1 else "keep"
        what = f"{counted(count, 'fault')} {keep} files from being formatted"
        raise FormatError(what, details=done.problems)
    return int(bool(done.rewritten) and (check or show))
