"""`blame`: who gave the labels of any dataset their values, without its media."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from audiodvc.adapters import chronicle
from audiodvc.adapters.bare import Reader
from audiodvc.adapters.mirror import Mirror
from audiodvc.errors import NotADatasetError
from audiodvc.model import header as headers
from audiodvc.model import layout
from audiodvc.resolve import config, plan, revision, trails
from audiodvc.resolve import source as sources
from audiodvc.resolve.revision import Revision
from audiodvc.resolve.trails import Trail, Wanted

if TYPE_CHECKING:
    import pandas as pd

Root = str | os.PathLike[str]


@dataclass(frozen=True, slots=True)
class Blame:
    """Who set labels of a dataset, and when.

    `revision` has `version` (None for what is no version) and `commit`; `trails` are the cells.
    """

    name: str
    revision: Revision
    trails: tuple[Trail, ...]

    def to_frame(self) -> pd.DataFrame:
        """A row for each change, the latest of a cell first: `table`, `key.file`, …, `column`, `op`, ….

        `old` and `value` are None where there was no such row, and empty where the cell was missing.
        """
        import pandas as pd

        levels = dict.fromkeys(level for one in self.trails for level in one.key)
        rows = [
            {
                "table": one.table,
                **{f"key.{level}": one.key.get(level) for level in levels},
                "column": one.column,
                **{name: getattr(change, name) for name in _FIELDS},
            }
            for one in self.trails
            for change in one.changes
        ]
        names = ["table", *(f"key.{level}" for level in levels), "column", *_FIELDS]
        return pd.DataFrame({name: pd.Series([row[name] for row in rows], dtype=object) for name in names})


def blame(  # noqa: PLR0913 - which cells, and of which state of which dataset
    name: str,
    table: str,
    key: str | Sequence[str],
    *,
    column: str | None = None,
    through: bool = False,
    version: str | None = None,
    rev: str | None = None,
    cache_root: Root | None = None,
) -> Blame:
    """Every change of a cell: its commit, author, date, first version, and value.

    `key` are the values of the key in their order, or the first of them: a file alone gives every label of
    it. With `through` the labels in these cells are followed into the header or their misc table.
    """
    settings = config.current(cache_root)
    source = sources.find(name, settings)
    at = revision.find(source, settings, version=version, rev=rev)
    mirror = sources.mirror(source, settings)
    mirror.bring({at.commit: at.ref})
    folder = source.address.folder
    mode, blob = mirror.entries(at.commit, folder).get(layout.HEADER, ("", ""))
    if not mode.startswith("100"):
        raise NotADatasetError(f"{source.name} ({source.address.shown}) has no db.yaml at {at.place}")
    header = headers.parse(mirror.read([blob], limit=plan.MAX_YAML)[blob])
    wanted = Wanted(table, (key,) if isinstance(key, str) else tuple(key), column, through)
    past = _past(mirror, at, folder, trails.paths(header, wanted))
    return Blame(source.name, at, tuple(trails.find(past, header, wanted)))


_FIELDS = ("op", "old", "value", "commit", "author", "email", "date", "version")


def _past(mirror: Mirror, at: Revision, folder: str, paths: Sequence[str]) -> trails.Source:
    """The history of some files, read while all commits are here; their contents come later."""
    refs = mirror.remembered() or mirror.refs()
    prefix = f"{folder}/" if folder else ""
    commits = {name: refs[tag] for name, tag in revision.tags(folder, refs).items()}
    with mirror.past(at.commit, at.ref) as objects:
        entries = {path: chronicle.of_file(objects, at.commit, prefix + path) for path in paths}
        versions = trails.first_versions(objects, _there(objects, commits))
        came = {} if mirror.is_local else dict(objects.contents(_blobs(entries), None))

    def contents(blobs: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        # From a server that cannot leave them out, all files came with the commits.
        yield from ((blob, came[blob]) for blob in blobs if blob in came)
        yield from mirror.contents([blob for blob in blobs if blob not in came])

    return trails.Source(lambda path: entries.get(path, []), contents, versions)


def _blobs(entries: Mapping[str, Sequence[chronicle.Entry]]) -> list[str]:
    return list({entry.blob: None for found in entries.values() for entry in found if entry.blob})


def _there(objects: Reader, versions: Mapping[str, str]) -> dict[str, str]:
    """The versions whose commit was brought: a tag may have been moved since it was asked for."""
    kinds = objects.kinds(versions.values())
    return {name: commit for name, commit in versions.items() if kinds.get(commit) == "commit"}
