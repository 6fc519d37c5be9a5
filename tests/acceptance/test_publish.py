"""Folders become versions: on bare repositories, servers and S3, whole or not at all."""

from __future__ import annotations

import hashlib
import os
import pickle
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import audiodvc
from audiodvc.errors import (
    AttachmentError,
    ConflictError,
    FormatError,
    NotADatasetError,
    PublishError,
    UnknownVersionError,
    VersionError,
)
from audiodvc.model.userconfig import Repository
from audiodvc.progress import Advance
from audiodvc.project.publishing.destination import Wish
from tests.acceptance.submissions import (
    ATTACHED,
    HEADER,
    SECONDS,
    Folder,
    brought,
    copied,
    files_of,
    git,
    hand,
    loaded,
    make_folder,
)
from tests.builder import MakeRepo, Repo, tone
from tests.servers import git_daemon
from tests.servers_media import S3, s3_server

__all__ = ["s3_server"]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache of the test."""
    monkeypatch.setenv("AUDIODVC_CACHE_ROOT", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A folder with three recordings and their labels."""
    return make_folder(tmp_path / "db")


@pytest.fixture
def bare(tmp_path: Path, folder: Folder) -> Path:
    """A repository with version 1.0.0."""
    hand(folder, "1.0.0", tmp_path / "srv" / "corpus.git")
    return tmp_path / "srv" / "corpus.git"


def objects(store: Path) -> set[str]:
    """The names of the objects of a remote."""
    return {path.parent.name + path.name for path in (store / "files" / "md5").rglob("*") if path.is_file()}


def labels(source: Path | str, version: str | None = None) -> dict[str, str]:
    """The labels of a version, as loaded."""
    return dict(loaded(source, version)["emotion"].df["emotion"])


class TestFirst:
    """The first version of a dataset."""

    def test_a_path_becomes_a_bare_repository(self, bare: Path) -> None:
        """With all that `init` writes, one commit, an annotated tag, and the objects beside it."""
        assert files_of(bare) == sorted(
            """.dvc/.gitignore .dvc/config .dvcignore .gitattributes .github/workflows/audiodvc.yaml
            .github/workflows/audiodvc-diff.yaml .gitignore .pre-commit-config.yaml CHANGELOG.md
            alone.wav.dvc alone.wav.media.csv audio.dvc audio.media.csv audiodvc.yaml
            db.emotion.csv db.yaml dvc.yaml erased.csv""".split()
        )
        assert git(bare, "rev-parse", "--is-bare-repository").strip() == "true"
        assert git(bare, "cat-file", "-t", "v1.0.0").strip() == "tag"
        assert git(bare, "rev-list", "--count", "main").strip() == "1"
        assert git(bare, "rev-parse", "v1.0.0^{commit}") == git(bare, "rev-parse", "main")
        assert len(objects(bare.with_name("corpus.media"))) == 4

    def test_it_loads_with_its_labels_and_bytes(self, bare: Path, folder: Folder) -> None:
        """What was published is what others get."""
        assert labels(bare) == {"alone.wav": "joy", "audio/a.wav": "anger", "audio/b.wav": "joy"}
        for file in brought(bare, ["audio/a.wav", "alone.wav"]):
            name = str(file).partition("d3b62a9b/")[2]
            assert file.read_bytes() == (folder.path / name).read_bytes()

    def test_a_clone_is_as_audiodvc_would_have_made_it(self, bare: Path, tmp_path: Path) -> None:
        """Plain `dvc pull` brings the media, `validate` finds nothing, and `add` has nothing to change."""
        git(tmp_path, "clone", "--quiet", str(bare), "clone")
        clone = Repo(tmp_path / "clone")
        clone.dvc("pull", "--quiet")
        assert clone.audiodvc("validate").startswith("no findings")
        clone.audiodvc("add", "audio", "alone.wav")
        clone.audiodvc("fmt")
        assert clone.git("status", "--porcelain") == ""
        assert clone.git("diff", "HEAD") == ""

    def test_the_changelog_says_what_is_in_it(self, bare: Path) -> None:
        """As `release` would."""
        text = git(bare, "show", "main:CHANGELOG.md")
        assert "## [1.0.0]" in text
        assert "Table `emotion` with 3 rows" in text

    def test_dependencies_are_returned(self, folder: Folder, tmp_path: Path) -> None:
        """As audb does: a row a file, with the bytes' md5."""
        found = audiodvc.publish(folder.path, "1.0.0", str(tmp_path / "corpus.git"), verbose=False)
        assert found.media == ["alone.wav", "audio/a.wav", "audio/b.wav"]
        assert found.tables == ["db.emotion.csv"]
        data = (folder.path / "alone.wav").read_bytes()
        assert found.checksum("alone.wav") == hashlib.md5(data, usedforsecurity=False).hexdigest()
        assert found.version("alone.wav") == "1.0.0"

    def test_tables_take_canonical_form(self, folder: Folder, tmp_path: Path) -> None:
        """Whatever their order and line ends were."""
        folder.put("db.emotion.csv", "file,emotion\r\nalone.wav,joy\r\naudio/b.wav,\r\naudio/a.wav,joy\r\n")
        hand(folder, "1.0.0", tmp_path / "c.git")
        assert git(tmp_path / "c.git", "show", "main:db.emotion.csv") == (
            "file,emotion\nalone.wav,joy\naudio/a.wav,joy\naudio/b.wav,\n"
        )

    @pytest.mark.parametrize("form", ["parquet", "pkl"])
    def test_tables_of_other_forms_become_text(self, folder: Folder, tmp_path: Path, form: str) -> None:
        """A folder as audformat saves it, without any CSV, with segments, dates, and missing values."""
        import audformat
        import pandas as pd

        db = audformat.Database.load(str(folder.path), load_data=True)
        db.schemes["when"] = audformat.Scheme("date")
        db.schemes["n"] = audformat.Scheme("int")
        index = audformat.segmented_index(["audio/a.wav", "audio/b.wav"], [0, 0.01], [0.02, pd.NaT])
        db["parts"] = audformat.Table(index)
        for name, values in (("when", [pd.Timestamp("2020-01-02 03:04:05"), pd.NaT]), ("n", [1, None])):
            db["parts"][name] = audformat.Column(scheme_id=name)
            db["parts"][name].set(values)
        (folder.path / "db.emotion.csv").unlink()
        db.save(str(folder.path), storage_format=form)
        hand(folder, "1.0.0", tmp_path / "c.git")
        assert git(tmp_path / "c.git", "show", "main:db.parts.csv") == (
            "file,start,end,when,n\n"
            "audio/a.wav,0 days 00:00:00.000000000,0 days 00:00:00.020000000,2020-01-02 03:04:05,1\n"
            "audio/b.wav,0 days 00:00:00.010000000,,,\n"
        )
        pd.testing.assert_frame_equal(loaded(tmp_path / "c.git")["parts"].df, db["parts"].df)

    def test_an_empty_folder_is_taken_as_well(self, folder: Folder, tmp_path: Path) -> None:
        """A folder that is there and has nothing in it is as good as none."""
        (tmp_path / "c").mkdir()
        hand(folder, "1.0.0", tmp_path / "c")
        assert labels(tmp_path / "c")["alone.wav"] == "joy"

    def test_media_go_where_one_says(self, folder: Folder, tmp_path: Path) -> None:
        """`--media` names another folder."""
        hand(folder, "1.0.0", tmp_path / "c.git", media=tmp_path / "store")
        assert len(objects(tmp_path / "store")) == 4
        assert f"url = {tmp_path}/store" in git(tmp_path / "c.git", "show", "main:.dvc/config")

    def test_a_repository_that_has_something_else_keeps_it(self, folder: Folder, tmp_path: Path) -> None:
        """A README and settings that were there before stay."""
        git(tmp_path, "init", "--quiet", "--initial-branch=trunk", "work")
        (tmp_path / "work" / "README.md").write_text("read me\n")
        (tmp_path / "work" / ".gitignore").write_text("*.tmp")
        git(tmp_path / "work", "add", "--all")
        git(tmp_path / "work", "commit", "--quiet", "--message=begin")
        git(tmp_path, "clone", "--quiet", "--bare", "work", "c.git")
        hand(folder, "1.0.0", tmp_path / "c.git")
        assert git(tmp_path / "c.git", "show", "trunk:README.md") == "read me\n"
        assert git(tmp_path / "c.git", "show", "trunk:.gitignore") == "*.tmp\n/alone.wav\n/audio\n"
        assert git(tmp_path / "c.git", "rev-list", "--count", "trunk").strip() == "2"


