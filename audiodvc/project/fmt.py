"""`fmt`: tables, indexes and header in canonical form, which never changes what they say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from audiodvc.errors import FormatError
from audiodvc.model import header, layout, spec, table
from audiodvc.model.header import Header
from audiodvc.progress import Progress
from audiodvc.project import pointers, stages
from audiodvc.project.dataset import Dataset


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A file that is not in canonical form, and what it would be."""

    path: str
    old: bytes
    new: bytes


@dataclass(frozen=True, slots=True)
class Formatted:
    """What `fmt` would write, what it cannot read, and how many files it looked at.

    `unfit` files have no canonical form: a fault is in the way, or the header does not declare them.
    """

    files: int
    unfit: int
    rewritten: tuple[Rewritten, ...]
    problems: tuple[str, ...]
    notes: tuple[str, ...]


def fmt(dataset: Dataset, progress: Progress, *, write: bool = True) -> Formatted:
    """Bring every text of the dataset into canonical form; files that cannot be read are named and left."""
    stages.expected(dataset)  # a dvc.yaml that cannot be edited is said before anything is done
    parsed = header.parse(dataset.read(layout.HEADER) or b"")
    names = [layout.HEADER, *dataset.tables, *dataset.indexes]
    rewritten: list[Rewritten] = []
    problems: dict[str, None] = {}
    notes: list[str] = []
    unfit = 0
    with progress("formatting", len(names)) as advance:
        for name in names:
            try:
                rewritten += _one(dataset, name, parsed, notes)
            except FormatError as error:
                unfit += 1
                problems |= dict.fromkeys(error.details)
            advance(1)
    if write:
        write_all(dataset, rewritten)
    return Formatted(len(names), unfit + len(notes), tuple(rewritten), tuple(problems), tuple(notes))


def write_all(dataset: Dataset, files: Iterable[Rewritten]) -> None:
    """Write texts of the dataset, and what follows from them: pointers and stages."""
    stages.expected(dataset)  # a dvc.yaml that cannot be edited is said before anything is written
    for file in files:
        dataset.refuse_changed(file.path, file.old)
        dataset.write(file.path, file.new)
    for index in dataset.indexes:
        pointers.settle(dataset, index)
    stages.sync(dataset)


def _one(dataset: Dataset, name: str, parsed: Header, notes: list[str]) -> Iterator[Rewritten]:
    old = dataset.read(name) or b""
    if name == layout.HEADER:
        new = _header(old, parsed)
    else:
        form = _spec(name, old, parsed)
        if form is None:
            notes.append(f"{name}: the header declares no such table, so it was left alone")
            return
        new = _table(name, old, form)
    if new != old:
        yield Rewritten(name, old, new)


def _header(old: bytes, parsed: Header) -> bytes:
    _refuse(parsed)
    try:
        new = header.canonical(old.decode("utf-8-sig")).encode("utf-8")
    except FormatError as error:
        raise _unreadable(parsed) from error
    if header.parse(new).data != parsed.data:
        raise _changed(layout.HEADER)
    return new


def _table(name: str, old: bytes, form: spec.Spec) -> bytes:
    before = table.parse(old, name)
    new = table.canonical(before, form)
    if new != old and not table.same_meaning(before, table.parse(new, name), form):
        raise _changed(name)
    return new


def _refuse(parsed: Header) -> None:
    """Without a header nobody knows what a cell means, nor what is a comment."""
    if not parsed.data:
        raise _unreadable(parsed)


def _unreadable(parsed: Header) -> FormatError:
    faults = [finding for finding in parsed.findings if finding.code != "AF002"]  # `fmt` mends those
    details = [f"{f.path}:{f.line}:{f.column}: {f.code} {f.message}" for f in faults]
    return FormatError(f"{layout.HEADER} cannot be read", details=details)


def _changed(name: str) -> FormatError:
    what = f"{name}: formatting would change what it says, so it was left alone"
    return FormatError(what, details=[what])


def _spec(name: str, old: bytes, parsed: Header) -> spec.Spec | None:
    if name.endswith(layout.INDEX):
        return spec.of_index(old)
    _refuse(parsed)
    identifier = name.removeprefix("db.").removesuffix(".csv")
    return parsed.spec(identifier) if identifier in parsed.tables else None
