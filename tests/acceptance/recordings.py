"""A dataset of short recordings, and what other processes do with it."""

from __future__ import annotations

from multiprocessing.queues import SimpleQueue
from pathlib import Path
from typing import Any

from audiodvc.resolve.stream import DatabaseIterator
from audiodvc.resolve.view import View
from tests.builder import RepoFactory, tone

FILES = [f"audio/{number:02}.wav" for number in range(12)]

HEADER = """\
name: dataset
source: made by a test
usage: unrestricted
languages: [eng]
splits:
  train: {type: train}
  test: {type: test}
schemes:
  age: {dtype: int}
  city: {dtype: str, labels: city}
  mood: {dtype: str, labels: [calm, wild]}
  score: {dtype: float}
  size: {dtype: int}
  speaker: {dtype: str, labels: speaker}
tables:
  files:
    type: filewise
    split_id: train
    columns: {mood: {scheme_id: mood}, speaker: {scheme_id: speaker}, free: {}}
  other: {type: filewise, split_id: test, columns: {city: {scheme_id: city}}}
  segments: {type: segmented, columns: {score: {scheme_id: score}}}
misc_tables:
  city: {levels: {city: str}, columns: {size: {scheme_id: size}}}
  speaker: {levels: {speaker: str}, columns: {age: {scheme_id: age}}}
"""


def make(folder: Path, template: Path, name: str = "dataset") -> Path:
    """The dataset below a folder: one version, pushed."""
    repo = RepoFactory(folder, template)(name)
    media = {name: tone(0.5, pitch=200 + 10 * place) for place, name in enumerate(FILES)}
    repo.commit(header=HEADER, tables=_tables(), media=media, tag="v1.0.0")
    repo.push()
    return folder


def _tables() -> dict[str, str]:
    moods, speakers = ("calm", "wild", ""), ("s1", "s2")
    files = [f"{name},{moods[place % 3]},{speakers[place % 2]},\n" for place, name in enumerate(FILES)]
    times = [("0 days 00:00:00.000000000", "0 days 00:00:00.100000000"), ("0 days 00:00:00.100000000", "")]
    segments = [
        f"{name},{start},{end},{place / 4}\n" for place, name in enumerate(FILES[:8]) for start, end in times
    ]
    return {
        "files": "file,mood,speaker,free\n" + "".join(files),
        "other": "file,city\n" + "".join(f"{name},bonn\n" for name in FILES[3:9]),
        "segments": "file,start,end,score\n" + "".join(segments),
        "city": "city,size\nbonn,3\n",
        "speaker": "speaker,age\ns1,30\ns2,40\n",
    }


def stream_worker(
    db: DatabaseIterator, index: int, count: int, answers: SimpleQueue[tuple[int, list[list[str]]]]
) -> None:
    """Tell the files of each batch of a part, all of which have to be there."""
    names = [[str(file) for file in batch.index] for batch in db.shard(index, count)]
    missing = [file for batch in names for file in batch if not Path(file).exists()]
    answers.put((index, [missing] if missing else names))


def view_worker(view: View, indexes: list[int], answers: SimpleQueue[list[Any]]) -> None:
    """Tell what the rows of a view are."""
    answers.put([(one.signal.tobytes(), one.sampling_rate, one.row) for one in view.__getitems__(indexes)])
