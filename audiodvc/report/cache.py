"""What is in the cache, what is wrong with it, and what goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from audiodvc.report.document import document
from audiodvc.report.look import plain
from audiodvc.report.text import columns
from audiodvc.words import counted, sized

if TYPE_CHECKING:
    from audiodvc.model.flavor import Flavor
    from audiodvc.resolve.gc import Going, Sweep
    from audiodvc.resolve.materialize import Flavored
    from audiodvc.resolve.verify import Verified


def cached(found: Sequence[Flavored]) -> str:
    """A line for each materialization: name, version, flavor, whether it is complete, folder."""
    rows = [
        (
            one.identity.name,
            one.identity.place,
            _wish(one.flavor),
            "complete" if one.complete else "in part",
            str(one.folder),
        )
        for one in found
    ]
    return "\n".join(columns(rows))


def cached_json(root: Path, found: Sequence[Flavored]) -> str:
    """All materializations with their flavors."""
    listed = [
        {
            "name": one.identity.name,
            "source": one.identity.source,
            "version": one.identity.version,
            "commit": one.identity.commit,
            "flavor_id": one.flavor.short_id,
            "flavor": one.flavor.parameters,
            "complete": one.complete,
            "folder": str(one.folder),
        }
        for one in found
    ]
    return document("cached", cache_root=str(root), datasets=listed)


def _wish(flavor: Flavor) -> str:
    """A flavor as one would ask for it."""
    said = [
        f"{key.replace('_', '-')} {','.join(map(str, value)) if isinstance(value, list | tuple) else value}"
        for key, value in flavor.parameters.items()
        if value is not None and key != "mixdown"
    ]
    return ", ".join([*said, *(["mixdown"] if flavor.mixdown else [])]) or "original"


def swept(done: Sweep) -> str:
    """What goes: a line for each dataset, and for each kind of file; the sizes before and after."""
    kinds = {
        "objects": done.objects,
        "conversions": done.conversions,
        "mirrors": done.mirrors,
        "leftovers": done.left,
    }
    rows = [(_named(one), sized(one.size), f"used {_date(one.used)}") for one in done.datasets]
    rows += [(kind, sized(one.size), counted(one.files, "file")) for kind, one in kinds.items() if one.files]
    verb = "freed" if done.removed else "would free"
    total = f"{verb} {sized(done.freed)} of {sized(done.before)} in {plain(str(done.root))}"
    unknown = (
        f"{counted(done.unknown.files, 'object')} ({sized(done.unknown.size)}) of no dataset stay: --unknown"
    )
    names = ", ".join(map(_named, done.open))
    stay = f"{counted(len(done.open), 'dataset')} stay, open in a process: {names}"
    more = [*([unknown] if done.unknown.files else []), *([stay] if done.open else [])]
    return "\n".join([*columns(rows), total, *more])


def swept_json(done: Sweep) -> str:
    """What goes, with every figure in bytes."""
    kinds = {
        "objects": done.objects,
        "conversions": done.conversions,
        "mirrors": done.mirrors,
        "leftovers": done.left,
        "unknown": done.unknown,
    }
    return document(
        "gc",
        cache_root=str(done.root),
        removed=done.removed,
        size=done.before,
        freed=done.freed,
        datasets=[_going(one) for one in done.datasets],
        open=[_going(one) for one in done.open],
        **{kind: one._asdict() for kind, one in kinds.items()},
    )


def _going(one: Going) -> Mapping[str, object]:
    return {
        "name": one.name,
        "version": one.place,
        "flavor_id": one.flavor or None,
        "folder": str(one.folder),
        "used": _date(one.used),
        "size": one.size,
    }


def _named(one: Going) -> str:
    return f"{one.name} {one.place} {one.flavor or 'texts'}"


def _date(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


def verified(done: Verified) -> str:
    """A line for each damaged file, and how many were looked at."""
    lines = [
        f"{plain(one.path)}: {plain(one.message)}{' (repaired)' if one.repaired else ''}"
        for one in done.damages
    ]
    found = f"{len(done.damages):,} damaged" if done.damages else "all are whole"
    return "\n".join([*lines, f"{counted(done.files, 'file')} in {plain(done.cache_root)}: {found}"])


def verified_json(done: Verified) -> str:
    """Every damaged file, and what could not be checked or repaired."""
    return document(
        "verify",
        cache_root=done.cache_root,
        files=done.files,
        damages=[one._asdict() for one in done.damages],
        unchecked=done.unchecked,
        problems=done.problems,
    )
