"""AR: the files that tables name are there, under names that every system can hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches

import polars as pl

from audiodvc.finding import Finding
from audiodvc.model import pathcolumn, paths
from audiodvc.model.paths import shown
from audiodvc.model.sheet import Sheet
from audiodvc.model.snapshot import Snapshot
from audiodvc.model.spec import INDEX
from audiodvc.rules import media
from audiodvc.rules.media import Rows


def ar001(snapshot: Snapshot) -> Iterator[Finding]:
    r"""A path that some systems cannot hold, or that leads out of the dataset.

    A path is relative to the dataset, its parts are joined by `/`, and none of them is empty, `.` or `..`.
    Backslashes, colons, control characters and blanks at the end of a part are refused as well: one system
    or another takes them for something else, and the file is then not found, or found in another place.

    Bad:

        file,emotion
        audio\a.wav,happy
        /data/audio/b.wav,happy

    Good:

        file,emotion
        audio/a.wav,happy
        audio/b.wav,happy

    There is no fix: which file was meant is for a person to say.
    """
    for sheet in (*media.tables(snapshot), *snapshot.indexes.values()):
        if sheet.has("file"):
            for row, why in pathcolumn.faults(sheet.text("file")):
                yield sheet.finding("AR001", f"path {shown(sheet.text('file')[row])} {why}", row, "file")
    for identifier, path in snapshot.header.attachments.items():
        fault = paths.fault(path)
        if fault is not None:
            place = snapshot.header.place("attachments", identifier, "path")
            yield Finding(snapshot.header.path, *place, "AR001", f"path {shown(path)} {fault}")


def ar002(snapshot: Snapshot) -> Iterator[Finding]:
    """A table names a file, and no media index has it.

    Whoever loads the table gets a row without its sound. Either the name is wrong, or the file was not
    added yet. Nothing is said of files below a tracked folder that has no index (AD003 tells of it), nor of
    files that were erased (AP004 tells of them).

    Bad:

        audio.media.csv has audio/a.wav

        file,emotion
        audio/a.waw,happy

    Good:

        file,emotion
        audio/a.wav,happy

    There is no fix. `audiodvc add` tracks a file that is there.
    """
    named, known = media.named(snapshot), media.listed(snapshot).frame["file"]
    missing = named.filter(pathcolumn.absent(named.frame["file"], known), pl.col("file") != "")
    if missing.frame.is_empty():
        return
    unlisted, erased = media.unlisted(snapshot), set(media.erased(snapshot)["file"])
    meant = _meant(missing.frame["file"].unique(maintain_order=True), known)
    for sheet, row, (file,) in missing.each("file"):
        if file not in erased and not paths.is_within(file, unlisted):
            did_you_mean = f" (did you mean {shown(meant[file])}?)" if file in meant else ""
            yield sheet.finding(
                "AR002", f"file {shown(file)} is in no media index{did_you_mean}", row, "file"
            )


def ar003(snapshot: Snapshot) -> Iterator[Finding]:
    """A media file is tracked, and no table names it.

    It is stored and downloaded, and nothing is known of it: a row was lost, or the file is not needed.
    Attachments are not meant to be in a table, nor are the files of flavors. While a table or the header
    cannot be read, nothing is said.

    Bad:

        audio.media.csv has audio/a.wav and audio/b.wav

        file,emotion
        audio/a.wav,happy

    Good:

        file,emotion
        audio/a.wav,happy
        audio/b.wav,neutral

    There is no fix: add a row, or remove the file and `audiodvc add` its folder again.
    """
    if not snapshot.header.data or any(sheet.table.lossy for sheet in snapshot.tables.values()):
        return
    listed = media.listed(snapshot)
    # A table that is not declared names media as well: that it is not declared is all that is wrong.
    named = media.rows((sheet for sheet in snapshot.tables.values() if not _is_misc(sheet)), "file")
    attached = media.attached(snapshot)
    idle = listed.filter(pathcolumn.absent(listed.frame["file"], named.frame["file"]), pl.col("file") != "")
    for sheet, row, (file,) in idle.each("file"):
        if not paths.is_within(file, attached):
            yield sheet.finding("AR003", f"no table names {shown(file)}", row, "file")


def ar004(snapshot: Snapshot) -> Iterator[Finding]:
    """Two paths that some systems take for one.

    Where file names ignore case, as on Windows and macOS, or write an accent in one way only, both are one
    file, and the second overwrites the first. Folders count too. The finding stands at the path that comes
    later: indexes come before tables, tables in the order of the header.

    Bad:

        file,emotion
        audio/Anna.wav,happy
        audio/anna.wav,neutral

    Good:

        file,emotion
        audio/anna-1.wav,happy
        audio/anna-2.wav,neutral

    There is no fix: rename one of the two, in the folder and in the tables.
    """
    places = _places(snapshot)
    pairs = paths.collisions(pathcolumn.alike(places.frame["file"]).to_list())
    if not pairs:
        return
    earlier = {later: first for first, later in reversed(pairs)}
    firsts = places.filter(pl.col("file").is_in(list(earlier)))
    firsts = Rows(firsts.sheets, firsts.frame.unique("file", keep="first", maintain_order=True))
    for sheet, row, (file,) in firsts.each("file"):
        yield sheet.finding("AR004", _collision(earlier[file], file), row, "file")


RULES = (ar001, ar002, ar003, ar004)


_TRIED = 20
_CANDIDATES = 300
_CUTOFF = 0.8


def _is_misc(sheet: Sheet) -> bool:
    return sheet.spec is not None and sheet.spec.kind == "misc"


def _meant(names: pl.Series, known: pl.Series) -> dict[str, str]:
    """The file that was probably meant: of the same name in another folder or format, or spelled alike."""
    twins = _by_stem(names).join(_by_stem(known).unique("stem", keep="first"), on="stem", how="inner")
    meant = dict(twins.select("file", "file_right").iter_rows())
    for name in names.filter(~names.is_in(list(meant))).head(_TRIED):
        folder, _, last = name.rpartition("/")
        near = get_close_matches(last, _near(name, known), n=1, cutoff=_CUTOFF)
        meant.update((name, f"{folder}/{one}".lstrip("/")) for one in near)
    return meant


def _by_stem(files: pl.Series) -> pl.DataFrame:
    name = pl.col("file").str.replace(r"(?s)^.*[/\\]", "").str.replace(r"(.)\.[^.]*$", "${1}")
    stems = files.alias("file").to_frame().with_columns(stem=name.str.to_lowercase())
    return stems.filter(pl.col("stem") != "")


def _near(name: str, known: pl.Series) -> list[str]:
    """Names in the same folder that may be meant: of about the same length, and with the same digits.

    Each costs a comparison by letters. `a02.wav` is no misspelt `a01.wav`.
    """
    folder, slash, last = name.rpartition("/")
    names = known.filter(known.str.starts_with(folder + slash)).str.slice(len(folder + slash))
    names = names.filter(names.str.len_chars().is_between(max(0, len(last) - 2), len(last) + 2))
    digits = names.str.replace_all("[^0-9]", "")
    return names.filter(digits == re.sub("[^0-9]", "", last)).head(_CANDIDATES).to_list()


def _collision(first: str, later: str) -> str:
    if paths.folded(first) == paths.folded(later):
        return f"path {shown(later)} spells {shown(first)} otherwise, in case or Unicode normalization"
    other = "otherwise, in case or Unicode normalization"
    return f"path {shown(later)} spells a folder of {shown(first)} {other}"


def _places(snapshot: Snapshot) -> Rows:
    """All files, those of indexes first; what a table names again is left out."""
    both = media.rows((*snapshot.media_indexes.values(), *media.tables(snapshot)), "file")
    indexes = sum(sheet.spec == INDEX for sheet in both.sheets)
    listed = both.frame.filter(pl.col("sheet") < indexes)
    named = both.frame.filter(pl.col("sheet") >= indexes)
    more = named.filter(pathcolumn.absent(named["file"], listed["file"]))
    return Rows(both.sheets, pl.concat([listed, more]))
