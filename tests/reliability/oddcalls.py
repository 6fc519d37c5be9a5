"""Calls with odd words in odd surroundings, drawn from the commands of click themselves."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random

import click

from audiodvc.cli.main import HIDDEN, VERBS, audiodvc

# A connection to it fails at once.
NOBODY = "127.0.0.1:9"

ODD = [
    *("", " ", "a\nb", "\r", "\t", "\\", "C:\\x", "v1.0.0 ", "http://\n/", "\x01\x1b[31m\x07", "\u202e"),
    *("\udcff\udc80", "ünï 数", "٣", "🎵", "x" * 300, "y/" * 3000, "9" * 30, "0" * 40, "f" * 64),
    *(f"http://{NOBODY}/x.git", f"git://{NOBODY}/x", f"https://user:pass@{NOBODY}/x", f"ssh://{NOBODY}/x"),
    *"""
    - -- --- -x --no-such-option --help = a=b =b a= . .. ../.. ./. ~ a/../b * ? [a] {a,b} $HOME `x` %s {0} 0
    -1 1e999 nan inf 0x10 1_000 1.5 None true null ( [ a{99999999} (a+)+$ (?P<x> | ' " # x#y #y a:b
    HEAD~9999 HEAD^{tree} HEAD^{/x} @{-1} @{upstream} :/x :0:db.yaml HEAD:db.yaml v1.0.0^{} refs/heads/main
    refs/pull/1/head main..other a...b .. ... ..HEAD --output=x v01.0.0 1.0 99999999999.0.0 1.0.0-rc.1+x
    latest ext::false file:nowhere/x file:// :// http:// http://[ git@ host:path s3:x transport::x fd::0
    http::x data:,x mailto:x -oProxyCommand=false:x
    """.split(),
]

PLAUSIBLE = [
    *("0 days 00:00:00", "asked for"),
    *"""
    audio audio/a.wav audio/b.wav audio.dvc audio.media.csv db.yaml db.files.csv files mood db.mood.csv
    speaker ann calm mood=calm docs HEAD HEAD~1 main other v1.0.0 1.0.0 v1.1.0 1.2.0 mono low new 8000 16 0
    0,1 wav flac 2 0.1 30d 50GB .* a ../dataset ../dataset.media pre-commit fmt pre-push pre-merge-commit
    post-checkout post-merge origin dataset report.txt ../new local list add build remove
    """.split(),
]

# Calls that are in order, of which a word is then changed; verbs without one are drawn from their options.
SOUND = """
init . --name new
add audio
add audio/a.wav --allow-broken
fmt --diff
validate --format json
validate --rev HEAD~1 --format sarif
validate --staged --format github
validate --fix --unsafe
validate --metrics report.txt
flavor add new --sampling-rate 8000 --channels 0
flavor add low --sampling-rate 16000 --force
flavor build low --workers 1
flavor list --format json
flavor remove low
status --remote
diff HEAD~1 HEAD --format json
diff v1.0.0...v1.1.0 --format markdown
diff --staged --stat
blame files audio/a.wav --column mood --format json
blame db.mood.csv audio/a.wav --through --rev v1.0.0
conflicts --format json
resolve db.files.csv --ours
resolve db.files.csv audio/b.wav --value mood=calm
resolve --theirs
release 1.2.0 --dry-run --format json
release
erase audio/a.wav --reason asked --no-push
erase audio/a.wav --reason asked --dry-run --format json
publish docs 1.2.0 ../new --previous-version none
import-audb dataset --from docs --to ../new --versions 1.0.0
get . --version 1.0.0 --only-metadata
get . --rev HEAD --tables mood --to ../new
get . --media b.wav
versions . --format json
info . --rev HEAD~1 --format json
available --format json
cached --format json
verify . --version 1.0.0 --repair
gc --all --yes --format json
gc --older-than 30d --max-size 50GB
hook pre-commit
hook fmt
hook pre-merge-commit
hook pre-push origin ../dataset
hook post-checkout HEAD~1 HEAD 1
hook post-merge 0
textconv db.files.csv
merge-driver db.files.csv db.files.csv db.mood.csv 7 db.files.csv
merge-driver audio.media.csv audio.media.csv audio.media.csv 7 audio.dvc
merge-driver db.yaml db.yaml db.yaml 7 db.yaml
"""

# Inside the sandbox: what is written there harms nobody.
PLACES = [
    "file",
    "folder",
    "empty",
    "fifo",
    "missing",
    "folder/below",
    "file/below",
    "loop",
    "dataset",
    "home",
]

DEVICES = ["/dev/null"]

# A demo takes ten seconds where it succeeds: it is only asked for what is there already.
_SLOW = {"demo": ["file", "file/below", "fifo", "folder", "loop", "home/../folder"]}


@dataclass(frozen=True, slots=True)
class Call:
    """A call and its surroundings."""

    words: tuple[str, ...]
    verb: str
    is_json: bool = False
    options: frozenset[str] = frozenset()
    environment: Mapping[str, str | None] = field(default_factory=dict)
    stdin: bytes = b""
    encoding: str = "utf-8"

    def told(self) -> str:
        """How to give the call by hand."""
        changed = [f"{name}={value!r}" for name, value in self.environment.items()]
        return f"audiodvc {' '.join(map(repr, self.words))} [{' '.join(changed)}] into {self.encoding}"


def verbs() -> list[str]:
    """Every command by its words, those of a group too, hidden ones too."""
    return [" ".join(words) for words, _ in commands()]


@cache
def commands() -> tuple[tuple[tuple[str, ...], click.Command], ...]:
    """Every command with its words."""
    return tuple(_commands())


def _commands() -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(audiodvc)
    for name in (*VERBS, *HIDDEN):
        command = audiodvc.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from (((name, inner), command.commands[inner]) for inner in sorted(command.commands))
        else:
            yield (name,), command


def options(verb: str) -> list[str]:
    """The options of a verb."""
    command = next(found for words, found in commands() if " ".join(words) == verb)
    return [one.opts[-1] for one in command.params if isinstance(one, click.Option)]


def draw(verb: str, sandbox: Path, random: Random) -> Call:
    """A call of a verb: some of its options and arguments, mostly odd, and now and then odd surroundings."""
    words, command = next(found for found in commands() if " ".join(found[0]) == verb)
    drawn = _Drawn(sandbox, random)
    sound = [line.split() for line in SOUND.splitlines() if tuple(line.split()[: len(words)]) == words]
    if sound and random.random() < 0.4:
        return drawn.call(words, drawn.changed(random.choice(sound)[len(words) :]), command)
    given = [pair for one in command.params for pair in drawn.parameter(one, words)]
    if random.random() < 0.7:
        given.sort(key=lambda pair: not pair[0])
    else:
        random.shuffle(given)
    extra = [drawn.word()] if random.random() < 0.05 else []
    typed = [*(word for _, pieces in given for word in pieces), *extra]
    return drawn.call(words, typed, command)


@dataclass(frozen=True, slots=True)
class _Drawn:
    sandbox: Path
    random: Random

    def call(self, verb: tuple[str, ...], words: Sequence[str], command: click.Command) -> Call:
        """A call with these words, somewhere."""
        if "--output" in {word for one in command.params for word in one.opts}:
            words = [word.replace("/fifo", "/file") for word in words]  # a report waits for its reader
        said = _said(command, words)
        return Call(
            (*self.front(), *verb, *words),
            " ".join(verb),
            said.get("--format") == "json" and "--help" not in said,
            frozenset(said),
            self.environment(),
            self.stdin(),
            self.random.choice(["utf-8"] * 6 + ["ascii", "latin-1"]),
        )

    def changed(self, sound: Sequence[str]) -> list[str]:
        """The words of a call that was in order, one of them changed, new or left out, or none."""
        place = self.random.randrange(len(sound) + 1)
        before, rest = list(sound[:place]), list(sound[place:])
        match self.random.choice(["same", "replace", "insert", "leave out"]):
            case "replace":
                return [*before, self.word(), *rest[1:]]
            case "insert":
                return [*before, self.word(), *rest]
            case "leave out":
                return [*before, *rest[1:]]
            case _:
                return list(sound)

    def stdin(self) -> bytes:
        """What a hook may be told."""
        lines = [b"", b"\xff\n", b"refs/heads/main HEAD refs/heads/main 0\n", b"a b c\n" * 3, b"x" * 9999]
        zeros = b"0" * 40
        return self.random.choice(
            [*lines, b"refs/heads/main " + zeros + b" refs/heads/main " + zeros + b"\n"]
        )

    def parameter(
        self, parameter: click.Parameter, verb: tuple[str, ...]
    ) -> Iterator[tuple[str, tuple[str, ...]]]:
        """A parameter as it is typed, with the name of its option; often not at all."""
        if isinstance(parameter, click.Argument):
            yield from (("", (word,)) for word in self._arguments(parameter, verb))
        elif self.random.random() < (0.9 if parameter.required else 0.25):
            name = self.random.choice(parameter.opts)
            for _ in range(self.random.randint(1, 3) if parameter.multiple else 1):
                is_flag = isinstance(parameter, click.Option) and parameter.is_flag
                yield parameter.opts[0], (name,) if is_flag else (name, self._value(parameter))

    def _arguments(self, argument: click.Argument, verb: tuple[str, ...]) -> list[str]:
        if verb[0] in _SLOW:
            return [str(self.sandbox / "places" / self.random.choice(_SLOW[verb[0]]))]
        if argument.nargs == -1:
            return [self._value(argument) for _ in range(self.random.randint(0, 3))]
        wanted = argument.required or self.random.random() < 0.5
        return [self._value(argument)] if wanted and self.random.random() < 0.97 else []

    def _value(self, parameter: click.Parameter) -> str:
        if isinstance(parameter.type, click.Choice) and self.random.random() < 0.85:
            return str(self.random.choice(list(parameter.type.choices)))
        return self.word()

    def word(self) -> str:
        """Any word: one that fits somewhere, an odd one, or a place in the sandbox."""
        kind = self.random.random()
        if kind < 0.45:
            return self.random.choice(PLAUSIBLE)
        if kind < 0.85:
            return self.random.choice(ODD)
        if kind < 0.98:
            return str(self.sandbox / "places" / self.random.choice(PLACES))
        return self.random.choice(DEVICES)

    def front(self) -> tuple[str, ...]:
        """What stands before the verb."""
        quiet = ("-q",) if self.random.random() < 0.1 else ()
        return (*quiet, "-C", self.word()) if self.random.random() < 0.07 else quiet

    def environment(self) -> dict[str, str | None]:
        """Settings that are odd, for one call of four."""
        if self.random.random() < 0.75:
            return {}
        odd = surroundings(self.sandbox)
        return {name: self.random.choice(odd[name]) for name in self.random.sample(sorted(odd), 2)}


def _said(command: click.Command, words: Sequence[str]) -> dict[str, object]:
    """The options among some words, as click understands them; nothing if it does not."""
    context = click.Context(command)
    try:
        said, _, _ = command.make_parser(context).parse_args(list(words))
    except click.ClickException:
        return {}
    return {one.opts[-1]: said[one.name] for one in command.get_params(context) if one.name in said}


def surroundings(sandbox: Path) -> dict[str, list[str | None]]:
    """Values that variables of the environment may have; None where it is not set at all."""
    nowhere, file, empty = (str(sandbox / "places" / name) for name in ("missing", "file", "empty"))
    garbage = ["", " ", "\x1b[31m", "\udcff", "-", "0", "ünï", "a\nb"]
    return {
        "PATH": [empty, nowhere, ""],
        "HOME": [nowhere, file],
        "TERM": [None, "", "xterm", "\x1b"],
        "COLUMNS": ["0", "1", "-5", "x", "99999999"],
        "NO_COLOR": ["1", ""],
        "LC_ALL": ["C", "xx_YY", ""],
        "TZ": ["Nowhere/Land", ""],
        "AUDIODVC_CACHE_ROOT": [*garbage, file, f"{file}/x"],
        "AUDIODVC_SHARED_CACHE_ROOT": [*garbage, file, nowhere],
        "AUDIODVC_CONFIG": [*garbage, file, nowhere, empty],
        "AUDIODVC_EXECUTOR": [*garbage, "dask:", f"dask:{NOBODY}", "local"],
        "GIT_DIR": [".git", nowhere, file, ""],
        "GIT_INDEX_FILE": [".git/index", nowhere, file, "", empty],
        "GIT_WORK_TREE": [".", nowhere],
        "GIT_AUTHOR_NAME": [None, "", "\x1b"],
        "GIT_AUTHOR_DATE": ["garbage", "1970-01-01"],
        "GITHUB_STEP_SUMMARY": [*garbage, file, empty, f"{file}/x"],
        "PRE_COMMIT_TO_REF": ["garbage", "HEAD"],
        "PRE_COMMIT_REMOTE_NAME": ["", "origin", "--upload-pack=false"],
        "PRE_COMMIT_RUNNING_LEGACY": ["1"],
        "XDG_CONFIG_HOME": [nowhere, file, ""],
        "DVC_NO_ANALYTICS": [None],
        "DVC_ROOT": ["", nowhere],
    }


def furnish(sandbox: Path) -> None:
    """Put what the words name into a sandbox."""
    places = sandbox / "places"
    for name in ("folder", "empty", "home", "tmp"):
        (places / name).mkdir(parents=True)
    (places / "file").write_text("text\n")
    (places / "folder" / "inner.wav").write_text("no sound\n")
    (places / "loop").symlink_to("loop")
    os.mkfifo(places / "fifo")
