"""Commits made without a work tree, and pushed to real repositories: bare ones, servers, checked-out ones."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from audiodvc.adapters import draft
from audiodvc.adapters.draft import Draft
from audiodvc.adapters.mirror import Mirror
from audiodvc.errors import AudiodvcError, ConflictError, DeniedError, GitError, RefusedError
from tests.servers import git_daemon

MAIN, TAG = "refs/heads/main", "refs/tags/v1.0.0"
WHEN = datetime(2021, 2, 3, 4, 5, 6, tzinfo=UTC)


def git(folder: Path, *words: str) -> str:
    """What git says in a folder."""
    done = subprocess.run(["git", *words], cwd=folder, capture_output=True, check=True)
    return done.stdout.decode()


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A bare repository without a commit."""
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", "served/bare.git")
    return tmp_path / "served" / "bare.git"


@pytest.fixture(params=["path", "server"])
def mirror(request: pytest.FixtureRequest, tmp_path: Path, bare: Path) -> Iterator[Mirror]:
    """The mirror of the bare repository, by its path and by a server that can be pushed to."""
    folder = tmp_path / "cache" / "bare.git"
    if request.param == "path":
        yield Mirror(folder, str(bare), is_local=True)
        return
    with git_daemon(bare.parent, writable=True) as url:
        yield Mirror(folder, f"{url}/bare.git", is_local=False)


def first(mirror: Mirror, **files: bytes) -> str:
    """Push a first commit."""
    made = Draft(mirror, None)
    for name, data in ({"a": b"1\n"} | files).items():
        made.put(name, data)
    commit = made.commit("one", WHEN)
    draft.push(mirror, {MAIN: commit}, {MAIN: None})
    return commit


def test_a_commit_has_what_was_put_at_its_date(mirror: Mirror, bare: Path) -> None:
    """Files with any name and bytes, a message, and the date that was asked for."""
    made = Draft(mirror, None)
    files = {"audio/a.csv": b"1\r\n\0", 'odd "name" \\ é': b"", "run": b"#!/bin/sh\n"}
    for name, data in files.items():
        made.put(name, data, "100755" if name == "run" else "100644")
    commit = made.commit("Version 1.0.0\n\nWith words.", WHEN, author="Ann <ann@example.org>")
    draft.push(mirror, {MAIN: commit}, {MAIN: None})
    listed = git(bare, "-c", "core.quotePath=false", "ls-tree", "-r", "-z", "main").split("\0")[:-1]
    modes = {line.partition("\t")[2]: line[:6] for line in listed}
    assert modes == {name: "100755" if name == "run" else "100644" for name in files}
    assert all(
        git(bare, "show", f"main:{name}").encode() == data.replace(b"\r\n", b"\n") or data
        for name, data in files.items()
    )
    said = git(bare, "log", "-1", "--format=%an %ae %at %ct%n%B", "main")
    stamp = int(WHEN.timestamp())
    assert said.startswith(f"Ann ann@example.org {stamp} {stamp}\nVersion 1.0.0\n\nWith words.\n")


def test_the_next_commit_keeps_what_it_does_not_name(mirror: Mirror, bare: Path) -> None:
    """Only what was put or removed differs, and a file can take the place of a folder."""
    base = first(mirror, **{"keep": b"k\n", "folder/x": b"x\n", "folder/y": b"y\n"})
    made = Draft(mirror, base)
    made.put("folder", b"a file now\n")
    made.remove("folder")
    made.put("a", b"2\n")
    made.remove("never there")
    made.put("folder", b"a file now\n")
    commit = made.commit("two")
    draft.push(mirror, {MAIN: commit}, {MAIN: base})
    assert git(bare, "diff", "--name-status", base, "main").split() == [
        *("M", "a"),
        *("A", "folder"),
        *("D", "folder/x"),
        *("D", "folder/y"),
    ]
    assert git(bare, "rev-list", "main").split() == [commit, base]


