"""Which commit a version or revision is, asked of real repositories."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from audiodvc.errors import OfflineError, RefusedError, UnknownVersionError, UsageError
from audiodvc.resolve import revision
from audiodvc.resolve import source as sources
from audiodvc.resolve.config import Config
from audiodvc.resolve.revision import Revision
from audiodvc.resolve.source import Source
from tests.builder import MakeRepo, Repo
from tests.servers import HOST, free_port, git_daemon


@pytest.fixture
def repo(make_repo: MakeRepo) -> Repo:
    """A repository with versions, other tags, and a branch."""
    repo = make_repo("emodb")
    for tag in ("v1.0.0", "v1.10.0", "1.9.0", "v2.0.0-rc.1", "v1.10", "later"):
        repo.commit(header="name: emodb\n", tag=tag)
    repo.git("branch", "feature/x", "v1.0.0")
    repo.git("tag", "--annotate", "--message", "m", "v1.10.1", "v1.10.0")
    return repo


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """Settings without repositories."""
    return Config(tmp_path / "cache")


@pytest.fixture
def source(repo: Repo, config: Config) -> Source:
    """The repository as a source."""
    return sources.find(repo.path, config)


def commit_of(repo: Repo, name: str) -> str:
    """The commit that a name leads to."""
    return repo.git("rev-parse", f"{name}^{{commit}}").strip()


def test_versions_are_sorted_by_their_numbers(source: Source, config: Config) -> None:
    """With or without `v`; other tags are none."""
    assert revision.versions(source, config) == ["1.0.0", "1.9.0", "1.10.0", "1.10.1", "2.0.0-rc.1"]
    assert revision.versions(source.address.url, config)[0] == "1.0.0"


def test_an_unknown_dataset_has_no_versions(config: Config, tmp_path: Path) -> None:
    """A name that nobody knows, or a folder that is not there."""
    assert revision.versions("nothing", config) == []
    assert revision.versions(str(tmp_path / "nothing"), config) == []
    with pytest.raises(OfflineError):
        revision.versions(f"git://{HOST}:{free_port()}/x", config)


def test_the_latest_version_is_no_pre_release(source: Source, repo: Repo, config: Config) -> None:
    """Also for the one who asks for none in particular."""
    assert revision.latest_version(source, config) == "1.10.1"
    commit = commit_of(repo, "v1.10.1")
    assert revision.find(source, config) == Revision("1.10.1", "1.10.1", commit, "refs/tags/v1.10.1")


def test_without_a_release_there_is_no_latest_version(make_repo: MakeRepo, config: Config) -> None:
    """The pre-releases that there are, are named."""
    repo = make_repo("young")
    repo.commit(header="name: young\n")
    with pytest.raises(UnknownVersionError, match="no version yet"):
        revision.find(sources.find(repo.path, config), config)
    repo.git("tag", "v0.1.0-beta.2")
    with pytest.raises(UnknownVersionError, match=r"only pre-releases: 0\.1\.0-beta\.2"):
        revision.latest_version(str(repo.path), config)
    assert revision.find(sources.find(repo.path, config), config, version="0.1.0-beta.2").version


@pytest.mark.parametrize(
    ("asked", "tag"),
    [
        ("1.0.0", "v1.0.0"),
        ("v1.0.0", "v1.0.0"),
        ("1.9.0", "1.9.0"),
        ("v1.9.0", "1.9.0"),
        ("2.0.0-rc.1", "v2.0.0-rc.1"),
    ],
)
def test_a_version_with_or_without_its_letter(
    asked: str, tag: str, source: Source, repo: Repo, config: Config
) -> None:
    """Whichever way the tag is written; as a revision too."""
    plain = tag.removeprefix("v")
    expected = Revision(plain, plain, commit_of(repo, tag), f"refs/tags/{tag}")
    assert revision.find(source, config, version=asked) == expected
    assert revision.find(source, config, rev=asked) == expected
    assert revision.find(source, config, rev=f"refs/tags/{tag}") == expected


@pytest.mark.parametrize("asked", ["1.0", "9.0.0", "later", "main", "latest"])
def test_an_unknown_version_is_told_with_the_last_ones(asked: str, source: Source, config: Config) -> None:
    """A branch or another tag is no version."""
    with pytest.raises(UnknownVersionError, match=r"2\.0\.0-rc\.1, 1\.10\.1, 1\.10\.0"):
        revision.find(source, config, version=asked)


@pytest.mark.parametrize(
    ("asked", "ref"),
    [
        ("main", "refs/heads/main"),
        ("feature/x", "refs/heads/feature/x"),
        ("heads/feature/x", "refs/heads/feature/x"),
        ("refs/heads/main", "refs/heads/main"),
        ("later", "refs/tags/later"),
        ("HEAD", "HEAD"),
        ("pull/7/head", "refs/pull/7/head"),
        ("refs/pull/7/head", "refs/pull/7/head"),
    ],
)
def test_a_revision_that_is_no_version(
    asked: str, ref: str, source: Source, repo: Repo, config: Config
) -> None:
    """Its place is the beginning of its commit."""
    repo.git("update-ref", "refs/pull/7/head", "v1.10.0")
    commit = commit_of(repo, ref)
    assert revision.find(source, config, rev=asked) == Revision(commit[:12], None, commit, ref)


def test_a_commit_by_its_name(source: Source, repo: Repo, config: Config) -> None:
    """Whole or abbreviated; the tip of a ref, or somewhere in the history."""
    for name in ("main", "v1.10.0~1"):
        commit = commit_of(repo, name)
        for digits in (7, 12, 40):
            found = revision.find(source, config, rev=commit[:digits])
            assert (found.commit, found.place, found.version) == (commit, commit[:12], None)
    assert revision.find(source, config, rev=commit_of(repo, "main")[:9].upper()).place
    for unknown in ("0123456", "abcdef", "nothing"):
        with pytest.raises(UnknownVersionError, match=unknown):
            revision.find(source, config, rev=unknown)


def test_a_commit_of_a_server_by_how_it_begins(repo: Repo, config: Config) -> None:
    """Its history is asked, once."""
    commit = commit_of(repo, "1.9.0~1")
    with git_daemon(repo.path.parent) as url:
        source = sources.find(f"{url}/emodb/.git", config)
        repo.git("tag", "--delete", "v1.10.0", "v1.10.1")
        found = revision.find(source, config, rev=commit[:8])
        assert found.commit == commit
        sources.mirror(source, config).bring({found.commit: found.ref})
    assert revision.find(source, config, rev=commit[:8]).commit == commit


ODD = r"""-x --all main..later main^{tree} HEAD~1 HEAD^ main:db.yaml @{u} a\b a* [a] /a a/ a//b a.lock @ a."""


