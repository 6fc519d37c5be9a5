"""The hooks in real `git commit`, `git merge`, `git push` and `git checkout`, and under real pre-commit."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from audiodvc.model import precommit
from tests import warm
from tests.builder import Repo, RepoFactory, tone

PROJECT = Path(__file__).resolve().parents[2]
MANIFEST = PROJECT / ".pre-commit-hooks.yaml"
HOOKS = ("pre-commit", "pre-merge-commit", "pre-push", "post-checkout", "post-merge", "post-rewrite")

HEADER = """\
name: dataset
source: made by a test
usage: unrestricted
languages: [eng]
schemes:
  emotion: {dtype: str, labels: [happy, angry, sad]}
tables:
  emotion: {type: filewise, columns: {emotion: {scheme_id: emotion}}}
"""
GOOD = "file,emotion\naudio/a.wav,happy\naudio/b.wav,angry\n"
BAD = GOOD.replace("angry", "angri")
COMPLAINT = "db.emotion.csv:3:13: AS002 label 'angri' is not in scheme 'emotion' (did you mean 'angry'?)"


@pytest.fixture
def real_python() -> None:
    """Hooks start a Python of their own, as with users: once for each hook, and where this is the point."""


@pytest.fixture(autouse=True)
def _audiodvc_on_path(
    tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an activated environment gives: `audiodvc` as a program."""
    if "real_python" not in request.fixturenames:
        warm.stand_in(monkeypatch)
    program = tmp_path / "bin" / "audiodvc"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m audiodvc "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join([str(program.parent), os.environ["PATH"]]))


@pytest.fixture(scope="session")
def committed(tmp_path_factory: pytest.TempPathFactory, repo_template: Path) -> Path:
    """A dataset with two recordings, committed once and copied for each test."""
    made = RepoFactory(tmp_path_factory.mktemp("committed"), repo_template)()
    made.commit(header=HEADER, tables={"emotion": GOOD}, media={f"audio/{n}.wav": sound(n) for n in "ab"})
    return made.path


@pytest.fixture
def repo(tmp_path: Path, committed: Path) -> Repo:
    """A dataset with two recordings, and a place to push to."""
    made = Repo(tmp_path / "dataset")
    shutil.copytree(committed, made.path, symlinks=True)
    made.git("init", "--quiet", "--bare", "--initial-branch=main", "../hub.git")
    made.git("remote", "add", "origin", "../hub.git")
    return made


@pytest.fixture
def hooked(repo: Repo) -> Repo:
    """The dataset with our own hooks."""
    repo.audiodvc("install")
    return repo


@pytest.fixture(params=["plain", "pre-commit"])
def guarded(repo: Repo, request: pytest.FixtureRequest) -> Repo:
    """The dataset, guarded by our own hooks, or by pre-commit with the published manifest."""
    if request.param == "plain":
        repo.audiodvc("install")
    else:
        use_precommit(repo)
    return repo


def sound(name: str) -> bytes:
    """A recording of its own for each name."""
    return tone(0.1, pitch=200.0 + 10 * ord(name))


def use_precommit(repo: Repo) -> None:
    """Let pre-commit run the published manifest, whose hooks only are not installed into environments."""
    config: dict[str, Any] = {
        "default_install_hook_types": ["pre-commit", "pre-merge-commit", "pre-push"],
        "repos": [{"repo": "local", "hooks": [{**hook, "language": "system"} for hook in manifest()]}],
    }
    repo.write(files={".pre-commit-config.yaml": yaml.safe_dump(config, sort_keys=False)})
    repo.git("add", ".pre-commit-config.yaml")
    repo.git("commit", "--quiet", "--message", "Use pre-commit")
    repo.run("python", "-m", "pre_commit", "install")


def manifest() -> list[dict[str, Any]]:
    """The hooks that the project publishes."""
    hooks: list[dict[str, Any]] = yaml.safe_load(MANIFEST.read_text())
    return hooks


def said(done: subprocess.CompletedProcess[str]) -> str:
    """All that a command said."""
    return done.stdout + done.stderr


def head(repo: Repo) -> str:
    """The commit that is checked out."""
    return repo.git("rev-parse", "HEAD").strip()


def hook_files(repo: Repo) -> dict[str, bytes]:
    """The hooks of a clone, without git's samples."""
    folder = repo.path / ".git" / "hooks"
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix != ".sample"}


def script(repo: Repo, name: str, text: str) -> Path:
    """A hook that was there before ours."""
    path = repo.path / ".git" / "hooks" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


# Commit


@pytest.mark.usefixtures("real_python")
def test_a_bad_label_is_rejected_with_its_place_and_its_fix_passes(guarded: Repo) -> None:
    """Nothing is committed until the label is one of the scheme."""
    before = head(guarded)
    guarded.write(tables={"emotion": BAD})
    done = guarded.run("git", "commit", "--all", "--message", "Bad")
    assert done.returncode != 0
    assert COMPLAINT in said(done)
    assert head(guarded) == before
    guarded.write(tables={"emotion": GOOD.replace("angry", "sad")})
    done = guarded.run("git", "commit", "--all", "--message", "Good")
    assert done.returncode == 0, said(done)
    assert head(guarded) != before


def test_what_is_staged_counts_when_the_folder_is_good(guarded: Repo) -> None:
    """A bad label in the index is found behind a good folder."""
    guarded.write(tables={"emotion": BAD})
    guarded.git("add", "db.emotion.csv")
    guarded.write(tables={"emotion": GOOD})
    done = guarded.run("git", "commit", "--message", "Bad")
    assert done.returncode != 0
    assert COMPLAINT in said(done)


def test_what_is_not_staged_does_not_count(guarded: Repo) -> None:
    """A bad label in the folder does not keep a good one from being committed, and stays in the folder."""
    guarded.write(tables={"emotion": GOOD.replace("angry", "sad")})
    guarded.git("add", "db.emotion.csv")
    guarded.write(tables={"emotion": BAD})
    done = guarded.run("git", "commit", "--message", "Good")
    assert done.returncode == 0, said(done)
    assert (guarded.path / "db.emotion.csv").read_text() == BAD


def test_a_commit_that_only_removes_a_table_is_checked(guarded: Repo) -> None:
    """Its declaration in the header would point to nothing."""
    guarded.git("rm", "--quiet", "db.emotion.csv")
    done = guarded.run("git", "commit", "--message", "Gone")
    assert done.returncode != 0
    assert "AH011" in said(done)


