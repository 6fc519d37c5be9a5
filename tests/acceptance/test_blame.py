"""`audiodvc blame` and `audiodvc.blame` on real repositories."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import chdir, redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

import audiodvc
from audiodvc.cli.main import run
from audiodvc.errors import SelectionError
from audiodvc.resolve.trails import Trail
from tests.builder import Repo, RepoFactory
from tests.schema import documented, faults
from tests.servers import git_daemon, git_http

HEADER = """\
name: voices
source: made by a test
usage: unrestricted
languages: [eng]
schemes:
  emotion: {dtype: str, labels: [angry, happy]}
  gender: {dtype: str, labels: {f: {name: female}, m: {name: male}}}
  speaker: {dtype: str, labels: speaker}
tables:
  emotion: {type: segmented, columns: {emotion: {scheme_id: emotion}, speaker: {scheme_id: speaker}}}
misc_tables:
  speaker: {levels: {speaker: str}, columns: {gender: {scheme_id: gender}}}
"""
FIRST = """\
file,start,end,emotion,speaker
a.wav,0 days 00:00:00,0 days 00:00:01,happy,s1
a.wav,0 days 00:00:01,0 days 00:00:02,happy,s1
b.wav,0 days 00:00:00,0 days 00:00:01,happy,s2
"""
FIXED = FIRST.replace("00:00:02,happy", "00:00:02,angry")
SHIFTED = """\
file,start,end,emotion,speaker
a.wav,0 days 00:00:00.000000000,0 days 00:00:01.000000000,happy,s1
a.wav,0 days 00:00:01.000000000,0 days 00:00:02.250000000,angry,s1
"""
CELL = ("a.wav", "1s", "2.25s")


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, repo_template: Path) -> Path:
    """A table that was fixed on a branch, formatted, cut anew, and shortened."""
    repo = RepoFactory(tmp_path_factory.mktemp("blame"), repo_template)()
    speakers = "speaker,gender\ns1,f\ns2,f\n"
    written(repo, "Ada", header=HEADER, tables={"emotion": FIRST, "speaker": speakers}, tag="v1.0.0")
    repo.git("checkout", "--quiet", "-b", "fix")
    written(repo, "Ben", tables={"emotion": FIXED})
    repo.git("checkout", "--quiet", "main")
    written(repo, "Eva", tables={"speaker": speakers.replace("s1,f", "s1,m")})
    repo.git("merge", "--quiet", "--no-ff", "--message", "Merge fix", "fix")
    repo.audiodvc("fmt")
    written(repo, "Eva", tag="v1.1.0")
    written(repo, "Eva", tables={"emotion": SHIFTED}, tag="v2.0.0-rc.1")
    repo.git("tag", "v2.0.0")
    return repo.path


@pytest.fixture(scope="module")
def server(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The repository on a server."""
    folder = tmp_path_factory.mktemp("server")
    bare = folder / "voices.git"
    Repo(made).git("clone", "--quiet", "--bare", str(made), str(bare))
    Repo(bare).git("config", "uploadpack.allowFilter", "true")
    Repo(bare).git("config", "uploadpack.allowAnySHA1InWant", "true")
    with git_daemon(folder) as url:
        yield f"{url}/voices.git"


def written(
    repo: Repo,
    author: str,
    *,
    header: str | None = None,
    tables: dict[str, str] | None = None,
    tag: str | None = None,
) -> None:
    """A commit of somebody's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GIT_AUTHOR_NAME", author)
        repo.commit(header=header, tables=tables, tag=tag)


@pytest.fixture
def repo(made: Path, tmp_path: Path) -> Repo:
    """A copy of that dataset."""
    shutil.copytree(made, tmp_path / "dataset", symlinks=True)
    return Repo(tmp_path / "dataset")


def blame(folder: Path, *words: str) -> tuple[int, str, str]:
    """The exit code, what was printed, and what was said beside."""
    said = StringIO(), StringIO()
    with chdir(folder), redirect_stdout(said[0]), redirect_stderr(said[1]):
        code = run(["blame", *words])
    return code, said[0].getvalue(), said[1].getvalue()


def changes(found: Trail | dict[str, Any]) -> list[tuple[str | None, str, str | None]]:
    """Who set which value, and in which version it came."""
    if isinstance(found, Trail):
        return [(one.value, one.author, one.version) for one in found.changes]
    return [(one["value"], one["author"], one["version"]) for one in found["changes"]]


SET = [("angry", "Ben", "1.1.0"), ("happy", "Ada", "1.0.0")]


def test_a_label_is_told_with_who_set_it(made: Path) -> None:
    """Not who merged, formatted or cut it; by the id of the table or by its file."""
    for table in ("emotion", "db.emotion.csv"):
        code, out, _ = blame(made, table, *CELL, "--column", "emotion", "--format", "json")
        document = json.loads(out)
        assert list(faults(document, documented("audiodvc.blame/v1"))) == []
        assert code == 0
        assert [changes(cell) for cell in document["cells"]] == [SET]
        assert document["cells"][0]["changes"][0]["key"]["end"] == "0 days 00:00:02.000000000"
        assert document["complete"]


TEXT = """\
emotion  a.wav 00:00:01 00:00:02.25  emotion  angry
  {ben}  2024-01-02  1.1.0  Ben  happy -> angry at a.wav 00:00:01 00:00:02
  {ada}  2024-01-02  1.0.0  Ada  happy at a.wav 00:00:01 00:00:02
