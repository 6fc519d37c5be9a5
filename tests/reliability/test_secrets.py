"""No password, token or value of the environment is shown, logged, written down, or a word of a command."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

import audiodvc
from audiodvc.errors import AudiodvcError
from tests.builder import Repo, RepoFactory, tone
from tests.reliability.leaks import USER, Watch, record_git, secret
from tests.reliability.tally import count
from tests.servers import HttpServer, git_http
from tests.servers_media import Http, serve_http, status

FILES = {"a": 1, "b": 2}


@dataclass(frozen=True, slots=True)
class World:
    """A dataset on two servers, secrets in all places where they can be, and who looks for them."""

    folder: Path
    git: HttpServer
    media: Http
    watch: Watch

    @property
    def source(self) -> str:
        """The address of the dataset, with a password."""
        return self.with_account(self.git.url) + "/dataset.git"

    def with_account(self, url: str, kind: str = "address") -> str:
        """A url with a user and a password."""
        return url.replace("://", f"://{USER}:{secret(kind)}@")

    def clean(self) -> None:
        """Fail if a secret is found anywhere."""
        assert self.watch.leaks() == []


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, repo_template: Path) -> Iterator[tuple[Path, Http]]:
    """A dataset of two versions, whose media are on a server."""
    folder = tmp_path_factory.mktemp("made")
    with serve_http(folder) as media:
        repo = RepoFactory(folder, repo_template)("dataset")
        config = repo.path / ".dvc" / "config"
        config.write_text(config.read_text().replace("../..", media.url))
        for version, pitch in (("v1.0.0", 1), ("v2.0.0", 3)):
            pitches = {**FILES, "b": pitch}
            rows = "".join(f"audio/{name}.wav,{value}\n" for name, value in pitches.items())
            sounds = {f"audio/{name}.wav": tone(0.1, pitch=100.0 * value) for name, value in pitches.items()}
            repo.commit(tables={"pitch": f"file,pitch\n{rows}"}, media=sounds, tag=version)
        repo.push()
        yield folder, media


@pytest.fixture
def world(made: tuple[Path, Http], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The dataset on its servers, and a user with secrets."""
    folder, media = made
    media.faults.clear()
    served, home = tmp_path / "served", tmp_path / "home"
    home.mkdir()
    Repo(folder / "dataset").git("clone", "--quiet", "--bare", ".", str(served / "dataset.git"))
    Repo(served / "dataset.git").git("config", "http.receivepack", "true")
    with git_http(served) as server:
        server.account = f"{USER}:{secret('address')}"
        watch = Watch([tmp_path])
        server.requests = _Sampled(watch)
        world = World(tmp_path, server, media, watch)
        _plant(world, home, monkeypatch)
        yield world


class _Sampled(list[str]):
    """What a server is asked; while it is, whoever asks runs and can be seen."""

    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self._watch = watch

    def append(self, item: str) -> None:
        self._watch.commands()
        super().append(item)


def _plant(world: World, home: Path, patch: pytest.MonkeyPatch) -> None:
    """Put a secret into each place where people have one."""
    aws = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "token"}
    variables = {
        **{name: secret(f"aws-{kind}") for name, kind in aws.items()},
        **dict.fromkeys(("http_proxy", "https_proxy"), f"http://{USER}:{secret('proxy')}@127.0.0.1:9"),
        **dict.fromkeys(("GITHUB_TOKEN", "DVC_STUDIO_TOKEN", "AZURE_STORAGE_KEY"), secret("environment")),
        "AUDIODVC_TOKEN": secret("own-variable"),
        "AUDIODVC_CONFIG": str(home / "settings.yaml"),
        "AUDIODVC_CACHE_ROOT": str(world.folder / "cache"),
        "AUDIODVC_SHARED_CACHE_ROOT": "",
        "HOME": str(home),
        "NETRC": str(home / ".netrc"),
        "GIT_CONFIG_GLOBAL": str(home / "gitconfig"),
        "DVC_GLOBAL_CONFIG_DIR": str(home / "dvc"),
        "PATH": record_git(world.folder / "bin", world.folder / "words-of-git"),
        "TMPDIR": str(world.folder / "tmp"),
    }
    for name, value in variables.items():
        patch.setenv(name, value)
    patch.setattr("tempfile.tempdir", str(world.folder / "tmp"))
    (world.folder / "tmp").mkdir()
    files = {
        home / "settings.yaml": SETTINGS.format(
            git=world.with_account(world.git.url, "settings"),
            media=world.with_account("s3://bucket", "settings"),
        ),
        home / ".netrc": f"machine elsewhere.example login {USER} password {secret('netrc')}\n",
        home / "gitconfig": GIT_CONFIG.format(
            header=secret("header"),
            helper=secret("helper"),
            host=world.git.url,
            rewritten=world.with_account(world.git.url, "rewritten"),
        ),
        home / "dvc" / "config": DVC_CONFIG.format(
            url=f"{world.media.url}/dataset.media", user=USER, password=secret("global")
        ),
    }
    for path, text in files.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        world.watch.planted.add(path)


