"""How long the media of a database are, looked up when somebody asks."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from audiodvc.model.pathcolumn import absent
from audiodvc.resolve.anywhere import anywhere
from audiodvc.resolve.rows import Rows

if TYPE_CHECKING:
    import pandas as pd


class Durations(MutableMapping[str, "pd.Timedelta"]):
    """Durations by absolute path, for audformat; read from the list of media when the first is asked for."""

    def __init__(self, listed: Path, rows: Rows) -> None:
        self._source = _Source(listed, rows)
        self._told: dict[str, pd.Timedelta] = {}

    def __getitem__(self, file: str) -> pd.Timedelta:
        told = self._told.get(file)
        # Made one by one: two million of them at once would take five seconds.
        return self._listed.lengths[self._listed.places[file]] if told is None else told

    def __setitem__(self, file: str, duration: pd.Timedelta) -> None:
        self._told[file] = duration

    def __delitem__(self, file: str) -> None:
        if self._told.pop(file, None) is None or file in self._listed.places:
            del self._listed.places[file]

    def __contains__(self, file: object) -> bool:
        return file in self._told or file in self._listed.places

    def __iter__(self) -> Iterator[str]:
        return chain(self._listed.places, (file for file in self._told if file not in self._listed.places))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __getstate__(self) -> dict[str, object]:
        # The list is read again where a pickle is: it is a hundred times larger than its path.
        return {name: value for name, value in vars(self).items() if name != "_listed"}

    @cached_property
    def _listed(self) -> _Listed:
        return self._source.read()


class _Listed(NamedTuple):
    """Where each file's duration stands among all of them."""

    places: dict[str, int]
    lengths: pd.TimedeltaIndex


class _Source(NamedTuple):
    """Where durations are listed, and what files are called."""

    listed: Path
    rows: Rows

    @anywhere
    def read(self) -> _Listed:
        """The durations of all media that have one."""
        import pandas as pd

        listed = pl.scan_parquet(self.listed, glob=False).filter(pl.col("duration") > 0, ~pl.col("attached"))
        known = listed.select("file", "duration").collect()
        if self.rows.media is not None:
            known = known.filter(~absent(known["file"], self.rows.media))
        places = {file: place for place, file in enumerate(self.rows.names(known["file"]).to_list())}
        return _Listed(places, pd.to_timedelta(known["duration"].to_numpy(), unit="s"))
