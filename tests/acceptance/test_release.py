"""`audiodvc release`: what it refuses, what it makes, and that it can be stopped anywhere."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import audiodvc
from audiodvc.cli import main
from tests import schema
from tests.builder import Repo, RepoFactory, default_header, tone

A, B, C = (tone(0.05, pitch=pitch) for pitch in (300, 400, 500))
TABLE = "file,mood\naudio/a.wav,calm\naudio/b.wav,wild\n"
FIXED = TABLE.replace("wild", "calm")


@dataclass(frozen=True)
class Said:
    """How a call ended, and what it said."""

    code: int
    out: str
    err: str


Run = Callable[..., Said]


@pytest.fixture(scope="session")
def committed(tmp_path_factory: pytest.TempPathFactory, repo_template: Path) -> Path:
    """A dataset with two files, committed and not pushed, whose remote for git is a bare repository."""
    folder = tmp_path_factory.mktemp("committed")
    repo = RepoFactory(folder, repo_template)()
    changelog = "# Changelog\n\n## [Unreleased]\n\nBegun in spring.\n"
    repo.commit(
        tables={"mood": TABLE},
        media={"audio/a.wav": A, "audio/b.wav": B},
        files={"CHANGELOG.md": changelog},
    )
    repo.git("init", "--quiet", "--bare", "--initial-branch=main", "../hub.git")
    repo.git("remote", "add", "origin", "../hub.git")
    return folder


@pytest.fixture
def repo(committed: Path, tmp_path: Path) -> Repo:
    """A copy of that dataset, with no version yet."""
    shutil.copytree(committed, tmp_path, dirs_exist_ok=True, symlinks=True)
    return Repo(tmp_path / "dataset")


@pytest.fixture
def released(repo: Repo) -> Repo:
    """The same with a first version by hand, whose objects are in the remote."""
    repo.git("tag", "v1.0.0")
    repo.push()
    return repo


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `audiodvc release` in this process."""

    def call(repo: Repo, *words: str, folder: str = ".") -> Said:
        capsys.readouterr()
        code = main.run(["-C", str(repo.path / folder), "release", *words])
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return call


def state(repo: Repo) -> str:
    """Every ref and what is not committed."""
    return repo.git("for-each-ref") + repo.git("status", "--short")


def objects(repo: Repo) -> int:
    """How many objects the remote has."""
    return len(list(repo.path.with_name("dataset.media").glob("files/md5/*/*")))


def fix(repo: Repo, table: str = FIXED) -> None:
    """Correct a label."""
    repo.commit(tables={"mood": table})


def add_table(repo: Repo) -> None:
    """Another table, with its stages in step."""
    repo.write(tables={"age": "speaker,age\nx,3\n"})
    audiodvc_(repo, "fmt")
    repo.commit()


def audiodvc_(repo: Repo, *words: str) -> None:
    """Run audiodvc in this process, and quietly."""
    assert main.run(["-C", str(repo.path), "--quiet", *words]) == 0


# What it makes


