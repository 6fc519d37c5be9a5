"""Rules about files, sound, storage and splits: what is done by columns agrees with plain loops."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiodvc.finding import Finding
from audiodvc.model import mediaindex, pathcolumn, paths, snapshot
from audiodvc.model.flavor import FORMATS, Flavor
from audiodvc.model.snapshot import Snapshot
from audiodvc.rules import audio, flavors, splits, storage
from audiodvc.rules import paths as paths_rules

FILES = ("a.wav", "A.wav", "x/a.wav", "X/b.wav", "x/ä.wav", "x/a\u0308.wav", "x", "ß/b", "SS/c", "y/z/a", "Y")
NAMES = st.lists(st.sampled_from(FILES) | st.text("aA/.ä\u0308", min_size=1, max_size=6), max_size=8)
RULES = (*paths_rules.RULES, *audio.RULES, *storage.RULES, *flavors.RULES, *splits.RULES)

HEADER = """\
name: test
source: test
usage: other
splits: {train: {type: train}, dev: {type: dev}, test: {type: test}}
schemes: {speaker: {dtype: str, labels: {s1: {sex: f}, s2: {sex: m}, s3: {sex: f}}}}
media: {mic: {format: wav, sampling_rate: 8000}}
tables:
  train: {type: filewise, split_id: train, media_id: mic, columns: {speaker: {scheme_id: speaker}}}
  dev: {type: segmented, split_id: dev}
  test: {type: filewise, split_id: test}
