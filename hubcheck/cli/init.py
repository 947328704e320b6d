"""What does ``hubcheck init`` do: a workflow and a policy file for the model of this repository?

It looks before it writes: where the weights lie, whether they can be read here, whether they are in
Git LFS. No file that is there is replaced unasked.
"""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from hubcheck import __version__
from hubcheck.cli.first_files import (
    ACTION,
    NO_COMMIT,
    POLICY,
    WORKFLOW,
    badge_markdown,
    policy,
    workflow,
)
from hubcheck.errors import ExitCode, HubcheckError, UsageError, counted, printable
from hubcheck.frozen import frozen

PINNED: Final = re.compile(r"[\w.-]{1,100}/[\w.-]{1,100}@[0-9a-f]{40}", re.ASCII)
SLUG: Final = re.compile(r"github\.com[:/]([\w.-]{1,100}/[\w.-]{1,100}?)(?:\.git)?$", re.ASCII)
GIT_SECONDS: Final = 15
MODEL_LIMIT: Final = 250
"""Characters of ``model`` in a policy file."""


def add_init(commands: Any) -> None:
    """Add the command to a parser's commands."""
    init = commands.add_parser(
        "init",
        help="write a workflow and a policy file for this repository",
        description="Look at a repository, see whether its weights can be read, and write "
        f"{WORKFLOW} and {POLICY}. Nothing that is there is replaced without --force.",
        epilog="Examples:\n  hubcheck init\n  hubcheck init ../my-repository --model weights\n"
        "  hubcheck init --model org/name --badge",
    )
    init.add_argument(
        "folder", nargs="?", type=Path, default=Path(), metavar="DIR",
        help="the repository; default: this folder",
    )  # fmt: skip
    init.add_argument(
        "--model", default="", metavar="REF",
        help="a folder of the repository, or org/name on the Hub; several by comma, or a pattern "
        "such as 'models/*'; default: where weights lie",
    )  # fmt: skip
    init.add_argument(
        "--action", default="", metavar="OWNER/NAME@COMMIT",
        help=f"the action to pin; default: {ACTION} at the release of this version",
    )  # fmt: skip
    init.add_argument(
        "--branch", default="main", metavar="NAME", help="whose pushes are checked; default main"
    )
    init.add_argument("--badge", action="store_true", help="store a badge on pushes")
    init.add_argument("--force", action="store_true", help="replace files that are there")
    init.add_argument("--dry-run", action="store_true", help="print what would be written")
    init.set_defaults(run=run_init)


@frozen
class Seen:
    """What was seen of the model."""

    model: str
    said: tuple[str, ...]
    """In sentences."""
    one: str = ""
    """One of them, where it is several."""


def run_init(arguments: argparse.Namespace) -> ExitCode:
    """``hubcheck init``."""
    root: Path = arguments.folder
    if not root.is_dir():
        raise UsageError(
            f"There is no folder '{printable(root)}'.",
            cause="the path is misspelled.",
            next_step="name the folder of the repository.",
        )
    if not re.fullmatch(r"[\w./-]{1,100}", arguments.branch, re.ASCII):
        what = f"'{printable(arguments.branch)}' is not the name of a branch that is written here."
        raise UsageError(what, cause="a typing error.", next_step="give letters, digits, ./-_.")
    files = {WORKFLOW: "", POLICY: ""}
    there = [name for name in files if (root / name).exists() or (root / name).is_symlink()]
    if there and not arguments.force and not arguments.dry_run:
        raise UsageError(
            f"{' and '.join(there)} {'is' if len(there) == 1 else 'are'} there already.",
            cause="hubcheck was set up here before, or another workflow has that name.",
            next_step="look at what --dry-run prints; --force replaces them.",
        )
    seen = look(root, arguments.model)
    action, release = _pinned(arguments.action)
    files[WORKFLOW] = workflow(
        action=action, release=release, branch=arguments.branch, badge=arguments.badge
    )
    files[POLICY] = policy(seen.model)
    for line in seen.said:
        print(f"hubcheck: {line}")
    for name, text in files.items():
        if arguments.dry_run:
            print(f"\n--- {name}\n{text}", end="")
            continue
        _write(root, name, text)
        print(f"hubcheck: wrote {printable(root / name)}")
    if NO_COMMIT in action:
        print(f"hubcheck: put the commit of a release of {ACTION} into {WORKFLOW}: it could not be "
              "looked up here")  # fmt: skip
    if arguments.badge:
        print(f"hubcheck: for the README: {badge_markdown(_slug(root))}")
    print(f"hubcheck: try it here first: hubcheck check {seen.one or seen.model} --policy {POLICY}")
    return ExitCode.OK


