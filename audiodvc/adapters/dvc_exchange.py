"""What the configuration of the user's own DVC repository says: where its objects are, here and elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audiodvc.adapters import dvc_remote, dvc_settings
from audiodvc.adapters.dvc_remote import Store
from audiodvc.adapters.dvc_trust import Given, Granted


@dataclass(frozen=True, slots=True)
class Exchange:
    """A remote by its name and url, with all options that DVC would use.

    It can be sent to another machine, which then asks the remote by itself.
    """

    name: str
    url: str
    options: Mapping[str, object]

    def store(self) -> Store:
        """Its objects."""
        if "://" not in self.url:
            return dvc_remote.Folder(self.name, self.url)
        granted = Granted({**self.options, "url": self.url}, anonymous=False, withheld="")
        return dvc_remote.Cloud(Given(self.name, self.url, {}), granted)


def objects_of(root: Path) -> str:
    """The folder of the cache of a DVC repository that holds its objects."""
    folder = _config(root).get("cache", {}).get("dir")
    return f"{folder or root / '.dvc' / 'cache'}/files/md5"


def default_remote(root: Path) -> Exchange | None:
    """The remote that `dvc push` in a repository uses."""
    config = _config(root)
    name = config.get("core", {}).get("remote")
    options = dict(config.get("remote", {}).get(name) or {})
    url = str(options.pop("url", ""))
    return Exchange(str(name), url, options) if url else None


def _config(root: Path) -> Mapping[str, Any]:
    config: Mapping[str, Any] = dvc_settings.read(root).config
    return config
