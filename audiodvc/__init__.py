"""Version control for audio datasets, as a plugin of git and DVC."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from audiodvc.errors import (
        AudiodvcError,
        ConversionError,
        DeniedError,
        LockTimeoutError,
        ObjectError,
        OfflineError,
        RefusedError,
        SelectionError,
        UnknownDatasetError,
        UnknownVersionError,
    )
    from audiodvc.model.userconfig import Repository
    from audiodvc.project.erasing.removal import remove_media
    from audiodvc.project.publish import publish
    from audiodvc.resolve import info
    from audiodvc.resolve.blame import Blame, blame
    from audiodvc.resolve.config import config
    from audiodvc.resolve.dependencies import Dependencies, dependencies
    from audiodvc.resolve.diff import Diff, diff
    from audiodvc.resolve.flavor import Flavor
    from audiodvc.resolve.info import load_header
    from audiodvc.resolve.listing import (
        available,
        cached,
        default_cache_root,
        exists,
        flavor_path,
        latest_version,
        repository,
        versions,
    )
    from audiodvc.resolve.load import load, load_attachment, load_media, load_table, load_to
    from audiodvc.resolve.stream import DatabaseIterator, stream
    from audiodvc.resolve.verify import Damage, verify
    from audiodvc.resolve.view import view

__all__ = [
    "AudiodvcError",
    "Blame",
    "ConversionError",
    "Damage",
    "DatabaseIterator",
    "DeniedError",
    "Dependencies",
    "Diff",
    "Flavor",
    "LockTimeoutError",
    "ObjectError",
    "OfflineError",
    "RefusedError",
    "Repository",
    "SelectionError",
    "UnknownDatasetError",
    "UnknownVersionError",
    "__version__",
    "available",
    "blame",
    "cached",
    "config",
    "default_cache_root",
    "dependencies",
    "diff",
    "exists",
    "flavor_path",
    "info",
    "latest_version",
    "load",
    "load_attachment",
    "load_header",
    "load_media",
    "load_table",
    "load_to",
    "publish",
    "remove_media",
    "repository",
    "stream",
    "verify",
    "versions",
    "view",
]

# The same as above: an import that waits until its name is asked for.
_MODULES = {
    "errors": """AudiodvcError ConversionError DeniedError LockTimeoutError ObjectError OfflineError
        RefusedError SelectionError UnknownDatasetError UnknownVersionError""",
    "model.userconfig": "Repository",
    "project.erasing.removal": "remove_media",
    "project.publish": "publish",
    "resolve": "info",
    "resolve.blame": "Blame blame",
    "resolve.config": "config",
    "resolve.dependencies": "Dependencies dependencies",
    "resolve.diff": "Diff diff",
    "resolve.flavor": "Flavor",
    "resolve.info": "load_header",
    "resolve.listing": """available cached default_cache_root exists flavor_path latest_version repository
        versions""",
    "resolve.load": "load load_attachment load_media load_table load_to",
    "resolve.stream": "DatabaseIterator stream",
    "resolve.verify": "Damage verify",
    "resolve.view": "view",
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names.split()}
_ROOMS = ("info",)


if not TYPE_CHECKING:  # who checks types knows each name, and that there are no others

    def __getattr__(name: str) -> object:
        """A public name, imported when it is first used."""
        home = _HOMES.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        place = f"{__name__}.{home}"
        if name in _ROOMS:
            value: object = importlib.import_module(f"{place}.{name}")
        else:
            value = getattr(importlib.import_module(place), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    """The public names, loaded or not."""
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
