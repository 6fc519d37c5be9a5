"""The rows of a table as someone wants to see them: of which media, called what, below which folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from audiodvc.model.pathcolumn import absent
from audiodvc.rules.flavors import destination

if TYPE_CHECKING:
    import pandas as pd

_IS_SOUND = (pl.col("channels") > 0) & (pl.col("sampling_rate") > 0)


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """What is done to every table that names media; nothing, if nothing is said."""

    media: pl.Series | None = None
    """The only files whose rows stay."""
    gone: tuple[str, ...] = ()
    """Files whose rows do not stay."""
    format: str | None = None
    """The format that sound was converted to, which changes the extension."""
    listed: Path | None = None
    """Where it says which media are sound, and how long they are."""
    root: str = ""
    """The folder that paths begin with; without it they are relative."""

    def shown(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The rows of a table that stay, with their files as they are called here."""
        return self._renamed(self._filtered(frame)) if len(frame.index) else frame

    def names(self, files: pl.Series) -> pl.Series:
        """What files are called here."""
        if self.format is not None and self.listed is not None:
            renamed = files.to_frame("file").select(destination(self.format)).to_series()
            files = files.zip_with(absent(files, _sounds(self.listed)), renamed)
        return f"{self.root}/" + files if self.root else files

    def _filtered(self, frame: pd.DataFrame) -> pd.DataFrame:
        if self.media is None and not self.gone:
            return frame
        files, places = _files(frame.index)
        named = pl.Series(files)
        stays = absent(named, pl.Series(self.gone, dtype=pl.String))
        if self.media is not None:
            stays &= ~absent(named, self.media)
        if stays.all():
            return frame
        mask = stays.to_numpy()
        # A copy: pandas 2 would warn whoever changes what is a part of another frame.
        return frame[mask if places is None else mask[places]].copy()

    def _renamed(self, frame: pd.DataFrame) -> pd.DataFrame:
        import pandas as pd

        if (self.format is None and not self.root) or not len(frame.index):
            return frame
        files, _ = _files(frame.index)
        names = self.names(pl.Series(files)).to_arrow()
        index = pd.Index(pd.array(names, dtype=files.dtype), name=files.name)
        if isinstance(frame.index, pd.MultiIndex):
            index = frame.index.set_levels(index, level=0, verify_integrity=False)
        return frame.set_axis(index)


def _files(index: pd.Index) -> tuple[pd.Index, Any]:
    """The files of all rows; where rows are segments each file once, and the place of every row's."""
    import pandas as pd

    return (index.levels[0], index.codes[0]) if isinstance(index, pd.MultiIndex) else (index, None)


def _sounds(listed: Path) -> pl.Series:
    """The media that are sound."""
    return pl.scan_parquet(listed, glob=False).filter(_IS_SOUND).select("file").collect().to_series()
