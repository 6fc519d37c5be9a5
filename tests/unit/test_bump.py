"""What the next version has to be, and why."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pytest

from audiodvc.changes.bump import bump, following
from audiodvc.changes.diff import diff
from audiodvc.model import snapshot

HEADER = """\
name: d
schemes:
  emotion: {dtype: str, labels: [happy, sad]}
  age: {dtype: int, minimum: 1}
  speaker: {dtype: str, labels: speaker}
splits: {train: {type: train}, test: {type: test}}
attachments: {paper: {path: docs/paper.txt}}
tables:
  emotion: {type: filewise, split_id: train, columns: {emotion: {scheme_id: emotion}}}
  parts: {type: segmented, columns: {}}
misc_tables:
  speaker: {levels: {speaker: str}, columns: {age: {scheme_id: age}}}
"""
INDEX = "file,md5,size,format,channels,sampling_rate,bit_depth,duration\n"
BEFORE = {
    "db.yaml": HEADER,
    "db.emotion.csv": "file,emotion\na.wav,happy\nb.wav,sad\n",
    "db.parts.csv": "file,start,end\na.wav,0 days 00:00:00.000000000,0 days 00:00:02.000000000\n",
    "db.speaker.csv": "speaker,age\nann,30\nben,40\n",
    "a.media.csv": INDEX + "a.wav,x,1,wav,1,8000,16,1.0\nb.wav,y,1,wav,1,8000,16,1.0\n",
    "audiodvc.yaml": "flavors: {}\n",
}


def changed(path: str, old: str, new: str) -> dict[str, str]:
    """The files with a text of one of them replaced."""
    assert old in BEFORE[path]
    return {**BEFORE, path: BEFORE[path].replace(old, new)}


def headed(old: str, new: str) -> dict[str, str]:
    """The files with a text of the header replaced."""
    return changed("db.yaml", old, new)


CASES = {
    "table removed": (
        headed("  parts: {type: segmented, columns: {}}\n", "") | {"db.parts.csv": ""},
        ["major: table parts was removed"],
    ),
    "column removed": (
        changed("db.speaker.csv", "speaker,age\nann,30\nben,40\n", "speaker\nann\nben\n")
        | {"db.yaml": HEADER.replace("columns: {age: {scheme_id: age}}", "columns: {}")},
        ["major: column age of table speaker was removed"],
    ),
    "label removed": (
        headed("[happy, sad]", "[happy]"),
        ["major: label sad of scheme emotion was removed"],
    ),
    "label of a misc table removed": (
        changed("db.speaker.csv", "ben,40\n", ""),
        ["major: label ben of scheme speaker was removed", "minor: 1 row removed from table speaker"],
    ),
    "label renamed": (
        headed("[happy, sad]", "[happy, sadness]"),
        [
            "major: label sad of scheme emotion was removed",
            "minor: label sadness of scheme emotion was added",
        ],
    ),
    "dtype": (
        headed("dtype: int", "dtype: float"),
        ["major: column age of table speaker is float, and was int"],
    ),
    "split removed": (headed(", test: {type: test}", ""), ["major: split test was removed"]),
    "attachment added": (
        headed("attachments: {", "attachments: {more: {path: docs/more.txt}, "),
        ["minor: attachment more was added"],
    ),
    "label added": (
        headed("[happy, sad]", "[happy, sad, angry]"),
        ["minor: label angry of scheme emotion was added"],
    ),
    "order of labels": (headed("[happy, sad]", "[sad, happy]"), ["patch: labels are in another order"]),
    "split of a table": (
        headed("split_id: train", "split_id: test"),
        ["minor: the split of table emotion was changed"],
    ),
    "minimum": (headed("minimum: 1", "minimum: 0"), ["minor: minimum of scheme age was changed"]),
    "description": (
        headed("name: d\n", "name: d\ndescription: x\n"),
        ["patch: description of the header was added"],
    ),
    "rows added and removed": (
        changed("db.emotion.csv", "b.wav,sad", "c.wav,sad"),
        ["minor: 1 row added to table emotion", "minor: 1 row removed from table emotion"],
    ),
    "cell": (
        changed("db.emotion.csv", "b.wav,sad", "b.wav,happy"),
        ["patch: 1 row changed in table emotion"],
    ),
    "segment moved": (
        changed("db.parts.csv", "00:00:02", "00:00:03"),
        ["patch: 1 segment moved in table parts"],
    ),
    "media added": (
        changed("a.media.csv", "b.wav,y", "b.wav,y,1,wav,1,8000,16,1.0\nc.wav,z"),
        ["minor: 1 media file added"],
    ),
    "media replaced": (changed("a.media.csv", "b.wav,y", "b.wav,z"), ["patch: 1 media file replaced"]),
    "media renamed": (changed("a.media.csv", "b.wav", "c.wav"), ["minor: 1 media file renamed"]),
    "settings": (
        changed("audiodvc.yaml", "{}", "{x: {channels: [0]}}"),
        ["patch: audiodvc.yaml was changed"],
    ),
    "form": (
        changed("db.speaker.csv", "ann,30\nben,40", "ben,40\nann,30"),
        ["patch: 1 file changed in form only"],
    ),
    "stage that ran": ({**BEFORE, "dvc.lock": "schema: '2.0'\n"}, []),
    "nothing": (BEFORE, []),
}


@pytest.mark.parametrize("case", CASES)
def test_a_version_rises_by_what_its_users_notice(case: str) -> None:
    """Each kind of change asks for its level, with words that name it."""
    after, reasons = CASES[case]
    a, b = take(BEFORE), take(after)
    found = bump(diff(a, b), a, b)
    assert [f"{one.level}: {one.what}" for one in (found.reasons if found else ())] == reasons
    if found:
        assert [one for one in found.reasons if one.level == found.level] == list(found.decisive)
        assert found.level == reasons[0].partition(":")[0]


@pytest.mark.parametrize(
    ("tag", "major", "minor", "patch"),
    [
        ("v1.2.3", "2.0.0", "1.3.0", "1.2.4"),
        ("0.2.3", "0.3.0", "0.3.0", "0.2.4"),
        ("2.0.0-rc.1", "2.0.0", "2.0.0", "2.0.0"),
    ],
)
def test_the_next_version_is_a_semantic_one(tag: str, major: str, minor: str, patch: str) -> None:
    """Numbers below the one that rises start anew."""
    assert (following(tag, "major"), following(tag, "minor"), following(tag, "patch")) == (
        major,
        minor,
        patch,
    )


def take(files: Mapping[str, str]) -> snapshot.Snapshot:
    """A snapshot of texts; one that is empty is not there."""
    there = {path: text for path, text in files.items() if text}
    return snapshot.take(dict.fromkeys(there, "file"), lambda path: there[path].encode(), date(2024, 1, 2))
