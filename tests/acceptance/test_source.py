"""What a name, URL or path means."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from audiodvc.errors import DeniedError, OfflineError, RefusedError, UnknownDatasetError
from audiodvc.model.userconfig import Repository
from audiodvc.resolve import get, source
from audiodvc.resolve.config import Config
from audiodvc.resolve.get import Request
from tests.builder import MakeRepo, Repo
from tests.servers import HOST, free_port, git_http


@pytest.fixture
def repo(make_repo: MakeRepo) -> Repo:
    """A repository with a dataset at its top and one in a folder."""
    repo = make_repo("emodb")
    repo.commit(files={"sets/a/db.yaml": "name: a\n"}, header="name: emodb\n", tag="v1.0.0")
    return repo


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """Settings without repositories."""
    return Config(tmp_path / "cache")


def with_repositories(config: Config, *repositories: Repository) -> Config:
    """The settings with repositories."""
    return Config(config.cache_root, repositories=repositories)


def test_a_path_to_a_work_tree(repo: Repo, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """However it is written, it is one source."""
    found = source.find(str(repo.path), config)
    assert (found.address.url, found.address.folder, found.repository) == (str(repo.path), "", None)
    assert found.name.startswith("emodb-")
    monkeypatch.chdir(repo.path)
    monkeypatch.setenv("HOME", str(repo.path.parent))
    (repo.path.parent / "link").symlink_to(repo.path)
    for text in (".", "../emodb/", "~/emodb", "../link", f"file://{repo.path}", repo.path):
        assert source.find(text, config) == found


def test_a_word_may_be_a_folder(repo: Repo, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """If no configured dataset is called so."""
    monkeypatch.chdir(repo.path.parent)
    assert source.find("emodb", config) == source.find(repo.path, config)
    other = with_repositories(config, Repository("all", "https://example.org/{dataset}"))
    assert source.find("emodb", other).address.url == "https://example.org/emodb"


def test_a_folder_inside_a_work_tree(repo: Repo, config: Config) -> None:
    """By its own path, or behind the repository's `#`."""
    found = source.find(repo.path / "sets" / "a", config)
    assert (found.address.url, found.address.folder) == (str(repo.path), "sets/a")
    assert found.name.startswith("a-")
    assert source.find(f"{repo.path}#sets/a", config) == found
    assert source.find(f"{repo.path / 'sets'}#a", config) == found
    assert source.mirror(found, config) == source.mirror(source.find(repo.path, config), config)


def test_a_folder_with_odd_letters_is_a_path(make_repo: MakeRepo, config: Config) -> None:
    """A folder that is there needs no guessing."""
    repo = make_repo("a#b:c")
    assert source.find(str(repo.path), config).address.url == str(repo.path)


def test_a_bare_repository(repo: Repo, config: Config, tmp_path: Path) -> None:
    """Named without its ending."""
    repo.git("clone", "--quiet", "--bare", str(repo.path), str(tmp_path / "bare.git"))
    found = source.find(tmp_path / "bare.git", config)
    assert found.address.url == str(tmp_path / "bare.git")
    assert found.name.startswith("bare-")


def test_a_folder_that_is_not_there(config: Config, tmp_path: Path) -> None:
    """Or is in no repository."""
    with pytest.raises(UnknownDatasetError, match="there is no folder"):
        source.find(tmp_path / "nothing", config)
    with pytest.raises(UnknownDatasetError, match="is no git repository"):
        source.find(tmp_path, config)