def test_branch_and_annotated_tag_go_in_one_push(mirror: Mirror, bare: Path) -> None:
    """The tag is an object of its own with its message, and leads to the commit."""
    made = Draft(mirror, None)
    made.put("a", b"1\n")
    commit = made.commit("one")
    name = draft.tag(mirror, "v1.0.0", commit, "Version 1.0.0", WHEN)
    draft.push(mirror, {MAIN: commit, TAG: name}, {MAIN: None, TAG: None})
    assert git(bare, "cat-file", "-t", "v1.0.0").strip() == "tag"
    assert git(bare, "rev-parse", "v1.0.0^{commit}").strip() == commit
    assert git(bare, "for-each-ref", "--format=%(taggerdate:unix) %(contents:subject)", TAG).split("\n")[
        0
    ] == (f"{int(WHEN.timestamp())} Version 1.0.0")


def test_who_comes_second_loses_and_leaves_nothing(mirror: Mirror, bare: Path) -> None:
    """The branch has moved: neither branch nor tag changes, and the error says so."""
    base = first(mirror)
    mine, theirs = Draft(mirror, base), Draft(mirror, base)
    mine.put("a", b"mine\n")
    theirs.put("a", b"theirs\n")
    won, lost = theirs.commit("theirs"), mine.commit("mine")
    draft.push(mirror, {MAIN: won}, {MAIN: base})
    name = draft.tag(mirror, "v1.0.0", lost, "Version")
    with pytest.raises(ConflictError, match="changed by somebody else just now"):
        draft.push(mirror, {MAIN: lost, TAG: name}, {MAIN: base, TAG: None})
    assert git(bare, "rev-parse", "main").strip() == won
    assert git(bare, "tag") == ""


def test_a_tag_that_is_there_lets_nothing_through(mirror: Mirror, bare: Path) -> None:
    """The branch would be free, the tag is not: both stay."""
    base = first(mirror)
    git(bare, "tag", "v1.0.0", base)
    made = Draft(mirror, base)
    made.put("a", b"2\n")
    commit = made.commit("two")
    with pytest.raises(ConflictError):
        draft.push(mirror, {MAIN: commit, TAG: commit}, {MAIN: base, TAG: None})
    assert git(bare, "rev-parse", "main").strip() == base


def test_files_that_were_never_fetched_are_no_matter(tmp_path: Path, bare: Path) -> None:
    """A mirror without history and without large files can be pushed from, and asks for none of them."""
    here = Mirror(tmp_path / "one", str(bare), is_local=True)
    base = first(here, large=os.urandom(3 * 2**20))
    made = Draft(here, base)
    made.put("second", b"2\n")
    base2 = made.commit("two")
    draft.push(here, {MAIN: base2}, {MAIN: base})
    git(bare, "config", "uploadpack.allowFilter", "true")
    with git_daemon(bare.parent, writable=True) as url:
        there = Mirror(tmp_path / "two", f"{url}/bare.git", is_local=False)
        there.bring({there.refs()[MAIN]: MAIN})
        blob = there.entries(base2)["large"][1]
        made = Draft(there, base2)
        made.put("third", b"3\n")
        commit = made.commit("three")
        draft.push(there, {MAIN: commit}, {MAIN: base2})
        assert there.reader().kinds([blob]) == {}
        assert there.has(commit)
    assert git(bare, "rev-list", "main").split() == [commit, base2, base]
    git(bare, "fsck", "--strict")


def test_two_commits_go_in_one_push(mirror: Mirror, bare: Path) -> None:
    """One draft can be the base of the next before anything is pushed."""
    base = first(mirror)
    one = Draft(mirror, base)
    one.put("b", b"1\n")
    middle = one.commit("b")
    two = Draft(mirror, middle)
    two.put("c", b"1\n")
    last = two.commit("c")
    draft.push(mirror, {MAIN: last}, {MAIN: base})
    assert git(bare, "rev-list", "main").split() == [last, middle, base]


def test_no_hook_runs_in_a_repository_of_this_machine(tmp_path: Path, bare: Path) -> None:
    """What somebody put beside the repository is not started by a push to its path."""
    for name in (
        "pre-receive",
        "update",
        "post-receive",
        "reference-transaction",
        "proc-receive",
        "post-update",
    ):
        hook = bare / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran-{name}\n")
        hook.chmod(0o755)
    first(Mirror(tmp_path / "cache", str(bare), is_local=True))
    assert git(bare, "log", "--format=%s").strip() == "one"
    assert not list(tmp_path.glob("ran-*"))


