"""Mirrors on real repositories: on this machine, behind git's own server, and behind an http server."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from audiodvc.adapters import mirror as mirrors
from audiodvc.adapters import transport
from audiodvc.adapters.mirror import Mirror
from audiodvc.errors import (
    AudiodvcError,
    DeniedError,
    GitError,
    OfflineError,
    RefusedError,
    UnknownDatasetError,
    UnknownVersionError,
)
from tests.builder import MakeRepo, Repo
from tests.servers import HOST, HttpServer, free_port, git_daemon, git_http, silent_server, stalled

FILES = {"a.txt": "one\n", "docs/ä b.txt": "two\n", "sub/db.yaml": "name: sub\n"}
NAME = "origin.git"
LARGE = 3 * 2**20

LOCAL, SERVED = ("path", "bare", "worktree"), ("daemon", "http")


@pytest.fixture
def repo(make_repo: MakeRepo) -> Repo:
    """A repository with two versions, the second with an annotated tag, and a large file."""
    repo = make_repo()
    repo.commit(files=FILES, tag="v1.0.0")
    repo.commit(files={"a.txt": "three\n", "large.bin": os.urandom(LARGE)})
    repo.git("tag", "--annotate", "--message", "second", "v1.1.0")
    return repo


@pytest.fixture
def bare(repo: Repo, tmp_path: Path) -> Path:
    """The repository as a server has it, with filters switched on."""
    path = tmp_path / "served" / NAME
    repo.git("clone", "--quiet", "--bare", str(repo.path), str(path))
    return path


@pytest.fixture
def servers(bare: Path) -> Iterator[dict[str, str]]:
    """Kind of server -> the repository's URL there."""
    with ExitStack() as stack:
        daemon = stack.enter_context(git_daemon(bare.parent))
        http = stack.enter_context(git_http(bare.parent))
        yield {"daemon": f"{daemon}/{NAME}", "http": f"{http.url}/{NAME}"}


@pytest.fixture
def http(bare: Path) -> Iterator[HttpServer]:
    """An http server of the repository."""
    with git_http(bare.parent) as server:
        yield server


@pytest.fixture(params=[*LOCAL, *SERVED])
def mirror(request: pytest.FixtureRequest, repo: Repo, bare: Path, tmp_path: Path) -> Mirror:
    """The mirror of the repository, whichever way it is reached."""
    folder = tmp_path / "cache" / "git" / "dataset.git"
    if request.param == "worktree":
        repo.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "tree"))
    if request.param in SERVED:
        return Mirror(folder, request.getfixturevalue("servers")[request.param], is_local=False)
    here = {"path": repo.path, "bare": bare, "worktree": tmp_path / "tree"}
    return Mirror(folder, str(here[request.param]), is_local=True)


def commit_of(repo: Repo, name: str) -> str:
    """The commit that a name leads to."""
    return repo.git("rev-parse", f"{name}^{{commit}}").strip()


def texts(mirror: Mirror, commit: str, folder: str = "") -> dict[str, bytes]:
    """Path -> bytes of all files of a commit."""
    entries = mirror.entries(commit, folder)
    contents = mirror.read(blob for _, blob in entries.values())
    return {path: contents[blob] for path, (_, blob) in entries.items()}


def expected(repo: Repo, commit: str) -> dict[str, bytes]:
    """The same as git in the repository says it."""
    names = repo.git("-c", "core.quotePath=false", "ls-tree", "-r", "--name-only", "-z", commit).split("\0")
    show = ["git", "-C", str(repo.path), "cat-file", "blob"]
    return {
        name: subprocess.run([*show, f"{commit}:{name}"], capture_output=True, check=True).stdout
        for name in names
        if name
    }


def test_refs_lead_to_commits(mirror: Mirror, repo: Repo) -> None:
    """Branches and tags, also an annotated one, and HEAD with its branch."""
    refs = mirror.refs()
    assert refs["refs/tags/v1.0.0"] == commit_of(repo, "v1.0.0")
    assert refs["refs/tags/v1.1.0"] == commit_of(repo, "v1.1.0")
    assert refs["HEAD"] == refs["refs/heads/main"] == commit_of(repo, "main")
    assert mirror.default() in {"refs/heads/main", "HEAD"}


