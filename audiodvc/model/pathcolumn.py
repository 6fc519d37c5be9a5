"""Columns of paths, looked at all at once; `paths` says what is wrong with one."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from audiodvc.model import paths

_SOUND = r"^[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$"
_LONGEST = 4096
"""Bytes of a path; no system can hold a longer one."""


def faults(files: pl.Series) -> Iterator[tuple[int, str]]:
    """The rows whose path is not portable, with the reason; that it is empty is said by AK002."""
    odd = ((files != "") & ~files.str.contains(_SOUND)).arg_true()
    for row, path in zip(odd, files[odd], strict=True):
        why = paths.fault(path)
        if why is not None:
            yield row, why


def alike(files: pl.Series) -> pl.Series:
    """The distinct paths that may collide, in their order.

    Plain lower case is its own folded form, so that polars alone sees that nearly all paths of a large
    dataset collide with nothing; only what is left is looked at one by one.
    """
    files = files.filter(files.str.len_bytes() <= _LONGEST)
    if not (files.str.to_lowercase() != files).any() and files.str.len_bytes().equals(files.str.len_chars()):
        return files.clear()
    folds, folders = _folded(files), _folders(files)
    folder_folds = _folded(folders)
    shared = folder_folds.filter(folder_folds.is_duplicated())
    shared = pl.concat([shared, folds.filter(~absent(folds, folder_folds)), _twice(files, folds)])
    if shared.is_empty():
        return files.clear()
    # Whoever lies below a folder in question may be the first to use it.
    above = folders.filter(_within(folder_folds, frozenset(shared)))
    below = files.str.contains("/", literal=True) & ~absent(_parents(files), above)
    return files.filter(~absent(folds, shared) | below).unique(maintain_order=True)


def both(files: pl.Series) -> pl.Series:
    """The paths that are those of a file and of a folder with others in it."""
    folders = _folders(files)
    return files.filter(~absent(files, folders)) if len(folders) else files.clear()


def absent(names: pl.Series, known: pl.Series) -> pl.Series:
    """Which of the names are not among those that are known."""
    # Many tables name each file of the index once and in its order: seen in a tenth of a join's time.
    if names.equals(known):
        return pl.repeat(value=False, n=len(names), eager=True)
    left = names.alias("name").to_frame().with_row_index("row")
    missing = left.join(known.alias("name").to_frame(), on="name", how="anti")["row"]
    return pl.repeat(value=False, n=len(names), eager=True).scatter(missing, values=True)


def _parents(files: pl.Series) -> pl.Series:
    return files.str.replace("/[^/]*$", "")


def _folded(files: pl.Series) -> pl.Series:
    other = files.filter(files.str.len_bytes() != files.str.len_chars()).unique()
    folds = pl.Series([paths.folded(path) for path in other.to_list()], dtype=pl.String)
    lower = files.str.to_lowercase()
    return lower if other.is_empty() else files.replace_strict(other, folds, default=lower)


def _folders(files: pl.Series) -> pl.Series:
    """All folders above files."""
    levels = [files]
    while not levels[-1].is_empty():
        below = levels[-1].filter(levels[-1].str.contains("/", literal=True))
        levels.append(_parents(below).unique())
    return pl.concat(levels[1:] or levels).unique()


def _within(names: pl.Series, folds: frozenset[str]) -> pl.Series:
    return pl.Series([paths.is_within(name, folds) for name in names.to_list()], dtype=pl.Boolean)


def _twice(files: pl.Series, folds: pl.Series) -> pl.Series:
    """The folded forms that several of the files have."""
    if folds.n_unique() == files.n_unique():
        return folds.clear()
    distinct = pl.DataFrame({"file": files, "fold": folds}).unique("file")["fold"]
    return distinct.filter(distinct.is_duplicated()).unique()
