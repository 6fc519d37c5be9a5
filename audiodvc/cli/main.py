"""The command `audiodvc`: finds the verb, and turns what went wrong into an exit code."""

from __future__ import annotations

import codecs
import gc
import io
import os
import sys
import tempfile
import traceback
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import NoReturn

import click

from audiodvc import __version__
from audiodvc.adapters import disk
from audiodvc.cli.console import Console, harmless, unheeded
from audiodvc.errors import AudiodvcError, NotADatasetError
from audiodvc.report.look import failure, plain
from audiodvc.words import redact

# Verb -> what it does. A verb lives in the module of its name and is imported when it is called.
VERBS = {
    "init": "make a dataset of a folder",
    "add": "track media with DVC, and list them in a media index",
    "fmt": "bring tables, indexes and header into canonical form",
    "validate": "every fault of labels and media, with its line",
    "flavor": "other forms of the audio, built by stages of DVC",
    "status": "what is changed, staged and not pushed",
    "diff": "what changed in meaning: labels, segments, header, media",
    "blame": "who set a label, when, and in which version",
    "conflicts": "what both sides of a merge changed, and nobody has settled yet",
    "resolve": "settle conflicts: ours, theirs, base, or a value of its own",
    "install": "let git check labels, merge them and bring media: hooks and drivers of this clone",
    "uninstall": "take these out again",
    "doctor": "check that this clone has all that it needs",
    "release": "make a version: check, push media, write the changelog, tag",
    "erase": "take recordings out of every version, remote and cache",
    "publish": "make the next version of a dataset from a folder with an audformat database",
    "import-audb": "bring all versions of a dataset from a repository of audb",
    "get": "bring a version of a dataset, with its media, and print its folder",
    "versions": "the versions that a dataset has",
    "info": "what a version of a dataset holds",
    "available": "the datasets of the configured repositories",
    "cached": "what is in the cache",
    "verify": "check every file of the cache against what it has to be",
    "gc": "make room in the cache",
    "demo": "make a small dataset and show what audiodvc does with it",
}

# What programs call, and the list of verbs leaves out.
HIDDEN = ("hook", "textconv", "merge-driver")

_COULD_NOT, _BUG, _INTERRUPTED = 3, 70, 130


class Verbs(click.Group):
    """A group that knows its verbs by name, so that a call imports one of them only."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All verbs, in the order in which one meets them."""
        del ctx
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb of a name."""
        del ctx
        if cmd_name not in (*VERBS, *HIDDEN):
            return None
        command: click.Command = import_module(f"audiodvc.cli.{cmd_name.replace('-', '_')}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The verb that the first word names; one that is nearly named is suggested."""
        if args[0] not in (*VERBS, *HIDDEN):
            from difflib import get_close_matches

            near = get_close_matches(args[0], VERBS, n=1)
            ctx.fail(f"No such verb {args[0]!r}.{f' Did you mean {near[0]!r}?' if near else ''}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs without importing them."""
        del ctx
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "-C", "folder", type=click.Path(path_type=Path), default=Path(), metavar="DIR", help="Run as if in DIR."
)
@click.option("-q", "--quiet", is_flag=True, help="Print results and errors only.")
@click.version_option(__version__, prog_name="audiodvc")
@click.pass_context
def audiodvc(ctx: click.Context, folder: Path, *, quiet: bool) -> None:
    """Version control for audio datasets: git for labels, DVC for sound."""
    _refuse_nowhere(folder)
    ctx.obj = Console(folder, quiet=quiet)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code."""
    # A call makes many long-lived values and few cycles: with Python's own threshold a fifth of
    # `add`'s time on 50,000 files goes into looking for garbage.
    gc.set_threshold(200_000, 50, 50)
    _mend_streams()
    try:
        code = audiodvc.main(arguments, prog_name="audiodvc", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        _complain(_complaint(error))
        return error.exit_code
    except BrokenPipeError:
        # Whoever read us has seen enough; Python would complain once more when it flushes at exit.
        sys.stdout = sys.stderr
        return _COULD_NOT
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the one place where errors end
        code, message = _ending(error)
        _complain(f"audiodvc: {message}")
    return code if isinstance(code, int) else 0


def _complain(text: str) -> None:
    """Say on standard error what went wrong; where nothing can be written the exit code has to do."""
    try:
        click.echo(unheeded(text), err=True)
    except OSError:
        # Python would try again when it ends, and end with a code of its own.
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 - as long as the process


def _refuse_nowhere(folder: Path) -> None:
    """Refuse a call from a folder that is not there."""
    try:
        Path.cwd()
    except FileNotFoundError:
        hint = "`cd` to one that is there"
        raise NotADatasetError("the current folder does not exist any more", hint=hint) from None
    if not folder.is_dir():
        raise NotADatasetError(f"{folder}: no such folder", hint="-C names it")


def _mend_streams() -> None:
    """Let every stream be there, and take every character."""
    # What a caller has closed would else be the number of the next file that is opened here.
    while (number := os.open(os.devnull, os.O_RDWR)) <= _STANDARD_ERROR:
        pass
    os.close(number)
    nowhere = Path(os.devnull)
    sys.stdin = sys.stdin or nowhere.open()
    sys.stdout = sys.stdout or nowhere.open("w")
    sys.stderr = sys.stderr or nowhere.open("w")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors=_ESCAPE)


def _escaped(error: UnicodeError) -> tuple[str | bytes, int]:
    """What an encoding lacks, as JSON would have it; bytes of file names as they were."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    found = error.object[error.start : error.end]
    try:
        return found.encode("ascii", "surrogateescape"), error.end
    except UnicodeEncodeError:
        import json

        return json.dumps(found)[1:-1], error.end


_STANDARD_ERROR = 2
_ESCAPE = "audiodvc.escape"
codecs.register_error(_ESCAPE, _escaped)


def _ending(error: BaseException) -> tuple[int, str]:
    """The exit code and the last words for what went wrong."""
    match error:
        case AudiodvcError():
            return error.exit_code, failure(error)
        case click.Abort() | KeyboardInterrupt():
            return _INTERRUPTED, "interrupted; nothing is half done, run it again to go on"
        case OSError():
            return _COULD_NOT, plain(_refusal(error))
        case RuntimeError() if str(error).startswith("Symlink loop"):  # of pathlib, before Python 3.13
            return _COULD_NOT, plain(f"{str(error).partition('from ')[2]} is a link that leads to itself")
        case _:
            return _BUG, f"this is a bug in audiodvc; {_where_told()}"


def _refusal(error: OSError) -> str:
    """What the system refused, where, and what next."""
    names = (error.filename2, error.filename)  # where a link cannot be made is the second
    place = next((name for name in names if isinstance(name, str)), "the system")
    hint = disk.advice(error)
    return f"{place}: {error.strerror or error}{f' ({hint})' if hint else ''}"


def _complaint(error: click.ClickException) -> str:
    """What click says of the words of a call."""
    said = io.StringIO()
    error.show(said)
    return harmless(said.getvalue().rstrip("\n"))


def _where_told() -> str:
    """Where the traceback is."""
    try:
        return f"the traceback is in {_write_traceback()}"
    except OSError as error:
        return f"its traceback cannot be written: {plain(_refusal(error))}"


def _write_traceback() -> str:
    with tempfile.NamedTemporaryFile(
        "w", prefix="audiodvc-bug-", suffix=".txt", delete=False, encoding="utf-8"
    ) as file:
        file.write(f"audiodvc {__version__}, Python {sys.version}\n{redact(traceback.format_exc())}")
    return file.name