def test_a_commit_is_read_as_it_is(mirror: Mirror, repo: Repo) -> None:
    """Small and large files of both versions, whichever way the repository is reached."""
    refs = mirror.refs()
    for tag in ("v1.1.0", "v1.0.0"):
        commit = refs[f"refs/tags/{tag}"]
        mirror.bring({commit: f"refs/tags/{tag}"})
        assert mirror.has(commit)
        assert texts(mirror, commit) == expected(repo, commit)


def test_a_folder_is_read_from_itself(mirror: Mirror) -> None:
    """Paths count from the folder; a folder that is not there has no files."""
    commit = mirror.refs()["HEAD"]
    mirror.bring({commit: "HEAD"})
    assert texts(mirror, commit, "sub") == {"db.yaml": b"name: sub\n"}
    assert mirror.entries(commit, "nowhere") == {}
    assert mirror.entries(commit, "a.txt") == {}


def test_a_commit_comes_by_its_name_alone(mirror: Mirror, repo: Repo) -> None:
    """One that no ref points to any more."""
    commit = repo.commit(files={"a.txt": "left behind\n"})
    repo.git("push", "--quiet", "--force", _served(mirror, repo), f"{commit}:refs/heads/other")
    repo.git("push", "--quiet", _served(mirror, repo), ":refs/heads/other")
    mirror.refs()
    mirror.bring({commit: ""})
    assert texts(mirror, commit)["a.txt"] == b"left behind\n"


def test_a_commit_that_is_not_there_is_an_unknown_version(mirror: Mirror) -> None:
    """Said by us, with the name of the repository, whatever git's words were."""
    mirror.refs()
    with pytest.raises(UnknownVersionError, match=r"dataset|origin|tree"):
        mirror.bring({"1" * 40: ""})
    assert not mirror.has("1" * 40)


def test_a_tree_is_no_commit(mirror: Mirror, repo: Repo) -> None:
    """An object of another kind is not believed to be a revision."""
    tree = repo.git("rev-parse", "v1.0.0^{tree}").strip()
    mirror.refs()
    with pytest.raises(UnknownVersionError):
        mirror.bring({tree: ""})


def test_commits_are_found_by_how_they_begin(mirror: Mirror, repo: Repo) -> None:
    """One of the history too, which was never brought."""
    first = commit_of(repo, "v1.0.0~1") if repo.git("rev-list", "v1.0.0").count("\n") > 1 else ""
    commit = first or commit_of(repo, "v1.0.0")
    mirror.refs()
    assert mirror.history(commit[:8]) == [commit]
    assert mirror.history("0123456789") == []
    mirror.bring({commit: ""})
    assert mirror.commits(commit[:8]) == [commit]


def test_a_file_over_the_limit_is_refused(mirror: Mirror) -> None:
    """Before its bytes are read."""
    commit = mirror.refs()["HEAD"]
    mirror.bring({commit: "HEAD"})
    blob = mirror.entries(commit)["large.bin"][1]
    with pytest.raises(RefusedError, match=str(LARGE)):
        mirror.read([blob], limit=LARGE - 1)
    assert len(mirror.read([blob], limit=LARGE)[blob]) == LARGE


def test_a_blob_that_is_not_there_is_an_error(mirror: Mirror) -> None:
    """The name of no file of the repository."""
    commit = mirror.refs()["HEAD"]
    mirror.bring({commit: "HEAD"})
    with pytest.raises((GitError, UnknownVersionError)):
        mirror.read(["1" * 40])


@pytest.mark.parametrize("name", ["", "HEAD", "--all", "1" * 39, "A" * 40, f"{'1' * 40}\n"])
def test_only_whole_names_reach_git(name: str, tmp_path: Path) -> None:
    """What is no name of an object is refused before git is asked."""
    mirror = Mirror(tmp_path / "m.git", str(tmp_path), is_local=True)
    for call in (lambda: mirror.bring({name: ""}), lambda: mirror.entries(name), lambda: mirror.read([name])):
        with pytest.raises(RefusedError):
            call()


def test_a_pull_request_is_a_ref_like_any_other(repo: Repo, bare: Path, servers: dict[str, str]) -> None:
    """As servers have them, below refs/pull."""
    commit = repo.commit(files={"a.txt": "proposed\n"})
    repo.git("push", "--quiet", str(bare), f"{commit}:refs/pull/7/head")
    mirror = Mirror(bare.parent / "m.git", servers["daemon"], is_local=False)
    assert mirror.refs()["refs/pull/7/head"] == commit
    mirror.bring({commit: "refs/pull/7/head"})
    assert texts(mirror, commit)["a.txt"] == b"proposed\n"


