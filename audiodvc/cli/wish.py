"""Options that say what the audio should be."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

import click

from audiodvc.errors import UsageError
from audiodvc.model.flavor import BIT_DEPTHS, FORMATS, Flavor

Command = TypeVar("Command", bound=Callable[..., Any])


def options(command: Command) -> Command:
    """What the audio should be."""
    wishes = (
        click.option("--bit-depth", metavar="BITS", help=f"{', '.join(map(str, BIT_DEPTHS))}."),
        click.option(
            "--channels", metavar="LIST", help="Channels from 0, such as 0 or 0,1; -1 is the last one."
        ),
        click.option("--format", "form", metavar="FORMAT", help=f"{' or '.join(FORMATS)}."),
        click.option("--mixdown", is_flag=True, help="The mean of the channels."),
        click.option("--sampling-rate", metavar="HZ", help="Samples a second."),
    )
    for wish in reversed(wishes):
        command = wish(command)
    return command


def flavor_of(
    bit_depth: str | None,
    channels: str | None,
    form: str | None,
    sampling_rate: str | None,
    *,
    mixdown: bool,
) -> Flavor:
    """The flavor that these options ask for."""
    numbers = channels.split(",") if channels is not None else None
    try:
        return Flavor(
            bit_depth=bit_depth, channels=numbers, format=form, mixdown=mixdown, sampling_rate=sampling_rate
        )
    except ValueError as error:
        raise UsageError(re.sub(r"^(\w+):", _option, str(error))) from error


def _option(found: re.Match[str]) -> str:
    """A field as the option that sets it."""
    return f"--{found[1].replace('_', '-')}:"
