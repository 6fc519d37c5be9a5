"""`blame`: who gave the labels of a clone their values."""

from __future__ import annotations

from dataclasses import dataclass

from audiodvc.adapters import chronicle, git
from audiodvc.model import header as headers
from audiodvc.model import layout
from audiodvc.progress import Progress
from audiodvc.project.dataset import Dataset
from audiodvc.project.releasing import tags
from audiodvc.resolve import trails
from audiodvc.resolve.trails import Source, Trail, Wanted


@dataclass(frozen=True, slots=True)
class Blamed:
    """The revision as it was asked for, its commit, and the trails of the cells.

    `is_whole` is whether the clone has all commits, without which the first change may be a later one.
    """

    rev: str
    commit: str
    is_whole: bool
    trails: tuple[Trail, ...]


def blame(dataset: Dataset, progress: Progress, wanted: Wanted, rev: str = "HEAD") -> Blamed:
    """The trails of some cells up to a revision; what is not committed does not count."""
    commit = git.resolve(dataset.top, rev)
    objects = chronicle.reader(dataset.top)
    header = headers.parse(git.show(dataset.top, commit, dataset.prefix + layout.HEADER) or b"")
    refs = git.tips(dataset.top)
    known = tags.find(dataset, refs).known
    with progress("reading history", None):
        source = Source(
            lambda path: chronicle.of_file(objects, commit, dataset.prefix + path),
            lambda blobs: chronicle.contents(dataset.top, blobs),
            trails.first_versions(objects, {name: refs[tags.REFS + tag] for name, tag in known.items()}),
        )
        found = trails.find(source, header, wanted)
    return Blamed(rev, commit, not git.is_shallow(dataset.top), tuple(found))
