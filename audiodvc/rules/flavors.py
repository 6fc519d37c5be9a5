"""AD005: flavors are made from the media that are tracked now."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from audiodvc.finding import Finding
from audiodvc.model import formats, layout, pathcolumn
from audiodvc.model.paths import shown
from audiodvc.model.pointer import Output
from audiodvc.model.sheet import Sheet
from audiodvc.model.snapshot import Snapshot
from audiodvc.model.spec import FLAVOR_INDEX
from audiodvc.rules import media


def ad005(snapshot: Snapshot) -> Iterator[Finding]:
    """A flavor was made from other media than those that are tracked now.

    Whoever loads it gets sound that does not fit the labels: a file that was replaced, one that was removed,
    or none for one that was added. The index of the flavor has the md5 of each source, which is compared
    with the media indexes; and what `dvc.lock` says of the flavor is compared with its index.

    Bad:

        audio.media.csv                  audio/a.wav has md5 92eb5ffee6ae2fec3ad71c777531578f
        flavors/mono-16k.media.csv       its source_md5 is 0cc175b9c0f1b6a831c399e269772661

    Good:

        audio.media.csv                  audio/a.wav has md5 92eb5ffee6ae2fec3ad71c777531578f
        flavors/mono-16k.media.csv       its source_md5 is 92eb5ffee6ae2fec3ad71c777531578f

    There is no fix; `dvc repro` makes the flavor again, converting only what changed.
    """
    locked = {output.path: output for outputs in snapshot.stages.values() for output in outputs}
    for path, sheet in snapshot.indexes.items():
        if sheet.spec == FLAVOR_INDEX and sheet.has("file", "md5", "source_md5") and not sheet.table.lossy:
            unit = path.removesuffix(layout.INDEX)
            what = _stale(snapshot, sheet, unit) or _unlike(sheet, locked.get(unit))
            if what:
                yield _finding(unit, locked.get(unit), what)
    for output in _without_index(snapshot):
        yield _finding(output.path, output, f"has no index '{output.path}{layout.INDEX}'")


RULES = (ad005,)


def _finding(unit: str, output: Output | None, what: str) -> Finding:
    message = f"flavor {shown(unit.rpartition('/')[2])} {what}"
    if output is None:
        return Finding(unit + layout.INDEX, 1, 1, "AD005", message)
    return Finding(output.source, *output.place, "AD005", message)


def _stale(snapshot: Snapshot, sheet: Sheet, unit: str) -> str:
    """How the sources of a flavor differ from the media, empty if they do not."""
    listed = _listed(snapshot)
    name = unit.rpartition("/")[2]
    if name in snapshot.settings.flavors:
        sources = _sources(listed, snapshot.settings.flavors[name].format)
        counts = _differences(sheet, unit, sources)
    else:
        # What an unknown flavor calls its files is not known, but their sources are.
        counts = {"gone": int(pathcolumn.absent(sheet.text("source_md5"), listed["md5"]).sum())}
    if media.unlisted(snapshot):
        counts.pop("gone")
    said = ", ".join(f"{count:,} {word}" for word, count in counts.items() if count)
    return f"was made from other media: {said}" if said else ""


def _listed(snapshot: Snapshot) -> pl.DataFrame:
    """The media that flavors are made of: attachments are handed out as they are."""
    listed = media.listed(snapshot, "md5", "format", "channels").frame
    attached = sorted(media.attached(snapshot))
    if not attached:
        return listed
    file = pl.col("file")
    return listed.filter(~pl.any_horizontal((file == p) | file.str.starts_with(f"{p}/") for p in attached))


def _sources(listed: pl.DataFrame, format_: str | None) -> pl.DataFrame:
    """Every media file under the name that it has in a flavor, with its md5, and whether it is sound."""
    sound = pl.col("format").is_in(list(formats.EXTENSIONS)) & (pl.col("channels") != "")
    return listed.select(destination(format_), "md5", sound=sound)


def _differences(sheet: Sheet, unit: str, sources: pl.DataFrame) -> dict[str, int]:
    """How many files were made from other bytes, from files that are gone, or are still to be made."""
    file = sheet.text("file").str.slice(len(unit) + 1)
    made = pl.DataFrame({"file": file, "md5": sheet.text("source_md5")})
    other = made.join(sources, on=["file", "md5"], how="anti")
    gone = other.join(sources, on="file", how="anti").height
    new = sources.filter("sound").join(made, on="file", how="anti").height
    return {"changed": other.height - gone, "new": new, "gone": gone}


def destination(format_: str | None) -> pl.Expr:
    """What `Flavor.destination` makes of a column of files."""
    file = pl.col("file")
    if format_ is None:
        return file
    has = file.str.contains(_STEM)
    stem = pl.when(has).then(file.str.replace(_STEM, "${1}")).otherwise(file)
    kept = has & file.str.to_lowercase().str.ends_with(f".{format_}")
    return pl.when(kept).then(file).otherwise(pl.concat_str(stem, pl.lit(f".{format_}"))).alias("file")


# A dot at the beginning of a name begins no extension.
_STEM = r"(?s)^((?:.*/)?\.*[^/.][^/]*)\.[^/.]*$"


def _unlike(sheet: Sheet, output: Output | None) -> str:
    """How a flavor in `dvc.lock` differs from its index, empty if it does not."""
    if output is None or media.made(sheet, output) == output.md5:
        return ""
    return f"is not the one that {sheet.path} lists"


def _without_index(snapshot: Snapshot) -> Iterator[Output]:
    """The flavors in `dvc.lock` that have no index."""
    for stage, outputs in snapshot.stages.items():
        for output in outputs:
            made = stage.startswith("flavor@") and output.is_folder
            if made and output.path + layout.INDEX not in snapshot.files:
                yield output
