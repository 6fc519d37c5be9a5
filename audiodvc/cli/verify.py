"""`audiodvc verify`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from audiodvc.cli import options
from audiodvc.cli.console import Console
from audiodvc.errors import UsageError
from audiodvc.report import cache
from audiodvc.report.look import plain
from audiodvc.resolve.repair import Again
from audiodvc.resolve.verify import examine


@click.command(name="verify")
@options.source
@click.option("--version", metavar="VERSION", help="Only this version of SOURCE.")
@click.option("--repair", is_flag=True, help="Take damaged files out, and bring or make them again.")
@options.workers
@options.form
@options.cache_root
@click.pass_obj
def command(  # noqa: PLR0913 - one parameter for each option
    console: Console,
    *,
    source: str | None,
    version: str | None,
    repair: bool,
    workers: int | None,
    form: str,
    cache_root: Path | None,
) -> int:
    """Check every file of the cache, or of what it holds of SOURCE, against what it has to be.

    Objects are held against their md5, tables against the commit, and conversions are made again from
    their originals. Exit 1 if something is damaged and was not repaired.
    """
    if version is not None and source is None:
        raise UsageError("--version says which version of SOURCE: name it")
    config = options.settings(console, cache_root)
    text = options.address(console, config, source) if source is not None else None
    again = Again(config, console.progress, workers or os.cpu_count() or 1)
    with options.heard(console):
        done = examine(config, text, version, again, mend=repair)
    console.result((cache.verified_json if form == "json" else cache.verified)(done))
    for note in (*(f"not checked: {one}" for one in done.unchecked), *done.problems):
        console.note(plain(note))
    return int(not done.is_whole)
