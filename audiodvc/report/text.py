"""Values as text for people."""

from __future__ import annotations

from difflib import unified_diff
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from audiodvc.project.add import Added, Tracked
    from audiodvc.project.doctor import Check
    from audiodvc.project.fix import Fixed
    from audiodvc.project.fmt import Formatted, Rewritten
    from audiodvc.project.init import Made
    from audiodvc.project.install import Installed, Uninstalled
    from audiodvc.project.status import FileState, MediaState, RemoteState, Status


def made(done: Made) -> str:
    """What `init` did."""
    first = f"dataset in {done.root}"
    media = f"media go to {done.remote.url}" if done.remote else "media have no default remote yet"
    hooks = [f"hooks: {', '.join(done.hooks)}"] if done.hooks else []
    if not done.written:
        state = "" if hooks else ": nothing to do, all is there"
        return "\n".join([first + state, *hooks, media])
    files = [f"  {path}" for path in done.written]
    return "\n".join([first, *files, *hooks, media, "staged; `git commit` records it"])


def installed(done: Installed) -> str:
    """What `install` did."""
    what = ", ".join(done.hooks) or "none needed"
    kept = [f"the earlier {', '.join(done.chained)} still run first"] if done.chained else []
    state = "hooks" if done.written else "nothing to do, the hooks are there:"
    return "\n".join([f"{state} {what} in {done.folder}", *kept])


def uninstalled(done: Uninstalled) -> str:
    """What `uninstall` did."""
    if not done.removed:
        return f"no hooks of audiodvc in {done.folder}"
    back = [f"put back: {', '.join(done.restored)}"] if done.restored else []
    return "\n".join([f"removed: {', '.join(done.removed)} from {done.folder}", *back])


def added(done: Added) -> str:
    """What `add` did, a line per media folder."""
    rows = [(tracked.path, _counts(tracked)) for tracked in done.tracked]
    return "\n".join([*columns(rows), f"staged: {' '.join(done.staged)}"])


def formatted(done: Formatted, *, written: bool) -> str:
    """The files that `fmt` wrote or would write."""
    verb = "formatted" if written else "not in canonical form"
    lines = [f"{verb}: {file.path}" for file in done.rewritten]
    well = done.files - len(done.rewritten) - len(done.notes)
    return "\n".join([*lines, f"{well} of {done.files} files are in canonical form"])


def differences(done: Formatted | Fixed) -> str:
    """What `fmt` or `validate --fix` would change, line by line."""
    return "\n".join(line for file in done.rewritten for line in _unified(file))


def mended(done: Fixed, *, written: bool = True) -> str:
    """What `validate --fix` did or would do."""
    count, files, did = done.findings, len(done.rewritten), "mended" if written else "would mend"
    return f"{did} {count:,} finding{'s'[: count != 1]} in {files:,} file{'s'[: files != 1]}"


def _unified(file: Rewritten) -> Iterator[str]:
    old, new = (_diffable(data.decode("utf-8", "replace")) for data in (file.old, file.new))
    yield from unified_diff(old, new, f"a/{file.path}", f"b/{file.path}", lineterm="")


def _diffable(text: str) -> list[str]:
    """Lines by LF alone, so that a CR is seen, with git's words for a last line that has no end."""
    *lines, last = text.split("\n")
    return [*lines, f"{last}\n\\ No newline at end of file"] if last else lines


def status(seen: Status) -> str:
    """What `status` saw."""
    rows = [
        ("version", _version(seen)),
        *(("labels" if index == 0 else "", line) for index, line in enumerate(_labels(seen.files))),
        *(("media" if index == 0 else "", _media(state)) for index, state in enumerate(seen.media)),
        ("remote", _remote(seen.remote)),
    ]
    return "\n".join(columns(rows))


def checks(done: Sequence[Check]) -> str:
    """What `doctor` found, faults last."""
    rank = {"ok": 0, "warning": 1, "error": 2}
    rows = [
        (check.outcome, check.subject, check.message + (f" ({check.hint})" if check.hint else ""))
        for check in sorted(done, key=lambda check: rank[check.outcome])
    ]
    return "\n".join(columns(rows))


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as aligned lines."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def _counts(tracked: Tracked) -> str:
    counts = {
        "added": tracked.added,
        "changed": tracked.changed,
        "removed": tracked.removed,
        "unchanged": tracked.unchanged,
    }
    return _listed(counts)


def _version(seen: Status) -> str:
    base = "none yet" if seen.version is None else seen.version
    since = f", {seen.since} commits since" if seen.since else ""
    branch = f" on {seen.branch}" if seen.branch else " (no branch is checked out)"
    upstream = _listed({"commits to push": seen.ahead, "to pull": seen.behind})
    return f"{base}{since}{branch}" + (f", {upstream}" if upstream else "")


def _labels(files: Sequence[FileState]) -> Iterator[str]:
    if not files:
        yield "as committed"
    for state in files:
        staged = "staged" if state.staged else "not staged"
        yield f"{state.path}: {'staged, and changed since' if state.staged and state.changed else staged}"


def _media(state: MediaState) -> str:
    if state.absent == state.files and not state.new:
        return f"{state.path}: {state.files:,} files, none of them here (`dvc pull` brings them)"
    counts = _listed(
        {"new": state.new, "changed": state.changed, "not yet read": state.unread, "not here": state.absent}
    )
    return f"{state.path}: {state.files:,} files, {counts or 'as in the index'}"


def _remote(state: RemoteState | None) -> str:
    if state is None:
        return "no default remote (dvc remote add --default NAME URL)"
    if state.problem:
        return state.problem
    if state.missing is None:
        return f"{state.name} {state.url}: not asked (audiodvc status --remote)"
    missing = f"{state.missing:,} objects not pushed (dvc push)" if state.missing else "has every object"
    return f"{state.name} {state.url}: {missing}"


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {what}" for what, count in counts.items() if count)
