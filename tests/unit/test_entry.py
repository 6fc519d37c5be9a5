"""What a changelog says of a difference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import pytest

from audiodvc.changes import diff, entry
from audiodvc.model import snapshot
from audiodvc.model.snapshot import Snapshot

HEADER = """\
name: d
usage: other
schemes:
  mood: {dtype: str, labels: [calm, wild]}
  note: {dtype: str}
tables:
  mood: {type: filewise, columns: {mood: {scheme_id: mood}}}
  spans: {type: segmented, columns: {note: {scheme_id: note}}}
"""
MOOD = "file,mood\naudio/a.wav,calm\naudio/b.wav,wild\naudio/c.wav,wild\n"
SPANS = "file,start,end,note\naudio/a.wav,0 days 00:00:00.000000000,0 days 00:00:01.000000000,x\n"
INDEX = "file,md5,size,format,channels,sampling_rate,bit_depth,duration\n" + "".join(
    f"audio/{name}.wav,{name * 32},1,wav,1,8000,16,2.0\n" for name in "abc"
)
FILES = {"db.yaml": HEADER, "db.mood.csv": MOOD, "db.spans.csv": SPANS, "audio.media.csv": INDEX}


def take(**changes: str | None) -> Snapshot:
    """The dataset with some files changed: `mood` for `db.mood.csv`, `header`, `index`, `settings`."""
    names = {"header": "db.yaml", "index": "audio.media.csv", "settings": "audiodvc.yaml"}
    names["erased.csv"] = "erased.csv"
    files = {**FILES, **{names.get(name, f"db.{name}.csv"): text for name, text in changes.items()}}
    texts = {name: text.encode() for name, text in files.items() if text is not None}
    return snapshot.take(dict.fromkeys(texts, "file"), texts.__getitem__, date(2024, 1, 1))


def said(**changes: str | None) -> Mapping[str, Sequence[str]]:
    """What is said of a dataset in which some files changed."""
    old, new = take(), take(**changes)
    return entry.of(diff.diff(old, new), old, new)


def test_nothing() -> None:
    """Where nothing differs nothing is said."""
    assert said() == {}


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ({"mood": MOOD.replace("calm", "wild")}, ["1 value of `mood` in table `mood`: `calm` → `wild`"]),
        (
            {"mood": MOOD.replace("wild", "new").replace("calm", "wild").replace("new", "calm")},
            ["3 values of `mood` in table `mood`: `wild` → `calm` (2), `calm` → `wild` (1)"],
        ),
        (
            {"mood": MOOD.replace("a.wav,calm", "a.wav,")},
            ["1 value of `mood` in table `mood`: `calm` → nothing"],
        ),
        ({"spans": SPANS.replace("01.0", "02.0")}, ["1 segment moved in table `spans`"]),
        ({"index": INDEX.replace("b" * 32, "d" * 32)}, ["1 media file replaced: `audio/b.wav`"]),
        (
            {"index": INDEX.replace("b.wav", "z.wav")},
            ["1 media file renamed: `audio/b.wav` → `audio/z.wav`"],
        ),
        (
            {"header": HEADER.replace("usage: other", "usage: restricted")},
            ["`usage` of the header: `other` → `restricted`"],
        ),
        ({"header": HEADER.replace("note: {dtype: str}", "note: {dtype: int}")}, None),
        ({"settings": "flavors: {}\n"}, None),
    ],
)
def test_changed(changes: dict[str, str], lines: list[str] | None) -> None:
    """Labels by class, segments, media, and the header."""
    found = said(**changes)
    assert found if lines is None else found == {"Changed": lines}


def test_added_and_removed() -> None:
    """What has a name is named, once."""
    header = HEADER.replace("wild]", "wild, sad, mad]").replace(
        "columns: {note: {scheme_id: note}}", "columns: {note: {scheme_id: note}, more: {scheme_id: note}}"
    )
    spans = SPANS.replace("note\n", "note,more\n").replace(",x\n", ",x,y\n")
    found = {
        "Added": [
            "Column `more` of table `spans`",
            "Labels `sad`, `mad` of scheme `mood`",
            "1 row in table `mood`",
        ]
    }
    assert said(header=header, spans=spans, mood=MOOD + "audio/d.wav,sad\n") == found
    gone = said(header=HEADER.partition("  spans")[0], spans=None, index=INDEX.partition("audio/c")[0])
    assert gone == {"Removed": ["Table `spans` with 1 row", "1 media file: `audio/c.wav`"]}


def test_erasures_are_counted() -> None:
    """Why they were is in `erased.csv`."""
    first = "file,md5,date,reason\n"
    old, new = (
        take(**{"erased.csv": text}) for text in (first, f"{first}audio/x.wav,{'e' * 32},2024-01-01,-\n")
    )
    assert entry.of(diff.diff(old, new), old, new) == {"Removed": ["1 file erased from every version"]}


def test_long_lists_are_cut() -> None:
    """Five are named, the rest is counted."""
    many = "".join(f"audio/{name}{name}.wav,{name * 32},1,wav,1,8000,16,2.0\n" for name in "0123456789")
    (line,) = said(index=INDEX + many)["Added"]
    assert line.startswith("10 media files: `audio/00.wav`, ")
    assert line.endswith("`audio/44.wav` and 5 more")


def test_the_first_version() -> None:
    """Media with how long they last, and tables with their rows."""
    assert entry.first(take()) == {
        "Added": ["3 media files in `audio` (6 s)", "Table `mood` with 3 rows", "Table `spans` with 1 row"]
    }


def test_form_alone() -> None:
    """A file that says the same in other words is named where there is nothing else to say."""
    assert said(mood=MOOD + "\n") == {"Changed": ["The form of `db.mood.csv`, and nothing in it"]}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a", "`a`"),
        ("", "nothing"),
        ("a`b", "`` a`b ``"),
        ("a``b", "`` a` `b ``"),
        ("a\nb\x1b", "`a\\nb\\x1b`"),
        ("\ud800", "`\\ud800`"),
        ("é", "`é`"),
        ("x" * 99, f"`{'x' * 59}…`"),
    ],
)
def test_names_are_shown_as_code(text: str, shown: str) -> None:
    """On one line, and without a way out of the code."""
    assert entry.code(text) == shown
