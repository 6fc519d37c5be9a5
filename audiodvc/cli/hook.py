"""`audiodvc hook`: what git's hooks and pre-commit call; people call the verbs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import click

from audiodvc import __version__
from audiodvc.cli.console import Console
from audiodvc.errors import AudiodvcError
from audiodvc.project import hooks, install, push
from audiodvc.project.bring import bring
from audiodvc.project.hooks import Checked
from audiodvc.report import findings
from audiodvc.report.look import Look, failure, plain
from audiodvc.words import counted

_REFUSED = {
    "pre-commit": "nothing was committed: mend and `git add` what is named, or commit with --no-verify",
    "pre-merge-commit": (
        "the merge is not committed: mend and `git add` what is named, then `git commit`; "
        "or `git merge --abort`"
    ),
    "pre-push": "nothing was pushed: mend what is named, or push with --no-verify",
}


@click.command(name="hook")
@click.argument("name")
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def command(console: Console, name: str, words: tuple[str, ...]) -> int:
    """Do what the git hook NAME is for; WORDS are what git gives to it."""
    if name not in _HOOKS:
        raise click.BadParameter(f"there is no hook '{name}' (but {', '.join(_HOOKS)})")
    return _HOOKS[name](console, hooks.top_of(console.folder), name, words)


def _commit(console: Console, top: Path, name: str, words: Sequence[str]) -> int:
    del words
    return _verdict(console, name, hooks.before_commit(top, console.progress, name))


def _fmt(console: Console, top: Path, name: str, words: Sequence[str]) -> int:
    """Exit 1 after it wrote something, as pre-commit has it: what is staged is not what was meant."""
    del name, words
    changed = False
    for prefix, done in hooks.format_staged(top, console.progress):
        changed = changed or bool(done.rewritten or done.problems)
        for file in done.rewritten:
            console.result(plain(f"formatted: {prefix}{file.path}"))
        for problem in done.problems:
            console.result(plain(f"{prefix}{problem}"))
    return int(changed)


def _push(console: Console, top: Path, name: str, words: Sequence[str]) -> int:
    remote = words[0] if words else push.remote_of_precommit() or "origin"
    told = push.refs_of_precommit()
    if told and install.is_installed(install.folder_of(top), name):
        return 0  # our own script, which is told of all refs and not of one, does it
    refs = told or push.refs(sys.stdin.buffer.read().decode(errors="surrogateescape"))
    done = push.before_push(top, remote, refs, console.progress)
    for note in done.notes:
        console.note(plain(f"audiodvc: {note}"))
    if done.objects:
        console.note(f"audiodvc: {counted(done.objects, 'object')} pushed")
    return _verdict(console, name, done.checked)


def _verdict(console: Console, name: str, checked: Sequence[Checked]) -> int:
    for one in checked:
        if one.validated.findings:
            look = Look(one.prefix, console.colours, __version__)
            console.result(findings.text(one.validated, look))
    refused = any(one.validated.errors for one in checked)
    # Called by hand, as in continuous integration, it keeps nobody from anything.
    if refused and (name == "pre-push" or os.environ.get("GIT_INDEX_FILE")):
        console.note(f"audiodvc: {_REFUSED[name]}")
    return int(refused)


def _checkout(console: Console, top: Path, name: str, words: Sequence[str]) -> int:
    del name
    old, new, kind = [*words, "", "", ""][:3]
    return _after(console, top, old) if kind == "1" and old != new else 0


def _merge(console: Console, top: Path, name: str, words: Sequence[str]) -> int:
    del name, words
    return _after(console, top, "ORIG_HEAD")


def _rewrite(console: Console, top: Path, name: str, words: Sequence[str]) -> int:
    """After a rebase: it began with a checkout of what the first commit was put on, whose media are here."""
    del name
    first = sys.stdin.buffer.readline().decode(errors="surrogateescape").split()
    _, new = [*first, "", ""][:2]
    return _after(console, top, f"{new}^") if new and words[0] == "rebase" else 0


def _after(console: Console, top: Path, older: str) -> int:
    """Never fails: git has done what it was asked for."""
    try:
        for line in bring(top, older, console.progress):
            console.note(plain(f"audiodvc: {line}"))
    except AudiodvcError as error:
        console.note(f"audiodvc: media stay as they were: {failure(error)}")
    except OSError as error:
        console.note(plain(f"audiodvc: media stay as they were: {error}"))
    return 0


_HOOKS: Mapping[str, Callable[[Console, Path, str, Sequence[str]], int]] = {
    "pre-commit": _commit,
    "fmt": _fmt,
    "pre-merge-commit": _commit,
    "pre-push": _push,
    "post-checkout": _checkout,
    "post-merge": _merge,
    "post-rewrite": _rewrite,
}
