"""`audiodvc available`."""

from __future__ import annotations

import os

import click

from audiodvc.cli import options
from audiodvc.cli.console import Console
from audiodvc.report import dataset
from audiodvc.report.look import plain
from audiodvc.resolve import config as known
from audiodvc.resolve.listing import survey


@click.command(name="available")
@options.form
@click.pass_obj
def command(console: Console, *, form: str) -> int:
    """List the datasets of the configured repositories.

    Exit 1 if some of them could not be asked; the others are listed.
    """
    config = options.settings(console)
    if not config.repositories:
        console.note(f"no repositories are configured: {known.path()} lists them")
    found = survey(config, config.repositories, os.cpu_count() or 1)
    if form == "json":
        console.result(dataset.available_json(found))
    elif found.datasets:
        console.result(dataset.available(found))
    for where, why in found.problems:
        console.note(plain(f"{where}: {why}"))
    return int(bool(found.problems))
