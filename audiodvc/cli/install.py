"""`audiodvc install`."""

from __future__ import annotations

import click

from audiodvc.cli.console import Console
from audiodvc.project.install import install
from audiodvc.report import text


@click.command(name="install")
@click.pass_obj
def command(console: Console) -> None:
    """Let git check labels, merge them and bring media: hooks and drivers of this clone and its worktrees.

    Hooks that are there already still run, before these. Calling it again changes nothing;
    `audiodvc uninstall` puts back what was there.
    """
    done = install(console.folder)
    for note in done.notes:
        console.note(note)
    console.result(text.installed(done))
