"""AC: the project settings say what audiodvc reads."""

from __future__ import annotations

from collections.abc import Iterator

from audiodvc.finding import Finding
from audiodvc.model.snapshot import Snapshot


def ac001(snapshot: Snapshot) -> Iterator[Finding]:
    """`audiodvc.yaml` has an unknown key, a value of the wrong type, or ignores what cannot be ignored.

    A setting that is misspelt would do nothing, and nobody would notice. Keys and merges are what
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


RULES = (ac001,)
