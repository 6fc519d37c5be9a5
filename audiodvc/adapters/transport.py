"""How git talks to a server here: no prompt, no foreign program, no secret on disk, errors by their name."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote_to_bytes

from audiodvc.adapters import git
from audiodvc.adapters.process import Completed, run
from audiodvc.errors import (
    AudiodvcError,
    DeniedError,
    GitError,
    OfflineError,
    UnknownDatasetError,
    UnknownVersionError,
)
from audiodvc.words import redact

REMOTE = "audiodvc-source"
"""The name under which git finds the address, which is in the environment only."""

_GLANCE = 0.5

SETTINGS: Mapping[str, str] = {
    "protocol.version": "2",  # whoever speaks it gives any commit by its name
    "protocol.ext.allow": "never",
    "protocol.fd.allow": "never",
    "credential.interactive": "false",
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "core.alternateRefsPrefixes": "refs/none",  # what a fetch builds on it is told
    "fetch.recurseSubmodules": "no",
    "fetch.unpackLimit": "1",  # always a pack: one file arrives or does not
    "fetch.writeCommitGraph": "false",
    "fetch.fsckObjects": "true",
    "gc.auto": "0",
    "maintenance.auto": "false",
}


@dataclass(frozen=True, slots=True)
class Server:
    """Where git is to ask, and how messages call it."""

    url: str
    shown: str


def ask(
    server: Server,
    folder: Path,
    words: Sequence[str],
    *,
    stdin: bytes = b"",
    timeout: float | None = None,
) -> bytes:
    """What git answers in a bare repository of ours, REMOTE being the server; else an error by its name."""
    done = attempt(server, folder, words, stdin=stdin, timeout=timeout)
    if done.code:
        raise failure(server, done.stderr.decode(errors="replace"))
    return done.stdout


def attempt(
    server: Server,
    folder: Path,
    words: Sequence[str],
    *,
    stdin: bytes = b"",
    timeout: float | None = None,
) -> Completed:
    """What git answers, well or not; it is given up when nothing is heard of it for so many seconds."""
    env = _environment(server, folder)
    pipe = subprocess.PIPE
    try:
        with subprocess.Popen(
            ["git", *words], cwd=folder, env=env, stdin=pipe, stdout=pipe, stderr=pipe
        ) as process:
            try:
                stdout, stderr = _heard(process, stdin, folder, timeout)
            except BaseException:
                _end(process)
                raise
    except FileNotFoundError as error:
        raise AudiodvcError("git is not installed", hint="install git and try again") from error
    except subprocess.TimeoutExpired as error:
        what = f"{server.shown} did not answer for {timeout:g} s"
        raise OfflineError(what, hint="try again later") from error
    if process.returncode == -signal.SIGINT:  # Ctrl-C is for all of us, and a thread hears of it like this
        raise KeyboardInterrupt
    return Completed(process.returncode, stdout, stderr)


def _heard(
    process: subprocess.Popen[bytes], stdin: bytes, folder: Path, patience: float | None
) -> tuple[bytes, bytes]:
    """What git says to its end, as long as it says something, or something arrives."""
    words: bytes | None = stdin
    seen: object = None
    since = time.monotonic()
    while True:
        try:
            return process.communicate(words, None if patience is None else min(_GLANCE, patience))
        except subprocess.TimeoutExpired as so_far:
            words = None
            now = len(so_far.output or b""), len(so_far.stderr or b""), _arrived(folder)
            if now != seen:
                seen, since = now, time.monotonic()
            elif patience is not None and time.monotonic() - since > patience:
                raise


def _arrived(folder: Path) -> int:
    """The bytes of packs on their way."""
    with suppress(FileNotFoundError), os.scandir(folder / "objects" / "pack") as found:
        return sum(one.stat().st_size for one in found)
    return 0


def _end(process: subprocess.Popen[bytes]) -> None:
    """Let git end, and those whom it started."""
    process.terminate()
    try:
        process.wait(1)
    except subprocess.TimeoutExpired:
        process.kill()


def failure(server: Server, complaint: str) -> AudiodvcError:
    """The error that git's last words tell of."""
    words = redact(complaint.replace(server.url, server.shown))
    details = [line for line in words.splitlines() if line.strip() and not _is_noise(line)]
    for pattern, kind, what, hint in _KINDS:
        if pattern.search(words):
            return kind(f"{server.shown} {what}", hint=hint, details=details)
    return GitError(f"git failed on {server.shown}", details=details)


def _kind(
    kind: type[AudiodvcError], what: str, hint: str, *patterns: str
) -> tuple[re.Pattern[str], type[AudiodvcError], str, str]:
    return re.compile("|".join(patterns), re.IGNORECASE), kind, what, hint


