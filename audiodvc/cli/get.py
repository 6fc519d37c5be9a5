"""`audiodvc get`."""

from __future__ import annotations

from pathlib import Path

import click

from audiodvc.cli import options, wish
from audiodvc.cli.console import Console
from audiodvc.errors import UsageError
from audiodvc.model.selection import Selection
from audiodvc.resolve.export import export
from audiodvc.resolve.get import get

_KINDS = (("tables", "table"), ("media", "file"), ("attachments", "attachment"))


@click.command(name="get")
@options.source
@options.revision
@click.option("--tables", metavar="REGEX", help="Only tables whose name matches, and their media.")
@click.option("--table", multiple=True, metavar="NAME", help="Only this table; can be repeated.")
@click.option("--media", metavar="REGEX", help="Only media files whose path matches.")
@click.option("--file", multiple=True, metavar="FILE", help="Only this media file; can be repeated.")
@click.option("--attachments", metavar="REGEX", help="Only attachments whose name matches.")
@click.option("--attachment", multiple=True, metavar="NAME", help="Only this attachment; can be repeated.")
@click.option("--only-metadata", is_flag=True, help="No media and no attachments.")
@wish.options
@click.option(
    "--to",
    "target",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Into a folder of your own, as files that you may change.",
)
@options.workers
@options.cache_root
@click.pass_obj
def command(  # noqa: PLR0913 - one parameter for each option
    console: Console,
    /,
    *,
    source: str | None,
    version: str | None,
    rev: str | None,
    only_metadata: bool,
    bit_depth: str | None,
    channels: str | None,
    form: str | None,
    mixdown: bool,
    sampling_rate: str | None,
    target: Path | None,
    workers: int | None,
    cache_root: Path | None,
    **chosen: str | tuple[str, ...] | None,
) -> None:
    """Bring a version of a dataset, with its media, and print the folder that holds it.

    SOURCE is a name from the settings, a git URL, a path, or URL#FOLDER for a dataset in a
    folder of its repository; without it the dataset around the current folder.
    """
    flavor = wish.flavor_of(bit_depth, channels, form, sampling_rate, mixdown=mixdown)
    selection = Selection(*(_wanted(chosen, *kind) for kind in _KINDS), only_metadata=only_metadata)
    config = options.settings(console, cache_root)
    request = options.request(console, config, source, version=version, rev=rev, workers=workers)
    with options.heard(console):
        if target is None:
            folder = get(request, config, selection, flavor).root
        else:
            folder = console.folder / target
            export(request, config, folder, selection, flavor)
    console.result(str(folder.absolute()))


def _wanted(
    chosen: dict[str, str | tuple[str, ...] | None], several: str, single: str
) -> str | tuple[str, ...] | None:
    """A regular expression or exact names, not both."""
    if chosen[several] is not None and chosen[single]:
        raise UsageError(f"--{several} and --{single} cannot be combined")
    return chosen[several] if chosen[several] is not None else (chosen[single] or None)
