"""`audiodvc validate`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from audiodvc import __version__
from audiodvc.adapters import disk
from audiodvc.cli.console import Console
from audiodvc.errors import UsageError
from audiodvc.project import dataset
from audiodvc.project.dataset import Dataset
from audiodvc.project.fix import fix
from audiodvc.project.metrics import measure
from audiodvc.project.validate import Validated, validate
from audiodvc.report import findings, github
from audiodvc.report.look import Look
from audiodvc.report.text import differences, mended


@click.command(name="validate")
@click.option("--staged", is_flag=True, help="Check exactly what the next commit will hold.")
@click.option("--rev", metavar="REV", help="Check a revision, without a checkout.")
@click.option("--remote", is_flag=True, help="Ask the remote for every object, too.")
@click.option("--fix", "mend", is_flag=True, help="Mend what is safe to mend, then check what is left.")
@click.option("--unsafe", is_flag=True, help="With --fix: nearest labels and clipped segments, too.")
@click.option("--diff", "show", is_flag=True, help="With --fix: write nothing, show what would change.")
@click.option("--strict", is_flag=True, help="Let warnings count as errors.")
@click.option(
    "--format",
    "form",
    type=click.Choice(list(findings.FORMATS)),
    default="text",
    show_default=True,
    help="For people, programs, annotations on GitHub, or code scanners.",
)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write there, not to stdout.")
@click.option(
    "--metrics",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write figures for `dvc metrics` there, and exit 0 whatever was found.",
)
@click.pass_obj
def command(  # noqa: PLR0913 - one parameter for each option
    console: Console,
    *,
    staged: bool,
    rev: str | None,
    remote: bool,
    mend: bool,
    unsafe: bool,
    show: bool,
    strict: bool,
    form: str,
    output: Path | None,
    metrics: Path | None,
) -> int:
    """Check labels and media: every fault with its line.

    Needs no audio and, without --remote, no network.
    """
    _refuse(rev, staged=staged, mend=mend, more=unsafe or show)
    _refuse_metrics(metrics, is_other=staged or rev is not None or mend or remote)
    if show and (form != "text" or output):
        raise UsageError("--fix --diff shows a text on standard output, and nothing else")
    found = dataset.find(console.folder, "" if staged else rev)
    for path in (output, metrics):
        _refuse_link(console, found, path)
    if show:
        return _show(console, found, unsafe=unsafe)
    if mend:
        console.note(mended(fix(found, console.progress, unsafe=unsafe)))
    done = (
        measure(found, console.progress, console.folder / metrics)
        if metrics
        else validate(found, console.progress, staged=staged, revision=rev, ask_remote=remote)
    )
    look = _look(found, form, colour=console.colours and not output)
    text = findings.FORMATS[form](done, look)
    if output:
        (console.folder / output).write_text(text + "\n", encoding="utf-8")
    else:
        (console.commands if form == "github" else console.result)(text)
    if form == "github" and (step := os.environ.get("GITHUB_STEP_SUMMARY")):
        _append(Path(step), done, look)
    # DVC would throw the figures of a failing stage away, and go no further.
    return int(not metrics and bool(done.errors or (strict and done.findings)))


def _refuse(rev: str | None, *, staged: bool, mend: bool, more: bool) -> None:
    if rev == "":
        raise UsageError("--rev needs a revision, and this one is empty")
    if staged and rev is not None:
        raise UsageError("--staged and --rev cannot be combined")
    if mend and (staged or rev is not None):
        raise UsageError("--fix mends the folder, not what --staged or --rev look at")
    if more and not mend:
        raise UsageError("--unsafe and --diff go with --fix")


def _refuse_metrics(metrics: Path | None, *, is_other: bool) -> None:
    if metrics and is_other:
        raise UsageError("--metrics looks at the folder, and goes with --format and --output only")


def _refuse_link(console: Console, found: Dataset, path: Path | None) -> None:
    """Refuse to write where a dataset has put a link to somewhere else."""
    full = Path(os.path.normpath(console.folder.resolve() / (path or "")))
    if path and full.is_relative_to(found.top):
        disk.refuse_link(found.top, full)


def _show(console: Console, found: Dataset, *, unsafe: bool) -> int:
    would = fix(found, console.progress, unsafe=unsafe, write=False)
    if would.rewritten:
        console.result(differences(would))
    console.note(mended(would, written=False))
    return int(bool(would.rewritten))


def _look(found: Dataset, form: str, *, colour: bool) -> Look:
    """Paths start where their reader is: a terminal here, a program in the dataset, a host at the top."""
    base = {"text": Path.cwd(), "json": found.root}.get(form, found.top)
    way = os.path.relpath(found.root, base)
    return Look("" if way == "." else f"{way}/", colour, __version__)


def _append(step: Path, done: Validated, look: Look) -> None:
    """Add the findings to the summary of a step on GitHub, which earlier commands may have begun."""
    room = github.SUMMARY_ROOM - (step.stat().st_size if step.exists() else 0)
    with step.open("a", encoding="utf-8") as file:
        file.write(github.summary(done, look, room))
