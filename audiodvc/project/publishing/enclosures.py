"""The attachments of a folder that is published: small ones are files of git, others are objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from audiodvc.adapters import disk
from audiodvc.model import paths
from audiodvc.project.publishing.predecessor import Inherited, State
from audiodvc.project.publishing.submission import Submission

_IN_GIT = 2**20
"""Up to this size a file is one of git's."""


@dataclass(frozen=True, slots=True)
class Enclosed:
    """The files of all attachments: objects, files of git, and those that are in git as they were.

    `alone` are the attachments that get a pointer of their own.
    """

    objects: tuple[str, ...]
    alone: frozenset[str]
    in_git: tuple[str, ...]
    unchanged: tuple[str, ...]


def enclose(handed: Submission, before: Inherited) -> Enclosed:
    """Decide for each attachment how it is kept; one that has been an object stays one."""
    tracked = {out.path for out in before.before.outputs} | {file.partition("/")[0] for file in handed.media}
    objects: list[str] = []
    alone: set[str] = set()
    in_git: list[str] = []
    unchanged: list[str] = []
    for place, files in handed.attached.items():
        inside = _within(before.files.rows, place)
        if not files:
            objects += inside
            unchanged += _within(before.plan.blobs if before.plan else {}, place)
        elif inside or paths.is_within(place, tracked):
            objects += files
        elif all(disk.look(f"{handed.root}/{file}").size <= _IN_GIT for file in files):
            in_git += files
        else:
            objects += files
            alone.add(place)
    return Enclosed(tuple(objects), frozenset(alone), tuple(in_git), tuple(unchanged))


def texts(enclosed: Enclosed, handed: Submission, before: State, tip: State) -> dict[str, bytes]:
    """The bytes of files of git, of those too that are only in the version before."""
    here = {file: disk.read(handed.root / file) or b"" for file in enclosed.in_git}
    return {**here, **before.read(set(enclosed.unchanged) - set(kept(enclosed, before, tip)))}


def kept(enclosed: Enclosed, before: State, tip: State) -> list[str]:
    """The files that are in the commit below as they were."""
    return [file for file in enclosed.unchanged if tip.entries.get(file) == before.entries.get(file)]


def _within(files: Mapping[str, object] | Sequence[str], place: str) -> list[str]:
    inside = f"{place}/"
    return [file for file in files if file.startswith(inside) or file == place]
