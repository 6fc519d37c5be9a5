"""Every call of git: a cleaned environment, and names separated by NUL."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from audiodvc.adapters.process import Completed, run
from audiodvc.errors import GitError

# What `git rev-parse --local-env-vars` lists: git sets these for its hooks, and a call into any
# other repository that inherits them reads and writes the wrong one.
LOCAL_VARIABLES = frozenset(
    """GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_CONFIG GIT_CONFIG_PARAMETERS GIT_CONFIG_COUNT
    GIT_OBJECT_DIRECTORY GIT_DIR GIT_WORK_TREE GIT_IMPLICIT_WORK_TREE GIT_GRAFT_FILE GIT_INDEX_FILE
    GIT_NO_REPLACE_OBJECTS GIT_REPLACE_REF_BASE GIT_PREFIX GIT_INTERNAL_SUPER_PREFIX
    GIT_SHALLOW_FILE GIT_COMMON_DIR""".split()
)


def environment() -> dict[str, str]:
    """The environment without what ties git to the repository whose hook is running."""
    kept = {name: value for name, value in os.environ.items() if name not in LOCAL_VARIABLES}
    return {**kept, "GIT_OPTIONAL_LOCKS": "0"}  # who only looks needs no room on the disk, and no lock


def top(folder: Path) -> Path | None:
    """The work tree that a folder lies in; None only where git says that there is no repository."""
    # The words are compared, so they have to be English.
    env = {**environment(), "LC_ALL": "C"}
    done = run(["git", "rev-parse", "--show-toplevel"], cwd=folder, env=env)
    if done.code == 0 and done.stdout:
        return Path(os.fsdecode(done.stdout[:-1]))
    if done.complaint.startswith(_NO_REPOSITORY):
        if (folder / ".git" / "objects").is_dir():
            what = f"git takes {folder.absolute() / '.git'} for no repository"
            raise GitError(what, hint="mend its HEAD, or clone again")
        return None
    if _NO_WORK_TREE in done.complaint:
        what = f"{folder.absolute()} belongs to git itself, and is no work tree"
        raise GitError(what, hint="work in a clone")
    details = [line for line in done.complaint.splitlines() if line.strip()]
    hint = _advice(done.complaint)
    raise GitError(f"git gives no work tree for {folder.absolute()}", hint=hint, details=details)


def init(folder: Path) -> None:
    """Make a repository whose first branch is `main`."""
    _git(["init", "--quiet", "--initial-branch=main"], folder)


def object_format(root: Path) -> str:
    """How a repository names its objects: `sha1` or `sha256`."""
    return _git(["rev-parse", "--show-object-format"], root).decode().strip()


def init_bare(folder: Path) -> None:
    """Make a repository without a work tree and without samples of hooks, whose first branch is `main`."""
    _git(["init", "--quiet", "--bare", "--initial-branch=main", "--template="], folder)


def add(root: Path, paths: Iterable[str]) -> None:
    """Stage these paths, whatever the user's ignore files say of them."""
    _git(["add", "--force", "--pathspec-from-file=-", "--pathspec-file-nul"], root, stdin=_literal(paths))


def tracked(root: Path, paths: Sequence[str]) -> list[str]:
    """The files at or below these paths that git tracks."""
    return _names(_git(["ls-files", "-z", "--", *_pathspecs(paths)], root))


def listed(root: Path, *patterns: str) -> list[str]:
    """The files that match a pattern and that git tracks, or would if they were added."""
    options = ["-z", "--cached", "--others", "--exclude-standard"]
    return sorted(set(_names(_git(["ls-files", *options, "--", *patterns], root))))


def is_ignored(root: Path, path: str) -> bool:
    """Whether an ignore file keeps git from a path."""
    return _try(["check-ignore", "--quiet", "--no-index", "--", path], root).code == 0


def blob_id(root: Path, data: bytes) -> str:
    """The name that git gives to these bytes."""
    return _git(["hash-object", "--stdin"], root, stdin=data).decode().strip()


def head(root: Path) -> str | None:
    """The commit that is checked out, if there is one yet."""
    done = _try(["rev-parse", "--verify", "--quiet", "HEAD"], root)
    return done.stdout.decode().strip() if done.code == 0 else None


def branch(root: Path) -> str | None:
    """The branch that is checked out; None when HEAD is detached."""
    done = _try(["symbolic-ref", "--quiet", "--short", "HEAD"], root)
    return done.stdout.decode().strip() if done.code == 0 else None


