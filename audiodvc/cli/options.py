"""Arguments and options that the verbs for consumers share."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from audiodvc.cli.console import Console
from audiodvc.errors import UsageError
from audiodvc.model import layout
from audiodvc.report.look import plain
from audiodvc.resolve import config as known
from audiodvc.resolve.config import Config
from audiodvc.resolve.get import Request

Command = TypeVar("Command", bound=Callable[..., Any])
Option = Callable[[Command], Command]


def source(command: Command) -> Command:
    """SOURCE, which may be left out inside a dataset."""
    return click.argument("source", required=False, metavar="[SOURCE]")(command)


def revision(command: Command) -> Command:
    """Which state of the dataset."""
    rev = click.option("--rev", metavar="REV", help="A branch, tag, commit or refs/pull/N/head instead.")
    version = click.option("--version", metavar="VERSION", help="A version; without it the latest.")
    return version(rev(command))


def cache_root(command: Command) -> Command:
    """Another cache than that of the settings."""
    return click.option(
        "--cache-root",
        type=click.Path(path_type=Path, file_okay=False),
        metavar="DIR",
        help="Another cache than that of the settings.",
    )(command)


class Count(click.IntRange):
    """A number of things, which a message calls so."""

    name = "whole number"


def workers(command: Command) -> Command:
    """How many processes."""
    return click.option(
        "--workers",
        type=Count(min=1),
        metavar="N",
        help="Processes and connections; without it as many as there are cores.",
    )(command)


def form(command: Command) -> Command:
    """For people or for programs."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="For people or for programs.",
    )(command)


def settings(console: Console, root: Path | None = None) -> Config:
    """The settings of a call."""
    return known.current(console.folder / root if root else None)


def request(  # noqa: PLR0913 - one parameter for each option
    console: Console,
    config: Config,
    text: str | None,
    *,
    version: str | None = None,
    rev: str | None = None,
    workers: int | None = None,
) -> Request:
    """Which state of which dataset is asked for."""
    if version is not None and rev is not None:
        raise UsageError("--version and --rev cannot be combined")
    source = address(console, config, text)
    return Request(source, version, rev, workers or os.cpu_count() or 1, progress=console.progress)


def address(console: Console, config: Config, text: str | None) -> str:
    """The source as it was given, a path counted from the folder of the call; else the dataset around it."""
    if text is None:
        return str(_around(console.folder.resolve()))
    if any(one.may_have(text) for one in config.repositories):
        return text
    path, mark, folder = text.partition("#")
    beside = console.folder / path
    return f"{beside.resolve()}{mark}{folder}" if path and beside.is_dir() else text


@contextmanager
def heard(console: Console) -> Iterator[None]:
    """What the resolver notes on its way goes where this call's notes go."""
    log, handler = logging.getLogger("audiodvc"), _Notes(console)
    propagate, level = log.propagate, log.level
    log.propagate = False
    log.setLevel(logging.INFO)
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.propagate = propagate
        log.setLevel(level)


class _Notes(logging.Handler):
    def __init__(self, console: Console) -> None:
        super().__init__(logging.INFO)
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        self._console.note(plain(record.getMessage()))


def _around(folder: Path) -> Path:
    """The nearest folder upwards with a header; else the folder itself, which may be a bare repository."""
    places = (folder, *folder.parents)
    return next((place for place in places if (place / layout.HEADER).is_file()), folder)
