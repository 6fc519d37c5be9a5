"""The texts of the demo's dataset are in audformat, and fit together."""

from __future__ import annotations

import csv
from io import StringIO

import pytest

from audiodvc.model import demo, header, table

SPOKEN = demo.utterances()
TABLES = demo.tables(SPOKEN)
PARSED = header.parse(demo.HEADER)


def rows(name: str) -> list[dict[str, str]]:
    """The rows of a table."""
    return list(csv.DictReader(StringIO(TABLES[name])))


def canonical(name: str) -> str:
    """A table in canonical form."""
    read = table.parse(TABLES[name].encode(), f"db.{name}.csv")
    assert not read.findings
    return table.canonical(read, PARSED.spec(name)).decode()


def test_header_has_no_fault_and_is_in_canonical_form() -> None:
    """A newcomer's first header is a good one."""
    assert not PARSED.findings
    assert header.canonical(demo.HEADER) == demo.HEADER


def test_header_declares_the_tables_that_are_there() -> None:
    """No more and no fewer, each with the columns of its file."""
    assert set(PARSED.tables) == set(TABLES)
    for name, text in TABLES.items():
        assert PARSED.spec(name).names == tuple(text.partition("\n")[0].split(","))


def test_header_names_the_emotions_that_are_spoken() -> None:
    """The labels of the scheme are those of the utterances."""
    assert PARSED.schemes["emotion"].labels == demo.EMOTIONS
    assert {one.emotion for one in SPOKEN} == set(demo.EMOTIONS)


@pytest.mark.parametrize("name", sorted(TABLES.keys() - {"segments"}))
def test_tables_are_in_canonical_form(name: str) -> None:
    """All but one, so that `fmt` has a single thing to show."""
    assert canonical(name) == TABLES[name]


def test_segments_lack_canonical_form_in_two_rows() -> None:
    """Enough for a diff that fits on a screen."""
    before, after = TABLES["segments"].splitlines(), canonical("segments").splitlines()
    assert len(before) == len(after) == 1 + 2 * len(SPOKEN)
    assert len(set(before) - set(after)) == 2
    assert "0.06s" in before[-2]


def test_sixty_utterances_are_between_0_8_and_2_seconds_long() -> None:
    """Short enough to be made on the spot."""
    assert len({one.file for one in SPOKEN}) == 60
    assert all(800 <= one.duration <= 2000 for one in SPOKEN)


def test_each_utterance_is_in_one_split() -> None:
    """Every file has an emotion, once."""
    labelled = [row["file"] for split in ("train", "dev", "test") for row in rows(f"emotion.{split}")]
    assert sorted(labelled) == [one.file for one in SPOKEN] == [row["file"] for row in rows("files")]


def test_no_speaker_is_in_two_splits() -> None:
    """What a model learns of a voice cannot help it in the test."""
    said_by = {row["file"]: row["speaker"] for row in rows("files")}
    splits = [
        {said_by[row["file"]] for row in rows(f"emotion.{split}")} for split in ("train", "dev", "test")
    ]
    assert sum(map(len, splits)) == len(set.union(*splits)) == 6
    assert all(splits)


def test_every_speaker_stands_in_the_misc_table() -> None:
    """The labels of the scheme `speaker` are the levels of that table."""
    assert {row["speaker"] for row in rows("speaker")} == {row["speaker"] for row in rows("files")}


def test_confidence_is_a_share() -> None:
    """Between the bounds of its scheme."""
    assert all(0 <= one.confidence <= 1 for one in SPOKEN)