def tags(root: Path, *, merged: str | None = None) -> list[str]:
    """The tags of the repository, or those that a revision contains."""
    only = [f"--merged={merged}"] if merged else []
    return _git(["tag", "--list", *only], root).decode().split()


def distance(root: Path, older: str) -> int:
    """How many commits lie between a revision and HEAD."""
    return int(_git(["rev-list", "--count", f"{older}..HEAD"], root))


def ahead_behind(root: Path) -> tuple[int, int] | None:
    """How far the branch is before and behind its upstream, if it has one."""
    done = _try(["rev-list", "--count", "--left-right", "HEAD...@{upstream}"], root)
    if done.code:
        return None
    ahead, behind = done.stdout.split()
    return int(ahead), int(behind)


def changes(root: Path, folder: str = ".") -> dict[str, str]:
    """Path -> the two letters of `git status`: staged, and changed in the folder."""
    options = ["--porcelain=v1", "-z", "--untracked-files=all", "--no-renames"]
    names = _names(_git(["status", *options, "--", folder], root))
    return {name[3:]: name[:2] for name in names}


def show(root: Path, revision: str, path: str) -> bytes | None:
    """The bytes of a file at a revision (`HEAD`, or empty for the index); None if it is not there."""
    done = _try(["cat-file", "blob", f"{revision}:{path}"], root)
    return done.stdout if done.code == 0 else None


def has(root: Path, revision: str, path: str) -> bool:
    """Whether a revision (the index, if it is empty) has a file, by its name from the folder."""
    return _try(["cat-file", "-e", f"{revision}:./{path}"], root, own_index=True).code == 0


def unmerged(root: Path) -> list[str]:
    """The files of the index whose conflict is not resolved."""
    listed = _names(_git(["ls-files", "-z", "--unmerged", "--", "."], root, own_index=True))
    return sorted({line.partition("\t")[2] for line in listed})


def index_entries(root: Path) -> dict[str, tuple[str, str]]:
    """Path -> mode and blob of what the next commit will hold; of a conflict, our side.

    Inside a hook that is the index which git named, not always the one of the repository.
    """
    listed = _names(_git(["ls-files", "-z", "--stage", "--", "."], root, own_index=True))
    entries = (line.partition("\t") for line in listed)
    staged = ((path, fields.split()) for fields, _, path in entries)
    return {path: (mode, blob) for path, (mode, blob, stage) in staged if stage in "02"}


def modes(root: Path, path: str) -> dict[str, str]:
    """Path -> mode of what git tracks at or below a path, as it is staged."""
    listed = _names(_git(["ls-files", "-z", "--stage", "--", *_pathspecs([path])], root))
    entries = (line.partition("\t") for line in listed)
    return {name: fields.split()[0] for fields, _, name in entries}


def tree_entries(root: Path, revision: str) -> dict[str, tuple[str, str]]:
    """Path -> mode and blob of the files of a revision, below a folder."""
    commit = resolve(root, revision)
    listed = _names(_git(["ls-tree", "-r", "-z", commit, "--", "."], root))
    entries = (line.partition("\t") for line in listed)
    return {path: (fields.split()[0], fields.split()[2]) for fields, _, path in entries}


def resolve(root: Path, revision: str) -> str:
    """The commit that a revision names."""
    if not revision.startswith("-"):
        done = _try(["rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"], root)
        if done.code == 0:
            return done.stdout.decode().strip()
    if revision.startswith("HEAD") and head(root) is None:
        raise GitError(f"{root} has no commit yet", hint="`git commit` makes the first one")
    raise GitError(f"there is no revision '{revision}' in {root}", hint="`git log` and `git tag` list them")


def tips(root: Path) -> dict[str, str]:
    """Every branch and tag, those of other repositories as they were fetched too, and its commit."""
    form = "--format=%(refname)%00%(objecttype)%00%(objectname)%00%(*objecttype)%00%(*objectname)"
    lines = os.fsdecode(_git(["for-each-ref", form], root)).splitlines()
    found = {name: (rest[0:2], rest[2:4]) for name, *rest in (line.split("\0") for line in lines)}
    return {
        name: commit
        for name, pairs in found.items()
        for kind, commit in pairs
        if kind == "commit" and not name.startswith("refs/stash")
    }