def test_a_moved_branch_leaves_what_was_brought(repo: Repo, bare: Path, servers: dict[str, str]) -> None:
    """Both the old commit and the new one are there."""
    mirror = Mirror(bare.parent / "m.git", servers["daemon"], is_local=False)
    old = mirror.refs()["refs/heads/main"]
    mirror.bring({old: "refs/heads/main"})
    repo.git("commit", "--quiet", "--amend", "--message", "moved")
    repo.git("push", "--quiet", "--force", str(bare), "main")
    new = mirror.refs()["refs/heads/main"]
    mirror.bring({new: "refs/heads/main"})
    assert new != old
    assert texts(mirror, new) == texts(mirror, old)


@pytest.mark.parametrize("kind", SERVED)
def test_only_the_large_files_that_are_read_arrive(kind: str, bare: Path, servers: dict[str, str]) -> None:
    """Where the server can filter; they come when they are read, and stay."""
    _allow_filter(bare)
    mirror = Mirror(bare.parent / "m.git", servers[kind], is_local=False)
    commit = mirror.refs()["HEAD"]
    mirror.bring({commit: "HEAD"})
    assert _size(mirror.folder) < 2**20
    blob = mirror.entries(commit)["large.bin"][1]
    assert len(mirror.read([blob])[blob]) == LARGE
    assert _size(mirror.folder) > LARGE
    gone = Mirror(mirror.folder, f"git://{HOST}:{free_port()}/{NAME}", is_local=False)
    assert len(gone.read([blob])[blob]) == LARGE


def test_large_files_come_in_one_request(bare: Path, repo: Repo, http: HttpServer) -> None:
    """However many they are."""
    repo.commit(files={f"{name}.bin": os.urandom(2**20 + 1) for name in "abcd"})
    repo.git("push", "--quiet", str(bare), "main")
    _allow_filter(bare)
    mirror = Mirror(bare.parent / "m.git", f"{http.url}/{NAME}", is_local=False)
    commit = mirror.refs()["HEAD"]
    mirror.bring({commit: "HEAD"})
    http.requests.clear()
    assert len(texts(mirror, commit)) > 4
    assert len([request for request in http.requests if request.startswith("POST")]) == 1


def test_the_next_version_brings_only_what_is_new(repo: Repo, bare: Path, servers: dict[str, str]) -> None:
    """However many versions there are already; each can still be read afterwards."""
    _allow_filter(bare)
    mirror = Mirror(bare.parent / "m.git", servers["daemon"], is_local=False)
    repo.commit(files={"noise.bin": os.urandom(2**19)})
    commits = [repo.commit(files={"a.txt": f"{number}\n"}) for number in range(20)]
    repo.git("push", "--quiet", str(bare), "main")
    mirror.bring({commits[0]: ""})
    before = _size(mirror.folder)
    for commit in commits[1:]:
        mirror.bring({commit: ""})
    assert _size(mirror.folder) - before < 2**17
    for number, commit in enumerate(commits):
        assert texts(mirror, commit)["a.txt"] == f"{number}\n".encode()


def test_what_is_here_is_read_without_the_server(bare: Path) -> None:
    """Refs are remembered, and commits are kept."""
    with git_daemon(bare.parent) as url:
        mirror = Mirror(bare.parent / "m.git", f"{url}/{NAME}", is_local=False)
        commit = mirror.refs()["HEAD"]
        mirror.bring({commit: "HEAD"})
    assert mirror.has(commit)
    mirror.bring({commit: "HEAD"})
    assert texts(mirror, commit)["a.txt"] == b"three\n"
    assert mirror.remembered()["HEAD"] == commit
    assert mirror.default() == "refs/heads/main"
    with pytest.raises(OfflineError):
        mirror.refs()


def test_a_repository_with_long_names_is_read(tmp_path: Path) -> None:
    """One whose objects have SHA-256 names."""
    source = tmp_path / "long"
    source.mkdir()
    repo = Repo(source)
    repo.git("init", "--quiet", "--object-format=sha256", "--initial-branch=main")
    commit = repo.commit(files={"a.txt": "one\n"}, header="name: x\n")
    with git_daemon(tmp_path) as url:
        for number, place in enumerate((str(source), f"{url}/long")):
            mirror = Mirror(tmp_path / f"m{number}.git", place, is_local=not number)
            assert mirror.refs()["HEAD"] == commit
            mirror.bring({commit: "HEAD"})
            assert mirror.has(commit)
            assert mirror.history(commit[:8]) == [commit]
            assert texts(mirror, commit)["a.txt"] == b"one\n"


