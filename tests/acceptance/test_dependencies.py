"""Which files a version consists of, and since which version they have had their bytes."""

from __future__ import annotations

import hashlib
import pickle
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import audiodvc
from audiodvc.errors import OfflineError
from audiodvc.resolve.inventory import LEARNED
from tests.builder import MakeRepo, Repo, RepoFactory, default_header, tone
from tests.servers import git_daemon

A, B, C = (tone(0.05, pitch=pitch) for pitch in (300, 400, 500))
TABLE = "file,mood\naudio/a.wav,calm\naudio/b.wav,wild\n"
ATTACHED = "attachments:\n  paper: {path: docs/paper.bib}\n  scripts: {path: scripts}\n"
HEADER = default_header({"mood": TABLE}) + ATTACHED
NAMES = ["audio/a.wav", "audio/b.wav", "db.mood.csv", "docs/paper.bib", "scripts"]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's cache."""
    monkeypatch.setenv("AUDIODVC_CACHE_ROOT", str(tmp_path / "cache"))
    monkeypatch.setenv("AUDIODVC_SHARED_CACHE_ROOT", "")
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, repo_template: Path) -> Path:
    """A folder with a dataset, of which something else changes from each version to the next."""
    folder = tmp_path_factory.mktemp("dependencies") / "all"
    repo = RepoFactory(folder, repo_template)("one")
    files = {"docs/paper.bib": "@a\n", "scripts/a.py": "1\n", "scripts/b.py": "2\n"}
    media = {"audio/a.wav": A, "audio/b.wav": B}
    repo.commit(tables={"mood": TABLE}, media=media, header=HEADER, files=files, tag="v1.0.0")
    repo.commit(media={"audio/b.wav": C}, tag="v1.1.0")
    repo.commit(tables={"mood": TABLE.replace("calm", "mild")}, files={"scripts/b.py": "3\n"}, tag="v1.2.0")
    repo.commit(media={"audio/b.wav": B}, files={"scripts/c.py": "4\n"}, tag="v2.0.0")
    repo.push()
    return folder


@pytest.fixture
def repo(built: Path, tmp_path: Path) -> Repo:
    """The same, to be changed."""
    shutil.copytree(built, tmp_path, symlinks=True, dirs_exist_ok=True)
    return Repo(tmp_path / "one")


def since(source: Repo | str, version: str | None = None, rev: str | None = None) -> dict[str, str]:
    """The version of each file."""
    name = str(source.path) if isinstance(source, Repo) else source
    deps = audiodvc.dependencies(name, version=version, rev=rev)
    return {file: deps.version(file) for file in sorted(deps.files)}


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("1.0.0", ["1.0.0", "1.0.0", "1.0.0", "1.0.0", "1.0.0"]),
        ("1.1.0", ["1.0.0", "1.1.0", "1.0.0", "1.0.0", "1.0.0"]),
        ("1.2.0", ["1.0.0", "1.1.0", "1.2.0", "1.0.0", "1.2.0"]),
        ("2.0.0", ["1.0.0", "2.0.0", "1.2.0", "1.0.0", "2.0.0"]),
    ],
)
def test_a_file_has_the_version_since_which_it_is_the_same(
    repo: Repo, version: str, expected: list[str]
) -> None:
    """Bytes that went and came back count from when they came back; a folder changes with any file in it."""
    assert since(repo, version) == dict(zip(NAMES, expected, strict=True))


def test_versions_are_ordered_as_versions_and_pre_releases_count(make_repo: MakeRepo) -> None:
    """1.10.0 comes after 1.9.0 and after its own release candidate, whatever the dates of the tags."""
    repo = make_repo()
    repo.commit(tables={"mood": TABLE}, media={"audio/a.wav": A}, tag="v1.10.0-rc.1")
    repo.git("tag", "v1.10.0")
    repo.commit(media={"audio/a.wav": B}, tag="v1.9.0")
    assert since(repo, "1.10.0") == {"audio/a.wav": "1.10.0-rc.1", "db.mood.csv": "1.9.0"}


def test_a_revision_counts_from_the_highest_version(repo: Repo) -> None:
    """What no version has is as old as the commit itself."""
    commit = repo.commit(media={"audio/a.wav": C})
    assert since(repo, rev="main")["audio/a.wav"] == commit[:12]
    assert since(repo, rev=commit)["audio/b.wav"] == "2.0.0"


