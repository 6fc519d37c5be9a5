"""Values as text for people."""

from __future__ import annotations

from difflib import unified_diff
from typing import TYPE_CHECKING

from audiodvc.report.look import plain
from audiodvc.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from audiodvc.project.add import Added, Tracked
    from audiodvc.project.doctor import Check
    from audiodvc.project.fix import Fixed
    from audiodvc.project.fmt import Formatted, Rewritten
    from audiodvc.project.init import Made
    from audiodvc.project.install import Installed, Uninstalled
    from audiodvc.project.status import FileState, MediaState, RemoteState, Status

_NAMED = 5


def made(done: Made) -> str:
    """What `init` did."""
    first = f"dataset in {_shown(done.root)}"
    media = f"media go to {plain(done.remote.shown)}" if done.remote else "media have no default remote yet"
    hooks = [f"hooks: {', '.join(done.hooks)}"] if done.hooks else []
    if not done.written:
        state = "" if hooks else ": nothing to do, all is there"
        return "\n".join([first + state, *hooks, media])
    files = [f"  {plain(path)}" for path in done.written]
    return "\n".join([first, *files, *hooks, media, "staged; `git commit` records it"])


def installed(done: Installed) -> str:
    """What `install` did."""
    what = ", ".join(done.hooks) or "none needed"
    kept = [f"the earlier {', '.join(done.chained)} still run first"] if done.chained else []
    state = "hooks" if done.written else "nothing to do, the hooks are there:"
    return "\n".join([f"{state} {what} in {_shown(done.folder)}", *kept])


def uninstalled(done: Uninstalled) -> str:
    """What `uninstall` did."""
    if not done.removed:
        return f"no hooks of audiodvc in {_shown(done.folder)}"
    back = [f"put back: {', '.join(done.restored)}"] if done.restored else []
    return "\n".join([f"removed: {', '.join(done.removed)} from {_shown(done.folder)}", *back])


def added(done: Added) -> str:
    """What `add` did, a line per media folder."""
    rows = [(tracked.path, _counts(tracked)) for tracked in done.tracked]
    return "\n".join([*columns(rows), f"staged: {' '.join(map(plain, done.staged))}"])


def formatted(done: Formatted, *, written: bool) -> str:
    """The files that `fmt` wrote or would write."""
    verb = "formatted" if written else "not in canonical form"
    lines = [f"{verb}: {plain(file.path)}" for file in done.rewritten]
    well = done.files - done.unfit - (0 if written else len(done.rewritten))
    be = "is" if done.files == 1 else "are"
    return "\n".join([*lines, f"{well:,} of {counted(done.files, 'file')} {be} in canonical form"])


def differences(done: Formatted | Fixed) -> str:
    """What `fmt` or `validate --fix` would change, line by line."""
    return "\n".join(line for file in done.rewritten for line in _unified(file))


def mended(done: Fixed, *, written: bool = True) -> str:
    """What `validate --fix` did or would do."""
    did = "mended" if written else "would mend"
    return f"{did} {counted(done.findings, 'finding')} in {counted(len(done.rewritten), 'file')}"


def _unified(file: Rewritten) -> Iterator[str]:
    old, new = (_diffable(data.decode("utf-8", "replace")) for data in (file.old, file.new))
    name = plain(file.path)
    yield from unified_diff(old, new, f"a/{name}", f"b/{name}", lineterm="")


def _diffable(text: str) -> list[str]:
    """Lines by LF alone, so that a CR is seen, with git's words for a last line that has no end."""
    *lines, last = text.split("\n")
    return [*lines, f"{last}\n\\ No newline at end of file"] if last else lines


def status(seen: Status) -> str:
    """What `status` saw."""
    rows = [
        ("version", _version(seen)),
        *_rows("labels", _labels(seen.labels)),
        *_rows("other", _others(seen.others)),
        *_rows("media", map(_media, seen.media)),
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
    """Rows as aligned lines, whatever is in their cells."""
    cells = [[plain(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]


def _shown(path: Path) -> str:
    return plain(str(path))


def _rows(title: str, lines: Iterable[str]) -> list[tuple[str, str]]:
    """Lines below each other, the first with a title."""
    return [("" if index else title, line) for index, line in enumerate(lines)]


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
    since = f", {counted(seen.since, 'commit')} since" if seen.since else ""
    branch = f" on {seen.branch}" if seen.branch else " (no branch is checked out)"
    push = [f"{counted(seen.ahead, 'commit')} to push"] if seen.ahead else []
    pull = [f"{counted(seen.behind, 'commit')} to pull"] if seen.behind else []
    return ", ".join([f"{base}{since}{branch}", *push, *pull])


def _labels(files: Sequence[FileState]) -> Iterator[str]:
    if not files:
        yield "as committed"
    for state in files:
        yield f"{state.path}: {_staged(state)}"


def _others(files: Sequence[FileState]) -> Iterator[str]:
    """A line for each state, with the first few files that are in it."""
    for state in dict.fromkeys(map(_staged, files)):
        names = list(dict.fromkeys(file.path for file in files if _staged(file) == state))
        more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
        yield f"{state}: {', '.join(names[:_NAMED])}{more}"


def _staged(state: FileState) -> str:
    if state.staged:
        return "staged, and changed since" if state.changed else "staged"
    return "not staged"


def _media(state: MediaState) -> str:
    if state.lacks == "index":
        return f"{state.path}: no media index (`audiodvc add {state.path}` writes it)"
    if state.lacks == "pointer":
        files = counted(state.files, "file")
        return f"{state.path}: {files}, without a pointer (`audiodvc doctor` says what to do)"
    if state.absent == state.files and not state.new:
        return f"{state.path}: {counted(state.files, 'file')}, none of them here (`dvc pull` brings them)"
    counts = _listed(
        {"new": state.new, "changed": state.changed, "not yet read": state.unread, "not here": state.absent}
    )
    return f"{state.path}: {counted(state.files, 'file')}, {counts or 'as in the index'}"


def _remote(state: RemoteState | None) -> str:
    if state is None:
        return "no default remote (dvc remote add --default NAME URL)"
    if state.problem:
        return state.problem
    if state.missing is None:
        return f"{state.name} {state.url}: not asked (audiodvc status --remote)"
    lacking = f"{counted(state.missing, 'object')} not pushed (dvc push)"
    return f"{state.name} {state.url}: {lacking if state.missing else 'has every object'}"


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {what}" for what, count in counts.items() if count)
