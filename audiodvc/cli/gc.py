"""`audiodvc gc`."""

from __future__ import annotations

import re
import time
from pathlib import Path

import click

from audiodvc.cli import options
from audiodvc.cli.console import Console
from audiodvc.report import cache
from audiodvc.resolve.gc import Aim, gc

_AGES = {"h": 3600, "d": 86_400, "w": 7 * 86_400}
_SIZES = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12} | {
    "ki": 2**10,
    "mi": 2**20,
    "gi": 2**30,
    "ti": 2**40,
}


def _age(_ctx: click.Context, _param: click.Parameter, value: str | None) -> float | None:
    """The seconds of an age."""
    if value is None:
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([hdw])", value.strip().lower())
    if not found:
        raise click.BadParameter(f"'{value}' is no age such as 12h, 30d or 8w")
    return float(found[1]) * _AGES[found[2]]


def _size(_ctx: click.Context, _param: click.Parameter, value: str | None) -> int | None:
    """The bytes of a size."""
    if value is None:
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]i?)?b?", value.strip().lower())
    if not found:
        raise click.BadParameter(f"'{value}' is no size such as 500MB, 50GB or 1TB")
    return round(float(found[1]) * _SIZES[found[2] or ""])


@click.command(name="gc")
@click.option(
    "--older-than", callback=_age, metavar="AGE", help="Also datasets not used for so long: 12h, 30d, 8w."
)
@click.option(
    "--max-size", callback=_size, metavar="SIZE", help="Also datasets until the cache is so small: 50GB."
)
@click.option("--all", "everything", is_flag=True, help="Also all datasets.")
@click.option("--unknown", is_flag=True, help="Also objects that no dataset of the cache lists.")
@click.option("--yes", is_flag=True, help="Do it; without, only say what would go.")
@options.form
@options.cache_root
@click.pass_obj
def command(  # noqa: PLR0913 - one parameter for each option
    console: Console,
    *,
    older_than: float | None,
    max_size: int | None,
    everything: bool,
    unknown: bool,
    yes: bool,
    form: str,
    cache_root: Path | None,
) -> None:
    """Make room in the cache. Without --yes nothing is removed: it says what would be.

    What no dataset of the cache uses goes, and what killed processes left. A dataset goes only if
    --older-than, --max-size (least recently used first) or --all say so; `get` brings it again.
    Objects that no dataset lists stay without --unknown, since DVC repositories may share the cache.
    """
    root = options.settings(console, cache_root).cache_root
    aim = Aim(older_than, max_size, everything, unknown)
    with options.heard(console):
        done = gc(root, aim, console.progress, now=time.time(), remove=yes)
    console.result((cache.swept_json if form == "json" else cache.swept)(done))
    if not yes and (done.datasets or done.freed):
        console.note("nothing was removed: --yes does it")
