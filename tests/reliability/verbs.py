"""Commands that are killed, and what there is when they are given."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from warnings import catch_warnings

from audiodvc.project import mergedriver
from tests.acceptance.submissions import make_folder
from tests.builder import tone
from tests.reliability.worlds import FIXED, A, B, World

ERASE = "audiodvc erase audio/b.wav --reason consent"
NEW = tone(0.07, pitch=700)
MERGED = "db.*.csv merge=audiodvc\n*.media.csv merge=audiodvc\n*.dvc merge=audiodvc\n"
ENDPOINT = "    url = s3://media/{folder}\n    endpointurl = http://127.0.0.1:{port}\n"


@dataclass(frozen=True, slots=True)
class Verb:
    """A command that is given in the clone, with {git} and {http} for the servers."""

    what: str
    words: str
    prepare: Callable[[World], None] = lambda _: None
    done: Sequence[int] = (0,)
    """How it may end when it was done already."""
    passing: str = "never"
    """Files that are otherwise while it is at work, and that nobody takes for anything else."""
    recover: Callable[[World], None] = lambda _: None
    """What git asks for before one may try again."""
    few: int = 1
    kills: int = 16

    def given(self, world: World) -> list[str]:
        """Its words."""
        return self.words.format(git=world.git, http=world.http, s3=world.s3).split()


def run(world: World, words: str) -> None:
    """Run a command that is not killed."""
    ended = world.nursery.run(words.split(), world.dataset.path, env=world.environment)
    assert ended.code == 0, ended.said


# -- what maintainers do ---------------------------------------------------------------------------


def _add(world: World) -> None:
    audio = world.dataset.path / "audio"
    (audio / "new").mkdir()
    (audio / "new" / "one.wav").write_bytes(NEW)
    (audio / "new" / "two.wav").write_bytes(tone(0.07, pitch=800))
    (audio / "a.wav").unlink()
    (audio / "a.wav").write_bytes(tone(0.07, pitch=900))
    (audio / "b.wav").unlink()


def _unreleased(world: World) -> None:
    repo = world.dataset
    repo.commit(tables={"mood": FIXED + "audio/new.wav,wild\n"}, media={"audio/new.wav": NEW})
    repo.audiodvc("fmt")
    repo.commit()


def _messy(world: World) -> None:
    repo = world.dataset
    repo.write(tables={"mood": 'file,mood\r\naudio/c.wav,"calm"\r\naudio/b.wav,calm\r\naudio/a.wav,calm\r\n'})
    text = (repo.path / "audio.media.csv").read_text()
    (repo.path / "audio.media.csv").write_text("\ufeff" + text)


def _flavor(world: World) -> None:
    world.dataset.audiodvc("flavor", "add", "low", "--format", "flac", "--sampling-rate", "8000")
    world.dataset.commit()


def _branches(world: World) -> None:
    repo = world.dataset
    mergedriver.install(repo.path)
    repo.commit(files={".gitattributes": MERGED})
    repo.git("checkout", "--quiet", "-b", "theirs")
    repo.commit(tables={"mood": FIXED.replace("a.wav,calm", "a.wav,wild")}, media={"audio/x.wav": NEW})
    repo.git("checkout", "--quiet", "main")
    repo.commit(tables={"mood": FIXED.replace("b.wav,calm", "b.wav,wild")}, media={"audio/y.wav": tone(0.07)})


def _conflict(world: World) -> None:
    repo = world.dataset
    mergedriver.install(repo.path)
    repo.commit(files={".gitattributes": MERGED})
    repo.git("checkout", "--quiet", "-b", "theirs")
    repo.commit(tables={"mood": FIXED.replace("a.wav,calm", "a.wav,wild")})
    repo.git("checkout", "--quiet", "main")
    repo.commit(tables={"mood": FIXED.replace("a.wav,calm", "a.wav,sad")})
    assert repo.run("git", "merge", "--no-edit", "theirs").returncode == 1


def _sides(world: World) -> None:
    """Three texts, where git would put them."""
    for name, old, new in (
        ("base", "", ""),
        ("ours", "a.wav,calm", "a.wav,wild"),
        ("theirs", "b.wav,calm", "b.wav,sad"),
    ):
        (world.path / name).write_text(FIXED.replace(old, new) if old else FIXED)


def _undo_merge(world: World) -> None:
    git = world.dataset.path / ".git"
    (git / "index.lock").unlink(missing_ok=True)
    for path in world.dataset.path.glob(".merge_file_*"):
        path.unlink()
    world.dataset.git("reset", "--quiet", "--hard")


# -- publishing ------------------------------------------------------------------------------------

PUBLISH = "audiodvc publish ../db VERSION ../srv/corpus.git"
SERVED = "audiodvc publish ../db 1.0.0 {git}/corpus.git --media s3://media/corpus"


def _folder(world: World) -> None:
    make_folder(world.path / "db")


def _next(world: World) -> None:
    folder = make_folder(world.path / "db")
    run(world, PUBLISH.replace("VERSION", "1.0.0"))
    folder.media(a=999, d=888)
    folder.labels({"audio/a.wav": "joy", "audio/b.wav": "joy", "alone.wav": "joy", "audio/d.wav": "joy"})


def _publishing(world: World) -> None:
    _folder(world)
    world.dataset.git("init", "--quiet", "--bare", "--initial-branch=main", "--template=", "../corpus.git")
    (world.path / "s3" / "media").mkdir(parents=True)
    (world.path / "home").mkdir()
    remote = ENDPOINT.format(folder="corpus", port=world.s3)
    (world.path / "home" / "config").write_text(f"['remote \"mine\"']\n{remote}")


def _published_with_audb(world: World) -> None:
    from tests.acceptance.test_import_audb import Theirs, publish_all  # which skips the test without audb

    (world.path / "audb" / "repo").mkdir(parents=True)
    with catch_warnings(action="ignore"):
        publish_all(world.path / "audb" / "db", Theirs(world.path / "audb", world.path / "audb" / "cache"))


# -- what consumers do -----------------------------------------------------------------------------

GET = "audiodvc get ../dataset --version 1.1.0"
FLAVOR = " --sampling-rate 8000 --format flac"


def _served(world: World) -> None:
    repo = world.dataset
    remote = f"    url = {world.http}/dataset.media\n"
    repo.commit(
        files={".dvc/config": f"[core]\n    remote = storage\n['remote \"storage\"']\n{remote}"}, tag="v2.0.0"
    )
    repo.git("push", "--quiet", "--tags", "origin", "main")


def _served_to(world: World) -> None:
    """The clone of a repository on a git server, with an S3 remote."""
    repo = world.dataset
    (world.path / "s3" / "media").mkdir(parents=True)
    shutil.move(world.path / "dataset.media", world.path / "s3" / "media" / "dataset")
    remote = ENDPOINT.format(folder="dataset", port=world.s3)
    repo.commit(
        files={".dvc/config": f"[core]\n    remote = storage\n['remote \"storage\"']\n{remote}"}, tag="v2.0.0"
    )
    repo.git("push", "--quiet", "--tags", "origin", "main")
    repo.git("remote", "set-url", "origin", f"{world.git}/hub.git")


def _unreleased_there(world: World) -> None:
    _served_to(world)
    _unreleased(world)


def _cached(world: World) -> None:
    for words in (GET, GET + FLAVOR, GET.replace("1.1", "1.0")):
        run(world, words)


def _damaged(world: World) -> None:
    _cached(world)
    objects = world.path / "cache" / "objects"
    names = [path for path in objects.rglob("*") if path.is_file() and path.read_bytes() in (A, B)]
    names += world.path.glob("cache/dataset-*/1.1.0/db.mood.csv")
    assert len(names) == 3
    for path in names:
        path.chmod(0o644)
        with path.open("r+b") as file:
            file.write(b"x")
        path.chmod(0o444)


VERBS = (
    Verb("add", "audiodvc add audio", _add, kills=24),
    Verb("release", "audiodvc release --push", _unreleased, few=2, kills=30),
    Verb("publish, the next version", PUBLISH.replace("VERSION", "1.1.0"), _next, (0, 3), kills=24),
    Verb("erase, with a cache and a flavor", ERASE, _cached, few=2, kills=30),
    Verb("get", GET),
    Verb("get, with a flavor", GET + FLAVOR),
    Verb("get, from servers", "audiodvc get {git}/hub.git --version 2.0.0", _served, kills=24),
    Verb("get, into a folder", GET + " --to ../mine", passing=r"mine/\.audiodvc\.json"),
    Verb("flavor build", "audiodvc flavor build low", _flavor),
    Verb("fmt", "audiodvc fmt", _messy),
    Verb("validate --fix", "audiodvc validate --fix", _messy),
    Verb(
        "merge driver",
        "audiodvc merge-driver ../base ../ours ../theirs 7 db.mood.csv",
        _sides,
        done=(0, 1),
    ),
    Verb("resolve", "audiodvc resolve db.mood.csv --theirs", _conflict, done=(0, 3)),
    Verb("gc", "audiodvc gc --yes --older-than 0h", _cached),
    Verb("verify --repair", "audiodvc verify --repair", _damaged, passing="cache/.*"),
)

MORE = (
    Verb("publish, a new dataset", PUBLISH.replace("VERSION", "1.0.0"), _folder, (0, 3)),
    Verb("publish, to servers", SERVED, _publishing, (0, 3)),
    Verb("release, to servers", "audiodvc release --push", _unreleased_there),
    Verb("erase", ERASE),
    Verb("erase, on servers", ERASE, _served_to),
    Verb(
        "import-audb",
        "audiodvc import-audb corpus --from ../audb/repo --to ../srv/corpus.git",
        _published_with_audb,
        # One version after the other.
        passing=r"srv/corpus\.git refs/heads/main",
    ),
    Verb("get, with a flavor, from servers", "audiodvc get {git}/hub.git --version 2.0.0" + FLAVOR, _served),
    Verb(
        "git merge with the merge driver",
        "git merge --no-edit theirs",
        _branches,
        passing=r".*/\.merge_file_\w+",
        recover=_undo_merge,
        kills=8,
    ),
)
"""Those that take long, for when the figures are made."""
