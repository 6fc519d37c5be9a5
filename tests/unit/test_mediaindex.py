"""The media index, and the directory object that follows from it."""

from __future__ import annotations

import hashlib
import json
import re

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiodvc.errors import FormatError
from audiodvc.model import mediaindex
from tests.builder import MakeRepo

FILES = st.lists(
    st.tuples(st.text(st.characters(codec="utf-8")), st.text("0123456789abcdef", max_size=32)),
    unique_by=lambda file: file[0],
)


@given(FILES)
def test_a_directory_object_is_the_sorted_list_as_json(files: list[tuple[str, str]]) -> None:
    """Whatever the names are, the bytes are those of `json.dumps`."""
    made = mediaindex.directory_object(files)
    assert made.data == json.dumps([{"md5": md5, "relpath": path} for path, md5 in sorted(files)]).encode()
    assert made.name == hashlib.md5(made.data, usedforsecurity=False).hexdigest() + ".dir"


@given(FILES)
def test_columns_make_the_same_name_as_the_object(files: list[tuple[str, str]]) -> None:
    """The fast way and the plain way agree."""
    paths = pl.Series([path for path, _ in files], dtype=pl.String)
    md5s = pl.Series([md5 for _, md5 in files], dtype=pl.String)
    assert mediaindex.directory_name(paths, md5s) == mediaindex.directory_object(files).name


def test_a_large_folder_makes_the_same_name() -> None:
    """The text is hashed in parts of so many files, which are joined as the whole is."""
    files = [(f"{number}.wav", f"{number:032x}") for number in range(200_001)]
    paths, md5s = (pl.Series(column) for column in zip(*files, strict=True))
    assert mediaindex.directory_name(paths, md5s) == mediaindex.directory_object(files).name


def test_dvc_names_a_folder_in_the_same_way(make_repo: MakeRepo) -> None:
    """`dvc add` of a folder with odd names writes the hash that we make of its list."""
    repo = make_repo()
    contents = {
        "a b.wav": b"1",
        "ä/\U0001d11e.wav": b"2",
        'q"uote.wav': b"3",
        "a/b.wav": b"4",
        "a!b.wav": b"5",
    }
    for name, content in contents.items():
        path = repo.path / "audio" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    repo.dvc("add", "--quiet", "audio")
    files = [
        (name, hashlib.md5(content, usedforsecurity=False).hexdigest()) for name, content in contents.items()
    ]
    assert mediaindex.directory_object(files).name in (repo.path / "audio.dvc").read_text("utf-8")


@pytest.mark.parametrize(
    ("file", "md5", "says"),
    [
        ("audio/../../x.wav", "ab" * 16, "has a part '..'"),
        ("/x.wav", "ab" * 16, "is absolute"),
        ("audio/x.wav", "../../x", "is no md5"),
        ("audio/x.wav", "AB" * 16, "is no md5"),
        ("audio/x.wav", "ab" * 16 + ".dir", "is no md5"),
    ],
)
def test_a_line_that_leads_elsewhere_is_an_error_with_its_place(file: str, md5: str, says: str) -> None:
    """Files are linked, looked at and removed by what an index says."""
    data = f"{','.join(mediaindex.FIELDS)}\n{file},{md5},1,wav,,,,\n".encode()
    with pytest.raises(FormatError, match=rf"audio\.media\.csv:2: .*{re.escape(says)}"):
        mediaindex.parse(data, "audio.media.csv")
