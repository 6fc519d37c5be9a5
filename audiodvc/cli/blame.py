"""`audiodvc blame`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import click

from audiodvc.cli import options
from audiodvc.cli.console import Console
from audiodvc.errors import UsageError
from audiodvc.project import dataset
from audiodvc.project.blame import Blamed, blame
from audiodvc.report.blame import as_json, text
from audiodvc.resolve.trails import Wanted

_FORMATS: Mapping[str, Callable[[Blamed], str]] = MappingProxyType({"text": text, "json": as_json})


@click.command(name="blame")
@click.argument("table")
@click.argument("key", nargs=-1, required=True, metavar="KEY...")
@click.option("--column", metavar="C", help="This column only.")
@click.option("--through", is_flag=True, help="Follow labels into the header or their misc table.")
@click.option("--rev", metavar="REV", help="As of this revision instead of HEAD.")
@options.form
@click.pass_obj
def command(  # noqa: PLR0913 - one parameter for each option
    console: Console,
    *,
    table: str,
    key: tuple[str, ...],
    column: str | None,
    through: bool,
    rev: str | None,
    form: str,
) -> None:
    """Show who set a label, when, and in which version first.

    TABLE is an id or a file name, KEY the values of a row's key in their order: a file, or a file, a start
    and an end. A file alone stands for every label of it. Changes of form do not count, and a segment that
    was moved is followed. What is not committed is not looked at.
    """
    if "" in (table, key[0], rev):
        raise UsageError("a table, a key and a revision have a name, and one of these is empty")
    found = dataset.find(console.folder, rev)
    done = blame(found, console.progress, Wanted(table, key, column, through), rev or "HEAD")
    console.result(_FORMATS[form](done))
    if not done.is_whole:
        console.note(
            "this clone has not all commits: what is told of the first ones may belong to earlier ones"
        )
