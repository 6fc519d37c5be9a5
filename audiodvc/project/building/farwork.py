"""What the workers of a cluster do to build a flavor: they share no disk with whoever asks them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from tempfile import TemporaryDirectory

from audiodvc.adapters import cache
from audiodvc.adapters.arrivals import Want
from audiodvc.adapters.deliveries import deliver
from audiodvc.adapters.dvc_exchange import Exchange
from audiodvc.model.flavor import Flavor
from audiodvc.project.building import flavorwork
from audiodvc.project.building.flavorwork import Product, Task


def make(remote: Exchange, flavor: Flavor, tasks: Sequence[Task]) -> list[Product | str]:
    """Convert objects of a remote into objects of it; for each what came of it, or why it could not be."""
    with TemporaryDirectory(prefix="audiodvc-") as folder, closing(remote.store()) as store:
        objects = f"{folder}/files/md5"
        wants = [Want(task.md5, task.old) for task in tasks]
        failed = {one.md5: one.message for one in store.fetch(wants, objects, lambda _: None, 1)}
        done = [_made(task, failed, objects, flavor) for task in tasks]
        made = [one.md5 for one in done if isinstance(one, Product)]
        deliver(store, {md5: cache.path_of(objects, md5) for md5 in made})
    return done


def _made(task: Task, failed: Mapping[str, str], objects: str, flavor: Flavor) -> Product | str:
    if task.md5 in failed:
        return f"its object {failed[task.md5]}"
    is_apart = task.old and cache.is_apart(objects, task.md5)
    place = cache.path_of(cache.old_place(objects) if is_apart else objects, task.md5)
    return flavorwork.made(objects, flavor, task._replace(source=place))
