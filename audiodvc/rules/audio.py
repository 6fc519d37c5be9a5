"""AA: media files are what their names, their tables and each other say that they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import polars as pl

from audiodvc.finding import Finding
from audiodvc.model import formats, pathcolumn, paths, scalar
from audiodvc.model.paths import shown
from audiodvc.model.sheet import Sheet
from audiodvc.model.snapshot import Snapshot
from audiodvc.rules import media
from audiodvc.rules.media import Rows


def aa001(snapshot: Snapshot) -> Iterator[Finding]:
    """A sound file has no sound: it lasts no time, or it could not be opened.

    A file that was cut short, or that is a web page with an error message under the name of a sound file,
    fails much later in whoever trains with it. `audiodvc add` refuses such files; with `--allow-broken` it
    leaves the cells of the media index empty that it could not read, and this tells of them.

    Bad:

        file,md5,size,format,channels,sampling_rate,bit_depth,duration
        audio/a.wav,0cc175b9c0f1b6a831c399e269772661,44,wav,1,16000,16,0.0
        audio/b.wav,92eb5ffee6ae2fec3ad71c777531578f,10,wav,,,,

    Good:

        file,md5,size,format,channels,sampling_rate,bit_depth,duration
        audio/a.wav,0cc175b9c0f1b6a831c399e269772661,32044,wav,1,16000,16,1.0

    There is no fix: put the right file in its place and `audiodvc add` it, or remove it.
    """
    for sheet in snapshot.media_indexes.values():
        if sheet.has("file", "format", *_HEARD):
            for row in _unopened(sheet).arg_true():
                yield sheet.finding(
                    "AA001", f"{shown(_file(sheet, row))} cannot be opened as audio", row, "file"
                )
            for row in _silent(sheet.values("duration")).arg_true():
                lasts = sheet.text("duration")[row]
                yield sheet.finding("AA001", f"{shown(_file(sheet, row))} lasts {lasts} s", row, "duration")


def aa002(snapshot: Snapshot) -> Iterator[Finding]:
    """A file is unlike the `media` entry of a table that names it.

    The entry promises format, sampling rate, channels or bit depth of every file in the table, and readers
    choose a model or a resampler by it. What a file does not have, such as a bit depth in mp3, is not
    compared.

    Bad:

        media: {mic: {type: audio, sampling_rate: 16000}}
        tables: {emotion: {type: filewise, media_id: mic}}

        file,md5,size,format,channels,sampling_rate,bit_depth,duration
        audio/a.wav,0cc175b9c0f1b6a831c399e269772661,88244,wav,1,44100,16,1.0

    Good:

        file,md5,size,format,channels,sampling_rate,bit_depth,duration
        audio/a.wav,0cc175b9c0f1b6a831c399e269772661,32044,wav,1,16000,16,1.0

    There is no fix: either the file or what the header says of it is wrong.
    """
    promises = list(_promises(snapshot))
    listed = media.listed(snapshot, *_PROMISED)
    odd = {one: listed.filter(_unlike(listed.frame[one.field], one)) for one in promises}
    said = set()
    for table in media.tables(snapshot):
        media_id = snapshot.header.tables[table.id].media_id
        for promise in (one for one in promises if one.media_id == media_id and table.has("file")):
            named = odd[promise].filter(~pathcolumn.absent(odd[promise].frame["file"], table.text("file")))
            for sheet, row, (cell,) in named.each(promise.field):
                # Several tables may share the entry: it is one fault of the file.
                if (promise, sheet.path, row) not in said:
                    said.add((promise, sheet.path, row))
                    what = f"{promise.field} is {shown(cell)[1:-1]}, {promise.words(table.id)}"
                    yield sheet.finding("AA002", what, row, promise.field)


def aa003(snapshot: Snapshot) -> Iterator[Finding]:
    """A file holds another format than its extension says.

    Some libraries go by the extension and refuse the file, or read noise; others go by the content. Opus in
    `.ogg` is fine, so is AIFF in `.aif`.

    Bad:

        file,md5,size,format,channels,sampling_rate,bit_depth,duration
        audio/a.wav,0cc175b9c0f1b6a831c399e269772661,20044,flac,1,16000,16,1.0

    Good:

        file,md5,size,format,channels,sampling_rate,bit_depth,duration
        audio/a.flac,0cc175b9c0f1b6a831c399e269772661,20044,flac,1,16000,16,1.0

    There is no fix: rename the file and `audiodvc add` it, or convert it.
    """
    listed = media.listed(snapshot, "format")
    held = listed.frame.select("sheet", "row", "format", extension=media.extension("file").str.to_lowercase())
    pairs = held.select(_HELD).filter(pl.col("format") != pl.col("extension")).unique()
    odd = pairs.filter([not formats.fits(content.lower(), name) for content, name in pairs.iter_rows()])
    unlike = held.join(odd, on=_HELD, how="semi").select("sheet", "row")
    for sheet, row, _ in Rows(listed.sheets, unlike.sort("sheet", "row")).each():
        what = f"{shown(_file(sheet, row))} holds {shown(sheet.text('format')[row])}"
        yield sheet.finding("AA003", what, row, "format")


def aa004(snapshot: Snapshot) -> Iterator[Finding]:
    """The extension of a media file is not in lower case.

    Programs look for `*.wav`, and a flavor in another format puts a new extension in the place of the old
    one: names stay predictable only with one spelling. Attachments may be called as they are.

    Bad:

        audio/a.WAV

    Good:

        audio/a.wav

    There is no fix: rename the file, in the folder and in the tables, and `audiodvc add` it.
    """
    attached = media.attached(snapshot)
    listed = media.listed(snapshot)
    extension = media.extension("file")
    for sheet, row, (file,) in listed.filter(extension != extension.str.to_lowercase()).each("file"):
        if not paths.is_within(file, attached):
            small = file.rpartition(".")[2]
            what = f"extension {shown(small)} of {shown(file)} is not in lower case"
            yield sheet.finding("AA004", what, row, "file")


def aa005(snapshot: Snapshot) -> Iterator[Finding]:
    """Two media files have the same bytes.

    It is stored once, but counts twice in training and evaluation, often with two different labels. The
    finding stands at the later of the two. Attachments may be alike.

    Bad:

        file,md5,size,format,channels,sampling_rate,bit_depth,duration
        audio/a.wav,0cc175b9c0f1b6a831c399e269772661,32044,wav,1,16000,16,1.0
        audio/b.wav,0cc175b9c0f1b6a831c399e269772661,32044,wav,1,16000,16,1.0

    Good:

        file,md5,size,format,channels,sampling_rate,bit_depth,duration
        audio/a.wav,0cc175b9c0f1b6a831c399e269772661,32044,wav,1,16000,16,1.0
        audio/b.wav,92eb5ffee6ae2fec3ad71c777531578f,32044,wav,1,16000,16,1.0

    There is no fix: keep one of the two names.
    """
    listed = media.listed(snapshot, "md5")
    if listed.frame["md5"].n_unique() == listed.frame.height:
        return
    attached, first = media.attached(snapshot), dict[str, str]()
    alike = listed.filter(pl.col("md5") != "", pl.col("md5").is_duplicated())
    for sheet, row, (file, md5) in alike.each("file", "md5"):
        if not paths.is_within(file, attached) and first.setdefault(md5, file) != file:
            yield sheet.finding(
                "AA005", f"{shown(file)} has the same bytes as {shown(first[md5])}", row, "file"
            )


RULES = (aa001, aa002, aa003, aa004, aa005)


_HELD = ("format", "extension")
_HEARD = ("channels", "sampling_rate", "duration")
_PROMISED = ("format", "sampling_rate", "channels", "bit_depth")


def _file(sheet: Sheet, row: int) -> str:
    return str(sheet.text("file")[row])


def _unopened(sheet: Sheet) -> pl.Series:
    """Files of sound of which nothing was read; film is opened only where the extra `video` is."""
    cells = {name: sheet.text(name) for name in ("file", "format", *_HEARD)}
    unread = pl.any_horizontal(pl.col(name) == "" for name in _HEARD)
    frame = pl.DataFrame(cells).with_row_index("row").filter(unread)
    extension = media.extension("file").str.to_lowercase()
    sound = extension.is_in(list(formats.SOUND)) | pl.col("format").is_in(list(formats.EXTENSIONS))
    rows = frame.filter(sound)["row"]
    return pl.repeat(value=False, n=sheet.height, eager=True).scatter(rows, values=True)


def _silent(duration: pl.Series) -> pl.Series:
    """Durations that no sound has."""
    return ~((duration > 0) & duration.is_finite()).fill_null(value=True)


class _Promise(NamedTuple):
    """What the header says of a field of all files of a media entry."""

    media_id: str
    field: str
    value: str | int

    def words(self, table_id: str) -> str:
        """The end of a message about a file of a table that does not keep it."""
        return f"media {shown(self.media_id)} of table {shown(table_id)} says {shown(str(self.value))[1:-1]}"

    def kept(self, cell: str) -> bool:
        """Whether a cell is as promised; an empty one, or one that is no number, promises nothing."""
        if isinstance(self.value, str):
            return formats.same(cell.lower(), self.value)
        number = scalar.value(cell, "int")
        return number is None or number == self.value


def _promises(snapshot: Snapshot) -> Iterator[_Promise]:
    for media_id, fields in snapshot.header.media.items():
        for field in _PROMISED:
            value = fields.get(field)
            fit = isinstance(value, str) if field == "format" else isinstance(value, int)
            if isinstance(value, str | int) and fit and not isinstance(value, bool):
                yield _Promise(media_id, field, value)


def _unlike(cells: pl.Series, promise: _Promise) -> pl.Series:
    """Cells that say another thing than was promised; an empty one says nothing."""
    return cells.is_in([cell for cell in cells.unique().to_list() if cell and not promise.kept(cell)])
