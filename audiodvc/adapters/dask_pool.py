"""Workers of a Dask cluster that is there already: `dask.distributed` lives here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Any, Self, TypeVar

from audiodvc.adapters.pool import Died
from audiodvc.errors import AudiodvcError

Item = TypeVar("Item")
Result = TypeVar("Result")

_PATIENCE = "10s"


class DaskPool:
    """A cluster by the address of its scheduler, which is used as worker processes are."""

    def __init__(self, address: str, patience: str = _PATIENCE) -> None:
        try:
            from distributed import Client
        except ImportError:
            raise AudiodvcError(
                "a Dask cluster needs what speaks with it", hint="pip install 'audiodvc[dask]'"
            ) from None
        try:
            self._client: Any = Client(address, timeout=patience, set_as_default=False)
        except (OSError, ValueError) as error:
            raise AudiodvcError(
                f"there is no Dask cluster at {address}: {error}", hint="is its scheduler running there?"
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self._client.close()

    def map(
        self, work: Callable[[Item], Result], items: Iterable[Item]
    ) -> Iterator[tuple[Item, Result | Died]]:
        """Each item with its result, in the order in which they are done."""
        from distributed import KilledWorker, as_completed

        listed = list(items)
        futures = self._client.map(work, listed, pure=False)
        places = {future.key: item for future, item in zip(futures, listed, strict=True)}
        for future in as_completed(futures, loop=self._client.loop):
            error = future.exception()
            if isinstance(error, KilledWorker):
                yield places[future.key], Died()
            elif error is not None:
                raise error
            else:
                yield places[future.key], future.result()
