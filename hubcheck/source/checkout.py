"""Which server keeps the large files of a checked-out git repository?

Read from ``.git/config``, which belongs to whoever made the checkout. A ``.lfsconfig`` comes with
the repository's content, so a stranger may have written it: it is not followed.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

MAX_CONFIG: Final = 256 * 1024
"""Bytes of a git config that are read; the longest have some kilobytes."""

_SECTION: Final = re.compile(r'\[\s*([A-Za-z0-9.-]+)(?:\s+"((?:[^"\\]|\\.)*)")?\s*\]')
_SETTING: Final = re.compile(r"([A-Za-z][A-Za-z0-9-]*)\s*=\s*(.*)")
_SCP: Final = re.compile(r"(?:[^@/:]+@)?([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+):([^\s:]+)")
"""``git@host:org/name.git``, which is ssh without saying so."""


def lfs_server(folder: Path) -> str:
    """Return the address of the Git LFS API of the repository around ``folder``, or ``""``.

    Args:
        folder: A folder inside the checkout.
    """
    git = _git_folder(folder)
    settings = _settings(git / "config") if git is not None else {}
    own = settings.get(("lfs", "", "url"), "")
    if own:
        return _web(own)
    remotes = {name: url for (kind, name, key), url in settings.items()
               if kind == "remote" and key == "url"}  # fmt: skip
    chosen = remotes.get("origin") or (next(iter(remotes.values())) if len(remotes) == 1 else "")
    address = _web(chosen)
    return f"{address.removesuffix('.git')}.git/info/lfs" if address else ""


def _git_folder(folder: Path) -> Path | None:
    """Return the git folder of the checkout around ``folder``."""
    start = folder.resolve()
    for place in (start, *start.parents):
        git = place / ".git"
        if git.is_dir():
            return git
        if git.is_file():  # a worktree or submodule: the file names the folder
            named = _text(git).removeprefix("gitdir:").strip()
            found = (place / named).resolve()
            common = _text(found / "commondir").strip()
            return (found / common).resolve() if common else found
    return None


def _settings(path: Path) -> dict[tuple[str, str, str], str]:
    """Return a git config as (section, subsection, key) -> value; later lines win."""
    found: dict[tuple[str, str, str], str] = {}
    section = ("", "")
    for line in _text(path).splitlines():
        text = line.strip()
        header = _SECTION.match(text)
        if header is not None:
            section = (header[1].lower(), header[2] or "")
            continue
        setting = _SETTING.fullmatch(text)
        if setting is not None:
            found[*section, setting[1].lower()] = setting[2].strip().strip('"')
    return found


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(MAX_CONFIG).decode("utf-8", "replace")
    except OSError:
        return ""


def _web(url: str) -> str:
    """Return the http address of a remote, without a user or a password in it."""
    parts = urlsplit(url)
    scp = _SCP.fullmatch(url)
    if parts.scheme in {"http", "https"} and parts.hostname:
        try:
            port = f":{parts.port}" if parts.port else ""
        except ValueError:
            return ""
        return f"{parts.scheme}://{parts.hostname}{port}{parts.path.rstrip('/')}"
    if parts.scheme == "ssh" and parts.hostname:
        return f"https://{parts.hostname}{parts.path.rstrip('/')}"
    return f"https://{scp[1]}/{scp[2].strip('/')}" if scp is not None and not parts.netloc else ""
