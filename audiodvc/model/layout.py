"""Where things are in a dataset: which file is what, by its name from the root."""

from __future__ import annotations

from collections.abc import Iterable

HEADER = "db.yaml"
SETTINGS = "audiodvc.yaml"
STAGES = "dvc.yaml"
LOCK = "dvc.lock"
ERASED = "erased.csv"
POINTER = ".dvc"
INDEX = ".media.csv"
STATE = ".audiodvc.json"
"""Beside the files of a dataset in the cache: what it is, and what is there of it."""

_TEXTS = frozenset({HEADER, SETTINGS, STAGES, LOCK, ERASED})


def table_id(path: str) -> str:
    """The id of the table that a file holds; empty if it is none."""
    fits = path.startswith("db.") and path.endswith(".csv") and "/" not in path
    return path[len("db.") : -len(".csv")] if fits and len(path) > len("db..csv") else ""


def is_pointer(path: str) -> bool:
    """Whether a file is a pointer of DVC's, and not a part of DVC's own folder."""
    return path.endswith(POINTER) and not path.startswith(".dvc/") and path != POINTER


def is_read(path: str) -> bool:
    """Whether what a file says is part of the dataset's meaning."""
    return path in _TEXTS or bool(table_id(path)) or path.endswith(INDEX) or is_pointer(path)


def is_own(path: str) -> bool:
    """Whether a file is one of the dataset's own texts, which are never media."""
    return is_read(path) or path == STAGES


def own(paths: Iterable[str]) -> list[str]:
    """The files of a dataset among those below it: another dataset in one of its folders has its own."""
    names = list(paths)
    inner = tuple(name.removesuffix(HEADER) for name in names if name.endswith(f"/{HEADER}"))
    return [name for name in names if not name.startswith(inner)] if inner else names
