"""One table of a dataset in a flavor: its rows, and its media, which come when they are wanted."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import polars as pl

from audiodvc.adapters import terminal
from audiodvc.adapters.ahead import interruptible
from audiodvc.adapters.forked import Proxy, is_fork
from audiodvc.adapters.opened import Hold
from audiodvc.errors import AudiodvcError
from audiodvc.model.flavor import Flavor
from audiodvc.model.selection import Selection, choose
from audiodvc.resolve import convert, load, opening, selected
from audiodvc.resolve.config import Config
from audiodvc.resolve.get import Ready, Request
from audiodvc.resolve.materialize import Flavored, Version
from audiodvc.resolve.supply import Supply, supplied

if TYPE_CHECKING:
    import pandas as pd
    from audformat import Database, Table

Result = TypeVar("Result")
Map = Mapping[str, str | Sequence[str]]
"""A column, and what of its labels is to stand in its place."""

_FILE = "file"
_CACHED = ("rows", "_media", "_renamed")


class Wanted(NamedTuple):
    """Which table in which flavor; without `media` only their names are."""

    table: str
    flavor: Flavor
    media: bool = True
    full_path: bool = True


def request(  # noqa: PLR0913 - what every call of audb has
    name: str,
    version: str | None,
    rev: str | None,
    num_workers: int | None,
    timeout: float,
    *,
    verbose: bool,
) -> Request:
    """A request whose work can be given up, if it is done ahead."""
    progress = partial(interruptible, terminal.bar if verbose else terminal.silence)
    return Request(name, version, rev, num_workers or os.cpu_count() or 1, timeout, progress)


def begin(asked: Request, config: Config, wanted: Wanted, start: Callable[[TableMedia], Result]) -> Result:
    """What `start` makes of the table; done anew if it notices that the tag was moved."""
    if is_fork():
        what = f"table {wanted.table!r} of {asked.source}: a process that was forked cannot read it"
        raise AudiodvcError(what, hint="make streams and views in the main process, and hand them to workers")
    if not wanted.media:
        version, held = opening.version(asked, config)
        return start(TableMedia(version, wanted, None, held))
    return supplied(asked, config, wanted.flavor, lambda one: start(TableMedia(one.version, wanted, one)))


class TableMedia:
    """A table whose rows are read once, and its media, which come when they are wanted.

    Without a supply there are no media, only their names. Another process reads the rows itself. One that is
    forked can do without polars, as long as rows and names were read before.
    """

    def __init__(
        self, version: Version, wanted: Wanted, supply: Supply | None, held: Hold | None = None
    ) -> None:
        self.version, self.table, self.flavor = version, wanted.table, wanted.flavor
        self._held = held
        said = version.identity
        choose(version.tables, [self.table], "tables", said.name, said.place)
        self.is_misc = self.table in version.misc
        self.supply = None if self.is_misc else supply
        self.full_path = wanted.full_path
        self.root = str(version.folder / wanted.flavor.short_id)
        self._proxy: tuple[int, Proxy] | None = None

    def __getstate__(self) -> dict[str, object]:
        kept = {name: value for name, value in vars(self).items() if name not in _CACHED}
        return {**kept, "_proxy": None}

    def apart(self) -> TableMedia:
        """The same table with connections of its own."""
        twin = copy(self)
        twin.supply = copy(self.supply)
        vars(twin).update({name: vars(self)[name] for name in _CACHED if name in vars(self)})
        return twin

    def database(self) -> Database:
        """The dataset with this table and those that hold labels; the rows of none of them are read yet."""
        return self._opened(self.flavor, full_path=self.full_path)

    @cached_property
    def rows(self) -> pd.DataFrame:
        """All rows but those of erased media, which are named as the dataset does."""
        return _compact(self._plain().df)

    def mapped(self, map_: Map | None) -> pd.DataFrame:
        """All rows, with columns replaced by what the labels of their scheme say."""
        frame: pd.DataFrame = self.rows if map_ is None else self._plain().get(map=dict(map_))
        return frame

    def names(self, places: Sequence[int]) -> list[str]:
        """What the media of some rows are called in the flavor, in the order of the rows."""
        if self.is_misc:
            return []
        if self._renamed is not None:
            return [self._renamed[place].as_py() for place in places]
        return list(self.rows.index[list(places)].get_level_values(_FILE))

    def begin(self, places: Sequence[int] = ()) -> None:
        """Read all that is needed; if the repository will be asked for media of some rows, ask it now."""
        self.names(places)
        if self.supply is not None and not self.supply.complete:
            self.supply.look(self._known(places))

    def bring(self, places: Sequence[int]) -> list[str]:
        """Bring the media of some rows, if there are to be any; what they are called in the flavor."""
        names = self.names(places)
        if self.supply is None or not self.supply.lacks(names):
            return names
        if is_fork():
            brought: list[str] = self._fresh()(places)
            return brought
        known = self._known(places)
        self.supply.bring(known)
        if self.flavor != Flavor() and known["format"].null_count():
            vars(self).pop("_media")  # only now it is known what these are
            vars(self).pop("_renamed")
        return self.names(places)

    def leave(self) -> None:
        """Close the connections to where media came from."""
        if self.supply is not None:
            self.supply.close()
        if self._proxy is not None:
            self._proxy[1].close()
        self._proxy = None

    def cut(self, places: Sequence[int], names: Sequence[str]) -> pd.DataFrame:
        """Some rows, with media by these names."""
        import pandas as pd

        part = self.rows.iloc[list(places)]
        if self.is_misc:
            return part
        whole = [f"{self.root}/{name}" for name in names] if self.full_path else list(names)
        levels = [part.index.get_level_values(str(level)) for level in part.index.names]
        levels[0] = pd.Index(whole, dtype=levels[0].dtype, name=_FILE)
        if len(levels) == 1:
            return part.set_axis(levels[0])
        # Made anew: a part of an index carries the files of all rows with it.
        return part.set_axis(pd.MultiIndex.from_arrays(levels, names=part.index.names))

    @cached_property
    def _renamed(self) -> Any:  # noqa: ANN401 - an array of pyarrow, which has no types
        """The name of each row's file in the flavor; None if each is called as in the dataset."""
        if self.flavor.format is None:
            return None
        files = self._files.to_frame()
        names = files.join(self._media, on=_FILE, how="left", maintain_order="left")["name"]
        return names.fill_null(files[_FILE]).to_arrow()

    @cached_property
    def _media(self) -> pl.DataFrame:
        """The lines of the media that the table names, sorted by file, and their names in the flavor."""
        if self.supply is None:
            return selected.renamed(self.version, self.flavor).rename({"destination": "name"})
        media = self.version.media.join(self._files.to_frame(), on=_FILE, how="semi", maintain_order="left")
        return media.with_columns(name=convert.plan(media, self.flavor)["destination"])

    @property
    def _files(self) -> pl.Series:
        return pl.Series(_FILE, self.rows.index.get_level_values(_FILE), dtype=pl.String)

    def _known(self, places: Sequence[int]) -> pl.DataFrame:
        """The lines of the media of some rows, each once; there is none for a file that is no media."""
        known = self._media
        files = self.rows.index[list(places)].get_level_values(_FILE)
        wanted = pl.Series(_FILE, list(files), dtype=pl.String).unique()
        if known.is_empty():
            return known
        found = known[known[_FILE].search_sorted(wanted).clip(0, known.height - 1)]
        return found.filter(found[_FILE] == wanted)

    def _fresh(self) -> Proxy:
        if self._proxy is None or self._proxy[0] != os.getpid():
            self._proxy = os.getpid(), Proxy(self.bring)
        return self._proxy[1]

    def _plain(self) -> Table:
        return self._opened(Flavor(), full_path=False)[self.table]

    def _opened(self, flavor: Flavor, *, full_path: bool) -> Database:
        complete = self.supply is not None and self.supply.complete
        folder = self.version.folder / flavor.short_id
        flavored = Flavored(folder, self.version.identity, flavor, complete)
        ready = Ready(self.version, flavored, None, ())
        return load.opened(ready, Selection(tables=[self.table]), removed_media=False, full_path=full_path)


def _compact(frame: pd.DataFrame) -> pd.DataFrame:
    """The same rows with each text column in one piece.

    From an array of arrow in the pieces in which it was read, a few rows are taken in the time that it takes
    to copy all of it: 20 ms for two million.
    """
    import pandas as pd

    texts = {name: frame[name] for name in frame.columns if _is_arrow(frame[name].dtype)}
    frame = frame.assign(**{str(name): _whole(column.array) for name, column in texts.items()})
    if isinstance(frame.index, pd.MultiIndex) or not _is_arrow(frame.index.dtype):
        return frame
    return frame.set_axis(pd.Index(_whole(frame.index.array), name=frame.index.name))


def _is_arrow(dtype: object) -> bool:
    import pandas as pd

    return isinstance(dtype, pd.StringDtype) and dtype.storage == "pyarrow"


def _whole(texts: Any) -> Any:  # noqa: ANN401 - an array of arrow, which has no types
    import pandas as pd

    return pd.array(texts.__arrow_array__().combine_chunks(), dtype=texts.dtype)
