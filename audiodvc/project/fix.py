"""`validate --fix`: mend in the folder what rules know how to mend."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from audiodvc.progress import Progress
from audiodvc.project import tree
from audiodvc.project.dataset import Dataset
from audiodvc.project.fmt import Rewritten, write_all
from audiodvc.rules import fixes


@dataclass(frozen=True, slots=True)
class Fixed:
    """The files that were mended or would be, and how many findings that takes away."""

    rewritten: tuple[Rewritten, ...]
    findings: int


def fix(dataset: Dataset, progress: Progress, *, unsafe: bool = False, write: bool = True) -> Fixed:
    """Mend the files of the folder; what git would add of them, a file behind a link is not."""
    files = tree.folder(dataset)
    read = cache(files.read)
    with progress("mending", None):
        mended = fixes.mend(files.files, read, datetime.now(UTC).date(), unsafe=unsafe)
    rewritten = tuple(Rewritten(path, read(path), new) for path, new in sorted(mended.texts.items()))
    if write:
        write_all(dataset, rewritten)
    return Fixed(rewritten, mended.findings)
