"""What DVC's files say, read as text: pointers (`audio.dvc`) and the outputs in `dvc.lock`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from posixpath import dirname, join, normpath
from typing import NamedTuple

import yaml

from audiodvc.errors import FormatError
from audiodvc.finding import Finding, Place
from audiodvc.model import layout
from audiodvc.model.yamltext import Codes, read

_TOO_MUCH = 2**63  # no table has room for it, and no disk
_CODES = Codes("AD001", "AD001")
_WRITTEN = frozenset(("md5", "size", "nfiles", "hash", "path"))
_PLAIN = frozenset(("outs", "meta", "desc"))
_PLAIN_OUT = frozenset(("md5", "size", "nfiles", "hash", "path", "desc", "type", "labels", "meta"))


class Listed(NamedTuple):
    """A file that a pointer names: its path in the folder, its object and size."""

    path: str
    md5: str
    size: int | None


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
    is_import: bool = False
    """Whether it was brought from elsewhere, and is updated from there."""
    is_stored: bool = True
    """Whether the default remote has its objects."""
    is_old: bool = False
    """Whether its objects are where DVC 2 kept them."""
    remote: str = ""
    """The remote that its objects go to, if not the default one."""
    listed: tuple[Listed, ...] = ()
    """The files of a folder, where the pointer itself names them."""

    @property
    def is_folder(self) -> bool:
        """Whether the object is a directory object."""
        return self.md5.endswith(".dir")

    def object(self, md5: str) -> str:
        """The name that an object of it has in a remote."""
        return old_name(md5) if self.is_old else md5


def old_name(md5: str) -> str:
    """The name of an object that is where DVC 2 kept it: its place, since none of DVC 3 is there."""
    return f"{md5[:2]}/{md5[2:]}"


def parse(data: bytes, path: str) -> Output | None:
    """The output of a pointer at a path; None if it is not one of exactly one output."""
    found = outputs(data, path)
    return found[0] if len(found) == 1 else None


def outputs(data: bytes, path: str) -> tuple[Output, ...]:
    """All outputs of a pointer, or none if any of them cannot be understood."""
    document = read(data, path, _CODES)
    root = document.data if isinstance(document.data, dict) else {}
    outs = root.get("outs")
    if not isinstance(outs, list) or not all(_has_path(out) for out in outs):
        return ()
    folder = join(dirname(path), _text(root.get("wdir")) or ".")
    meta, deps = root.get("meta"), _entries(root.get("deps"))
    ours = meta.get("audiodvc") if isinstance(meta, dict) else None
    return tuple(
        Output(
            normpath(join(folder, out["path"])),
            _text(out.get("md5")),
            path,
            document.place("outs", number, "md5"),
            _number(out.get("nfiles")),
            _number(out.get("size")),
            _text(ours.get("index")) if isinstance(ours, dict) else None,
            is_import=bool(root.get("deps")),
            is_stored=_is_stored(out) and not any("repo" in dep for dep in deps),
            is_old="hash" not in out,
            remote=_text(out.get("remote")),
            listed=tuple(_listed(out.get("files"))),
        )
        for number, out in enumerate(outs)
    )


def dump(output: Output, old: bytes = b"") -> bytes:
    """The text of the pointer of a file or folder, as DVC writes it; its own words in an old one stay."""
    root = read(old, output.source, _CODES).data if old else None
    kept = root if isinstance(root, dict) else {}
    outs = kept.get("outs")
    out: dict[str, object] = {"md5": output.md5}
    out |= {} if output.size is None else {"size": output.size}
    out |= {} if output.nfiles is None else {"nfiles": output.nfiles}
    out |= {"hash": "md5", "path": output.path.rpartition("/")[2]}
    if isinstance(outs, list) and outs and isinstance(outs[0], dict):
        out |= {key: value for key, value in outs[0].items() if key not in _WRITTEN}
    meta = kept.get("meta")
    ours = {**(meta if isinstance(meta, dict) else {}), "audiodvc": {"index": output.index}}
    rest = {key: value for key, value in kept.items() if key not in ("outs", "meta")}
    data = {"outs": [out], **rest, "meta": ours}
    text: str = yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=2**31)
    return text.encode()


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


def stage_outputs(data: bytes, declared: bytes = b"") -> dict[str, tuple[Output, ...]]:
    """The outputs of each stage in `dvc.lock`, as `dvc.yaml` declares them; what cannot be read has none."""
    document = read(data, layout.LOCK, _CODES)
    root = document.data if isinstance(document.data, dict) else {}
    stages = root.get("stages")
    found = stages.items() if isinstance(stages, dict) else ()
    kept = _declared(declared)
    return {
        name: tuple(_outs(stage, name, document.place, kept.get(name.partition("@")[0], _PLAIN_STAGE)))
        for name, stage in found
        if isinstance(stage, dict) and isinstance(name, str)
    }


@dataclass(frozen=True, slots=True)
class _Stage:
    """Of a stage in `dvc.yaml`: the folder that it runs in, and which paths do not go to the remote."""

    folder: str = "."
    unstored: tuple[re.Pattern[str], ...] = ()


_PLAIN_STAGE = _Stage()
_TEMPLATE = re.compile(r"\$\{[^}]*\}")


def _declared(data: bytes) -> dict[str, _Stage]:
    root = read(data, layout.STAGES, _CODES).data
    stages = root.get("stages") if isinstance(root, dict) else None
    found = stages.items() if isinstance(stages, dict) else ()
    return {name: _stage(one.get("do", one)) for name, one in found if isinstance(one, dict)}


def _stage(body: object) -> _Stage:
    if not isinstance(body, dict):
        return _PLAIN_STAGE
    kinds = (body.get(kind) for kind in ("outs", "metrics", "plots"))
    options = [pair for kind in kinds for entry in _entries(kind) for pair in entry.items()]
    unstored = [path for path, said in options if isinstance(said, dict) and not _is_stored(said)]
    return _Stage(_text(body.get("wdir")) or ".", tuple(_pattern(str(path)) for path in unstored))


def _pattern(path: str) -> re.Pattern[str]:
    """What a path may be once its `${…}` are filled in."""
    return re.compile(".*".join(re.escape(part) for part in _TEMPLATE.split(path)))


def _is_stored(out: Mapping[object, object]) -> bool:
    """Whether DVC brings an output to the default remote."""
    return out.get("cache") is not False and out.get("push") is not False and not out.get("remote")


def _outs(stage: Mapping[str, object], name: str, place: object, declared: _Stage) -> Iterator[Output]:
    outs = stage.get("outs")
    for number, out in enumerate(outs if isinstance(outs, list) else ()):
        if isinstance(out, dict) and isinstance(out.get("path"), str):
            yield Output(
                normpath(join(declared.folder, out["path"])),
                _text(out.get("md5")),
                layout.LOCK,
                place("stages", name, "outs", number),  # type: ignore[operator]
                _number(out.get("nfiles")),
                _number(out.get("size")),
                is_stored=not any(one.fullmatch(out["path"]) for one in declared.unstored),
                is_old="hash" not in out,
            )


def _has_path(out: object) -> bool:
    return isinstance(out, dict) and isinstance(out.get("path"), str)


def _listed(files: object) -> Iterator[Listed]:
    for one in _entries(files):
        yield Listed(_text(one.get("relpath")), _text(one.get("md5")), _number(one.get("size")))


def _entries(value: object) -> Iterable[dict[object, object]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if value < _TOO_MUCH else None


def rewritten(data: bytes, old: Output, new: Output) -> bytes:
    """A pointer that says another object; all else in it stays byte for byte."""
    text = data
    for key in ("md5", "size", "nfiles", "index"):
        was, now = getattr(old, key), getattr(new, key)
        if was is not None and was != now:
            said = rf"(?m)^([ -]*{key}:[ ]*)(['\"]?){re.escape(str(was))}\2[ ]*$".encode()
            text = re.sub(said, rb"\g<1>" + _scalar(str(now)).encode(), text, count=1)
    if parse(text, old.source) != new:
        raise FormatError(f"{old.source} cannot be edited", hint="is it written as `dvc add` writes it?")
    return text


# To DVC's YAML these are numbers, unless they stand in quotes.
_NUMBER = re.compile(r"[0-9]+(?:e[0-9]+)?")


def _scalar(text: str) -> str:
    return f"'{text}'" if _NUMBER.fullmatch(text) and len(text) > _LONGEST_NUMBER else text


_LONGEST_NUMBER = 30  # a size has fewer digits, the name of an object more