@pytest.mark.parametrize("asked", ["", "a b", "a\n", "\x00", *ODD.split()])
def test_what_can_be_no_revision_is_refused(asked: str, source: Source, config: Config) -> None:
    """Options to git, ranges, and what would need history."""
    with pytest.raises(RefusedError):
        revision.find(source, config, rev=asked)
    with pytest.raises(RefusedError):
        revision.find(source, config, version=asked)


def test_a_version_and_a_revision_are_too_much(source: Source, config: Config) -> None:
    """Even if they are the same."""
    with pytest.raises(UsageError):
        revision.find(source, config, version="1.0.0", rev="v1.0.0")


def test_tags_of_a_folder(make_repo: MakeRepo, config: Config) -> None:
    """They begin with its last part, or with all of it; plain ones count where there are none of these."""
    repo = make_repo("mono")
    repo.commit(
        files={f"{name}/db.yaml": "name: x\n" for name in ("sets/a", "sets/b", "other/b", "c")}, tag="v3.0.0"
    )
    for tag in ("a@v1.0.0", "a@1.1.0", "sets/b@v1.2.0", "b@v1.3.0", "a@later"):
        repo.commit(tag=tag)
    versions = {
        folder: revision.versions(f"{repo.path}{folder}", config)
        for folder in ("", "#sets/a", "#sets/b", "#other/b", "#c")
    }
    assert versions == {
        "": ["3.0.0"],
        "#sets/a": ["1.0.0", "1.1.0"],
        "#sets/b": ["1.2.0"],
        "#other/b": ["1.3.0"],
        "#c": ["3.0.0"],
    }
    source = sources.find(f"{repo.path}#sets/a", config)
    expected = Revision("1.0.0", "1.0.0", commit_of(repo, "a@v1.0.0"), "refs/tags/a@v1.0.0")
    for asked in ("1.0.0", "v1.0.0"):
        assert revision.find(source, config, version=asked) == expected
    for asked in ("a@v1.0.0", "v1.0.0", "1.0.0"):
        assert revision.find(source, config, rev=asked) == expected
    plain = commit_of(repo, "v3.0.0")
    assert revision.find(source, config, rev="v3.0.0") == Revision(
        plain[:12], None, plain, "refs/tags/v3.0.0"
    )


def test_offline_the_latest_is_not_guessed(config: Config) -> None:
    """The newest version that is in the cache is named instead."""
    source = sources.find(f"git://{HOST}:{free_port()}/emodb.git", config)
    with pytest.raises(OfflineError, match=r"version 1\.10\.0 is in the cache"):
        revision.find(source, config, cached=["1.9.0", "1.10.0", "2.0.0-rc.1"])
    with pytest.raises(OfflineError, match="no version is in the cache"):
        revision.find(source, config)
    with pytest.raises(OfflineError, match="cannot be reached"):
        revision.find(source, config, version="1.0.0")


def test_offline_what_was_brought_is_found_by_its_name(repo: Repo, config: Config) -> None:
    """A version, a branch or a commit; not what was only seen."""
    with git_daemon(repo.path.parent) as url:
        source = sources.find(f"{url}/emodb/.git", config)
        found = revision.find(source, config, version="1.9.0")
        sources.mirror(source, config).bring({found.commit: found.ref})
    assert revision.find(source, config, version="1.9.0") == found
    assert revision.find(source, config, rev=found.commit[:7]).commit == found.commit
    for asked in ({"version": "1.0.0"}, {"rev": "later"}, {"rev": "0123456"}):
        with pytest.raises(OfflineError):
            revision.find(source, config, **asked)


def test_a_whole_commit_is_not_asked_for(config: Config) -> None:
    """It means the same everywhere and for ever."""
    source = sources.find(f"git://{HOST}:{free_port()}/emodb.git", config)
    assert revision.find(source, config, rev="1" * 40) == Revision("1" * 12, None, "1" * 40, "")


def test_a_moved_tag_is_followed(source: Source, repo: Repo, config: Config) -> None:
    """Each call that asks sees the tags as they are."""
    before = revision.find(source, config, version="1.0.0")
    repo.git("tag", "--force", "v1.0.0", "main")
    assert revision.find(source, config, version="1.0.0").commit == commit_of(repo, "main") != before.commit


def test_a_folder_that_went_away_is_unknown(source: Source, repo: Repo, config: Config) -> None:
    """Not offline."""
    shutil.rmtree(repo.path)
    assert revision.versions(source, config) == []
