"""`audiodvc release`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from audiodvc import __version__
from audiodvc.cli import options
from audiodvc.cli.console import Console
from audiodvc.project import dataset
from audiodvc.project.dataset import Dataset
from audiodvc.project.release import Release, release
from audiodvc.report import findings
from audiodvc.report import release as report
from audiodvc.report.look import Look, plain, verdict


@click.command(name="release")
@click.argument("version", required=False, metavar="[VERSION]")
@click.option("--push", "share", is_flag=True, help="Push the branch and the tag, too, in one step.")
@click.option("--dry-run", is_flag=True, help="Make nothing: show the version, why, and the entry.")
@options.form
@click.pass_obj
def command(console: Console, *, version: str | None, share: bool, dry_run: bool, form: str) -> int:
    """Make a version of the last commit: check it, push its media, tag it.

    The remote must have every object first. What changed goes into CHANGELOG.md. Without VERSION
    it follows from what changed since the last one: what breaks a program that reads the dataset
    raises the first number, what is new the second, what was corrected the third. A release that
    was stopped goes on where it was.
    """
    found = dataset.find(console.folder)
    done = release(found, version, console.progress, share=share, dry_run=dry_run)
    for note in done.upcoming.notes if done.upcoming else ():
        console.note(plain(note))
    if done.validated.findings and not done.validated.errors:
        console.note(f"{verdict(done.validated)}: `audiodvc validate` names them")
    if form == "json":
        console.result(report.as_json(done))
    elif done.validated.errors:
        console.result(findings.text(done.validated, _look(found, console)))
    else:
        console.result(report.text(done, dry_run=dry_run))
    if done.validated.errors:
        console.note(_refused(done))
    elif not dry_run and done.command and form == "text":
        # Whether one that was made before has been pushed by hand since is nothing that is asked here.
        known = done.upcoming and done.upcoming.is_tagged
        console.note(f"{'to push it' if known else 'not pushed'}: {plain(done.command)}")
    return int(bool(done.validated.errors))


def _refused(done: Release) -> str:
    if done.upcoming is None:
        return "audiodvc: nothing was released: mend and commit what is named"
    return "audiodvc: nothing was released: the remote must have every object (`dvc push` where they are)"


def _look(found: Dataset, console: Console) -> Look:
    way = os.path.relpath(found.root, Path.cwd())
    return Look("" if way == "." else f"{way}/", console.colours, __version__)
