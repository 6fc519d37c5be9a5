"""The pages of the reference that are made from the code.

`python -m audiodvc.cli.reference DIR` writes them.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import click

from audiodvc.cli.main import audiodvc
from audiodvc.report.reference import rules_page

_HEAD = """\
# Command line

<!-- Made by `make docs` from the commands themselves: change those. -->

What was asked for stands on stdout, everything else on stderr. Progress bars and colours appear on a terminal
only, and no colours where `NO_COLOR` is set. Every verb has `-h` and `--help`.

| exit code | means |
|---|---|
| 0 | all is well |
| 1 | there is something to look at: faults, changes, conflicts |
| 2 | the call makes no sense as it was typed |
| 3 | the work was given up: the message has the reason, the place and a way out |
| 70 | audiodvc itself failed; the message names a file to send with a report |
| 130 | Ctrl-C |
"""


def command_line_page() -> str:
    """All verbs with their arguments and options."""
    group = click.Context(audiodvc, info_name="audiodvc")
    lines = [_HEAD, "## audiodvc\n", *_described(group)]
    for name in audiodvc.list_commands(group):
        verb = audiodvc.get_command(group, name)
        if verb is not None and not verb.hidden:
            lines += _section(click.Context(verb, group, info_name=name), "##")
    return "\n".join(lines) + "\n"


def _section(context: click.Context, mark: str) -> Iterator[str]:
    """A verb, and those that it has of its own."""
    verb = context.command
    yield from (f"\n{mark} {context.info_name}\n", *_described(context))
    if isinstance(verb, click.Group):
        for name in verb.list_commands(context):
            inner = verb.get_command(context, name)
            if inner is not None:
                yield from _section(click.Context(inner, context, info_name=name), f"{mark}#")


PAGES: Mapping[str, Callable[[], str]] = MappingProxyType(
    {"command-line.md": command_line_page, "rules.md": rules_page}
)
"""Each page by the name of its file."""


def write(folder: Path) -> None:
    """Write all pages into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in PAGES.items():
        (folder / name).write_text(make(), encoding="utf-8")


def _described(context: click.Context) -> Iterator[str]:
    command = context.command
    yield f"    {context.command_path} {' '.join(command.collect_usage_pieces(context))}\n"
    yield inspect.cleandoc((command.help or "").partition("\f")[0])
    records = [record for option in command.get_params(context) if (record := _record(option, context))]
    if records:
        yield ""
        yield from (f"- `{words}`: {' '.join(said.split())}" for words, said in records)


def _record(option: click.Parameter, context: click.Context) -> tuple[str, str] | None:
    said_above = "--help" in option.opts
    return None if said_above or not isinstance(option, click.Option) else option.get_help_record(context)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