"""


def test_the_text_has_a_line_for_each_change(made: Path) -> None:
    """With the key where it was another one."""
    ben, ada = (Repo(made).git("rev-parse", name)[:10] for name in ("fix", "v1.0.0"))
    code, out, complaint = blame(made, "emotion", *CELL, "--column", "emotion")
    assert (code, complaint) == (0, "")
    assert out == TEXT.format(ben=ben, ada=ada)


def test_a_file_stands_for_every_label_of_it(made: Path) -> None:
    """Each segment, each column."""
    _, out, _ = blame(made, "emotion", "a.wav", "--format", "json")
    cells = json.loads(out)["cells"]
    assert [(one["key"]["start"][-12:], one["column"]) for one in cells] == [
        ("00.000000000", "emotion"),
        ("00.000000000", "speaker"),
        ("01.000000000", "emotion"),
        ("01.000000000", "speaker"),
    ]
    assert changes(cells[2]) == SET


def test_labels_are_followed_to_what_they_say(made: Path) -> None:
    """Into the misc table of a scheme, and from there into the header."""
    _, out, _ = blame(made, "emotion", *CELL, "--through", "--format", "json")
    document = json.loads(out)
    assert list(faults(document, documented("audiodvc.blame/v1"))) == []
    more = {
        (one["path"], *one["key"].values(), one["column"]): one for one in document["cells"] if one["through"]
    }
    assert list(more) == [
        ("db.yaml", "emotion", "angry", None),
        ("db.speaker.csv", "s1", "gender"),
        ("db.yaml", "gender", "m", "name"),
    ]
    assert changes(more["db.speaker.csv", "s1", "gender"]) == [("m", "Eva", "1.1.0"), ("f", "Ada", "1.0.0")]
    assert changes(more["db.yaml", "gender", "m", "name"]) == [("male", "Ada", "1.0.0")]


def test_a_row_that_is_gone_is_told_with_who_removed_it(made: Path) -> None:
    """The first version without it is that of the commit."""
    code, out, _ = blame(made, "emotion", "b.wav", "--column", "emotion", "--format", "json")
    cell = json.loads(out)["cells"][0]
    assert (code, cell["value"]) == (0, None)
    assert changes(cell) == [(None, "Eva", "2.0.0-rc.1"), ("happy", "Ada", "1.0.0")]
    assert "(removed)" in blame(made, "emotion", "b.wav")[1]


def test_a_merge_is_blamed_for_what_neither_side_had(repo: Repo) -> None:
    """And followed to either side for what it took from there."""
    rows = SHIFTED.splitlines(keepends=True)
    repo.git("checkout", "--quiet", "-b", "other")
    written(repo, "Ben", tables={"emotion": "".join([*rows[:2], rows[2].replace("s1", "s2")])})
    repo.git("checkout", "--quiet", "main")
    written(repo, "Eva", tables={"emotion": "".join([rows[0], rows[1].replace("s1", "s2"), rows[2]])})
    repo.git("merge", "--quiet", "--no-commit", "--strategy=ours", "other")
    merged = "".join([rows[0], rows[1].replace("s1", "s2"), rows[2].replace("angry,s1", "happy,s2")])
    written(repo, "Zoe", tables={"emotion": merged})
    _, out, _ = blame(repo.path, "emotion", "a.wav", "--format", "json")
    cells = [changes(one) for one in json.loads(out)["cells"]]
    assert cells[1] == [("s2", "Eva", None), ("s1", "Ada", "1.0.0")]
    assert cells[2] == [("happy", "Zoe", None), *SET]
    assert cells[3] == [("s2", "Ben", None), ("s1", "Ada", "1.0.0")]


def test_an_earlier_revision_knows_nothing_of_what_came_after(made: Path) -> None:
    """As of a tag."""
    _, out, _ = blame(made, "emotion", "a.wav", "1s", "2s", "--column", "emotion", "--rev", "v1.0.0")
    assert "happy" in out
    assert "angry" not in out


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["emotion", "c.wav"], "db.emotion.csv never had a row c.wav"),
        (["emotion", "a.wav", "--column", "mood"], "never had a column 'mood'"),
        (["moods", "a.wav"], "no commit has a table moods (db.moods.csv)"),
        (["speaker", "s1", "s2"], "a key of speaker has 1 value, and 2 are given"),
    ],
)
def test_what_never_was_is_an_error(made: Path, words: list[str], complaint: str) -> None:
    """And not an empty answer."""
    code, out, said = blame(made, *words)
    assert (code, out) == (3, "")
    assert complaint in said


def test_a_dataset_without_versions_has_authors_all_the_same(repo: Repo) -> None:
    """No version has the commits yet."""
    repo.git("tag", "--delete", *repo.git("tag").split())
    _, out, _ = blame(repo.path, "emotion", *CELL, "--column", "emotion", "--format", "json")
    assert changes(json.loads(out)["cells"][0]) == [(value, author, None) for value, author, _ in SET]


def test_a_clone_without_its_past_says_so(made: Path, tmp_path: Path) -> None:
    """The first commit that it has need not be the one that set a label."""
    Repo(made).git("clone", "--quiet", "--depth=1", f"file://{made}", str(tmp_path / "shallow"))
    code, out, note = blame(tmp_path / "shallow", "emotion", *CELL, "--format", "json")
    assert (code, json.loads(out)["complete"]) == (0, False)
    assert "has not all commits" in note


def test_a_partial_clone_fetches_what_it_lacks(server: str, tmp_path: Path) -> None:
    """At once, and not file by file."""
    Repo(tmp_path).git("clone", "--quiet", "--filter=blob:none", server, str(tmp_path / "partial"))
    for _ in range(2):
        _, out, _ = blame(tmp_path / "partial", "emotion", *CELL, "--column", "emotion", "--format", "json")
        assert changes(json.loads(out)["cells"][0]) == SET


@pytest.mark.parametrize("kind", ["new", "old", "dumb"])
def test_any_server_can_be_asked(made: Path, tmp_path: Path, kind: str) -> None:
    """Also one that cannot leave out files, or gives no file by its name."""
    bare = tmp_path / "served" / "voices.git"
    bare.parent.mkdir()
    Repo(made).git("clone", "--quiet", "--bare", str(made), str(bare))
    Repo(bare).git("update-server-info")
    with git_http(bare.parent) as server:
        server.old, server.dumb = kind == "old", kind == "dumb"
        url = f"{server.url}/voices.git"
        found = audiodvc.blame(url, "emotion", CELL, column="emotion", cache_root=tmp_path / "cache")
    assert [changes(one) for one in found.trails] == [SET]


def test_people_are_called_as_the_mailmap_has_it(repo: Repo) -> None:
    """That of the revision."""
    repo.commit(files={".mailmap": "Benjamin <ben@example.org> Ben <ada@example.org>\n"})
    _, out, _ = blame(repo.path, "emotion", *CELL, "--column", "emotion", "--format", "json")
    assert [one["author"] for one in json.loads(out)["cells"][0]["changes"]] == ["Benjamin", "Ada"]


def test_a_dataset_below_the_top_has_its_own_tables(made: Path, tmp_path: Path) -> None:
    """And its own versions."""
    shutil.copytree(made, tmp_path / "top" / "data" / "voices", ignore=shutil.ignore_patterns(".git"))
    repo = Repo(tmp_path / "top")
    repo.git("init", "--quiet", "--initial-branch=main")
    repo.git("add", "--all")
    repo.git("commit", "--quiet", "--message", "All")
    repo.git("tag", "voices@v3.0.0")
    _, out, _ = blame(tmp_path / "top" / "data" / "voices", "emotion", *CELL, "--format", "json")
    assert changes(json.loads(out)["cells"][0]) == [("angry", "Ada", "3.0.0")]


def test_python_is_told_the_same_of_a_server_and_of_a_folder(made: Path, server: str, tmp_path: Path) -> None:
    """A blob-less history is asked for, and of what files hold only the table."""
    for source in (str(made), server):
        found = audiodvc.blame(source, "emotion", CELL, column="emotion", cache_root=tmp_path / "cache")
        assert found.revision.version == "2.0.0"
        assert [changes(one) for one in found.trails] == [SET]
        assert found.trails[0].changes[0].date == datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
    again = audiodvc.blame(server, "emotion", "a.wav", rev="fix", through=True, cache_root=tmp_path / "cache")
    assert {one.path for one in again.trails} == {"db.emotion.csv", "db.speaker.csv", "db.yaml"}


def test_what_python_is_told_can_be_a_frame(made: Path, tmp_path: Path) -> None:
    """A row for each change."""
    found = audiodvc.blame(str(made), "emotion", CELL, column="emotion", cache_root=tmp_path / "cache")
    frame = found.to_frame()
    assert list(frame["value"]) == ["angry", "happy"]
    assert list(frame["old"]) == ["happy", None]
    assert list(frame["version"]) == ["1.1.0", "1.0.0"]
    assert list(frame["key.file"]) == ["a.wav", "a.wav"]
    assert list(frame.columns[:5]) == ["table", "key.file", "key.start", "key.end", "column"]


def test_python_is_told_of_what_never_was(made: Path, tmp_path: Path) -> None:
    """By an error that says what there is."""
    with pytest.raises(SelectionError, match="never had a row"):
        audiodvc.blame(str(made), "emotion", "c.wav", cache_root=tmp_path / "cache")


def test_nothing_of_the_folder_is_changed(repo: Repo) -> None:
    """What is not committed is not looked at."""
    (repo.path / "db.emotion.csv").write_text(SHIFTED.replace("angry", "happy"))
    before = repo.git("status", "--porcelain")
    _, out, _ = blame(repo.path, "emotion", *CELL, "--column", "emotion")
    assert "angry" in out.splitlines()[0]
    assert repo.git("status", "--porcelain") == before
