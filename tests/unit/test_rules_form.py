"""The form of a table is told without writing it."""

from __future__ import annotations

import csv
import io

from hypothesis import given, settings
from hypothesis import strategies as st

from audiodvc.model import table
from audiodvc.model.sheet import Sheet
from audiodvc.model.spec import FILEWISE_LEVELS, SEGMENTED_LEVELS, Spec

SEGMENTED = Spec("t", "segmented", SEGMENTED_LEVELS, (("label", "str"), ("score", "float")))
TEXTS = Spec("t", "filewise", FILEWISE_LEVELS, (("a", "str"), ("b", "object")))
ALONE = Spec("t", "filewise", FILEWISE_LEVELS)
TWO_LEVELS = Spec("t", "misc", (("i", "int"), ("d", "date")), (("ok", "bool"),))
CELLS = {
    "str": st.sampled_from(["", "a", "b", "a.wav", "\u00e9", " a", "so, so", 'so "so"', "two\nlines", "#x"])
    | st.text('a\u00e9," \n\t#;', max_size=3),
    "object": st.sampled_from(["", "x", "nan"]),
    "float": st.sampled_from(["", "1.0", "0.25", "1", "-0.0", "1e-07", "x"]),
    "int": st.sampled_from(["", "1", "2", "-3", "10", "01", "x"]),
    "bool": st.sampled_from(["", "True", "False", "true"]),
    "date": st.sampled_from(["", "2020-01-01", "2020-01-01 10:20:30", "20200101"]),
    "time": st.sampled_from(
        ["", "0 days 00:00:00.000000000", "0 days 00:00:01.500000000", "0 days 00:00:10.000000000", "1s"]
    ),
}


@st.composite
def texts(draw: st.DrawFn) -> tuple[bytes, Spec]:
    """A table in some form, often canonical but for the order of its rows or one more row."""
    spec = draw(st.sampled_from([SEGMENTED, TEXTS, ALONE, TWO_LEVELS]))
    row = st.tuples(*(CELLS[spec.dtype(name)] for name in spec.names))
    rows = draw(st.lists(row, max_size=5))
    quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    file = io.StringIO(newline="")
    csv.writer(file, lineterminator="\n", quoting=quoting).writerows([spec.names, *rows])  # type: ignore[arg-type]
    data = file.getvalue().encode()
    read = table.parse(data, "db.t.csv")
    form = table.canonical(read, spec) if draw(st.booleans()) and not read.lossy else data
    return form + draw(st.sampled_from([b"", b"", form.splitlines(keepends=True)[-1]])), spec


@given(texts())
@settings(deadline=None)
def test_canonical_form_is_told_as_if_it_were_written(made: tuple[bytes, Spec]) -> None:
    """Wherever the form of the rows is sound and the first line is as it should be."""
    data, spec = made
    sheet = Sheet("t", "db.t.csv", data, spec)
    if sheet.table.findings or sheet.table.columns != spec.names:
        assert not sheet.is_canonical
    else:
        assert sheet.is_canonical == (table.canonical(sheet.table, spec) == data)


@given(texts())
@settings(deadline=None)
def test_order_is_told_as_if_rows_were_sorted(made: tuple[bytes, Spec]) -> None:
    """Rows ascend if sorting leaves them where they are, and are distinct if none repeats a key."""
    data, spec = made
    sheet = Sheet("t", "db.t.csv", data, spec)
    if not sheet.has(*spec.key):
        return
    keys = table.keys(sheet.table, spec).with_row_index("row")
    ordered = keys.sort(keys.columns[1:], nulls_last=True, maintain_order=True)["row"].is_sorted()
    assert sheet.order.ascending == ordered
    assert sheet.order.distinct == (ordered and keys.drop("row").is_unique().all())
    assert sheet.repeated == table.repeated(sheet.table, spec)