class TestNext:
    """Versions that come after another."""

    def test_a_folder_needs_only_what_has_changed(self, bare: Path, folder: Folder) -> None:
        """One file is replaced, one new, one dropped, and the others are not in the folder."""
        folder.media(a=900, c=600).only("audio/a.wav", "audio/c.wav")
        folder.labels({"audio/a.wav": "joy", "audio/b.wav": "joy", "audio/c.wav": "anger"})
        done = hand(folder, "1.1.0", bare)
        assert (done.added, done.changed, done.removed, done.sent, done.previous) == (1, 1, 1, 2, "1.0.0")
        assert labels(bare) == {"audio/a.wav": "joy", "audio/b.wav": "joy", "audio/c.wav": "anger"}
        assert labels(bare, "1.0.0")["audio/a.wav"] == "anger"
        assert not [file for file in files_of(bare) if file.startswith("alone")]
        (old,), (new,) = (brought(bare, "audio/b.wav", version) for version in ("1.0.0", "1.1.0"))
        assert old.read_bytes() == new.read_bytes() == tone(SECONDS, pitch=400)

    def test_only_what_changed_differs_in_git(self, bare: Path, folder: Folder) -> None:
        """A label that is corrected is one line, and a line of the changelog."""
        folder.only().labels({"audio/a.wav": "joy", "audio/b.wav": "joy", "alone.wav": "joy"})
        hand(folder, "1.0.1", bare)
        assert git(bare, "diff", "--stat=80", "v1.0.0", "v1.0.1", "--", ".", ":!CHANGELOG.md").split("\n")[
            0
        ].strip() == ("db.emotion.csv | 2 +-")
        assert "## [1.0.1]" in git(bare, "show", "main:CHANGELOG.md")

    def test_commits_that_no_version_has_are_named(self, bare: Path, folder: Folder, tmp_path: Path) -> None:
        """The folder's tables win, and it is said whose changes they replace."""
        git(tmp_path, "clone", "--quiet", str(bare), "clone")
        table = tmp_path / "clone" / "db.emotion.csv"
        table.write_text(table.read_text().replace("audio/b.wav,joy", "audio/b.wav,anger"))
        git(tmp_path / "clone", "commit", "--quiet", "--all", "--message=Mend")
        git(tmp_path / "clone", "push", "--quiet")
        done = hand(folder, "1.1.0", bare)
        assert done.notes == ("changed on main after 1.0.0, and as in the folder now: db.emotion.csv",)
        assert labels(bare)["audio/b.wav"] == "joy"
        assert git(bare, "rev-list", "--count", "main").strip() == "3"

    def test_only_what_is_replaced_is_named(self, bare: Path, folder: Folder, tmp_path: Path) -> None:
        """What changed on the branch and stays as it is there is not."""
        git(tmp_path, "clone", "--quiet", str(bare), "clone")
        table = tmp_path / "clone" / "db.emotion.csv"
        table.write_text(table.read_text().replace("audio/b.wav,joy", "audio/b.wav,anger"))
        made = tmp_path / "clone" / "flavors" / "small" / "audio.media.csv"
        made.parent.mkdir(parents=True)
        made.write_text("file,md5\n")
        git(tmp_path / "clone", "add", "--all")
        git(tmp_path / "clone", "commit", "--quiet", "--message=Mend")
        git(tmp_path / "clone", "push", "--quiet")
        folder.labels({"audio/a.wav": "anger", "audio/b.wav": "anger", "alone.wav": "joy"})
        assert hand(folder, "1.1.0", bare).notes == ()

    def test_a_version_may_equal_the_one_before(self, bare: Path, folder: Folder) -> None:
        """As audb lets one do; the changelog says so as `release` does."""
        hand(folder, "1.0.1", bare)
        assert "- Nothing since 1.0.0\n" in git(bare, "show", "main:CHANGELOG.md")
        assert labels(bare, "1.0.1") == labels(bare, "1.0.0")

    def test_media_in_the_folder_that_did_not_change_are_not_sent(self, bare: Path, folder: Folder) -> None:
        """They are known by their md5."""
        assert hand(folder, "1.0.1", bare).sent == 0

    def test_without_a_previous_version_nothing_is_inherited(self, bare: Path, folder: Folder) -> None:
        """It is the next commit all the same."""
        folder.only("audio/a.wav").labels({"audio/a.wav": "joy"})
        hand(folder, "2.0.0", bare, previous=None)
        assert labels(bare) == {"audio/a.wav": "joy"}
        assert git(bare, "rev-list", "--count", "main").strip() == "2"
        folder.labels({"audio/b.wav": "joy"}).only()
        with pytest.raises(PublishError, match="1 file that tables name is neither in"):
            hand(folder, "3.0.0", bare, previous=None)

    def test_a_version_below_the_highest_leaves_the_branch_alone(self, bare: Path, folder: Folder) -> None:
        """It is made on the version that it comes after, and only its tag is pushed."""
        hand(folder.labels({"audio/a.wav": "joy"}), "2.0.0", bare)
        tip = git(bare, "rev-parse", "main")
        hand(folder.labels({"audio/b.wav": "anger"}).only(), "1.0.1", bare, previous="1.0.0")
        assert git(bare, "rev-parse", "main") == tip
        assert git(bare, "rev-parse", "v1.0.1^{commit}^") == git(bare, "rev-parse", "v1.0.0^{commit}")
        assert labels(bare, "1.0.1") == {"audio/b.wav": "anger"}
        assert audiodvc.versions(str(bare)) == ["1.0.0", "1.0.1", "2.0.0"]

    def test_tags_are_as_they_were(self, bare: Path, folder: Folder) -> None:
        """Where versions have no `v`, the next one has none."""
        commit = git(bare, "rev-parse", "v1.0.0^{commit}").strip()
        git(bare, "tag", "--delete", "v1.0.0")
        git(bare, "tag", "1.0.0", commit)
        assert hand(folder, "1.1.0", bare).tag == "1.1.0"

    def test_a_folder_of_a_repository_has_its_own_versions(self, bare: Path, folder: Folder) -> None:
        """`PATH#FOLDER`: a dataset beside others, with tags that name it."""
        for number in range(2):
            done = hand(folder, f"1.{number}.0", f"{bare}#more/corpus")
        assert done.tag == "corpus@v1.1.0"
        assert {"more/corpus/db.yaml", "more/corpus/audio.dvc", "db.yaml"} < set(files_of(bare))
        assert labels(f"{bare}#more/corpus", "1.1.0") == labels(bare, "1.0.0")
        assert audiodvc.versions(str(bare)) == ["1.0.0"]

    def test_folders_of_one_name_have_all_of_it_in_their_tags(self, bare: Path, folder: Folder) -> None:
        """As `release` has it: the last part is enough where no other dataset's folder ends like that."""
        assert hand(folder, "1.0.0", f"{bare}#more/corpus").tag == "corpus@v1.0.0"
        assert hand(folder, "1.0.0", f"{bare}#other/corpus").tag == "other/corpus@v1.0.0"
        assert hand(folder, "1.1.0", f"{bare}#more/corpus").tag == "corpus@v1.1.0"
        assert hand(folder, "1.1.0", f"{bare}#other/corpus").tag == "other/corpus@v1.1.0"
        assert audiodvc.versions(f"{bare}#more/corpus") == ["1.0.0", "1.1.0"]
        assert audiodvc.versions(f"{bare}#other/corpus") == ["1.0.0", "1.1.0"]

    def test_pointers_that_there_are_stay_where_they_are(self, make_repo: MakeRepo, folder: Folder) -> None:
        """A repository made in a work tree, with a media folder below another one."""
        repo = make_repo("deep")
        repo.write(
            tables={"emotion": "file,emotion\ndata/one/a.wav,joy\n"},
            files={"data/one/a.wav": tone(SECONDS)},
            header=HEADER,
        )
        repo.audiodvc("add", "data/one")
        repo.git("add", "--all")
        repo.git("commit", "--quiet", "--no-verify", "--message=Media")
        repo.git("tag", "v1.0.0")
        repo.push()
        repo.git("config", "receive.denyCurrentBranch", "updateInstead")
        files = {
            "data/one/a.wav": "anger",
            "data/one/b.wav": "joy",
            "data/two/c.wav": "joy",
            "data/d.wav": "joy",
        }
        for file in list(files)[1:]:
            folder.put(file, tone(SECONDS, pitch=700))
        hand(folder.labels(files), "1.1.0", repo.path)
        pointers = [file for file in files_of(repo.path) if file.endswith(".dvc")]
        assert pointers == ["data/d.wav.dvc", "data/one.dvc", "data/two.dvc"]
        assert labels(repo.path) == files

    def test_a_dataset_of_plain_dvc_is_taken_on(self, make_repo: MakeRepo, folder: Folder) -> None:
        """Without a media index, what did not change stays; a folder that changes needs all its files."""
        repo = make_repo("plain")
        repo.write(
            files={"audio/a.wav": tone(SECONDS), "audio/b.wav": tone(SECONDS, pitch=400)}, header=HEADER
        )
        repo.write(tables={"emotion": "file,emotion\naudio/a.wav,joy\naudio/b.wav,joy\n"}, header=HEADER)
        repo.dvc("add", "--quiet", "audio")
        repo.git("add", "--all")
        repo.git("commit", "--quiet", "--no-verify", "--message=One")
        repo.git("tag", "v1.0.0")
        repo.push()
        repo.git("config", "receive.denyCurrentBranch", "updateInstead")
        folder.only().labels({"audio/a.wav": "anger", "audio/b.wav": "joy"})
        hand(folder, "1.0.1", repo.path)
        assert labels(repo.path)["audio/a.wav"] == "anger"
        assert "audio.media.csv" not in files_of(repo.path, "main")
        with pytest.raises(PublishError, match="has no media index"):
            hand(folder.media(a=777), "1.1.0", repo.path)
        hand(folder.media(a=777, b=400), "1.1.0", repo.path)
        assert "audio.media.csv" in files_of(repo.path, "main")

    def test_a_folder_that_was_loaded_can_be_published(self, bare: Path, tmp_path: Path) -> None:
        """The note in it fits the version before, and names the new one afterwards."""
        audiodvc.load_to(tmp_path / "mine", str(bare), verbose=False)
        mine = Folder(tmp_path / "mine").labels({"audio/a.wav": "joy", "audio/b.wav": "joy"})
        hand(mine, "1.1.0", bare)
        mine.labels({"audio/a.wav": "joy", "audio/b.wav": "anger"})
        hand(mine, "1.2.0", bare)
        assert labels(bare) == {"audio/a.wav": "joy", "audio/b.wav": "anger"}
        audiodvc.load_to(tmp_path / "mine", str(bare), version="1.0.0", verbose=False)
        assert (mine.path / "db.emotion.csv").read_text().count("\n") == 4
        with pytest.raises(
            PublishError, match=r"was made from version 1\.0\.0 of .*, the previous version is 1\.2\.0"
        ):
            hand(mine, "1.3.0", bare)
        with pytest.raises(RuntimeError, match=r"the previous version is none"):
            hand(mine, "1.3.0", bare, previous=None)

    def test_half_of_a_version_is_refused(self, bare: Path, tmp_path: Path) -> None:
        """A `load_to` that was stopped left files of two versions."""
        audiodvc.load_to(tmp_path / "mine", str(bare), verbose=False)
        note = tmp_path / "mine" / ".audiodvc.json"
        note.write_text(note.read_text().replace("true", "false"))
        with pytest.raises(PublishError, match="holds parts of two versions"):
            hand(tmp_path / "mine", "1.1.0", bare)