def look(root: Path, named: str) -> Seen:
    """Return which model is checked, and what was seen of it.

    Args:
        root: The repository.
        named: What the user named; empty: where weights lie.

    Raises:
        UsageError: no model was named and not exactly one folder holds weights.
        HubcheckError: the named model cannot be reached.
    """
    from hubcheck.cli.process import hub_token
    from hubcheck.model import open_model
    from hubcheck.report.words import Depth
    from hubcheck.request.access import access_of
    from hubcheck.request.interface import budget_of
    from hubcheck.source.folder_patterns import is_pattern
    from hubcheck.source.folder_tree import walk
    from hubcheck.source.reference import HubReference, parse_reference
    from hubcheck.source.weight_files import weight_folders

    if not named:
        folders = weight_folders(walk(root))
        if len(folders) != 1:
            raise _no_one_folder(folders)
        named = folders[0] or "."
    names = [name.strip() for name in named.split(",") if name.strip()]
    if len(names) > 1 or is_pattern(named):
        return _several(root, names)
    if not re.fullmatch(r"[\w./:@-]{1,300}", named, re.ASCII):
        what = f"'{printable(named)}' is not a name that is written into a workflow."
        raise UsageError(
            what, cause="it has blanks or other signs.", next_step="rename the folder."
        )
    reference = parse_reference(named, root=root)
    model = open_model(reference, access_of(budget_of(Depth.HEADERS, None), os.environ, hub_token))
    said = [
        f"the model is {printable(named)}, {_lies(model.weight_bytes, len(model.weight_files))}"
    ]
    if not isinstance(reference, HubReference):
        said += _large_files(root)
    try:
        said.append(f"its weights can be read: {counted(len(model.checkpoint.tensors), 'tensor')}")
    except HubcheckError as error:
        said.append(f"its weights cannot be read here: {error.what} {error.next_step}")
    declared = [base.ref for base in model.known_declaration.bases]
    if declared:
        said.append(f"its card declares {printable(', '.join(declared))}")
    else:
        said.append("its card declares no base: add base_model to it, or name bases in "
                    f"{POLICY} (bases: [org/name])")  # fmt: skip
    return Seen(model=named, said=tuple(said))


def _several(root: Path, names: list[str]) -> Seen:
    """Return what was seen of each of several models; a pattern stands in the policy as it is."""
    from hubcheck.source.folder_patterns import is_pattern, matches
    from hubcheck.source.folder_tree import walk
    from hubcheck.source.weight_files import weight_folders

    if not all(re.fullmatch(r"[\w./:@*?\[\]-]{1,200}", name, re.ASCII) for name in names):
        raise UsageError(
            "One of the names cannot be written into a workflow.",
            cause="it has blanks or other signs.",
            next_step="rename the folder, or name the models by a pattern: 'models/*'.",
        )
    folders = weight_folders(walk(root))
    found: dict[str, None] = {}
    for name in names:
        meant = [f for f in folders if matches(f, name)] if is_pattern(name) else [name]
        if not meant:
            raise UsageError(
                f"No folder with weights matches '{printable(name)}'.",
                cause="a typing error, or files that are not checked out.",
                next_step="a star stands for one part of a path: models/*.",
            )
        found |= dict.fromkeys(meant)
    said = [line for one in found for line in look(root, one).said]
    text = ", ".join(names)
    if len(text) > MODEL_LIMIT:
        raise UsageError(
            f"{counted(len(names), 'name')} are too many for the policy file.",
            cause=f"its model has at most {MODEL_LIMIT} characters.",
            next_step="name them by a pattern: 'models/*'.",
        )
    first = next(iter(found))
    return Seen(model=text, said=(*said, f"{counted(len(found), 'model')} in one job"), one=first)


