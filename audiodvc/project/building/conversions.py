"""Conversions for a flavor, on this machine or on a cluster that shares no disk with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping, Sequence
from contextlib import closing, contextmanager
from functools import partial
from typing import NamedTuple

from audiodvc.adapters import dvc_exchange, stock
from audiodvc.adapters.crew import careful
from audiodvc.adapters.dask_pool import DaskPool
from audiodvc.adapters.deliveries import deliver
from audiodvc.adapters.pool import Died, Pool
from audiodvc.errors import ConversionError, RemoteError, UsageError
from audiodvc.model import mediaindex
from audiodvc.model.flavor import Flavor
from audiodvc.model.mediaindex import Media
from audiodvc.progress import Progress
from audiodvc.project.building import farwork, flavorwork
from audiodvc.project.building.flavorwork import Product, Task
from audiodvc.project.dataset import Dataset
from audiodvc.words import counted

Made = MutableMapping[tuple[str, str], Media]
"""What came of each source, by its md5 and the new format."""
Work = Callable[[Sequence[Task]], list[Product | str]]

_DASK = "dask:"
_NAMED = 20
_CRASHED = "the audio library crashed on it"
# A share is small enough that all workers end at about the same time.
_SHARES_PER_WORKER = 4
_SHARE = 64
_FAR_SHARE = 16


class Executor(NamedTuple):
    """Who converts: so many processes of this machine, or the cluster at an address."""

    workers: int = 1
    address: str = ""

    @property
    def is_far(self) -> bool:
        """Whether those who convert have no part of this machine's disk."""
        return bool(self.address)


def executor(text: str, workers: int) -> Executor:
    """Who is meant by `local` or `dask:ADDRESS`."""
    if text in ("", "local"):
        return Executor(workers)
    if not text.startswith(_DASK) or not text.removeprefix(_DASK):
        raise UsageError(f"--executor {text}: it is local or dask:ADDRESS, as in dask:tcp://host:8786")
    return Executor(workers, text.removeprefix(_DASK))


@contextmanager
def started(
    tasks: Sequence[Task], flavor: Flavor, objects: str, dataset: Dataset, executor: Executor
) -> Iterator[Callable[[Progress, Made], None]]:
    """Those who convert, who start at once, and the call that waits for what they make."""
    if not tasks:
        yield lambda *_: None
        return
    crew, work = (
        _far(tasks, flavor, dataset, executor) if executor.is_far else _near(tasks, flavor, objects, executor)
    )
    with crew:
        yield partial(_collect, crew, work, tasks, executor)


def _collect(  # noqa: PLR0913, PLR0917 - each is its own thing
    crew: Pool | DaskPool,
    work: Work,
    tasks: Sequence[Task],
    executor: Executor,
    progress: Progress,
    made: Made,
) -> None:
    """Note what came of each; what can be converted is before anything that cannot is an error."""
    problems: list[str] = []
    with progress("converting", len(tasks)) as advance:
        for task, done in careful(crew, work, _shares(tasks, executor)):
            if isinstance(done, Product):
                made[task.md5, task.format] = mediaindex.line(task.file, done.md5, done.size, done.probe)
            else:
                problems.append(f"{task.file}: {_CRASHED if isinstance(done, Died) else done}")
            advance(1)
    if problems:
        more = [f"… and {len(problems) - _NAMED} more"] if len(problems) > _NAMED else []
        what = f"{counted(len(problems), 'file')} cannot be converted"
        raise ConversionError(what, details=[*sorted(problems)[:_NAMED], *more])


def _near(
    tasks: Sequence[Task], flavor: Flavor, objects: str, executor: Executor
) -> tuple[Pool | DaskPool, Work]:
    return Pool(min(executor.workers, len(tasks))), partial(flavorwork.make, objects, flavor)


def _far(
    tasks: Sequence[Task], flavor: Flavor, dataset: Dataset, executor: Executor
) -> tuple[Pool | DaskPool, Work]:
    """A cluster, once the remote has what this machine has and the cluster will ask the remote for."""
    remote = dvc_exchange.default_remote(dataset.dvc_root)
    if remote is None:
        raise RemoteError(
            "a cluster takes what it converts from the remote, and there is none",
            hint="dvc remote add --default NAME URL",
        )
    with closing(remote.store()) as store:
        deliver(
            store, {task.md5: task.source for task in tasks if not task.old and stock.exists(task.source)}
        )
    return DaskPool(executor.address), partial(farwork.make, remote, flavor)


def _shares(tasks: Sequence[Task], executor: Executor) -> Iterator[Sequence[Task]]:
    most = (
        _FAR_SHARE if executor.is_far else min(_SHARE, len(tasks) // (_SHARES_PER_WORKER * executor.workers))
    )
    for start in range(0, len(tasks), max(1, most)):
        yield tasks[start : start + max(1, most)]
