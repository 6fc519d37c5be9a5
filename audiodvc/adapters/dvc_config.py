"""The configuration of a DVC repository, written."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from audiodvc.adapters import disk
from audiodvc.errors import AudiodvcError


def configure(root: Path, name: str, sections: Mapping[str, Mapping[str, str]]) -> None:
    """Set values in `config` or `config.local` of a DVC repository; all else in it stays."""
    path = root / ".dvc" / name
    disk.write(path, configured(disk.read(path) or b"", sections))


def configured(old: bytes, sections: Mapping[str, Mapping[str, str]]) -> bytes:
    """The text of a configuration with these values set; all else in it stays."""
    from configobj import ConfigObj

    # DVC reads UTF-8. Its own writer knows ASCII only, and leaves an empty file when it meets more.
    config = ConfigObj(old.decode().splitlines(), interpolation=False)
    config.indent_type = config.indent_type or "    "
    for section, values in sections.items():
        config.setdefault(section, {}).update(values)
    return "".join(f"{line}\n" for line in config.write()).encode()


def add_remote(root: Path, name: str, url: str, *, relative: bool = False) -> None:
    """Configure a remote and make it the default; `relative` keeps a folder's place beside the clone."""
    from dvc.config import Config
    from dvc.exceptions import DvcException

    folder = root / ".dvc"
    entry = Path(os.path.relpath(url, folder)).as_posix() if relative else url
    try:
        # Refuses what `dvc push` would not understand.
        Config(str(folder), config={"core": {"remote": name}, "remote": {name: {"url": entry}}})
    except DvcException as error:
        raise AudiodvcError(f"the remote {url} cannot be configured: {error}") from error
    configure(root, "config", {"core": {"remote": name}, f'remote "{name}"': {"url": entry}})
