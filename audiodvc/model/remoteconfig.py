"""The remotes of a `.dvc/config` that somebody else wrote: what may be believed of it, and what was not.

DVC lets a repository name files with credentials, commands that print some, and profiles of the user. Of
all that only the place of the objects counts here; the rest is left out, and its names are told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from audiodvc.errors import RefusedError

LIMIT = 2**20
"""A configuration is a few lines; one beyond this many bytes is none."""

_MOST_REMOTES = 1000
_MOST_STEPS = 10
_LONGEST = 4096
_SECTION = re.compile(r'\s*remote\s*"(.*)"\s*')
_INDIRECT = "remote://"

# What a value may look like, of the few keys that count. `region` becomes a part of a host's name.
KEYS: Mapping[str, re.Pattern[str]] = {
    "url": re.compile(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff-][^\x00-\x1f\x7f-\x9f\ud800-\udfff]*"),
    "endpointurl": re.compile(r"https?://[^\s/?#@\\\x00-\x1f\x7f-\x9f]+(/[^\s?#@\\\x00-\x1f\x7f-\x9f]*)?"),
    "region": re.compile(r"[A-Za-z0-9-]+"),
    "port": re.compile(r"[0-9]{1,5}"),
    "user": re.compile(r"[\w.@+-]+"),
}

# Settings that change nothing in what is fetched: to say that they were ignored would be noise.
_QUIET = frozenset(
    "core.analytics core.autostage core.check_update core.checksum_jobs core.experiments core.hardlink_lock "
    "core.interactive core.no_scm remote.checksum_jobs remote.jobs remote.no_traverse remote.shared "
    "remote.slow_link_warning remote.type remote.verify".split()
)


@dataclass(frozen=True, slots=True)
class RemoteConfig:
    """Remotes by name, each with the few keys that count; names are in lower case, as DVC reads them."""

    default: str | None = None
    remotes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    """Names of the settings that were left out, such as `remote.storage.configpath`."""
    fault: str = ""
    """Why the text could not be read at all, as the rest of a sentence that begins with its name."""


@dataclass(frozen=True, slots=True)
class Remote:
    """One remote, with its own url: no longer a reference to another one."""

    name: str
    url: str
    options: Mapping[str, str] = field(default_factory=dict)


def parse(text: bytes) -> RemoteConfig:
    """What counts of a configuration; one that is broken has no remotes, and says why."""
    if len(text) > LIMIT:
        return RemoteConfig(fault=f"has more than {LIMIT:,} bytes")
    try:
        sections = _sections(text.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return RemoteConfig(fault="is no UTF-8")
    except ValueError as error:
        return RemoteConfig(fault=f"cannot be read: {error}")
    remotes: dict[str, dict[str, str]] = {}
    ignored: dict[str, None] = {}
    default = None
    for section, key, value in sections:
        found = _SECTION.fullmatch(section)
        name = found[1].lower() if found else ""
        if found and _is_kept(name, key, value, remotes):
            remotes.setdefault(name, {})[key] = str(value)
        elif (section, key) == ("core", "remote") and isinstance(value, str):
            default = value.lower()
        elif f"{'remote' if found else section}.{key}" not in _QUIET:
            ignored[_printable(f"remote.{name}.{key}" if found else f"{section}.{key}")] = None
    with_url = {name: remote for name, remote in remotes.items() if "url" in remote}
    return RemoteConfig(default, with_url, tuple(ignored))


def find(config: RemoteConfig, name: str) -> Remote | None:
    """A remote by its name; one that is given as a part of another gets that one's url and options."""
    wanted = name.lower()
    found = config.remotes.get(wanted)
    options: dict[str, str] = {}
    parts: list[str] = []
    for _ in range(_MOST_STEPS):
        if found is None:
            break
        options = {**found, **options}
        url = found["url"]
        if not url.startswith(_INDIRECT):
            options.pop("url")
            return Remote(wanted, "/".join([url.rstrip("/") if parts else url, *parts]), options)
        other, _, path = url.removeprefix(_INDIRECT).partition("/")
        parts = [path.strip("/"), *parts] if path.strip("/") else parts
        found = config.remotes.get(other.lower())
    if not options:
        return None
    raise RefusedError(
        f"the remote '{wanted}' is given as a part of another one, which the repository does not name",
        hint="name its own url in .dvc/config",
    )


def _is_kept(name: str, key: str, value: object, remotes: Mapping[str, object]) -> bool:
    """Whether a value of a remote counts."""
    form = KEYS.get(key)
    if form is None or not isinstance(value, str) or len(value) > _LONGEST or _printable(name) != name:
        return False
    return form.fullmatch(value) is not None and (name in remotes or len(remotes) < _MOST_REMOTES)


def _sections(text: str) -> Iterator[tuple[str, str, object]]:
    """Section, key and value of all settings; names in lower case."""
    from configobj import ConfigObj, ConfigObjError

    try:
        config = ConfigObj(text.splitlines(), interpolation=False)
    except ConfigObjError as error:
        # Its words quote the line, which may hold a password.
        raise ValueError(f"line {getattr(error, 'line_number', None) or '?'}") from None
    return iter(
        [
            (section if _SECTION.fullmatch(section) else section.lower(), key.lower(), value)
            for section, settings in config.items()
            if isinstance(settings, Mapping)
            for key, value in settings.items()
        ]
    )


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)
