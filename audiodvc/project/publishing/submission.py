"""A folder with an audformat database that somebody hands in: header, tables and attachments, as texts."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import polars as pl

from audiodvc.adapters import disk, git
from audiodvc.codes import CODES
from audiodvc.errors import AttachmentError, FormatError, NotADatasetError, PublishError
from audiodvc.finding import Finding
from audiodvc.model import header, layout, pathcolumn, paths, table
from audiodvc.model.header import Header
from audiodvc.model.settings import Choice
from audiodvc.model.snapshot import take
from audiodvc.model.spec import Spec
from audiodvc.model.table import Table
from audiodvc.resolve import tableform
from audiodvc.rules import catalogue
from audiodvc.words import counted

SHOWN = 20
# What loaders fail at, or lose without a word.
_REFUSED = frozenset({"AH001", "AH003", "AH006", "AS001", "AS002", "AK001"})
# What they take, as audb does, and `validate` does not.
_NOTED = frozenset("""AH002 AH004 AH005 AH007 AH008 AH009 AH010 AS003 AT001 AT002 AK002""".split())
_LINK = "120000"
_ID = re.compile(r"[A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Submission:
    """What a folder says: its header and tables in canonical form, the media they name, and attachments.

    `attached` has the files of each attachment that is on disk, by its path; one that is not has none.
    """

    root: Path
    header: Header
    name: str
    texts: Mapping[str, bytes]
    media: tuple[str, ...]
    attached: Mapping[str, tuple[str, ...]]


def name_of(root: Path) -> str:
    """The name of the dataset in a folder."""
    return str(_header(root)[0].name)


def read(root: Path, names: Collection[str] = (), without: Collection[str] = ()) -> Submission:
    """Read a folder, or say all that is wrong with it.

    `names` are files of the version before, `without` media whose rows are left out.
    """
    parsed, text = _header(root)
    _refuse_odd_ids(parsed)
    tables = {name: _without(one, parsed.spec(name), without) for name, one in _tables(root, parsed).items()}
    _refuse_repeated(parsed, tables)
    media = _media(parsed, tables)
    _refuse_brought_links(root, media)
    attached = {place: _attached(root, name, place, names) for name, place in parsed.attachments.items()}
    _refuse_overlaps(parsed, media)
    _refuse_alike([*media, *(file for files in attached.values() for file in files), *map(_file, tables)])
    texts = {_file(name): table.canonical(one, parsed.spec(name)) for name, one in tables.items()}
    return Submission(root, parsed, str(parsed.name), {layout.HEADER: text, **texts}, tuple(media), attached)


# -- header ----------------------------------------------------------------------------------------


def _header(root: Path) -> tuple[Header, bytes]:
    if not root.is_dir():
        raise NotADatasetError(f"{root}: no such folder")
    disk.refuse_link(root, root / layout.HEADER)
    data = disk.read(root / layout.HEADER)
    if data is None:
        raise NotADatasetError(
            f"{root} has no {layout.HEADER}", hint="`Database.save` of audformat writes it"
        )
    parsed = header.parse(data)
    faults = [f"{one.path}:{one.line}:{one.column}: {one.message}" for one in parsed.findings]
    if not parsed.data or not parsed.name:
        raise FormatError(f"{root / layout.HEADER} is no header", details=faults or ["it has no name"])
    return parsed, header.canonical(data.decode("utf-8", "replace")).encode()


def _refuse_odd_ids(parsed: Header) -> None:
    ids = [("table", name) for name in parsed.declared] + [
        ("attachment", name) for name in parsed.attachments
    ]
    odd = [f"{kind} {paths.shown(name)}" for kind, name in ids if not _ID.fullmatch(name)]
    if odd:
        raise PublishError(
            "ids can have A-Z a-z 0-9 . _ - only", hint="rename what is named", details=odd[:SHOWN]
        )
    lost = [name for name in parsed.declared if name not in parsed.tables]
    if lost:
        raise PublishError(f"{layout.HEADER} declares tables that cannot be understood", details=lost[:SHOWN])


# -- tables ----------------------------------------------------------------------------------------


def _file(name: str) -> str:
    return f"db.{name}.csv"


def _tables(root: Path, parsed: Header) -> dict[str, Table]:
    """The tables as text, whatever form they have in the folder."""
    _refuse_brought(root, parsed.declared)
    others = tableform.texts(root, other) if (other := tableform.other_forms(root, parsed.declared)) else {}
    found: dict[str, Table] = {}
    for name in parsed.declared:
        disk.refuse_link(root, root / _file(name))
        data = others[name] if name in others else disk.read(root / _file(name))
        if data is None:
            forms = f"db.{name}.csv, .parquet or .pkl"
            raise PublishError(f"{root} has no file of the table '{name}'", hint=f"{forms} is looked for")
        found[name] = table.parse(data, _file(name))
        _refuse_unlike(found[name], parsed.spec(name))
    return found


def _refuse_brought(root: Path, ids: Iterable[str]) -> None:
    """Refuse tables that are read by running what stands in them, where somebody else may have written it."""
    pickles = [name for one in ids if (root / (name := f"db.{one}.pkl")).exists()]
    top = git.top(root) if pickles else None
    brought = git.tracked(root, pickles) if top else []
    if brought:
        raise PublishError(
            f"{brought[0]} came with the git repository {top}, and to read a pickle is to run it",
            hint="remove it, or save the table as text",
        )


def _refuse_brought_links(root: Path, media: Iterable[str]) -> None:
    """Refuse recordings that git has brought as links: whoever made them chose which file they are."""
    modes = git.modes(root, ".") if git.top(root) else {}
    links = {name for name, mode in modes.items() if mode == _LINK}
    found = [file for file in media if paths.is_within(file, links)]
    if found:
        raise PublishError(
            f"{counted(len(found), 'file')} would be what a symbolic link in git leads to",
            hint="put the recordings themselves there",
            details=[paths.shown(file) for file in found[:SHOWN]],
        )


def _without(one: Table, spec: Spec, files: Collection[str]) -> Table:
    if not files or spec.kind == "misc":
        return one
    keep = ~one.column("file").is_in(pl.Series(sorted(files), dtype=pl.String).implode())
    return replace(one, frame=one.frame.filter(keep), lines=one.lines.filter(keep), raw=None)


def _refuse_unlike(one: Table, spec: Spec) -> None:
    if one.lossy:
        details = [f"{f.path}:{f.line}:{f.column}: {f.code} {f.message}" for f in one.findings]
        raise FormatError(f"{one.path} cannot be read", hint="mend these lines", details=details[:SHOWN])
    if sorted(one.columns) != sorted(spec.names):
        raise PublishError(
            f"the columns of {one.path} are not those that {layout.HEADER} says",
            details=[f"{one.path}: {','.join(one.columns)}", f"{layout.HEADER}: {','.join(spec.names)}"],
        )


def refuse_unfit(handed: Submission, settings: bytes, *, is_lenient: bool) -> list[str]:
    """Raise an error for what loaders would fail at or lose, and give notes on what only `validate` finds.

    `settings` of the repository may leave out rules. The lines are those of the tables in canonical form.
    """
    found = _findings(handed, settings)
    bad = [one for one in found if one.code in _REFUSED and not is_lenient]
    if not bad:
        return [f"{_errors(found)}, the first one is {_told(found[0])}"] if found else []
    more = [f"… and {len(bad) - SHOWN:,} more"] if len(bad) > SHOWN else []
    details = [*map(_told, bad[:SHOWN]), *more]
    raise PublishError(
        _errors(bad), hint="mend the folder: a loader would stop or lose cells", details=details
    )


def _errors(found: Collection[Finding]) -> str:
    return f"{counted(len(found), 'error')} in header and tables"


def _findings(handed: Submission, settings: bytes) -> list[Finding]:
    texts = {**handed.texts, layout.SETTINGS: settings}
    taken = take(dict.fromkeys(texts, "file"), texts.__getitem__, date.min)
    codes = _REFUSED | _NOTED
    others = Choice((), (*taken.settings.rules.ignore, *(CODES.keys() - codes)))
    only = replace(taken, settings=replace(taken.settings, rules=others))
    return [one for one in catalogue.check(only) if one.code in codes]


def _told(one: Finding) -> str:
    of = "; ".join(f"{level} {paths.shown(cell)}" for level, cell in one.key)
    return f"{one.path}:{one.line}: {one.message}" + (f" ({of})" if of else "")


def _refuse_repeated(parsed: Header, tables: Mapping[str, Table]) -> None:
    details = [
        f"{one.path}:{one.lines[row]}: the key of line {one.lines[first]} again"
        for name, one in tables.items()
        for row, first in table.repeated(one, parsed.spec(name))
    ]
    if details:
        verb = "has" if len(details) == 1 else "have"
        what = f"{counted(len(details), 'row')} {verb} a key that another row has"
        raise PublishError(what, hint="keep one of them", details=details[:SHOWN])


def _media(parsed: Header, tables: Mapping[str, Table]) -> list[str]:
    """The files that tables name, sorted by their bytes."""
    columns = [
        one.column("file").unique() for name, one in tables.items() if parsed.tables[name].kind != "misc"
    ]
    files = pl.concat([pl.Series("file", [], pl.String), *columns]).unique().sort()
    odd = ["'' is empty"] if "" in files else []
    odd += [f"{paths.shown(files[row])} {why}" for row, why in pathcolumn.faults(files)]
    if odd:
        what = f"{counted(len(odd), 'path')} of media cannot be had on every system"
        raise PublishError(what, hint="paths are relative, with / between folders", details=odd[:SHOWN])
    found: list[str] = files.to_list()
    return found


def _refuse_alike(names: list[str]) -> None:
    twins = paths.collisions(pathcolumn.alike(pl.Series(sorted(set(names)), dtype=pl.String)).to_list())
    if twins:
        details = [f"{paths.shown(one)} and {paths.shown(other)}" for one, other in twins[:SHOWN]]
        raise PublishError(
            "paths that are one where letter case or Unicode form do not count", details=details
        )


# -- attachments -----------------------------------------------------------------------------------


def _attached(root: Path, name: str, place: str, known: Iterable[str]) -> tuple[str, ...]:
    """The files of an attachment on disk; none if it is not there and was in the version before."""
    what = f"attachment '{name}'"
    if fault := paths.fault(place):
        raise PublishError(f"{what}: its path {paths.shown(place)} {fault}")
    path = root / place
    if path.is_symlink():
        raise PublishError(f"{what}: {place} is a symbolic link", hint="put the file itself there")
    disk.refuse_link(root, path)
    if path.is_dir():
        return tuple(sorted(_inside(root, what, path)))
    if path.exists():
        return (place,)
    if any(paths.is_within(file, (place,)) for file in known):
        return ()
    raise AttachmentError(f"{what}: there is no {place} in {root}")


def _inside(root: Path, what: str, folder: Path) -> Iterator[str]:
    items = list(os.scandir(folder))
    if not items:
        raise PublishError(f"{what}: {folder.relative_to(root).as_posix()} is an empty folder")
    for item in items:
        path = Path(item.path)
        if item.is_symlink():
            raise PublishError(f"{what}: {path.relative_to(root).as_posix()} is a symbolic link")
        if item.is_dir():
            yield from _inside(root, what, path)
        else:
            yield path.relative_to(root).as_posix()


def _refuse_overlaps(parsed: Header, media: Iterable[str]) -> None:
    own = [layout.HEADER, *map(_file, parsed.declared)]
    places = list(parsed.attachments.items())
    for name, place in places:
        others = [other for other_name, other in places if other_name != name]
        inside = next((file for file in (*own, *media, *others) if paths.is_within(file, (place,))), None)
        if inside is not None:
            what = f"attachment '{name}' overlaps media, tables or another attachment"
            raise PublishError(what, details=[f"{place} has {paths.shown(inside)} in it"])
