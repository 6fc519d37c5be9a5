"""The texts of a dataset without files that were erased: lists of media, pointers, rows of tables."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from audiodvc.errors import MediaError
from audiodvc.model import cut, erased, header, layout, mediaindex, paths, pointer, relock, table
from audiodvc.model.erased import Erasure
from audiodvc.model.relock import Locked
from audiodvc.model.table import Table
from audiodvc.project.erasing import trace

Read = Callable[[str], bytes]

_SHA256 = 64


@dataclass(slots=True)
class Redaction:
    """What becomes of the texts: new bytes by path, None for one that goes."""

    texts: dict[str, bytes | None] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    """How many rows each table loses."""
    media: list[str] = field(default_factory=list)
    """Files that are listed now and will not be."""
    made: list[tuple[str, str]] = field(default_factory=list)
    """Files of flavors that go, and their md5."""
    folders: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    """New directory objects: their bytes, and the remote that the pointer names."""

    @property
    def gone(self) -> set[str]:
        """The texts that go."""
        return {name for name, text in self.texts.items() if text is None}


def redact(names: Iterable[str], read: Read, erasures: Sequence[Erasure]) -> Redaction:
    """What the texts of a dataset at a commit become, of which these are the names."""
    made, here = Redaction(), sorted(names)
    gone = trace.by_md5((one.file, one.md5) for one in erasures)
    left: set[str] = set()
    for name in (one for one in here if one.endswith(layout.INDEX)):
        left |= _index(made, name, read, gone, here)
    for name in (one for one in here if layout.is_pointer(one) and _index_of(one) not in here):
        _pointer(made, name, read(name), gone)
    if layout.LOCK in here:
        _lock(made, read)
    files = {one.file for one in erasures} - left
    parsed = header.parse(read(layout.HEADER))
    for identifier, said in parsed.tables.items():
        name = f"db.{identifier}.csv"
        if said.kind != "misc" and name in here:
            _table(made, identifier, read(name), files)
    old = read(layout.ERASED) if layout.ERASED in here else b""
    new = erased.added(old, erasures)
    if new != old:
        made.texts[layout.ERASED] = new
    return made


def _index(made: Redaction, name: str, read: Read, gone: trace.Keys, here: Sequence[str]) -> set[str]:
    """Take lines out of an index, and let its pointer follow; the erased paths that it still lists."""
    data, unit = read(name), name.removesuffix(layout.INDEX)
    text, count = cut.without(data, name, lambda one: _lines(one, unit, gone))
    now = table.parse(text, name)
    if "source_md5" in now.columns and count:
        made.texts[name] = text
        was = table.parse(data, name).frame.join(now.frame, on=now.frame.columns, how="anti")
        made.made += was.select(f"c{now.position('file')}", f"c{now.position('md5')}").rows()
    if "file" not in now.columns or "source_md5" in now.columns:
        return set()
    files = now.column("file")
    if count:
        before = table.parse(data, name).column("file")
        made.media += before.filter(~before.is_in(files.implode())).to_list()
        made.texts[name] = text
        _follow(made, unit + layout.POINTER, read, now, here)
        if now.frame.is_empty():
            made.texts[name] = None
    mine = [file for files in gone.values() for file in files]
    return set(files.filter(files.is_in(mine)))


def _lines(index: Table, unit: str, gone: trace.Keys) -> pl.Series:
    """Which lines of an index are of erased bytes, or were made from some."""
    if not {"file", "md5"} <= set(index.columns):
        return pl.repeat(value=False, n=index.frame.height, eager=True)
    is_flavor = "source_md5" in index.columns
    md5s = index.column("source_md5" if is_flavor else "md5")
    found = md5s.is_in(list(gone)).arg_true().to_list()
    files = index.column("file")
    mask = [False] * index.frame.height
    for row in found:
        sources, file = gone[md5s[row]], files[row]
        mask[row] = (
            bool(trace.source(file.removeprefix(f"{unit}/"), sources)) if is_flavor else file in sources
        )
    return pl.Series(mask, dtype=pl.Boolean)


def _follow(made: Redaction, name: str, read: Read, index: Table, here: Sequence[str]) -> None:
    """Let the pointer say what its index lists now."""
    if name not in here:
        return
    data = read(name)
    old = pointer.parse(data, name)
    if index.frame.is_empty():
        made.texts[name] = None
        return
    if old is None or not old.is_folder or old.listed:
        raise MediaError(
            f"{name} is no pointer of a folder that can be edited", hint="`audiodvc add` writes one"
        )
    text = made.texts[name.removesuffix(layout.POINTER) + layout.INDEX] or b""
    new, locked = _folder(old.path, index)
    made.folders[new.name] = new.data, old.remote
    said = replace(
        old,
        md5=new.name,
        size=None if old.size is None else locked.size,
        nfiles=None if old.nfiles is None else locked.nfiles,
        index=None if old.index is None else _blob(text, len(old.index)),
    )
    made.texts[name] = pointer.rewritten(data, old, said)


def _lock(made: Redaction, read: Read) -> None:
    """Let `dvc.lock` say of flavors what their indexes say, so that they need not be built anew."""
    data = read(layout.LOCK)
    texts = {name: (read(name), text) for name, text in made.texts.items() if text is not None}
    changes = {name: (_md5(old), Locked(_md5(new), len(new))) for name, (old, new) in texts.items()}
    text = data.decode("utf-8", "surrogateescape")
    for stage, outs in pointer.stage_outputs(data).items():
        if not stage.startswith("flavor@"):
            continue
        own = dict(changes)
        for out in outs:
            index = texts.get(out.path + layout.INDEX)
            if out.is_folder and index is not None:
                new, said = _folder(out.path, table.parse(index[1], out.path))
                made.folders[new.name] = new.data, ""
                own[out.path] = out.md5, said
        text = relock.relocked(text, stage, own)
    if (new_text := text.encode("utf-8", "surrogateescape")) != data:
        made.texts[layout.LOCK] = new_text


def _folder(path: str, index: Table) -> tuple[mediaindex.DirectoryObject, Locked]:
    """The directory object of a folder with an index, and what is said of it."""
    files = (file.removeprefix(f"{path}/") for file in index.column("file"))
    new = mediaindex.directory_object(zip(files, index.column("md5"), strict=True))
    size = int(index.column("size").cast(pl.Int64, strict=False).sum()) if "size" in index.columns else 0
    return new, Locked(new.name, size, index.frame.height)


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _pointer(made: Redaction, name: str, data: bytes, gone: trace.Keys) -> None:
    """Remove the pointer of a single file without an index; one of a folder has to get an index first."""
    for out in pointer.outputs(data, name):
        if out.is_folder and any(
            paths.is_within(file, (out.path,)) for files in gone.values() for file in files
        ):
            raise MediaError(
                f"{out.path} has no media index, so that nothing can be taken out of it",
                hint=f"`audiodvc add {out.path}` writes one; commit it, and erase again",
            )
        if not out.is_folder and not out.is_import and out.path in gone.get(out.md5, ()):
            made.texts[name] = None
            made.media.append(out.path)


def _table(made: Redaction, identifier: str, data: bytes, files: set[str]) -> None:
    name = f"db.{identifier}.csv"

    def of_erased(one: Table) -> pl.Series:
        if "file" not in one.columns:
            return pl.repeat(value=False, n=one.frame.height, eager=True)
        return one.column("file").is_in(list(files))

    text, count = cut.without(data, name, of_erased)
    if count:
        made.texts[name], made.rows[identifier] = text, count


def _index_of(name: str) -> str:
    return name.removesuffix(layout.POINTER) + layout.INDEX


def _blob(data: bytes, length: int) -> str:
    """The name that git gives to these bytes."""
    digest = hashlib.sha256 if length == _SHA256 else hashlib.sha1
    return digest(b"blob %d\0" % len(data) + data).hexdigest()


def lists(read: Callable[[str], bytes | None], prefixes: Iterable[str]) -> Mapping[str, bytes]:
    """The erasures of all datasets of a repository at a commit, by the folders of these."""
    found = {prefix: read(f"{prefix}{layout.ERASED}") for prefix in prefixes}
    return {prefix: data for prefix, data in found.items() if data is not None}
