"""What came of an erasure: what was deleted where, what stayed and why, and what is still to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

State = Literal["planned", "committed", "pushed", "incomplete", "complete"]
"""`committed` and `pushed` wait for the list to reach the default branch; `incomplete` lacks what failed."""

Outcome = Literal["deleted", "present", "absent", "kept", "failed"]
"""`present` is what a dry run would delete, `kept` what another file has too."""


@dataclass(frozen=True, slots=True)
class Gone:
    """An object, the erased file that had these bytes or that it was made from, and what became of it."""

    md5: str
    file: str
    outcome: Outcome
    why: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """A remote or cache: its name, where it is (without credentials), and its objects."""

    kind: Literal["remote", "cache"]
    name: str
    where: str
    objects: tuple[Gone, ...] = ()
    problem: str = ""
    """Why nothing could be done there at all."""
    former: bool = False
    """Whether only earlier versions name it, so that it may long be gone."""

    @property
    def is_clean(self) -> bool:
        """Whether nothing is left there that should not be."""
        failed = self.problem or any(one.outcome == "failed" for one in self.objects)
        return self.former or not failed


@dataclass(frozen=True, slots=True)
class Erased:
    """Bytes that a file had, and where: in which versions and branches, and in which other files."""

    file: str
    md5: str
    versions: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Receipt:
    """All that was done."""

    dataset: str
    state: State
    date: str
    reason: str
    files: tuple[Erased, ...]
    rows: Mapping[str, int]
    """How many rows each table lost."""
    changed: tuple[str, ...]
    commit: str | None
    places: tuple[Place, ...] = ()
    notes: tuple[str, ...] = ()
    path: str = ""
    """The file that holds this receipt."""

    @property
    def is_done(self) -> bool:
        """Whether nothing failed."""
        return self.state != "incomplete"
