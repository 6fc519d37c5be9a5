"""`audiodvc cached`."""

from __future__ import annotations

from pathlib import Path

import click

from audiodvc.cli import options
from audiodvc.cli.console import Console
from audiodvc.errors import UsageError
from audiodvc.report import cache
from audiodvc.resolve.listing import materializations


@click.command(name="cached")
@click.argument("name", required=False, metavar="[NAME]")
@click.option("--shared", is_flag=True, help="What is in the shared cache.")
@options.form
@options.cache_root
@click.pass_obj
def command(console: Console, *, name: str | None, shared: bool, form: str, cache_root: Path | None) -> None:
    """List what is in the cache, of all datasets or of NAME, in every version and flavor."""
    if shared and cache_root:
        raise UsageError("--shared and --cache-root cannot be combined")
    config = options.settings(console, cache_root)
    if shared and config.shared_cache_root is None:
        raise UsageError("no shared cache is set", hint="`shared_cache_root` in the settings")
    root = (config.shared_cache_root if shared else None) or config.cache_root
    found = list(materializations(root, name))
    if form == "json":
        console.result(cache.cached_json(root, found))
    elif found:
        console.result(cache.cached(found))
    else:
        console.note(f"nothing of {name} is in {root}" if name else f"nothing is in {root}")
