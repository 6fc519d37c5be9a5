"""What the sides of a merge disagree about, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

from audiodvc.changes.conflict import Conflict, Value
from audiodvc.model import layout
from audiodvc.project.settle import Settled
from audiodvc.report.look import plain
from audiodvc.words import counted

_SCHEMA = "audiodvc.conflicts/v1"
_NONE = "none"


def text(conflicts: Sequence[Conflict]) -> str:
    """A line for each, below the name of its file."""
    return "\n".join(_lines(conflicts)) or "no conflicts"


def as_json(conflicts: Iterable[Conflict]) -> str:
    """One object; a row is an object of its cells, and null is what a side does not have."""
    return json.dumps(
        {"schema": _SCHEMA, "conflicts": [_record(one) for one in conflicts]}, ensure_ascii=False, indent=2
    )


def settled(done: Settled) -> str:
    """What is staged, and what keeps the rest from it."""
    lines = [f"{plain(name)}: {_settled(done, name)} and staged" for name in done.staged]
    if any(layout.is_pointer(name) for name in done.staged):
        # No hook of git's runs when a merge that had stopped is committed.
        lines.append("`dvc checkout` brings the media that are not in the folder")
    if done.findings:
        lines += ["not staged, since what is in it is wrong:", *findings_lines(done)]
    if done.left:
        lines += [f"{counted(len(done.left), 'conflict')} left:", *_lines(done.left)]
    return "\n".join(lines)


def _settled(done: Settled, name: str) -> str:
    side = done.whole.get(name)
    return "settled" if side is None else f"settled as {_AS_A_WHOLE[side]},"


_AS_A_WHOLE: Mapping[str, str] = {
    "ours": "ours has it, with nothing of theirs",
    "theirs": "theirs has it, with nothing of ours",
    "base": "it was before, with nothing of either side",
}


def findings_lines(done: Settled) -> Iterator[str]:
    """Each finding on a line."""
    for one in done.findings:
        yield plain(f"{one.path}:{one.line}:{one.column}: {one.code} {one.message}")


def _record(one: Conflict) -> Mapping[str, object]:
    return {
        "path": one.path,
        "kind": one.kind,
        "key": dict(one.key),
        "field": one.field,
        "base": one.base,
        "ours": one.ours,
        "theirs": one.theirs,
    }


def _lines(conflicts: Sequence[Conflict]) -> Iterator[str]:
    for path in dict.fromkeys(one.path for one in conflicts):
        yield plain(path)
        yield from (f"  {plain(_line(one))}" for one in conflicts if one.path == path)


def _line(one: Conflict) -> str:
    key = " ".join(text or '""' for _, text in one.key)
    where = "  ".join(part for part in (key, one.field or "") if part)
    if one.kind == "text" and one.ours is None and one.theirs is None:
        return where
    if one.kind == "column":
        gone, other = ("ours", "theirs") if one.ours is None else ("theirs", "ours")
        return f"column {one.field}: taken out by {gone}, its cells changed by {other}"
    sides = (("ours", one.ours), ("base", one.base), ("theirs", one.theirs))
    said = "  ".join(f"{name}: {_said(value)}" for name, value in sides)
    return f"{where}  {said}" if where else said


def _said(value: Value) -> str:
    if value is None:
        return _NONE
    if isinstance(value, Mapping):
        return ",".join(value.values())
    return value or '""'