# name, type, words, what makes the folder so, and how it is published
Spoil = Callable[[Folder], object]
REFUSED: dict[str, tuple[type[Exception], str, Spoil]] = {
    "a missing file": (
        RuntimeError,
        "1 file that tables name is neither in",
        lambda f: f.only("audio/a.wav", "alone.wav"),
    ),
    "an absolute path": (RuntimeError, "'/etc/a.wav' is absolute", lambda f: f.labels({"/etc/a.wav": "joy"})),
    "a path upwards": (RuntimeError, r"has a part '\.\.'", lambda f: f.labels({"../a.wav": "joy"})),
    "a backslash": (RuntimeError, "has a backslash", lambda f: f.labels({"audio\\a.wav": "joy"})),
    "no file": (RuntimeError, "'' is empty", lambda f: f.labels({"": "joy"})),
    "a key given twice": (
        RuntimeError,
        r"db\.emotion\.csv:3: the key of line 2 again",
        lambda f: f.put("db.emotion.csv", "file,emotion\naudio/a.wav,joy\naudio/a.wav,joy\n"),
    ),
    "a label that the scheme does not have": (
        RuntimeError,
        r"1 error in header and tables (.|\n)*db\.emotion\.csv:2: .*'nix'.*'alone\.wav'",
        lambda f: f.labels({"audio/a.wav": "joy", "alone.wav": "nix"}),
    ),
    "letter case": (
        RuntimeError,
        "where letter case",
        lambda f: f.labels({"audio/a.wav": "joy", "audio/A.wav": "joy"}),
    ),
    "an upper-case extension": (
        RuntimeError,
        r"audio/c\.WAV",
        lambda f: f.put("audio/c.WAV", tone(SECONDS)).labels({"audio/c.WAV": "joy"}),
    ),
    "a table id": (
        RuntimeError,
        "table 'my table'",
        lambda f: f.put("db.yaml", HEADER.replace("  emotion: {type", "  my table: {type")),
    ),
    "an attachment id": (
        RuntimeError,
        "attachment 'a b'",
        lambda f: f.put("db.yaml", HEADER + "attachments: {a b: {path: x}}\n"),
    ),
    "no table": (
        RuntimeError,
        "has no file of the table 'emotion'",
        lambda f: f.without("db.emotion.csv"),
    ),
    "other columns": (
        RuntimeError,
        r"the columns of db\.emotion\.csv are not those",
        lambda f: f.put("db.emotion.csv", "file,feeling\nalone.wav,joy\n"),
    ),
    "broken audio": (
        RuntimeError,
        r"1 file cannot be read",
        lambda f: f.put("audio/a.wav", b"RIFF no"),
    ),
    "a missing attachment": (
        FileNotFoundError,
        r"there is no docs/paper\.bib",
        lambda f: f.put("db.yaml", HEADER + ATTACHED),
    ),
    "a linked attachment": (
        RuntimeError,
        "is a symbolic link",
        lambda f: f.put("db.yaml", HEADER + "attachments: {x: {path: link}}\n").link("link", "audio"),
    ),
    "an empty attachment": (
        RuntimeError,
        "is an empty folder",
        lambda f: f.put("db.yaml", HEADER + "attachments: {x: {path: x}}\n").hollow("x"),
    ),
    "an empty folder in an attachment": (
        RuntimeError,
        "x/y is an empty folder",
        lambda f: f.put("x/a", "a").hollow("x/y").put("db.yaml", HEADER + "attachments: {x: {path: x}}\n"),
    ),
    "an attachment over media": (
        RuntimeError,
        "overlaps media, tables",
        lambda f: f.put("db.yaml", HEADER + "attachments: {x: {path: audio}}\n"),
    ),
    "an attachment over a table": (
        RuntimeError,
        "overlaps media, tables",
        lambda f: f.put("db.yaml", HEADER + "attachments: {x: {path: db.emotion.csv}}\n"),
    ),
    "a table that cannot be read": (
        FormatError,
        r"db\.emotion\.csv:2",
        lambda f: f.put("db.emotion.csv", "file,emotion\nalone.wav,joy,1\naudio/a.wav,joy\n"),
    ),
    "no header": (NotADatasetError, r"has no db\.yaml", lambda f: f.without("db.yaml")),
    "a broken header": (FormatError, r"db\.yaml is no header", lambda f: f.put("db.yaml", "name: [\n")),
}


