"""`audiodvc versions`."""

from __future__ import annotations

import click

from audiodvc.cli import options
from audiodvc.cli.console import Console
from audiodvc.report import dataset
from audiodvc.resolve.released import released


@click.command(name="versions")
@options.source
@options.form
@click.pass_obj
def command(console: Console, *, source: str | None, form: str) -> None:
    """List the versions of a dataset, from low to high: asks its repository."""
    config = options.settings(console)
    found = released(options.address(console, config, source), config)
    if form == "json":
        console.result(dataset.versions_json(found))
    elif found.releases:
        console.result(dataset.versions(found))
    else:
        console.note(f"{found.name} ({found.source}) has no version yet: versions are tags such as v1.0.0")
