"""`audiodvc init` in every kind of folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from audiodvc.model import header, precommit, settings
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
    ".github/workflows/audiodvc-diff.yaml",
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


@pytest.mark.parametrize("branch", ["main", "master", "release/1.x", "true", "c++"])
def test_the_workflow_runs_for_pushes_to_the_branch_that_is_checked_out(folder: Repo, branch: str) -> None:
    """Not every repository calls it `main`."""
    folder.git("init", "--quiet", f"--initial-branch={branch}")
    folder.audiodvc("init")
    text = yaml.safe_load((folder.path / ".github/workflows/audiodvc.yaml").read_text())
    assert text[True]["push"]["branches"] == [branch.replace("+", "\\+")]


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


@pytest.mark.parametrize("name", ["ä", "語 料", "it's #1, 100%"])
def test_folder_of_any_name_has_a_remote_that_plain_dvc_uses(tmp_path: Path, name: str) -> None:
    """A clone beside the dataset pulls what was pushed, and init twice is once."""
    made = Repo(tmp_path).run("audiodvc", "init", name)
    # `dvc config` empties a configuration that is more than ASCII.
    assert ("by hand only" in made.stderr) is not name.isascii()
    repo = Repo(tmp_path / name)
    before = contents(repo)
    repo.audiodvc("init")
    assert contents(repo) == before
    (repo.path / "a.wav").write_bytes(tone(0.2))
    repo.audiodvc("add", "a.wav")
    repo.git("commit", "--quiet", "--message", "one")
    repo.dvc("push")
    assert list((tmp_path / f"{name}.media").rglob("*"))
    other = repo.clone("other")
    other.dvc("pull")
    assert (other.path / "a.wav").read_bytes() == tone(0.2)


def test_remote_comes_to_a_configuration_that_keeps_the_rest(make_repo: MakeRepo) -> None:
    """Comments and settings of others stay."""
    repo = make_repo()
    own = "# für uns\n[core]\n    autostage = true\n"
    (repo.path / ".dvc/config").write_text(own, encoding="utf-8")
    repo.audiodvc("init", "--remote", "s3://bucket/ü")
    assert (repo.path / ".dvc/config").read_text(encoding="utf-8").startswith(own)
    assert "s3://bucket/ü" in repo.dvc("remote", "list")


def test_name_that_is_no_text_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    """git, DVC and YAML could not agree on how to write it."""
    done = Repo(tmp_path).run("audiodvc", "init", "b\udcffd")
    assert done.returncode == 3
    assert "UTF-8" in done.stderr
    assert not list(tmp_path.iterdir())


def test_remote_that_dvc_does_not_know_is_refused(folder: Repo) -> None:
    """With its name, and the configuration stays as it was."""
    done = folder.run("audiodvc", "init", "--remote", "ftp://example.org/x")
    assert done.returncode == 3
    assert "ftp://example.org/x" in done.stderr
    assert not (folder.path / ".dvc/config").read_bytes()


def test_empty_remote_is_wrong_usage(folder: Repo) -> None:
    """An unset variable of a script does not make the parent folder a storage."""
    done = folder.run("audiodvc", "init", "--remote", "")
    assert done.returncode == 2
    assert "--remote" in done.stderr
    assert not list(folder.path.iterdir())


def test_relative_remote_is_told_and_compared_without_detours(folder: Repo) -> None:
    """The same words again mean the same folder, also with -C."""
    made = folder.audiodvc("init", "--remote", "../store/../storage")
    storage = folder.path.parent / "storage"
    assert f"media go to {storage}\n" in made
    for words in (("init", "--remote", "../storage"), ("init", "--remote", f"{folder.path}/../storage")):
        assert f"media go to {storage}\n" in folder.audiodvc(*words)
    above = Repo(folder.path.parent)
    again = above.audiodvc("-C", folder.path.name, "init", "--remote", "../storage")
    assert f"media go to {storage}\n" in again


def test_name_of_an_existing_dataset_is_kept_with_a_note(folder: Repo) -> None:
    """--name is for a new header; whoever gives it for another is told."""
    folder.audiodvc("init", "--name", "first")
    again = folder.run("audiodvc", "init", "--name", "second")
    assert again.returncode == 0
    assert "'first'" in again.stderr
    assert "--name" in again.stderr
    assert folder.run("audiodvc", "init", "--name", "first").stderr == ""
    assert header.parse((folder.path / "db.yaml").read_bytes()).name == "first"


def test_note_has_the_line_that_pre_commit_lacks(folder: Repo) -> None:
    """Pasted into the configuration that was there, it lets pre-commit check."""
    folder.git("init", "--quiet")
    (folder.path / ".pre-commit-config.yaml").write_text("repos:\n")
    (line,) = [line for line in folder.run("audiodvc", "init").stderr.splitlines() if line.startswith("- ")]
    config = f"repos:\n{line}\n".encode()
    assert yaml.safe_load(config)["repos"][0]["repo"] == "local"
    assert precommit.covered(config) == {"pre-commit"}


@pytest.mark.parametrize("place", ["bare.git", "bare.git/objects", "work/.git", "work/.git/objects"])
def test_inside_of_a_repository_without_files_nothing_is_made(tmp_path: Path, place: str) -> None:
    """Neither there nor in a new folder of it."""
    home = Repo(tmp_path)
    home.git("init", "--quiet", "--bare", "bare.git")
    home.git("init", "--quiet", "work")
    before = sorted(tmp_path.rglob("*"))
    for target in (place, f"{place}/new"):
        done = home.run("audiodvc", "init", target)
        assert done.returncode == 3
        assert "work tree" in done.stderr
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_repository_of_another_owner_is_told_as_git_tells_it(make_repo: MakeRepo) -> None:
    """As in a container that mounts a folder: git says what to do, and it is not `init`."""
    repo = make_repo()
    for path in (repo.path, repo.path / ".git"):
        os.chown(path, 65534, 65534)
    for verb in ("status", "validate", "init"):
        done = repo.run("audiodvc", verb)
        assert done.returncode == 3
        assert "safe.directory" in done.stderr
        assert "no git repository" not in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_folder_of_another_owner_becomes_no_half_dataset(folder: Repo) -> None:
    """Nothing goes half way: git would not let us go on, so nothing but its repository is there."""
    os.chown(folder.path, 65534, 65534)
    done = folder.run("audiodvc", "init")
    assert done.returncode == 3
    assert "safe.directory" in done.stderr
    assert [path.name for path in folder.path.iterdir()] == [".git"]
