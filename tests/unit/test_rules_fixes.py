"""Mending takes findings away, and never a row."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from audiodvc.finding import Finding
from audiodvc.model import snapshot, table
from audiodvc.rules import catalogue, fixes
from tests.acceptance import test_fuzz

HEADER = """name: case
source: a test
usage: other
schemes:
  emotion: {dtype: str, labels: [happy, sad, Angry]}
  score: {dtype: float}
tables:
  t: {type: segmented, columns: {emotion: {scheme_id: emotion}, score: {scheme_id: score}}}
"""
INDEX = "file,md5,size,format,channels,sampling_rate,bit_depth,duration\n"
MEDIA = f"{INDEX}a.wav,0,1,wav,1,8000,16,2.0\nb.wav,1,1,wav,1,8000,16,3.0\n"
NAMES = ("file", "start", "end", "emotion", "score")
TODAY = date(2024, 1, 1)
CELLS = (
    st.sampled_from(["a.wav", "b.wav"]),
    st.sampled_from(["0s", "1s", "0 days 00:00:01.000000000", "2.5s"]),
    st.sampled_from(["", "2s", "0 days 00:00:02.000000000", "5s", "7s"]),
    st.sampled_from(["happy", "HAPPY", "hapy", "angry", "two\nlines", "Sad", ""]),
    st.sampled_from(["1", "1.0", "", "x", "0.50"]),
)
Files = Mapping[str, bytes]


@st.composite
def broken(draw: st.DrawFn) -> Files:
    """A dataset whose table has every fault that can be mended, and some that cannot."""
    rows = draw(st.lists(st.tuples(*CELLS), max_size=6))
    rows += draw(st.lists(st.sampled_from(rows), max_size=2)) if rows else []
    order = draw(st.permutations(range(len(NAMES))))
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator=draw(st.sampled_from(["\n", "\r\n"])))
    writer.writerows([[row[at] for at in order] for row in [NAMES, *rows]])
    blank = draw(st.sampled_from(["", "", "\n"]))
    text = draw(st.sampled_from(["", "\ufeff"])) + file.getvalue() + blank
    head = draw(st.sampled_from([HEADER, HEADER.replace("\n", "\r\n"), HEADER.rstrip("\n")]))
    return {"db.yaml": head.encode(), "x.media.csv": MEDIA.encode(), "db.t.csv": text.encode()}


def mend(files: Files, *, unsafe: bool) -> Files:
    """The files after mending."""
    kinds = dict.fromkeys(files, "file")
    return {**files, **fixes.mend(kinds, files.__getitem__, TODAY, unsafe=unsafe).texts}  # type: ignore[arg-type]


def check(files: Files) -> list[Finding]:
    """The findings of files."""
    taken = snapshot.take(dict.fromkeys(files, "file"), files.__getitem__, TODAY)
    return catalogue.check(taken)


def rows(files: Files) -> list[tuple[str, ...]]:
    """The rows of the table in canonical form, by names."""
    taken = snapshot.take(dict.fromkeys(files, "file"), files.__getitem__, TODAY)
    sheet = taken.tables["t"]
    return list(zip(*(sheet.canonical(name) for name in NAMES), strict=True))


@given(files=broken(), unsafe=st.booleans())
@settings(max_examples=15, deadline=None)
def test_what_can_be_mended_is_mended(files: Files, *, unsafe: bool) -> None:
    """No finding that is left has a fix, but for rows that would collide."""
    left = [one for one in check(mend(files, unsafe=unsafe)) if one.fix and (one.fix.safe or unsafe)]
    assert {one.code for one in left} <= ({"AT003"} if unsafe else set())


@given(broken())
@settings(max_examples=15, deadline=None)
def test_safe_fixes_never_lose_a_key(files: Files) -> None:
    """Only rows that are equal in every cell become one."""
    before, after = rows(files), rows(mend(files, unsafe=False))
    assert {row[:3] for row in before} == {row[:3] for row in after}
    assert {_folded(row) for row in before} == {_folded(row) for row in after}


@given(broken())
@settings(max_examples=15, deadline=None)
def test_unsafe_fixes_never_lose_a_row(files: Files) -> None:
    """Ends are clipped unless another row has that key; rows that are then equal are one row still."""
    before, after = rows(files), rows(mend(files, unsafe=True))
    assert {row[:2] for row in before} == {row[:2] for row in after}
    assert len(after) >= len({(row[:3], row[4]) for row in before})


@given(files=broken(), unsafe=st.booleans())
@settings(max_examples=15, deadline=None)
def test_mending_twice_is_mending_once(files: Files, *, unsafe: bool) -> None:
    """And what is mended is in canonical form."""
    once = mend(files, unsafe=unsafe)
    assert mend(once, unsafe=unsafe) == once
    taken = snapshot.take(dict.fromkeys(once, "file"), once.__getitem__, TODAY)
    assert taken.tables["t"].is_canonical
    assert table.parse(once["db.t.csv"], "db.t.csv").findings == ()


@given(files=test_fuzz.broken(), unsafe=st.booleans())
@settings(max_examples=15, deadline=None)
def test_no_bytes_make_mending_fail(files: Files, *, unsafe: bool) -> None:
    """What is not understood is left alone, and what is mended stays so."""
    once = mend(files, unsafe=unsafe)
    assert mend(once, unsafe=unsafe) == once


def test_a_label_is_mended_in_letter_case_and_only_unsafely_by_likeness() -> None:
    """`HAPPY` is happy for sure, `hapy` only probably."""
    text = "file,start,end,emotion,score\na.wav,0s,1s,HAPPY,\nb.wav,0s,1s,hapy,\n"
    files = {"db.yaml": HEADER.encode(), "x.media.csv": MEDIA.encode(), "db.t.csv": text.encode()}
    assert [row[3] for row in rows(mend(files, unsafe=False))] == ["happy", "hapy"]
    assert [row[3] for row in rows(mend(files, unsafe=True))] == ["happy", "happy"]


def test_a_clipped_segment_never_takes_the_key_of_another() -> None:
    """It keeps its end, and its finding."""
    text = "file,start,end,emotion,score\na.wav,0s,2s,happy,\na.wav,0s,5s,sad,\nb.wav,0s,5s,sad,\n"
    files = {"db.yaml": HEADER.encode(), "x.media.csv": MEDIA.encode(), "db.t.csv": text.encode()}
    left = mend(files, unsafe=True)
    assert [row[2][11:15] for row in rows(left)] == ["0:02", "0:05", "0:03"]
    assert [(one.code, one.line) for one in check(left) if one.code == "AT003"] == [("AT003", 3)]


def test_a_table_that_cannot_be_read_is_left_alone() -> None:
    """A row with too many cells may mean anything."""
    text = "file,start,end,emotion,score\r\na.wav,0s,2s,HAPPY,1,2\r\nb.wav,0s,1s,HAPPY,1\r\n"
    files = {"db.yaml": HEADER.encode(), "x.media.csv": MEDIA.encode(), "db.t.csv": text.encode()}
    assert mend(files, unsafe=True)["db.t.csv"] == text.encode()


def _folded(row: tuple[str, ...]) -> tuple[str, ...]:
    return (*row[:3], row[3].casefold(), row[4])
