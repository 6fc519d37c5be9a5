"""`audiodvc import-audb`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from audiodvc.cli import options
from audiodvc.cli.console import Console
from audiodvc.cli.publish import media_of, place_of
from audiodvc.project.audb_import import Import, find, import_audb
from audiodvc.project.publishing.destination import Wish
from audiodvc.report.published import published
from audiodvc.words import counted


@click.command(name="import-audb")
@click.argument("name", metavar="NAME")
@click.option(
    "--from", "origin", required=True, metavar="HOST/REPOSITORY", help="A folder of audb's repository."
)
@click.option("--to", "source", metavar="SOURCE", help="Where to; without it the configured name NAME.")
@click.option("--versions", metavar="LIST", help="Only these versions, as in 1.0.0,1.1.0.")
@click.option("--repository", metavar="NAME", help="In which configured repository a new name is made.")
@click.option("--media", default="", metavar="URL", help="Where the objects of a new dataset go.")
@options.workers
@options.cache_root
@click.pass_obj
def command(  # noqa: PLR0913 - one parameter for each option
    console: Console,
    /,
    *,
    name: str,
    origin: str,
    source: str | None,
    versions: str | None,
    repository: str | None,
    media: str,
    workers: int | None,
    cache_root: Path | None,
) -> None:
    """Bring every version of a dataset of audb, with its date, files and labels.

    Versions that are there already are left alone, so that it can be run again when there are new ones.
    """
    config = options.settings(console, cache_root)
    target = place_of(console, config, source) if source else name
    wanted = Import(
        find(name, origin, console.folder.resolve()),
        Wish(target, repository, media_of(console, media)),
        versions.replace(",", " ").split() if versions else None,
        workers or os.cpu_count() or 1,
        console.progress,
        lambda done: console.result(published(done)),
    )
    with options.heard(console):
        imported = import_audb(wanted, config)
    for note in imported.notes:
        console.note(note)
    if imported.present:
        console.note(
            f"{counted(len(imported.present), 'version')} here already: {', '.join(imported.present)}"
        )
