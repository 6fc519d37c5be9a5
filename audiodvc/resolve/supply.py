"""A version whose media come when they are wanted, time after time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from audiodvc.adapters import links, opened
from audiodvc.adapters.opened import Hold
from audiodvc.model.flavor import Flavor
from audiodvc.resolve.config import Config
from audiodvc.resolve.get import Call, Request, note_use
from audiodvc.resolve.hands import Hands
from audiodvc.resolve.materialize import Flavored, Version

if TYPE_CHECKING:
    import polars as pl

Result = TypeVar("Result")


def supplied(request: Request, config: Config, flavor: Flavor, begin: Callable[[Supply], Result]) -> Result:
    """What `begin` makes of a version whose media come later; begun anew where a tag was moved."""
    call = Call(request, config)
    for known in call.known():
        flavored = Flavored.read(known.folder / flavor.short_id)
        if flavored is not None and flavored.complete:
            held = opened.hold([known.folder, flavored.folder])
            if held is not None:  # `gc` may have been faster
                note_use(flavored)
                return begin(Supply(call, known, flavor, held))
    return call.persistent(lambda version: begin(Supply(call, version, flavor)))


class Supply:
    """A version in a flavor whose media come when they are wanted.

    It stays with its commit, whatever becomes of the tag meanwhile, and `gc` takes nothing of it: one that
    is `complete` was held before. What is sent to another process leaves its connections behind.
    """

    def __init__(self, call: Call, version: Version, flavor: Flavor, complete: Hold | None = None) -> None:
        self.version, self.flavor, self.complete = version, flavor, complete is not None
        self._call, self._held = call, complete or self._hold()
        self._hands: Hands | None = None

    def __getstate__(self) -> dict[str, object]:
        return {**vars(self), "_hands": None}

    @property
    def root(self) -> Path:
        """The folder with the media."""
        return self.version.folder / self.flavor.short_id

    def look(self, rows: pl.DataFrame) -> None:
        """Ask the repository now if these media will need it, so that a moved tag is noticed in time."""
        if not self.complete and not self._call.has_objects(rows):
            self._call.confirm(self.version)

    def lacks(self, names: Iterable[str]) -> bool:
        """Whether a file is not there."""
        return not self.complete and bool(links.lacking(str(self.root), names))

    def bring(self, rows: pl.DataFrame) -> None:
        """Bring the media of these lines."""
        process = os.getpid()
        if self._hands is None or self._hands.process != process:
            self._hands = Hands(process, self._call.steady(self.version), self._call.request.workers)
        self._call.bring(self.version, self.flavor, rows, self._hands)
        if self._held is None or str(self.root) not in self._held.folders:
            self._held = self._hold()

    def _hold(self) -> Hold | None:
        """The version, and its flavor if there is something of it."""
        return opened.hold([self.version.folder, self.root]) or opened.hold([self.version.folder])

    def close(self) -> None:
        """Leave the remotes, and let the workers go."""
        if self._hands is not None:
            self._hands.close()
        self._hands = None
