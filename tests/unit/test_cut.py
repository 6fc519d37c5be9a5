"""Texts that lose rows, and keep every other byte."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from audiodvc.model import cut, table

CELLS = st.text(alphabet=st.sampled_from('ab ,"\n'), max_size=4)
ROWS = st.lists(st.tuples(st.sampled_from("xyz"), CELLS), max_size=8)


@given(rows=ROWS, gone=st.sets(st.sampled_from("xyz")), ended=st.booleans())
def test_the_other_rows_stay_byte_for_byte(
    rows: list[tuple[str, str]], gone: set[str], *, ended: bool
) -> None:
    """Whatever their cells hold, line breaks as well, and whether or not the last line ends."""
    frame = pl.DataFrame(rows, {"file": pl.String, "note": pl.String}, orient="row")
    data = table.dump(["file", "note"], frame)
    kept = frame.filter(~pl.col("file").is_in(list(gone)))
    if not ended and rows:
        data = data.removesuffix(b"\n")
    text, count = cut.without(data, "db.t.csv", lambda one: one.column("file").is_in(list(gone)))
    assert count == frame.height - kept.height
    assert text.removesuffix(b"\n") == table.dump(["file", "note"], kept).removesuffix(b"\n")


def test_a_form_that_is_not_canonical_stays_so() -> None:
    """Only the line goes; spare quotes and the order of rows are somebody else's business."""
    data = b'file,note\nz,"1"\na,2\nb, 3\n'
    text, count = cut.without(data, "db.t.csv", lambda one: one.column("file") == "a")
    assert (text, count) == (b'file,note\nz,"1"\nb, 3\n', 1)


def test_lines_that_end_otherwise_are_written_anew() -> None:
    """They are in no canonical form, and no byte of a cell changes."""
    text, count = cut.without(
        b"file,note\r\na,1\r\nb,2\r\n", "db.t.csv", lambda one: one.column("file") == "a"
    )
    assert (text, count) == (b"file,note\nb,2\n", 1)
