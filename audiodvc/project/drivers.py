"""How git shows tables and media indexes in a clone: row by row, in canonical form, through its diff driver.

Only this clone is told: its configuration has the command, its own attributes have the files. git calls the
command at the top of the work tree with a file that may be a copy of any revision, whose name ends as that of
the table. Which dtypes its cells are of is taken from the header in the folder, for both sides alike.
"""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

from audiodvc.adapters import disk, git
from audiodvc.changes import shown
from audiodvc.model import header, layout, scaffold
from audiodvc.model import spec as specs
from audiodvc.model.spec import Spec

TEXTCONV = "diff.audiodvc.textconv"

_LINES = (
    "db.*.csv diff=audiodvc",
    "*.media.csv diff=audiodvc",
    # What a dataset says itself in its .gitattributes; one that was made before does not.
    *scaffold.MERGED,
)
_TABLE = re.compile(r"(?:.*_)?(db\..+\.csv)")


def install(top: Path) -> bool:
    """Let git show tables in meaning; True if that changed anything."""
    command = _command()
    changed = git.setting(top, TEXTCONV) != command
    git.set_setting(top, TEXTCONV, command)
    return _attribute(top, _LINES) or changed


def uninstall(top: Path) -> None:
    """Let git show them as text again."""
    git.set_setting(top, TEXTCONV, None)
    _attribute(top, ())


def is_installed(top: Path) -> bool:
    """Whether git shows tables in meaning, through the audiodvc that asks."""
    return git.setting(top, TEXTCONV) == _command()


def converted(top: Path, path: Path) -> bytes:
    """A table as git should compare it."""
    disk.refuse_link(path.parent, path)
    data = disk.read(path) or b""
    return shown.shown(data, path.name, _spec(top, path.name, data))


def _command() -> str:
    """The command, which shows the text as it is where audiodvc cannot be started."""
    ours = f"{shlex.quote(sys.executable)} -P -m audiodvc textconv"
    return f'f() {{ {ours} "$1" 2>/dev/null || cat "$1"; }}; f'


def _attribute(top: Path, lines: tuple[str, ...]) -> bool:
    """Bring these lines, and none other of ours, into the attributes of the clone."""
    path = git.attributes_file(top)
    old = (disk.read(path) or b"").decode("utf-8", "surrogateescape")
    kept = [line for line in old.splitlines(keepends=True) if line.rstrip("\r\n") not in _LINES]
    end = "" if not kept or kept[-1].endswith("\n") else "\n"
    new = "".join(kept) + (end if lines else "") + "".join(f"{line}\n" for line in lines)
    if new == old:
        return False
    if not new:
        path.unlink()
        return True
    path.parent.mkdir(parents=True, exist_ok=True)
    return disk.write(path, new.encode("utf-8", "surrogateescape"))


def _spec(top: Path, name: str, data: bytes) -> Spec | None:
    if name.endswith(layout.INDEX):
        return specs.of_index(data)
    found = _TABLE.fullmatch(name)
    parsed = header.parse(disk.read(top / layout.HEADER) or b"")
    table_id = layout.table_id(found[1]) if found else ""
    return parsed.spec(table_id) if table_id in parsed.tables else None
