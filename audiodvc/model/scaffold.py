"""The files of a new dataset, as text."""

from __future__ import annotations

import json
import re

from audiodvc.model.workflows import workflows

ERASED = "file,md5,date,reason\n"

# In a clone without audiodvc git merges these as text.
MERGED = (
    "db.yaml merge=audiodvc",
    "db.*.csv merge=audiodvc",
    "*.media.csv merge=audiodvc",
    "erased.csv merge=audiodvc",
    "dvc.lock merge=audiodvc",
    "validation.json merge=audiodvc",
    "*.dvc merge=audiodvc",
)

# Windows would turn the line ends of tables around, and every row would be a change.
ATTRIBUTES = (
    "db.yaml text eol=lf",
    "db.*.csv text eol=lf",
    "*.media.csv text eol=lf",
    "erased.csv text eol=lf",
    "audiodvc.yaml text eol=lf",
    "dvc.yaml text eol=lf",
    "dvc.lock text eol=lf",
    "validation.json text eol=lf",
    "*.dvc text eol=lf",
    *MERGED,
)

_HEADER = """\
# The header of the dataset, in audformat: what it is, and what its tables hold.
# A table `emotion` is declared under `tables`, and its rows are in db.emotion.csv:
#
#   schemes:
#     emotion: {{dtype: str, labels: [anger, happiness, neutral]}}
#   tables:
#     emotion: {{type: filewise, columns: {{emotion: {{scheme_id: emotion}}}}}}
name: {name}
source: unknown
usage: restricted
languages: []
schemes: {{}}
tables: {{}}
"""

_SETTINGS = """\
# Settings of audiodvc for this dataset.
# Flavors are other forms of the audio, as in `mono-16k: {channels: [0], sampling_rate: 16000}`.
flavors: {}
"""

_CHANGELOG = """\
# Changelog

What changed in each version of this dataset.
"""

_PRE_COMMIT = """\
# For those who use pre-commit: `pre-commit install` lets git run these. Without it `audiodvc install` does.
minimum_pre_commit_version: 3.2.0
default_install_hook_types: [pre-commit, pre-merge-commit, pre-push]
repos:
- repo: local
  hooks:
  - id: audiodvc-fmt
    name: audiodvc fmt
    entry: audiodvc hook fmt
    language: system
    stages: [pre-commit]
    files: '(^|/)(db\\.yaml|db\\.[A-Za-z0-9._-]+\\.csv|[^/]+\\.media\\.csv)$'
    pass_filenames: false
  - id: audiodvc-validate
    name: audiodvc validate
    entry: audiodvc hook pre-commit
    language: system
    stages: [pre-commit]
    always_run: true
    pass_filenames: false
  - id: audiodvc-merge-check
    name: audiodvc merge check
    entry: audiodvc hook pre-merge-commit
    language: system
    stages: [pre-merge-commit]
    always_run: true
    pass_filenames: false
  - id: audiodvc-push
    name: audiodvc push
    entry: audiodvc hook pre-push
    language: system
    stages: [pre-push]
    always_run: true
    pass_filenames: false
"""


def header(name: str) -> str:
    """A header that says as little as a header may."""
    return _HEADER.format(name=_scalar(name))


def files(name: str) -> dict[str, str]:
    """The files that every dataset has at its root, with what a new one has in them."""
    return {
        "db.yaml": header(name),
        "audiodvc.yaml": _SETTINGS,
        "erased.csv": ERASED,
        "CHANGELOG.md": _CHANGELOG,
    }


def repository_files(folder: str, version: str, branch: str = "main") -> dict[str, str]:
    """The files that pre-commit and GitHub read at the root of a repository.

    `folder` is that of the dataset, `version` that of audiodvc, `branch` the one whose pushes are checked.
    """
    return {".pre-commit-config.yaml": _PRE_COMMIT, **workflows(folder, version, branch)}


def attributes(old: str) -> str:
    """The text of .gitattributes with the lines added that it lacks."""
    lines = old.splitlines()
    missing = [line for line in ATTRIBUTES if line not in lines]
    separator = "" if not old or old.endswith("\n") else "\n"
    return old + separator + "".join(f"{line}\n" for line in missing)


def _scalar(text: str) -> str:
    # A JSON string is a YAML string; a plain word needs no quotes, but `1.0`, `yes` or `null` do.
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9_.-]*", text) and text.lower() not in _WORDS:
        return text
    return json.dumps(text, ensure_ascii=False)


_WORDS = frozenset("y n yes no true false on off null".split())
