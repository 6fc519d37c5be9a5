"""What a release made, or would make."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audiodvc.report import findings
from audiodvc.report.document import document
from audiodvc.report.look import plain
from audiodvc.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from audiodvc.project.release import Release
    from audiodvc.project.releasing.upcoming import Upcoming

_SHOWN = 5


def text(done: Release, *, dry_run: bool) -> str:
    """The version, why it is this one, its entry, and what was done."""
    next_ = done.upcoming
    if next_ is None:
        return ""
    entry = [f"    {plain(line)}".rstrip() for line in next_.said.splitlines()]
    made = [] if dry_run else ["", *_made(done, next_)]
    return "\n".join([*_why(next_), "", *entry, *made])


def as_json(done: Release) -> str:
    """All of it; null where nothing was made."""
    next_ = done.upcoming
    return document(
        "release",
        version=next_ and next_.version,
        tag=next_ and next_.tag,
        previous=next_ and next_.previous,
        level=next_ and next_.level,
        reasons=list(next_.reasons) if next_ else [],
        entry=next_ and next_.said,
        commit=done.commit,
        objects=done.objects,
        remote=done.remote or None,
        findings=[findings.record(finding) for finding in done.validated.findings],
    )


def _why(next_: Upcoming) -> Iterator[str]:
    level = f"{next_.level} " if next_.level else ""
    yield next_.version + (f" ({level}since {next_.previous})" if next_.previous else "")
    for reason in next_.reasons[:_SHOWN]:
        yield f"  {plain(reason)}"
    if len(next_.reasons) > _SHOWN:
        yield f"  and {counted(len(next_.reasons) - _SHOWN, 'reason')} more"


def _made(done: Release, next_: Upcoming) -> Iterator[str]:
    if done.objects:
        yield f"{counted(done.objects, 'object')} pushed"
    commit = (done.commit or "")[:12]
    yield f"{next_.tag} is commit {commit}{', as it was before' if next_.is_tagged else ''}"
    if done.remote:
        yield f"branch and tag are in {plain(done.remote)}"
