"""Calls that a forked process makes as well as any other: there they are made in a fresh process.

In a process that was forked polars waits for ever; but audb works there, so that the workers of data loaders
load what they need.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import lru_cache, wraps
from pathlib import Path
from typing import Any, NamedTuple, ParamSpec, TypeVar

from audiodvc.adapters.forked import Proxy, is_fork
from audiodvc.resolve import config

Words = ParamSpec("Words")
Result = TypeVar("Result")


def anywhere(call: Callable[Words, Result]) -> Callable[Words, Result]:
    """The call as one that can be made in a forked process; what it takes and gives is pickled then."""

    @wraps(call)
    def made(*words: Words.args, **more: Words.kwargs) -> Result:
        if not is_fork():
            return call(*words, **more)
        settings = _Settings(str(Path.cwd()), dict(os.environ), config.given())
        result: Result = _helper(os.getpid())((made, words, more, settings))
        return result

    return made


class _Settings(NamedTuple):
    """What a call depends on beside its words."""

    folder: str
    environment: Mapping[str, str]
    given: config.Given


@lru_cache(maxsize=1)
def _helper(process: int) -> Proxy:
    """The fresh process of a forked one."""
    del process  # a fork of a fork has one of its own
    return Proxy(_make)


def _make(asked: tuple[Callable[..., Any], tuple[Any, ...], Mapping[str, Any], _Settings]) -> object:
    call, words, more, settings = asked
    os.chdir(settings.folder)
    os.environ.clear()
    os.environ.update(settings.environment)
    config.give(settings.given)
    return call(*words, **more)
