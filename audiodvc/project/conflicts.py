"""`conflicts`: what both sides of a merge changed where git has stopped in it, by the stages of its index."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from audiodvc.adapters import git, git_merge
from audiodvc.changes import conflict
from audiodvc.changes.conflict import Block, Conflict, Kind, Merged
from audiodvc.errors import AudiodvcError
from audiodvc.model import layout
from audiodvc.project import mergedriver
from audiodvc.project.dataset import Dataset
from audiodvc.project.mergedriver import Place, Texts

BOTH_FIT = "git merged it line by line, and both sides fit together: `audiodvc resolve` writes that"
BY_HAND = "edited by hand"
UNSTAGED = "settled, and not staged yet: `audiodvc resolve` looks at it, and stages it"
_SAME_LINES = "both sides changed the same lines"
_BINARY = "both sides changed it, and it is no text"

MARKER = b"<<<<<<< "


@dataclass(frozen=True, slots=True)
class Unmerged:
    """A file whose conflict is not settled: its sides, their merge, and what of it is still open.

    `found` is the file as it is, `text` the same, or what audiodvc makes of it where git's own merge of lines
    stands there.
    """

    path: str
    sides: Mapping[int, bytes]
    merged: Merged
    text: bytes
    found: bytes
    blocks: tuple[Block, ...] = ()
    open: tuple[Conflict, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether it can be settled as a whole only."""
        return self.merged.is_left or not self.has_both

    @property
    def has_both(self) -> bool:
        """Whether neither side took the file out."""
        return {git_merge.OURS, git_merge.THEIRS} <= self.sides.keys()

    @property
    def is_binary(self) -> bool:
        """Whether git finds no lines in it."""
        return any(b"\0" in text for text in self.sides.values())

    @property
    def is_edited(self) -> bool:
        """Whether markers are in it that no merge has left so."""
        return not self.is_whole and not self.blocks and MARKER in self.text


def conflicts(dataset: Dataset) -> tuple[Conflict, ...]:
    """Everything that both sides changed and nobody has settled yet, and what is settled and not staged."""
    found = ((file.path, file.open) for file in unmerged(dataset))
    return tuple(one for path, some in found for one in some or (Conflict(path, "text", field=UNSTAGED),))


def unmerged(dataset: Dataset) -> list[Unmerged]:
    """The files of the dataset that are unmerged, those first that others follow from."""
    stages = git_merge.stages(dataset.root)
    headers = git.listed(dataset.root, f"*/{layout.HEADER}")
    mine = [path for path in layout.own((*stages, *headers)) if path in stages]
    blobs = {blob for path in mine for blob in stages[path].values()}
    known = git.blobs(dataset.root, blobs) if blobs else {}
    sides = {path: {stage: known[blob] for stage, blob in stages[path].items()} for path in mine}
    return [_unmerged(dataset, path, sides[path]) for path in sorted(mine, key=_rank)]


def _rank(path: str) -> tuple[int, str]:
    rank = 0 if path == layout.HEADER else 2 if layout.is_pointer(path) else 1
    return rank, path


def _unmerged(dataset: Dataset, path: str, sides: Mapping[int, bytes]) -> Unmerged:
    text = found = dataset.read(path) or b""
    if not {git_merge.OURS, git_merge.THEIRS} <= sides.keys():
        return Unmerged(path, sides, Merged(b"", is_left=True), text, found, open=(_removed(path, sides),))
    texts = Texts(*(sides.get(stage, b"") for stage in (git_merge.BASE, git_merge.OURS, git_merge.THEIRS)))
    merged = _merge(dataset, path, texts)
    if not any(b"\r" in side for side in texts):
        text = text.replace(b"\r\n", b"\n")  # as git checks it out for Windows
    if merged.is_left:
        return _left(Unmerged(path, sides, merged, text, found), texts)
    if MARKER in text and _is_of_lines(text, texts):
        text = merged.text
    blocks = tuple(part for part in conflict.parted(text, merged.blocks) if isinstance(part, Block))
    file = Unmerged(path, sides, merged, text, found, blocks)
    return replace(file, open=tuple(_open(file)))


def _left(file: Unmerged, texts: Texts) -> Unmerged:
    """A file whose lines only can be merged; its text has the base's lines too, if nobody has touched it."""
    lines = git_merge.lines(*texts)
    text = lines.text if _is_of_lines(file.text, texts) else file.text
    # Lines may fit together where rows have no meaning: until somebody has looked there is a conflict.
    is_open = MARKER in text or text == lines.text or (lines.is_binary and text == texts.ours)
    if not is_open:
        return file
    said = Conflict(file.path, "text", field=_BINARY if lines.is_binary else _SAME_LINES)
    return replace(file, text=text, open=file.merged.conflicts or (said,))


def _merge(dataset: Dataset, path: str, texts: Texts) -> Merged:
    """As the driver did it: with the header of the commit that the merge goes on from."""
    try:
        merged = mergedriver.merge(Place(dataset.top, dataset.prefix + path), texts, "HEAD")
    except (AudiodvcError, OSError) as error:
        return conflict.left(path, str(error))
    return merged.named(path)


def _removed(path: str, sides: Mapping[int, bytes]) -> Conflict:
    """A file that one side took out, and the other one changed."""
    said = (
        None if stage not in sides else conflict.CHANGED if stage != git_merge.BASE else ""
        for stage in (git_merge.BASE, git_merge.OURS, git_merge.THEIRS)
    )
    is_media = layout.is_pointer(path) or path.endswith(layout.INDEX)
    kind: Kind = "table" if layout.table_id(path) else "media" if is_media else "text"
    return Conflict(path, kind, (), None, *said)


def _is_of_lines(text: bytes, texts: Texts) -> bool:
    """Whether a text is what git itself made of the sides, whatever it calls them."""
    plain = _without_names(text)
    made = (git_merge.lines(*texts, style=style).text for style in ("", "--diff3"))
    return any(_without_names(one) == plain for one in made)


def _without_names(text: bytes) -> list[bytes]:
    marks = (b"<" * 7, b"|" * 7, b">" * 7)
    return [line[:7] if line[:7] in marks else line for line in text.splitlines()]


def _open(file: Unmerged) -> Iterator[Conflict]:
    yield from (one for block in file.blocks for one in block.conflicts)
    if MARKER in conflict.settled(file.text, file.blocks, lambda _: b""):
        yield Conflict(file.path, "text", field=BY_HAND)
    elif not file.merged.blocks and MARKER in file.found:
        yield Conflict(file.path, "text", field=BOTH_FIT)
