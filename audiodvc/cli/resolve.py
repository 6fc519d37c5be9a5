"""`audiodvc resolve`."""

from __future__ import annotations

from pathlib import Path

import click

from audiodvc.cli.console import Console
from audiodvc.errors import UsageError
from audiodvc.project import dataset
from audiodvc.project.choice import Choice, Side
from audiodvc.project.settle import settle
from audiodvc.report import conflicts as report

_SIDES: tuple[Side, ...] = ("ours", "theirs", "base", "delete")


@click.command(name="resolve")
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.argument("key", nargs=-1)
@click.option("--ours", is_flag=True, help="Take what the branch has that is merged into.")
@click.option("--theirs", is_flag=True, help="Take what comes from the other branch.")
@click.option("--base", is_flag=True, help="Take what there was before both changed it.")
@click.option("--delete", is_flag=True, help="Take the row, or the file, out.")
@click.option("--value", "values", multiple=True, metavar="COLUMN=V", help="Give a cell a value of its own.")
@click.pass_obj
def command(
    console: Console,
    /,
    *,
    path: Path | None,
    key: tuple[str, ...],
    values: tuple[str, ...],
    **sides: bool,
) -> int:
    """Settle conflicts of a merge: those of the file PATH, of one KEY in it, or all.

    KEY are the values of the key in their order, as `audiodvc conflicts` shows them; the first few of them
    stand for all rows that begin so. A file without further conflicts is validated and staged. Exits with 1
    if conflicts are left, or if a file is not staged since something in it is wrong. Where git has merged
    without audiodvc, and both sides fit together, no option is needed.
    """
    named = [side for side in _SIDES if sides[side]]
    if len(named) + bool(values) > 1:
        raise UsageError("take one side, or give values")
    pairs = tuple(_pair(one) for one in values)
    found = dataset.find(console.folder, None)
    name = found.relative(console.folder / path) if path else None
    done = settle(found, console.progress, Choice(named[0] if named else None, pairs), name, key)
    console.result(report.settled(done))
    return int(bool(done.left or done.findings))


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"--value {text}: COLUMN=V is wanted")
    return name, value