def test_an_empty_repository_has_no_refs(make_repo: MakeRepo, tmp_path: Path) -> None:
    """Which is no error."""
    mirror = Mirror(tmp_path / "m.git", str(make_repo().path), is_local=True)
    assert mirror.refs() == {}
    assert mirror.remembered() == {}
    assert mirror.default() == "HEAD"


def test_a_clone_without_its_files_is_told(bare: Path, repo: Repo, servers: dict[str, str]) -> None:
    """A partial clone on this machine: nothing is fetched behind its owner's back."""
    _allow_filter(bare)
    partial = bare.parent / "partial"
    repo.git("clone", "--quiet", "--bare", "--filter=blob:none", servers["daemon"], str(partial))
    mirror = Mirror(bare.parent / "m.git", str(partial), is_local=True)
    commit = mirror.refs()["HEAD"]
    entries = mirror.entries(commit)
    with pytest.raises(GitError, match="not there"):
        mirror.read([entries["a.txt"][1]])


def test_an_old_server_gives_what_its_refs_lead_to(http: HttpServer, repo: Repo, tmp_path: Path) -> None:
    """By the first version of git's protocol, which gives no commit by its name alone."""
    http.old = True
    mirror = Mirror(tmp_path / "m.git", f"{http.url}/{NAME}", is_local=False)
    refs = mirror.refs()
    for tag in ("v1.0.0", "v1.1.0"):
        commit = refs[f"refs/tags/{tag}"]
        mirror.bring({commit: f"refs/tags/{tag}"})
        assert texts(mirror, commit) == expected(repo, commit)
    assert mirror.history(commit_of(repo, "v1.0.0")[:9]) == [commit_of(repo, "v1.0.0")]


def test_a_server_of_plain_files_is_read(http: HttpServer, repo: Repo, bare: Path, tmp_path: Path) -> None:
    """One that knows nothing of git gives the whole history."""
    http.dumb = True
    Repo(bare).git("update-server-info")
    mirror = Mirror(tmp_path / "m.git", f"{http.url}/{NAME}", is_local=False)
    refs = mirror.refs()
    for tag in ("v1.0.0", "v1.1.0"):
        commit = refs[f"refs/tags/{tag}"]
        mirror.bring({commit: f"refs/tags/{tag}"})
        assert texts(mirror, commit) == expected(repo, commit)


def test_ssh_is_told_never_to_ask(
    repo: Repo, bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever way the user named a program for it; another kind of program keeps its own options."""
    ssh, said = tmp_path / "ssh", tmp_path / "said"
    ssh.write_text(f'#!/bin/sh\necho "$@" >> {said}\nfor last; do :; done\nexec sh -c "$last"\n', "utf-8")
    ssh.chmod(0o755)
    (tmp_path / "plink").symlink_to(ssh)
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.sshCommand")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(ssh))
    assert _by_ssh(bare, tmp_path / "0.git") == expected(repo, commit_of(repo, "HEAD"))
    monkeypatch.setenv("GIT_SSH_COMMAND", f"{ssh} -v")
    _by_ssh(bare, tmp_path / "1.git")
    assert all("BatchMode=yes" in line for line in said.read_text("utf-8").splitlines() if "-G" not in line)
    said.unlink()
    monkeypatch.setenv("GIT_SSH_COMMAND", str(tmp_path / "plink"))
    _by_ssh(bare, tmp_path / "2.git")
    assert "BatchMode" not in said.read_text("utf-8")


def test_a_setting_of_the_environment_is_kept(
    http: HttpServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Build servers hand over credentials so."""
    http.account = "ada:s3cr3t"
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.{http.url.replace('//', '//ada:s3cr3t@')}.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "https://example.org")
    assert "HEAD" in Mirror(tmp_path / "m.git", f"https://example.org/{NAME}", is_local=False).refs()