def test_a_commit_that_renames_a_table_is_checked(guarded: Repo) -> None:
    """The new name is undeclared, the old one has no file."""
    guarded.git("mv", "db.emotion.csv", "db.mood.csv")
    done = guarded.run("git", "commit", "--message", "Renamed")
    assert done.returncode != 0
    assert "AH011" in said(done)
    assert "AH012" in said(done)


def test_a_commit_that_removes_the_header_only_is_refused(guarded: Repo) -> None:
    """Tables without a header are no dataset."""
    guarded.git("rm", "--quiet", "db.yaml")
    done = guarded.run("git", "commit", "--message", "Beheaded")
    assert done.returncode != 0


def test_commit_only_looks_at_the_named_files(guarded: Repo) -> None:
    """`git commit --only` makes an index of its own, which is the one that is checked."""
    guarded.write(tables={"emotion": BAD}, files={"CHANGELOG.md": "one\n"})
    guarded.git("add", "--all")
    done = guarded.run("git", "commit", "--only", "CHANGELOG.md", "--message", "Good")
    assert done.returncode == 0, said(done)
    done = guarded.run("git", "commit", "--only", "db.emotion.csv", "--message", "Bad")
    assert done.returncode != 0
    assert COMPLAINT in said(done)


def test_a_commit_from_a_subfolder_and_a_worktree_is_checked(hooked: Repo) -> None:
    """The hook finds the dataset from wherever git was called."""
    hooked.git("worktree", "add", "--quiet", "../tree", "-b", "side")
    tree = Repo(hooked.path.parent / "tree")
    for place in (hooked, tree):
        place.write(tables={"emotion": BAD}, files={"docs/x.md": "x\n"})
        place.git("add", "--all")
        done = Repo(place.path / "docs").run("git", "commit", "--message", "Bad")
        assert done.returncode == 1
        assert COMPLAINT in said(done)


def test_of_several_datasets_those_are_checked_that_the_commit_touches(tmp_path: Path) -> None:
    """Paths are told from the top; a fault elsewhere keeps nobody from committing."""
    repo = Repo(tmp_path / "several")
    repo.path.mkdir()
    repo.git("init", "--quiet")
    for name in ("one", "two"):
        (repo.path / name).mkdir()
        (repo.path / name / "db.yaml").write_text(HEADER)
        (repo.path / name / "db.emotion.csv").write_text("file,emotion\nx.wav,nice\n")
    repo.git("add", "--all")
    repo.git("commit", "--quiet", "--message", "Bad", "--no-verify")
    repo.audiodvc("install")
    (repo.path / "two" / "db.emotion.csv").write_text("file,emotion\nx.wav,good\n")
    done = repo.run("git", "commit", "--all", "--message", "Bad")
    assert done.returncode == 1
    assert "two/db.emotion.csv:2:7: AS002 label 'good'" in said(done)
    assert "one/" not in said(done)
    (repo.path / "two" / "db.emotion.csv").write_text("file,emotion\n")
    done = repo.run("git", "commit", "--all", "--message", "Good")
    assert done.returncode == 0, said(done)


def test_a_repository_without_a_dataset_can_be_committed_to(tmp_path: Path) -> None:
    """Hooks in a clone whose branch has no dataset say nothing."""
    repo = Repo(tmp_path / "plain")
    repo.path.mkdir()
    repo.git("init", "--quiet")
    repo.audiodvc("install")
    (repo.path / "x").write_text("x")
    repo.git("add", "x")
    done = repo.run("git", "commit", "--quiet", "--message", "x")
    assert (done.returncode, said(done)) == (0, "")


@pytest.mark.usefixtures("real_python")
def test_the_check_before_a_commit_imports_neither_pandas_nor_dvc(repo: Repo) -> None:
    """It is called for every commit."""
    repo.write(tables={"emotion": BAD})
    repo.git("add", "--all")
    code = (
        "import sys; from audiodvc.cli.main import run; code = run(['hook', 'pre-commit']);"
        "print(code, sorted({'pandas', 'dvc', 'audformat', 'soundfile'} & set(sys.modules)))"
    )
    assert repo.run("python", "-c", code).stdout.splitlines()[-1] == "1 []"


@pytest.mark.usefixtures("real_python")
def test_the_hooks_run_nothing_that_lies_in_the_repository(hooked: Repo) -> None:
    """A module of a dataset that is called as one of ours, or of Python's, is not imported."""
    bomb = "import pathlib; pathlib.Path('exploded').touch()\n"
    hooked.write(files={"click.py": bomb, "audiodvc/__init__.py": bomb, "csv.py": bomb})
    hooked.git("add", "--all")
    done = hooked.run("git", "commit", "--message", "Bombs")
    assert done.returncode == 0, said(done)
    assert not (hooked.path / "exploded").exists()


# pre-commit


def test_precommit_formats_and_fails_then_passes(repo: Repo) -> None:
    """A formatter's way: the file is written, the commit does not happen, the second one does."""
    use_precommit(repo)
    repo.write(tables={"emotion": "file,emotion\naudio/b.wav,angry\naudio/a.wav,sad\n"})
    done = repo.run("git", "commit", "--all", "--message", "Unsorted")
    assert done.returncode != 0
    assert "formatted: db.emotion.csv" in said(done)
    done = repo.run("git", "commit", "--all", "--message", "Sorted")
    assert done.returncode == 0, said(done)


def test_names_in_what_a_hook_says_do_nothing_to_the_terminal(repo: Repo) -> None:
    """A folder's name stands as Python writes it, colours too."""
    repo.write(files={"\x1b[31mone/db.yaml": HEADER, "\x1b[31mone/db.emotion.csv": '"file","emotion"\n'})
    repo.git("add", "--all")
    done = repo.run("audiodvc", "hook", "fmt")
    assert "formatted: \\x1b[31mone/db.emotion.csv\n" in done.stdout
    assert "\x1b" not in said(done)


def test_a_draft_beside_the_dataset_keeps_nobody_from_committing(repo: Repo) -> None:
    """A table that is neither declared nor tracked is not written into dvc.yaml; one that is declared is."""
    use_precommit(repo)
    repo.audiodvc("fmt")
    repo.git("add", "--all")
    repo.git("commit", "--quiet", "--no-verify", "--allow-empty", "--message", "Formatted")
    repo.write(tables={"emotion": GOOD.replace("angry", "sad")}, header=HEADER)
    (repo.path / "db.draft.csv").write_text("file,x\n")
    done = repo.run("git", "commit", "--message", "Sad", "db.emotion.csv")
    assert done.returncode == 0, said(done)
    assert "draft" not in (repo.path / "dvc.yaml").read_text()
    assert "dvc.yaml" not in repo.git("status", "--porcelain")
    (repo.path / "db.yaml").write_text(HEADER + "  draft: {type: filewise, columns: {x: {}}}\n")
    repo.audiodvc("fmt")
    assert "db.draft.csv" in (repo.path / "dvc.yaml").read_text()


