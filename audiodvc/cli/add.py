"""`audiodvc add`."""

from __future__ import annotations

from pathlib import Path

import click

from audiodvc.cli.console import Console
from audiodvc.project import dataset
from audiodvc.project.add import add
from audiodvc.report import text


@click.command(name="add")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH…")
@click.option("--allow-broken", is_flag=True, help="Track audio that cannot be opened, too.")
@click.option("--drop-missing", is_flag=True, help="Take out of the dataset what was never pulled here.")
@click.pass_obj
def command(console: Console, paths: tuple[Path, ...], *, allow_broken: bool, drop_missing: bool) -> None:
    """Track media: PATHs are folders or files below the dataset.

    Only new and changed files are read. Pointer and media index are staged;
    `git commit` and `dvc push` do the rest.
    """
    found = dataset.find(console.folder)
    added = add(
        found,
        [console.folder / path for path in paths],
        console.progress,
        waiting=lambda: console.note("another DVC or audiodvc command is at work here: waiting for it"),
        allow_broken=allow_broken,
        drop_missing=drop_missing,
    )
    for note in added.notes:
        console.note(note)
    console.result(text.added(added))
