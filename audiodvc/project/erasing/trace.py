"""Which bytes files ever had, what was made of these, and which other files have the same ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from posixpath import splitext
from typing import NamedTuple

import polars as pl

from audiodvc.errors import SelectionError
from audiodvc.model import erased, layout, paths, pointer, table
from audiodvc.model.pointer import Output
from audiodvc.project.erasing.history import History
from audiodvc.words import counted

List = Callable[[Output, bool], Sequence[tuple[str, str]] | None]
"""Path in the folder and md5 of what a directory object lists; None where it cannot be had.

Whether it is needed says if a remote is asked for it.
"""

Keys = Mapping[str, Sequence[str]]
"""Erased bytes, by their md5, and the files that had them."""

_FEW = 50
_ROWS = pl.Schema({"file": pl.String, "md5": pl.String, "source_md5": pl.String})


class Had(NamedTuple):
    """Bytes that a file had, and the versions and branches in which it has them."""

    file: str
    md5: str
    versions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trace:
    """What is known of files that are to be erased, or were."""

    had: tuple[Had, ...]
    """The bytes of the files that were asked for."""
    bytes: Mapping[str, str]
    """Every md5 that is to go, with the file that had it, or that it was made from."""
    others: Mapping[str, tuple[str, ...]]
    """Of these the ones that stay, with the files that have them too."""
    unread: tuple[str, ...]
    """What might name some of the files, and could not be read."""


class _Part(NamedTuple):
    """Rows of one text: files from the root of their dataset, and the folder of that."""

    dataset: str
    unit: str
    rows: pl.DataFrame
    names: tuple[str, ...]


def trace(
    history: History, dataset: str, files: Sequence[str], lists: Mapping[str, bytes], ls: List
) -> Trace:
    """Follow files of a dataset; `lists` are the newest erasures of all datasets, by their folders."""
    follow = _Follow(history, ls)
    gone = {place: by_md5(erased.keys([data]).rows()) for place, data in lists.items()}
    known = {(file, md5) for md5, names in gone.get(dataset, {}).items() for file in names}
    # Only what some version has: a line that was put into the list could name the bytes of anybody.
    seen = list(follow.had(dataset, [*files, *(file for file, _ in known)]))
    had = tuple(one for one in seen if one.file in files)
    mine = by_md5((one.file, one.md5) for one in seen if one.file in files or one[:2] in known)
    gone[dataset] = mine
    found = {md5: names[0] for md5, names in mine.items() if paths.valid_md5(md5)}
    found = {**follow.made(dataset, mine), **found}
    return Trace(had, found, follow.others(found, gone, dataset), tuple(sorted(follow.unread)))


def refuse_unknown(files: Iterable[str], traced: Trace, known: pl.DataFrame) -> None:
    """Raise an error that names the files which no version ever had."""
    had = {one.file for one in traced.had} | set(known["file"])
    unknown = [paths.shown(name) for name in files if name not in had]
    if unknown:
        raise SelectionError(
            f"{counted(len(unknown), 'file')} that no version ever had",
            hint="nothing was erased",
            details=[*unknown, *(f"could not be read: {what}" for what in traced.unread)],
        )


class _Follow:
    """A search through all texts of a history."""

    def __init__(self, history: History, ls: List) -> None:
        self._history, self._ls = history, ls
        self._folders: dict[str, Sequence[tuple[str, str]] | None] = {}
        self._indexes = {blob for path, blob in history.places if path.endswith(layout.INDEX)}
        self.unread: set[str] = set()

    def had(self, dataset: str, files: Sequence[str]) -> Iterator[Had]:
        """Every md5 that files of a dataset had."""
        versions: dict[tuple[str, str], set[str]] = {}
        for part in self._parts(files):
            if part.dataset == dataset:
                rows = part.rows.filter((pl.col("source_md5") == "") & pl.col("file").is_in(list(files)))
                for file, md5, _ in rows.iter_rows():
                    versions.setdefault((file, md5), set()).update(part.names)
        for (file, md5), names in sorted(versions.items()):
            yield Had(file, md5, tuple(sorted(names)))

    def made(self, dataset: str, gone: Keys) -> dict[str, str]:
        """What was made of erased bytes in a flavor: its md5, and the file that it was made from."""
        sources = list(gone)
        return {
            md5: origin
            for part in self._parts(sources)
            if part.dataset == dataset
            for file, md5, source_md5 in part.rows.filter(pl.col("source_md5").is_in(sources)).iter_rows()
            if (origin := source(file.removeprefix(f"{part.unit}/"), gone[source_md5]))
        }

    def others(
        self, md5s: Iterable[str], gone: Mapping[str, Keys], dataset: str
    ) -> dict[str, tuple[str, ...]]:
        """Files that are not erased and have some of these bytes too."""
        found: dict[str, set[str]] = {}
        wanted = list(md5s)
        for part in self._parts(wanted):
            keys = gone.get(part.dataset, {})
            place = "" if part.dataset == dataset else part.dataset
            for file, md5, source_md5 in part.rows.filter(pl.col("md5").is_in(wanted)).iter_rows():
                own = file.removeprefix(f"{part.unit}/")
                sources = keys.get(source_md5 or md5, ())
                if not (source(own, sources) if source_md5 else file in sources):
                    found.setdefault(md5, set()).add(f"{place}{file}")
        return {md5: tuple(sorted(files)) for md5, files in found.items()}

    def _parts(self, tokens: Sequence[str]) -> Iterator[_Part]:
        """The rows of all texts that may hold one of these words."""
        words = [token.replace('"', '""').encode() for token in tokens]
        for path, blob, data in self._history.texts(_tells):
            names = self._history.places[path, blob]
            dataset = self._history.dataset_of(path)
            if path.endswith(layout.INDEX):
                if len(words) > _FEW or any(word in data for word in words):
                    unit = path[len(dataset) :].removesuffix(layout.INDEX)
                    yield _Part(dataset, unit, _rows(data, path), names)
            else:
                for output in self._outputs(path, data):
                    is_needed = layout.is_pointer(path) or any(
                        paths.is_within(dataset + token, (output.path,)) for token in tokens
                    )
                    yield _Part(dataset, "", self._listed(output, dataset, is_needed=is_needed), names)

    def _outputs(self, path: str, data: bytes) -> Iterator[Output]:
        """What DVC tracks without an index: by pointers, and by stages that make media."""
        if layout.is_pointer(path):
            outputs = pointer.outputs(data, path)
            yield from (out for out in outputs if not out.is_import and out.index not in self._indexes)
            return
        folder = path.removesuffix(layout.LOCK)
        for name, outs in pointer.stage_outputs(data).items():
            for out in outs if not name.startswith("flavor@") else ():
                yield replace(out, path=f"{folder}{out.path}", source=path)

    def _listed(self, output: Output, dataset: str, *, is_needed: bool) -> pl.DataFrame:
        """The files of an output, by their names from the root of the dataset."""
        path = output.path.removeprefix(dataset)
        if output.listed:
            return _frame([(f"{path}/{one.path}", one.md5) for one in output.listed])
        if not output.is_folder:
            return _frame([(path, output.md5)])
        files = self._folders.get(output.md5)
        if files is None:
            files = self._folders[output.md5] = self._ls(output, is_needed)
        if files is None and is_needed:
            self.unread.add(f"the list of files {output.md5} of {output.path}, which {output.source} names")
        return _frame([(f"{path}/{file}", md5) for file, md5 in files or ()])


def _tells(path: str) -> bool:
    return path.endswith(layout.INDEX) or layout.is_pointer(path) or f"/{path}".endswith(f"/{layout.LOCK}")


def _rows(data: bytes, path: str) -> pl.DataFrame:
    """File, md5 and where it was made from other bytes their md5, of an index."""
    read = table.parse(data, path)
    if not {"file", "md5"} <= set(read.columns):
        return _ROWS.to_frame()
    made = (
        read.column("source_md5")
        if "source_md5" in read.columns
        else pl.repeat("", read.frame.height, eager=True)
    )
    return pl.DataFrame({"file": read.column("file"), "md5": read.column("md5"), "source_md5": made}, _ROWS)


def _frame(files: Iterable[tuple[str, str]]) -> pl.DataFrame:
    return pl.DataFrame([(*one, "") for one in files], schema=_ROWS, orient="row")


def by_md5(keys: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Files by the md5 of bytes that they had."""
    found: dict[str, list[str]] = {}
    for file, md5 in keys:
        found.setdefault(md5, []).append(file)
    return found


def source(made: str, sources: Iterable[str]) -> str:
    """The erased file that a file of a flavor was made from; empty if it was made from another one."""
    return next((file for file in sources if _may_be(made, file)), "")


def _may_be(made: str, file: str) -> bool:
    """Whether a flavor may call a file so: with another extension, or its own."""
    stems = {file, splitext(file)[0]}
    return made in stems or splitext(made)[0] in stems