def test_stages_stay_while_the_header_cannot_be_read(repo: Repo) -> None:
    """They are not emptied for the time of a typing error."""
    repo.audiodvc("fmt")
    before = (repo.path / "dvc.yaml").read_bytes()
    assert b"db.emotion.csv" in before
    (repo.path / "db.yaml").write_text("name: [\n")
    repo.run("audiodvc", "fmt")
    assert (repo.path / "dvc.yaml").read_bytes() == before


def test_precommit_on_all_files_checks_with_nothing_staged(repo: Repo) -> None:
    """As continuous integration calls it."""
    use_precommit(repo)
    done = repo.run("python", "-m", "pre_commit", "run", "--all-files")
    assert done.returncode == 0, said(done)
    repo.commit(tables={"emotion": BAD})
    done = repo.run("python", "-m", "pre_commit", "run", "--all-files")
    assert done.returncode != 0
    assert COMPLAINT in said(done)


@pytest.mark.parametrize(
    ("path", "matches"),
    [
        ("db.yaml", True),
        ("sets/one/db.yaml", True),
        ("db.emotion.csv", True),
        ("sets/one/db.emotion.train_1-a.csv", True),
        ("audio.media.csv", True),
        ("flavors/mono-16k.media.csv", True),
        ("a.wav.media.csv", True),
        ("mydb.yaml", False),
        ("db.yaml.bak", False),
        ("db.yml", False),
        ("db.csv", False),
        ("db.emotion.csv.orig", False),
        ("db.emotion.parquet", False),
        ("xdb.emotion.csv", False),
        ("db.emotion/table.csv", False),
        ("erased.csv", False),
        (".media.csv", False),
        ("audiodvc.yaml", False),
        ("audio.dvc", False),
        ("audio/a.wav", False),
    ],
)
def test_the_files_that_the_formatter_is_for(path: str, *, matches: bool) -> None:
    """pre-commit calls it for headers, tables and indexes, in any folder."""
    (pattern,) = (hook["files"] for hook in manifest() if "files" in hook)
    assert bool(re.search(pattern, path)) == matches


def test_the_manifest_is_what_the_code_knows_of_it() -> None:
    """Each hook by its id, its word and its stage, and none else."""
    found = {hook["id"]: (hook["entry"].split()[-1], hook["stages"][0]) for hook in manifest()}
    assert found == precommit.HOOKS


def test_precommit_finds_the_manifest_sound() -> None:
    """By its own check."""
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "validate-manifest", str(MANIFEST)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, said(done)


@pytest.mark.usefixtures("real_python")
def test_a_new_dataset_works_with_precommit_and_is_checked_once(tmp_path: Path) -> None:
    """`pre-commit install` after `init`: our own hook, which pre-commit hands on to, leaves it the check."""
    repo = Repo(tmp_path / "new")
    repo.path.mkdir()
    repo.audiodvc("init")
    repo.run("python", "-m", "pre_commit", "install")
    repo.write(header=HEADER, tables={"emotion": BAD})
    repo.git("add", "--all")
    done = repo.run("git", "commit", "--message", "Bad")
    assert done.returncode != 0
    assert said(done).count("AS002") == 1
    assert "git checks what is committed" in repo.audiodvc("doctor")
    assert "pre-commit runs audiodvc at pre-commit already" in said(repo.run("audiodvc", "install"))
    assert set(hook_files(repo)) >= {"pre-commit.legacy", "post-merge"}


# Merge


@pytest.mark.usefixtures("real_python")
def test_a_merge_that_is_clean_as_text_and_wrong_in_meaning_is_caught(guarded: Repo) -> None:
    """One side takes a label out of the scheme, the other uses it."""
    guarded.git("checkout", "--quiet", "-b", "side")
    guarded.commit(tables={"emotion": GOOD.replace("angry", "sad")})
    guarded.git("checkout", "--quiet", "main")
    guarded.commit(header=HEADER.replace(", sad]", "]"))
    before = head(guarded)
    done = guarded.run("git", "merge", "side")
    assert done.returncode != 0
    assert "db.emotion.csv:3:13: AS002 label 'sad'" in said(done)
    assert head(guarded) == before
    guarded.write(tables={"emotion": GOOD})
    done = guarded.run("git", "commit", "--all", "--message", "Mended")
    assert done.returncode == 0, said(done)
    assert len(guarded.git("log", "-1", "--format=%P").split()) == 2


def test_a_good_merge_passes(guarded: Repo) -> None:
    """Two sides that fit together."""
    guarded.git("checkout", "--quiet", "-b", "side")
    guarded.commit(tables={"emotion": GOOD.replace("angry", "sad")})
    guarded.git("checkout", "--quiet", "main")
    guarded.commit(files={"CHANGELOG.md": "x\n"})
    done = guarded.run("git", "merge", "--no-edit", "side")
    assert done.returncode == 0, said(done)


# Push


def store(repo: Repo) -> Path:
    """Where DVC's remote has its objects."""
    return repo.path.parent / "dataset.media" / "files" / "md5"


def stored(repo: Repo) -> set[str]:
    """The names of the objects in the remote."""
    return {path.parent.name + path.name for path in store(repo).glob("*/*")}


def lose(repo: Repo, name: str) -> str:
    """Take the bytes of a recording out of remote and cache; its md5."""
    row = next(line for line in (repo.path / "audio.media.csv").read_text().splitlines() if name in line)
    md5 = row.split(",")[1]
    for folder in (store(repo), repo.path / ".dvc" / "cache" / "files" / "md5"):
        (folder / md5[:2] / md5[2:]).unlink(missing_ok=True)
    return md5


@pytest.mark.usefixtures("real_python")
def test_a_push_brings_the_media_first(guarded: Repo) -> None:
    """What git has pushed, anyone can pull."""
    done = guarded.run("git", "push", "origin", "main")
    assert done.returncode == 0, said(done)
    assert len(stored(guarded)) == 3
    clone = Repo(guarded.path.parent / "clone")
    guarded.git("clone", "--quiet", "../hub.git", str(clone.path))
    clone.dvc("pull", "--quiet")
    assert (clone.path / "audio" / "b.wav").read_bytes() == sound("b")