def test_the_first_version(repo: Repo, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Media at their remote, an entry in the changelog, an annotated tag; and it is read back."""
    said = run(repo)
    assert said.code == 0, said.err
    assert said.out.startswith("1.0.0\n  it is the first one\n")
    assert said.err == "not pushed: git push --atomic origin main v1.0.0\n"
    assert objects(repo) == 3
    assert repo.git("cat-file", "-t", "v1.0.0") == "tag\n"
    assert repo.git("tag", "--list", "--format=%(contents:subject)") == "dataset 1.0.0\n"
    assert repo.git("show", "--name-only", "--format=%s", "HEAD").split("\n")[:3] == [
        "Release v1.0.0",
        "",
        "CHANGELOG.md",
    ]
    assert repo.git("rev-parse", "v1.0.0^{commit}") == repo.git("rev-parse", "HEAD")
    assert repo.git("status", "--short") == ""
    monkeypatch.setattr(audiodvc.config, "CACHE_ROOT", str(tmp_path / "cache"))
    assert audiodvc.versions(str(repo.path)) == ["1.0.0"]
    db = audiodvc.load(str(repo.path), version="1.0.0")
    assert db is not None
    assert db["mood"]["mood"].get().to_list() == ["calm", "wild"]


def test_notes_of_the_maintainer_are_in_the_entry(repo: Repo, run: Run) -> None:
    """What stood under `Unreleased` comes first, and the heading is there for the next notes."""
    run(repo)
    text = (repo.path / "CHANGELOG.md").read_text()
    beginning, _, rest = text.partition(" - ")
    assert beginning == "# Changelog\n\n## [Unreleased]\n\n## [1.0.0]"
    assert rest.partition("\n")[2] == (
        "\nBegun in spring.\n\n### Added\n\n- 2 media files in `audio` (0.1 s)\n- Table `mood` with 2 rows\n"
    )


def test_the_number_follows_from_what_changed(released: Repo, run: Run) -> None:
    """Corrected, added, removed; and why is said."""
    fix(released)
    assert run(released).out.startswith("1.0.1 (patch since 1.0.0)\n  1 row changed in table mood\n")
    add_table(released)
    assert run(released).out.startswith("1.1.0 (minor since 1.0.1)\n  table age was added\n")
    (released.path / "db.age.csv").unlink()
    released.commit(header=default_header({"mood": FIXED}), files={"dvc.yaml": None})
    audiodvc_(released, "fmt")
    released.commit()
    assert run(released).out.startswith("2.0.0 (major since 1.1.0)\n  table age was removed\n")


def test_a_stage_that_ran_is_no_change(released: Repo, run: Run) -> None:
    """What DVC notes of it is in nobody's dataset; that figures are of another state is said."""
    released.commit(files={"dvc.lock": "schema: '2.0'\n"})
    said = run(released)
    assert (said.code, "nothing in the dataset changed since 1.0.0" in said.err) == (3, True)
    released.commit(files={"validation.json": '{"schema": "audiodvc.metrics/v1", "rows": 3}\n'})
    assert "validation.json has the figures of an earlier state" in run(released, "--dry-run", "1.0.1").err
    audiodvc_(released, "validate", "--metrics", "validation.json")
    released.commit()
    assert "earlier state" not in run(released, "--dry-run", "1.0.1").err


def test_a_version_of_ones_own(released: Repo, run: Run) -> None:
    """A lower number than the difference asks for is taken, and said."""
    add_table(released)
    said = run(released, "v1.0.1")
    assert said.code == 0
    assert said.out.startswith("1.0.1 (patch since 1.0.0)\n")
    assert "what changed since 1.0.0 asks for 1.1.0: table age was added\n" in said.err
    assert "v1.0.1" in released.git("tag")


def test_pre_releases_come_before_their_release(released: Repo, run: Run) -> None:
    """They are made by name only; without one the release follows."""
    fix(released)
    assert run(released, "1.1.0-rc.1").code == 0
    assert run(released, "1.1.0-beta").code == 3
    fix(released, table=TABLE)
    said = run(released)
    assert said.out.startswith("1.1.0 (since 1.1.0-rc.1)\n  1.1.0-rc.1 was a pre-release of it\n")
    assert run(released, "1.1.0-rc.2").code == 3


def test_tags_are_like_those_before(repo: Repo, run: Run) -> None:
    """Without `v` where the last one has none."""
    repo.git("tag", "0.9.0")
    fix(repo)
    assert run(repo).code == 0
    assert repo.git("tag").split() == ["0.9.0", "0.9.1"]


def test_a_dry_run_makes_nothing(repo: Repo, run: Run) -> None:
    """Version, why, and the entry are shown; remote and repository stay as they were."""
    before = state(repo)
    said = run(repo, "--dry-run")
    assert said.code == 0
    assert "1.0.0\n  it is the first one\n" in said.out
    assert "    - Table `mood` with 2 rows" in said.out
    assert state(repo) == before
    assert objects(repo) == 0


def test_a_program_reads_it(released: Repo, run: Run) -> None:
    """The document has the schema of the docs, also where findings keep the version from being made."""
    fix(released)
    done = json.loads(run(released, "--format", "json").out)
    assert list(schema.faults(done, schema.documented("audiodvc.release/v1"))) == []
    assert (done["version"], done["level"], done["previous"]) == ("1.0.1", "patch", "1.0.0")
    assert done["commit"] == released.git("rev-parse", "HEAD").strip()
    released.commit(tables={"mood": FIXED.replace("audio/b", "audio/x")})
    said = run(released, "--format", "json")
    done = json.loads(said.out)
    assert list(schema.faults(done, schema.documented("audiodvc.release/v1"))) == []
    assert (said.code, done["commit"], bool(done["findings"])) == (1, None, True)


# What it refuses


def dirty_table(repo: Repo) -> None:
    """A label that is changed and not committed."""
    repo.write(tables={"mood": FIXED})


def dirty_index(repo: Repo) -> None:
    """A label that is staged."""
    repo.write(tables={"mood": FIXED})
    repo.git("add", "db.mood.csv")


def new_file(repo: Repo) -> None:
    """A file that git does not know."""
    repo.write(files={"notes.txt": "?"})


def new_media(repo: Repo) -> None:
    """Sound that was not added."""
    repo.write(media={"audio/c.wav": C})


def other_media(repo: Repo) -> None:
    """Sound that was replaced, and not added."""
    (repo.path / "audio" / "a.wav").unlink()
    repo.write(media={"audio/a.wav": tone(0.06)})


def removed_media(repo: Repo) -> None:
    """Sound that was removed, and is still in the index."""
    (repo.path / "audio" / "a.wav").unlink()


def detached(repo: Repo) -> None:
    """No branch."""
    repo.git("checkout", "--quiet", "--detach")


def merging(repo: Repo) -> None:
    """A merge that is not committed, though nothing is changed by it."""
    repo.git("branch", "other")
    repo.git("commit", "--quiet", "--allow-empty", "--message", "Ours")
    repo.git("checkout", "--quiet", "other")
    repo.git("commit", "--quiet", "--allow-empty", "--message", "Theirs")
    repo.git("merge", "--quiet", "--no-commit", "--no-ff", "main")


def out_of_step(repo: Repo) -> None:
    """Stages that do not know a table."""
    repo.commit(files={"dvc.yaml": "stages: {}\n"})


def unbuilt(repo: Repo) -> None:
    """A flavor that nobody made."""
    repo.write(files={"audiodvc.yaml": "flavors:\n  low: {sampling_rate: 8000}\n"})
    audiodvc_(repo, "fmt")
    repo.commit()


def private(repo: Repo) -> None:
    """A remote that others are not told of."""
    repo.write(files={".dvc/config.local": "[core]\nremote = mine\n['remote \"mine\"']\nurl = ../../mine\n"})


@pytest.mark.parametrize(
    ("make", "words", "reason"),
    [
        (dirty_table, (), "db.mood.csv: changed"),
        (dirty_index, (), "db.mood.csv: staged"),
        (new_file, (), "notes.txt: not in git"),
        (new_media, (), "audio: 1 new"),
        (other_media, (), "audio: 1 changed"),
        (removed_media, (), "audio: 1 removed"),
        (detached, (), "HEAD is detached"),
        (merging, (), "in the middle of a merge"),
        (out_of_step, (), "`audiodvc fmt` writes it"),
        (unbuilt, (), "low"),
        (private, ("1.1.0",), "the remote 'mine'"),
        (fix, ("--push", "--dry-run"), "no-such-hub"),
        (
            lambda repo: repo.commit(files={"README.md": "?"}),
            (),
            "nothing in the dataset changed since 1.0.0",
        ),
    ],
)
def test_it_says_what_keeps_it(
    released: Repo, run: Run, make: Callable[[Repo], None], words: tuple[str, ...], reason: str
) -> None:
    """One reason, and nothing is made."""
    released.git("remote", "set-url", "origin", "../no-such-hub.git")
    make(released)
    before = state(released)
    said = run(released, *words)
    assert (said.code, said.out) == (3, "")
    assert reason in said.err
    assert state(released) == before


def test_a_version_has_to_be_semantic_and_new_and_higher(released: Repo, run: Run) -> None:
    """Exit 2 where the words of the call are wrong, and 3 where they do not fit what is there."""
    fix(released)
    before = state(released)
    for word, code, reason in (
        ("1.0", 2, "no semantic version"),
        ("banana", 2, "no semantic version"),
        ("1.0.0", 3, "exists, and is another commit"),
        ("0.9.0", 3, "not higher than 1.0.0"),
        ("1.0.0-rc.1", 3, "not higher than 1.0.0"),
        ("1.0.0+new", 3, "not higher than 1.0.0"),
    ):
        said = run(released, word)
        assert (said.code, reason in said.err) == (code, True), said.err
    assert state(released) == before


def test_a_dataset_with_findings_is_no_version(released: Repo, run: Run) -> None:
    """They are shown with their lines, exit 1."""
    fix(released, table=TABLE.replace("audio/b", "audio/x"))
    before = state(released)
    said = run(released)
    assert said.code == 1
    assert "db.mood.csv:3:1: AR002" in said.out
    assert "nothing was released" in said.err
    assert state(released) == before


def test_a_clone_without_tags_guesses_no_version(released: Repo, run: Run) -> None:
    """Neither 1.0.0, which may be long gone, nor the one that the changelog ends with."""
    released.commit(files={"CHANGELOG.md": "# Changelog\n\n## 1.3.0\n\nMuch.\n"})
    fix(released)
    released.git("tag", "--delete", "v1.0.0")
    said = run(released)
    assert (said.code, "goes up to 1.3.0" in said.err) == (3, True)
    source = released.path.as_uri()
    released.git("clone", "--quiet", "--depth=1", "--no-tags", source, str(released.path.with_name("cut")))
    said = run(Repo(released.path.with_name("cut")), "2.0.0")
    assert (said.code, "git fetch --unshallow --tags" in said.err) == (3, True)


def test_nobody_releases_nothing(repo: Repo, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """There has to be a name for git."""
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.delenv(f"GIT_{name}_NAME")
        monkeypatch.delenv(f"GIT_{name}_EMAIL")
    repo.git("config", "user.useConfigOnly", "true")
    said = run(repo)
    assert said.code == 3
    assert "git does not know who you are" in said.err


def test_a_hook_that_commits_more_than_was_checked_is_noticed(released: Repo, run: Run) -> None:
    """There is no tag of what nobody looked at."""
    fix(released)
    hook = released.path / ".git" / "hooks" / "post-commit"
    hook.write_text(
        "#!/bin/sh\n[ -e done ] && exit\ntouch .git/done; rm .git/hooks/post-commit\n"
        "sed -i s/calm/sad/ db.mood.csv; git commit --quiet --all --amend --no-edit\n"
    )
    hook.chmod(0o755)
    said = run(released)
    assert said.code == 3
    assert "more than was checked" in said.err
    assert released.git("tag") == "v1.0.0\n"


# Media


def test_a_clone_without_media_releases(released: Repo, run: Run) -> None:
    """What the remote has is checked there; nothing is brought here."""
    clone = released.clone("clone")
    fix(clone)
    assert run(clone).out.startswith("1.0.1 ")
    assert not (clone.path / "audio").exists()


def test_what_is_neither_here_nor_there_is_a_finding(released: Repo, run: Run, tmp_path: Path) -> None:
    """With the line of its index; nothing is made."""
    md5 = hashlib.md5(B, usedforsecurity=False).hexdigest()
    (tmp_path / "dataset.media" / "files" / "md5" / md5[:2] / md5[2:]).unlink()
    clone = released.clone("clone")
    fix(clone)
    before = state(clone)
    said = run(clone)
    assert said.code == 1
    assert "audio.media.csv:3:" in said.out
    assert "AD004" in said.out
    assert state(clone) == before


def test_what_was_erased_is_not_asked_for(released: Repo, run: Run, tmp_path: Path) -> None:
    """A folder that had the file is still a version; its list of files is erased, too."""
    md5 = hashlib.md5(B, usedforsecurity=False).hexdigest()
    (tmp_path / "dataset.media" / "files" / "md5" / md5[:2] / md5[2:]).unlink()
    clone = released.clone("clone")
    rows = (clone.path / "audio.media.csv").read_text().splitlines(keepends=True)
    index = "".join(row for row in rows if not row.startswith("audio/b.wav"))
    listed = json.dumps([{"md5": hashlib.md5(A, usedforsecurity=False).hexdigest(), "relpath": "a.wav"}])
    name = f"{hashlib.md5(listed.encode(), usedforsecurity=False).hexdigest()}.dir"
    (tmp_path / "dataset.media" / "files" / "md5" / name[:2] / name[2:]).write_text(listed)
    pointer = f"outs:\n- md5: {name}\n  size: {len(A)}\n  nfiles: 1\n  hash: md5\n  path: audio\n"
    clone.commit(
        tables={"mood": TABLE.replace("audio/b.wav,wild\n", "")},
        files={
            "erased.csv": f"file,md5,date,reason\naudio/b.wav,{md5},2024-01-01,asked for\n",
            "audio.media.csv": index,
            "audio.dvc": pointer,
        },
    )
    said = run(clone)
    assert said.code == 0, said.out + said.err
    assert "- 1 file erased from every version\n" in said.out


def test_without_a_remote_media_cannot_be_released(repo: Repo, run: Run) -> None:
    """A version is a promise."""
    repo.commit(files={".dvc/config": ""})
    said = run(repo)
    assert said.code == 1
    assert "no default DVC remote" in said.out


# Several datasets in a repository


@pytest.fixture
def pair(tmp_path: Path, repo_template: Path) -> Repo:
    """A repository with two datasets, `sets/one` and `two`."""
    repo = RepoFactory(tmp_path, repo_template)()
    for folder in ("sets/one", "two"):
        files = {"db.mood.csv": "file,mood\nx.txt,calm\n", "audiodvc.yaml": "flavors: {}\n", "x.txt": folder}
        header = default_header({"mood": files["db.mood.csv"]})
        repo.write(files={f"{folder}/{name}": text for name, text in {**files, "db.yaml": header}.items()})
        for words in (["add", "x.txt"], ["fmt"]):
            audiodvc_(Repo(repo.path / folder), *words)
    repo.git("add", "--all")
    repo.git("commit", "--quiet", "--message", "Two")
    return repo


def test_each_dataset_has_versions_of_its_own(
    pair: Repo, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Their tags begin with their name, and loaders see them."""
    monkeypatch.setattr(audiodvc.config, "CACHE_ROOT", str(tmp_path / "cache"))
    pair.write(files={"two/notes.txt": "what is dirty in one is no matter to the other"})
    pair.git("add", "two/notes.txt")
    assert run(pair, folder="sets/one").code == 0
    assert pair.git("diff", "--cached", "--name-only") == "two/notes.txt\n"
    assert pair.git("tag") == "one@v1.0.0\n"
    assert run(pair, folder="two").code == 3
    pair.git("rm", "--quiet", "--force", "two/notes.txt")
    assert run(pair, "0.1.0", folder="two").code == 0
    assert pair.git("tag").split() == ["one@v1.0.0", "two@v0.1.0"]
    assert audiodvc.versions(f"{pair.path}#sets/one") == ["1.0.0"]
    assert audiodvc.versions(f"{pair.path}#two") == ["0.1.0"]
    shutil.rmtree(pair.path / ".dvc" / "cache")
    shutil.rmtree(pair.path.with_name("dataset.media"))
    pair.git("init", "--quiet", "--bare", "../hub.git")
    audiodvc_(pair, "install")
    said = pair.run("git", "push", "../hub.git", "one@v1.0.0").stdout
    assert "sets/one/x.txt.media.csv:2:1: AD004" in said
    assert said.count("AD004") == 1, "the other dataset is another matter"


def test_datasets_of_the_same_name_are_told_apart(pair: Repo, run: Run) -> None:
    """By the whole folder; what was released by the last part stays."""
    shutil.copytree(pair.path / "sets" / "one", pair.path / "more" / "one")
    pair.git("add", "--all")
    pair.git("commit", "--quiet", "--message", "Another one")
    assert run(pair, folder="more/one").code == 0
    assert pair.git("tag") == "more/one@v1.0.0\n"


# Pushed


@pytest.fixture
def hub(repo: Repo) -> Repo:
    """The bare repository that the dataset is pushed to."""
    return Repo(repo.path.with_name("hub.git"))


def test_branch_and_tag_are_pushed_in_one_step(repo: Repo, hub: Repo, run: Run) -> None:
    """After the media; and our own hook does not do it all again."""
    audiodvc_(repo, "install")
    # Runs before our hook, which would bring back what is missing, and refuse what it cannot.
    first = repo.path / ".git" / "hooks" / "pre-push.before-audiodvc"
    first.write_text("#!/bin/sh\ncat > /dev/null\nrm -rf ../dataset.media/files\n")
    first.chmod(0o755)
    said = run(repo, "--push")
    assert said.code == 0, said.err
    assert said.err == ""
    assert "branch and tag are in origin" in said.out
    assert hub.git("rev-parse", "main") == repo.git("rev-parse", "HEAD")
    assert hub.git("rev-parse", "v1.0.0") == repo.git("rev-parse", "v1.0.0")
    assert objects(repo) == 0


def test_the_hook_sees_to_what_was_not_released(repo: Repo, hub: Repo, run: Run) -> None:
    """A tag that is pushed by hand is checked as ever."""
    audiodvc_(repo, "install")
    run(repo)
    shutil.rmtree(repo.path.with_name("dataset.media"))
    done = repo.run("git", "push", "--atomic", "origin", "main", "v1.0.0")
    assert done.returncode == 0, done.stderr
    assert objects(repo) == 3
    assert hub.git("tag") == "v1.0.0\n"


def test_a_push_that_is_refused_leaves_nothing_there(repo: Repo, hub: Repo, run: Run) -> None:
    """Not the branch without its tag; and the same call goes on later."""
    update = hub.path / "hooks" / "update"
    update.write_text('#!/bin/sh\ncase "$1" in refs/tags/*) echo no tags today; exit 1;; esac\n')
    update.chmod(0o755)
    said = run(repo, "--push")
    assert said.code == 3
    assert "no tags today" in said.err
    assert hub.git("for-each-ref") == ""
    update.unlink()
    assert run(repo, "--push").code == 0
    assert hub.git("for-each-ref", "--format=%(refname)").split() == ["refs/heads/main", "refs/tags/v1.0.0"]


def test_who_was_overtaken_makes_nothing(repo: Repo, hub: Repo, run: Run) -> None:
    """Commits and versions that are not here have to come first."""
    repo.git("push", "--quiet", "origin", "main")
    other = hub.clone("other")
    other.commit(files={"README.md": "?"}, tag="v3.0.0")
    other.git("push", "--quiet", "origin", "v3.0.0")
    before = state(repo)
    said = run(repo, "--push")
    assert (said.code, "git fetch --tags origin" in said.err) == (3, True)
    other.git("push", "--quiet", "origin", "main")
    said = run(repo, "--push")
    assert (said.code, "git pull origin main" in said.err) == (3, True)
    assert state(repo) == before


def test_who_was_slower_takes_the_tag_of_the_other_one(repo: Repo, hub: Repo, run: Run) -> None:
    """Their version is not ours, also after ours was rebased; then a higher one is made."""
    assert run(repo, "--push").code == 0
    other = hub.clone("other")
    fix(repo)
    assert run(repo).code == 0
    fix(other, TABLE.replace("calm", "wild"))
    other.git("tag", "--annotate", "--message", "1.0.1", "v1.0.1")
    other.git("push", "--quiet", "--atomic", "origin", "main", "v1.0.1")
    repo.git("fetch", "--quiet", "origin", "main")
    repo.git("reset", "--quiet", "--hard", "FETCH_HEAD")
    repo.commit(tables={"mood": "file,mood\naudio/a.wav,wild\naudio/b.wav,calm\n"})
    before = state(repo)
    said = run(repo)
    assert (said.code, "version 1.0.1 exists, and is another commit" in said.err) == (3, True)
    said = run(repo, "--push")
    assert (said.code, "`git fetch --force origin tag v1.0.1`" in said.err) == (3, True)
    assert state(repo) == before
    repo.git("fetch", "--quiet", "--force", "origin", "tag", "v1.0.1")
    assert run(repo, "--push").out.startswith("1.0.2 (patch since 1.0.1)")


def test_media_that_were_half_there_are_completed(repo: Repo, run: Run) -> None:
    """Whatever a push that was killed has left in the remote."""
    repo.push()
    first, second, _ = repo.path.with_name("dataset.media").glob("files/md5/*/*")
    first.unlink()
    second.unlink()
    assert "2 objects pushed" in run(repo).out
    assert objects(repo) == 3


def test_an_entry_that_somebody_changed_is_not_taken_for_ours(repo: Repo, run: Run) -> None:
    """Of a release that was stopped the changelog counts only as it was left."""
    text = (repo.path / "CHANGELOG.md").read_text()
    (repo.path / "CHANGELOG.md").write_text(f"{text}\n## [1.0.0] - 2024-01-01\n\nMine.\n")
    said = run(repo)
    assert said.code == 3
    assert "CHANGELOG.md: changed" in said.err


def test_an_entry_of_the_maintainer_stays(released: Repo, run: Run) -> None:
    """It says which version comes next, and needs no commit of ours."""
    text = "# Changelog\n\n## 1.4.0 (autumn)\n\nOne label.\n"
    released.commit(tables={"mood": FIXED}, files={"CHANGELOG.md": text})
    before = released.git("rev-parse", "HEAD")
    said = run(released)
    assert said.code == 0
    assert "CHANGELOG.md has an entry of it" in said.out
    assert released.git("rev-parse", "v1.4.0^{commit}") == before
    assert (released.path / "CHANGELOG.md").read_text() == text


def test_a_tag_by_hand_is_pushed_as_it_is(released: Repo, hub: Repo, run: Run) -> None:
    """There is no entry, and none is made: the version is that commit."""
    said = run(released, "1.0.0", "--push")
    assert said.code == 0, said.err
    assert released.git("log", "--format=%s") == "Change\n"
    assert hub.git("rev-parse", "v1.0.0") == released.git("rev-parse", "HEAD")


def test_a_commit_that_a_hook_refuses_goes_on_without_the_hook(repo: Repo, run: Run) -> None:
    """What git says is told, and how to take all of it back."""
    hook = repo.path / ".git" / "hooks" / "commit-msg"
    hook.write_text("#!/bin/sh\necho no ticket; exit 1\n")
    hook.chmod(0o755)
    said = run(repo)
    assert said.code == 3
    assert "  no ticket\n" in said.err
    assert "git restore --staged --worktree CHANGELOG.md" in said.err
    hook.unlink()
    assert run(repo).code == 0
    assert repo.git("tag") == "v1.0.0\n"


def test_a_second_call_does_nothing(released: Repo, run: Run) -> None:
    """The version is this commit already."""
    fix(released)
    run(released)
    before = state(released)
    for words in ((), ("1.0.1",)):
        said = run(released, *words)
        assert said.code == 0
        assert "v1.0.1 is commit" in said.out
        assert "to push it: git push --atomic origin main v1.0.1" in said.err
    assert state(released) == before
