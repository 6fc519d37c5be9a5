"""`audiodvc diff`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import click

from audiodvc.cli.console import Console
from audiodvc.errors import UsageError
from audiodvc.project import dataset
from audiodvc.project.diff import Compared, diff
from audiodvc.report.diff import text
from audiodvc.report.diffdocument import as_json
from audiodvc.report.diffmarkdown import markdown

_FORMATS: Mapping[str, Callable[[Compared, bool], str]] = MappingProxyType(
    {
        "text": lambda done, stat: text(done.found, stat=stat),
        "json": lambda done, stat: as_json(done, stat=stat),
        "markdown": lambda done, stat: markdown(done.found, stat=stat),
    }
)


@click.command(name="diff")
@click.argument("a", required=False)
@click.argument("b", required=False)
@click.option("--staged", is_flag=True, help="Compare what the next commit will hold, not the folder.")
@click.option(
    "--format",
    "form",
    type=click.Choice(list(_FORMATS)),
    default="text",
    show_default=True,
    help="For people, programs, or a comment on a pull request.",
)
@click.option("--stat", is_flag=True, help="Show numbers only, and no rows.")
@click.pass_obj
def command(  # noqa: PLR0913 - one parameter for each option
    console: Console, *, a: str | None, b: str | None, staged: bool, form: str, stat: bool
) -> int:
    """Show what changed in meaning: labels, segments, header, media.

    Compares the folder with HEAD, or with revision A; revision A with revision B. `A..B` is the same as
    `A B`, and `A...B` what B changed since it left A. Exits with 1 if something differs; what differs in
    form only does not count.
    """
    if "" in (a, b):
        raise UsageError("a revision is needed, and this one is empty")
    found = dataset.find(console.folder, "" if staged else b)
    done = diff(found, console.progress, a, b, staged=staged)
    console.result(_FORMATS[form](done, stat))
    return int(bool(done.found.difference))