def past(root: Path, *patterns: str) -> set[tuple[str, str]]:
    """Path from the top and blob of all files, in all commits of all refs, whose path matches a pattern."""
    options = ["--all", "--raw", "-z", "-m", "--root", "--format=", "--no-renames", "--no-abbrev"]
    globs = [f":(top,glob){pattern}" for pattern in patterns]
    words = _names(_git(["log", *options, "--no-relative", "--no-ext-diff", "--", *globs], root))
    found, blob = set[tuple[str, str]](), ""
    for word in words:
        if word.startswith(":") and not blob:
            mode, blob = word.split()[1], word.split()[3]
            blob = blob if mode.startswith("100") else "-"
        elif blob:
            found |= {(word, blob)} - {(word, "-")}
            blob = ""
    return found


def is_shallow(root: Path) -> bool:
    """Whether commits are missing, since the clone was told to be without them."""
    return _git(["rev-parse", "--is-shallow-repository"], root).strip() == b"true"


def common_folder(root: Path) -> Path:
    """The folder that git keeps for a repository and all its worktrees."""
    return Path(os.fsdecode(_git(["rev-parse", "--path-format=absolute", "--git-common-dir"], root)[:-1]))


def commit_only(root: Path, paths: Sequence[str], message: str) -> str:
    """Commit these paths as they are in the folder, whatever else is staged; hooks are not run."""
    words = ["commit", "--quiet", "--no-verify", "--only", f"--message={message}"]
    _git([*words, "--pathspec-from-file=-", "--pathspec-file-nul"], root, stdin=_literal(paths))
    return resolve(root, "HEAD")


def fetch(root: Path, remote: str) -> str:
    """Learn the branches and tags of a remote, tags apart from one's own; the name of its default branch."""
    specs = [
        f"+refs/heads/*:refs/remotes/{remote}/*",
        f"+refs/tags/*:refs/audiodvc/{remote}/tags/*",
    ]
    _git(["fetch", "--quiet", "--no-tags", "--prune", remote, *specs], root)
    said = os.fsdecode(_git(["ls-remote", "--symref", remote, "HEAD"], root))
    for line in said.splitlines():
        if line.startswith("ref: "):
            return line.removeprefix("ref: ").partition("\t")[0].removeprefix("refs/heads/")
    place = f"refs/remotes/{remote}/"
    return usual_branch(ref.removeprefix(place) for ref in tips(root) if ref.startswith(place))


def usual_branch(names: Iterable[str]) -> str:
    """The branch that one would take for the default one, where a repository names none that it has."""
    known = sorted(names)
    usual = [name for name in ("main", "master") if name in known]
    return usual[0] if usual else known[0] if len(known) == 1 else ""


def merge_base(root: Path, one: str, other: str) -> str:
    """The commit at which two revisions parted."""
    commits = resolve(root, one), resolve(root, other)
    done = _try(["merge-base", *commits], root)
    if done.code:
        raise GitError(f"'{one}' and '{other}' have no commit in common in {root}")
    return done.stdout.decode().strip()


def blobs(root: Path, names: Iterable[str]) -> dict[str, bytes]:
    """The contents of blobs by their names, from one process."""
    wanted = sorted(set(names))
    output = _git(["cat-file", "--batch"], root, stdin="".join(f"{name}\n" for name in wanted).encode())
    found: dict[str, bytes] = {}
    at = 0
    for name in wanted:
        end = output.index(b"\n", at)
        fields = output[at:end].split()
        if len(fields) != _FIELDS:
            raise GitError(f"blob {name} is missing in {root}", hint="`git fsck` tells more")
        size = int(fields[2])
        found[name] = output[end + 1 : end + 1 + size]
        at = end + 1 + size + 1
    return found


def setting(root: Path, name: str) -> str | None:
    """A value of git's configuration."""
    done = _try(["config", "--get", name], root)
    return done.stdout.decode().rstrip("\n") if done.code == 0 else None


def remote_urls(root: Path) -> list[str]:
    """Where the repositories are that this one fetches from."""
    done = _try(["config", "--local", "--null", "--get-regexp", r"^remote\..*\.url$"], root)
    return [pair.partition("\n")[2] for pair in _names(done.stdout)]


def staged_names(root: Path) -> list[str]:
    """What the next commit changes, from the top of the work tree; inside a hook what that commit does."""
    options = ["--cached", "--name-only", "-z", "--no-renames", "--no-relative", "--no-ext-diff"]
    return _names(_git(["diff", *options], root, own_index=True))


def changed_names(root: Path, older: str) -> list[str]:
    """Where the work tree differs from a commit, from the top of the work tree."""
    options = ["--name-only", "-z", "--no-renames", "--no-relative", "--no-ext-diff"]
    return _names(_git(["diff", *options, older, "--"], root))


def commit_of(root: Path, name: str) -> str | None:
    """The commit that an object is or a tag leads to, if it leads to one and that is here."""
    done = _try(["rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"], root)
    return done.stdout.decode().strip() if done.code == 0 else None


