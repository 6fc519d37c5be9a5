"""A difference in numbers, and as a comment on a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audiodvc.changes.between import Between
from audiodvc.changes.diff import diff
from audiodvc.model import snapshot
from audiodvc.report.diff import text
from audiodvc.report.diffmarkdown import ROOM, markdown

HEADER = """\
name: d
schemes:
  emotion: {dtype: str, labels: [happy, sad, angry]}
  speaker: {dtype: str, labels: speaker}
  gender: {dtype: str, labels: [female, male]}
splits: {train: {type: train}, test: {type: test}}
tables:
  emotion: {type: filewise, split_id: train, columns: {emotion: {scheme_id: emotion}}}
  test: {type: filewise, split_id: test, columns: {emotion: {scheme_id: emotion}}}
  files: {type: filewise, columns: {speaker: {scheme_id: speaker}}}
misc_tables:
  speaker: {levels: {speaker: str}, columns: {gender: {scheme_id: gender}}}
"""
INDEX = "file,md5,size,format,channels,sampling_rate,bit_depth,duration\n"
MANY = 60


def rows(first: str, lines: Iterable[str]) -> str:
    """A table."""
    return "\n".join([first, *lines, ""])


BEFORE = {
    "db.yaml": HEADER,
    "db.emotion.csv": rows("file,emotion", (f"{at:02}.wav,happy" for at in range(MANY))),
    "db.test.csv": rows("file,emotion", ["x.wav,sad", "y.wav,sad"]),
    "db.files.csv": rows("file,speaker", (f"{at:02}.wav,{'ann' if at % 2 else 'ben'}" for at in range(MANY))),
    "db.speaker.csv": rows("speaker,gender", ["ann,female", "ben,male"]),
    "a.media.csv": INDEX + rows("00.wav,a,1,wav,1,8000,16,2.0", ["01.wav,b,1,wav,1,8000,16,1.0"]),
}


def changed(**texts: tuple[str, str]) -> Between:
    """What differs once texts of files are replaced; `_` in a name stands for a dot."""
    after = dict(BEFORE)
    for name, (old, new) in texts.items():
        path = {"header": "db.yaml", "media": "a.media.csv"}.get(name, f"db.{name}.csv")
        assert old in after[path]
        after[path] = after[path].replace(old, new)
    return between(BEFORE, after)


def between(before: Mapping[str, str], after: Mapping[str, str]) -> Between:
    """What differs between texts."""
    a, b = (
        snapshot.take(dict.fromkeys(files, "file"), lambda path, files=files: files[path].encode(), date.min)  # type: ignore[misc]
        for files in (before, after)
    )
    return Between(a, b, diff(a, b))


def test_labels_are_counted_by_class() -> None:
    """What became what, most frequent first, and how the classes are balanced now."""
    summary = changed(
        emotion=("00.wav,happy\n01.wav,happy\n02.wav,happy", "00.wav,angry\n01.wav,angry\n02.wav,sad")
    ).summary()
    (column,) = summary.tables[0].columns
    assert [(flip.old, flip.new, flip.count) for flip in column.flips] == [
        ("happy", "angry", 2),
        ("happy", "sad", 1),
    ]
    assert (column.cells, column.is_labelled) == (3, True)
    shifts = {shift.value: (shift.before, shift.after) for shift in summary.shifts}
    assert shifts == {"happy": (60, 57), "angry": (0, 2), "sad": (0, 1)}
    assert {(one.value, one.count) for one in summary.groups} == {("ben", 2), ("ann", 1)}
    assert [(one.value, one.count) for one in summary.splits] == [("train", 3)]
    assert summary.risks == ()


def test_a_label_of_a_misc_table_that_is_in_use() -> None:
    """Its row is gone, and cells still have it."""
    found = changed(speaker=("ben,male\n", "")).summary().risks
    assert ("label", "ben", 30, "speaker") in [(r.kind, r.subject, r.count, r.before) for r in found]


@pytest.mark.parametrize(
    ("count", "said"),
    [(3, []), (4, [("share", "emotion", 4, 60)])],
)
def test_more_than_a_twentieth_of_a_table_is_a_risk(count: int, said: list[object]) -> None:
    """Up to that it is a correction."""
    lines = "".join(f"{at:02}.wav,happy\n" for at in range(count))
    found = changed(emotion=(lines, lines.replace("happy", "sad"))).summary()
    assert [(r.kind, r.subject, r.count, r.total) for r in found.risks] == said


def test_files_and_tables_that_change_their_split() -> None:
    """A file by its rows, a table by the header."""
    moved = changed(emotion=("00.wav,happy\n", ""), test=("x.wav", "00.wav,happy\nx.wav")).summary()
    risk = next(r for r in moved.risks if r.kind == "split")
    assert (risk.subject, risk.count, risk.before, risk.after) == ("00.wav", 1, "train", "test")
    files = {(s.value, s.before, s.after) for s in moved.shifts if s.noun == "file"}
    assert files == {("train", 60, 59), ("test", 2, 3)}
    seconds = {(s.value, s.before, s.after) for s in moved.shifts if s.noun == "second"}
    assert seconds == {("train", 3.0, 1.0), ("test", 0.0, 2.0)}
    whole = changed(header=("split_id: test", "split_id: train")).summary()
    assert [(r.subject, r.before, r.after) for r in whole.risks] == [("table test", "test", "train")]


def test_media_by_what_became_of_them() -> None:
    """With their seconds, and those of all."""
    found = changed(media=("01.wav,b,1,wav,1,8000,16,1.0", "02.wav,c,1,wav,1,8000,16,4.5")).summary()
    media = found.media
    assert (media.added, media.removed, media.added_seconds, media.removed_seconds) == (1, 1, 4.5, 1.0)
    assert [(s.before, s.after) for s in found.shifts if s.of == "media"] == [(3.0, 6.5)]


def test_a_column_that_is_gone_is_no_correction_of_each_row() -> None:
    """It is a risk of its own."""
    found = between(BEFORE, {**BEFORE, "db.speaker.csv": "speaker\nann\nben\n"}).summary()
    assert [(r.kind, r.subject, r.before) for r in found.risks] == [("column", "gender", "speaker")]
    assert (found.tables[0].changed, found.tables[0].removed_columns) == (0, ("gender",))
    assert found.tables[0].columns == ()


def test_headers_that_make_no_sense_are_no_obstacle() -> None:
    """A table of an unknown type, labels with fields, and a header that is broken on one side."""
    strange = HEADER.replace("type: filewise, columns: {speaker", "type: odd, columns: {speaker")
    strange = strange.replace("labels: [happy, sad, angry]", "labels: {happy: {a: [1]}, sad: {}, angry: {}}")
    after = {**BEFORE, "db.yaml": strange, "db.emotion.csv": "file,emotion\n00.wav,sad\n"}
    found = between({**BEFORE, "db.yaml": strange}, after)
    assert found.difference.tables[0].rows.count("remove") == 59
    assert "59 rows removed" in text(found)
    broken = between({**BEFORE, "db.yaml": "{"}, after)
    assert [one.kind for one in broken.summary().risks][:1] == ["unreadable"]
    assert markdown(broken)


def test_nothing_is_said_shortly() -> None:
    """And form is a line."""
    assert text(between(BEFORE, BEFORE)) == "no difference"
    quoted = {**BEFORE, "db.test.csv": 'file,emotion\n"x.wav",sad\ny.wav,sad\n'}
    assert text(between(BEFORE, quoted)) == "form only: db.test.csv"
    assert "`db.test.csv`" in markdown(between(BEFORE, quoted))
    assert markdown(between(BEFORE, BEFORE)) == "**No change in meaning.**"


WORDS = st.text("ab`|@<>&*_[]()#!~\\\n\r\t\x1b\u202eäx😀", min_size=1, max_size=400)


@settings(max_examples=30)
@given(st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=4))
def test_no_label_is_markup(pairs: list[tuple[str, str]]) -> None:
    """Whatever the cells are, no person is called, no tag is opened, no table and no fence is broken."""
    quoted = ['"' + word.replace('"', '""') + '"' for pair in pairs for word in pair]
    before = {
        **BEFORE,
        "db.emotion.csv": rows("file,emotion", (f"{at}.wav,{w}" for at, w in enumerate(quoted))),
    }
    after = {
        **BEFORE,
        "db.emotion.csv": rows("file,emotion", (f"{at}.wav,{w}" for at, w in enumerate(quoted[::-1]))),
    }
    said = markdown(between(before, after))
    assert len(said) < ROOM
    fence = False
    for line in said.split("\n"):
        if line.startswith("```"):
            fence = not fence
        elif not fence:
            bare = re.sub(r"`[^`]*`", "", line)
            assert "@" not in bare
            assert not line.startswith("| `emotion` |") or len(re.findall(r"(?<!\\)\|", line)) == 4
            assert re.sub(r"</?(details|summary|code|sub)>", "", bare).count("<") == 0
    assert not fence


def test_a_comment_is_never_too_long() -> None:
    """Nor does it hide that there is more."""
    long = "ä" * 3000
    tables = {f"t{at}{'n' * 100}": at for at in range(80)}
    header = "name: d\ntables:\n" + "".join(
        f"  {name}: {{type: filewise, columns: {{{long}: {{}}}}}}\n" for name in tables
    )
    before, after = (
        {"db.yaml": header}
        | {
            f"db.{name}.csv": rows(f"file,{long}", (f"{row}.wav,{word}{long}" for row in range(20)))
            for name in tables
        }
        for word in ("x", "y")
    )
    said = markdown(between(before, after))
    assert 30_000 < len(said) < ROOM
    assert "more" in said
    assert said.count("<details>") == said.count("</details>")
    assert said.count("```") % 2 == 0
