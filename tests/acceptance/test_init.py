"""`audiodvc init` in every kind of folder."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from audiodvc.model import header, settings
from tests.builder import MakeRepo, Repo, tone

FILES = {
    "db.yaml",
    "audiodvc.yaml",
    "dvc.yaml",
    "erased.csv",
    "CHANGELOG.md",
    ".gitattributes",
    ".pre-commit-config.yaml",
    ".github/workflows/audiodvc.yaml",
}


@pytest.fixture
def folder(tmp_path: Path) -> Repo:
    """An empty folder that is nothing yet."""
    path = tmp_path / "emodb"
    path.mkdir()
    return Repo(path)


def contents(repo: Repo) -> dict[str, bytes]:
    """Every file of the work tree but git's and DVC's own."""
    names = (path.relative_to(repo.path) for path in repo.path.rglob("*") if path.is_file())
    return {
        name.as_posix(): (repo.path / name).read_bytes()
        for name in names
        if name.parts[0] != ".git" and name.parts[:2] != (".dvc", "tmp")
    }


def test_empty_folder_becomes_a_dataset(folder: Repo) -> None:
    """All files are there and staged, header and settings are sound, and audformat loads it."""
    folder.audiodvc("init")
    assert contents(folder).keys() >= FILES
    assert FILES | {".dvc/config"} <= set(folder.git("diff", "--cached", "--name-only").split())
    parsed = header.parse((folder.path / "db.yaml").read_bytes())
    assert parsed.findings == ()
    assert parsed.name == "emodb"
    assert settings.parse((folder.path / "audiodvc.yaml").read_bytes()).findings == ()
    import audformat

    assert audformat.Database.load(str(folder.path)).name == "emodb"


def test_new_dataset_is_valid_and_canonical(folder: Repo) -> None:
    """What `init` writes passes every check of ours."""
    folder.audiodvc("init")
    assert folder.run("audiodvc", "fmt", "--check").returncode == 0
    assert folder.run("audiodvc", "validate", "--strict").returncode == 0
    assert folder.run("audiodvc", "doctor").returncode == 0


def test_folder_that_does_not_exist_is_made(tmp_path: Path) -> None:
    """The argument names the folder."""
    Repo(tmp_path).audiodvc("init", "new/emodb")
    assert (tmp_path / "new/emodb/db.yaml").exists()
    assert (tmp_path / "new/emodb.media").is_dir()


def test_init_again_changes_nothing(folder: Repo) -> None:
    """Twice is once, also after people changed the files."""
    folder.audiodvc("init")
    (folder.path / "db.yaml").write_text("name: mine\nsource: me\nusage: other\n")
    (folder.path / ".gitattributes").write_text(
        "*.png binary\n" + (folder.path / ".gitattributes").read_text()
    )
    before = contents(folder)
    assert "nothing to do" in folder.audiodvc("init")
    assert contents(folder) == before


def test_git_repository_with_files_keeps_them(folder: Repo) -> None:
    """What is there stays byte for byte; only lines that .gitattributes lacks come to it."""
    folder.git("init", "--quiet", "--initial-branch=trunk")
    own = {
        "README.md": b"mine\n",
        "CHANGELOG.md": b"mine\n",
        ".gitignore": b"*.tmp",
        ".pre-commit-config.yaml": b"repos: []\n",
        "dvc.yaml": b"# my stages\nstages:\n  train:\n    cmd: echo hi # yes\n",
    }
    for name, data in own.items():
        (folder.path / name).write_bytes(data)
    (folder.path / ".gitattributes").write_bytes(b"*.png binary")
    folder.audiodvc("init")
    after = contents(folder)
    assert {name: after[name] for name in own if name != "dvc.yaml"} | {"dvc.yaml": own["dvc.yaml"]} == own
    assert after["dvc.yaml"].startswith(own["dvc.yaml"])
    assert after[".gitattributes"].startswith(b"*.png binary\n")
    assert folder.git("symbolic-ref", "--short", "HEAD").strip() == "trunk"
    assert set(folder.dvc("stage", "list", "--name-only").split()) == {"train", "validate"}
    assert "README.md" not in folder.git("diff", "--cached", "--name-only")


def test_dvc_repository_keeps_its_remote(make_repo: MakeRepo) -> None:
    """A remote that is configured is used; none is made."""
    repo = make_repo()
    before = (repo.path / ".dvc/config").read_bytes()
    repo.audiodvc("init")
    assert (repo.path / ".dvc/config").read_bytes() == before
    assert not (repo.path.parent / "dataset.media").exists()


def test_another_remote_than_the_configured_one_is_refused(make_repo: MakeRepo) -> None:
    """--remote does not change what is there."""
    repo = make_repo()
    done = repo.run("audiodvc", "init", "--remote", "s3://bucket/x")
    assert done.returncode == 3
    assert "dvc remote modify storage url" in done.stderr
    assert not (repo.path / "db.yaml").exists()


def test_remote_url_is_configured_as_given(folder: Repo) -> None:
    """An address of DVC's is kept, and no folder is made beside the dataset."""
    folder.audiodvc("init", "--remote", "s3://bucket/emodb")
    assert "s3://bucket/emodb" in folder.dvc("remote", "list")
    assert not (folder.path.parent / "emodb.media").exists()


