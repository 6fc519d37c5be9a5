"""How pointers of media folders are merged: by the indexes that they name, whatever git has merged before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from audiodvc.adapters import dvc, git, git_merge
from audiodvc.changes import conflict
from audiodvc.changes.conflict import Conflict, Merged
from audiodvc.changes.merge import merge_table
from audiodvc.errors import AudiodvcError, FormatError
from audiodvc.model import layout, mediaindex, pointer
from audiodvc.model.mediaindex import DirectoryObject, Media
from audiodvc.model.pointer import Output
from audiodvc.model.spec import INDEX


def merge(top: Path, name: str, texts: Sequence[bytes]) -> Merged:
    """The pointer that follows from the merged index; its directory object is in the local cache then."""
    found = [pointer.parse(text, name) if text else None for text in texts]
    base, ours, theirs = found
    if ours is None or theirs is None:
        return conflict.left(name, "not all sides are pointers as `audiodvc add` writes them")
    if not any(one.index for one in found if one):
        lines = git_merge.lines(texts[0], texts[1], texts[2])  # plain DVC's, which names no index
        return Merged(b"" if lines.is_conflict else lines.text, is_left=lines.is_conflict)
    said = Conflict(name, "media", (), "md5", *(one.md5 if one else None for one in found))
    unclear = Merged(b"", (said,), is_left=True)
    if (base is None and texts[0]) or (ours.path, ours.is_folder) != (theirs.path, theirs.is_folder):
        return unclear
    indexes = _indexes(top, found)
    if indexes is None:
        return unclear
    merged = merge_table(*indexes, INDEX, name)
    if merged.conflicts:
        return unclear
    return Merged(_written(top, name, texts, [one or ours for one in found], merged.text))


def of_index(top: Path, name: str, text: bytes, index: bytes) -> bytes:
    """A pointer that says what an index does; its directory object is in the local cache then."""
    output = pointer.parse(text, name)
    if output is None:
        raise FormatError(f"{name} is not a pointer as `audiodvc add` writes it")
    new = _put(top, output, index)
    return pointer.rewritten(text, output, new) if output.index else pointer.dump(new, text)


def is_unlisted(top: Path, name: str, text: bytes) -> bool:
    """Whether a pointer holds other media than the index that it names: plain `dvc add` was there."""
    output = pointer.parse(text, name)
    if output is None or not output.index:
        return False
    try:
        return not _agrees(top, output, git.blobs(top, [output.index])[output.index])
    except AudiodvcError:
        return False


def _indexes(top: Path, found: Sequence[Output | None]) -> tuple[bytes, bytes, bytes] | None:
    """The indexes that pointers name; None where one is missing, or says something else."""
    blobs = [one.index if one else "" for one in found]
    if any(blob is None for blob in blobs):
        return None
    try:
        known = git.blobs(top, [blob for blob in blobs if blob])
        base, ours, theirs = (known[blob] if blob else b"" for blob in blobs)
        agree = (
            one is None or _agrees(top, one, text)
            for one, text in zip(found, (base, ours, theirs), strict=True)
        )
        return (base, ours, theirs) if all(agree) else None
    except AudiodvcError:
        return None


def _agrees(top: Path, output: Output, index: bytes) -> bool:
    rows = mediaindex.parse(index, output.source)
    made = _directory(top, output, rows)
    return output.md5 == (made.name if made else rows[0].md5 if len(rows) == 1 else "")


def _written(top: Path, name: str, texts: Sequence[bytes], found: Sequence[Output], index: bytes) -> bytes:
    """What pointers say beside, such as a description, is merged line by line."""
    new = _put(top, found[1], index)
    same = [
        pointer.rewritten(text, one, _like(one, new)) if text else b""
        for text, one in zip(texts, found, strict=True)
    ]
    lines = git_merge.lines(same[0] or same[1], same[1], same[2])
    if lines.is_conflict or pointer.parse(lines.text, name) is None:
        raise FormatError(f"{name} was changed by both sides")
    return lines.text


def _like(one: Output, new: Output) -> Output:
    return replace(one, md5=new.md5, size=new.size, nfiles=new.nfiles, index=new.index)


def _put(top: Path, output: Output, index: bytes) -> Output:
    """What a pointer is to say; the directory object goes into the cache of the repository around it."""
    rows = mediaindex.parse(index, output.source)
    made = _directory(top, output, rows)
    if made:
        folder = (top / output.source).parent
        root = dvc.find_root(folder, top)
        if root is None:
            raise AudiodvcError(f"{folder} lies in no DVC repository")
        workspace = dvc.Workspace(root)
        try:
            workspace.put_directory(made.name, made.data)
        finally:
            workspace.close()
    md5 = made.name if made else rows[0].md5
    nfiles = len(rows) if output.nfiles is not None else None
    return replace(
        output, md5=md5, size=mediaindex.total_size(rows), nfiles=nfiles, index=git.blob_id(top, index)
    )


def _directory(top: Path, output: Output, rows: Sequence[Media]) -> DirectoryObject | None:
    """The directory object of a folder; None for a single file."""
    if not output.is_folder:
        return None
    start = len(_from_dataset(top, output.path)) + 1
    return mediaindex.directory_object((media.file[start:], media.md5) for media in rows)


def _from_dataset(top: Path, path: str) -> str:
    """The name of a media folder from the root of its dataset, as an index has it."""
    for folder in PurePosixPath(path).parents:
        if git.has(top, "", str(folder / layout.HEADER)) or (top / folder / layout.HEADER).is_file():
            return str(PurePosixPath(path).relative_to(folder))
    return path
