"""What there is, asked of several repositories and of caches."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import audiodvc
from audiodvc.errors import OfflineError, RefusedError, UnknownDatasetError, UnknownVersionError
from audiodvc.model.userconfig import Repository
from tests.builder import MakeRepo, Repo, tone
from tests.servers import git_daemon, git_http

if TYPE_CHECKING:
    import pandas as pd

TABLE = "file,mood\naudio/a.wav,calm\naudio/b.wav,wild\n"
MEDIA = {"audio/a.wav": tone(0.05), "audio/b.wav": tone(0.05, pitch=300)}
Configure = Callable[..., None]

COLUMNS = ["backend", "host", "repository", "version"]


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's cache, and settings without repositories."""
    (tmp_path / "config.yaml").write_text("repositories: []\n")
    monkeypatch.setenv("AUDIODVC_CONFIG", str(tmp_path / "config.yaml"))
    monkeypatch.setenv("AUDIODVC_CACHE_ROOT", str(tmp_path / "cache"))
    monkeypatch.setenv("AUDIODVC_SHARED_CACHE_ROOT", "")
    return tmp_path / "cache"


@pytest.fixture
def repositories(monkeypatch: pytest.MonkeyPatch) -> Configure:
    """A call that says what is configured."""

    def configure(*configured: Repository) -> None:
        monkeypatch.setattr(audiodvc.config, "REPOSITORIES", configured)

    return configure


def dataset(make_repo: MakeRepo, name: str, *tags: str) -> Repo:
    """A dataset without media, with a commit for each of its tags."""
    repo = make_repo(name)
    for tag in tags:
        repo.commit(tables={"mood": f"file,mood\na.wav,{tag}\n"}, tag=tag)
    return repo


def rows(frame: pd.DataFrame) -> list[tuple[str, str, str]]:
    """Name, repository and version of each row."""
    return list(frame.reset_index()[["name", "repository", "version"]].itertuples(index=False, name=None))


class TestVersions:
    """What a dataset has been released as."""

    def test_versions_are_sorted_as_versions(self, make_repo: MakeRepo) -> None:
        """1.10.0 comes after 1.9.0, and a pre-release before its release."""
        repo = dataset(make_repo, "one", "v1.9.0", "v1.10.0", "v2.0.0-rc.1")
        assert audiodvc.versions(str(repo.path)) == ["1.9.0", "1.10.0", "2.0.0-rc.1"]
        assert audiodvc.latest_version(str(repo.path)) == "1.10.0"

    def test_an_unknown_dataset_has_no_versions_and_no_latest_one(self) -> None:
        """An empty list here, an error there, as in audb."""
        assert audiodvc.versions("emodb") == []
        with pytest.raises(RuntimeError, match="emodb"):
            audiodvc.latest_version("emodb")

    def test_a_dataset_without_a_version_has_no_latest_one(self, make_repo: MakeRepo) -> None:
        """A branch is no version."""
        repo = make_repo()
        repo.commit(tables={"mood": TABLE})
        assert audiodvc.versions(str(repo.path)) == []
        with pytest.raises(UnknownVersionError):
            audiodvc.latest_version(str(repo.path))

    def test_a_server_that_is_away_is_no_empty_list(self) -> None:
        """Offline is said, not taken for a dataset without versions."""
        with pytest.raises(OfflineError):
            audiodvc.versions("git://127.0.0.1:9/emodb.git")


