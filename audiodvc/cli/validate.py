"""`audiodvc validate`."""

from __future__ import annotations

from pathlib import Path

import click

from audiodvc.cli.console import Console
from audiodvc.errors import UsageError
from audiodvc.project import dataset
from audiodvc.project.validate import validate
from audiodvc.report import findings


@click.command(name="validate")
@click.option("--staged", is_flag=True, help="Check exactly what the next commit will hold.")
@click.option("--rev", metavar="REV", help="Check a revision, without a checkout.")
@click.option("--remote", is_flag=True, help="Ask the remote for every object, too.")
@click.option("--strict", is_flag=True, help="Let warnings count as errors.")
@click.option(
    "--format", "form", type=click.Choice(list(findings.FORMATS)), default="text", show_default=True
)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write there, not to stdout.")
@click.pass_obj
def command(  # noqa: PLR0913 - one parameter for each option
    console: Console,
    *,
    staged: bool,
    rev: str | None,
    remote: bool,
    strict: bool,
    form: str,
    output: Path | None,
) -> int:
    """Check labels and media: every fault with its line.

    Needs no audio and, without --remote, no network.
    """
    if staged and rev:
        raise UsageError("--staged and --rev cannot be combined")
    found = dataset.find(console.folder)
    done = validate(found, console.progress, staged=staged, revision=rev, ask_remote=remote)
    text = findings.FORMATS[form](done)
    if output:
        output.write_text(text + "\n", encoding="utf-8")
    else:
        console.result(text)
    return int(bool(done.errors or (strict and done.findings)))
