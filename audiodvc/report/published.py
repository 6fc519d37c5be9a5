"""What `publish` and `import-audb` say."""

from __future__ import annotations

from audiodvc.project.publish import Published
from audiodvc.report.look import plain
from audiodvc.words import counted


def published(done: Published) -> str:
    """A version in a line: what it is, what came and went, and where it is."""
    changes = [
        f"{count:,} {what}"
        for count, what in ((done.added, "added"), (done.changed, "changed"), (done.removed, "removed"))
        if count
    ]
    media = f"{counted(done.files, 'media file')} ({', '.join(changes) or 'none changed'})"
    return plain(f"{done.name} {done.version}: {media}, tag {done.tag} in {done.shown}")
