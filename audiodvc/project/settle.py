"""`resolve`: conflicts of a merge settled, the files that are whole again validated, and only then staged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from audiodvc.adapters import git, git_merge
from audiodvc.changes import settled
from audiodvc.changes.conflict import Block, Conflict
from audiodvc.errors import AudiodvcError, FormatError, UsageError
from audiodvc.finding import Finding
from audiodvc.model import header, layout, scalar, table
from audiodvc.model import spec as specs
from audiodvc.model.spec import Spec
from audiodvc.progress import Progress
from audiodvc.project import conflicts, mergedriver, mergepointer, pointers, tree, validate
from audiodvc.project.conflicts import Unmerged
from audiodvc.project.dataset import Dataset
from audiodvc.project.mergedriver import Place

Side = Literal["ours", "theirs", "base", "delete"]

_STAGES: Mapping[str, int] = {"base": git_merge.BASE, "ours": git_merge.OURS, "theirs": git_merge.THEIRS}


@dataclass(frozen=True, slots=True)
class Choice:
    """Whose lines are to stay, or which cells a row is to have; nothing at all where nobody disagrees."""

    side: Side | None = None
    values: tuple[tuple[str, str], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.side or self.values)


@dataclass(frozen=True, slots=True)
class Settled:
    """The files that are staged now, what is still open, and what keeps a file from being staged."""

    staged: tuple[str, ...]
    left: tuple[Conflict, ...]
    findings: tuple[Finding, ...]


def settle(
    dataset: Dataset, progress: Progress, choice: Choice, path: str | None = None, key: Sequence[str] = ()
) -> Settled:
    """Settle the conflicts of one file or of all, those of a key or all of them."""
    files = [file for file in conflicts.unmerged(dataset) if path in (None, file.path)]
    if not files:
        raise AudiodvcError(f"{path} has no conflict" if path else "there is no conflict")
    # A pointer follows from its index, so that goes first.
    staged, findings = list[str](), list[Finding]()
    with progress("settling", len(files)) as advance:
        for are_pointers in (False, True):
            batch = [file for file in files if layout.is_pointer(file.path) == are_pointers]
            ready = [file for file in batch if path or not _waits(dataset, file)]
            names, faults = _batch(dataset, ready, choice, key)
            staged += names
            findings += faults
            advance(len(batch))
    bad = {one.path for one in findings}
    left = [one for one in conflicts.conflicts(dataset) if path in (None, one.path) and one.path not in bad]
    return Settled(tuple(staged), tuple(left), tuple(findings))


def _batch(
    dataset: Dataset, files: Sequence[Unmerged], choice: Choice, key: Sequence[str]
) -> tuple[list[str], list[Finding]]:
    """Settle files that do not follow from each other: those staged, and what is wrong with others."""
    texts = [(file.path, _text(dataset, file, choice, key)) for file in files]
    gone = [name for name, text in texts if text is None]
    for name in gone:
        (dataset.root / name).unlink(missing_ok=True)
    whole = [name for name, text in texts if text is not None and _write(dataset, name, text)]
    findings = list(_faults(dataset, whole))
    bad = {one.path for one in findings}
    right = [name for name in whole if name not in bad]
    if gone:
        git_merge.forget(dataset.root, gone)
    if right:
        git.add(dataset.root, right)
    return [*right, *gone], findings


def _waits(dataset: Dataset, file: Unmerged) -> bool:
    """Whether a file follows from an index that is not merged yet."""
    index = file.path.removesuffix(layout.POINTER) + layout.INDEX
    return layout.is_pointer(file.path) and index in git.unmerged(dataset.root)


def _write(dataset: Dataset, name: str, text: bytes) -> bool:
    """Write a file; True if no conflict is left in it."""
    if conflicts.MARKER in text:
        dataset.write(name, text)
        return False
    form = _spec(dataset, name, text)
    dataset.write(name, _canonical(name, text, form) if form else text)
    if name.endswith(layout.INDEX):
        pointers.settle(dataset, name)
    return True


def _text(dataset: Dataset, file: Unmerged, choice: Choice, key: Sequence[str]) -> bytes | None:
    """A file with conflicts settled; None if it is to be gone."""
    if layout.is_pointer(file.path) and file.has_both and not key:
        found = _pointer(dataset, file)
        if found is not None:
            return found
    if file.is_edited:
        hint = (
            f"mend it and `git add {file.path}`, or `git checkout --merge {file.path}` brings back what was"
        )
        raise AudiodvcError(f"{file.path} was edited, and has markers that no merge left", hint=hint)
    if file.is_whole:
        return _whole(file, choice, key)
    wanted = [block for block in file.blocks if _is_at(dataset, file.path, block, key)]
    if key and not wanted:
        raise UsageError(f"{file.path} has no conflict at {' '.join(key)}")
    if wanted and not choice:
        raise UsageError("say which: --ours, --theirs, --base, --delete or --value COLUMN=V")
    text = file.text
    for block in wanted:
        text = text.replace(block.text(), _lines(file, block, choice), 1)
    return text


def _lines(file: Unmerged, block: Block, choice: Choice) -> bytes:
    if choice.values:
        if not _is_csv(file.path):
            raise UsageError(f"{file.path} has no columns: take a side, or edit it")
        return settled.with_values(file.merged.text, block, dict(choice.values))
    return b"" if choice.side == "delete" else getattr(block, choice.side or "ours")


def _whole(file: Unmerged, choice: Choice, key: Sequence[str]) -> bytes | None:
    """One side of a file as it was, where it cannot be merged in meaning."""
    if file.has_both and not file.open:
        return file.text
    if key or choice.values or not choice:
        raise UsageError(
            f"{file.path} can be settled as a whole only: --ours, --theirs, --base or --delete",
            details=[one.field for one in file.open if one.field],
        )
    return None if choice.side == "delete" else file.sides.get(_STAGES[choice.side or "ours"])


def _pointer(dataset: Dataset, file: Unmerged) -> bytes | None:
    """A pointer by its index, once that is merged; None where there is no index."""
    index = file.path.removesuffix(layout.POINTER) + layout.INDEX
    rows = dataset.read(index)
    if rows is None:
        return None
    if _waits(dataset, file):
        raise AudiodvcError(f"{file.path} follows from {index}", hint=f"`audiodvc resolve {index}` first")
    text = file.sides[git_merge.OURS]
    return mergepointer.of_index(dataset.top, dataset.prefix + file.path, text, rows)


def _is_at(dataset: Dataset, path: str, block: Block, key: Sequence[str]) -> bool:
    """Whether a conflict is at a key, or at one that begins so."""
    form = _spec(dataset, path, b"")
    for one in block.conflicts:
        pairs = zip(one.key, key, strict=False)
        said = [_cell(text, form.dtype(level) if form else "object") for (level, _), text in pairs]
        if len(key) <= len(one.key) and said == [text for _, text in one.key[: len(key)]]:
            return True
    return False


def _cell(text: str, dtype: str) -> str:
    """A cell as a canonical table has it."""
    return scalar.canonical_cell(text, dtype) or text if text else text


def _canonical(name: str, text: bytes, form: Spec) -> bytes:
    try:
        return table.canonical(table.parse(text, name), form)
    except FormatError:
        return text


def _spec(dataset: Dataset, name: str, text: bytes) -> Spec | None:
    """What a table is by the header in the folder, or by ours where that has conflicts itself."""
    if name.endswith(layout.INDEX):
        return specs.of_index(text)
    if not _is_csv(name):
        return None
    parsed = header.parse(dataset.read(layout.HEADER) or b"")
    if layout.table_id(name) in parsed.tables:
        return parsed.spec(layout.table_id(name))
    return mergedriver.spec(Place(dataset.top, dataset.prefix + name), "HEAD")


def _is_csv(name: str) -> bool:
    return name.endswith(layout.INDEX) or name == layout.ERASED or bool(layout.table_id(name))


def _faults(dataset: Dataset, names: Sequence[str]) -> Iterator[Finding]:
    """The errors of files that were settled."""
    found = validate.check(validate.take(dataset, tree.folder(dataset))).findings if names else ()
    yield from (one for one in found if one.path in names and one.severity == "error")
