"""A dataset in a folder of one's own: moved to a version in place, its files free to be changed."""

from __future__ import annotations

import io
import json
import os
import shutil
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import NamedTuple, Self

import polars as pl

from audiodvc.adapters import cache, disk, links
from audiodvc.errors import AudiodvcError, RefusedError, UsageError
from audiodvc.model import layout, pathcolumn, paths
from audiodvc.model.flavor import Flavor
from audiodvc.model.selection import Selection
from audiodvc.progress import Progress
from audiodvc.resolve import get, selected
from audiodvc.resolve.config import Config
from audiodvc.resolve.get import Ready, Request
from audiodvc.resolve.materialize import LISTED, STATE
from audiodvc.resolve.rows import Rows

SCHEMA = "audiodvc.folder/v1"

_COPIES = ("reflink", "copy")
_MODE = 0o644
_SHOWN = 20
_FILES = pl.Schema({"file": pl.String, "md5": pl.String})

# Copies are made here, and put into their places whole.
_HOLDING = ".audiodvc.tmp"
# What lies in these acts on its own: only the owner of a folder puts anything there.
_FOREIGN = frozenset({".git", ".dvc", _HOLDING})
# audformat takes any of these for a table before it looks at the text.
_OTHER_FORMS = (".pkl", ".parquet")


@dataclass(frozen=True, slots=True)
class Note:
    """Which version of what a folder holds; until it is `finished`, some files may be of the one before.

    The files, with their md5, are in a list beside it.
    """

    name: str
    source: str
    version: str | None
    commit: str
    finished: bool

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """The note in a folder; None if there is none that can be understood."""
        try:
            state = json.loads((folder / STATE).read_bytes())
            return cls(**state) if state.pop("schema") == SCHEMA else None
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None

    def write(self, folder: Path, files: pl.DataFrame) -> None:
        """Leave it in a folder, with the list."""
        listed = io.BytesIO()
        files.sort("file").write_parquet(listed)
        disk.write(folder / LISTED, listed.getvalue())
        disk.write(folder / STATE, json.dumps({"schema": SCHEMA, **asdict(self)}, indent=1).encode())


class _File(NamedTuple):
    """A file of a version: what it is called, where it lies in the cache, and its md5."""

    name: str
    source: str
    md5: str


def export(request: Request, config: Config, folder: Path, chosen: Selection, flavor: Flavor) -> Ready:
    """Make a folder hold a version: bring what is missing or differs, remove what only the old one had.

    A file that neither of the two knows stays, and so does one that only the old one had and that is
    no longer as it was.
    """
    _refuse_folder(folder, config)
    known = get.version_of(request, config)
    said = known.identity
    request = replace(request, version=said.version, rev=None if said.version else said.commit)
    rows = selected.rows(known, selected.media(known, chosen)).select("file", "md5")
    right: set[str] = set()
    if flavor == Flavor():
        right = set(_right(folder, rows, request.progress))
        chosen = _narrowed(chosen, rows, right)
    ready = get.get(request, config, chosen, flavor)
    if ready.version.identity != said:
        raise AudiodvcError(f"{said.name} {said.place} was moved just now", hint="try again")
    files = [*_media(ready, rows), *_texts(ready)]
    _move(folder, ready, files, right, request.progress, only_texts=chosen.only_metadata)
    return ready


def _refuse_folder(folder: Path, config: Config) -> None:
    if (folder / ".dvc").exists():
        raise UsageError(f"{folder} is a working copy", hint="`git checkout` moves it to another version")
    if folder.is_relative_to(config.cache_root.resolve()):
        raise UsageError(f"{folder} is in the cache", hint="name a folder of your own")


def _right(folder: Path, rows: pl.DataFrame, progress: Progress) -> Iterator[str]:
    """The media that are in the folder as they should be; these need not be brought."""
    if not folder.is_dir():
        return
    with progress("comparing", rows.height) as advance:
        for name, md5 in rows.iter_rows():
            if _is(folder / name, md5):
                yield name
            advance(1)


def _narrowed(chosen: Selection, rows: pl.DataFrame, right: set[str]) -> Selection:
    if not right:
        return chosen
    media = [name for name in rows["file"] if name not in right]
    return Selection(media=media, attachments=chosen.attachments, only_metadata=chosen.only_metadata)


def _texts(ready: Ready) -> Iterator[_File]:
    """Attachments, tables and header; the header last, for it makes a dataset of a folder."""
    known, flavored = ready.version, ready.flavored
    # The texts of a flavor say what its media are called, and have no row of what was erased.
    folder = known.folder if flavored.flavor == Flavor() and not known.erased else flavored.folder
    for name in ready.attachments:
        yield _file(name, known.folder / name)
    for name in (*(f"db.{table}.csv" for table in known.tables), layout.HEADER):
        yield _file(name, folder / name)


def _media(ready: Ready, rows: pl.DataFrame) -> Iterator[_File]:
    flavor = ready.flavored.flavor
    if flavor == Flavor():
        for name, md5 in rows.iter_rows():
            yield _File(name, f"{ready.root}/{name}", md5)
        return
    listed = ready.version.folder / LISTED
    for name in Rows(format=flavor.format, listed=listed).names(rows["file"]):
        yield _file(name, ready.root / name)


def _file(name: str, source: Path) -> _File:
    return _File(name, str(source), cache.md5_of(str(source)))


# ---------------------------------------------------------------------------
# the folder


