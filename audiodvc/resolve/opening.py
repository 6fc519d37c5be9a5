"""Datasets that are opened: brought, and held from then on, so that `gc` takes nothing of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from audiodvc.adapters import opened, presence
from audiodvc.adapters.opened import Hold
from audiodvc.model.flavor import Flavor
from audiodvc.model.selection import Selection
from audiodvc.resolve import get
from audiodvc.resolve.config import Config
from audiodvc.resolve.get import Ready, Request
from audiodvc.resolve.materialize import Version

Result = TypeVar("Result")


def ready(request: Request, config: Config, chosen: Selection, flavor: Flavor) -> tuple[Ready, Hold]:
    """What `get` makes ready, for as long as the other value is there."""
    return _held(
        lambda: get.get(request, config, chosen, flavor), lambda one: [one.version.folder, one.root], config
    )


def version(request: Request, config: Config) -> tuple[Version, Hold]:
    """The texts of a version, for as long as the other value is there."""
    return _held(lambda: get.version_of(request, config), lambda one: [one.folder], config)


def _held(
    work: Callable[[], Result], folders: Callable[[Result], Sequence[Path]], config: Config
) -> tuple[Result, Hold]:
    """What some work gives, held; done again if `gc` takes it away before that."""
    result = work()
    held = opened.hold(folders(result))
    while held is None:
        with presence.bringing(config.cache_root):
            result = work()
            held = opened.hold(folders(result))
    return result, held
