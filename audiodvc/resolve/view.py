"""A table as a sequence of sounds with their labels, such as a PyTorch DataLoader takes."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, SupportsIndex, overload

from audiodvc.adapters import audio
from audiodvc.errors import ConversionError, SelectionError
from audiodvc.model.flavor import Flavor, Number
from audiodvc.resolve import config, tablemedia
from audiodvc.resolve.get import PATIENCE
from audiodvc.resolve.load import Root
from audiodvc.resolve.tablemedia import Map, TableMedia, Wanted

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


_KEY = ("file", "start", "end")


class Example(NamedTuple):
    """A row of a table: its sound, float32 with channels first, and its labels by column."""

    signal: NDArray[np.float32]
    sampling_rate: int
    row: dict[str, Any]


class View(Sequence[Example]):
    """The rows of a table, each with its sound, which is read when it is asked for; made by `view`.

    A slice or a list of numbers gives a view of these rows. It can be sent to other processes, forked or
    not, which read the table themselves.
    """

    def __init__(self, source: TableMedia, map_: Map | None, places: Sequence[int]) -> None:
        self._source, self._map, self._places = source, map_, places

    def __getstate__(self) -> tuple[TableMedia, Map | None, Sequence[int]]:
        return self._source, self._map, self._places

    def __setstate__(self, state: tuple[TableMedia, Map | None, Sequence[int]]) -> None:
        self._source, self._map, self._places = state

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[Example]:
        return (self._example(place) for place in self._places)

    @overload
    def __getitem__(self, index: SupportsIndex) -> Example: ...
    @overload
    def __getitem__(self, index: slice | Iterable[SupportsIndex]) -> View: ...
    def __getitem__(self, index: SupportsIndex | slice | Iterable[SupportsIndex]) -> Example | View:
        if isinstance(index, slice):
            return self._part(self._places[index])
        if isinstance(index, Iterable):
            return self._part([self._place(one) for one in index])
        return self._example(self._place(index))

    def __getitems__(self, indexes: Iterable[SupportsIndex]) -> list[Example]:
        """Several rows, whose media are brought together; PyTorch asks for batches like this."""
        places = [self._place(one) for one in indexes]
        self._source.bring(places)
        return [self._example(place) for place in places]

    def shard(self, index: int, count: int) -> View:
        """One of `count` parts: the first row is in part 0, the second in part 1, and so on, in turns."""
        if count < 1 or not 0 <= index < count:
            raise ValueError(f"there is no part {index} of {count}: parts are counted from 0")
        return self[index::count]

    def _part(self, places: Sequence[int]) -> View:
        part = View(self._source, self._map, places)
        vars(part)["_columns"] = self._columns
        return part

    def _place(self, index: SupportsIndex) -> int:
        try:
            return self._places[operator.index(index)]
        except IndexError:
            raise IndexError(f"there is no row {index} among {len(self)}") from None

    @cached_property
    def _columns(self) -> dict[str, Any]:
        """The values of each column; to take a row out of a frame would cost more than to read its sound."""
        frame = self._source.mapped(self._map)
        return {str(name): frame[name].array for name in frame.columns}

    def _example(self, place: int) -> Example:
        source = self._source
        key = source.rows.index[place]
        file, *times = map(_time, key) if isinstance(key, tuple) else (key,)
        (name,) = source.names([place])
        try:
            try:
                signal, rate = _read(f"{source.root}/{name}", times)
            except FileNotFoundError:
                (name,) = source.bring([place])
                signal, rate = _read(f"{source.root}/{name}", times)
        except audio.BrokenAudioError as error:
            raise ConversionError(f"{file} is no sound that can be read: {error}") from None
        shown = f"{source.root}/{name}" if source.full_path else name
        labels = {column: values[place] for column, values in self._columns.items()}
        return Example(signal, rate, {**dict(zip(_KEY, (shown, *times), strict=False)), **labels})


def view(  # noqa: PLR0913 - the parameters of `stream`
    name: str,
    table: str,
    *,
    version: str | None = None,
    rev: str | None = None,
    map: Map | None = None,  # noqa: A002 - audb's word
    bit_depth: Number | None = None,
    channels: Number | Iterable[Number] | None = None,
    format: str | None = None,
    mixdown: bool = False,
    sampling_rate: Number | None = None,
    full_path: bool = True,
    prefetch: bool = True,
    cache_root: Root | None = None,
    num_workers: int | None = 1,
    timeout: float = PATIENCE,
    verbose: bool = True,
) -> View:
    """The rows of a table as a sequence: `view[i]` is signal, sampling rate and labels of a row.

    All media of the table are brought first, which is fastest; without `prefetch` each comes when it is
    first asked for. Of a segment only its part of the file is read. The other parameters are those of
    `stream`.
    """
    flavor = Flavor(
        bit_depth=bit_depth, channels=channels, format=format, mixdown=mixdown, sampling_rate=sampling_rate
    )
    request = tablemedia.request(name, version, rev, num_workers, timeout, verbose=verbose)

    def start(source: TableMedia) -> View:
        if source.is_misc:
            raise SelectionError(f"table {table!r} of {name} names no media", hint="`load_table` reads it")
        places = range(len(source.rows))
        source.begin(places if prefetch else ())
        made = View(source, map, places)[:]
        if prefetch:
            source.bring(places)
            source.leave()
        return made

    wanted = Wanted(table, flavor, full_path=full_path)
    return tablemedia.begin(request, config.current(cache_root), wanted, start)


def _read(path: str, times: Sequence[Any]) -> tuple[NDArray[np.float32], int]:
    """A whole file, or a part of it between two times of pandas; a missing one is no border."""
    start, stop = (_nanoseconds(time) for time in times or (None, None))
    return audio.read(path, start or 0, stop)


def _time(value: Any) -> Any:  # noqa: ANN401 - a file or a time of a key of pandas
    """The value, which in a key is a number where a time is missing."""
    import pandas as pd

    return pd.NaT if value != value else value  # noqa: PLR0124 - so only what is missing


def _nanoseconds(time: Any) -> int | None:  # noqa: ANN401 - a time of pandas
    # A missing time is the one that is unequal to itself.
    return None if time is None or time != time else int(time.as_unit("ns").value)  # noqa: PLR0124