def test_clone_beside_the_dataset_shares_the_embedded_remote(folder: Repo) -> None:
    """Without any server a clone gets its media."""
    folder.audiodvc("init")
    (folder.path / "audio").mkdir()
    (folder.path / "audio/a.wav").write_bytes(tone(0.2))
    folder.audiodvc("add", "audio")
    folder.git("commit", "--quiet", "--message", "one")
    folder.dvc("push")
    other = folder.clone("other")
    other.dvc("pull")
    assert (other.path / "audio/a.wav").read_bytes() == tone(0.2)


def test_subfolder_of_a_monorepo_is_a_dataset_of_its_own(folder: Repo) -> None:
    """Workflow and hooks stand where GitHub and pre-commit look; storage lies beside the repository."""
    folder.git("init", "--quiet")
    folder.audiodvc("init", "sets/one")
    folder.audiodvc("init", "sets/two")
    for name in ("one", "two"):
        assert (folder.path / "sets" / name / "db.yaml").exists()
        workflow = yaml.safe_load((folder.path / f".github/workflows/audiodvc-sets-{name}.yaml").read_text())
        assert workflow["jobs"]["check"]["defaults"]["run"]["working-directory"] == f"sets/{name}"
    assert (folder.path / ".pre-commit-config.yaml").exists()
    assert not (folder.path / "sets/one/.github").exists()
    assert (folder.path.parent / "emodb.media").is_dir()
    assert not list((folder.path / "sets").glob("*.media"))
    inner = Repo(folder.path / "sets/one")
    (inner.path / "a.wav").write_bytes(tone(0.2))
    inner.audiodvc("add", "a.wav")
    inner.dvc("push")
    assert "up to date" in inner.dvc("status", "a.wav.dvc")


def test_subfolder_of_a_dvc_repository_uses_it(make_repo: MakeRepo) -> None:
    """There is one DVC repository where there was one."""
    repo = make_repo()
    repo.audiodvc("init", "sets/one")
    assert not (repo.path / "sets/one/.dvc").exists()
    inner = Repo(repo.path / "sets/one")
    (inner.path / "a.wav").write_bytes(tone(0.2))
    inner.audiodvc("add", "a.wav")
    assert "up to date" in inner.dvc("status", "a.wav.dvc")


def test_ignored_folder_is_refused(folder: Repo) -> None:
    """A dataset that git does not see cannot have versions."""
    folder.git("init", "--quiet")
    (folder.path / ".gitignore").write_text("/scratch\n")
    done = folder.run("audiodvc", "init", "scratch")
    assert done.returncode == 3
    assert "ignored" in done.stderr


@pytest.mark.parametrize("name", ["1.0", "yes", "null", "a: b", "ümlaut", "#x", "two words", "'"])
def test_odd_name_is_the_name_in_the_header(folder: Repo, name: str) -> None:
    """Whatever a folder is called, YAML reads it back as that text."""
    folder.audiodvc("init", "--name", name)
    assert header.parse((folder.path / "db.yaml").read_bytes()).name == name


def test_file_in_the_way_is_one_line(tmp_path: Path) -> None:
    """A folder that cannot be made is said in one line."""
    (tmp_path / "file").write_text("")
    done = Repo(tmp_path).run("audiodvc", "init", "file")
    assert done.returncode == 3
    assert len(done.stderr.splitlines()) == 1


def test_only_its_result_is_on_standard_output(folder: Repo) -> None:
    """DVC's own story is not told twice."""
    assert "DVC" not in folder.audiodvc("init")
