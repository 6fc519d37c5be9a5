"""AP: nothing leaks from one split into another, and nothing that was erased comes back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

import polars as pl

from audiodvc.finding import Finding
from audiodvc.model import pathcolumn
from audiodvc.model.paths import shown
from audiodvc.model.sheet import Sheet
from audiodvc.model.snapshot import Snapshot
from audiodvc.model.spec import FLAVOR_INDEX
from audiodvc.rules import entries, groups, media
from audiodvc.rules.media import Rows


def ap001(snapshot: Snapshot) -> Iterator[Finding]:
    """A file is in two splits.

    A model that is tested on what it was trained with looks better than it is. The finding stands at the
    row of the later table, in the order of the header.

    Bad:

        db.emotion.train.csv    audio/a.wav,happy
        db.emotion.test.csv     audio/a.wav,happy

    Good:

        db.emotion.train.csv    audio/a.wav,happy
        db.emotion.test.csv     audio/b.wav,happy

    There is no fix: remove the row from one of the tables.
    """
    placed = _placed(snapshot)
    for first, later in _crossings(placed, placed.frame.with_columns(by="file")):
        what = f"file {shown(later.file)} is in split {shown(later.split)}, and in split {shown(first.split)}"
        yield later.finding("AP001", f"{what} ({first.place})")


def ap002(snapshot: Snapshot) -> Iterator[Finding]:
    """A speaker, or what else a `groups` column has, is in two splits.

    Files of one speaker, text or session are alike, so that a test on some of them says little about others
    when a model has learned from the rest. Which columns count is set in `audiodvc.yaml`. The column may
    stand in any table that names the file, or a scheme's labels have it as a field. A file that is in both
    splits itself is told by AP001 only.

    Bad:

        validate: {groups: [speaker]}

        db.train.csv            audio/a.wav,anna
        db.test.csv             audio/b.wav,anna

    Good:

        db.train.csv            audio/a.wav,anna
        db.test.csv             audio/b.wav,ben

    There is no fix: move all files of the value into one split.
    """
    yield from _unknown_groups(snapshot)
    placed = _placed(snapshot)
    if placed.frame.is_empty():
        return
    for group in snapshot.settings.groups:
        values = groups.values(snapshot, group)
        if values is None:
            continue
        named = _single(placed.frame).join(values, on="file", maintain_order="left")
        for first, later in _crossings(placed, named):
            what = f"{group} {shown(later.by)} is in split {shown(later.split)} by {shown(later.file)}"
            other = f"in split {shown(first.split)} by {shown(first.file)} ({first.place})"
            yield later.finding("AP002", f"{what}, and {other}")


def ap003(snapshot: Snapshot) -> Iterator[Finding]:
    """The same bytes are in two splits, under two names.

    It leaks like one file in two splits (AP001), and no name tells it.

    Bad:

        db.train.csv            audio/a.wav
        db.test.csv             audio/b.wav
        audio.media.csv         both have the md5 0cc175b9c0f1b6a831c399e269772661

    Good:

        audio.media.csv         each has an md5 of its own

    There is no fix: remove one of the two files.
    """
    listed = media.listed(snapshot, "md5").frame.filter(pl.col("md5") != "")
    if listed["md5"].n_unique() == listed.height:
        return
    alike = listed.filter(pl.col("md5").is_duplicated()).select("file", by="md5").unique("file", keep="first")
    placed = _placed(snapshot)
    named = _single(placed.frame).join(alike, on="file", maintain_order="left")
    for first, later in _crossings(placed, named):
        what = f"{shown(later.file)} of split {shown(later.split)} has the same bytes as {shown(first.file)}"
        yield later.finding("AP003", f"{what} of split {shown(first.split)} ({first.place})")


def ap004(snapshot: Snapshot) -> Iterator[Finding]:
    """A table or index has a file that was erased.

    An erasure is a promise that nobody gets the file again. A merge or a revert can bring its row back. The
    path itself may come back with other bytes: a media index that lists it with another md5 is sound.

    Bad:

        erased.csv              audio/a.wav,0cc175b9c0f1b6a831c399e269772661,2024-05-01,consent withdrawn
        db.emotion.csv          audio/a.wav,happy

    Good:

        erased.csv              audio/a.wav,0cc175b9c0f1b6a831c399e269772661,2024-05-01,consent withdrawn
        db.emotion.csv          audio/b.wav,happy

    There is no fix: remove the row, or `audiodvc erase` the file again.
    """
    erased = media.erased(snapshot).filter(pl.col("file") != "")
    if erased.is_empty():
        return
    listed = media.listed(snapshot, "md5")
    again = listed.frame.join(erased, on=["file", "md5"], how="semi").sort("sheet", "row")
    for sheet, row, (file,) in Rows(listed.sheets, again).each("file"):
        yield sheet.finding("AP004", f"{shown(file)} was erased, and has the same bytes again", row, "file")
    yield from _flavored(snapshot, erased["md5"], listed.frame["md5"])
    named, gone = (
        media.named(snapshot),
        erased["file"].filter(pathcolumn.absent(erased["file"], listed.frame["file"])),
    )
    for sheet, row, (file,) in named.filter(~pathcolumn.absent(named.frame["file"], gone)).each("file"):
        yield sheet.finding("AP004", f"{shown(file)} was erased", row, "file")


RULES = (ap001, ap002, ap003, ap004)


@dataclass(frozen=True, slots=True)
class _Placed:
    """The first row of each file in each split, in the order of tables and rows."""

    sheets: tuple[Sheet, ...]
    splits: tuple[str, ...]
    frame: pl.DataFrame


@dataclass(frozen=True, slots=True)
class _Use:
    """A row that puts a file, and with it the value `by`, into a split."""

    by: str
    file: str
    split: str
    sheet: Sheet
    row: int

    @property
    def place(self) -> str:
        """Where the row stands, for a message about another one."""
        return f"{self.sheet.path}:{self.sheet.place(self.row, 'file').line}"

    def finding(self, code: str, message: str) -> Finding:
        """A finding at this row."""
        return self.sheet.finding(code, message, self.row, "file")


def _placed(snapshot: Snapshot) -> _Placed:
    ids = {sheet: snapshot.header.tables[sheet.id].split_id for sheet in media.tables(snapshot)}
    sheets = tuple(sheet for sheet, split in ids.items() if split is not None and sheet.has("file"))
    splits = tuple(str(ids[sheet]) for sheet in sheets)
    numbers = {split: number for number, split in enumerate(dict.fromkeys(splits))}
    named = media.rows(sheets if len(numbers) > 1 else (), "file").frame.filter(pl.col("file") != "")
    split = pl.Series("split", [numbers[split] for split in splits], dtype=pl.UInt32)
    frame = named.with_columns(split=split.gather(named["sheet"]))
    if frame["file"].n_unique() < frame.height:
        frame = frame.unique(["file", "split"], keep="first", maintain_order=True)
    return _Placed(sheets, tuple(numbers), frame)


def _single(frame: pl.DataFrame) -> pl.DataFrame:
    """The files that are in one split only."""
    return frame.filter(~pl.col("file").is_duplicated())


def _crossings(placed: _Placed, frame: pl.DataFrame) -> Iterator[tuple[_Use, _Use]]:
    """Values of `by` that are in several splits: the first row of the value, and its first in a later one."""
    if frame["by"].n_unique() == frame.height:
        return
    groups = frame.with_row_index("at").group_by("by", "split").agg(pl.col("at").min())
    firsts = groups.filter(pl.col("by").is_duplicated())["at"].sort()
    seen = dict[str, _Use]()
    for by, file, split, sheet, row in (
        frame[firsts].select("by", "file", "split", "sheet", "row").iter_rows()
    ):
        use = _Use(by, file, placed.splits[split], placed.sheets[sheet], row)
        if seen.setdefault(by, use) is not use:
            yield seen[by], use


def _unknown_groups(snapshot: Snapshot) -> Iterator[Finding]:
    """Groups that the header has nowhere, whether or not there are splits that they could hold apart."""
    if not entries.is_read(snapshot.header):
        return
    for number, group in enumerate(snapshot.settings.groups):
        if not groups.is_declared(snapshot.header, group):
            place = snapshot.settings.place("validate", "groups", number)
            what = f"group {shown(group)} is no column of a table{_meant(snapshot, group)}"
            yield Finding(snapshot.settings.document.path, *place, "AP002", what)


def _meant(snapshot: Snapshot, group: str) -> str:
    columns = [column for table in snapshot.header.tables.values() for column in table.columns]
    near = get_close_matches(group, columns, n=1)
    return f" (did you mean {shown(near[0])}?)" if near else ""


def _flavored(snapshot: Snapshot, erased: pl.Series, present: pl.Series) -> Iterator[Finding]:
    """Files of flavors whose source was erased."""
    flavors = (sheet for sheet in snapshot.indexes.values() if sheet.spec == FLAVOR_INDEX)
    flavored = media.rows(flavors, "file", "source_md5")
    gone = erased.filter((erased != "") & pathcolumn.absent(erased, present))
    sources = flavored.frame["source_md5"]
    for sheet, row, (file,) in flavored.filter(~pathcolumn.absent(sources, gone)).each("file"):
        yield sheet.finding("AP004", f"{shown(file)} was made from a file that was erased", row, "file")
