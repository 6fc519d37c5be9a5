"""What could not be done, as values that the doors turn into exit codes."""

from __future__ import annotations

from collections.abc import Iterable

from audiodvc.words import redact


class AudiodvcError(Exception):
    """Something could not be done: what, where, and what to do next."""

    exit_code = 3

    def __init__(self, what: str, *, hint: str = "", details: Iterable[str] = ()) -> None:
        self.what = redact(what)
        self.hint = redact(hint)
        self.details = tuple(map(redact, details))
        super().__init__(str(self))

    def __str__(self) -> str:
        first = f"{self.what} ({self.hint})" if self.hint else self.what
        return "\n".join([first, *(f"  {line}" for line in self.details)])


class UsageError(AudiodvcError):
    """The words of a call do not fit together."""

    exit_code = 2


class NotADatasetError(AudiodvcError):
    """There is no db.yaml where a dataset was expected."""


class GitError(AudiodvcError):
    """A git command failed, with git's own last words."""


class MediaError(AudiodvcError):
    """Media files cannot be tracked as they are; `details` names every one."""


class FormatError(AudiodvcError):
    """A text file of the dataset cannot be read; `details` names every place."""


class RemoteError(AudiodvcError):
    """The DVC remote is missing, cannot be reached, or refuses."""


class UnknownDatasetError(AudiodvcError, RuntimeError):
    """There is no dataset where the source says, or no source of that name."""


class UnknownVersionError(AudiodvcError, RuntimeError):
    """The dataset has no such version or revision."""


class OfflineError(AudiodvcError, RuntimeError):
    """A server that has to be asked cannot be reached."""


class DeniedError(AudiodvcError, RuntimeError):
    """A server was reached and does not let us in."""


class RefusedError(AudiodvcError, ValueError):
    """An address, revision, path or object name that would be dangerous to follow."""


class SelectionError(AudiodvcError, ValueError):
    """What was selected is not in the dataset, or is no selection."""


class ObjectError(RemoteError, RuntimeError):
    """Objects that a remote lacks or has wrong; `details` names every file."""


class LockTimeoutError(AudiodvcError, RuntimeError):
    """Another process has had a lock for longer than one would wait."""


class ConflictError(AudiodvcError, RuntimeError):
    """Somebody else changed a repository at the same moment; nothing of ours is in it."""


class PublishError(AudiodvcError, RuntimeError):
    """A folder that cannot become a version as it is; `details` names what is wrong."""


class VersionError(AudiodvcError, ValueError):
    """A version that cannot come next, or a dataset that nobody knows where to publish."""


class AttachmentError(AudiodvcError, FileNotFoundError):
    """An attachment that is neither in the folder nor in the version before."""


class ConversionError(AudiodvcError, RuntimeError):
    """Audio that cannot be made what was asked for."""


class ConfigError(AudiodvcError):
    """The user's settings cannot be understood."""
