"""A table in batches, with the media of the next ones on their way while one is at work on this one."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, MutableMapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Self

from audiodvc.adapters.ahead import Ahead
from audiodvc.model import order as orders
from audiodvc.model.flavor import Flavor, Number
from audiodvc.model.order import Order
from audiodvc.resolve import config, database, tablemedia
from audiodvc.resolve.get import PATIENCE
from audiodvc.resolve.load import Root
from audiodvc.resolve.tablemedia import Map, TableMedia, Wanted

if TYPE_CHECKING:
    import pandas as pd
    from audformat import Database
else:
    # audformat takes a third of a second to import; `_kind` joins the two when there is a table to stream.
    Database = object

_BATCHES_AHEAD = 4


class DatabaseIterator(Database):  # type: ignore[misc]  # audformat has no types
    """A dataset with one of its tables, whose rows it hands out in batches; made by `stream`.

    The media of a batch are there when it is handed out, and those of the next ones are on their way. The
    table holds the batch at hand. What goes wrong is raised at the batch that it concerns; the next one
    follows. A copy begins at the beginning.
    """

    _batches: _Batches
    _map: Map | None

    def __init__(self) -> None:
        raise TypeError("a DatabaseIterator is made by `audiodvc.stream`")

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> pd.DataFrame:
        source = self._batches.source
        frame = source.cut(*next(self._batches))
        table = self[source.table]
        vars(table)["_df"] = frame
        return frame if self._map is None else table.get(map=dict(self._map))

    def __reduce_ex__(self, protocol: object) -> tuple[object, ...]:
        del protocol
        return _opened, (self._batches.source, self._batches.order, self._map)

    def shard(self, index: int, count: int) -> DatabaseIterator:
        """One of `count` parts: the first batch is in part 0, the second in part 1, and so on, in turns.

        The workers of a PyTorch DataLoader share the batches like this by themselves.
        """
        return _opened(self._batches.source, self._batches.order.part(index, count), self._map)

    def close(self) -> None:
        """Fetch nothing more; the next batch that is asked for begins it again."""
        self._batches.close()


def stream(  # noqa: PLR0913 - audb's parameters
    name: str,
    table: str,
    *,
    version: str | None = None,
    map: Map | None = None,  # noqa: A002 - audb's word
    batch_size: int = 16,
    shuffle: bool = False,
    buffer_size: int = 100_000,
    only_metadata: bool = False,
    bit_depth: Number | None = None,
    channels: Number | Iterable[Number] | None = None,
    format: str | None = None,
    mixdown: bool = False,
    sampling_rate: Number | None = None,
    full_path: bool = True,
    cache_root: Root | None = None,
    num_workers: int | None = 1,
    timeout: float = PATIENCE,
    verbose: bool = True,
    rev: str | None = None,
    seed: int | None = None,
) -> DatabaseIterator:
    """The rows of a table in batches, each with its media, which are fetched ahead.

    `shuffle` mixes `buffer_size` rows at a time; the same `seed` gives the same order everywhere. The rows
    are read at once, and stay in memory; media come as they are needed. `map` replaces columns by what the
    labels of their scheme say: `{"speaker": ["age", "gender"]}`. In the workers of a PyTorch DataLoader
    each hands out its part of the batches. All other parameters are those of `load`.
    """
    order = orders.order(batch_size, buffer_size, shuffle=shuffle, seed=seed)
    flavor = Flavor(
        bit_depth=bit_depth, channels=channels, format=format, mixdown=mixdown, sampling_rate=sampling_rate
    )
    request = tablemedia.request(name, version, rev, num_workers, timeout, verbose=verbose)
    wanted = Wanted(table, flavor, media=not only_metadata, full_path=full_path)

    def start(source: TableMedia) -> DatabaseIterator:
        source.begin(next(order.batches(len(source.rows)), ()))
        return _opened(source, order, map)

    return tablemedia.begin(request, config.current(cache_root), wanted, start)


def _opened(source: TableMedia, order: Order, map_: Map | None) -> DatabaseIterator:
    import audformat

    made = _reduced(source.database(), source.table)
    table = made[source.table]
    table.__class__ = audformat.MiscTable if source.is_misc else audformat.Table  # it was unread
    vars(table)["_df"] = source.cut((), ())
    made.__class__ = _kind()
    vars(made).update(_batches=_Batches(source, order), _map=map_)
    iterator: DatabaseIterator = made
    return iterator


@cache
def _kind() -> type:
    import audformat

    return type("DatabaseIterator", (DatabaseIterator, audformat.Database), {"__module__": __name__})


def _reduced(whole: Database, table: str) -> Database:
    """The dataset with a table, the misc tables with its labels, and the schemes and splits of those."""
    kept = [table, *database.label_tables(whole, table)]
    columns = [column for name in kept for column in whole[name].columns.values()]
    whole.drop_tables([name for name in whole.tables if name not in kept])
    _keep(whole.schemes, {column.scheme_id for column in columns})
    whole.drop_tables([name for name in whole.misc_tables if name not in kept])
    _keep(whole.splits, {whole[name].split_id for name in kept})
    return whole


def _keep(entries: MutableMapping[str, Any], names: set[str | None]) -> None:
    for name in [name for name in entries if name not in names]:
        del entries[name]


class _Batches:
    """The batches of a table, how many were handed out, and the media of the next ones under way."""

    def __init__(self, source: TableMedia, order: Order) -> None:
        self.source, self.order = source, order
        self._done = 0
        self._process = 0
        self._ahead: Ahead[Sequence[int], list[str]] | None = None

    def __next__(self) -> tuple[Sequence[int], list[str]]:
        if self._process != os.getpid():  # a fork has none of our threads
            self._ahead, self._process = None, os.getpid()
        if self._ahead is None:
            self._ahead = self._begun()
        try:
            handed = next(self._ahead)
        except (KeyboardInterrupt, SystemExit):
            self.close()
            raise
        except Exception:
            self._done += 1
            raise
        self._done += 1
        return handed

    def close(self) -> None:
        if self._ahead is not None and self._process == os.getpid():
            self._ahead.close()
        self._ahead = None

    def _begun(self) -> Ahead[Sequence[int], list[str]]:
        source = self.source.apart()
        if not self._done:
            self.order = _for_worker(self.order)
        batches = islice(self.order.batches(len(source.rows)), self._done, None)
        return Ahead(source.bring, batches, _BATCHES_AHEAD, source.leave)


def _for_worker(order: Order) -> Order:
    """The part of this process, if it is a worker of a PyTorch DataLoader; we do not need PyTorch for it."""
    torch = sys.modules.get("torch.utils.data")
    worker = torch.get_worker_info() if torch is not None else None
    if worker is None:
        return order
    if order.drawn:
        # All workers have to shuffle alike: what is common to their seeds is new in each epoch.
        order = replace(order, seed=worker.seed - worker.id, drawn=False)
    return order.part(worker.id, worker.num_workers)
