"""What a dataset consists of at a commit: its texts, its media and attachments, and where their bytes are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import polars as pl

from audiodvc.errors import FormatError, NotADatasetError, RefusedError
from audiodvc.model import erased as erasures
from audiodvc.model import header, layout, mediaindex, pathcolumn, paths, pointer, table, yamltext
from audiodvc.model.header import Header
from audiodvc.model.pointer import Output

MEDIA = pl.Schema(
    {
        "file": pl.String,
        "md5": pl.String,
        "size": pl.Int64,
        "format": pl.String,
        "channels": pl.Int64,
        "sampling_rate": pl.Int64,
        "bit_depth": pl.Int64,
        "duration": pl.Float64,
        "old": pl.Boolean,
        "remote": pl.String,
        "most": pl.Int64,
    }
)
"""A line for each media file; `old` objects lie where DVC 2 kept them, `remote` is empty for the default.

`most` are the bytes of all that its pointer tracks: where only that is known, no object can have more.
"""

CONFIG = ".dvc/config"
MAX_CELL = 2**20
MAX_YAML = yamltext.MAX_BYTES
MAX_TABLE = 2**31

# audformat takes `db.<table>.pkl` for a table and unpickles it, wherever it came from.
_OWN = r"(?i)db\.[^/]*|\.audiodvc\.json|\.media\.parquet"
# A flavor's folder lies beside the attachments of its version.
_OWN_BESIDE_ATTACHMENTS = rf"{_OWN}|[0-9a-f]{{8}}"

# git and DVC do what the configuration in these says, as soon as somebody calls them below.
_ACTING = r"(?i)(?:^|/)\.(?:git|dvc)(?:/|$)"

_ODD_KINDS: Mapping[str, str] = {"120000": "a symbolic link", "160000": "another repository"}

List = Callable[[Output], Iterable[tuple[str, str]]]
"""Path in the folder and md5 of what a directory object lists."""


class Tree(NamedTuple):
    """The files of a dataset as git has them: mode and blob by path, and the text of those that are read."""

    entries: Mapping[str, tuple[str, str]]
    texts: Mapping[str, bytes]


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """All that is needed to make a dataset ready."""

    header: Header
    tables: Mapping[str, bytes]
    media: pl.DataFrame
    attachments: Mapping[str, tuple[str, ...]]
    blobs: Mapping[str, str]
    """Attachments that are in git: their blobs by path."""
    attached: pl.DataFrame
    """Attachments that are DVC objects, as lines of MEDIA."""
    erased: pl.DataFrame
    """The lines of `media` whose file was erased from all versions; they are no longer among `media`."""
    notes: tuple[str, ...] = ()


def plan(tree: Tree, list_folder: List, erased: Sequence[bytes] = ()) -> Plan:
    """Put a dataset together from its texts, or say what is wrong with it, before anything is written."""
    _refuse_links(tree.entries)
    parsed = _header(tree)
    tables = {
        name: tree.texts[f"db.{name}.csv"] for name in parsed.declared if f"db.{name}.csv" in tree.texts
    }
    named = {name: _files(parsed, name, data) for name, data in tables.items()}
    notes: list[str] = []
    outputs = list(_outputs(tree, list(named.values()), list(parsed.attachments.values()), notes))
    tracked = _frame([_media(tree, output, list_folder) for output in outputs])
    blobs = _blobs(tree, parsed)
    _refuse_odd(tracked, [*blobs, *(f"db.{name}.csv" for name in tables)])
    tracked, gone = _without(tracked, erased)
    within = _within(tracked["file"], parsed.attachments.values())
    media, attached = tracked.filter(~within), tracked.filter(within)
    _refuse_reserved([*blobs, *attached["file"]])
    gone = gone.filter(~_within(gone["file"], parsed.attachments.values()))
    return Plan(
        header=parsed,
        tables=tables,
        media=media,
        attachments=dict(_attachments(parsed, [*blobs, *attached["file"]])),
        blobs=blobs,
        attached=attached,
        erased=gone,
        notes=tuple(notes),
    )


def wanted(entries: Mapping[str, tuple[str, str]]) -> list[str]:
    """The files of a dataset whose text a plan needs."""
    mine = (path for path in layout.own(entries) if layout.is_read(path) and path != layout.SETTINGS)
    indexed = (path for path in mine if _is_needed(path, entries))
    return [path for path in indexed if entries[path][0].startswith("100")]


def limits(entries: Mapping[str, tuple[str, str]]) -> dict[str, int]:
    """How many bytes a text may have, by its blob: it has to be read into memory, several times over."""
    texts = [path for path in entries if layout.is_read(path)]
    small = {entries[path][1]: MAX_YAML for path in texts if not path.endswith(".csv")}
    return {entries[path][1]: MAX_TABLE for path in texts} | small


def _refuse_links(entries: Mapping[str, tuple[str, str]]) -> None:
    """A text that is a link to somewhere is none; settings are done without."""
    odd = {path for path, (mode, _) in entries.items() if mode in _ODD_KINDS}
    for path in layout.own(entries) if odd else ():
        is_needed = layout.is_read(path) and path not in _SETTINGS and _is_needed(path, entries)
        if path in odd and is_needed:
            kind = _ODD_KINDS[entries[path][0]]
            raise RefusedError(f"{paths.shown(path)} is {kind}, which is not followed")


_SETTINGS = frozenset({layout.SETTINGS, layout.STAGES, layout.LOCK})


def _is_needed(path: str, entries: Mapping[str, tuple[str, str]]) -> bool:
    """Whether a text says something of the dataset itself; the index of a flavor does not."""
    unit = path.removesuffix(layout.INDEX)
    return unit == path or unit + layout.POINTER in entries or not path.startswith("flavors/")


def _header(tree: Tree) -> Header:
    if layout.HEADER not in tree.texts:
        raise NotADatasetError(
            f"there is no {layout.HEADER}",
            hint="a dataset has one; `URL#folder` names a folder of a repository",
        )
    parsed = header.parse(tree.texts[layout.HEADER])
    if not parsed.data:
        # What is wrong with its form says less than what keeps it from being read.
        found = sorted(parsed.findings, key=lambda one: one.code == "AF002")
        first = found[0] if found else None
        where = f":{first.line}:{first.column}: {first.message}" if first else " is empty"
        raise FormatError(
            f"{layout.HEADER}{where}", hint="`audiodvc validate --rev` in the repository says all"
        )
    return parsed


# ---------------------------------------------------------------------------
# tables


def _files(parsed: Header, name: str, data: bytes) -> pl.Series:
    """The distinct media that a table names, each at a sound path."""
    _refuse_long(name, data)
    entry = parsed.tables.get(name)
    names_files = entry is not None and entry.kind != "misc"
    if not names_files and (len(data) <= MAX_CELL or b'"' not in data):
        return pl.Series([], dtype=pl.String)
    read = table.parse(data, f"db.{name}.csv")
    if read.lossy:
        # A loader would read rows of it that nobody has looked at here.
        first = min(read.findings, key=lambda one: (one.code == "AF002", one.line, one.column))
        raise FormatError(
            f"{first.path}:{first.line}:{first.column}: {first.message}",
            hint="`audiodvc validate --rev` in the repository says all",
        )
    if not names_files or "file" not in read.columns:
        return pl.Series([], dtype=pl.String)
    files = read.column("file").unique()
    for _, path, why in _faults(files):
        raise RefusedError(f"db.{name}.csv names a file at a path that {why}: {paths.shown(path)}")
    return files


def _refuse_long(name: str, data: bytes) -> None:
    """A cell of a megabyte is no label: it is refused, not held in memory many times over."""
    if len(data) <= MAX_CELL or max(map(len, data.splitlines())) <= MAX_CELL:
        return
    raise RefusedError(f"db.{name}.csv has a line of more than 1 MiB")


def _faults(files: pl.Series) -> Iterator[tuple[int, str, str]]:
    for row, why in pathcolumn.faults(files):
        yield row, files[row], why


# ---------------------------------------------------------------------------
# media


def _outputs(
    tree: Tree, named: Sequence[pl.Series], attached: Sequence[str], notes: list[str]
) -> Iterator[Output]:
    """What DVC tracks for the dataset: all pointers, and of stages what tables and attachments name."""
    for path, data in sorted(tree.texts.items()):
        if layout.is_pointer(path):
            found = pointer.outputs(data, path)
            if not found:
                raise FormatError(f"{path} is no pointer of DVC's that can be read")
            yield from _followed(found, notes)
    stages = pointer.stage_outputs(tree.texts.get(layout.LOCK, b""), tree.texts.get(layout.STAGES, b""))
    made = [out for name, outs in stages.items() if not name.startswith("flavor@") for out in outs]
    places = [pl.Series(attached, dtype=pl.String), *named]
    wanted = (
        out
        for out in made
        if paths.is_within(out.path, attached) or any(_names(some, out) for some in places)
    )
    yield from _followed(wanted, notes)


def _followed(outputs: Iterable[Output], notes: list[str]) -> Iterator[Output]:
    for output in outputs:
        if output.is_stored or output.remote:
            yield output
        else:
            notes.append(f"{output.source}: {output.path} is an import or not stored, and is left out")


def _names(files: pl.Series, output: Output) -> bool:
    """Whether any of these is an output, or lies in it."""
    return bool(((files == output.path) | files.str.starts_with(f"{output.path}/")).any())


def _media(tree: Tree, output: Output, list_folder: List) -> pl.DataFrame:
    if not paths.valid_md5(output.md5) and not output.listed:
        raise RefusedError(f"{output.source}: the object of {paths.shown(output.path)} has no sound name")
    name = output.source.removesuffix(layout.POINTER) + layout.INDEX
    if output.source.endswith(layout.POINTER) and name in tree.texts:
        frame = _indexed(output, name, tree.texts[name])
    elif output.listed:
        frame = _rows([(f"{output.path}/{one.path}", one.md5, one.size) for one in output.listed])
    elif output.is_folder:
        frame = _rows([(f"{output.path}/{path}", md5, None) for path, md5 in list_folder(output)])
    else:
        frame = _rows([(output.path, output.md5, output.size)])
    most = pl.lit(output.size, pl.Int64)
    return frame.with_columns(old=pl.lit(output.is_old), remote=pl.lit(output.remote), most=most)


def _indexed(output: Output, name: str, data: bytes) -> pl.DataFrame:
    read = table.parse(data, name)
    if read.lossy or read.columns != mediaindex.FIELDS:
        raise FormatError(f"{name} is no media index", hint="`audiodvc validate --rev` says where")
    text = read.frame.rename(dict(zip(read.frame.columns, read.columns, strict=True)))
    if not _agrees(text, output):
        raise FormatError(
            f"{name} does not list what {output.source} tracks",
            hint="`audiodvc add` in the repository writes both",
        )
    try:
        return text.select(
            pl.when(pl.col(field) != "").then(pl.col(field)).cast(MEDIA[field]) for field in mediaindex.FIELDS
        )
    except pl.exceptions.InvalidOperationError as error:
        raise FormatError(f"{name} has a number that is none", hint=str(error).split("\n", 1)[0]) from error


def _agrees(index: pl.DataFrame, output: Output) -> bool:
    """Whether the object of an output follows from its index."""
    if not output.is_folder:
        return index.select("file", "md5").rows() == [(output.path, output.md5)]
    folder = f"{output.path}/"
    inside = bool(index["file"].str.starts_with(folder).all())
    return (
        inside and mediaindex.directory_name(index["file"].str.slice(len(folder)), index["md5"]) == output.md5
    )


def _rows(files: Iterable[tuple[str, str, int | None]]) -> pl.DataFrame:
    schema = {name: MEDIA[name] for name in ("file", "md5", "size")}
    # What only its directory object lists says no more of itself than its name.
    return pl.DataFrame(list(files), schema=schema, orient="row").with_columns(
        pl.lit(None, MEDIA[name]).alias(name) for name in mediaindex.FIELDS[3:]
    )


def _frame(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    whole = pl.concat([MEDIA.to_frame(), *(part.select(MEDIA.names()) for part in parts)])
    return whole if whole["file"].is_sorted() else whole.sort("file")


def _refuse_odd(tracked: pl.DataFrame, others: Sequence[str]) -> None:
    """One bad path, or one bad name of an object, and nothing of the dataset is believed."""
    files = pl.concat([tracked["file"], pl.Series("file", others, dtype=pl.String)])
    for _, path, why in _faults(files):
        raise RefusedError(f"a file of the dataset has a path that {why}: {paths.shown(path)}")
    for path in files.filter(files.str.contains(_ACTING))[:1]:
        raise RefusedError(f"a file of the dataset is where git or DVC would obey it: {paths.shown(path)}")
    for path in tracked.filter(pl.col("file").str.contains(f"^(?:{_OWN})(?:/|$)"))["file"][:1]:
        raise RefusedError(f"a file of the dataset is where audiodvc keeps its own: {paths.shown(path)}")
    bad = tracked.filter(~pl.col("md5").str.contains("^[0-9a-f]{32}$").fill_null(value=False))
    for path in bad["file"][:1]:
        raise RefusedError(f"the object of {paths.shown(path)} has no sound name")
    for path in tracked.filter(pl.col("size") < 0)["file"][:1]:
        raise FormatError(f"the size of {paths.shown(path)} is negative")
    if files.n_unique() != len(files):
        twice = files.filter(files.is_duplicated())[0]
        raise RefusedError(f"two files of the dataset have the path {paths.shown(twice)}")
    for path in pathcolumn.both(files)[:1]:
        raise RefusedError(f"a file of the dataset is a folder with others, too: {paths.shown(path)}")
    for first, later in paths.collisions(pathcolumn.alike(files).to_list()):
        both = f"{paths.shown(first)} and {paths.shown(later)}"
        raise RefusedError(f"paths that are one where letter case does not count: {both}")


def _without(media: pl.DataFrame, erased: Sequence[bytes]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The media that are left, and those that were erased: the same bytes at the same path."""
    keys = erasures.keys(erased)
    if keys.is_empty():
        return media, media.clear()
    return media.join(keys, on=["file", "md5"], how="anti", maintain_order="left"), media.join(
        keys, on=["file", "md5"], how="semi", maintain_order="left"
    )