SETTINGS = """\
repositories:
- name: ours
  git: {git}/{{dataset}}.git
  media: {media}/{{dataset}}
  datasets: [dataset]
"""
GIT_CONFIG = """\
[http "http://elsewhere.example/"]
    extraHeader = Authorization: Bearer {header}
[credential "http://elsewhere.example"]
    helper = "!f() {{ echo password={helper}; }}; f"
[url "{rewritten}/"]
    insteadOf = short:
[user]
    name = Ada
    email = ada@example.org
"""
DVC_CONFIG = """\
['remote "storage"']
    url = {url}
    auth = basic
    user = {user}
    password = {password}
"""


def test_an_address_with_a_password_works_and_is_shown_without(world: World) -> None:
    """In every verb and call that looks at a dataset, and in all that these write."""
    watch, source = world.watch, world.source
    for words in LOOKS:
        said = [word.format(source=source, to=world.folder / "to") for word in words.split()]
        assert watch.verb(*said) in (0, 1), watch.texts[-3:]
    calls = _calls(source, world.folder)
    for what, call in calls:
        assert watch.call(what, call) is None, watch.texts[-3:]
    assert any("remote-http" in text for where, text in watch.texts if where == "words of a process")
    world.clean()
    count("secrets", "verbs that read a dataset whose address has a password", len(LOOKS))
    count("secrets", "calls in Python for a dataset whose address has a password", len(calls))


LOOKS = (
    "versions {source}",
    "versions {source} --format json",
    "get {source} --version 1.0.0",
    "get {source} --version 2.0.0 --sampling-rate 8000 --to {to}",
    "info {source} --format json",
    "available --format json",
    "cached --format json",
    "verify",
    "gc --yes",
)


def _calls(source: str, folder: Path) -> list[tuple[str, Callable[[], object]]]:
    return [
        ("load", lambda: audiodvc.load(source, version="2.0.0", verbose=False)),
        ("load_to", lambda: audiodvc.load_to(folder / "here", source, version="1.0.0", verbose=False)),
        ("diff", lambda: audiodvc.diff(source, "v1.0.0", "v2.0.0")),
        ("blame", lambda: audiodvc.blame(source, "pitch", "audio/b.wav")),
        ("versions", lambda: audiodvc.versions(source)),
        ("dependencies", lambda: audiodvc.dependencies(source, version="1.0.0")().to_string()),
        ("repository", lambda: audiodvc.repository(source, version="1.0.0")),
        ("available", lambda: audiodvc.available().to_string()),
        ("settings", lambda: audiodvc.config.REPOSITORIES),
    ]


ANSWERS = (401, 403, 404, 500, "nobody", "unknown host", "broken address", "rewritten")