"""
SETTINGS = "flavors: {mono: {channels: [0]}}\nvalidate: {groups: [speaker, sex]}\n"
FIRST = ",".join(mediaindex.FIELDS)


@given(NAMES, NAMES)
def test_collisions_are_those_of_a_loop_over_all_paths(listed: list[str], named: list[str]) -> None:
    """Leaving out what cannot collide changes nothing."""
    listed = [file for file in dict.fromkeys(listed) if file]
    index = [FIRST, *(f"{file},,,,,,," for file in listed)]
    table = ["file", *named]
    taken = take({"audio.media.csv": "\n".join(index) + "\n", "db.test.csv": "\n".join(table) + "\n"})
    found = {(finding.value, finding.path) for finding in paths_rules.ar004(taken)}
    later = {file for _, file in paths.collisions(dict.fromkeys([*listed, *named]))}
    assert found == {(file, "audio.media.csv" if file in listed else "db.test.csv") for file in later}


@given(NAMES, NAMES)
def test_absent_names_are_those_that_are_not_known(names: list[str], known: list[str]) -> None:
    """In the order of the names, however often one stands there."""
    columns = [pl.Series(column, dtype=pl.String) for column in (names, known)]
    assert pathcolumn.absent(*columns).to_list() == [name not in known for name in names]


@given(
    st.text("ab./-", min_size=1, max_size=8).filter(lambda file: file.isprintable()),
    st.sampled_from([*FORMATS, None]),
)
@pytest.mark.parametrize("tail", ["", ".wav", ".WAV", ".Flac", ".tar.flac"])
def test_the_name_in_a_flavor_is_the_one_that_a_flavor_gives(
    tail: str, file: str, format_: str | None
) -> None:
    """Columns of files are renamed as single files are."""
    frame = pl.DataFrame({"file": [file + tail]})
    made = frame.select(flavors.destination(format_)).item()
    assert made == Flavor(format=format_).destination(file + tail)


ROWS = st.lists(st.tuples(st.sampled_from(["train", "dev", "test"]), st.sampled_from("abcd")), max_size=8)


@given(ROWS, st.dictionaries(st.sampled_from("abcd"), st.sampled_from("12")))
def test_leaks_are_those_of_a_loop_over_all_rows(
    rows: list[tuple[str, str]], objects: dict[str, str]
) -> None:
    """Files, and bytes under two names, are found once for each later split."""
    rows.sort(key=lambda row: ("train", "dev", "test").index(row[0]))
    taken = take(
        {**tables(rows), "audio.media.csv": index({file: md5 * 32 for file, md5 in objects.items()})}
    )
    assert [(found.table, found.value) for found in splits.ap001(taken)] == leaks(
        rows, {file: file for file in "abcd"}
    )
    in_one = [row for row in rows if len({split for split, file in rows if file == row[1]}) == 1]
    assert [(found.table, found.value) for found in splits.ap003(taken)] == leaks(in_one, objects)


SPEAKERS = {"a": "s1", "b": "s2", "c": "s3", "d": ""}


@given(ROWS)
def test_groups_are_found_by_column_and_by_what_labels_say(rows: list[tuple[str, str]]) -> None:
    """A speaker has one file here, so only what two speakers share can cross."""
    rows = sorted(dict.fromkeys(rows), key=lambda row: ("train", "dev", "test").index(row[0]))
    texts = tables([row for row in rows if row[0] != "train"])
    train = "".join(f"{file},{speaker}\n" for file, speaker in SPEAKERS.items())
    taken = take({**texts, "db.train.csv": "file,speaker\n" + train})
    whole = [*(("train", file) for file in SPEAKERS), *(row for row in rows if row[0] != "train")]
    in_one = [row for row in whole if len({split for split, file in whole if file == row[1]}) == 1]
    sex = {"a": "f", "b": "m", "c": "f"}
    found = [(found.table, found.value) for found in splits.ap002(taken)]
    assert found == leaks(in_one, {"a": "s1", "b": "s2", "c": "s3"}) + leaks(in_one, sex)


ODD = st.sampled_from(
    [
        *(
            "",
            "\n",
            "\0",
            '"',
            "file",
            "file,md5\n",
            "file\na.wav\n",
            FIRST,
            f"{FIRST}\n",
            "a: [",
            "- 1",
            "1: 2",
        ),
        *(
            f"{FIRST}\na.wav,x,y,z,,,,\na.wav,,,wav,nan,inf,-1,0\n",
            f"{FIRST},source_md5\nflavors/mono/a.wav,,,,,,,,\n",
        ),
        *(
            "outs: [{path: audio}]",
            "outs: [{path: ../x, md5: 1}]",
            "outs: [{md5: x.dir, path: audio}]",
            "file,file\na,b\n",
        ),
        *(
            "stages: {flavor@mono: {outs: [{path: flavors/mono, md5: x.dir}, 1]}}",
            "file,start,end\na.wav,,\n",
        ),
        *("media: {1: {format: 2}, mic: {sampling_rate: true, bit_depth: 1e400, channels: []}}\n" + HEADER,),
        *(
            HEADER,
            SETTINGS,
            "validate: {groups: [file, '', speeker]}",
            "attachments: {a: {path: ''}, b: {path: /}}",
        ),
    ]
)
PLACES = ("db.yaml", "audiodvc.yaml", "audio.media.csv", "audio.dvc", "flavors/mono.media.csv", "dvc.lock")


@given(
    st.dictionaries(
        st.sampled_from([*PLACES, "erased.csv", "db.train.csv", "db.dev.csv", "db.test.csv"]), ODD
    )
)
def test_no_rule_fails_on_anything(texts: dict[str, str]) -> None:
    """Whatever stands in the files, rules find and do not raise."""
    taken = take(texts, remote=frozenset({"x"}))
    assert all(isinstance(found, Finding) for rule in RULES for found in rule(taken))


def leaks(rows: list[tuple[str, str]], values: Mapping[str, str]) -> list[tuple[str, str]]:
    """The first row of each value in each split but the one where it was first."""
    seen: dict[str, set[str]] = {}
    found = []
    for split, file in rows:
        if file in values and split not in seen.setdefault(values[file], set()):
            found += [(split, file)] if seen[values[file]] else []
            seen[values[file]].add(split)
    return found


def tables(rows: list[tuple[str, str]]) -> dict[str, str]:
    """The texts of tables with these rows, each with its split."""
    firsts = {"train": "file,speaker\n", "dev": "file,start,end\n", "test": "file\n"}
    rest = {"train": ",", "dev": ",,", "test": ""}
    return {
        f"db.{name}.csv": first + "".join(f"{file}{rest[name]}\n" for split, file in rows if split == name)
        for name, first in firsts.items()
    }


def index(objects: Mapping[str, str]) -> str:
    """The text of an index with these files."""
    return "".join([f"{FIRST}\n", *(f"{file},{md5},,,,,,\n" for file, md5 in objects.items())])


def take(texts: Mapping[str, str], remote: frozenset[str] | None = None) -> Snapshot:
    """A snapshot of texts, with a header and settings unless there are some."""
    files = {"db.yaml": HEADER, "audiodvc.yaml": SETTINGS, **texts}
    kinds = dict.fromkeys(files, "file")
    return snapshot.take(kinds, lambda path: files[path].encode(), date(2024, 6, 1), remote=remote)  # type: ignore[arg-type]
