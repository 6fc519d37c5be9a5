"""Results for programs: one JSON object, whose schema stands in `docs/reference/formats.md`."""

from __future__ import annotations

import json

from audiodvc.report.look import encodable


def document(verb: str, **fields: object) -> str:
    """The result of a verb as one object."""
    return encodable(json.dumps({"schema": f"audiodvc.{verb}/v1", **fields}, ensure_ascii=False))
