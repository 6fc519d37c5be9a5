"""`audiodvc demo`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from audiodvc.cli.console import Console
from audiodvc.project.demo import Command, Heading, Output, Remark, Step, demo


@click.command(name="demo")
@click.argument("folder", default="audiodvc-demo", type=click.Path(path_type=Path), metavar="[DIR]")
@click.pass_obj
def command(console: Console, folder: Path) -> None:
    """Make a small dataset in DIR, and show what audiodvc does with it.

    DIR (audiodvc-demo) must be empty or not there; all that is made lies in it. The last line says where.
    """
    place = console.folder / folder
    last: Step | None = None
    for step in demo(place):
        if not console.quiet:
            console.result(_gap(last, step) + _text(step))
        last = step
    console.result(str(place.absolute()) if console.quiet else f"\n{place.absolute()}")


def _gap(last: Step | None, step: Step) -> str:
    """An empty line, but not at the start, and not between commands and what they say."""
    talk = (Heading, Remark)
    return "\n" if last and (isinstance(last, talk) or isinstance(step, talk)) else ""


def _text(step: Step) -> str:
    match step:
        case Heading(text):
            return _style(text, bold=True)
        case Command(text):
            return _style(f"$ {text}", fg="cyan")
        case Output(text):
            return "\n".join(f"    {line}".rstrip() for line in text.splitlines())
        case Remark(text):
            return click.wrap_text(text, 100)


def _style(text: str, *, bold: bool | None = None, fg: str | None = None) -> str:
    # Where standard output is no terminal, click.echo takes it out again.
    return text if os.environ.get("NO_COLOR") else click.style(text, bold=bold, fg=fg)