def _lies(n_bytes: int, n_files: int) -> str:
    from hubcheck.card.numbers import byte_count

    return f"{byte_count(n_bytes)} of weights in {counted(n_files, 'file')}"


def _large_files(root: Path) -> list[str]:
    """Return that the repository keeps large files in Git LFS, where it does."""
    try:
        attributes = (root / ".gitattributes").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    if "filter=lfs" not in attributes:
        return []
    return ["its large files are in Git LFS: the Action reads them by range, without a download"]


def _no_one_folder(folders: Sequence[str]) -> UsageError:
    from hubcheck.source.folder_patterns import pattern_of

    if not folders:
        return UsageError(
            "No weights lie in this repository.",
            cause="the model is on the Hub, or its files are not checked out.",
            next_step="name the model: hubcheck init --model org/name.",
        )
    all_of_them = printable(pattern_of(tuple(folders)) or ",".join(folders[:3]))
    shown = ", ".join(printable(folder or ".") for folder in folders[:6])
    return UsageError(
        f"Weights lie in {counted(len(folders), 'folder')}: {shown}.",
        cause="the repository holds several models, or several sets of one.",
        next_step=f"name one: hubcheck init --model {printable(folders[0] or '.')}; "
        f"or all of them: hubcheck init --model '{all_of_them}'.",
    )


def _pinned(given: str) -> tuple[str, str]:
    """Return the action with its commit, and what that commit is."""
    if given:
        if PINNED.fullmatch(given) is None:
            raise UsageError(
                f"'{printable(given)}' is no pinned action.",
                cause="a tag or branch can be moved by whoever holds the repository.",
                next_step="write owner/name@ and the 40 digits of a commit.",
            )
        return given, "as given to hubcheck init"
    tag = f"v{__version__}"
    said = _git(None, "ls-remote", f"https://github.com/{ACTION}", f"refs/tags/{tag}^{{}}",
                f"refs/tags/{tag}")  # fmt: skip
    found = re.match(r"([0-9a-f]{40})\s", said)
    if found is None:
        return f"{ACTION}@{NO_COMMIT}", "put a release's commit here"
    return f"{ACTION}@{found[1]}", tag


def _slug(root: Path) -> str:
    found = SLUG.search(_git(root, "remote", "get-url", "origin").strip())
    return found[1] if found else "OWNER/NAME"


def _git(root: Path | None, *words: str) -> str:
    """Return what git says; empty where it is missing, fails, or asks for a password."""
    import subprocess

    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0"}
    try:
        done = subprocess.run(  # noqa: S603 - our own words, checked against grammars
            ["git", *words],  # noqa: S607 - the user's git
            cwd=root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=GIT_SECONDS,
        )
    except (OSError, subprocess.SubprocessError, ValueError):
        return ""
    return done.stdout if done.returncode == 0 else ""


def _write(root: Path, name: str, text: str) -> None:
    """Write a file of the repository, never through a link out of it."""
    place = root / name
    try:
        inside = place.parent.resolve().is_relative_to(root.resolve())
        if not inside or place.is_symlink():
            raise UsageError(
                f"'{printable(place)}' is a link, or lies behind one; it is left as it is.",
                cause="the repository contains a link.",
                next_step="replace the link by a file.",
            )
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise UsageError(
            f"'{printable(place)}' cannot be written: {error.strerror}.",
            cause="the folder is not yours to write to.",
            next_step="check its rights.",
        ) from error
