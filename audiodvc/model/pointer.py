"""What DVC's files say, read as text: pointers (`audio.dvc`) and the outputs in `dvc.lock`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from posixpath import dirname, normpath

from audiodvc.finding import Finding, Place
from audiodvc.model import layout
from audiodvc.model.yamltext import Codes, read

_CODES = Codes("AD001", "AD001")
_PLAIN = frozenset(("outs", "meta", "desc"))
_PLAIN_OUT = frozenset(("md5", "size", "nfiles", "hash", "path", "desc", "type", "labels", "meta"))


@dataclass(frozen=True, slots=True)
class Output:
    """A file or folder that DVC tracks: its path from the root, its object, and where that is said."""

    path: str
    md5: str
    source: str
    place: Place
    nfiles: int | None = None
    size: int | None = None
    index: str | None = None

    @property
    def is_folder(self) -> bool:
        """Whether the object is a directory object."""
        return self.md5.endswith(".dir")


def parse(data: bytes, path: str) -> Output | None:
    """The output of a pointer at a path; None if it is not one of exactly one output."""
    document = read(data, path, _CODES)
    root = document.data if isinstance(document.data, dict) else {}
    outs = root.get("outs")
    if not isinstance(outs, list) or len(outs) != 1 or not isinstance(outs[0], dict):
        return None
    out, meta = outs[0], root.get("meta")
    if not isinstance(out.get("path"), str):
        return None
    ours = meta.get("audiodvc") if isinstance(meta, dict) else None
    return Output(
        normpath(f"{dirname(path)}/{out['path']}".lstrip("/")),
        _text(out.get("md5")),
        path,
        document.place("outs", 0, "md5"),
        _number(out.get("nfiles")),
        _number(out.get("size")),
        _text(ours.get("index")) if isinstance(ours, dict) else None,
    )


def findings(data: bytes, path: str) -> tuple[Finding, ...]:
    """The markers that a merge left in a file of DVC's; what else may be wrong there is DVC's to say."""
    return tuple(finding for finding in read(data, path, _CODES).findings if finding.code == "AM001")


def is_plain(data: bytes) -> bool:
    """Whether a pointer tracks one file or folder beside it by an md5, and asks DVC for nothing else."""
    root = read(data, "", _CODES).data
    if not isinstance(root, dict) or not root.keys() <= _PLAIN:
        return False
    outs = root.get("outs")
    out = outs[0] if isinstance(outs, list) and len(outs) == 1 else None
    return isinstance(out, dict) and out.keys() <= _PLAIN_OUT and out.get("hash", "md5") == "md5"


def stage_outputs(data: bytes, path: str = layout.LOCK) -> dict[str, tuple[Output, ...]]:
    """The outputs of each stage in a lock file; what cannot be read has none."""
    document = read(data, path, _CODES)
    root = document.data if isinstance(document.data, dict) else {}
    stages = root.get("stages")
    found = stages.items() if isinstance(stages, dict) else ()
    return {
        name: tuple(_outs(stage, name, document.place)) for name, stage in found if isinstance(stage, dict)
    }


def _outs(stage: Mapping[str, object], name: str, place: object) -> Iterator[Output]:
    outs = stage.get("outs")
    for number, out in enumerate(outs if isinstance(outs, list) else ()):
        if isinstance(out, dict) and isinstance(out.get("path"), str):
            at = place("stages", name, "outs", number)  # type: ignore[operator]
            yield Output(
                normpath(out["path"]), _text(out.get("md5")), layout.LOCK, at, _number(out.get("nfiles"))
            )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
