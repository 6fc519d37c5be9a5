"""`audiodvc publish`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from audiodvc.cli import options
from audiodvc.cli.console import Console
from audiodvc.errors import AudiodvcError
from audiodvc.project.publish import Offer, hand_in
from audiodvc.project.publishing.destination import Wish
from audiodvc.project.publishing.predecessor import LATEST
from audiodvc.report.published import published
from audiodvc.resolve.config import Config


@click.command(name="publish")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.argument("version", metavar="VERSION")
@click.argument("source", metavar="SOURCE")
@click.option("--repository", metavar="NAME", help="In which configured repository a new name is made.")
@click.option("--media", default="", metavar="URL", help="Where the objects of a new dataset go.")
@click.option(
    "--previous-version",
    "previous",
    default=LATEST,
    show_default=True,
    metavar="VERSION",
    help="Whose files are inherited; `none` for nothing.",
)
@options.workers
@options.cache_root
@click.pass_obj
def command(  # noqa: PLR0913 - one parameter for each option
    console: Console,
    /,
    *,
    folder: Path,
    version: str,
    source: str,
    repository: str | None,
    media: str,
    previous: str,
    workers: int | None,
    cache_root: Path | None,
) -> None:
    """Make the next version of a dataset from a folder with an audformat database.

    DIR may lack media that are in the previous version: these are unchanged. SOURCE is a name from the
    settings, a git URL or a path; a path where nothing is becomes a bare repository.
    """
    config = options.settings(console, cache_root)
    wish = Wish(place_of(console, config, source), repository, media_of(console, media))
    offer = Offer(
        console.folder / folder,
        version,
        wish,
        None if previous == "none" else previous,
        workers or os.cpu_count() or 1,
        console.progress,
    )
    with options.heard(console), _worded():
        done = hand_in(offer, config)
    for note in done.notes:
        console.note(note)
    console.result(published(done))


@contextmanager
def _worded() -> Iterator[None]:
    """Errors that name options, and not the parameters of a function."""
    try:
        yield
    except AudiodvcError as error:
        hint = error.hint.replace("`previous_version=None`", "`--previous-version none`")
        hint = hint.replace("`previous_version`", "`--previous-version`")
        if hint == error.hint:
            raise
        raise type(error)(error.what, hint=hint, details=error.details) from error


def place_of(console: Console, config: Config, source: str) -> str:
    """A source that need not exist: a path counted from the folder of the call, a name or URL as it is."""
    found = options.address(console, config, source)
    is_path = source.startswith((".", "~")) or ("/" in source and ":" not in source)
    if found != source or not is_path or any(one.may_have(source) for one in config.repositories):
        return found
    return os.path.abspath(console.folder / Path(source).expanduser())  # noqa: PTH100 - pathlib leaves `..` in it


def media_of(console: Console, url: str) -> str:
    """Where media go, a path counted from the folder of the call."""
    return url if not url or "://" in url else os.path.abspath(console.folder / url)  # noqa: PTH100 - as above