def test_refs_that_were_cut_off_are_none(servers: dict[str, str], tmp_path: Path) -> None:
    """A file that a power cut left half written is not believed, and does not stop the next one."""
    mirror = Mirror(tmp_path / "m.git", servers["daemon"], is_local=False)
    refs = mirror.refs()
    for half in ("", "{", "[]", '{"refs": 5}'):
        (mirror.folder / "refs.json").write_text(half, encoding="utf-8")
        assert (mirror.remembered(), mirror.default()) == ({}, "HEAD")
    assert mirror.refs() == refs == mirror.remembered()


# -- what can go wrong ---------------------------------------------------------------------------


def test_a_server_that_is_not_there_is_offline(tmp_path: Path) -> None:
    """A refused connection, by each protocol."""
    for scheme in ("git", "http", "ssh"):
        mirror = Mirror(tmp_path / "m.git", f"{scheme}://{HOST}:{free_port()}/x.git", is_local=False)
        with pytest.raises(OfflineError, match="cannot be reached"):
            mirror.refs()


def test_a_server_without_an_address_is_offline(tmp_path: Path) -> None:
    """A host name that nobody knows."""
    mirror = Mirror(tmp_path / "m.git", "git://nowhere.invalid/x.git", is_local=False)
    with pytest.raises(OfflineError, match="cannot be reached"):
        mirror.refs()


def test_a_silent_server_is_offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that does not answer in time."""
    monkeypatch.setattr(mirrors, "PATIENCE", 0.3)
    with silent_server() as url, pytest.raises(OfflineError, match="did not answer"):
        Mirror(tmp_path / "m.git", f"{url}/x.git", is_local=False).refs()


def test_a_server_that_falls_silent_is_offline(
    servers: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the middle of a fetch; nothing is left of it, and the next try succeeds."""
    folder = tmp_path / "m.git"
    with stalled(servers["daemon"], 20_000) as url:
        mirror = Mirror(folder, f"{url}/{NAME}", is_local=False)
        commit = mirror.refs()["HEAD"]
        monkeypatch.setattr(mirrors, "PATIENCE", 0.3)
        with pytest.raises(OfflineError, match="did not answer"):
            mirror.bring({commit: "HEAD"})
    assert list(folder.glob("new-*")) == []
    assert _brought(Mirror(folder, servers["daemon"], is_local=False), commit) == b"three\n"


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, DeniedError),
        (403, DeniedError),
        (404, UnknownDatasetError),
        (410, UnknownDatasetError),
        (500, OfflineError),
        (503, OfflineError),
    ],
)
def test_an_http_server_says_what_is_wrong(
    http: HttpServer, status: int, error: type, tmp_path: Path
) -> None:
    """Denied, missing and out of order are three things."""
    http.status = status
    with pytest.raises(error):
        Mirror(tmp_path / "m.git", f"{http.url}/{NAME}", is_local=False).refs()


def test_a_missing_repository_is_an_unknown_dataset(servers: dict[str, str], tmp_path: Path) -> None:
    """On each kind of server, and on this machine."""
    places = [url.replace(NAME, "nothing.git") for url in servers.values()]
    for url, is_local in [
        *((place, False) for place in places),
        (str(tmp_path), True),
        (f"{tmp_path}/no", True),
    ]:
        with pytest.raises(UnknownDatasetError, match="is no git repository"):
            Mirror(tmp_path / "m.git", url, is_local).refs()


def test_credentials_open_the_door_and_stay_secret(http: HttpServer, tmp_path: Path) -> None:
    """They are in no file of the mirror."""
    http.account = "ada:s3cr3t"
    mirror = Mirror(tmp_path / "m.git", http.url.replace("//", "//ada:s3cr3t@") + f"/{NAME}", is_local=False)
    commit = mirror.refs()["HEAD"]
    mirror.bring({commit: "HEAD"})
    assert texts(mirror, commit)["a.txt"] == b"three\n"
    assert _mentions(mirror.folder, b"s3cr3t") == []


def test_wrong_credentials_stay_secret_too(http: HttpServer, tmp_path: Path) -> None:
    """No message shows them, nor a user name that may be a token."""
    http.account = "ada:other"
    for account in ("ada:s3cr3t", "s3cr3t", "ada:s3@cr3t"):
        mirror = Mirror(
            tmp_path / "m.git", http.url.replace("//", f"//{account}@") + f"/{NAME}", is_local=False
        )
        with pytest.raises((DeniedError, GitError)) as caught:
            mirror.refs()
        assert "s3" not in str(caught.value)
        assert "cr3t" not in str(caught.value)


