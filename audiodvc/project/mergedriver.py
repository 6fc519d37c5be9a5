"""How git merges tables, header, media indexes and pointers in a clone: in meaning, through its merge driver.

git calls the command at the top of the work tree with three texts and a path, while its index has our side
only and no revision is told: what is known beside the texts is our header, and blobs that pointers name.
"""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from audiodvc.adapters import disk, git, git_merge
from audiodvc.changes import mergeheader
from audiodvc.changes.conflict import Merged
from audiodvc.changes.merge import merge_table
from audiodvc.errors import AudiodvcError
from audiodvc.model import header, layout, snapshot, stages
from audiodvc.model import spec as specs
from audiodvc.model.spec import Spec
from audiodvc.project import mergepointer

DRIVER = "merge.audiodvc.driver"
_NAME = "merge.audiodvc.name"
_SAID = "tables by row and cell, by audiodvc"
_DERIVED = (layout.LOCK, stages.METRICS)
"""Made from all others: `validate` says of flavors that they are stale, and `dvc repro` makes them."""
_MARK = b"<<<<<<<"


class Texts(NamedTuple):
    """What the three sides of a merge have; empty where one has no such file."""

    base: bytes
    ours: bytes
    theirs: bytes


class Files(NamedTuple):
    """Where git has put them; the merge goes into that of our side."""

    base: Path
    ours: Path
    theirs: Path


@dataclass(frozen=True, slots=True)
class Place:
    """A file of a work tree by its name from the top."""

    top: Path
    name: str

    @property
    def inside(self) -> str:
        """Its name from the folder that it is in."""
        return PurePosixPath(self.name).name

    def beside(self, name: str) -> str:
        """The name from the top of another file in the same folder."""
        return str(PurePosixPath(self.name).parent / name)


def install(top: Path) -> bool:
    """Let git merge in meaning; True if that changed anything."""
    changed = git.setting(top, DRIVER) != _command()
    git.set_setting(top, DRIVER, _command())
    git.set_setting(top, _NAME, _SAID)
    return changed


def uninstall(top: Path) -> None:
    """Let git merge them as text again."""
    git.set_setting(top, DRIVER, None)
    git.set_setting(top, _NAME, None)


def is_installed(top: Path) -> bool:
    """Whether git merges in meaning, through the audiodvc that asks."""
    return git.setting(top, DRIVER) == _command()


def run(place: Place, files: Files, size: int) -> int:
    """Merge into the file of our side; 0 if it is merged, 1 if there are conflicts in it."""
    texts = Texts(*(disk.read(path) or b"" for path in files))
    try:
        merged = _unasked(texts) or merge(place, texts)
    except (AudiodvcError, OSError):
        merged = Merged(b"", is_left=True)
    # In one step: whoever is killed here leaves our side as it was, of which git still makes a conflict.
    if merged.is_left:
        lines = git_merge.lines(*texts, size)
        disk.write(files.ours, lines.text)
        return int(lines.is_conflict or not _is_replayed(texts))
    disk.write(files.ours, merged.sized(size))
    return int(bool(merged.conflicts))


def _unasked(texts: Texts) -> Merged | None:
    """What only one side changed, or none; git itself asks of such when it does again what `rerere` knows."""
    if texts.base in (texts.ours, texts.theirs):
        return Merged(texts.theirs if texts.base == texts.ours else texts.ours)
    return None


def _is_replayed(texts: Texts) -> bool:
    """Whether `rerere` asks: what had conflicts, what has the same now, what somebody has made of them."""
    base, ours, theirs = (any(line.startswith(_MARK) for line in text.splitlines()) for text in texts)
    return base and ours and not theirs


def merge(place: Place, texts: Texts, revision: str = "") -> Merged:
    """Both sides in one; our header is that of the index, or of another revision."""
    name = place.inside
    if layout.is_pointer(place.name):
        return mergepointer.merge(place.top, place.name, texts)
    if name.endswith(layout.INDEX):
        return _index(texts, name)
    if name == layout.ERASED or layout.table_id(name):
        return merge_table(*texts, spec(place, revision), name)
    if name in _DERIVED and _header_of(place, revision) is not None:
        return Merged(texts.ours)
    return _header(texts, name) if name == layout.HEADER else _lines(texts)


def spec(place: Place, revision: str = "") -> Spec | None:
    """What a table is by our header; None where that does not declare it."""
    if place.inside == layout.ERASED:
        return snapshot.ERASED
    parsed = header.parse(_header_of(place, revision) or b"")
    name = layout.table_id(place.inside)
    return parsed.spec(name) if name in parsed.tables else None


def _header_of(place: Place, revision: str) -> bytes | None:
    """Our header beside a file; None where the file is in no dataset."""
    known = place.beside(layout.HEADER)
    return git.show(place.top, revision, known) or git.show(place.top, "HEAD", known)


def _header(texts: Texts, name: str) -> Merged:
    merged = mergeheader.merge_header(*texts, name)
    if merged.is_left or merged.conflicts:
        return merged
    # Where line by line the same comes out, no comment and no blank line is touched.
    lines = git_merge.lines(*texts)
    same = not lines.is_conflict and mergeheader.says_the_same(lines.text, merged.text)
    return Merged(lines.text) if same else merged


def _index(texts: Texts, name: str) -> Merged:
    if any(specs.of_index(text) == specs.FLAVOR_INDEX for text in texts):
        # It is made from the others: `validate` says that it is stale, and `dvc repro` makes it.
        return Merged(texts.ours)
    return merge_table(*texts, specs.INDEX, name)


def _lines(texts: Texts) -> Merged:
    lines = git_merge.lines(*texts)
    return Merged(b"", is_left=True) if lines.is_conflict else Merged(lines.text)


def _command() -> str:
    """The command; where audiodvc cannot be started git's own merge of texts leaves markers, and a conflict.

    A program that cannot be started ends with 1, as one does that found conflicts: that one has written them.
    """
    # Without -P a module in the work tree would be run in place of ours.
    ours = f'{shlex.quote(sys.executable)} -P -m audiodvc merge-driver "$@"'
    lines = 'git merge-file -q --diff3 --marker-size="$4" -L ours -L base -L theirs "$2" "$1" "$3"'
    asis = 'git hash-object --no-filters "$2"'
    words = f'was=$({asis}); {ours} && return; test "$({asis})" != "$was" || {lines}; return 1'
    return f"f() {{ {words}; }}; f %O %A %B %L %P"