def test_one_object_is_one_object(hooked: Repo) -> None:
    """A recording that is tracked alone."""
    hooked.git("push", "--quiet", "origin", "main")
    hooked.commit(media={"c.wav": sound("c")}, tables={"emotion": GOOD + "c.wav,sad\n"})
    assert "audiodvc: 1 object pushed\n" in said(hooked.run("git", "push", "origin", "main"))


def test_a_tag_is_refused_whose_objects_the_remote_lacks(guarded: Repo) -> None:
    """Also where git's side has the commit already; the file is named at its line."""
    guarded.git("push", "--quiet", "--no-verify", "origin", "main")
    lose(guarded, "b.wav")
    if (guarded.path / ".pre-commit-config.yaml").exists():
        guarded.audiodvc("install")  # pre-commit tells its hooks nothing of such a tag
    guarded.git("tag", "v1.0.0")
    done = guarded.run("git", "push", "origin", "v1.0.0")
    assert done.returncode != 0
    assert "audio.media.csv:3:1: AD004" in said(done)
    assert "audio/b.wav" in said(done)
    assert guarded.git("ls-remote", "--tags", "origin") == ""


def test_a_branch_is_refused_whose_new_media_are_nowhere(guarded: Repo) -> None:
    """Nobody else could get them."""
    lose(guarded, "b.wav")
    done = guarded.run("git", "push", "origin", "main")
    assert done.returncode != 0
    assert "audio/b.wav" in said(done)
    assert guarded.git("ls-remote", "origin") == ""


def test_a_fix_of_labels_can_be_pushed_though_older_media_are_lost(guarded: Repo) -> None:
    """Nor is the remote asked, which a helper with labels only may not be able to reach."""
    guarded.git("push", "--quiet", "--no-verify", "origin", "main")
    shutil.rmtree(guarded.path / ".dvc" / "cache")
    guarded.commit(tables={"emotion": GOOD.replace("angry", "sad")}, files={".dvc/config.local": UNREACHABLE})
    done = guarded.run("git", "push", "origin", "main")
    assert done.returncode == 0, said(done)


UNREACHABLE = "['remote \"storage\"']\n    url = ssh://nobody@localhost:9/x\n"


def test_a_clone_without_media_can_push(hooked: Repo) -> None:
    """What the remote has needs not be here; a tag is fine as well."""
    hooked.git("push", "--quiet", "origin", "main")
    clone = Repo(hooked.path.parent / "clone")
    hooked.git("clone", "--quiet", "../hub.git", str(clone.path))
    clone.audiodvc("install")
    clone.write(tables={"emotion": GOOD.replace("angry", "sad")})
    clone.git("commit", "--all", "--quiet", "--message", "Sad")
    clone.git("tag", "v1.0.0")
    done = clone.run("git", "push", "origin", "main", "v1.0.0")
    assert done.returncode == 0, said(done)


def test_a_push_checks_what_no_hook_has_seen(guarded: Repo) -> None:
    """Rebase, cherry-pick and `--no-verify` pass by the other hooks."""
    guarded.git("push", "--quiet", "origin", "main")
    guarded.commit(tables={"emotion": BAD})
    done = guarded.run("git", "push", "origin", "main")
    assert done.returncode != 0
    assert COMPLAINT in said(done)


def test_deleting_a_branch_and_pushing_nothing_new_pass(hooked: Repo) -> None:
    """There is nothing to look at."""
    hooked.git("push", "--quiet", "origin", "main", "main:side")
    shutil.rmtree(hooked.path.parent / "dataset.media")
    for words in (["--delete", "side"], ["main"], ["main:again"]):
        done = hooked.run("git", "push", "origin", *words)
        assert done.returncode == 0, said(done)


def test_without_a_default_remote_a_branch_may_go_and_a_tag_may_not(hooked: Repo) -> None:
    """A tag is a promise."""
    hooked.dvc("remote", "default", "--unset")
    done = hooked.run("git", "push", "origin", "main")
    assert done.returncode == 0, said(done)
    assert "no default DVC remote, so media stay here" in said(done)
    hooked.git("tag", "--annotate", "--message", "One", "v1.0.0")
    done = hooked.run("git", "push", "origin", "v1.0.0")
    assert done.returncode != 0
    assert "hold the 3 objects of v1.0.0" in said(done)


def test_an_object_of_the_cache_with_other_bytes_is_not_pushed(hooked: Repo) -> None:
    """It would be believed by all who pull."""
    md5 = lose(hooked, "b.wav")
    path = hooked.path / ".dvc" / "cache" / "files" / "md5" / md5[:2] / md5[2:]
    path.write_bytes(b"other")
    done = hooked.run("git", "push", "origin", "main")
    assert done.returncode != 0
    assert md5 in said(done)
    assert md5 not in stored(hooked)


def test_a_push_brings_of_own_stages_what_dvc_would_push(hooked: Repo) -> None:
    """Not metrics, which are in git, nor what is kept out of the cache; `validate --remote` agrees."""
    hooked.audiodvc("fmt")
    make = (
        "mkdir -p made/x && echo 1 > made/x/a && echo 2 > score.json && echo 3 > local.txt && echo 4 > model"
    )
    outs = (
        "--outs",
        "model",
        "--outs",
        "made/x",
        "--metrics-no-cache",
        "score.json",
        "--outs-no-cache",
        "local.txt",
    )
    hooked.dvc("stage", "add", "--quiet", "--name", "train", *outs, make)
    hooked.dvc("repro", "--quiet", "train")
    hooked.write(files={".gitignore": (hooked.path / ".gitignore").read_text() + "/local.txt\n"})
    hooked.git("add", "--all")
    hooked.git("commit", "--quiet", "--message", "Train")
    done = hooked.run("git", "push", "origin", "main")
    assert done.returncode == 0, said(done)
    assert len(stored(hooked)) == 3 + 3
    assert "AD004" not in said(hooked.run("audiodvc", "validate", "--remote"))
    assert "up to date" in hooked.dvc("push")
    (gone,) = (path for path in store(hooked).glob("*/*") if path.read_bytes() == b"4\n")
    gone.unlink()
    assert "AD004" in said(hooked.run("audiodvc", "validate", "--remote"))
    hooked.git("tag", "v1.0.0")
    done = hooked.run("git", "push", "origin", "v1.0.0")
    assert done.returncode == 0, said(done)
    assert gone.exists()