@pytest.mark.parametrize("answer", ANSWERS)
def test_what_went_wrong_with_a_server_is_told_without_a_password(world: World, answer: int | str) -> None:
    """Whatever the server says, or if there is none."""
    watch, source = world.watch, world.source
    if isinstance(answer, int):
        world.git.status = answer
    elif answer == "rewritten":  # by the user's own git, which tells its own programs then
        source, world.git.status, world.git.requests = "short:dataset.git", 403, []
    elif answer == "nobody":
        source = source.replace(world.git.url.rpartition(":")[2], "9")
    elif answer == "unknown host":
        source = f"https://{USER}:{secret('address')}@nobody.invalid/dataset.git?token={secret('query')}"
    else:
        source = f"https://{USER}:{secret('address')}/x@127.0.0.1/dataset.git?token={secret('query')}"
    for words in (["versions", source], ["get", source], ["info", source, "--format", "json"]):
        assert watch.verb(*words) == 3, watch.texts[-3:]
    assert watch.verb("publish", str(world.folder / "home"), "1.0.0", source) == 3
    for what, call in _calls(source, world.folder)[:4]:
        assert isinstance(watch.call(what, call), AudiodvcError), watch.texts[-3:]
    world.clean()
    count("secrets", "verbs and calls that end since a git server refuses, fails or is not there", 8)


@pytest.mark.parametrize("code", [401, 403, 500])
def test_what_went_wrong_with_media_is_told_without_a_password(world: World, code: int) -> None:
    """The user's own settings for a remote go to that place only, and nowhere else."""
    watch = world.watch
    world.media.faults.update({"": [status(code)] * 99})
    assert watch.verb("get", world.source, "--version", "1.0.0") == 3
    assert watch.verb("verify", "--repair") in (0, 1, 3)
    load = partial(audiodvc.load_media, world.source, ["audio/a.wav"], verbose=False)
    raised = watch.call("load_media", load)
    assert isinstance(raised, AudiodvcError)
    world.clean()
    count("secrets", "verbs and calls that end since a remote of media refuses or fails", 3)


def test_a_remote_on_s3_is_refused_without_a_key_in_the_message(world: World) -> None:
    """Nor the token of the session."""
    clone = _clone(world)
    settings = S3.format(endpoint=world.media.url, key=secret("local"), user=USER)
    (clone / ".dvc" / "config.local").write_text(settings)
    world.watch.planted.add(clone / ".dvc" / "config.local")
    world.media.faults.update({"": [status(403)] * 999})
    for words in ("validate --remote", "status --remote", "release 3.0.0", "doctor"):
        assert world.watch.verb(*words.split(), folder=clone) in (0, 1, 3), world.watch.texts[-3:]
    world.clean()
    count("secrets", "keys for S3 in settings and in the environment, with a server that refuses", 4)


S3 = """[core]
    remote = away
['remote "away"']
    url = s3://{user}:{key}@bucket/dataset
    endpointurl = {endpoint}
    secret_access_key = {key}
    access_key_id = {key}
    session_token = {key}
"""


def test_verbs_in_a_clone_tell_no_password(world: World) -> None:
    """Neither that of its origin, nor those in the address and settings of its remotes."""
    clone = _clone(world)
    url = world.with_account(f"{world.media.url}/dataset.media", "local")
    local = LOCAL.format(url=url, key=secret("local"))
    (clone / ".dvc" / "config.local").write_text(f"{local}    # ?sig={secret('query')}\n")
    world.watch.planted.add(clone / ".dvc" / "config.local")
    (clone / "db.pitch.csv").write_text("file,pitch\naudio/a.wav,7\naudio/b.wav,3\n")
    for words in VERBS:
        assert world.watch.verb(*words.split(), folder=clone) in (0, 1, 2, 3), world.watch.texts[-3:]
    world.clean()
    count("secrets", "verbs in a clone whose origin and remote have passwords in their addresses", len(VERBS))


LOCAL = """['remote "storage"']
    url = {url}?sig={key}
    password = {key}
    custom_auth_header = X-Token
['remote "other"']
    url = webdavs://ada:{key}@127.0.0.1:9/x
    token = {key}
"""
VERBS = (
    "install",
    "status",
    "status --remote",
    "doctor",
    "doctor --format json",
    "validate --format json --output found.json",
    "validate --remote --format text",
    "validate --format github",
    "validate --format sarif --output found.sarif",
    "diff --format json",
    "diff v1.0.0 v2.0.0 --format markdown",
    "blame pitch audio/a.wav",
    "fmt",
    "add audio",
    "flavor add mono-8k --channels 0 --sampling-rate 8000",
    "flavor list",
    "conflicts",
    "erase audio/a.wav --reason asked --dry-run",
    "release 3.0.0",
    "uninstall",
)


