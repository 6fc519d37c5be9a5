"""The workflows of a dataset on GitHub, as text: one checks pull requests, one says what they change."""

from __future__ import annotations

import json
import re

_PLACE = ".github/workflows"

_CHECK = """\
# Checks the result that merging a pull request would have, which is what GitHub checks out for one.
name: {title}
on:
  pull_request:{paths}
  push:
    branches: [{branch}]{paths}
permissions:
  contents: read
jobs:
  check:
    runs-on: ubuntu-latest{folder}
    steps:
    - uses: actions/checkout@v4
    - uses: actions/setup-python@v5
      with:
        python-version: "3.12"
    - run: pip install "audiodvc=={version}"
    - run: audiodvc validate --format github
    - run: audiodvc fmt --check
      if: ${{{{ !cancelled() }}}}
"""

_DIFF = """\
# Says in a comment what a pull request changes in meaning. To be able to comment on one from a fork it runs
# with the rights of this repository. So it takes nothing from the pull request but texts to compare: it
# checks out the branch that the pull request is for, and neither writes nor runs a file of the other side.
name: {title}
on:
  pull_request_target:{paths}
permissions:
  contents: read
  pull-requests: write
concurrency:
  group: {name}-${{{{ github.event.pull_request.number }}}}
  cancel-in-progress: true
jobs:
  diff:
    runs-on: ubuntu-latest{folder}
    env:
      NUMBER: ${{{{ github.event.pull_request.number }}}}
      MARK: "<!-- {name} -->"
    steps:
    - uses: actions/checkout@v4
      with:
        fetch-depth: 0
    - uses: actions/setup-python@v5
      with:
        python-version: "3.12"
    - run: pip install "audiodvc=={version}"
    - name: Compare
      id: diff
      run: |
        git fetch --quiet --no-tags origin "+refs/pull/$NUMBER/head:refs/audiodvc/pull"
        echo "$MARK" > "$RUNNER_TEMP/comment.md"
        differs=0
        audiodvc diff HEAD...refs/audiodvc/pull --format markdown >> "$RUNNER_TEMP/comment.md" || differs=$?
        test "$differs" -le 1
        echo "differs=$differs" >> "$GITHUB_OUTPUT"
    - name: Comment
      env:
        DIFFERS: ${{{{ steps.diff.outputs.differs }}}}
        GH_TOKEN: ${{{{ github.token }}}}
      run: |
        issues="repos/$GITHUB_REPOSITORY/issues"
        own=".[] | select(.user.type == \\"Bot\\" and (.body | startswith(\\"$MARK\\"))) | .id"
        earlier=$(gh api --paginate "$issues/$NUMBER/comments" --jq "$own" | head -n 1)
        if [ -n "$earlier" ]; then
          gh api --silent --method PATCH "$issues/comments/$earlier" --field "body=@$RUNNER_TEMP/comment.md"
        elif [ "$DIFFERS" = 1 ]; then
          gh api --silent --method POST "$issues/$NUMBER/comments" --field "body=@$RUNNER_TEMP/comment.md"
        fi
"""


def workflows(folder: str, version: str, branch: str) -> dict[str, str]:
    """The files for a dataset in this folder of its repository.

    `version` is that of audiodvc which they install, and `branch` the one whose pushes are checked.
    """
    slug = re.sub(r"[^A-Za-z0-9_-]+", "-", folder).strip("-")
    name = f"audiodvc-{slug}" if folder else "audiodvc"
    title = f"audiodvc {folder}" if folder else "audiodvc"
    inside = f"\n    defaults:\n      run:\n        working-directory: {json.dumps(folder)}"
    common = {
        "version": version,
        "paths": f"\n    paths: [{json.dumps(f'{folder}/**')}]" if folder else "",
        "folder": inside if folder else "",
    }
    check = _CHECK.format(title=json.dumps(title), branch=json.dumps(_pattern(branch)), **common)
    diff = _DIFF.format(title=json.dumps(f"{title} diff"), name=f"{name}-diff", **common)
    return {f"{_PLACE}/{name}.yaml": check, f"{_PLACE}/{name}-diff.yaml": diff}


def _pattern(branch: str) -> str:
    # GitHub reads a pattern there; git allows these of its marks in a name.
    return re.sub(r"[+!]", r"\\\g<0>", branch)