def unknown_to(root: Path, remote: str, commit: str, known: Sequence[str] = ()) -> tuple[bool, list[str]]:
    """Whether a commit is new to a remote, and the last commits before it that the remote has."""
    # As its branches were when they were last fetched; `known` are further commits that it has.
    arguments = ["rev-list", "--boundary", commit, "--not", f"--remotes={remote}", *known]
    lines = _git([*arguments, "--"], root).decode().split()
    return any(line[0] != "-" for line in lines), [line[1:] for line in lines if line[0] == "-"]


def tree_id(root: Path, commit: str, folder: str) -> str | None:
    """The name of a folder's content at a commit; `folder` from the top, empty for all."""
    done = _try(["rev-parse", "--verify", "--quiet", f"{commit}:{folder}"], root)
    return done.stdout.decode().strip() if done.code == 0 else None


def hooks_folder(root: Path) -> Path:
    """Where git looks for the hooks of a repository: a worktree's are those of the repository itself."""
    # `root` is the top, since a relative core.hooksPath counts from there.
    return root / os.fsdecode(_git(["rev-parse", "--git-path", "hooks"], root)[:-1])


def attributes_file(root: Path) -> Path:
    """The file with the attributes that files have in this clone only."""
    return root / os.fsdecode(_git(["rev-parse", "--git-path", "info/attributes"], root)[:-1])


def scope(root: Path, name: str) -> str | None:
    """Where a value of git's configuration is set, as in `local` or `global`; None if it is not."""
    done = _try(["config", "--show-scope", "--get", name], root)
    return done.stdout.decode().split()[0] if done.code == 0 else None


def set_setting(root: Path, name: str, value: str | None) -> None:
    """Set a value of the repository's own configuration, or take it out with its section if that is empty."""
    if value is not None:
        _git(["config", "--local", name, value], root)
    elif _try(["config", "--local", "--get", name], root).code == 0:
        _git(["config", "--local", "--unset-all", name], root)


def version(folder: Path) -> str:
    """The version of the git that is installed."""
    return _git(["version"], folder).decode().split()[2]


# Not so where the file `.git` of a worktree or submodule leads nowhere: a folder is named there.
_NO_REPOSITORY = "fatal: not a git repository (or any"
_NO_WORK_TREE = "fatal: this operation must be run in a work tree"
_ADVICE = {
    "index file": "`git reset` makes the index anew, once .git/index is removed",
    "bad object": "`git fsck` tells what is broken; another clone has it",
    "bad tree object": "`git fsck` tells what is broken; another clone has it",
    "is corrupt": "`git fsck` tells what is broken; another clone has it",
    "must point to a commit": "`git fsck` tells what is broken; another clone has it",
    "gitfile": "the file .git there leads nowhere: mend it, or clone again",
    "not a git repository": "what .git there leads to is gone: bring it back, or clone again",
    "bad config line": "mend that line",
    "Permission denied": "look at the owner and the permissions there",
}
_FIELDS = 3  # name, type and size; a blob that is not there has two


def _git(arguments: Sequence[str], root: Path, *, stdin: bytes = b"", own_index: bool = False) -> bytes:
    done = _try(arguments, root, stdin=stdin, own_index=own_index)
    if done.code:
        details = done.complaint.splitlines()
        raise GitError(f"git {arguments[0]} failed in {root}", hint=_advice(done.complaint), details=details)
    return done.stdout


def _advice(complaint: str) -> str:
    """What next after words of git that say no more than what is broken."""
    return next((hint for words, hint in _ADVICE.items() if words in complaint), "")


def _try(arguments: Sequence[str], root: Path, *, stdin: bytes = b"", own_index: bool = False) -> Completed:
    env = environment()
    if own_index and "GIT_INDEX_FILE" in os.environ:
        # Relative to the top of the work tree, where git starts its hooks.
        env["GIT_INDEX_FILE"] = str((top(root) or root) / os.environ["GIT_INDEX_FILE"])
    return run(["git", *arguments], cwd=root, stdin=stdin, env=env)


def _names(output: bytes) -> list[str]:
    return [os.fsdecode(name) for name in output.split(b"\0") if name]


def _pathspecs(paths: Iterable[str]) -> list[str]:
    # `:(literal)` keeps a file called `a*.wav` from naming every other one.
    return [f":(literal){path}" for path in paths]


def _literal(paths: Iterable[str]) -> bytes:
    return b"\0".join(os.fsencode(path) for path in _pathspecs(paths))