# ---------------------------------------------------------------------------
# attachments


def _blobs(tree: Tree, parsed: Header) -> dict[str, str]:
    """Attachments that git has, as files and nothing else."""
    found: dict[str, str] = {}
    for identifier, place in parsed.attachments.items():
        if paths.fault(place):
            raise RefusedError(f"attachment {paths.shown(identifier)}: its path {paths.fault(place)}")
        for path, (mode, blob) in tree.entries.items():
            if not paths.is_within(path, (place,)):
                continue
            if mode in _ODD_KINDS:
                what = f"{paths.shown(path)} is {_ODD_KINDS[mode]}"
                raise RefusedError(f"attachment {paths.shown(identifier)}: {what}")
            if not layout.is_own(path):
                found[path] = blob
    return {path: blob for path, blob in found.items() if not path.endswith(".gitignore")}


def _refuse_reserved(files: Sequence[str]) -> None:
    """An attachment lies beside the folders of flavors, in which nobody but us puts anything."""
    names = pl.Series(files, dtype=pl.String)
    for path in names.filter(names.str.contains(f"^(?:{_OWN_BESIDE_ATTACHMENTS})(?:/|$)"))[:1]:
        raise RefusedError(f"an attachment is where audiodvc keeps its own files: {paths.shown(path)}")


def _attachments(parsed: Header, files: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for identifier, place in parsed.attachments.items():
        yield identifier, tuple(sorted(path for path in files if paths.is_within(path, (place,))))


def _within(files: pl.Series, places: Iterable[str]) -> pl.Series:
    inside = pl.repeat(value=False, n=len(files), eager=True)
    for place in places:
        inside |= (files == place) | files.str.starts_with(f"{place}/")
    return inside
