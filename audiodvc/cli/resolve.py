"""`audiodvc resolve`."""

from __future__ import annotations

from pathlib import Path

import click

from audiodvc.cli.console import Console
from audiodvc.errors import UsageError
from audiodvc.project import dataset
from audiodvc.project.settle import Choice, Side, settle
from audiodvc.report import conflicts as report


@click.command(name="resolve")
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.argument("key", nargs=-1)
@click.option("--ours", "side", flag_value="ours", help="Take what the branch has that is merged into.")
@click.option("--theirs", "side", flag_value="theirs", help="Take what comes from the other branch.")
@click.option("--base", "side", flag_value="base", help="Take what there was before both changed it.")
@click.option("--delete", "side", flag_value="delete", help="Take the row, or the file, out.")
@click.option("--value", "values", multiple=True, metavar="COLUMN=V", help="Give a cell a value of its own.")
@click.pass_obj
def command(
    console: Console,
    *,
    path: Path | None,
    key: tuple[str, ...],
    side: Side | None,
    values: tuple[str, ...],
) -> int:
    """Settle conflicts of a merge: those of the file PATH, of one KEY in it, or all.

    KEY are the values of the key in their order, as `audiodvc conflicts` shows them; the first few of them
    stand for all rows that begin so. A file without further conflicts is validated and staged. Exits with 1
    if conflicts are left, or if a file is not staged since something in it is wrong. Where git has merged
    without audiodvc, and both sides fit together, no option is needed.
    """
    if side and values:
        raise UsageError("take a side, or give values")
    pairs = tuple(_pair(one) for one in values)
    found = dataset.find(console.folder, None)
    name = found.relative(console.folder / path) if path else None
    done = settle(found, console.progress, Choice(side, pairs), name, key)
    console.result(report.settled(done))
    return int(bool(done.left or done.findings))


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"--value {text}: COLUMN=V is wanted")
    return name, value
