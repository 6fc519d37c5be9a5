"""`resolve`: conflicts of a merge settled, the files that are whole again validated, and only then staged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from audiodvc.adapters import git, git_merge
from audiodvc.changes.conflict import Conflict
from audiodvc.errors import AudiodvcError, FormatError
from audiodvc.finding import Finding
from audiodvc.model import layout, table
from audiodvc.model.spec import Spec
from audiodvc.progress import Progress
from audiodvc.project import conflicts, pointers, tree, validate
from audiodvc.project.choice import Choice, Side, ending, spec_of, waits
from audiodvc.project.conflicts import Unmerged
from audiodvc.project.dataset import Dataset


@dataclass(frozen=True, slots=True)
class Settled:
    """The files that are staged now, what is still open, and what keeps a file from being staged.

    `whole` are the files that were taken from a side as they were: nothing of the other one is in them.
    """

    staged: tuple[str, ...]
    left: tuple[Conflict, ...]
    findings: tuple[Finding, ...]
    whole: Mapping[str, Side]


def settle(
    dataset: Dataset, progress: Progress, choice: Choice, path: str | None = None, key: Sequence[str] = ()
) -> Settled:
    """Settle the conflicts of one file or of all, those of a key or all of them."""
    files = [file for file in conflicts.unmerged(dataset) if path in (None, file.path)]
    if not files:
        if not path:
            raise AudiodvcError("there is no conflict")
        raise AudiodvcError(f"{path} has no conflict", hint="`audiodvc conflicts` lists those that there are")
    # A pointer follows from its index, so that goes first.
    staged, findings, whole = list[str](), list[Finding](), dict[str, Side]()
    with progress("settling", len(files)) as advance:
        for are_pointers in (False, True):
            batch = [file for file in files if layout.is_pointer(file.path) == are_pointers]
            ready = [file for file in batch if path or not waits(dataset, file)]
            names, faults, sides = _batch(dataset, ready, choice, key)
            staged += names
            findings += faults
            whole |= sides
            advance(len(batch))
    bad = {one.path for one in findings}
    left = [one for one in conflicts.conflicts(dataset) if path in (None, one.path) and one.path not in bad]
    return Settled(tuple(staged), tuple(left), tuple(findings), whole)


def _batch(
    dataset: Dataset, files: Sequence[Unmerged], choice: Choice, key: Sequence[str]
) -> tuple[list[str], list[Finding], dict[str, Side]]:
    """Settle files that do not follow from each other: those staged, and what is wrong with others."""
    endings = {file.path: ending(dataset, file, choice, key) for file in files}
    for file in files:
        dataset.refuse_changed(file.path, file.found)
    gone = [name for name, one in endings.items() if one.text is None]
    for name in gone:
        dataset.place(name).unlink(missing_ok=True)
    done = [name for name, one in endings.items() if one.text is not None and _write(dataset, name, one.text)]
    findings = list(_faults(dataset, done))
    bad = {one.path for one in findings}
    right = [name for name in done if name not in bad]
    if gone:
        git_merge.forget(dataset.root, gone)
    if right:
        git.add(dataset.root, [*right, *(name for one in right for name in _following(dataset, one))])
    return [*right, *gone], findings, {name: one.whole for name, one in endings.items() if one.whole}


def _write(dataset: Dataset, name: str, text: bytes) -> bool:
    """Write a file; True if no conflict is left in it."""
    if conflicts.MARKER in text:
        dataset.write(name, text)
        return False
    form = spec_of(dataset, name, text)
    dataset.write(name, _canonical(name, text, form) if form else text)
    return True


def _following(dataset: Dataset, index: str) -> Iterator[str]:
    """The pointer that names an index, if it has to name it anew."""
    if index.endswith(layout.INDEX) and pointers.settle(dataset, index):
        yield index.removesuffix(layout.INDEX) + layout.POINTER


def _canonical(name: str, text: bytes, form: Spec) -> bytes:
    try:
        return table.canonical(table.parse(text, name), form)
    except FormatError:
        return text


def _faults(dataset: Dataset, names: Sequence[str]) -> Iterator[Finding]:
    """The errors of files that were settled."""
    found = validate.check(validate.take(dataset, tree.folder(dataset))).findings if names else ()
    yield from (one for one in found if one.path in names and one.severity == "error")
