"""What a table should be: its key levels and columns with their dtypes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["filewise", "segmented", "misc", "index"]
Typed = tuple[tuple[str, str], ...]
"""Names with their dtypes, in order."""

FILEWISE_LEVELS: Typed = (("file", "str"),)
SEGMENTED_LEVELS: Typed = (("file", "str"), ("start", "time"), ("end", "time"))


@dataclass(frozen=True, slots=True)
class Spec:
    """The key levels and the columns of a table, in the order of its first line."""

    id: str
    kind: Kind
    levels: Typed
    columns: Typed = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The cells of the first line."""
        return tuple(name for name, _ in self.levels + self.columns)

    @property
    def key(self) -> tuple[str, ...]:
        """The names of the levels."""
        return tuple(name for name, _ in self.levels)

    def dtype(self, name: str) -> str:
        """The dtype of a level or column; what the spec does not know is text."""
        return dict(self.columns + self.levels).get(name, "object")


_MEDIA: Typed = (
    ("md5", "str"),
    ("size", "int"),
    ("format", "str"),
    ("channels", "int"),
    ("sampling_rate", "int"),
    ("bit_depth", "int"),
    ("duration", "float"),
)

INDEX = Spec("media", "index", FILEWISE_LEVELS, _MEDIA)
FLAVOR_INDEX = Spec("flavor", "index", FILEWISE_LEVELS, (*_MEDIA, ("source_md5", "str")))


def of_index(data: bytes) -> Spec:
    """The spec of a media index: that of a flavor says what each file was made from."""
    return FLAVOR_INDEX if b"source_md5" in data.partition(b"\n")[0] else INDEX