def test_the_list_of_a_folder_does_not_go_without_its_files(hooked: Repo) -> None:
    """DVC, where it finds the list, takes it that all files are there, and would never push them."""
    md5 = lose(hooked, "b.wav")
    assert hooked.run("git", "push", "origin", "main").returncode != 0
    assert not [name for name in stored(hooked) if name.endswith(".dir")]
    hooked.audiodvc("add", "audio")
    hooked.dvc("push", "--quiet")
    assert len(stored(hooked)) == 3
    assert md5 in stored(hooked)


def test_what_was_looked_at_is_counted_in_a_refusal(hooked: Repo) -> None:
    """And a list is lacking in the singular."""
    shutil.rmtree(hooked.path / ".dvc" / "cache")
    done = hooked.run("git", "push", "origin", "main")
    assert "the list of files in audio is neither in the remote nor" in said(done)
    assert "the bytes of audio/a.wav are neither in the remote nor" in said(done)
    assert "3 errors in 2 files, 2 rows" in said(done)


def test_an_imported_file_needs_no_index(hooked: Repo) -> None:
    """Where it came from says what it is; tables may name it, and it goes to the remote."""
    (hooked.path.parent / "outside.wav").write_bytes(sound("o"))
    hooked.dvc("import-url", "--quiet", str(hooked.path.parent / "outside.wav"), "more.wav")
    hooked.write(tables={"emotion": GOOD + "more.wav,sad\n"})
    hooked.git("add", "--all")
    done = hooked.run("git", "commit", "--message", "Import")
    assert done.returncode == 0, said(done)
    assert "AD003" not in said(done)
    assert "AR002" not in said(done)
    done = hooked.run("git", "push", "origin", "main")
    assert done.returncode == 0, said(done)
    assert len(stored(hooked)) == 4


# What DVC 2 wrote


@pytest.fixture
def old(hooked: Repo) -> Repo:
    """A dataset as DVC 2 left it: pointers without `hash`, and objects at the root of remote and cache."""
    hooked.dvc("push", "--quiet")
    for folder in (hooked.path.parent / "dataset.media", hooked.path / ".dvc" / "cache"):
        for prefix in (folder / "files" / "md5").iterdir():
            prefix.rename(folder / prefix.name)
        shutil.rmtree(folder / "files")
    pointer = hooked.path / "audio.dvc"
    pointer.write_text(pointer.read_text().replace("  hash: md5\n", ""))
    hooked.git("commit", "--quiet", "--all", "--message", "As DVC 2", "--no-verify")
    return hooked


def pulled(repo: Repo, name: str) -> list[str]:
    """The recordings that plain `dvc pull` brings into a new clone."""
    clone = Repo(repo.path.parent / name)
    repo.git("clone", "--quiet", "../hub.git", str(clone.path))
    clone.dvc("pull", "--quiet")
    return media(clone)


def test_objects_are_looked_for_where_dvc_2_kept_them(old: Repo) -> None:
    """As DVC does; nothing is said to be lacking, and nothing is pushed twice."""
    assert "AD004" not in said(old.run("audiodvc", "validate", "--remote"))
    shutil.rmtree(old.path.parent / "dataset.media")
    old.dvc("push", "--quiet")
    assert not (old.path.parent / "dataset.media" / "files").exists()
    assert "AD004" not in said(old.run("audiodvc", "validate", "--remote"))
    old.git("tag", "v1.0.0")
    done = old.run("git", "push", "origin", "main", "v1.0.0")
    assert done.returncode == 0, said(done)
    assert "objects pushed" not in said(done)
    assert pulled(old, "clone") == ["a.wav", "b.wav"]


def test_what_the_remote_lacks_goes_to_where_dvc_2_kept_it(old: Repo) -> None:
    """And comes from there after a pull."""
    shutil.rmtree(old.path.parent / "dataset.media")
    assert said(old.run("audiodvc", "validate", "--remote")).count("AD004") == 3
    done = old.run("git", "push", "origin", "main")
    assert "3 objects pushed" in said(done), said(done)
    assert pulled(old, "clone") == ["a.wav", "b.wav"]
    clone = Repo(old.path.parent / "clone")
    shutil.rmtree(clone.path / ".dvc" / "cache")
    shutil.rmtree(clone.path / "audio")
    (clone.path / "audio").mkdir()
    clone.audiodvc("install")
    clone.git("checkout", "--quiet", "HEAD~1", "--", "audio.dvc")
    clone.git("commit", "--quiet", "--no-verify", "--message", "As DVC 3")
    done = clone.run("git", "checkout", "origin/main")
    assert "the media of this commit are here" in said(done)
    assert media(clone) == ["a.wav", "b.wav"]


def test_an_object_in_the_old_place_does_not_count_for_a_new_pointer(old: Repo) -> None:
    """`dvc pull` would not find it."""
    old.commit(media={"audio/c.wav": sound("c")}, tables={"emotion": GOOD + "audio/c.wav,sad\n"})
    done = old.run("git", "push", "origin", "main")
    assert done.returncode == 0, said(done)
    assert pulled(old, "clone") == ["a.wav", "b.wav", "c.wav"]


# Checkout and pull


@pytest.fixture
def colleague(hooked: Repo) -> Repo:
    """A clone with media and hooks; then another recording takes the place of one."""
    hooked.git("tag", "v1.0.0")
    hooked.git("push", "--quiet", "origin", "main", "v1.0.0")
    clone = Repo(hooked.path.parent / "clone")
    hooked.git("clone", "--quiet", "../hub.git", str(clone.path))
    clone.audiodvc("install")
    clone.dvc("pull", "--quiet")
    (hooked.path / "audio" / "b.wav").unlink()
    hooked.commit(media={"audio/c.wav": sound("c")}, tables={"emotion": GOOD.replace("b.wav", "c.wav")})
    hooked.git("push", "--quiet", "origin", "main")
    return clone


def media(repo: Repo) -> list[str]:
    """The recordings in the folder."""
    return sorted(path.name for path in (repo.path / "audio").glob("*"))


@pytest.mark.usefixtures("real_python")
def test_a_pull_and_a_checkout_bring_the_media_of_the_commit(colleague: Repo) -> None:
    """From the remote, and back from the cache."""
    colleague.git("pull", "--quiet")
    assert media(colleague) == ["a.wav", "c.wav"]
    assert (colleague.path / "audio" / "c.wav").read_bytes() == sound("c")
    colleague.git("checkout", "--quiet", "v1.0.0")
    assert media(colleague) == ["a.wav", "b.wav"]
    assert "up to date" in colleague.dvc("status", "audio.dvc")