def test_a_foreign_folder_is_denied(repo: Repo, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where git does not trust the owner."""
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(DeniedError, match="does not trust"):
        source.find(repo.path, config)


@pytest.mark.parametrize("text", ["", "-x", "ext::sh -c touch", "https://h/x\n", "s3://b/x", "a/b\x00"])
def test_a_refused_source(text: str, config: Config) -> None:
    """Nothing is asked."""
    with pytest.raises(RefusedError):
        source.find(text, config)


def test_an_unknown_name_says_which_are_known(config: Config) -> None:
    """And that a URL or path would do as well."""
    repositories = (
        Repository("all", "/x/{dataset}", datasets=("emodb", "crema-d")),
        Repository("mine", "/y"),
    )
    with pytest.raises(UnknownDatasetError, match="crema-d, emodb, mine"):
        source.find("emo", with_repositories(config, *repositories))
    with pytest.raises(UnknownDatasetError, match="no repositories are configured"):
        source.find("emo", config)


def test_a_configured_name(repo: Repo, config: Config) -> None:
    """Is the name in the cache as well."""
    repository = Repository("here", f"{repo.path.parent}/{{dataset}}", datasets=("emodb",))
    found = source.find("emodb", with_repositories(config, repository))
    assert (found.name, found.address.url, found.repository) == ("emodb", str(repo.path), repository)


def test_a_configured_name_may_be_a_folder_of_a_repository(repo: Repo, config: Config) -> None:
    """The name then stands behind the `#`."""
    repository = Repository("here", f"{repo.path}#sets/{{dataset}}")
    found = source.find("a", with_repositories(config, repository))
    assert (found.name, found.address.folder) == ("a", "sets/a")


def test_a_name_that_the_cache_needs_gets_another_folder(config: Config) -> None:
    """A dataset called `objects` must not lie among the objects."""
    repository = Repository("all", "https://example.org/{dataset}")
    found = source.find("objects", with_repositories(config, repository))
    assert found.name.startswith("objects-")


def test_one_repository_is_not_asked(config: Config) -> None:
    """What is in the cache can be used without it."""
    repository = Repository("all", f"git://{HOST}:{free_port()}/{{dataset}}")
    assert source.find("emodb", with_repositories(config, repository)).name == "emodb"


def test_of_several_repositories_the_first_that_has_it(repo: Repo, config: Config) -> None:
    """Lists are believed, others are asked in their order."""
    empty = Repository("empty", f"{repo.path.parent}/nothing/{{dataset}}")
    listed = Repository("listed", "https://example.org/{dataset}", datasets=("other",))
    full = Repository("full", f"{repo.path.parent}/{{dataset}}")
    last = Repository("last", "https://example.org/{dataset}", datasets=("emodb",))
    assert source.find("emodb", with_repositories(config, empty, listed, full, last)).repository == full
    assert source.find("emodb", with_repositories(config, last, full)).repository == last
    with pytest.raises(UnknownDatasetError, match="no configured repository has"):
        source.find("nothing", with_repositories(config, empty, full))


def test_a_repository_that_is_away_is_not_passed_over(repo: Repo, config: Config) -> None:
    """Else a dataset would come from elsewhere today; but what it was seen to have is known."""
    full = Repository("full", f"{repo.path.parent}/{{dataset}}")
    with git_http(repo.path.parent) as server:
        first = Repository("first", f"{server.url}/{{dataset}}/.git")
        both = with_repositories(config, first, full)
        assert source.find("emodb", both).repository == first
        server.status = 503
        assert source.find("emodb", both).repository == first
        shutil.rmtree(config.cache_root)
        with pytest.raises(OfflineError):
            source.find("emodb", both)
        server.status = 404
        assert source.find("emodb", both).repository == full


def test_of_several_repositories_none_is_asked_for_what_is_in_a_cache(
    repo: Repo, config: Config, tmp_path: Path
) -> None:
    """Not even those that come first, be it the cache of all or one's own."""
    away = Repository("away", f"git://{HOST}:{free_port()}/{{dataset}}")
    full = Repository("full", f"{repo.path.parent}/{{dataset}}")
    last = Repository("last", "https://example.org/{dataset}", datasets=("emodb",))
    get.version_of(Request("emodb", "1.0.0"), with_repositories(config, full))
    (config.cache_root / "git").rename(tmp_path / "gone")
    shared = Config(tmp_path / "own", config.cache_root, (away, full, last))
    for settings in (with_repositories(config, away, full, last), shared):
        assert source.find("emodb", settings).repository == full
        assert get.version_of(Request("emodb", "1.0.0"), settings).identity.version == "1.0.0"


def test_a_denial_is_told_if_nobody_has_it(repo: Repo, config: Config) -> None:
    """It may be there, behind a door that is closed to us."""
    full = Repository("full", f"{repo.path.parent}/{{dataset}}")
    with git_http(repo.path.parent) as server:
        server.status = 401
        closed = Repository("closed", f"{server.url}/{{dataset}}/.git")
        assert source.find("emodb", with_repositories(config, closed, full)).repository == full
        with pytest.raises(DeniedError):
            source.find("nothing", with_repositories(config, closed, full))
