"""What becomes of an unmerged file with what somebody chose for it: a side, or values of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from audiodvc.adapters import git, git_merge
from audiodvc.changes import conflict, hunks, mergecolumns, settled
from audiodvc.changes.conflict import Block, Conflict, Merged
from audiodvc.errors import AudiodvcError, UsageError
from audiodvc.model import header, layout, scalar
from audiodvc.model import spec as specs
from audiodvc.model.spec import Spec
from audiodvc.project import mergedriver, mergepointer
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


class Ending(NamedTuple):
    """What a file is to be, None if it is to be gone; `whole` is the side that it is taken from as it was."""

    text: bytes | None
    whole: Side | None = None


def ending(dataset: Dataset, file: Unmerged, choice: Choice, key: Sequence[str]) -> Ending:
    """A file with conflicts settled: all of them, or those at a key."""
    if layout.is_pointer(file.path) and file.has_both and not key:
        found = _pointer(dataset, file, choice)
        if found is not None:
            return Ending(found)
    if file.is_edited:
        hint = (
            f"mend it and `git add {file.path}`, or `git checkout --merge {file.path}` brings back what was"
        )
        raise AudiodvcError(f"{file.path} was edited, and has markers that no merge left", hint=hint)
    return _left(dataset, file, choice, key) if file.is_whole else _rows(dataset, file, choice, key)


def waits(dataset: Dataset, file: Unmerged) -> bool:
    """Whether a file follows from an index that is not merged yet."""
    index = file.path.removesuffix(layout.POINTER) + layout.INDEX
    return layout.is_pointer(file.path) and index in git.unmerged(dataset.root)


def spec_of(dataset: Dataset, name: str, text: bytes) -> Spec | None:
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


# -- block by block ---------------------------------------------------------------------------------


def _rows(dataset: Dataset, file: Unmerged, choice: Choice, key: Sequence[str]) -> Ending:
    form = spec_of(dataset, file.path, b"")
    wanted = [block for block in file.blocks if _is_at(block, key, form)]
    if key and not wanted:
        hint = "`audiodvc conflicts` shows the keys"
        raise UsageError(f"{file.path} has no conflict at {' '.join(key)}", hint=hint)
    if wanted and not choice:
        raise UsageError("say which: --ours, --theirs, --base, --delete or --value COLUMN=V")
    return Ending(conflict.settled(file.text, wanted, lambda block: _lines(file, block, choice)))


def _lines(file: Unmerged, block: Block, choice: Choice) -> bytes:
    if choice.values:
        if not _is_csv(file.path):
            raise UsageError(f"{file.path} has no columns: take a side, or edit it")
        return settled.with_values(file.merged.text, block, dict(choice.values))
    return _of_side(block, choice.side or "ours")


def _of_side(block: Block, side: Side) -> bytes:
    return b"" if side == "delete" else getattr(block, side)


def _is_at(block: Block, key: Sequence[str], form: Spec | None) -> bool:
    """Whether a block is at a key, or at one that begins so; refused if only a part of it is."""
    found = [one for one in block.conflicts if _begins(one, key, form)]
    rest = [one for one in block.conflicts if one not in found]
    if found and rest:
        names = " and ".join(text for one in rest for _, text in one.key)
        raise UsageError(
            f"{' '.join(key)} stands on the same lines as {names}",
            hint="name what they have in common, as in `schemes.age` for `schemes.age.dtype`",
        )
    return bool(found)


def _begins(one: Conflict, key: Sequence[str], form: Spec | None) -> bool:
    if one.kind == "header":
        return all(f"{text}.".startswith(f"{said}.") for (_, text), said in zip(one.key, key, strict=False))
    pairs = zip(one.key, key, strict=False)
    said = [_cell(text, form.dtype(level) if form else "object") for (level, _), text in pairs]
    return len(key) <= len(one.key) and said == [text for _, text in one.key[: len(key)]]


def _cell(text: str, dtype: str) -> str:
    """A cell as a canonical table has it."""
    return scalar.canonical_cell(text, dtype) or text if text else text


# -- as a whole -------------------------------------------------------------------------------------


def _left(dataset: Dataset, file: Unmerged, choice: Choice, key: Sequence[str]) -> Ending:
    """A file that cannot be merged in meaning: of one side, but for what can be told apart after all."""
    if file.has_both and not file.open:
        return Ending(file.text)
    side = choice.side
    if key or side is None:
        raise UsageError(
            f"{file.path} can be settled as a whole only: --ours, --theirs or --base",
            details=[one.field for one in file.open if one.field],
        )
    merged = _columns(dataset, file, side)
    if merged is not None:
        return Ending(conflict.settled(merged.text, merged.blocks, lambda block: _of_side(block, side)))
    if side == "delete":
        if file.has_both:
            hint = f"take a side, or `git rm {file.path}`"
            raise UsageError(f"{file.path} is there on both sides", hint=hint)
        return Ending(None)
    if file.has_both and not file.is_binary and _has_lines(file.path):
        return Ending(hunks.settled(file.text, side, file.path))
    return Ending(file.sides.get(_STAGES[side]), side if file.has_both else None)


def _has_lines(name: str) -> bool:
    """Whether lines of both sides may stand in a file together; of tables one side only is known to fit."""
    return not _is_csv(name) and not layout.is_pointer(name)


def _columns(dataset: Dataset, file: Unmerged, side: Side) -> Merged | None:
    """All rows merged, where nothing but columns that went hinders it; None where it does not do."""
    if not file.open or any(one.kind != "column" for one in file.open):
        return None
    spec = mergedriver.spec(Place(dataset.top, dataset.prefix + file.path), "HEAD")
    texts = [file.sides.get(stage, b"") for stage in (git_merge.BASE, git_merge.OURS, git_merge.THEIRS)]
    merged = mergecolumns.settled(texts, spec, file.path, file.open, side)
    return None if merged.is_left else merged


def _pointer(dataset: Dataset, file: Unmerged, choice: Choice) -> bytes | None:
    """A pointer by its index, once that is merged; None where there is no index."""
    index = file.path.removesuffix(layout.POINTER) + layout.INDEX
    rows = dataset.read(index)
    if rows is None:
        return None
    if waits(dataset, file):
        raise AudiodvcError(f"{file.path} follows from {index}", hint=f"`audiodvc resolve {index}` first")
    name = dataset.prefix + file.path
    for side in ("ours", "theirs"):
        if choice.side not in {"ours", "theirs"} - {side}:
            _refuse_unlisted(dataset, file, side)
    return mergepointer.of_index(dataset.top, name, file.sides[git_merge.OURS], rows)


def _refuse_unlisted(dataset: Dataset, file: Unmerged, side: str) -> None:
    """Refuse to let a pointer follow from an index that does not list what one side has added."""
    text = file.sides[_STAGES[side]]
    if mergepointer.is_unlisted(dataset.top, dataset.prefix + file.path, text):
        media = file.path.removesuffix(layout.POINTER)
        raise AudiodvcError(
            f"{file.path} of {side} holds what no media index lists, as `dvc add` leaves it",
            hint=f"abort, `audiodvc add {media}` and commit on that side, merge again; or take the other one",
        )