class TestRepository:
    """Where a version is."""

    def test_the_repository_of_a_name_is_the_configured_one(
        self, make_repo: MakeRepo, tmp_path: Path, repositories: Configure
    ) -> None:
        """It is the value itself that comes back."""
        dataset(make_repo, "one", "v1.0.0")
        theirs = Repository("theirs", str(tmp_path / "elsewhere" / "{dataset}"))
        ours = Repository("ours", str(tmp_path / "{dataset}"))
        repositories(theirs, ours)
        assert audiodvc.repository("one", "1.0.0") == ours

    def test_the_repository_of_a_path_leads_there(self, make_repo: MakeRepo) -> None:
        """What comes back can be asked for the dataset again."""
        repo = dataset(make_repo, "one", "v1.0.0")
        found = audiodvc.repository(str(repo.path), "1.0.0")
        assert audiodvc.versions(found.git) == ["1.0.0"]

    def test_an_unknown_dataset_or_version_is_an_error(self, make_repo: MakeRepo) -> None:
        """Both are RuntimeErrors, told apart by name."""
        repo = dataset(make_repo, "one", "v1.0.0")
        with pytest.raises(UnknownVersionError, match=r"2\.0\.0"):
            audiodvc.repository(str(repo.path), "2.0.0")
        with pytest.raises(UnknownDatasetError):
            audiodvc.repository("emodb", "1.0.0")


class TestAvailable:
    """Which datasets there are."""

    def test_it_lists_every_version_of_every_repository(
        self, make_repo: MakeRepo, tmp_path: Path, repositories: Configure
    ) -> None:
        """A folder of repositories tells what it has; others in it are not taken for datasets."""
        dataset(make_repo, "two", "v1.9.0", "v1.10.0")
        dataset(make_repo, "one", "v0.1.0")
        dataset(make_repo, "unreleased")
        other = make_repo("other")
        other.git("commit", "--quiet", "--allow-empty", "--no-verify", "--message", "No dataset")
        other.git("tag", "v1.0.0")
        (tmp_path / "folder").mkdir()
        repositories(Repository("here", str(tmp_path / "{dataset}")))
        frame = audiodvc.available()
        assert list(frame.columns) == COLUMNS
        assert frame.index.name == "name"
        assert rows(frame) == [("one", "here", "0.1.0"), ("two", "here", "1.9.0"), ("two", "here", "1.10.0")]
        assert set(frame["host"]) == {str(tmp_path / "{dataset}")}
        assert set(frame["backend"]) == {"git"}

    def test_a_repository_in_the_words_of_audb_is_listed_in_them(
        self, make_repo: MakeRepo, tmp_path: Path, repositories: Configure
    ) -> None:
        """What is listed leads back to it."""
        dataset(make_repo, "one", "v1.0.0")
        repositories(Repository(tmp_path.name, tmp_path.parent, "file-system"))
        frame = audiodvc.available()
        assert list(frame.loc["one"]) == ["file-system", str(tmp_path.parent), tmp_path.name, "1.0.0"]
        backend, host, name, version = frame.loc["one"]
        assert audiodvc.repository("one", version) == Repository(name, host, backend)
        assert audiodvc.flavor_path("none", "1.0.0") == "none/1.0.0/d3b62a9b"
        assert len(audiodvc.cached(name="none")) == 0

    def test_only_the_latest_is_no_pre_release_if_there_is_another(
        self, make_repo: MakeRepo, tmp_path: Path
    ) -> None:
        """A dataset that has nothing but pre-releases is listed with the highest."""
        dataset(make_repo, "one", "v1.9.0", "v1.10.0", "v2.0.0-rc.1")
        dataset(make_repo, "two", "v0.1.0-rc.2", "v0.1.0-rc.10")
        frame = audiodvc.available(
            only_latest=True, repositories=Repository("here", str(tmp_path / "{dataset}"))
        )
        assert rows(frame) == [("one", "here", "1.10.0"), ("two", "here", "0.1.0-rc.10")]

    def test_a_repository_is_a_dataset_of_its_name_or_those_that_it_says(
        self, make_repo: MakeRepo, tmp_path: Path
    ) -> None:
        """Where nothing can be listed the settings say what there is."""
        dataset(make_repo, "one", "v1.0.0")
        dataset(make_repo, "two", "v2.0.0")
        with git_daemon(tmp_path) as url:
            asked = [
                Repository("mine", f"{url}/one"),
                Repository("ours", f"{url}/{{dataset}}", datasets=("two", "one")),
            ]
            frame = audiodvc.available(repositories=asked, num_workers=4)
        assert rows(frame) == [("mine", "mine", "1.0.0"), ("one", "ours", "1.0.0"), ("two", "ours", "2.0.0")]

    def test_what_is_away_denied_or_missing_is_named_and_hides_nothing(
        self, make_repo: MakeRepo, tmp_path: Path
    ) -> None:
        """One warning names every repository that could not be listed, and why."""
        dataset(make_repo, "one", "v1.0.0")
        with git_http(tmp_path) as server:
            server.account = "ada:secret"
            asked = [
                Repository("away", "git://127.0.0.1:9/{dataset}", datasets=("a", "b")),
                Repository("denied", f"{server.url}/{{dataset}}", datasets=("one",)),
                Repository("gone", str(tmp_path / "gone" / "{dataset}")),
                Repository("silent", f"{server.url}/{{dataset}}"),
                Repository("refused", "ext::sh -c {dataset}"),
                Repository("here", str(tmp_path / "{dataset}")),
            ]
            with pytest.warns(UserWarning, match="not all repositories") as told:
                frame = audiodvc.available(repositories=asked)
        assert rows(frame) == [("one", "here", "1.0.0")]
        (message,) = [str(one.message) for one in told]
        assert [line.split(":")[0].strip() for line in message.splitlines()[1:]] == [
            "gone",
            "silent",
            "refused",
            "away",
            "denied",
        ]

    def test_nothing_configured_is_an_empty_table(self) -> None:
        """With the columns that it would have."""
        frame = audiodvc.available()
        assert (len(frame), list(frame.columns), frame.index.name) == (0, COLUMNS, "name")

    def test_a_host_is_shown_without_its_password(self, make_repo: MakeRepo, tmp_path: Path) -> None:
        """Tables are printed and saved."""
        dataset(make_repo, "one", "v1.0.0")
        with git_http(tmp_path) as server:
            server.account = "ada:secret"
            url = server.url.replace("://", "://ada:secret@")
            frame = audiodvc.available(repositories=Repository("one", f"{url}/one"))
        assert list(frame["host"]) == [f"{server.url}/one"]


