"""What is checked in the end, where options, a policy file and defaults each say something?

An option outranks the policy file, the policy file outranks the defaults. The answer says
everything by itself: the policy file is named in it only for what no option can say, the bases that
it accepts and that a failure is to be told without failing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from hubcheck.errors import UsageError, printable
from hubcheck.request.options import AUTO, FAIL_ON, FILES, Options
from hubcheck.request.policy_file import PolicyFile
from hubcheck.request.values import parse_size


def settled(options: Options, file: PolicyFile, *, draw: Callable[[], int]) -> Options:
    """Return options that leave nothing open but the limit, which may be the depth's own.

    Args:
        options: What was asked for.
        file: The policy file; the defaults where there is none.
        draw: Draws a seed, called where none was given.
    """
    max_read = options.max_read
    if max_read is None and "max_read" in file.model_fields_set:
        max_read = parse_size(file.max_read)
    suspects = (*options.suspects, *(FILES if s == AUTO else s for s in named_in(file.suspects)))
    fail_on = options.fail_on
    if fail_on is None:
        fail_on = ",".join(file.fail_on) if "fail_on" in file.model_fields_set else FAIL_ON
    return replace(
        options,
        bases=options.bases or named_in(file.bases),
        suspects=tuple(dict.fromkeys(suspects)),
        depth=options.depth or file.depth,
        max_read=max_read,
        signers=options.signers or file.signers,
        seed=draw() if options.seed is None else options.seed,
        fail_on=fail_on or "none",
        policy_file=options.policy_file if file.allow or file.warn_only else "",
    )


def named_in(names: Iterable[str]) -> tuple[str, ...]:
    """Return the names of a list in which ``none`` stands for nothing."""
    return tuple(name for name in names if name != "none")


def check_places(file: PolicyFile, root: Path) -> None:
    """Refuse a policy file that names a path outside of a folder.

    A pull request may bring its own policy file: it must not point at the disk of whoever runs it.

    Raises:
        UsageError: a base or suspect is there on the disk, or written as a path, and lies outside.
    """
    keys = [s for s in file.signers if not s.startswith("identity=")]
    for key in keys:
        inside(root, os.path.expanduser(key), what="the policy file")  # noqa: PTH111 - as below
    check_inside((*file.bases, *file.suspects), root, what="the policy file")


def check_inside(names: Iterable[str], root: Path, *, what: str) -> None:
    """Refuse names of models that are paths outside of a folder.

    Args:
        names: As somebody else wrote them.
        root: The folder.
        what: What names them, for the message.

    Raises:
        UsageError: one is there on the disk, or written as a path, and lies outside.
    """
    for name in names:
        path = os.path.expanduser(name)  # noqa: PTH111 - Path.expanduser raises for ~nobody
        spelled = name.startswith(("/", "~", "."))
        if spelled or os.path.lexists(os.path.join(root, path)):  # noqa: PTH118 - Path raises on hostile names
            inside(root, path, what=what)


def inside(root: Path, name: str, *, what: str) -> Path:
    """Return a path of a folder.

    Args:
        root: The folder: the workspace of a job, the folder that a command was given in.
        name: Path in it; written by somebody else.
        what: Who names it, for the message.

    Raises:
        UsageError: it leads out, by dots or by a link.
    """
    if "\0" not in name:  # no path holds one
        top = Path(os.path.realpath(root))
        path = Path(os.path.realpath(top / name))
        if path == top or path.is_relative_to(top):
            return path
    raise UsageError(
        f"{what} names '{printable(name)}', which lies outside of the workspace.",
        cause="dots or a link in the repository lead out of it.",
        next_step="name a path inside the repository.",
    )
