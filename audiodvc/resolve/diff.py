"""`diff`: what differs in meaning between two versions or revisions of any dataset, without its media."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from audiodvc.changes import between
from audiodvc.changes.between import Between
from audiodvc.changes.difference import Difference
from audiodvc.changes.summary import Summary
from audiodvc.errors import NotADatasetError
from audiodvc.model import layout
from audiodvc.resolve import config, plan, revision
from audiodvc.resolve import source as sources
from audiodvc.resolve.revision import Revision

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

Root = str | os.PathLike[str]


class Frames(NamedTuple):
    """What differs as DataFrames with a row for each change: of the header, of tables by id, of media."""

    header: pd.DataFrame
    tables: Mapping[str, pd.DataFrame]
    media: pd.DataFrame


@dataclass(frozen=True, slots=True, eq=False)
class Diff:
    """What differs between two revisions of a dataset; true if anything does in meaning.

    `a` and `b` have `version` (None for what is no version) and `commit`.
    """

    name: str
    a: Revision
    b: Revision
    # All that was read is too much for anybody who prints it.
    _between: Between = field(repr=False)

    def __bool__(self) -> bool:
        return bool(self._between.difference)

    @property
    def difference(self) -> Difference:
        """Every change as values: `header`, `tables`, `media`, `files`, `form_only`."""
        return self._between.difference

    @property
    def summary(self) -> Summary:
        """The changes in numbers: by class, what they touch and shift, and risks."""
        return self._between.summary()

    def to_frames(self) -> Frames:
        """The changes as DataFrames: `op`, `key.file`, `to.start`, `old.emotion`, `new.emotion`, ….

        A cell that one side does not have is None, one that is missing there is empty.
        """
        header, tables, media = self._between.difference.to_frames()
        return Frames(
            _pandas(header), {name: _pandas(frame) for name, frame in tables.items()}, _pandas(media)
        )


def diff(name: str, a: str, b: str | None = None, *, cache_root: Root | None = None) -> Diff:
    """What changed in meaning from one version or revision of a dataset to another one.

    Without `b` that is the latest version. No media are brought.
    """
    settings = config.current(cache_root)
    source = sources.find(name, settings)
    old = revision.find(source, settings, rev=a)
    new = revision.find(source, settings, rev=b)
    mirror = sources.mirror(source, settings)
    mirror.bring({one.commit: one.ref for one in (old, new)})
    before, after = (mirror.entries(one.commit, source.address.folder) for one in (old, new))
    for one, entries in ((old, before), (new, after)):
        if layout.HEADER not in entries:
            raise NotADatasetError(f"{source.name} ({source.address.shown}) has no db.yaml at {one.place}")
    read = partial(mirror.read, limit={**plan.limits(before), **plan.limits(after)})
    found = between.between(before, after, read, datetime.now(UTC).date())
    return Diff(source.name, old, new, found)


def _pandas(frame: pl.DataFrame) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame({name: pd.Series(frame[name].to_list(), dtype=object) for name in frame.columns})
