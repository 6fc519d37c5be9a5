"""A version as it lies in the cache, written by hand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import polars as pl

from audiodvc.resolve.plan import MEDIA

HEADER = """\
name: dataset
source: made by a test
usage: unrestricted
languages: [eng]
attachments:
  paper: {path: docs/paper.bib}
splits:
  train: {type: train}
raters:
  ada: {type: human}
schemes:
  emotion: {dtype: str, labels: [happy, sad]}
  speaker: {dtype: str, labels: speaker}
  age: {dtype: int}
  score: {dtype: float}
tables:
  files:
    type: filewise
    split_id: train
    columns:
      emotion: {scheme_id: emotion, rater_id: ada}
      speaker: {scheme_id: speaker}
      free: {}
  segments: {type: segmented, columns: {score: {scheme_id: score}}}
misc_tables:
  other: {levels: {file: str, place: int}, columns: {score: {scheme_id: score}}}
  speaker: {levels: {speaker: str}, columns: {age: {scheme_id: age}}}
"""

TABLES = MappingProxyType(
    {
        "files": "file,emotion,speaker,free\na.wav,happy,s1,x\nb.wav,sad,s2,\nc.txt,,s1,y\n",
        "segments": (
            "file,start,end,score\n"
            "a.wav,0 days 00:00:00.000000000,0 days 00:00:01.000000000,0.5\n"
            "a.wav,0 days 00:00:01.000000000,,\n"
            "b.wav,0 days 00:00:00.000000000,0 days 00:00:01.000000000,1.0\n"
        ),
        "other": "file,place,score\na.wav,1,0.5\ngone.wav,2,\n",
        "speaker": "speaker,age\ns1,30\ns2,\n",
    }
)

LISTED = (
    {"file": "a.wav", "format": "wav", "channels": 1, "sampling_rate": 8000, "duration": 2.5},
    {"file": "b.wav", "format": "wav", "channels": 2, "sampling_rate": 8000, "duration": 1 / 3},
    {"file": "c.txt", "format": "txt"},
)


def make_version(
    folder: Path,
    header: str = HEADER,
    tables: Mapping[str, str] = TABLES,
    listed: tuple[Mapping[str, object], ...] = LISTED,
) -> Path:
    """Write the folder of a version: header, tables, and the list of its media."""
    folder.mkdir(parents=True)
    (folder / "db.yaml").write_text(header, "utf-8")
    for name, text in tables.items():
        (folder / f"db.{name}.csv").write_text(text, "utf-8")
    media = pl.DataFrame(listed, schema=MEDIA).with_columns(attached=pl.lit(value=False))
    media.write_parquet(folder / ".media.parquet")
    return folder