# In the order in which they are tried: ssh ends each of its complaints with "Could not read from
# remote repository", and GitHub answers as for a missing password where there is no repository.
_KINDS = (
    _kind(
        UnknownVersionError,
        "has no such revision, or does not give it away",
        "`audiodvc versions` lists the versions",
        r"couldn't find remote ref",
        r"no such remote ref",
        r"not our ref",
        r"unadvertised object",
    ),
    _kind(
        DeniedError,
        "belongs to somebody else, and git does not trust it",
        "if you do, `git config --global --add safe.directory` followed by that folder says so",
        r"dubious ownership",
        r"unsafe repository",
        r"cannot use bare repository",
    ),
    _kind(
        OfflineError,
        "cannot be reached",
        "check the connection, or ask for a version that is in the cache",
        r"could not resolve (?:host|proxy)",
        r"temporary failure in name resolution",
        r"name or service not known",
        r"unable to look ?up",
        r"failed to connect",
        r"couldn't connect",
        r"unable to connect",
        r"connection (?:refused|timed out|reset|closed)",
        r"(?:operation|connection|request)(?: has)? timed out",
        r"timeout was reached",
        r"operation too slow",
        r"network is (?:unreachable|down)",
        r"no route to host",
        r"empty reply from server",
        r"returned error: (?:5\d\d|408|429)",
        r"(?:ssl|tls|gnutls)_?\w* ?(?:connect|error|handshake)",
    ),
    _kind(
        DeniedError,
        "does not let us in",
        "it is not there, or needs credentials: give git a credential helper or ssh a key",
        r"authentication failed",
        r"could not read (?:username|password)",
        r"terminal prompts disabled",
        r"returned error: (?:401|403|407)",
        r"permission denied",
        r"host key verification failed",
        r"invalid username or (?:password|token)",
        r"not authorized",
    ),
    _kind(
        UnknownDatasetError,
        "is no git repository",
        "check the address",
        r"repository .*not found",
        r"repository not found",
        r"returned error: (?:404|410)",
        r"does not appear to be a git repository",
        r"could not be found",
        r"not a git repository",
        r"access denied or repository not exported",
        r"no such repository",
        r"not valid: is this a git repository",
    ),
    _kind(
        OfflineError,
        "ended the connection",
        "try again",
        r"hung up unexpectedly",
        r"early eof",
        r"unexpected disconnect",
        r"transfer closed",
        r"could not read from remote repository",
    ),
)


# How far git is, and what it did.
_NOISE = re.compile(
    r"warning: filtering not recognized"
    r"|(?:remote: )?(?:[A-Z]\w+ (?:\w+ )?(?:objects|deltas|files|content)\b|Total \d)"
    r"|From | [ *+=t-] "
)


def _is_noise(line: str) -> bool:
    return _NOISE.match(line) is not None


def _environment(server: Server, folder: Path) -> dict[str, str]:
    env = {
        **git.environment(),
        "GIT_DIR": str(folder),
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "",
        "SSH_ASKPASS": "",
        "GCM_INTERACTIVE": "never",
        # A fetch that finds a file missing would start a fetch, which would find it missing.
        "GIT_NO_LAZY_FETCH": "1",
        "LC_ALL": "C",  # the words are compared
    }
    env.pop("GIT_NAMESPACE", None)
    env.setdefault("GIT_HTTP_LOW_SPEED_LIMIT", "1000")
    env.setdefault("GIT_HTTP_LOW_SPEED_TIME", "60")
    # Who sets these by hand, as build servers do for credentials, keeps them.
    first = _count(os.environ.get("GIT_CONFIG_COUNT", ""))
    url, account, secrets = _let_in(server.url)
    pairs = [*SETTINGS.items(), (f"remote.{REMOTE}.url", url), *account]
    for number, (key, value) in enumerate(pairs, first):
        env[f"GIT_CONFIG_KEY_{number}"] = key
        env[f"GIT_CONFIG_VALUE_{number}"] = value
    env["GIT_CONFIG_COUNT"] = str(first + len(pairs))
    env |= secrets
    # Whatever the scheme: the user's configuration may turn one address into another.
    if not server.url.startswith("/") and "GIT_SSH" not in env:
        env["GIT_SSH_COMMAND"] = _ssh(env, folder)
    return env


def _let_in(url: str) -> tuple[str, list[tuple[str, str]], dict[str, str]]:
    """An address without user and password, and the settings and variables by which git has them.

    git hands an address on as a word of a command, which everybody on the machine can read.
    """
    found = _ACCOUNT.fullmatch(url)
    if not found:
        return url, [], {}
    scheme, account, place = found.groups()
    user, colon, password = account.partition(":")
    if scheme.lower() == "ssh://":  # which takes no password
        return f"{scheme}{user}@{place}", [], {}
    if not scheme.lower().startswith("http"):
        return f"{scheme}{place}", [], {}
    key = f"credential.{scheme}{place.partition('/')[0]}"
    said = {_USER: os.fsdecode(unquote_to_bytes(user)), _PASSWORD: os.fsdecode(unquote_to_bytes(password))}
    if not colon:
        return f"{scheme}{place}", [(f"{key}.username", said[_USER])], {}
    # An empty helper takes out those of the user, who may know another password or would note down this one.
    return f"{scheme}{place}", [(f"{key}.helper", ""), (f"{key}.helper", _HELPER)], said


_ACCOUNT = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)([^/]*)@([^/].*)", re.DOTALL)
_USER, _PASSWORD = "AUDIODVC_GIT_USER", "AUDIODVC_GIT_PASSWORD"
_HELPER = f"""!f() {{ printf 'username=%s\\npassword=%s\\n' "${_USER}" "${_PASSWORD}"; }}; f"""


def _count(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def _ssh(env: Mapping[str, str], folder: Path) -> str:
    """The user's own ssh command, told never to ask and not to wait for ever if it is OpenSSH."""
    command = env.get("GIT_SSH_COMMAND") or _configured_ssh(env, folder) or "ssh"
    # The first word, in quotes or not; what else there may be is for the shell.
    program = re.match(r"""\s*(?:"([^"]*)"|'([^']*)'|(\S+))""", command)
    name = next(filter(None, program.groups()), "") if program else ""
    if os.path.basename(name).removesuffix(".exe") != "ssh":
        return command
    return f"{command} -o BatchMode=yes -o ConnectTimeout=30 -o ServerAliveInterval=30"


def _configured_ssh(env: Mapping[str, str], folder: Path) -> str:
    done = run(["git", "config", "--get", "core.sshCommand"], cwd=folder, env=env)
    return done.stdout.decode(errors="replace").strip()
