"""AD: what DVC tracks, what git has, and what the media indexes say are the same."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence

import polars as pl

from audiodvc.finding import Finding
from audiodvc.model import formats, layout, pathcolumn, paths
from audiodvc.model.paths import shown
from audiodvc.model.pointer import Output
from audiodvc.model.sheet import Sheet
from audiodvc.model.snapshot import Snapshot
from audiodvc.rules import media


def ad001(snapshot: Snapshot) -> Iterator[Finding]:
    """A media index and the pointer beside it disagree.

    Git has the index, DVC goes by the pointer. The hash of the pointer follows from the index, so that both
    are checked without any sound. They disagree after plain `dvc add`, after a merge that took one of them
    from another side, or when one of them was not committed. An index without pointer, a pointer that
    cannot be read, a file outside the folder and an md5 that is none are found too.

    Bad:

        audio.media.csv        audio/a.wav and audio/b.wav
        audio.dvc              the object of a folder with audio/a.wav only

    Good:

        audio.media.csv        audio/a.wav and audio/b.wav
        audio.dvc              the object of that folder

    There is no fix; `audiodvc add` of the folder writes both.
    """
    for path, sheet in snapshot.media_indexes.items():
        unit = path.removesuffix(layout.INDEX)
        at = unit + layout.POINTER
        if at not in snapshot.outputs:
            yield Finding(path, 1, 1, "AD001", f"there is no pointer {shown(at)} to this index")
            continue
        output = snapshot.outputs[at]
        if output is not None and not sheet.table.lossy and sheet.has("file", "md5"):
            yield from _pair(sheet, output)
    marked = {finding.path for finding in snapshot.marked}
    for path, output in snapshot.outputs.items():
        if output is None and path not in marked:
            yield Finding(path, 1, 1, "AD001", "not the pointer of one file or folder")


def ad002(snapshot: Snapshot) -> Iterator[Finding]:
    """Sound or film is in git instead of DVC.

    Git keeps every version of it in every clone for ever. Attachments that the header names may be in git.

    Bad:

        git add --force audio/a.wav

    Good:

        audiodvc add audio

    There is no fix: take it out with `git rm --cached`, then `audiodvc add` it.
    """
    attached = media.attached(snapshot)
    for path, kind in snapshot.files.items():
        is_media = path.rpartition(".")[2].lower() in formats.AUDIBLE and "." in path.rpartition("/")[2][1:]
        if kind == "file" and is_media and not paths.is_within(path, attached):
            yield Finding(path, 1, 1, "AD002", "audio is in git instead of DVC")


def ad003(snapshot: Snapshot) -> Iterator[Finding]:
    """What DVC tracks has no media index.

    Without it nobody sees in a pull request which files changed, and segments cannot be checked against
    durations. Nothing is said of the files of such a folder. Plain `dvc add` writes no index. What
    `dvc import` and `dvc import-url` brought needs none: where it came from says what it is.

    Bad:

        audio.dvc

    Good:

        audio.dvc
        audio.media.csv

    There is no fix; `audiodvc add` of the folder writes the index.
    """
    for path, output in snapshot.outputs.items():
        index = path.removesuffix(layout.POINTER) + layout.INDEX
        if output is not None and not output.is_import and index not in snapshot.files:
            yield Finding(path, 1, 1, "AD003", f"{shown(output.path)} has no media index {shown(index)}")


def ad004(snapshot: Snapshot) -> Iterator[Finding]:
    """The remote lacks an object.

    Whoever loads this version gets an error instead of the file. Only a check that asks the remote finds
    this: `--remote`, before a push, and at a release. Objects that were erased are not missed, nor
    those that DVC would not push: outputs with `cache: false`, and what was imported from another repository.

    Bad:

        audio.media.csv has the md5 0cc175b9c0f1b6a831c399e269772661, and the remote has no such object

    Good:

        the remote has files/md5/0c/c175b9c0f1b6a831c399e269772661

    There is no fix; `dvc push` brings the objects there from a clone that has them.
    """
    if snapshot.remote is None:
        return
    erased = media.erased(snapshot)["md5"]
    present = pl.Series(list(snapshot.remote), dtype=pl.String)
    old = old_indexes(snapshot)
    for is_old in (False, True):
        sheets = [sheet for path, sheet in snapshot.indexes.items() if (path in old) == is_old]
        yield from _lacking(sheets, present, erased, is_old=is_old)
    gone = set(erased)
    for output in stored(snapshot, snapshot.files):
        listed = not output.is_folder and output.path + layout.INDEX in snapshot.indexes
        is_there = listed or output.object(output.md5) in snapshot.remote
        if not is_there and output.md5 not in gone and paths.valid_md5(output.md5):
            what = f"the remote lacks object {output.md5} of {shown(output.path)}"
            yield Finding(output.source, *output.place, "AD004", what)


RULES = (ad001, ad002, ad003, ad004)


def stored(snapshot: Snapshot, in_git: Container[str]) -> Iterator[Output]:
    """What the remote has to have: not what is in git instead, nor what DVC would not push."""
    for output in (*snapshot.outputs.values(), *(out for outs in snapshot.stages.values() for out in outs)):
        if output is not None and output.is_stored and output.path not in in_git:
            yield output


def old_indexes(snapshot: Snapshot) -> frozenset[str]:
    """The media indexes whose files are where DVC 2 kept them."""
    pointed = [(out.path, out) for outs in snapshot.stages.values() for out in outs]
    pointed += [(path.removesuffix(layout.POINTER), out) for path, out in snapshot.outputs.items() if out]
    return frozenset(unit + layout.INDEX for unit, output in pointed if output.is_old)


_MD5 = "^[0-9a-f]{32}$"


def _pair(sheet: Sheet, output: Output) -> Iterator[Finding]:
    """What is wrong between an index and its pointer, the first cause only."""
    if not paths.valid_md5(output.md5):
        yield Finding(output.source, *output.place, "AD001", f"names no object (md5 {shown(output.md5)})")
        return
    files, md5s = sheet.text("file"), sheet.text("md5")
    bad = (~md5s.str.contains(_MD5)).arg_true()
    outside = _outside(files, output).arg_true()
    for row in bad:
        yield sheet.finding(
            "AD001", f"{shown(md5s[row])} is no md5 (32 hex digits in lower case)", row, "md5"
        )
    for row in outside:
        what = f"{shown(files[row])} is not in {shown(output.path)}, which {output.source} tracks"
        yield sheet.finding("AD001", what, row, "file")
    made = media.made(sheet, output) if bad.is_empty() and outside.is_empty() else output.md5
    if made != output.md5:
        what = f"points to object {output.md5}, but {sheet.path} makes {made or 'none'}"
        yield Finding(output.source, *output.place, "AD001", what)


def _outside(files: pl.Series, output: Output) -> pl.Series:
    return ~files.str.starts_with(f"{output.path}/") if output.is_folder else files != output.path


def _lacking(
    sheets: Sequence[Sheet], present: pl.Series, erased: pl.Series, *, is_old: bool
) -> Iterator[Finding]:
    """The rows whose object is neither present nor erased."""
    listed = media.rows(sheets, "file", "md5")
    md5s = listed.frame["md5"]
    if is_old:
        md5s = md5s.str.slice(0, 2) + "/" + md5s.str.slice(2)
        erased = erased.str.slice(0, 2) + "/" + erased.str.slice(2)
    sound = listed.frame["md5"].str.contains(_MD5)
    lacking = sound & pathcolumn.absent(md5s, pl.concat([present.alias("md5"), erased.alias("md5")]))
    for sheet, row, (file, md5) in listed.filter(lacking).each("file", "md5"):
        yield sheet.finding("AD004", f"the remote lacks object {md5} of {shown(file)}", row, "md5")