def test_a_release_has_no_password_in_it(world: World) -> None:
    """Neither its commit and tag, nor what is pushed, nor the changelog."""
    clone, store = _clone(world), world.folder / "store"
    store.mkdir()
    (clone / ".dvc" / "config.local").write_text(OWN.format(store=store, key=secret("local")))
    world.watch.planted.add(clone / ".dvc" / "config.local")
    shutil.copytree(world.media.root / "dataset" / ".dvc" / "cache", clone / ".dvc" / "cache")
    (clone / "db.pitch.csv").write_text("file,pitch\naudio/a.wav,1\naudio/b.wav,2\n")
    Repo(clone).git("commit", "--quiet", "--no-verify", "--all", "--message", "Mend a pitch")
    world.git.requests = []  # git itself tells its programs the address that the clone has for its origin
    assert world.watch.verb("release", "3.0.0", "--push", folder=clone) == 0, world.watch.texts[-3:]
    assert "v3.0.0" in Repo(world.folder / "served" / "dataset.git").git("tag")
    world.clean()
    count("secrets", "a release from a clone whose origin has a password in its address")


OWN = """\
['remote "storage"']
    url = {store}
['remote "other"']
    url = s3://bucket/x
    secret_access_key = {key}
"""


def test_who_is_killed_leaves_no_password_behind(world: World) -> None:
    """In the middle of a fetch, when the address is in use."""
    words = [sys.executable, "-c", KILLED]  # what a user types everybody can read
    env = {**os.environ, "SOURCE": world.source}
    with subprocess.Popen(words, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        world.git.requests = _Fatal(world.watch, process)
        said = process.communicate()[0]
    assert process.returncode == -signal.SIGKILL, said
    world.watch.texts.append(("what was said", said.decode()))
    assert list((world.folder / "cache").rglob("new-*"))
    world.clean()
    count("secrets", "a fetch that is killed")


class _Fatal(_Sampled):
    """Kills who asks, when all that comes before a fetch is done."""

    def __init__(self, watch: Watch, process: subprocess.Popen[bytes]) -> None:
        super().__init__(watch)
        self._process = process

    def append(self, item: str) -> None:
        super().append(item)
        if len(self) == FATAL:
            self._process.kill()


FATAL = 5
KILLED = """
import os
from audiodvc.cli.main import run
run(['get', os.environ['SOURCE'], '--version', '1.0.0'])
"""


def test_no_password_gets_into_a_repository(world: World) -> None:
    """`.dvc/config` is committed: an address with credentials is refused before anything is made."""
    new, folder = world.folder / "new", world.folder / "submitted"
    bucket = world.with_account("https://media.example/x")
    for url in (bucket, f"https://media.example/x?sig={secret('query')}"):
        assert world.watch.verb("init", str(new), "--remote", url) == 3
    assert not new.exists()
    assert world.watch.verb("get", world.source, "--version", "1.0.0", "--to", str(folder)) == 0
    (folder / ".audiodvc.json").unlink()
    target = world.folder / "target.git"
    assert world.watch.verb("publish", str(folder), "1.0.0", str(target), "--media", bucket) == 3
    assert not target.exists()
    assert "has credentials in its url" in world.watch.texts[-1][1] + world.watch.texts[-2][1]
    world.clean()
    count("secrets", "passwords that would have been committed with the address of a remote", 3)


def test_a_report_of_a_bug_has_no_password(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The traceback in a file is what people send to others."""

    def fail(*_: object, **__: object) -> None:
        raise KeyError(world.source)

    monkeypatch.setattr("audiodvc.resolve.source.find", fail)
    assert world.watch.verb("versions", world.source) == 70
    (bug,) = (world.folder / "tmp").glob("audiodvc-bug-*.txt")
    assert "KeyError" in bug.read_text()
    world.clean()
    count("secrets", "a password in the traceback of a bug")


def _clone(world: World) -> Path:
    clone = world.folder / "clone"
    Repo(world.folder).git("clone", "--quiet", str(world.folder / "served" / "dataset.git"), str(clone))
    config = clone / ".git" / "config"
    config.write_text(config.read_text().replace(str(world.folder / "served" / "dataset.git"), world.source))
    world.watch.planted.add(config)
    return clone