def test_a_repository_without_an_index_has_versions_too(repo: Repo) -> None:
    """Its directory objects come from the remote."""
    for tag in ("v1.0.0", "v1.1.0"):
        repo.git("checkout", "--quiet", tag)
        repo.git("rm", "--quiet", "audio.media.csv")
        repo.git("commit", "--quiet", "--no-verify", "--message", "As plain DVC has it")
        repo.git("tag", "--force", tag)
    assert since(repo, "1.1.0")["audio/b.wav"] == "1.1.0"
    assert since(repo, "1.2.0")["audio/b.wav"] == "1.1.0"
    assert since(repo, "1.2.0")["audio/a.wav"] == "1.0.0"


def test_a_version_that_cannot_be_read_has_nothing(repo: Repo, caplog: pytest.LogCaptureFixture) -> None:
    """It is said, and what comes after it starts anew."""
    repo.git("checkout", "--quiet", "v1.1.0")
    (repo.path / "audio.media.csv").write_text("broken\n")
    repo.git("commit", "--quiet", "--no-verify", "--all", "--message", "Break it")
    repo.git("tag", "--force", "v1.1.0")
    assert since(repo, "1.2.0")["audio/a.wav"] == "1.2.0"
    assert "audio.media.csv" in caplog.text


def test_rows_hold_what_the_index_says(repo: Repo) -> None:
    """The md5 of each file, and what its sound is."""
    deps = audiodvc.dependencies(str(repo.path), version="2.0.0")
    md5 = hashlib.md5(A, usedforsecurity=False).hexdigest()
    assert deps["audio/a.wav"] == [md5, 16, 1, md5, 0.05, "wav", 0, 16000, 1, "1.0.0"]
    text = hashlib.md5((repo.path / "db.mood.csv").read_bytes(), usedforsecurity=False).hexdigest()
    assert deps["db.mood.csv"] == [text, 0, 0, text, 0.0, "csv", 0, 0, 0, "1.2.0"]
    paper = hashlib.md5(b"@a\n", usedforsecurity=False).hexdigest()
    assert deps["docs/paper.bib"] == ["paper", 0, 0, paper, 0.0, "bib", 0, 0, 2, "1.0.0"]
    assert deps.attachment_ids == ["paper", "scripts"]
    assert deps.attachments == ["docs/paper.bib", "scripts"]


def test_a_folder_has_the_md5_of_its_directory_object(repo: Repo) -> None:
    """The same as DVC gives it, though git has the folder."""
    deps = audiodvc.dependencies(str(repo.path), version="2.0.0")
    repo.git("rm", "--quiet", "--cached", "-r", "scripts")
    repo.dvc("add", "--quiet", "scripts")
    assert f"md5: {deps.checksum('scripts')}.dir" in (repo.path / "scripts.dvc").read_text()


def test_an_attachment_that_is_a_dvc_object_has_a_version(make_repo: MakeRepo) -> None:
    """It is no media file."""
    repo = make_repo()
    header = default_header({"mood": TABLE}) + "attachments:\n  film: {path: film}\n"
    repo.commit(tables={"mood": TABLE}, media={"audio/a.wav": A}, header=header, tag="v1.0.0")
    repo.commit(media={"film/a.wav": B, "film/b.wav": A}, tag="v1.1.0")
    repo.commit(media={"audio/a.wav": C}, tag="v1.2.0")
    repo.push()
    deps = audiodvc.dependencies(str(repo.path), version="1.2.0")
    assert deps.media == ["audio/a.wav"]
    assert since(repo, "1.2.0") == {"audio/a.wav": "1.2.0", "db.mood.csv": "1.0.0", "film": "1.1.0"}
    pointer = (repo.path / "film.dvc").read_text()
    assert f"{deps.checksum('film')}.dir" in pointer


