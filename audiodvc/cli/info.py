"""`audiodvc info`."""

from __future__ import annotations

from pathlib import Path

import click

from audiodvc.cli import options
from audiodvc.cli.console import Console
from audiodvc.report import dataset
from audiodvc.resolve.get import version_of
from audiodvc.resolve.summary import summary


@click.command(name="info")
@options.source
@options.revision
@options.form
@options.cache_root
@click.pass_obj
def command(  # noqa: PLR0913 - one parameter for each option
    console: Console,
    *,
    source: str | None,
    version: str | None,
    rev: str | None,
    form: str,
    cache_root: Path | None,
) -> None:
    """Show what a version of a dataset holds. Only its texts are brought, no media."""
    config = options.settings(console, cache_root)
    request = options.request(console, config, source, version=version, rev=rev)
    with options.heard(console):
        seen = summary(version_of(request, config))
    console.result((dataset.info_json if form == "json" else dataset.info)(seen))
