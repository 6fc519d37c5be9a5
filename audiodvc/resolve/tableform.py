"""Tables of a folder of the user's own that are kept as parquet or pickle, as the text that they would be."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from audiodvc.errors import PublishError

FORMS = ("pkl", "parquet")
"""What a loader prefers to text, in this order."""


def texts(root: Path, ids: Iterable[str]) -> dict[str, bytes]:
    """The text of tables by id, as a loader reads them, which unpickles: not for other people's files."""
    import audformat

    db = audformat.Database.load(str(root), load_data=False)
    return {name: _text(db[name], root / f"db.{name}") for name in ids}


def other_forms(root: Path, ids: Iterable[str]) -> list[str]:
    """The tables that have another form than text beside it, or instead of it."""
    return [name for name in ids if any((root / f"db.{name}.{form}").exists() for form in FORMS)]


def _text(table: object, path: Path) -> bytes:
    try:
        table.load(str(path))  # type: ignore[attr-defined]  # audformat has no types
    except Exception as error:
        raise PublishError(f"{path} cannot be loaded: {error}", hint="save the database anew") from error
    text: str = table.df.to_csv()  # type: ignore[attr-defined]
    return text.encode()