def test_a_rebase_brings_the_media_of_both_sides(colleague: Repo) -> None:
    """It began with a checkout of the other side, and ends with what each had added."""
    (colleague.path / "audio" / "d.wav").write_bytes(sound("d"))
    colleague.audiodvc("add", "audio")
    colleague.git("commit", "--quiet", "--no-verify", "--message", "d")
    colleague.git("pull", "--quiet", "--rebase")
    assert media(colleague) == ["a.wav", "c.wav", "d.wav"]
    assert "up to date" in colleague.dvc("status", "audio.dvc")
    colleague.git("commit", "--quiet", "--amend", "--message", "e")
    assert media(colleague) == ["a.wav", "c.wav", "d.wav"]


def test_a_checkout_leaves_what_is_recorded_nowhere(colleague: Repo) -> None:
    """A recording of one's own that was never added survives, and git's command succeeds."""
    (colleague.path / "audio" / "mine.wav").write_bytes(sound("m"))
    (colleague.path / "audio" / "b.wav").unlink()
    (colleague.path / "audio" / "b.wav").write_bytes(sound("x"))
    done = colleague.run("git", "pull", "--quiet")
    assert done.returncode == 0
    assert "audio.dvc" in said(done)
    assert (colleague.path / "audio" / "mine.wav").read_bytes() == sound("m")
    assert (colleague.path / "audio" / "b.wav").read_bytes() == sound("x")


def test_a_clone_that_does_without_media_stays_without(colleague: Repo) -> None:
    """Whoever corrects labels need not have gigabytes."""
    shutil.rmtree(colleague.path / "audio")
    done = colleague.run("git", "pull", "--quiet")
    assert (done.returncode, said(done)) == (0, "")
    assert not (colleague.path / "audio").exists()


def test_a_lost_object_is_said_and_git_goes_on(colleague: Repo) -> None:
    """What to do is said as well."""
    hooked = Repo(colleague.path.parent / "dataset")
    lose(hooked, "c.wav")
    done = colleague.run("git", "pull")
    assert done.returncode == 0
    assert "1 object not to be had now; try `dvc pull audio.dvc` later" in said(done)
    assert media(colleague) == ["a.wav", "b.wav"]


def test_an_object_with_other_bytes_is_not_believed(colleague: Repo) -> None:
    """It comes neither into the folder nor into the cache."""
    hooked = Repo(colleague.path.parent / "dataset")
    md5 = lose(hooked, "c.wav")
    (store(hooked) / md5[:2] / md5[2:]).write_bytes(sound("x"))
    done = colleague.run("git", "pull")
    assert done.returncode == 0
    assert md5 in said(done)
    assert media(colleague) == ["a.wav", "b.wav"]
    assert not (colleague.path / ".dvc" / "cache" / "files" / "md5" / md5[:2] / md5[2:]).exists()


def test_a_media_folder_that_is_new_comes_to_those_who_have_the_others(colleague: Repo) -> None:
    """But not to a clone without any."""
    hooked = Repo(colleague.path.parent / "dataset")
    hooked.commit(media={"more/d.wav": sound("d")})
    hooked.git("push", "--quiet", "origin", "main")
    colleague.git("pull", "--quiet")
    assert (colleague.path / "more" / "d.wav").read_bytes() == sound("d")


def test_a_rebase_brings_the_media_of_upstream(colleague: Repo) -> None:
    """Which is what `git pull --rebase` does."""
    colleague.commit(files={"CHANGELOG.md": "x\n"})
    colleague.git("pull", "--quiet", "--rebase")
    assert media(colleague) == ["a.wav", "c.wav"]


def test_nothing_is_brought_with_another_configuration_than_the_known_one(colleague: Repo) -> None:
    """A branch of somebody else could name a remote that runs a command."""
    hooked = Repo(colleague.path.parent / "dataset")
    config = (hooked.path / ".dvc" / "config").read_text()
    hooked.commit(files={".dvc/config": config + "    configpath = evil\n"})
    hooked.git("push", "--quiet", "origin", "main")
    done = colleague.run("git", "pull")
    assert done.returncode == 0
    assert ".dvc/config is not as `audiodvc install` saw it" in said(done)
    assert media(colleague) == ["a.wav", "b.wav"]


def test_no_file_is_brought_to_where_a_media_folder_does_not_reach(colleague: Repo) -> None:
    """An index and a pointer that agree on a path out of the folder are left alone."""
    hooked = Repo(colleague.path.parent / "dataset")
    hostile(hooked, "../.git/hooks/post-commit")
    hooked.git("push", "--quiet", "--no-verify", "origin", "main")
    done = colleague.run("git", "pull")
    assert done.returncode == 0
    assert "audio.dvc is not what its media index says" in said(done)
    assert not (colleague.path / ".git" / "hooks" / "post-commit").exists()


def hostile(repo: Repo, relpath: str) -> None:
    """Commit a media folder one of whose files goes elsewhere, everywhere consistently."""
    code = f"""
from pathlib import Path
from audiodvc.model import mediaindex
index = Path("audio.media.csv")
rows = mediaindex.parse(index.read_bytes(), "x")
rows[0] = rows[0]._replace(file="audio/{relpath}")
index.write_bytes(mediaindex.dump(rows))
made = mediaindex.directory_object((row.file.removeprefix("audio/"), row.md5) for row in rows)
store = Path("../dataset.media/files/md5") / made.name[:2]
store.mkdir(exist_ok=True)
(store / made.name[2:]).write_bytes(made.data)
Path("audio.dvc").write_text(f"outs:\\n- md5: {{made.name}}\\n  hash: md5\\n  path: audio\\n")
"""
    assert repo.run("python", "-P", "-c", code).returncode == 0
    repo.git("commit", "--quiet", "--all", "--no-verify", "--message", "Hostile")


# With pre-commit, in any order


FOREIGN = (
    "repos:\n- repo: local\n  hooks: [{id: x, name: x, entry: 'true', language: system, always_run: true}]\n"
)
TYPES = ("--hook-type", "pre-commit", "--hook-type", "pre-push", "--hook-type", "post-checkout")


@pytest.fixture
def mixed(repo: Repo) -> Repo:
    """A clone whose pre-commit runs something else than audiodvc."""
    repo.commit(files={".pre-commit-config.yaml": FOREIGN})
    return repo


def step(repo: Repo, word: str) -> None:
    """`+p` installs pre-commit, `-p` takes it out; `+a` and `-a` are ours."""
    verb = {"+": "install", "-": "uninstall"}[word[0]]
    if word[1] == "a":
        repo.audiodvc(verb)
    else:
        done = repo.run("python", "-m", "pre_commit", verb, *TYPES)
        assert done.returncode == 0, said(done)


