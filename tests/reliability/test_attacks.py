"""Each attack of `hostile` on each call that reads a dataset which somebody else wrote: nothing comes of it.

Nothing outside the cache was written, no program of the dataset's ran, and a message says what was wrong.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Literal, NamedTuple

import polars as pl
import pytest

import audiodvc
from audiodvc.cli.main import run
from audiodvc.errors import AudiodvcError, ObjectError, RefusedError, UnknownVersionError
from audiodvc.model.flavor import Flavor
from audiodvc.model.selection import Selection
from audiodvc.resolve import config, state
from audiodvc.resolve.get import Request, get
from tests.builder import Repo
from tests.reliability import hostile
from tests.reliability.hostile import ATTACKS, VERSION, Attack, Build, World
from tests.reliability.tally import count, rounds
from tests.servers import git_daemon
from tests.servers_media import serve_http

Reads = Literal["names", "texts", "plan", "media", "sound"]
"""What of a dataset a call reads: its versions, some of its texts, all, media as well, and decodes them."""


class Call(NamedTuple):
    """A call of somebody who has the address of a dataset, with a folder for what comes of it."""

    name: str
    reads: Reads
    make: Callable[[str, Path], object]


def cli(*words: object) -> str:
    """The command line, in this process: what it said; an exit code of 3 is an error with that."""
    said = StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        code = run([str(word) for word in words])
    if code == 3:
        raise AudiodvcError(said.getvalue())
    assert code == 0, said.getvalue()
    return said.getvalue()


def _cli(*words: object) -> Callable[[str, Path], object]:
    return lambda source, _: cli(words[0], source, *words[1:])


def _py(name: str, *words: object, **more: object) -> Callable[[str, Path], object]:
    return lambda source, _: getattr(audiodvc, name)(source, *words, **more)


_NEW = {"version": VERSION, "verbose": False}

CALLS = (
    Call("get", "media", _cli("get", "--workers", "1")),
    Call("get a flavor", "sound", _cli("get", "--sampling-rate", "8000", "--workers", "1")),
    Call("get texts", "plan", _cli("get", "--only-metadata")),
    Call("get into a folder", "media", lambda source, place: cli("get", source, "--to", place / "to")),
    Call("info", "plan", _cli("info")),
    Call("versions", "names", _cli("versions")),
    Call("load", "media", _py("load", **_NEW)),
    Call(
        "load_to",
        "media",
        lambda source, place: audiodvc.load_to(place / "to", source, version=VERSION, verbose=False),
    ),
    Call("load_media", "media", _py("load_media", ["audio/a.wav"], **_NEW)),
    Call("load_table", "plan", _py("load_table", "mood", **_NEW)),
    Call("load_attachment", "plan", _py("load_attachment", "docs", **_NEW)),
    Call("load_header", "plan", _py("load_header", version=VERSION)),
    Call("dependencies", "plan", lambda source, _: audiodvc.dependencies(source, version=VERSION)()),
    Call(
        "stream",
        "media",
        lambda source, _: list(audiodvc.stream(source, "mood", version=VERSION, verbose=False)),
    ),
    Call(
        "view", "sound", lambda source, _: list(audiodvc.view(source, "mood", version=VERSION, verbose=False))
    ),
    Call("diff", "texts", _py("diff", "1.0.0", VERSION)),
    Call("blame", "texts", _py("blame", "mood", "audio/a.wav")),
    Call(
        "publish", "texts", lambda source, place: cli("publish", place.parent / "submission", "3.0.0", source)
    ),
    Call("remove_media", "texts", _py("remove_media", "audio/a.wav")),
)


# Which calls fail on what is refused, and on media or sounds that cannot be had.
_FAIL: Mapping[str, tuple[Reads, ...]] = {
    "refused": ("plan", "media", "sound"),
    "no media": ("media", "sound"),
    "no sound": ("sound",),
    "harmless": (),
}
_FEW, _OTHER_FEW = len(CALLS), 3

# Who publishes to a repository of this machine pushes to it, and to the remote that it names, as git and DVC
# do.
_ASKED_FOR = frozenset(
    {
        ("hooks beside the repository", "publish"),
        ("hooks beside the repository", "remove_media"),
        ("remote is the user's folder", "remove_media"),
    }
)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory, repo_template: Path) -> Path:
    """A sound dataset, of which each attack gets a copy."""
    return hostile.make(tmp_path_factory.mktemp("sound"), repo_template)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The machine of a user, who is at work in a folder."""
    made = World.make(tmp_path_factory.mktemp("user") / "world")
    submission = made.cache / "submission"
    submission.mkdir()
    (submission / "db.yaml").write_text(hostile.HEADER)
    (submission / "db.mood.csv").write_text(hostile.TABLE)
    with pytest.MonkeyPatch.context() as patch, chdir(made.root / "cwd"):
        for name, folder in {"HOME": "", "XDG_CONFIG_HOME": ".config", "XDG_CACHE_HOME": ".cache"}.items():
            patch.setenv(name, str(made.home / folder))
        yield made


