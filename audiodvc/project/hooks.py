"""What git's hooks and pre-commit call: every dataset of the work tree that a commit touches."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from audiodvc.adapters import disk, git
from audiodvc.errors import AudiodvcError
from audiodvc.model import layout, precommit
from audiodvc.progress import Progress
from audiodvc.project import tree, validate
from audiodvc.project.dataset import Dataset
from audiodvc.project.fmt import Formatted, fmt
from audiodvc.project.validate import Validated

Entries = Mapping[str, tuple[str, str]]
"""Path -> mode and blob."""

_FILE_MODES = ("100644", "100755")


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found in a dataset; `prefix` is its folder from the top of the work tree, with a slash."""

    prefix: str
    validated: Validated


def before_commit(top: Path, progress: Progress, name: str) -> list[Checked]:
    """Check what the commit will hold, or a merge that git made; `name` is that of the hook."""
    if _is_left_to_precommit(top, name):
        return []
    entries = git.index_entries(top)
    return [
        Checked(prefix, check(top, prefix, entries, progress))
        for prefix in touched(entries, git.staged_names(top))
    ]


def format_staged(top: Path, progress: Progress) -> list[tuple[str, Formatted]]:
    """Format the datasets that a commit touches, in the folder, which pre-commit makes equal to the index."""
    prefixes = touched(git.index_entries(top), git.staged_names(top))
    there = [prefix for prefix in prefixes if (top / prefix / layout.HEADER).is_file()]
    return [(prefix, fmt(Dataset(top / prefix, top), progress)) for prefix in there]


def check(top: Path, prefix: str, entries: Entries, progress: Progress) -> Validated:
    """The findings of one dataset among the files of a work tree."""
    with progress(f"checking {prefix or top.name}", None):
        files = tree.of_entries(top, below(entries, prefix))
        return validate.check(validate.take(Dataset(top / prefix, top), files))


def datasets(entries: Entries) -> list[str]:
    """The datasets among the files of a work tree, each by its folder with a slash; the top is empty."""
    found = [path for path, (mode, _) in entries.items() if _is_header(path) and mode in _FILE_MODES]
    return sorted(path.removesuffix(layout.HEADER) for path in found)


def below(entries: Entries, prefix: str) -> Entries:
    """The files below a folder, by their names from there."""
    start = len(prefix)
    return {path[start:]: entry for path, entry in entries.items() if path.startswith(prefix)}


def touched(entries: Entries, changed: Iterable[str]) -> list[str]:
    """The datasets with something staged; where nobody commits and nothing is staged, all."""
    names = list(changed)
    known = [*datasets(entries), *_beheaded(entries, names)]
    # git names the index to the hooks of a commit; a call by hand, as in continuous integration, has none.
    if not names and not os.environ.get("GIT_INDEX_FILE"):
        return known
    return sorted({prefix for prefix in known if any(name.startswith(prefix) for name in names)})


def _beheaded(entries: Entries, changed: Iterable[str]) -> Iterator[str]:
    """Datasets whose header the commit removes while tables stay."""
    for header in changed:
        prefix = header.removesuffix(layout.HEADER)
        if (
            _is_header(header)
            and header not in entries
            and any(path.startswith(f"{prefix}db.") and path.endswith(".csv") for path in entries)
        ):
            yield prefix


def _is_header(path: str) -> bool:
    return path == layout.HEADER or path.endswith(f"/{layout.HEADER}")


def _is_left_to_precommit(top: Path, name: str) -> bool:
    """Whether pre-commit, which is handing on to a hook that it found, runs the same check itself."""
    if not os.environ.get("PRE_COMMIT_RUNNING_LEGACY"):
        return False
    return name in precommit.covered(disk.read(top / precommit.PATH) or b"")


def top_of(folder: Path) -> Path:
    """The work tree whose hook is running."""
    top = git.top(folder)
    if top is None:
        raise AudiodvcError(f"{folder.absolute()} lies in no git work tree")
    return top.resolve()
