"""What there is of a dataset elsewhere: its versions, and what one of them holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from audiodvc.report.document import document
from audiodvc.report.text import columns
from audiodvc.words import counted, lasting, sized

if TYPE_CHECKING:
    from audiodvc.resolve.listing import Survey
    from audiodvc.resolve.released import Released
    from audiodvc.resolve.summary import MediaSummary, Summary, TableSummary

_SAID = ("description", "author", "organization", "source", "usage")


def versions(found: Released) -> str:
    """A line for each version, the latest last."""
    return "\n".join(release.version for release in found.releases)


def versions_json(found: Released) -> str:
    """The versions with their tags and commits."""
    listed = [release._asdict() for release in found.releases]
    return document("versions", name=found.name, source=found.source, versions=listed)


def info(seen: Summary) -> str:
    """What a version holds, a line for each thing that is known."""
    said, media = seen.said, seen.media
    licenses = [said[key] for key in ("license", "license_url") if key in said]
    rows = [
        ("name", seen.identity.name),
        ("version", _version(seen)),
        ("from", seen.identity.source),
        *(
            (key, said[key])
            for key in ("description", "author", "organization", "source", "usage")
            if key in said
        ),
        ("license", ", ".join(licenses)),
        ("expires", said.get("expires", "")),
        ("languages", ", ".join(seen.languages)),
        ("media", ", ".join(_media(media))),
        *_below("tables", _tables(seen)),
        *_below(
            "attachments", (f"{name}: {counted(files, 'file')}" for name, files in seen.attachments.items())
        ),
        ("erased", counted(seen.erased, "file") if seen.erased else ""),
    ]
    return "\n".join(columns([row for row in rows if row[1]]))


def info_json(seen: Summary) -> str:
    """What a version holds, with every field."""
    identity, media = seen.identity, seen.media
    return document(
        "info",
        name=identity.name,
        source=identity.source,
        version=identity.version,
        commit=identity.commit,
        header={**seen.said, "languages": seen.languages},
        tables={
            name: {"type": one.kind, "rows": one.rows, "columns": one.columns}
            for name, one in seen.tables.items()
        },
        media={
            "files": media.files,
            "size": media.size,
            "duration": media.duration,
            "formats": media.formats,
            "channels": media.channels,
            "sampling_rates": media.sampling_rates,
            "bit_depths": media.bit_depths,
        },
        attachments=dict(seen.attachments),
        erased=seen.erased,
    )


def available(found: Survey) -> str:
    """A line for each dataset: its latest version, how many there are, and its repository."""
    rows = [
        (one.name, one.latest, counted(len(one.versions), "version"), one.repository.name)
        for one in found.datasets
    ]
    return "\n".join(columns(rows)) if rows else ""


def available_json(found: Survey) -> str:
    """The datasets with all of their versions, and what could not be learned."""
    listed = [
        {"name": one.name, "repository": one.repository.name, "latest": one.latest, "versions": one.versions}
        for one in found.datasets
    ]
    problems = [{"repository": where, "message": why} for where, why in found.problems]
    return document("available", datasets=listed, problems=problems)


def _version(seen: Summary) -> str:
    commit = seen.identity.commit[:12]
    return f"{seen.identity.version} (commit {commit})" if seen.identity.version else f"commit {commit}"


def _media(media: MediaSummary) -> Iterator[str]:
    yield counted(media.files, "file")
    if media.size is not None:
        yield sized(media.size)
    if media.duration:
        yield lasting(media.duration)
    units = ("", " channel" if media.channels == (1,) else " channels", " Hz", " bit")
    properties = (media.formats, media.channels, media.sampling_rates, media.bit_depths)
    yield from (_numbers(values) + unit for values, unit in zip(properties, units, strict=True) if values)


def _numbers(values: Iterable[object]) -> str:
    return "/".join(map(str, values))


def _tables(seen: Summary) -> Iterator[str]:
    for name, one in seen.tables.items():
        named = f" ({', '.join(one.columns)})" if one.columns else ""
        yield f"{name}: {one.kind}, {counted(one.rows, 'row')}{named}"


def _attachments(seen: Summary) -> Iterator[str]:
    for name, files in seen.attachments.items():
        yield f"{name}: {counted(files, 'file')}"


def _fields(one: TableSummary) -> dict[str, object]:
    return {"type": one.kind, "rows": one.rows, "columns": one.columns}


def _below(title: str, lines: Iterable[str]) -> list[tuple[str, str]]:
    return [("" if index else title, line) for index, line in enumerate(lines)]