def _move(  # noqa: PLR0913 - a folder, and what is to be in it
    folder: Path,
    ready: Ready,
    files: Sequence[_File],
    right: set[str],
    progress: Progress,
    *,
    only_texts: bool,
) -> None:
    """Put files into a folder, and take out what an earlier version had beside them."""
    said, was = ready.version.identity, Note.read(folder)
    old = _listed(folder) if was else _FILES.to_frame()
    now = pl.DataFrame([(file.name, file.md5) for file in files], schema=_FILES, orient="row")
    if only_texts:
        now = pl.concat([now, _beside_texts(old).join(now, on="file", how="anti")])
    lacking = [file for file in files if file.name not in right and not _is(folder / file.name, file.md5)]
    gone = old.join(now, on="file", how="anti")
    _refuse(folder, lacking, is_ours=was is not None or (folder / layout.HEADER).exists())
    _refuse_links(folder, [file.name for file in lacking] + gone["file"].to_list())
    note = Note(said.name, said.source, said.version, said.commit, finished=True)
    if was == note and not lacking and gone.is_empty():
        return
    lacking = [file for file in lacking if file.name != layout.HEADER]
    folder.mkdir(parents=True, exist_ok=True)
    # Whoever goes on after us has to know the files of both.
    replace(note, finished=False).write(folder, pl.concat([now, old]).unique())
    # Half of a version is none: without its header nobody takes it for a dataset.
    (folder / layout.HEADER).unlink(missing_ok=True)
    _remove(folder, gone)
    _remove_other_forms(folder, now["file"])
    _put(folder, [*lacking, files[-1]], progress)
    note.write(folder, now)


def _listed(folder: Path) -> pl.DataFrame:
    """The files of the version that a folder holds; without its list nothing is known of them."""
    try:
        found = (
            pl.read_parquet(folder / LISTED, glob=False)
            .select(_FILES.names())
            .cast({"file": pl.String, "md5": pl.String})
        )
    except (OSError, pl.exceptions.PolarsError):
        return _FILES.to_frame()
    # Somebody may have packed the folder, to have files removed that are elsewhere.
    for _, why in pathcolumn.faults(found["file"].fill_null("")):
        what = f"{folder / LISTED} names a file at a path that {why}"
        raise RefusedError(what, hint="remove that list, or name another folder")
    return found


def _beside_texts(files: pl.DataFrame) -> pl.DataFrame:
    """Media and attachments, which a move of header and tables leaves as they are."""
    return files.filter(~_are_tables(files["file"]) & (files["file"] != layout.HEADER))


def _are_tables(names: pl.Series) -> pl.Series:
    return names.str.contains(r"^db\.[^/]+\.csv$")


def _is(path: Path, md5: str) -> bool:
    """Whether a file has these bytes and is its owner's alone: no link, and free to be changed."""
    try:
        seen = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    alone = stat.S_ISREG(seen.st_mode) and seen.st_nlink == 1 and seen.st_mode & stat.S_IWUSR
    return bool(alone) and cache.md5_of(str(path)) == md5


def _refuse(folder: Path, lacking: Sequence[_File], *, is_ours: bool) -> None:
    """Before anything is changed: places that are not for us, and files that are the user's own."""
    for file in lacking:
        if _FOREIGN.intersection(part.lower() for part in file.name.split("/")):
            raise RefusedError(f"a file of the dataset has no place in a folder: {paths.shown(file.name)}")
    found = [file.name for file in lacking if os.path.lexists(folder / file.name)]
    odd = [name for name in found if (folder / name).is_dir() and not (folder / name).is_symlink()]
    if odd or (found and not is_ours):
        raise AudiodvcError(
            f"{folder} is no folder of this dataset, and has other files where its own belong",
            hint="name an empty folder",
            details=(odd or found)[:_SHOWN],
        )


def _refuse_links(folder: Path, names: Iterable[str]) -> None:
    """Before anything is changed: folders that are elsewhere, in which nothing is ours to write or remove."""
    above = dict.fromkeys(name.rpartition("/")[0] for name in (*names, f"{_HOLDING}/x"))
    for place in above:
        disk.refuse_link(folder, folder / place)


def _remove(folder: Path, gone: pl.DataFrame) -> None:
    """Remove files of an earlier version which are as they were then, and folders that this empties."""
    for name, md5 in gone.iter_rows():
        path = folder / name
        if _is(path, md5):
            path.unlink()
            with suppress(OSError):
                for above in path.relative_to(folder).parents[:-1]:
                    (folder / above).rmdir()


def _remove_other_forms(folder: Path, names: pl.Series) -> None:
    """Remove what a loader would take for the tables instead of their text."""
    for name in names.filter(_are_tables(names)):
        for form in _OTHER_FORMS:
            (folder / name).with_suffix(form).unlink(missing_ok=True)


def _put(folder: Path, files: Sequence[_File], progress: Progress) -> None:
    """Copy files to their places, each whole."""
    holding = folder / _HOLDING
    shutil.rmtree(holding, ignore_errors=True)
    holding.mkdir()
    kinds: Sequence[str] = _COPIES
    with progress("writing", len(files)) as advance:
        for number, file in enumerate(files):
            temporary = holding / str(number)
            kinds = (links.place([(file.source, str(temporary))], kinds),)
            temporary.chmod(_MODE)
            target = folder / file.name
            target.parent.mkdir(parents=True, exist_ok=True)
            temporary.replace(target)
            advance(1)
    holding.rmdir()
