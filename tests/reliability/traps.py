"""What else can be wrong with a clone of somebody else's dataset: places where a maintainer's verbs write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.reliability.hostile import (
    HEADER,
    MARK,
    SOUND,
    TABLE,
    VICTIM,
    A,
    Attack,
    B,
    Changes,
    Git,
    Lair,
    config,
    folder_by_index,
    link,
    module,
)

HOME = "@home@"
ESCAPES = "\x1b]0;owned\x07\x1b[2J\x9b2J\u202e"
MARKUP = "@ada <img src=x onerror=y> | [x](http://example.org) `a` ![](http://example.org/x) </details>"
COMMANDS = "::error file=x::forged ##[add-matcher]x"

FLAVORS = "flavors:\n  low: {sampling_rate: 8000}\n"
Verbs = Sequence[Sequence[str]]

BUILD: Verbs = (
    ("flavor", "build", "low"),
    ("flavor", "remove", "low"),
    ("flavor", "add", "high", "--bit-depth", "16"),
)
RELEASE: Verbs = (("release", "3.0.0", "--push"),)
ADD: Verbs = (("add", "audio"), ("status",), ("release", "3.0.0"))


class Trap(NamedTuple):
    """An attack on a clone, and the verbs that would fall for it first."""

    attack: Attack
    verbs: Verbs


def _trap(name: str, verbs: Verbs, says: str, kind: str, changes: Changes) -> Trap:
    return Trap(Attack(name, lambda _: changes, "harmless", says, kind), verbs)


def _link_traps() -> list[Trap]:
    flavored = {"audiodvc.yaml": FLAVORS}
    lost = dict.fromkeys((".dvc/.gitignore", ".dvc/config"))
    is_link = "is a symbolic link"
    return [
        _trap(
            "DVC's folder leads elsewhere",
            ADD,
            rf"\.dvc.*{is_link}",
            "links",
            {**lost, ".dvc": link(f"{HOME}/.ssh")},
        ),
        _trap("DVC's folder is another repository", ADD, r"\.dvc", "links", {**lost, ".dvc": module()}),
        _trap(
            "DVC's cache leads elsewhere",
            ADD,
            rf"\.dvc/cache.*{is_link}",
            "links",
            {".dvc/cache": link(HOME)},
        ),
        _trap(
            "a folder of DVC's cache leads elsewhere",
            ADD,
            rf"\.dvc/cache/files.*{is_link}",
            "links",
            {".dvc/cache/files": link(HOME)},
        ),
        _trap(
            "DVC's own files lead elsewhere", ADD, rf"\.dvc/tmp.*{is_link}", "links", {".dvc/tmp": link(HOME)}
        ),
        _trap(
            "flavors lead elsewhere",
            BUILD,
            rf"flavors {is_link}",
            "links",
            {**flavored, "flavors": link(HOME)},
        ),
        _trap(
            "a flavor leads elsewhere",
            BUILD,
            rf"flavors/low {is_link}",
            "links",
            {**flavored, "flavors/low": link(f"{HOME}/.ssh")},
        ),
        _trap(
            "the index of a flavor leads elsewhere",
            BUILD,
            rf"flavors/low.media.csv {is_link}",
            "links",
            {**flavored, "flavors/low.media.csv": link(VICTIM)},
        ),
        _trap(
            "attributes lead elsewhere",
            (("install",),),
            rf"\.gitattributes {is_link}",
            "links",
            {".gitattributes": link(VICTIM)},
        ),
        _trap(
            "the report leads elsewhere",
            (("validate", "--format", "json", "--output", "found.json"),),
            rf"found.json {is_link}",
            "links",
            {"found.json": link(VICTIM)},
        ),
        _trap(
            "workflows lead elsewhere", (("init",),), rf"\.github {is_link}", "links", {".github": link(HOME)}
        ),
        _trap(
            "the changelog leads elsewhere",
            RELEASE,
            rf"CHANGELOG.md {is_link}",
            "links",
            {"CHANGELOG.md": link(VICTIM)},
        ),
        _trap(
            "what git ignores leads elsewhere",
            (("add", "new"),),
            rf"\.gitignore {is_link}",
            "links",
            {".gitignore": link(VICTIM)},
        ),
    ]


def _config_traps() -> list[Trap]:
    evil = "['remote \"storage\"']\n    url = ssh://example.org/x\n    keyfile = @victim@\n"
    return [
        _trap(
            "settings of the user's come with the dataset",
            ADD,
            r"left out .* of all \.dvc/config\.local, which git tracks",
            "configuration",
            {".dvc/config.local": evil},
        ),
        _trap(
            "objects come with the dataset",
            ADD,
            r"\.dvc/cache/files/md5/00/11",
            "objects",
            {".dvc/cache/files/md5/00/11": "x"},
        ),
        _trap(
            "what a build remembers comes with the dataset",
            BUILD,
            r"\.dvc/tmp/audiodvc/x",
            "objects",
            {"audiodvc.yaml": FLAVORS, ".dvc/tmp/audiodvc/x": "x"},
        ),
    ]


def _list_traps() -> list[Trap]:
    """Lists that a folder agrees with in all, but for where its files or objects are."""
    above = r"audio\.media\.csv:2: 'audio/\.\./\.\./x\.wav' has a part '\.\.'"
    return [
        Trap(Attack("a recording is above", listed_above, "harmless", above, "paths"), (("status",), *BUILD)),
        Trap(
            Attack(
                "an object is above", misnamed, "harmless", r"audio\.media\.csv:2: .* is no md5", "objects"
            ),
            (*BUILD, ("status",)),
        ),
    ]


def listed_above(lair: Lair) -> Changes:
    """A list of a media folder, and its pointer, that agree on a path out of it."""
    return {
        **_sized(folder_by_index(lair, "audio", [("../../x.wav", A), ("b.wav", B)])),
        "audiodvc.yaml": FLAVORS,
    }


def misnamed(lair: Lair) -> Changes:
    """A list of a media folder, and its pointer, that agree on an object out of the cache."""
    name = "../../../../../../../@home@/.ssh/id_ed25519"
    return {
        **_sized(folder_by_index(lair, "audio", [("a.wav", name), ("b.wav", B)])),
        "audiodvc.yaml": FLAVORS,
    }


def _sized(changes: Changes) -> Changes:
    return {
        name: text.replace(",,wav,", ",1644,wav,") if isinstance(text, str) else text
        for name, text in changes.items()
    }


TRAPS: Mapping[str, Trap] = {
    trap.attack.name: trap for trap in (*_link_traps(), *_config_traps(), *_list_traps())
}
"""Every trap by its name."""

MODULES = """audiodvc click dvc encodings json logging pickle polars re sitecustomize soundfile tempfile
    usercustomize yaml""".split()
"""What a dataset can call its files, and a process of ours would import if it looked for them there."""


def modules(_: Lair) -> Changes:
    """Files called as modules that are imported sooner or later."""
    text = f"open('{MARK}', 'w')\n"
    return {
        **{f"{name}.py": text for name in MODULES},
        "audiodvc/__init__.py": text,
        "audiodvc/__main__.py": text,
    }


def stages(_: Lair) -> Changes:
    """Stages of DVC and settings of git that name programs."""
    run = f"touch {MARK}"
    plain = f"{{cmd: '{run}', always_changed: true, deps: [audio]}}"
    return {
        "dvc.yaml": f"stages:\n  plain: {plain}\n  flavor@x: {{cmd: '{run}'}}\n",
        "audiodvc.yaml": FLAVORS,
        ".gitattributes": "* filter=evil diff=evil merge=evil\n",
        ".gitmodules": f'[submodule "x"]\n\tpath = x\n\turl = ext::{run}\n\tupdate = !{run}\n',
        ".lfsconfig": "[lfs]\n\turl = https://example.org/steal\n",
        ".pre-commit-config.yaml": "repos: [{repo: local, hooks: "
        f"[{{id: x, language: system, entry: '{run}'}}]}}]\n",
        ".githooks/post-checkout": Git("100755", f"#!/bin/sh\n{run}\n".encode()),
        ".envrc": f"{run}\n",
        "setup.cfg": f"[alias]\nx = {run}\n",
    }


def steering(_: Lair) -> Changes:
    """Words everywhere that steer a terminal, a page, or a build server."""
    words = [ESCAPES, MARKUP, COMMANDS, f"\n{COMMANDS}\n"]
    labels = "".join(f"      - {_quoted(word)}\n" for word in words)
    header = HEADER.replace("labels: [calm, wild]", "").replace(
        "  mood: {dtype: str, }",
        f"  mood:\n    dtype: str\n    labels:\n      - calm\n      - wild\n{labels}",
    )
    assert header != HEADER
    rows = "".join(f"{name},{_cell(word)}\n" for name, word in zip(SOUND, words[:2], strict=False))
    more = f"description: {_quoted(' '.join(words))}\n"
    odd = f"file,mood\n{_cell('audio/' + COMMANDS)},{_cell(COMMANDS)}\n{_cell(MARKUP)},{_cell(ESCAPES)}\n"
    return {
        "db.yaml": header + more,
        "db.mood.csv": TABLE.splitlines()[0] + "\n" + rows,
        f"db.{COMMANDS}.csv".replace("/", ""): odd,
        f"notes {ESCAPES}.txt": "x",
        f"{COMMANDS} {MARKUP}".replace("/", ""): "x",
    }


def _quoted(text: str) -> str:
    return (
        '"'
        + "".join(one if one.isprintable() and one not in '"\\' else f"\\U{ord(one):08x}" for one in text)
        + '"'
    )


def _cell(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def programs(url: str) -> Changes:
    """A configuration whose remote is a server of the author's, and asks DVC to run something before."""
    text = f"s3://media\n    endpointurl = {url}\n    configpath = ../evil.conf\n    profile = evil"
    return {**elsewhere(text), "evil.conf": f"[profile evil]\ncredential_process = touch {MARK}\n"}


def elsewhere(url: str) -> Changes:
    """A configuration whose remote is at another place."""
    return config(f"[core]\n    remote = storage\n['remote \"storage\"']\n    url = {url}\n")


OWN = """\
['remote "storage"']
    url = https://trusted.example.org/media
    auth = basic
    user = me
    password = {secret}
    access_key_id = {secret}
    secret_access_key = {secret}
"""
"""What a user has for a remote that is called as that of the dataset."""


SUBMISSIONS: Mapping[str, str | None] = {
    "db.mood.csv": None,
    "docs/paper.bib": None,
    "docs/more/x": None,
    "db.yaml": None,
}
"""What in a folder that is published leads to a file of the user's."""


def submission(folder: Path) -> None:
    """A folder with an audformat database, as somebody hands it over."""
    texts = {
        "db.yaml": HEADER.replace("  extra: {path: extra}\n", ""),
        "db.mood.csv": TABLE,
        "docs/paper.bib": "x\n",
    }
    for name, data in {**{name: text.encode() for name, text in texts.items()}, **SOUND}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