@pytest.mark.parametrize(
    ("steps", "earlier"),
    [
        ("+p +a", False),
        ("+a +p", False),
        ("+p +a +p", True),
        ("+a +p +a", True),
        ("+a +p -p", False),
        ("+p +a -p +p", True),
    ],
)
def test_whichever_is_installed_last_both_run(mixed: Repo, steps: str, *, earlier: bool) -> None:
    """Commits and pushes are checked once by us, and by what else is installed."""
    if earlier:
        script(mixed, "pre-commit", "echo mine")
        script(mixed, "pre-push", "echo mine; cat >/dev/null")
    for word in steps.split():
        step(mixed, word)
    mixed.write(tables={"emotion": BAD})
    done = mixed.run("git", "commit", "--all", "--message", "Bad")
    assert done.returncode != 0
    assert said(done).count(COMPLAINT) == 1
    mixed.write(tables={"emotion": GOOD.replace("angry", "sad")})
    with_precommit = "-p" not in steps or steps.endswith("+p")
    for words in (["commit", "--all", "--message", "Good"], ["push", "origin", "main"]):
        done = mixed.run("git", *words)
        assert done.returncode == 0, said(done)
        assert said(done).count("mine\n") == earlier
        assert ("Passed" in said(done)) == with_precommit
    assert "objects pushed" in said(done)
    assert "git checks what is committed" in said(mixed.run("audiodvc", "doctor"))


@pytest.mark.parametrize(
    ("steps", "left", "earlier"),
    [
        ("+p +a -a", {"p"}, True),
        ("+p +a +p -a", {"p"}, False),
        ("+a +p -a", {"p"}, True),
        ("+a +p -p", {"a"}, False),
        ("+a +p -p -a", set(), True),
        ("+p +a +p -p -a", set(), False),
        ("+p +a -p -a", set(), True),
        ("+p +a -a -p", set(), False),
        ("+a +p -a -p", set(), True),
    ],
)
def test_what_is_taken_out_stays_out(mixed: Repo, steps: str, left: set[str], *, earlier: bool) -> None:
    """And an earlier hook is back where it was, or where pre-commit hands on to it."""
    if earlier:
        script(mixed, "pre-commit", "echo mine")
    before = hook_files(mixed)
    for word in steps.split():
        step(mixed, word)
    after = hook_files(mixed)
    if not left:
        assert after == before
    assert (b"File generated by pre-commit" in after.get("pre-commit", b"")) == ("p" in left)
    assert any(b"# audiodvc hook:" in text for text in after.values()) == ("a" in left)
    assert sum(b"echo mine" in text for text in after.values()) == earlier
    done = mixed.run("git", "commit", "--allow-empty", "--message", "x")
    assert done.returncode == 0, said(done)
    assert said(done).count("mine\n") == earlier


def test_a_script_of_precommit_behind_ours_comes_to_the_front(mixed: Repo) -> None:
    """As an earlier audiodvc left them: installing again mends it, and our script bears it until then."""
    step(mixed, "+p")
    folder = mixed.path / ".git" / "hooks"
    (folder / "pre-commit").rename(folder / "pre-commit.before-audiodvc")
    (folder / "pre-commit").write_bytes((PROJECT / "hooks" / "pre-commit").read_bytes())
    (folder / "pre-commit").chmod(0o755)
    step(mixed, "+p")
    assert {"pre-commit.legacy", "pre-commit.before-audiodvc"} <= set(hook_files(mixed))
    done = mixed.run("git", "commit", "--allow-empty", "--message", "x")
    assert done.returncode == 0, said(done)
    assert "pre-commit" in said(mixed.run("audiodvc", "doctor"))
    step(mixed, "+a")
    assert "pre-commit.before-audiodvc" not in hook_files(mixed)
    step(mixed, "-a")
    step(mixed, "-p")
    assert set(hook_files(mixed)) == {"pre-commit.legacy.edited"}


# Install and uninstall


@pytest.mark.parametrize("verb", ["install", "uninstall"])
def test_lines_that_others_wrote_into_our_hooks_are_kept(hooked: Repo, verb: str) -> None:
    """They are moved aside, which is said; twice loses nothing either."""
    for number in range(2):
        path = hooked.path / ".git" / "hooks" / "pre-push"
        path.write_text(path.read_text() + f"echo mine {number}\n" if path.exists() else "")
        done = hooked.run("audiodvc", verb)
        assert "pre-push was edited" in done.stderr
        hooked.audiodvc("install")
    kept = {name: text for name, text in hook_files(hooked).items() if ".edited" in name}
    assert [text.splitlines()[-1] for _, text in sorted(kept.items())] == [b"echo mine 0", b"echo mine 1"]
    assert "nothing to do" in hooked.audiodvc("install")


def test_install_twice_is_install_once(hooked: Repo) -> None:
    """And it says that there was nothing to do."""
    before, config = hook_files(hooked), (hooked.path / ".git" / "config").read_bytes()
    assert set(before) == set(HOOKS)
    assert "nothing to do" in hooked.audiodvc("install")
    assert hook_files(hooked) == before
    assert (hooked.path / ".git" / "config").read_bytes() == config


def test_uninstall_leaves_the_clone_as_it_was(repo: Repo) -> None:
    """Hooks, their modes, and git's configuration."""
    script(repo, "pre-commit", "exit 0")
    script(repo, "post-merge", "exit 0").chmod(0o644)
    before, config = hook_files(repo), (repo.path / ".git" / "config").read_bytes()
    repo.audiodvc("install")
    assert set(hook_files(repo)) > set(HOOKS)
    repo.audiodvc("uninstall")
    assert hook_files(repo) == before
    assert (repo.path / ".git" / "config").read_bytes() == config
    assert not os.access(repo.path / ".git" / "hooks" / "post-merge", os.X_OK)
    assert "no hooks of audiodvc" in repo.audiodvc("uninstall")


def test_a_hook_that_was_there_runs_first_and_its_refusal_counts(repo: Repo) -> None:
    """Ours is not asked any more then."""
    script(repo, "pre-commit", "echo mine; exit 7")
    assert "earlier pre-commit still run first" in repo.audiodvc("install")
    repo.write(tables={"emotion": BAD})
    done = repo.run("git", "commit", "--all", "--message", "Bad")
    assert done.returncode != 0
    assert said(done) == "mine\n"
    script(repo, "pre-commit.before-audiodvc", "echo mine")
    done = repo.run("git", "commit", "--all", "--message", "Bad")
    assert said(done).startswith("mine\n")
    assert COMPLAINT in said(done)