def test_a_server_that_takes_nothing_says_so(tmp_path: Path, bare: Path) -> None:
    """Reading is allowed, writing is not: an error with its name, not git's words alone."""
    with git_daemon(bare.parent) as url:
        there = Mirror(tmp_path / "cache", f"{url}/bare.git", is_local=False)
        with pytest.raises(AudiodvcError, match=re.escape(f"{url}/bare.git")):
            first(there)


def test_a_hook_of_a_server_that_refuses_is_quoted(tmp_path: Path, bare: Path) -> None:
    """Its owner's words reach the user."""
    hook = bare / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'only on Mondays' >&2\nexit 1\n")
    hook.chmod(0o755)
    with git_daemon(bare.parent, writable=True) as url:
        there = Mirror(tmp_path / "cache", f"{url}/bare.git", is_local=False)
        with pytest.raises(DeniedError, match="only on Mondays"):
            first(there)


class TestWorkingCopies:
    """Repositories with a work tree."""

    @pytest.fixture
    def copy(self, tmp_path: Path) -> Path:
        """A repository with a branch that is checked out."""
        git(tmp_path, "init", "--quiet", "--initial-branch=main", "copy")
        (tmp_path / "copy" / "a").write_text("1\n")
        git(tmp_path / "copy", "add", "a")
        git(tmp_path / "copy", "commit", "--quiet", "--message=one")
        return tmp_path / "copy"

    def test_a_branch_that_is_checked_out_is_left_alone(self, tmp_path: Path, copy: Path) -> None:
        """The error says what lets it through; index and work tree stay as they are."""
        mirror = Mirror(tmp_path / "cache", str(copy), is_local=True)
        base = mirror.refs()[MAIN]
        made = Draft(mirror, base)
        made.put("a", b"2\n")
        commit = made.commit("two")
        with pytest.raises(AudiodvcError, match="denyCurrentBranch updateInstead"):
            draft.push(mirror, {MAIN: commit}, {MAIN: base})
        assert git(copy, "status", "--porcelain") == ""
        assert git(copy, "rev-parse", "main").strip() == base
        draft.push(mirror, {"refs/heads/other": commit}, {"refs/heads/other": None})
        assert git(copy, "show", "other:a") == "2\n"
        assert git(copy, "status", "--porcelain") == ""

    def test_a_work_tree_that_follows_does_so(self, tmp_path: Path, copy: Path) -> None:
        """Where its owner has allowed that, the folder has the new file afterwards."""
        git(copy, "config", "receive.denyCurrentBranch", "updateInstead")
        mirror = Mirror(tmp_path / "cache", str(copy), is_local=True)
        base = mirror.refs()[MAIN]
        made = Draft(mirror, base)
        made.put("a", b"2\n")
        draft.push(mirror, {MAIN: made.commit("two")}, {MAIN: base})
        assert (copy / "a").read_text() == "2\n"
        assert git(copy, "status", "--porcelain") == ""


def test_without_a_name_no_commit_is_made(
    tmp_path: Path, bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error says how to give git a name."""
    (tmp_path / "config").write_text("[user]\n\tuseConfigOnly = true\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    for name in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL", "EMAIL"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(GitError, match=r"git config --global user\.name"):
        first(Mirror(tmp_path / "cache", str(bare), is_local=True))


def test_a_repository_without_a_commit_has_to_be_one_of_sha1(tmp_path: Path) -> None:
    """Objects of the other kind would be lost in it."""
    git(tmp_path, "init", "--quiet", "--bare", "--object-format=sha256", "--initial-branch=main", "other.git")
    with pytest.raises(GitError, match="make its first commit with git"):
        first(Mirror(tmp_path / "cache", str(tmp_path / "other.git"), is_local=True))


@pytest.mark.parametrize("path", ["", "/a", "a/", "a//b", "../a", "a/./b", ".git/config", "a/.git/x", "a\0"])
def test_what_is_no_path_is_refused(tmp_path: Path, bare: Path, path: str) -> None:
    """Before git sees it."""
    with pytest.raises(RefusedError):
        Draft(Mirror(tmp_path / "cache", str(bare), is_local=True), None).put(path, b"")