class TestCache:
    """What is here already."""

    @pytest.fixture
    def repo(self, make_repo: MakeRepo) -> Repo:
        """A dataset with two media and a version."""
        repo = make_repo("one")
        repo.commit(tables={"mood": TABLE}, media=MEDIA, tag="v1.0.0")
        repo.push()
        return repo

    def test_what_was_loaded_exists_in_its_flavor_alone(self, repo: Repo, root: Path) -> None:
        """Asking twice changes nothing; another flavor or version is not here."""
        name = str(repo.path)
        assert not audiodvc.exists(name, version="1.0.0")
        audiodvc.load(name, version="1.0.0", channels=[0, 1], verbose=False)
        assert audiodvc.exists(name, version="1.0.0", channels=[0, 1])
        assert audiodvc.exists(name, channels=[0, 1])
        assert audiodvc.exists(name, rev="v1.0.0", channels=[0, 1], cache_root=root)
        assert not audiodvc.exists(name, version="1.0.0")
        assert not audiodvc.exists(name, version="2.0.0", channels=[0, 1])
        assert not audiodvc.exists(name, version="1.0.0", channels=[0, 1], cache_root=root / "other")

    def test_a_revision_exists_under_any_of_its_names(self, repo: Repo) -> None:
        """A branch is asked for; a commit needs nobody."""
        name, commit = str(repo.path), repo.git("rev-parse", "HEAD").strip()
        assert not audiodvc.exists(name, rev="main")
        audiodvc.load(name, rev=commit, only_metadata=True, verbose=False)
        assert audiodvc.exists(name, rev="main")
        assert audiodvc.exists(name, rev=commit)

    def test_what_is_no_dataset_or_version_does_not_exist(self, repo: Repo) -> None:
        """Only the latest version of nothing is an error."""
        assert not audiodvc.exists("emodb", version="1.0.0")
        assert not audiodvc.exists(str(repo.path), version="main")
        with pytest.raises(RuntimeError):
            audiodvc.exists("emodb")

    def test_cached_lists_materializations_with_their_flavors(self, repo: Repo, root: Path) -> None:
        """The index is the folder; what is None in a flavor is None here."""
        name = str(repo.path)
        audiodvc.load(name, version="1.0.0", verbose=False)
        audiodvc.load(
            name, version="1.0.0", only_metadata=True, channels=[0, 1], format="flac", verbose=False
        )
        frame = audiodvc.cached()
        paths = [
            root / audiodvc.flavor_path(name, "1.0.0"),
            root / audiodvc.flavor_path(name, "1.0.0", channels=[0, 1], format="flac"),
        ]
        assert set(frame.index) == set(map(str, paths))
        whole, part = (frame.loc[str(path)].to_dict() for path in paths)
        folder = paths[0].parent.parent.name
        assert whole == {
            "name": folder,
            "flavor_id": "d3b62a9b",
            "version": "1.0.0",
            "complete": True,
            "bit_depth": None,
            "channels": None,
            "format": None,
            "mixdown": False,
            "sampling_rate": None,
        }
        assert (part["complete"], part["channels"], part["format"]) == (False, [0, 1], "flac")
        assert frame[frame["complete"]].index.tolist() == [str(paths[0])]

    def test_cached_is_asked_for_one_dataset_by_any_of_its_names(self, repo: Repo, root: Path) -> None:
        """The path, and the name that the cache has."""
        audiodvc.load(str(repo.path), version="1.0.0", only_metadata=True, verbose=False)
        (folder,) = set(audiodvc.cached()["name"])
        assert len(audiodvc.cached(name=str(repo.path))) == 1
        assert len(audiodvc.cached(root, name=folder)) == 1
        assert len(audiodvc.cached(name="emodb")) == 0

    def test_an_empty_or_missing_cache_has_nothing(self, root: Path) -> None:
        """With the columns that it would have."""
        for folder in (None, root / "none"):
            frame = audiodvc.cached(folder)
            assert len(frame) == 0
            assert list(frame.columns)[:3] == ["name", "flavor_id", "version"]

    def test_the_shared_cache_is_listed_alone(
        self, repo: Repo, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As in audb; `exists` looks into both."""
        audiodvc.load(str(repo.path), version="1.0.0", only_metadata=True, verbose=False)
        monkeypatch.setenv("AUDIODVC_SHARED_CACHE_ROOT", str(root))
        monkeypatch.setenv("AUDIODVC_CACHE_ROOT", str(root.with_name("own")))
        assert len(audiodvc.cached()) == 0
        assert len(audiodvc.cached(shared=True)) == 1
        assert audiodvc.exists(str(repo.path), version="1.0.0")
        assert audiodvc.default_cache_root(shared=True) == str(root)
        assert audiodvc.default_cache_root() == str(root.with_name("own"))

    def test_without_a_shared_cache_the_users_own_stands_in(self, root: Path) -> None:
        """A pipeline that looks into both finds the same."""
        assert audiodvc.default_cache_root(shared=True) == str(root)


def test_a_flavor_has_a_path_of_name_version_and_id() -> None:
    """The path that audb gives, whether or not there is such a dataset."""
    assert audiodvc.flavor_path("emodb", "1.4.1") == "emodb/1.4.1/d3b62a9b"
    assert audiodvc.flavor_path("emodb", "v1.4.1", sampling_rate=16000) == "emodb/1.4.1/9be30deb"
    with pytest.raises(ValueError, match="bit_depth"):
        audiodvc.flavor_path("emodb", "1.4.1", bit_depth=8)


def test_a_dangerous_address_is_refused_everywhere() -> None:
    """No call follows what may start a program."""
    for ask in (audiodvc.versions, audiodvc.latest_version, audiodvc.exists):
        with pytest.raises(RefusedError):
            ask("ext::sh -c true")