@pytest.fixture
def place(world: World, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder in which anything may be written, with an empty cache."""
    folder = Path(tempfile.mkdtemp(dir=world.cache))
    monkeypatch.setenv("AUDIODVC_CACHE_ROOT", str(folder / "cache"))
    return folder


@pytest.fixture(scope="module")
def lairs(sound: Path, world: World, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Attack], Path]:
    """The repository of an attack, without a work tree, prepared once."""
    made: dict[str, Path] = {}

    def lair(attack: Attack) -> Path:
        if attack.name not in made:
            folder = tmp_path_factory.mktemp("lair")
            made[attack.name] = hostile.bare(hostile.prepare(sound, folder, attack, **world.words))
        return made[attack.name]

    return lair


def _chosen() -> Iterator[tuple[Attack, Call]]:
    """Every attack on every call where the figures are made; else each on `get`, and on another in turns."""
    every = rounds(_FEW, 1)
    for number, attack in enumerate(ATTACKS.values()):
        for place, call in enumerate(CALLS):
            is_wanted = place == 0 or (number + place) % every == 0
            if is_wanted and (attack.name, call.name) not in _ASKED_FOR:
                yield attack, call


@pytest.mark.parametrize(("attack", "call"), [*_chosen()], ids=lambda one: one.name)
def test_nothing_comes_of_an_attack(
    attack: Attack, call: Call, world: World, lairs: Callable[[Attack], Path], place: Path
) -> None:
    """Whatever call meets it: it is refused with what is wrong, or harmless."""
    source = lairs(attack)
    before = world.seen()
    try:
        said, failed = str(call.make(str(source), place)), False
    except AudiodvcError as error:
        said, failed = str(error), True
    assert world.seen() == before
    assert [*_dangerous(place)] == []
    if call.reads != "texts":  # these may be refused for what else they read
        assert failed == (call.reads in _FAIL[attack.outcome]), said
    if (failed and call.reads != "texts") or (attack.outcome == "harmless" and call.name.startswith("get")):
        assert re.search(attack.says, said, re.DOTALL), said
    if attack.outcome == "refused":
        assert [*_brought(place)] == []
    count("attacks", attack.kind)


def _dangerous(place: Path) -> Iterator[Path]:
    """What nobody may find in a cache or folder: programs, what git or DVC obeys, ways out of it."""
    for path in place.rglob("*"):
        leads_out = path.is_symlink() and not path.resolve().is_relative_to(place)
        is_program = path.is_file() and bool(path.stat().st_mode & 0o111)
        acts = {".git", ".dvc", "..", "hooks"} & {part.lower() for part in path.relative_to(place).parts}
        if leads_out or is_program or acts or path.suffix == ".pkl":
            yield path


def _brought(place: Path) -> Iterator[Path]:
    """What would be there of a dataset, but for what its repository itself holds and lists of its files."""
    for path in place.rglob("*"):
        is_ours = path.is_relative_to(place / "cache" / "git") or path.suffix in (".lock", ".dir")
        if path.is_file() and not is_ours:
            yield path


class Room(NamedTuple):
    """All that a dataset is attacked with and in: a sound one, the user, and folders for both."""

    sound: Path
    world: World
    place: Path
    lair: Path


@pytest.fixture
def room(sound: Path, world: World, place: Path, tmp_path: Path) -> Room:
    """A room of the test's own."""
    return Room(sound, world, place, tmp_path)


@pytest.mark.parametrize("odd", hostile.ODD_PATHS, ids=str)
def test_a_path_that_leads_elsewhere_is_refused(odd: str, room: Room) -> None:
    """Whoever names it: a list, an index, a pointer, a stage, a table or the header."""
    ways = hostile.carriers(hostile.ODD_PATHS[odd])
    for name, build in _some(ways, [*hostile.ODD_PATHS].index(odd)):
        says = "path|file of the dataset|is no list|cannot be read"
        _refused(room, Attack(name, build, "refused", says))


@pytest.mark.parametrize("pair", hostile.TWINS, ids=str)
def test_paths_that_are_one_somewhere_are_refused(pair: str, room: Room) -> None:
    """Where letter case or Unicode form do not count one of them would take the place of the other."""
    ways = hostile.twin_carriers(*hostile.TWINS[pair])
    for name, build in _some(ways, [*hostile.TWINS].index(pair)):
        says = "have the path|are one where|folder with others|does not list"
        _refused(room, Attack(name, build, "refused", says))


@pytest.mark.parametrize("odd", hostile.ODD_NAMES, ids=str)
def test_an_object_name_that_is_none_is_refused(odd: str, room: Room) -> None:
    """It would become a path."""
    ways = hostile.name_carriers(hostile.ODD_NAMES[odd])
    for name, build in _some(ways, [*hostile.ODD_NAMES].index(odd)):
        says = "no sound name|name that is none|does not list|no media index"
        _refused(room, Attack(name, build, "refused", says, "names of objects that are none"))


def _some(ways: Mapping[str, Build], turn: int) -> Iterator[tuple[str, Build]]:
    """All ways to attack where the figures are made, else some in turns."""
    every = rounds(_OTHER_FEW, 1)
    for place, way in enumerate(ways.items()):
        if (turn + place) % every == 0:
            yield way


def _refused(room: Room, attack: Attack) -> None:
    """Bring a dataset: nothing of it comes, and the message says why."""
    repo = hostile.prepare(room.sound, room.lair / attack.name, attack, **room.world.words)
    before = room.world.seen()
    with pytest.raises(AudiodvcError, match=attack.says) as caught:
        get(Request(str(repo.path)), config.current(), Selection(), Flavor())
    assert caught.value.exit_code == 3
    assert str(caught.value).isprintable()
    assert room.world.seen() == before
    assert [*_brought(room.place)] == []
    count("attacks", attack.kind)


# -- what is not in a repository ------------------------------------------------------------------


def test_a_remote_on_this_machine_is_for_repositories_of_this_machine(
    sound: Path, world: World, place: Path, tmp_path: Path
) -> None:
    """A fetched repository could name any folder of the user's; who wants that says so."""
    shutil.copytree(sound, tmp_path, dirs_exist_ok=True)
    bare, before = hostile.bare(Repo(tmp_path / "dataset")), world.seen()
    with git_daemon(tmp_path) as url:
        for call in (_py("load", verbose=False), _cli("get")):
            with pytest.raises(AudiodvcError, match=r"'storage' is a folder .*allow_local_remotes"):
                call(f"{url}/{bare.name}", place)
    assert world.seen() == before
    count("attacks", "configurations that reach for files, programs and secrets", 2)


@pytest.mark.parametrize(
    "attack", ["header is a link", "git has a file above", "git has a repository in an attachment"]
)
def test_a_server_cannot_hand_over_what_a_folder_could(
    attack: str, lairs: Callable[[Attack], Path], world: World, place: Path
) -> None:
    """By git's own protocol the same is refused, by git or by us."""
    bare, before = lairs(ATTACKS[attack]), world.seen()
    with git_daemon(bare.parent) as url, pytest.raises(AudiodvcError) as caught:
        cli("get", f"{url}/{bare.name}")
    assert "link" in str(caught.value) or ".git" in str(caught.value) or "'..'" in str(caught.value)
    assert world.seen() == before
    assert [*_brought(place)] == []
    count("attacks", ATTACKS[attack].kind)


def test_a_table_cannot_name_what_is_left_out(room: Room) -> None:
    """Its rows are there, and who wants the sound is told that there is none."""
    attack = ATTACKS["import of the user's file"]
    named = replace(attack, build=lambda lair: {**attack.build(lair), **hostile.table_names("stolen.txt")})
    repo = hostile.prepare(room.sound, room.lair, named, **room.world.words)
    with pytest.raises(FileNotFoundError, match=r"2\.0\.0/d3b62a9b/stolen\.txt"):
        list(audiodvc.view(str(repo.path), "mood", verbose=False))
    count("attacks", attack.kind)


def test_a_file_that_is_too_large_is_not_read(lairs: Callable[[Attack], Path], place: Path) -> None:
    """It would fill the memory before anybody could say that it is too large."""
    source = lairs(ATTACKS["header is too large"])
    tracemalloc.start()
    try:
        for call in (_py("load_header"), _py("diff", "1.0.0", VERSION), _py("blame", "mood", "audio/a.wav")):
            with pytest.raises(RefusedError, match=str(2**26)):
                call(str(source), place)
        assert tracemalloc.get_traced_memory()[1] < 2**25
    finally:
        tracemalloc.stop()
    count("attacks", "files and cells that would fill the memory", 3)


@pytest.mark.parametrize("linked", ["audio", "docs", ".audiodvc.tmp"])
def test_nothing_is_written_through_a_link_in_a_folder(
    sound: Path, world: World, place: Path, linked: str
) -> None:
    """As when the folder itself came from somebody: files would be written wherever the link leads."""
    (place / "to").mkdir()
    (place / "to" / linked).symlink_to(world.home)
    before = world.seen()
    with pytest.raises(RefusedError, match=rf"{linked} is a symbolic link"):
        audiodvc.load_to(place / "to", str(sound / "dataset"), verbose=False)
    assert world.seen() == before
    assert [path.name for path in (place / "to").iterdir()] == [linked]
    count("attacks", "symbolic links")


@pytest.mark.parametrize("path", ["../../../home/.bashrc", "/etc/hostname", "audio/../../x"])
def test_a_list_in_a_folder_removes_nothing_elsewhere(
    sound: Path, world: World, place: Path, path: str
) -> None:
    """Somebody may have packed the folder so that a file of the user's counts as one of the old version."""
    source, folder = str(sound / "dataset"), place / "to"
    audiodvc.load_to(folder, source, only_metadata=True, verbose=False)
    listed = pl.read_parquet(folder / ".media.parquet")
    md5 = hostile.md5_of((world.home / ".bashrc").read_bytes())
    pl.concat([listed, pl.DataFrame({"file": [path], "md5": [md5]})]).write_parquet(folder / ".media.parquet")
    before = world.seen()
    with pytest.raises(RefusedError, match=r"\.media\.parquet names a file at a path"):
        audiodvc.load_to(folder, source, verbose=False)
    assert world.seen() == before
    count("attacks", "paths that lead elsewhere")


def test_nothing_is_written_through_a_link_in_the_cache(sound: Path, world: World, place: Path) -> None:
    """As when others may write to it as well."""
    source = str(sound / "dataset")
    texts = get(Request(source), config.current(), Selection(only_metadata=True), Flavor())
    (texts.root / "audio").symlink_to(world.home)
    (texts.version.folder / "docs").symlink_to(world.home)
    before = world.seen()
    for call in (
        _py("load", media=["audio/a.wav"], attachments=[], verbose=False),
        _py("load_attachment", "docs"),
    ):
        with pytest.raises(RefusedError, match="is a symbolic link"):
            call(source, place)
    assert world.seen() == before
    count("attacks", "symbolic links", 2)


@pytest.mark.usefixtures("place")
def test_a_state_in_the_cache_that_leads_elsewhere_is_not_believed(sound: Path, world: World) -> None:
    """It is made anew, as one that a broken disk left."""
    source = str(sound / "dataset")
    version = get(Request(source), config.current(), Selection(only_metadata=True), Flavor()).version
    said = json.dumps(state.read(version.folder))
    state.write(version.folder, json.loads(said.replace("docs/paper.bib", "../../../../../../home/.bashrc")))
    before = world.seen()
    files = audiodvc.load_attachment(source, "docs", version="1.0.0", verbose=False)
    assert [Path(file).relative_to(version.folder).as_posix() for file in files] == ["docs/paper.bib"]
    assert world.seen() == before
    count("attacks", "paths that lead elsewhere")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # DVC has not followed aiohttp yet
@pytest.mark.parametrize("kind", ["http", "s3"])
def test_a_server_cannot_send_other_bytes_and_is_told_no_secret(
    kind: str, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is called as the user's own remote is, and the repository names files and programs for passwords."""
    monkeypatch.setenv("DVC_GLOBAL_CONFIG_DIR", str(room.lair / "own"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIASECRET")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
    (room.lair / "own").mkdir()
    (room.lair / "own" / "config").write_text(_OWN_REMOTE)
    before = room.world.seen()
    with serve_http(room.lair / "served") as server:
        url = {"http": server.url, "s3": f"s3://bucket\n    endpointurl = {server.url}"}[kind]
        settings = hostile.CONFIG.replace("../../dataset.media", url)
        attack = Attack("served", lambda _: hostile.config(settings), "no media")
        repo = hostile.prepare(room.sound, room.lair / "here", attack, **room.world.words)
        served = room.lair / "served" / ("bucket" if kind == "s3" else "")
        shutil.copytree(repo.path.with_name("dataset.media"), served)
        for name in (hostile.A, hostile.B):
            place = served / "files" / "md5" / name[:2] / name[2:]
            place.chmod(0o644)
            place.write_bytes(place.read_bytes()[:-1] + b"\x01")
        with pytest.raises(ObjectError, match=rf"audio/a\.wav: object {hostile.A} has other.*'storage'"):
            audiodvc.load(str(repo.path), attachments=[], verbose=False)
    asked = str(server.requests)
    assert hostile.A[2:] in asked
    assert not [word for word in ("Authorization", "AKIASECRET", "very-secret") if word in asked]
    assert room.world.seen() == before
    assert not [path for path in room.place.rglob("*.wav") if path.is_file()]
    count("attacks", "servers that send other bytes, and would like to have a password", 2)


_OWN_REMOTE = """\
['remote "storage"']
    url = https://trusted.example.org/media
    auth = basic
    user = me
    password = very-secret
"""

ADDRESSES = [
    "-x",
    "--upload-pack=touch @mark@",
    "ext::sh -c touch% @mark@",
    "fd::17/x",
    "file::/etc",
    "transport::address",
    "ssh://-oProxyCommand=touch @mark@/x",
    "-oProxyCommand=touch@mark@:x",
    "http://-x/y",
    "gopher://host/x",
    "git://host/x#../y",
    "git://host/x#-y",
    "https://host/x\n--upload-pack=touch",
    "",
]
REVISIONS = [
    "-x",
    "--output=@mark@",
    "--upload-pack=touch @mark@",
    "v1.0.0..v2.0.0",
    "HEAD~1",
    "HEAD^{/x}",
    ":/x",
    "@{upstream}",
    "main:db.yaml",
    "../../x",
    "refs/../../x",
    "x.lock",
    "a b",
    "a\nb",
    "",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_that_starts_something_is_refused(address: str, world: World, place: Path) -> None:
    """By every call, before anything is asked."""
    text, before = address.replace("@mark@", str(world.mark)), world.seen()
    calls = [call for call in CALLS if call.name in ("load", "load_to", "stream", "diff", "blame")]
    for call in (*calls, Call("get", "media", lambda source, _: cli("get", "--", source))):
        with pytest.raises(AudiodvcError) as caught:
            call.make(text, place)
        assert caught.value.exit_code == 3
    assert world.seen() == before
    assert not [*place.iterdir()]
    count("attacks", "addresses that start a program", 6)


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("rev", REVISIONS)
def test_a_revision_that_says_something_else_is_refused(rev: str, sound: Path, world: World) -> None:
    """An option to git, a range, a place in history, or a file."""
    text, source, before = rev.replace("@mark@", str(world.mark)), str(sound / "dataset"), world.seen()
    for name, more in (("load", {"rev": text}), ("load", {"version": text}), ("load_header", {"rev": text})):
        with pytest.raises((RefusedError, UnknownVersionError), match=r"is no revision|no version"):
            getattr(audiodvc, name)(source, **more)
    with pytest.raises((RefusedError, UnknownVersionError)):
        audiodvc.diff(source, text, "1.0.0")
    with pytest.raises((RefusedError, UnknownVersionError)):
        audiodvc.blame(source, "mood", "audio/a.wav", rev=text)
    with pytest.raises(AudiodvcError):
        cli("get", source, f"--rev={text}")
    assert world.seen() == before
    count("attacks", "revisions that say something else", 6)


# -- the same with plain git and DVC --------------------------------------------------------------


@pytest.mark.parametrize(
    ("attack", "made"),
    [
        ("list names a path above", "clone/.git/config"),
        ("pointer lists a path above, to be run", "clone/.git/hooks/post-checkout"),
    ],
)
def test_plain_dvc_writes_where_it_is_told(
    attack: str, made: str, sound: Path, world: World, tmp_path: Path
) -> None:
    """Why `dvc pull` in a repository of unknown origin is not the same: it does what is refused here."""
    data = b"[core]\n\tfsmonitor = true\n" if "config" in made else b"#!/bin/sh\n"

    def build(lair: hostile.Lair) -> hostile.Changes:
        md5, above = lair.store(data), made.removeprefix("clone/")
        if "config" in made:
            return hostile.folder_by_list(lair, "audio", [(f"../{above}", md5)])
        return hostile.folder_by_pointer(lair, "audio", [(f"../{above}", md5)], "    isexec: true\n")

    repo = hostile.prepare(sound, tmp_path, Attack(attack, build, "refused"), **world.words)
    clone = repo.clone("clone")
    clone.run("dvc", "pull", "--force", "--quiet", "audio.dvc")
    assert (tmp_path / made).read_bytes() == data
