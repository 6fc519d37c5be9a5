"""AC: the project settings say what audiodvc reads."""

from __future__ import annotations

from collections.abc import Iterator

from audiodvc.finding import Finding
from audiodvc.model.snapshot import Snapshot
from audiodvc.rules import entries


def ac001(snapshot: Snapshot) -> Iterator[Finding]:
    """`audiodvc.yaml` has an unknown key, a value of the wrong type, or names what is not there.

    A setting that is misspelt would do nothing, and nobody would notice: `tables` may name tables that are
    declared or have a file, media indexes are none. Keys and merges are what
    everything else stands on, so rules whose codes begin with AK or AM are always applied.
    The file may be left out.

    Bad:

        validate:
          ignored: [AP003]

    Good:

        validate:
          ignore: [AP003]
    """
    yield from (found for found in snapshot.form if found.code == "AC001")
    yield from _tables(snapshot)


RULES = (ac001,)


def _tables(snapshot: Snapshot) -> Iterator[Finding]:
    """Names of no table; which ones there are is not known while the header cannot be read."""
    header = snapshot.header
    if not all(entries.is_read(header) and entries.is_sound(header, section) for section in entries.TABLES):
        return
    known = {*header.declared, *snapshot.tables}
    for name in snapshot.settings.tables:
        if name not in known:
            what = f"'tables' names {entries.shown(name)}, which is no table"
            place = snapshot.settings.place("validate", "tables", name, key=True)
            yield snapshot.settings.document.finding("AC001", what + entries.meant(name, known), place)