def test_an_attachment_that_is_missing_has_no_bytes(make_repo: MakeRepo) -> None:
    """It is listed, since the header names it."""
    repo = make_repo()
    repo.commit(tables={"mood": TABLE}, header=HEADER, files={"scripts/a.py": "1\n"}, tag="v1.0.0")
    deps = audiodvc.dependencies(str(repo.path))
    assert deps.attachments == ["docs/paper.bib", "scripts"]
    assert deps.checksum("docs/paper.bib") == ""
    assert since(repo)["scripts"] == "1.0.0"


def test_erased_files_are_listed_as_removed(repo: Repo) -> None:
    """With what they were, as in audb; they are among the media."""
    md5 = hashlib.md5(A, usedforsecurity=False).hexdigest()
    repo.commit(files={"erased.csv": f"file,md5,date,reason\naudio/a.wav,{md5},2024-01-02,withdrawn\n"})
    deps = audiodvc.dependencies(str(repo.path), version="1.1.0")
    assert deps.media == ["audio/b.wav", "audio/a.wav"]
    assert deps.removed_media == ["audio/a.wav"]
    assert deps["audio/a.wav"] == [md5, 16, 1, md5, 0.05, "wav", 1, 16000, 1, "1.0.0"]


class TestAsking:
    """When the repository is asked, and when not."""

    @pytest.fixture
    def server(self, repo: Repo, tmp_path: Path) -> Iterator[str]:
        """The dataset on a server."""
        with git_daemon(tmp_path) as url:
            yield f"{url}/{repo.path.name}"

    def test_only_what_the_cache_cannot_know_is_asked_for(self, server: str, cache: Path) -> None:
        """Names, md5s and properties are here; the version is looked up once, and kept."""
        deps = audiodvc.dependencies(server, version="2.0.0")
        learned = next(cache.glob("*/2.0.0")) / LEARNED
        assert len(deps) == 5
        assert "audio/a.wav" in deps
        assert deps.duration("audio/a.wav") == 0.05
        assert len(deps.archives) == 5
        assert deps.checksum("db.mood.csv")
        assert not learned.exists()
        whole = deps()
        assert learned.exists()
        assert set(whole["version"]) == {"1.0.0", "1.2.0", "2.0.0"}

    def test_what_was_looked_up_needs_nobody(self, repo: Repo, tmp_path: Path) -> None:
        """Without the server what is known stays known."""
        with git_daemon(tmp_path) as url:
            name = f"{url}/{repo.path.name}"
            expected = since(name, "1.2.0")
        assert since(name, "1.2.0") == expected

    def test_offline_what_is_not_known_is_an_error(self, repo: Repo, tmp_path: Path) -> None:
        """Never a wrong version."""
        with git_daemon(tmp_path) as url:
            name = f"{url}/{repo.path.name}"
            audiodvc.dependencies(name, version="1.1.0")
        deps = audiodvc.dependencies(name, version="1.1.0")
        assert deps.channels("audio/a.wav") == 1
        with pytest.raises(OfflineError):
            deps.version("audio/a.wav")

    def test_a_cache_that_cannot_be_written_is_enough(self, repo: Repo, cache: Path) -> None:
        """As a shared one may be."""
        audiodvc.dependencies(str(repo.path), version="2.0.0")
        folder = next(cache.glob("*/2.0.0"))
        (folder / LEARNED).mkdir()
        assert since(repo, "2.0.0")["audio/a.wav"] == "1.0.0"

    def test_what_was_damaged_is_looked_up_again(self, repo: Repo, cache: Path) -> None:
        """A file that a full disk has cut short is as if it were not there."""
        audiodvc.dependencies(str(repo.path), version="2.0.0")()
        learned = next(cache.glob("*/2.0.0")) / LEARNED
        learned.write_bytes(learned.read_bytes()[:100])
        assert since(repo, "2.0.0")["audio/a.wav"] == "1.0.0"

    def test_they_can_look_things_up_in_another_process(self, repo: Repo) -> None:
        """What is sent still knows where it came from."""
        deps = pickle.loads(pickle.dumps(audiodvc.dependencies(str(repo.path))))  # noqa: S301 - made here
        assert deps.version("audio/b.wav") == "2.0.0"


def test_an_unknown_version_is_an_error(repo: Repo) -> None:
    """As everywhere."""
    with pytest.raises(RuntimeError, match=r"9\.0\.0"):
        audiodvc.dependencies(str(repo.path), version="9.0.0")
