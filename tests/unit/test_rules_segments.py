"""Segments are held against their files and each other as a plain loop would do it."""

from __future__ import annotations

from datetime import date
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from audiodvc.model import snapshot
from audiodvc.model.timetext import time_text
from audiodvc.rules import catalogue

HEADER = """
schemes: {emotion: {dtype: str, labels: [a, b, c]}}
tables: {emotion: {type: segmented, columns: {emotion: {scheme_id: emotion}}}}
"""
SETTINGS = "validate: {select: [AT004]}"
INDEX = "file,md5,size,format,channels,sampling_rate,bit_depth,duration\n"
MS = 10**6

Row = tuple[str, int | None, int | None, str]
TIMES = st.none() | st.integers(-2, 12)
ROWS = st.lists(
    st.tuples(st.sampled_from(["x.wav", "y.wav"]), TIMES, TIMES, st.sampled_from(["a", "b", "c", ""])),
    max_size=8,
)


def found(rows: list[Row], code: str, durations: dict[str, str] | None = None, rate: str = "") -> set[int]:
    """The rows that a rule finds."""
    lines = "".join(f"{file},{text(start)},{text(end)},{label}\n" for file, start, end, label in rows)
    files = {
        "db.yaml": HEADER,
        "audiodvc.yaml": SETTINGS,
        "db.emotion.csv": f"file,start,end,emotion\n{lines}",
        "x.media.csv": INDEX + "".join(f"{f},,,,,{rate},,{d}\n" for f, d in (durations or {}).items()),
    }
    taken = snapshot.take(dict.fromkeys(files, "file"), lambda path: files[path].encode(), date(2024, 1, 1))
    return {finding.line - 2 for finding in catalogue.RULES[code](taken)}


def text(milliseconds: int | None) -> str:
    """A time as a cell."""
    return "" if milliseconds is None else time_text(milliseconds * MS)


@given(ROWS)
@settings(deadline=None)
def test_overlapping_segments_are_those_that_a_loop_over_all_pairs_finds(rows: list[Row]) -> None:
    """Of two segments with different labels it is the one that begins later, or stands later."""
    expected = set()
    sound = [
        (start, index, file, end if end is not None else 10**9, label)
        for index, (file, start, end, label) in enumerate(rows)
        if label and start is not None and start >= 0 and (end is None or end > start)
    ]
    for first, second in combinations(sorted(sound), 2):
        same_file, other_label = first[2] == second[2], first[4] != second[4]
        if same_file and other_label and first[3] > second[0]:
            expected.add(second[1])
    assert found(rows, "AT004") == expected


@given(ROWS, st.dictionaries(st.sampled_from(["x.wav", "y.wav"]), st.sampled_from(["0.005", "", "0.008"])))
@settings(deadline=None)
def test_late_segments_are_those_that_a_loop_over_all_rows_finds(
    rows: list[Row], durations: dict[str, str]
) -> None:
    """A segment without end is late if it begins late; a file of unknown duration ends never."""
    expected = set()
    for index, (file, start, end, _) in enumerate(rows):
        last = start if end is None else end
        if durations.get(file) and last is not None and last > float(durations[file]) * 1000 + 1:
            expected.add(index)
    assert found(rows, "AT003", durations) == expected


def test_a_sample_longer_than_a_millisecond_is_allowed() -> None:
    """At 100 Hz a segment may end ten milliseconds late."""
    rows: list[Row] = [("x.wav", 0, 1010, "a"), ("x.wav", 1, 1011, "a")]
    assert found(rows, "AT003", {"x.wav": "1.0"}, rate="100") == {1}
    assert found(rows, "AT003", {"x.wav": "1.0"}, rate="0") == {0, 1}


@given(ROWS)
@settings(deadline=None)
def test_start_and_end_are_held_against_each_other(rows: list[Row]) -> None:
    """Start at zero or later, end after it."""
    assert found(rows, "AT001") == {at for at, row in enumerate(rows) if row[1] is None or row[1] < 0}
    ordered = {at for at, (_, a, b, _) in enumerate(rows) if a is not None and b is not None and b <= a}
    assert found(rows, "AT002") == ordered
