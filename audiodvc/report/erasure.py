"""What `erase` did, for people and for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from audiodvc.project.erasing import receipts
from audiodvc.project.erasing.receipt import Place, Receipt
from audiodvc.report.look import plain
from audiodvc.words import counted

_STATES: Mapping[str, str] = {
    "planned": "nothing was changed: without --dry-run this is done",
    "committed": "committed; `audiodvc erase` pushes it and deletes the objects",
    "pushed": "pushed, and waits for the default branch",
    "incomplete": "not everything could be deleted: `audiodvc erase` tries again",
    "complete": "done",
}
_WORDS: Mapping[str, str] = {"present": "to delete", "absent": "not there"}
_MOST = 20


def as_json(receipt: Receipt) -> str:
    """The receipt itself."""
    return receipts.text(receipt)


def text(receipt: Receipt) -> str:
    """The receipt as one would tell it."""
    return "\n".join(_lines(receipt))


def _lines(receipt: Receipt) -> Iterator[str]:
    for one in receipt.files:
        where = f" ({', '.join(one.versions)})" if one.versions else ""
        yield f"{plain(one.file)}  {one.md5}{where}"
        if one.others:
            others = ", ".join(map(plain, one.others[:_MOST]))
            yield f"  these bytes stay, for they are also those of {others}"
    for name, count in receipt.rows.items():
        yield f"db.{name}.csv: {counted(count, 'row')} less"
    for place in receipt.places:
        yield from _place(place)
    if receipt.commit:
        yield f"commit {receipt.commit[:12]}"
    if receipt.path:
        yield f"receipt {receipt.path}"
    yield _STATES[receipt.state]


def _place(place: Place) -> Iterator[str]:
    name = f"{'former ' if place.former else ''}{place.kind} {place.name}" + (
        f" ({place.where})" if place.where else ""
    )
    if place.problem:
        yield f"{name}: {place.problem}"
        return
    counts = Counter(one.outcome for one in place.objects)
    said = ", ".join(f"{count:,} {_WORDS.get(outcome, outcome)}" for outcome, count in counts.items())
    yield f"{name}: {said or 'nothing to delete'}"
    failed = [one for one in place.objects if one.outcome == "failed"]
    for one in failed[:_MOST]:
        yield f"  {one.md5} of {plain(one.file)}: {one.why}"
    if len(failed) > _MOST:
        yield f"  and {len(failed) - _MOST:,} more"