class TestRefusals:
    """What is refused leaves nothing behind that anybody could see."""

    @pytest.mark.parametrize("case", REFUSED)
    def test_a_folder_that_is_no_version(self, folder: Folder, tmp_path: Path, case: str) -> None:
        """The error has audb's type and says what is wrong; there is no repository afterwards."""
        kind, words, spoil = REFUSED[case]
        spoil(folder)
        with pytest.raises(kind, match=words):
            hand(folder, "1.0.0", tmp_path / "srv" / "c.git")
        assert not list((tmp_path / "srv").glob("*.git")) + list((tmp_path / "srv").glob(".*"))

    @pytest.mark.parametrize("version", ["1.0", "0.9", "one", "", "1.0.0.0", "01.0.0"])
    def test_what_is_no_version(self, folder: Folder, tmp_path: Path, version: str) -> None:
        """Only semantic versions are versions."""
        with pytest.raises(ValueError, match="is no version"):
            hand(folder, version, tmp_path / "c.git")

    @pytest.mark.parametrize(
        ("version", "previous"), [("0.9.0", "latest"), ("0.9.0", "1.0.0"), ("1.0.0-rc.1", "1.0.0")]
    )
    def test_a_version_that_is_not_higher(
        self, bare: Path, folder: Folder, version: str, previous: str
    ) -> None:
        """Than the one it comes after, also if that is the latest."""
        with pytest.raises(ValueError, match=r"is not higher than 1\.0\.0"):
            hand(folder, version, bare, previous=previous)

    def test_a_version_that_exists(self, bare: Path, folder: Folder) -> None:
        """Nothing changes."""
        refs = git(bare, "show-ref")
        for previous in ("latest", None):
            with pytest.raises(RuntimeError, match=r"has a version 1\.0\.0 already"):
                hand(folder, "1.0.0", bare, previous=previous)
        assert git(bare, "show-ref") == refs

    def test_a_previous_version_that_does_not_exist(self, bare: Path, folder: Folder) -> None:
        """It is named, and the last one too."""
        with pytest.raises(UnknownVersionError, match=r"no version 0\.5\.0 \(the last is 1\.0\.0\)"):
            hand(folder, "1.1.0", bare, previous="0.5.0")

    def test_nobody_says_where(self, folder: Folder) -> None:
        """Without a repository, and with no configured one that can have it."""
        with pytest.raises(ValueError, match="say where to publish it"):
            audiodvc.publish(folder.path, "1.0.0", verbose=False)

    def test_more_than_twenty_missing_files_are_counted(self, folder: Folder, tmp_path: Path) -> None:
        """The first twenty are named."""
        folder.labels({f"audio/n{number:02}.wav": "joy" for number in range(33)})
        with pytest.raises(PublishError) as caught:
            hand(folder, "1.0.0", tmp_path / "c.git")
        assert caught.value.what.startswith("33 files that tables name are neither in")
        assert len(caught.value.details) == 21
        assert caught.value.details[-1] == "… and 13 more"

    def test_an_erased_file_does_not_come_back(self, bare: Path, folder: Folder, tmp_path: Path) -> None:
        """Its bytes are in the list of erasures; other bytes under its name are welcome."""
        git(tmp_path, "clone", "--quiet", str(bare), "clone")
        md5 = hashlib.md5((folder.path / "audio" / "a.wav").read_bytes(), usedforsecurity=False).hexdigest()
        (tmp_path / "clone" / "erased.csv").write_text(
            f"file,md5,date,reason\naudio/a.wav,{md5},2024-01-01,asked\n"
        )
        git(tmp_path / "clone", "commit", "--quiet", "--all", "--message=Erase")
        git(tmp_path / "clone", "push", "--quiet")
        with pytest.raises(PublishError, match="1 file of the folder was erased"):
            hand(folder, "1.1.0", bare)
        hand(folder.media(a=950), "1.1.0", bare)
        assert "audio/a.wav" in labels(bare)

    def test_a_name_that_is_a_path_stays_where_it_is(self, folder: Folder, tmp_path: Path) -> None:
        """It would become a part of the repository's address."""
        folder.put("db.yaml", HEADER.replace("corpus", "../corpus"))
        with pytest.raises(VersionError, match="is no name that a repository can have"):
            audiodvc.publish(
                folder.path, "1.0.0", Repository("r", f"{tmp_path}/r/{{dataset}}"), verbose=False
            )

    def test_another_dataset_is_not_overwritten(self, bare: Path, folder: Folder) -> None:
        """The names in both headers have to agree."""
        folder.put("db.yaml", HEADER.replace("corpus", "other"))
        with pytest.raises(
            PublishError, match="the dataset there is called 'corpus', that in the folder 'other'"
        ):
            hand(folder, "1.1.0", bare)

    def test_a_branch_that_is_checked_out_is_left_alone(self, make_repo: MakeRepo, folder: Folder) -> None:
        """A repository with a work tree says how it would take it."""
        repo = make_repo("work")
        repo.commit(tables={"emotion": "file,emotion\n"}, header=HEADER)
        (repo.path.parent / "work.media").mkdir()
        with pytest.raises(audiodvc.AudiodvcError, match="denyCurrentBranch"):
            hand(folder, "1.0.0", repo.path)
        assert repo.git("status", "--porcelain") == ""

    def test_media_stay_where_they_are(self, bare: Path, folder: Folder, tmp_path: Path) -> None:
        """Another place for the next version would leave two halves."""
        with pytest.raises(PublishError, match=r"has its media at .*/srv/corpus\.media already"):
            hand(folder, "1.1.0", bare, media=tmp_path / "elsewhere")
        hand(folder, "1.1.0", bare, media=bare.with_name("corpus.media"))

    def test_a_folder_that_cannot_be_in_a_tag(self, bare: Path, folder: Folder) -> None:
        """It is refused before an object is sent."""
        before = objects(bare.with_name("corpus.media"))
        with pytest.raises(PublishError, match=r"'new set@v1\.0\.0' cannot be the name of a tag"):
            hand(folder.media(a=777), "1.0.0", f"{bare}#sets/new set")
        assert objects(bare.with_name("corpus.media")) == before

    def test_a_tag_of_something_else(self, bare: Path, folder: Folder) -> None:
        """It is left alone."""
        git(bare, "tag", "set@v1.0.0", "main")
        before = objects(bare.with_name("corpus.media"))
        with pytest.raises(PublishError, match=r"has a tag set@v1\.0\.0 already"):
            hand(folder.media(a=777), "1.0.0", f"{bare}#set")
        assert objects(bare.with_name("corpus.media")) == before

    def test_nobody_knows_who_publishes(
        self, folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Nothing is sent, and no folder is made."""
        (tmp_path / "config").write_text("[user]\n\tuseConfigOnly = true\n")
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
        for role in ("AUTHOR", "COMMITTER"):
            monkeypatch.delenv(f"GIT_{role}_NAME", raising=False)
            monkeypatch.delenv(f"GIT_{role}_EMAIL", raising=False)
        monkeypatch.delenv("EMAIL", raising=False)
        with pytest.raises(audiodvc.AudiodvcError, match="git does not know who you are"):
            hand(folder, "1.0.0", tmp_path / "srv" / "deep" / "c.git", media=tmp_path / "store")
        assert not (tmp_path / "srv").exists()
        assert not (tmp_path / "store").exists()

    def test_labels_that_no_scheme_has_are_counted(self, bare: Path, folder: Folder) -> None:
        """The first twenty are named with their lines, and nothing is sent; a lenient import notes them."""
        files = [f"audio/n{number:02}.wav" for number in range(33)]
        for file in files:
            folder.put(file, tone(SECONDS))
        before = objects(bare.with_name("corpus.media"))
        folder.labels(dict.fromkeys(files, "nix"))
        with pytest.raises(PublishError, match="33 errors in header and tables") as caught:
            hand(folder, "1.1.0", bare)
        assert caught.value.details[0].startswith("db.emotion.csv:2: label 'nix' is not in scheme")
        assert (len(caught.value.details), caught.value.details[-1]) == (21, "… and 13 more")
        assert objects(bare.with_name("corpus.media")) == before
        (note,) = hand(folder, "1.1.0", bare, is_lenient=True).notes
        assert note.startswith("33 errors in header and tables, the first one is db.emotion.csv:2: ")

    def test_what_loaders_take_is_noted(self, bare: Path, folder: Folder) -> None:
        """A number out of its scheme's range is an error of `validate` alone."""
        header = HEADER.replace("{dtype: str, labels: [anger, joy]}", "{dtype: int, minimum: 0, maximum: 1}")
        folder.labels({"audio/a.wav": "0", "audio/b.wav": "2"}, header)
        (note,) = hand(folder, "1.1.0", bare).notes
        assert note.startswith("1 error in header and tables, the first one is db.emotion.csv:3: ")

    def test_a_reference_of_the_header_that_leads_nowhere(self, bare: Path, folder: Folder) -> None:
        """A loader could not open it."""
        folder.put("db.yaml", HEADER.replace("scheme_id: emotion", "scheme_id: emotoin"))
        with pytest.raises(PublishError, match=r"db\.yaml:7: .*emotoin"):
            hand(folder, "1.1.0", bare)

    def test_a_rule_that_the_repository_does_not_apply(
        self, bare: Path, folder: Folder, tmp_path: Path
    ) -> None:
        """Its settings say that a label may be anything."""
        git(tmp_path, "clone", "--quiet", str(bare), "clone")
        (tmp_path / "clone" / "audiodvc.yaml").write_text("validate:\n  ignore: [AS002]\n")
        git(tmp_path / "clone", "commit", "--quiet", "--all", "--message=Ignore")
        git(tmp_path / "clone", "push", "--quiet")
        folder.labels({"audio/a.wav": "nix"})
        assert hand(folder, "1.1.0", bare).notes == ()

    def test_a_remote_folder_that_is_away_is_not_made_anew(self, bare: Path, folder: Folder) -> None:
        """As a disk that is not mounted."""
        bare.with_name("corpus.media").rename(bare.with_name("away"))
        with pytest.raises(audiodvc.AudiodvcError, match="is a folder that is not there"):
            hand(folder.media(a=800), "1.1.0", bare)
        assert not bare.with_name("corpus.media").exists()


@contextmanager
def meanwhile(what: str, do: Callable[[], object]) -> Iterator[Callable[..., object]]:
    """A progress that does something when a step begins."""
    done: list[str] = []

    @contextmanager
    def progress(name: str, total: int | None = None) -> Iterator[Advance]:
        del total
        if name == what and not done:
            done.append(name)
            do()
        yield lambda _: None

    yield progress
    assert done == [what]


class TestAtOnce:
    """Two publishers, and one who is stopped."""

    def test_the_second_of_two_loses_cleanly(self, bare: Path, folder: Folder, tmp_path: Path) -> None:
        """While one sends objects the other is done: an error says so, and its version is whole."""
        other = make_folder(tmp_path / "other").media(b=999)
        folder.media(a=888)
        with (
            meanwhile("sending", lambda: hand(other, "1.1.0", bare)) as progress,
            pytest.raises(ConflictError, match="was changed by somebody else just now"),
        ):
            hand(folder, "1.2.0", bare, progress=progress)
        assert audiodvc.versions(str(bare)) == ["1.0.0", "1.1.0"]
        hand(folder, "1.2.0", bare)
        assert audiodvc.versions(str(bare)) == ["1.0.0", "1.1.0", "1.2.0"]

    def test_two_make_the_same_repository(self, folder: Folder, tmp_path: Path) -> None:
        """The second finds one where there was none."""
        target = tmp_path / "c.git"
        other = make_folder(tmp_path / "other")
        with (
            meanwhile("sending", lambda: hand(other, "1.0.0", target)) as progress,
            pytest.raises(ConflictError, match="somebody else made"),
        ):
            hand(folder, "2.0.0", target, progress=progress)
        assert audiodvc.versions(str(target)) == ["1.0.0"]
        assert sorted(path.name for path in tmp_path.glob("*c.git*")) == ["c.git"]

    def test_what_was_left_of_a_first_publish_goes(self, folder: Folder, tmp_path: Path) -> None:
        """The repository that a killed process did not finish is removed, one that is being made is not."""
        dead, young = (tmp_path / f".c.git.{letter * 12}.tmp" for letter in "ab")
        for one in (dead, young):
            (one / "refs").mkdir(parents=True)
        os.utime(dead, (0, 0))

        def look() -> None:
            for one in tmp_path.glob(".c.git.*.tmp"):
                if one != young:
                    os.utime(one, (0, 0))
            hand(make_folder(tmp_path / "other"), "1.0.0", tmp_path / "c.git")

        with (
            meanwhile("sending", look) as progress,
            pytest.raises(ConflictError, match="somebody else made"),
        ):
            hand(folder, "2.0.0", tmp_path / "c.git", progress=progress)
        assert [path.name for path in tmp_path.glob(".c.git*")] == [young.name]

    @pytest.mark.parametrize("step", ["reading media", "sending"])
    def test_who_is_stopped_can_begin_anew(self, bare: Path, folder: Folder, step: str) -> None:
        """Ctrl-C leaves objects that nobody names, and no version."""
        folder.media(a=888)

        def stop() -> None:
            raise KeyboardInterrupt

        with meanwhile(step, stop) as progress, pytest.raises(KeyboardInterrupt):
            hand(folder, "1.1.0", bare, progress=progress)
        assert audiodvc.versions(str(bare)) == ["1.0.0"]
        hand(folder, "1.1.0", bare)
        assert labels(bare, "1.1.0") == labels(bare, "1.0.0")


class TestAttachments:
    """Files beside the media."""

    @pytest.fixture
    def attached(self, folder: Folder) -> Folder:
        """With a small text, and a folder with something large."""
        folder.put("docs/paper.bib", "@book{}\n").put("notes/a.txt", "a").put("notes/large.bin", b"x" * 2**21)
        return folder.put("db.yaml", HEADER + ATTACHED)

    def test_small_ones_are_git_s_and_large_ones_objects(self, attached: Folder, tmp_path: Path) -> None:
        """Both are there when the dataset is loaded, with their bytes."""
        hand(attached, "1.0.0", tmp_path / "c.git")
        files = files_of(tmp_path / "c.git")
        assert "docs/paper.bib" in files
        assert {"notes.dvc", "notes.media.csv"} <= set(files)
        assert not [file for file in files if file.startswith("notes/")]
        (paper,) = audiodvc.load_attachment(str(tmp_path / "c.git"), "paper", verbose=False)
        assert Path(paper).read_text() == "@book{}\n"
        notes = audiodvc.load_attachment(str(tmp_path / "c.git"), "notes", verbose=False)
        assert [Path(file).name for file in notes] == ["a.txt", "large.bin"]

    def test_those_that_are_not_in_the_folder_are_unchanged(self, attached: Folder, tmp_path: Path) -> None:
        """Until the header no longer names them."""
        hand(attached, "1.0.0", tmp_path / "c.git")
        before = files_of(tmp_path / "c.git")
        shutil.rmtree(attached.path / "docs")
        shutil.rmtree(attached.path / "notes")
        hand(attached, "1.1.0", tmp_path / "c.git")
        assert files_of(tmp_path / "c.git") == before
        hand(attached.put("db.yaml", HEADER), "1.2.0", tmp_path / "c.git")
        assert set(before) - set(files_of(tmp_path / "c.git")) == {
            "docs/paper.bib",
            "notes.dvc",
            "notes.media.csv",
        }
        hand(attached.put("db.yaml", HEADER + ATTACHED), "1.3.0", tmp_path / "c.git", previous="1.1.0")
        (paper,) = audiodvc.load_attachment(str(tmp_path / "c.git"), "paper", verbose=False)
        assert Path(paper).read_text() == "@book{}\n"

    def test_a_file_that_left_an_attachment_is_gone(self, attached: Folder, tmp_path: Path) -> None:
        """What the folder has is what the attachment is."""
        attached.put("db.yaml", HEADER + "attachments: {docs: {path: docs}}\n").put("docs/b.txt", "b")
        hand(attached, "1.0.0", tmp_path / "c.git")
        (attached.path / "docs" / "b.txt").unlink()
        hand(attached, "1.1.0", tmp_path / "c.git")
        found = audiodvc.load_attachment(str(tmp_path / "c.git"), "docs", verbose=False)
        assert [Path(file).name for file in found] == ["paper.bib"]

    def test_one_beside_media_goes_with_them(self, folder: Folder, tmp_path: Path) -> None:
        """DVC tracks a folder whole."""
        folder.put("audio/readme.txt", "hi").put(
            "db.yaml", HEADER + "attachments: {r: {path: audio/readme.txt}}\n"
        )
        hand(folder, "1.0.0", tmp_path / "c.git")
        assert "audio/readme.txt" not in files_of(tmp_path / "c.git")
        (found,) = audiodvc.load_attachment(str(tmp_path / "c.git"), "r", verbose=False)
        assert Path(found).read_text() == "hi"


class TestPlaces:
    """Names, URLs and remotes."""

    @pytest.fixture
    def settings(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Repository, ...]:
        """Two configured repositories."""
        found = tuple(
            Repository(name, f"{tmp_path}/{name}/{{dataset}}.git", f"{tmp_path}/{name}-media/{{dataset}}")
            for name in ("one", "two")
        )
        monkeypatch.setattr(audiodvc.config, "REPOSITORIES", found)
        return found

    def test_a_configured_name_is_made_where_the_template_says(
        self, folder: Folder, tmp_path: Path, settings: tuple[Repository, ...]
    ) -> None:
        """In the first repository, or in the one that is named; afterwards it is found by its name."""
        del settings
        audiodvc.publish(folder.path, "1.0.0", verbose=False)
        assert audiodvc.versions("corpus") == ["1.0.0"]
        assert objects(tmp_path / "one-media" / "corpus")
        assert labels("corpus") == labels(tmp_path / "one" / "corpus.git")
        audiodvc.publish(folder.path, "1.1.0", verbose=False)
        audiodvc.publish(folder.path, "1.2.0", "one", verbose=False)
        assert audiodvc.versions("corpus") == ["1.0.0", "1.1.0", "1.2.0"]
        folder.put("db.yaml", HEADER.replace("corpus", "second"))
        hand(folder, "1.0.0", "", wish=Wish("second", "two"))
        assert (tmp_path / "two" / "second.git" / "HEAD").exists()

    def test_a_repository_is_a_value_as_well(self, folder: Folder, settings: tuple[Repository, ...]) -> None:
        """As with audb."""
        audiodvc.publish(folder.path, "1.0.0", settings[1], verbose=False, num_workers=2, archives={"a": "b"})
        assert audiodvc.repository("corpus", "1.0.0").name == "two"

    def test_a_repository_as_audb_is_told_of_it(self, folder: Folder, tmp_path: Path) -> None:
        """A folder of a host, with a git repository for each dataset."""
        (tmp_path / "host" / "repo").mkdir(parents=True)
        place = Repository("repo", str(tmp_path / "host"), "file-system")
        found = audiodvc.publish(folder.path, "1.0.0", place, previous_version=None, verbose=False)
        assert len(pickle.loads(pickle.dumps(found))) == 4  # noqa: S301 - our own
        assert labels(tmp_path / "host" / "repo" / "corpus")["alone.wav"] == "joy"

    def test_both_names_must_agree(self, folder: Folder, settings: tuple[Repository, ...]) -> None:
        """The name in the header is that of the dataset."""
        del settings
        with pytest.raises(VersionError, match="is called 'corpus' in its header, not 'corpse'"):
            hand(folder, "1.0.0", "corpse")
        with pytest.raises(VersionError, match="there is no repository 'three'"):
            hand(folder, "1.0.0", "", wish=Wish("corpus", "three"))

    def test_a_server_and_s3(
        self, folder: Folder, tmp_path: Path, s3_server: S3, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An empty repository of a git server, media on S3; what only the user's settings knew goes along."""
        for key, value in (("AWS_ACCESS_KEY_ID", "somebody"), ("AWS_SECRET_ACCESS_KEY", "secret")):
            monkeypatch.setenv(key, value)
        home = tmp_path / "home"
        monkeypatch.setenv("DVC_GLOBAL_CONFIG_DIR", str(home))
        home.mkdir()
        (home / "config").write_text(
            f"['remote \"mine\"']\n    url = s3://media\n    endpointurl = {s3_server.endpoint}\n"
        )
        git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", "srv/c.git")
        with git_daemon(tmp_path / "srv", writable=True) as url:
            with pytest.raises(ValueError, match="nobody says where its media go"):
                hand(folder, "1.0.0", f"{url}/c.git")
            hand(folder, "1.0.0", f"{url}/c.git", media="s3://media/corpus")
            assert len(objects(s3_server.root / "media" / "corpus")) == 4
            assert f"endpointurl = {s3_server.endpoint}" in git(
                tmp_path / "srv/c.git", "show", "main:.dvc/config"
            )
            folder.media(a=900).only("audio/a.wav").labels({"audio/a.wav": "joy", "audio/b.wav": "joy"})
            assert hand(folder, "1.1.0", f"{url}/c.git").sent == 1
            assert labels(f"{url}/c.git") == {"audio/a.wav": "joy", "audio/b.wav": "joy"}

    def test_a_server_without_the_repository_says_so(self, folder: Folder, tmp_path: Path) -> None:
        """Who may make one has to."""
        (tmp_path / "srv").mkdir()
        refused = pytest.raises(audiodvc.UnknownDatasetError, match="is no git repository")
        with git_daemon(tmp_path / "srv", writable=True) as url, refused:
            hand(folder, "1.0.0", f"{url}/c.git", media=tmp_path / "m")


def test_the_command_does_the_same(folder: Folder, tmp_path: Path) -> None:
    """A line on standard output, and errors with their exit code."""
    repo = Repo(tmp_path)
    done = repo.run("audiodvc", "publish", "db", "1.0.0", "srv/c.git", "--media", "store")
    assert done.stdout.startswith("corpus 1.0.0: 3 media files (3 added), tag v1.0.0 in ")
    assert objects(tmp_path / "store")
    assert repo.run("audiodvc", "publish", "db", "1.0.0", "srv/c.git").returncode == 3
    folder.media(a=800)
    done = repo.run("audiodvc", "publish", "db", "1.1.0", "srv/c.git", "--previous-version", "1.0.0")
    assert "(1 changed)" in done.stdout
    done = repo.run("audiodvc", "publish", "db", "1.0.5", "srv/c.git")
    assert "say which one comes before it: `--previous-version`" in done.stderr
    assert repo.run("audiodvc", "publish", "db").returncode == 2


def test_nothing_heavy_is_imported_for_a_folder(folder: Folder, tmp_path: Path) -> None:
    """Tables as text and a remote that is a folder need neither DVC nor pandas."""
    script = (
        "import sys, audiodvc\n"
        "audiodvc.publish(sys.argv[1], '1.0.0', sys.argv[2], verbose=False)\n"
        "print({'dvc', 'dvc_data', 'pandas', 'audformat'} & set(sys.modules))\n"
    )
    done = Repo(tmp_path).run("python", "-c", script, str(folder.path), str(tmp_path / "c.git"))
    assert (done.stdout, done.stderr) == ("set()\n", "")


def test_a_template_can_be_published_again(folder: Folder, tmp_path: Path) -> None:
    """The folder is only read: not a byte of it is touched."""
    before = {path: path.read_bytes() for path in folder.path.rglob("*") if path.is_file()}
    copied(folder.path, tmp_path / "copy")
    hand(folder, "1.0.0", tmp_path / "c.git")
    assert {path: path.read_bytes() for path in folder.path.rglob("*") if path.is_file()} == before


def test_an_attachment_that_is_neither_here_nor_there(folder: Folder, tmp_path: Path) -> None:
    """The type is audb's, and ours."""
    with pytest.raises(AttachmentError):
        hand(folder.put("db.yaml", HEADER + ATTACHED), "1.0.0", tmp_path / "c.git")