def test_a_cache_that_cannot_be_written_is_named(repo: Repo, servers: dict[str, str], tmp_path: Path) -> None:
    """Whatever is asked first, and wherever the repository is."""
    (tmp_path / "file").touch()
    folder, commit = tmp_path / "file" / "m.git", commit_of(repo, "HEAD")
    for url, is_local in [(str(repo.path), True), (servers["daemon"], False)]:
        mirror = Mirror(folder, url, is_local)
        for ask in (mirror.refs, partial(mirror.bring, {commit: "HEAD"})):
            with pytest.raises(AudiodvcError, match="the cache cannot be written"):
                ask()


def test_a_foreign_repository_is_not_trusted(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where git does not trust the owner of a folder, neither do we."""
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    mirror = Mirror(tmp_path / "m.git", str(repo.path), is_local=True)
    for call in (mirror.refs, lambda: mirror.has("1" * 40)):
        with pytest.raises(DeniedError, match="does not trust"):
            call()


@pytest.mark.parametrize("helper", ["ext::sh -c touch% {}", "fd::17", "--upload-pack=touch {}"])
def test_no_address_starts_a_program(helper: str, tmp_path: Path) -> None:
    """Even if an address got past those who refuse it."""
    made = tmp_path / "made"
    with pytest.raises(GitError):
        Mirror(tmp_path / "m.git", helper.format(made), is_local=False).refs()
    assert not made.exists()


def test_nothing_of_the_repository_runs(repo: Repo, tmp_path: Path) -> None:
    """Neither its hooks nor the programs that its configuration names."""
    made = tmp_path / "made"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {made}\n", encoding="utf-8")
    program.chmod(0o755)
    for name in (
        "core.fsmonitor",
        "uploadpack.packObjectsHook",
        "core.sshCommand",
        "core.alternateRefsCommand",
    ):
        repo.git("config", name, str(program))
    for hook in ("post-checkout", "reference-transaction", "post-merge"):
        (repo.path / ".git" / "hooks").mkdir(exist_ok=True)
        (repo.path / ".git" / "hooks" / hook).symlink_to(program)
    made.unlink(missing_ok=True)
    mirror = Mirror(tmp_path / "m.git", str(repo.path), is_local=True)
    commit = mirror.refs()["HEAD"]
    mirror.bring({commit: "HEAD"})
    texts(mirror, commit)
    mirror.history(commit[:8])
    assert not made.exists()


# -- others at the same time, and death ----------------------------------------------------------


def test_many_bring_the_same_at_once(bare: Path, http: HttpServer) -> None:
    """One of them fetches, all can read."""
    mirror = Mirror(bare.parent / "m.git", f"{http.url}/{NAME}", is_local=False)
    commit = mirror.refs()["HEAD"]
    http.requests.clear()
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda _: _brought(mirror, commit), range(6)))
    assert found == [b"three\n"] * 6
    assert len([request for request in http.requests if request.startswith("POST")]) <= 2


def test_two_processes_bring_at_once(bare: Path, servers: dict[str, str]) -> None:
    """Each its own commit, into a mirror that neither has made."""
    folder = bare.parent / "m.git"
    refs = Mirror(bare.parent / "other.git", servers["daemon"], is_local=False).refs()
    wants = [refs["refs/tags/v1.0.0"], refs["refs/tags/v1.1.0"]]
    running = [_bring_elsewhere(folder, servers["daemon"], commit) for commit in wants]
    assert [process.wait() for process in running] == [0, 0]
    mirror = Mirror(folder, f"git://{HOST}:{free_port()}/x", is_local=False)
    assert [texts(mirror, commit)["a.txt"] for commit in wants] == [b"one\n", b"three\n"]


def test_a_killed_fetch_leaves_nothing_that_breaks_the_next(bare: Path, servers: dict[str, str]) -> None:
    """Killed later and later, with all that it started, or alone so that git goes on."""
    folder = bare.parent / "m.git"
    mirror = Mirror(folder, servers["daemon"], is_local=False)
    commit = mirror.refs()["HEAD"]
    for pause in range(12):
        process = _bring_elsewhere(folder, servers["daemon"], commit)
        _wait_for(folder, process)
        time.sleep(pause * 0.01)
        (os.killpg if pause % 2 else os.kill)(process.pid, signal.SIGKILL)
        process.wait()
        if mirror.has(commit):
            assert len(texts(mirror, commit)) > 3
    mirror.bring({commit: "HEAD"})
    assert len(texts(mirror, commit)["large.bin"]) == LARGE
    assert list(folder.glob("new-*")) == []


def test_a_fetch_that_breaks_off_leaves_nothing(bare: Path, http: HttpServer) -> None:
    """An error is said, and the next try succeeds."""
    mirror = Mirror(bare.parent / "m.git", f"{http.url}/{NAME}", is_local=False)
    commit = mirror.refs()["HEAD"]
    http.status = 503
    with pytest.raises(OfflineError):
        mirror.bring({commit: "HEAD"})
    assert not mirror.has(commit)
    http.status = None
    assert _brought(mirror, commit) == b"three\n"


def test_the_words_of_servers_are_told_apart() -> None:
    """Messages as servers that cannot stand here give them."""
    server = transport.Server("https://ada:s3cr3t@example.org/x.git", "https://example.org/x.git")
    for words, kind in WORDS.items():
        error = transport.failure(server, words)
        assert type(error) is kind, words
        assert "s3cr3t" not in str(error)


LAST = "\nfatal: Could not read from remote repository."
GITLAB = (
    "remote: The project you were looking for could not be found or you don't have permission to view it."
)
WORDS: Mapping[str, type] = {
    "fatal: could not read Username for 'https://github.com': terminal prompts disabled": DeniedError,
    "fatal: Authentication failed for 'https://ada:s3cr3t@example.org/x.git/'": DeniedError,
    f"git@github.com: Permission denied (publickey).{LAST}": DeniedError,
    f"Host key verification failed.{LAST}": DeniedError,
    f"ERROR: Repository not found.{LAST}": UnknownDatasetError,
    "fatal: repository 'https://ada:s3cr3t@example.org/x.git/' not found": UnknownDatasetError,
    f"{GITLAB}\nfatal: repository 'https://gitlab.com/x.git/' not found": UnknownDatasetError,
    "fatal: unable to access 'https://x/': Could not resolve host: x": OfflineError,
    "fatal: unable to access 'https://x/': Failed to connect to x port 443: Timed out": OfflineError,
    "fatal: unable to access 'https://x/': Operation too slow.": OfflineError,
    f"ssh: Could not resolve hostname x: Name or service not known{LAST}": OfflineError,
    f"ssh: connect to host x port 22: Network is unreachable{LAST}": OfflineError,
    "fatal: the remote end hung up unexpectedly": OfflineError,
    "fatal: couldn't find remote ref refs/heads/x": UnknownVersionError,
    "fatal: remote error: upload-pack: not our ref 1111": UnknownVersionError,
    "error: Server does not allow request for unadvertised object 1111": UnknownVersionError,
    "fatal: out of memory": GitError,
}


def _served(mirror: Mirror, repo: Repo) -> str:
    """The folder behind a mirror."""
    if mirror.is_local:
        return mirror.url if mirror.url.endswith(".git") else str(repo.path)
    return str(repo.path.parent / "served" / NAME)


def _by_ssh(bare: Path, folder: Path) -> dict[str, bytes]:
    mirror = Mirror(folder, f"nobody@nowhere:{bare}", is_local=False)
    commit = mirror.refs()["HEAD"]
    mirror.bring({commit: "HEAD"})
    return texts(mirror, commit)


def _allow_filter(bare: Path) -> None:
    Repo(bare).git("config", "uploadpack.allowFilter", "true")


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _mentions(folder: Path, word: bytes) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and word in path.read_bytes()]


def _brought(mirror: Mirror, commit: str) -> bytes:
    mirror.bring({commit: "HEAD"})
    return texts(mirror, commit)["a.txt"]


def _bring_elsewhere(folder: Path, url: str, commit: str) -> subprocess.Popen[bytes]:
    """Another process, in a group of its own, that brings a commit."""
    code = "import sys; from pathlib import Path; from audiodvc.adapters.mirror import Mirror; "
    code += "Mirror(Path(sys.argv[1]), sys.argv[2], False).bring({sys.argv[3]: ''})"
    words = [sys.executable, "-c", code, str(folder), url, commit]
    return subprocess.Popen(words, start_new_session=True)


def _wait_for(folder: Path, process: subprocess.Popen[bytes]) -> None:
    """Until a fetch into a mirror has begun, or is over."""
    while process.poll() is None and not any(folder.glob("new-*")):
        time.sleep(0.001)