def test_a_hook_before_a_push_reads_the_same_refs(repo: Repo) -> None:
    """Both get git's words and standard input."""
    script(repo, "pre-push", 'echo "$@" > ../words; cat > ../refs')
    repo.audiodvc("install")
    done = repo.run("git", "push", "origin", "main")
    assert done.returncode == 0, said(done)
    assert (repo.path.parent / "words").read_text() == "origin ../hub.git\n"
    assert (
        (repo.path.parent / "refs").read_text().startswith(f"refs/heads/main {head(repo)} refs/heads/main 0")
    )
    assert len(stored(repo)) == 3


def test_the_exit_code_of_a_hook_after_a_checkout_is_kept(repo: Repo) -> None:
    """Ours never fails, but the earlier one may."""
    script(repo, "post-checkout", "exit 5")
    repo.audiodvc("install")
    assert repo.run("git", "checkout", "--quiet", "-b", "side").returncode != 0


@pytest.mark.parametrize("place", [".githooks", "../shared hooks"])
def test_hooks_go_where_the_clone_keeps_them(repo: Repo, place: str) -> None:
    """core.hooksPath of the repository is respected."""
    repo.git("config", "core.hooksPath", place)
    repo.audiodvc("install")
    assert (repo.path / place / "pre-commit").exists()
    repo.write(tables={"emotion": BAD})
    done = repo.run("git", "commit", "--message", "Bad", "db.emotion.csv")
    assert done.returncode != 0
    assert COMPLAINT in said(done)
    repo.audiodvc("uninstall")
    assert not any((repo.path / place).iterdir())


def test_hooks_of_all_repositories_are_not_touched(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A global core.hooksPath is the user's own; what to do is said."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    repo.git("config", "--global", "core.hooksPath", str(tmp_path / "hooks"))
    done = repo.run("audiodvc", "install")
    assert done.returncode == 3
    assert "git config --local core.hooksPath" in done.stderr
    assert not (tmp_path / "hooks").exists()


def test_a_worktree_installs_for_the_repository(repo: Repo) -> None:
    """All worktrees have one folder of hooks."""
    repo.git("worktree", "add", "--quiet", "../tree", "-b", "side")
    Repo(repo.path.parent / "tree").audiodvc("install")
    assert set(hook_files(repo)) == set(HOOKS)


@pytest.mark.usefixtures("real_python")
def test_where_audiodvc_is_gone_nothing_is_committed_unseen(
    hooked: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line says what to do; a checkout goes on."""
    hooked.git("config", "audiodvc.python", "/nowhere/python")
    bare = {name: path for name in ("git", "sh", "dirname", "cat") if (path := shutil.which(name))}
    programs = only(bare, hooked.path.parent / "few")
    monkeypatch.setenv("PATH", str(programs))
    done = hooked.run("git", "commit", "--allow-empty", "--message", "x")
    assert done.returncode != 0
    assert said(done).startswith("audiodvc is not there")
    assert len(said(done).splitlines()) == 1
    assert hooked.run("git", "checkout", "--quiet", "--orphan", "new").returncode == 0


def only(programs: Mapping[str, str], folder: Path) -> Path:
    """A folder that has these programs and no other."""
    folder.mkdir()
    for name, path in programs.items():
        (folder / name).symlink_to(path)
    return folder


@pytest.mark.usefixtures("real_python")
def test_where_the_recorded_python_is_gone_the_path_is_searched(hooked: Repo) -> None:
    """An environment that was made anew elsewhere."""
    hooked.git("config", "audiodvc.python", "/nowhere/python")
    hooked.write(tables={"emotion": BAD})
    done = hooked.run("git", "commit", "--all", "--message", "Bad")
    assert COMPLAINT in said(done)


@pytest.mark.usefixtures("real_python")
@pytest.mark.parametrize("text", ['exec "$REAL" -S "$@"', "echo old >&2; exit 2"])
def test_a_recorded_python_without_audiodvc_counts_as_gone(
    hooked: Repo, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """An environment made anew without it, or one too old: the path is searched, else one line says it."""
    python = hooked.path.parent / "python"
    python.write_text(f"#!/bin/sh\nunset PYTHONPATH\n{text}\n".replace("$REAL", sys.executable))
    python.chmod(0o755)
    hooked.git("config", "audiodvc.python", str(python))
    hooked.write(tables={"emotion": BAD})
    done = hooked.run("git", "commit", "--all", "--message", "Bad")
    assert COMPLAINT in said(done)
    assert "No module" not in said(done)
    bare = {name: path for name in ("git", "sh", "dirname", "cat") if (path := shutil.which(name))}
    monkeypatch.setenv("PATH", str(only(bare, hooked.path.parent / "few")))
    for words in (["commit", "--all", "--message", "x"], ["push", "origin", "main"]):
        done = hooked.run("git", *words)
        assert done.returncode != 0
        assert said(done).startswith("audiodvc is not there")
    assert hooked.run("git", "checkout", "--quiet", "-b", "side").returncode == 0


def test_doctor_says_which_hooks_are_missing(repo: Repo) -> None:
    """And what installs them."""
    assert "pre-push, post-checkout, post-merge, post-rewrite not installed" in said(
        repo.run("audiodvc", "doctor")
    )
    repo.audiodvc("install")
    assert "git checks what is committed" in said(repo.run("audiodvc", "doctor"))


def test_two_earlier_hooks_are_not_lost(hooked: Repo) -> None:
    """Someone else replaced ours while the earlier one waits: a person must say which counts."""
    script(hooked, "pre-commit", "exit 0")
    script(hooked, "pre-commit.before-audiodvc", "exit 1")
    before = hook_files(hooked)
    done = hooked.run("audiodvc", "install")
    assert done.returncode == 3
    assert hook_files(hooked) == before
    assert hooked.run("audiodvc", "uninstall").returncode == 0
    assert {name: hook_files(hooked)[name] for name in ("pre-commit", "pre-commit.before-audiodvc")} == {
        name: before[name] for name in ("pre-commit", "pre-commit.before-audiodvc")
    }


def test_hook_is_no_verb_for_people(repo: Repo) -> None:
    """It is not in the list; an unknown one is wrong usage."""
    assert "  hook" not in repo.audiodvc("--help")
    assert repo.run("audiodvc", "hook", "post-commit").returncode == 2
