"""`audiodvc flavor`."""

from __future__ import annotations

import os

import click

from audiodvc.cli import options, wish
from audiodvc.cli.console import Console
from audiodvc.project import dataset, flavors
from audiodvc.project.build import build
from audiodvc.project.building import conversions
from audiodvc.report import flavor as report


@click.group(name="flavor")
def command() -> None:
    """Other forms of the audio, built by stages of DVC.

    `dvc repro` builds what is not up to date, and `dvc push` shares it.
    """


@command.command(name="add")
@click.argument("name")
@wish.options
@click.option("--force", is_flag=True, help="Let a flavor of this name be another one from now on.")
@click.pass_obj
def add(  # noqa: PLR0913 - one parameter for each option
    console: Console,
    name: str,
    *,
    bit_depth: str | None,
    channels: str | None,
    form: str | None,
    mixdown: bool,
    sampling_rate: str | None,
    force: bool,
) -> None:
    """Write the flavor NAME into the settings, and a stage that builds it into dvc.yaml.

    Both are staged; `dvc repro` builds it.
    """
    found = dataset.find(console.folder)
    flavor = wish.flavor_of(bit_depth, channels, form, sampling_rate, mixdown=mixdown)
    console.result(report.added(flavors.add(found, name, flavor, force=force)))


@command.command(name="build")
@click.argument("name")
@click.option(
    "--executor",
    metavar="local|dask:ADDRESS",
    envvar="AUDIODVC_EXECUTOR",
    default="local",
    help="Who converts: processes here, or a Dask cluster, which asks the DVC remote (extra `dask`).",
)
@click.option(
    "--workers",
    type=options.Count(min=1),
    metavar="N",
    help="Processes; without it as many as there are cores.",
)
@click.pass_obj
def build_one(console: Console, name: str, *, executor: str, workers: int | None) -> None:
    """Build the flavor NAME: what its stage runs.

    Converts what was not converted before, in this or the last commit, and brings from the remote what the
    cache lacks for that.
    """
    crew = conversions.executor(executor, workers or os.cpu_count() or 1)
    console.result(report.built(build(dataset.find(console.folder), name, console.progress, crew)))


@command.command(name="list")
@click.option(
    "--format",
    "form",
    type=click.Choice(list(report.FORMATS)),
    default="text",
    show_default=True,
    help="For people or for programs.",
)
@click.pass_obj
def list_all(console: Console, *, form: str) -> None:
    """List the flavors: what each is, and whether what there is of it is up to date."""
    rows = flavors.listed(dataset.find(console.folder))
    console.result(report.FORMATS[form](rows))


@command.command(name="remove")
@click.argument("name")
@click.pass_obj
def remove(console: Console, name: str) -> None:
    """Take the flavor NAME out of the dataset; versions that have it keep it."""
    console.result(report.removed(flavors.remove(dataset.find(console.folder), name)))
