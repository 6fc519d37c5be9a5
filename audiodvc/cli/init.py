"""`audiodvc init`."""

from __future__ import annotations

from pathlib import Path

import click

from audiodvc import __version__
from audiodvc.cli.console import Console
from audiodvc.project.init import init
from audiodvc.report import text


@click.command(name="init")
@click.argument("folder", default=".", type=click.Path(path_type=Path), metavar="[DIR]")
@click.option("--remote", metavar="URL", help="Where media go; without it a folder beside the repository.")
@click.option("--name", metavar="NAME", help="The dataset's name in its header; without it the folder's.")
@click.pass_obj
def command(console: Console, folder: Path, remote: str | None, name: str | None) -> None:
    """Make a dataset of a folder: git, DVC, header, settings, hooks and workflow.

    What is there already stays as it is; running it again changes nothing.
    """
    made = init(console.folder / folder, __version__, remote=remote, name=name, start=console.folder)
    for note in made.notes:
        console.note(note)
    console.result(text.made(made))
