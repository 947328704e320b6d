"""Which model does a REF on the command line, in a card or in a config name?

A REF is ``org/name``, ``org/name@revision``, a folder or a file; ``org/name:path`` (before an
``@revision``) is one folder or file of a repository, ``org/name:Q4_K_M`` its GGUF files of that
quantisation (a folder of that name wins). The rules, in order:

1. It starts with ``/``, ``./``, ``../`` or ``~``, or is ``.`` or ``..``: local, and it must exist.
2. It exists on disk, the whole text taken as a path: local.
3. It is a Hub repository id, optionally with ``:path`` and ``@revision``, or the address of a page
   of the Hub: the Hub.
4. Anything else is a usage error.

Rule 2 reads the disk of whoever runs hubcheck. A REF that comes out of a model repository (a card's
``base_model``) is untrusted: parse it with ``parse_hub_reference``, which knows only rules 3 and 4.
"""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import field
from pathlib import Path, PurePath
from typing import Final

from hubcheck.errors import MissingModelError, UsageError, printable
from hubcheck.frozen import frozen
from hubcheck.source.page_address import looks_like_address, parse_page_address, parse_page_path

DEFAULT_REVISION: Final = "main"
"""The branch the Hub itself serves when no revision is named."""

_NAME: Final = r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,94}[A-Za-z0-9_])?"
_REPO_ID: Final = re.compile(rf"(?:{_NAME}/)?{_NAME}", re.ASCII)
"""The Hub's rule for ids: at most 96 characters a part, no dash or dot at either end."""

_REVISION: Final = re.compile(r"(?!-)[^\x00-\x20\x7f~^:?*\[\\]{1,250}", re.ASCII)
"""git's rule for ref names (git check-ref-format), with a length limit of our own."""


_INSIDE: Final = re.compile(r"[^\x00-\x20\x7f:@\\]{1,400}")
"""A path inside a repository; spaces and colons do not occur in names of models' files."""
_SPELLED_AS_PATH: Final = re.compile(r"/|\.{1,2}[/\\]|~|[A-Za-z]:[/\\]|\\\\")
"""How paths begin that can be nothing else, those of Windows too."""
MAX_TEXT: Final = 800
"""Characters of a text that is read as an address; every valid reference is shorter."""
REF_FORMS: Final = (
    "org/name, org/name@revision, org/name:folder, org/name:Q4_K_M, or a path that starts with ./"
    " or /, or the address of a model's page"
)
"""The spellings that a message offers."""


@frozen
class HubReference:
    """A repository on the Hub and the revision the user asked for."""

    repo_id: str
    revision: str = DEFAULT_REVISION
    inside: str = ""
    """Path of a folder or file that is the model, or the quantisation of its GGUF files; empty for
    the repository itself."""
    pinned_from: str = ""
    """What was asked for when an earlier check pinned ``revision``; empty where none did."""
    data_set: bool = False
    """Whether it is a repository of data: a catalogue. Models and data sets have names apart."""

    def address(self, repo_id: str) -> str:
        """Return a repository of this kind as it stands in the address of a file or page."""
        return f"datasets/{repo_id}" if self.data_set else repo_id

    @property
    def asked(self) -> str:
        """The revision that was named; empty for the default one."""
        named = self.pinned_from or self.revision
        return "" if named == DEFAULT_REVISION else named


@frozen
class LargeFiles:
    """Where the content of a folder's Git LFS pointers lies, for a folder that is no checkout."""

    server: str
    """Address of the LFS API."""
    authorization: str = field(default="", repr=False)
    """Header for that server alone; empty: anyone may read there."""


@frozen
class LocalReference:
    """A folder or file on this machine."""

    path: Path
    typed: str
    """The path as the user wrote it, for messages and reports."""
    large_files: LargeFiles | None = None
    """None: what the folder's own checkout says."""


Reference = HubReference | LocalReference


def name_of(reference: Reference) -> str:
    """Return a reference as it is shown: the typed path, or the repository (and path in it)."""
    if isinstance(reference, LocalReference):
        return reference.typed
    inside = reference.inside
    return f"{reference.repo_id}:{inside}" if inside else reference.repo_id


def key_of(reference: Reference) -> str:
    """Return what two references of one model have in common, however each was typed.

    The Hub ignores capitals, folders do not. ``..`` stays: behind a link it leads elsewhere.
    """
    if isinstance(reference, LocalReference):
        return f"./{PurePath(reference.typed)}"
    return reference.repo_id.casefold() + name_of(reference)[len(reference.repo_id) :]


def is_repo_id(text: str) -> bool:
    """Return whether ``text`` obeys the Hub's grammar for repository ids."""
    return (
        _REPO_ID.fullmatch(text) is not None
        and "--" not in text
        and ".." not in text
        and not text.endswith(".git")
    )


def parse_reference(text: str, *, root: Path = Path()) -> Reference:
    """Read a REF that the user typed.

    Args:
        text: The REF.
        root: The folder that relative paths are counted from; default: the working folder.

    Raises:
        MissingModelError: it is spelled as a path, and nothing is there.
        UsageError: it is neither a path nor a Hub repository id.
    """
    spelled_as_path = _SPELLED_AS_PATH.match(text) is not None or text in {".", ".."}
    path = local_path(text, root)
    if text and (spelled_as_path or os.path.exists(path)):  # noqa: PTH110 - Path.exists raises on hostile names
        if not os.path.exists(path):  # noqa: PTH110 - see above
            raise nothing_there(text)
        return LocalReference(path=path, typed=text)
    return parse_hub_reference(text)


def local_path(text: str, root: Path) -> Path:
    """Return where a typed path lies, counted from a folder."""
    return root / os.path.expanduser(text)  # noqa: PTH111 - Path.expanduser raises for ~nobody


def nothing_there(text: str) -> MissingModelError:
    """Return the error for a path at which nothing lies."""
    return MissingModelError(
        f"There is no folder or file at '{printable(text)}'.",
        cause="the path is misspelled, or relative to another folder.",
        next_step="check the path; a model on the Hub is written org/name.",
    )


def is_path_inside(text: str) -> bool:
    """Return whether ``text`` can stand after the colon of a reference."""
    return _INSIDE.fullmatch(text) is not None and not {"", ".", ".."} & set(text.split("/"))


def parse_hub_reference(text: str) -> HubReference:
    """Read ``org/name``, with ``:path`` or ``@revision`` or both; never looks at the disk.

    The address of a page of the Hub is read as what it shows.

    Raises:
        UsageError: the text is not a Hub repository id.
    """
    page = parse_page_address(text.strip()) if len(text) <= MAX_TEXT else None
    if page is not None:
        text = page.written
    named, at, revision = text.partition("@")
    repo_id, colon, inside = named.partition(":")
    # Only an id with an owner takes a path: 'C:/model' and 'https:...' are no repositories.
    if not is_repo_id(repo_id) or (colon and "/" not in repo_id):
        what = f"'{printable(text)}' is neither an existing path nor a Hub repository id."
        raise UsageError(
            what,
            cause="the address shows no model of the Hub: a page of another site, a data set, a "
            "Space, a forum or a blog."
            if looks_like_address(text)
            else "a typing error, or a folder that does not exist here.",
            next_step=_meant_inside(text) or f"write {REF_FORMS}.",
        )
    if at and (_REVISION.fullmatch(revision) is None or ".." in revision):
        what = f"'{printable(revision)}' in '{printable(text)}' is not a revision."
        at_end, _, after = revision.partition(":")
        swapped = f"{repo_id}:{after}@{at_end}"
        fits = not colon and is_path_inside(after) and _REVISION.fullmatch(at_end)
        raise UsageError(
            what,
            cause="a branch, tag, commit or refs/pr/N was expected after the @.",
            next_step=f"write {swapped}: the path stands before the revision."
            if fits
            else "write org/name@main, or org/name@ followed by a commit.",
        )
    inside = inside.removesuffix("/")
    if colon and not is_path_inside(inside):
        what = f"'{printable(inside)}' in '{printable(text)}' is not a path in a repository."
        raise UsageError(
            what,
            cause="a folder, a file or a quantisation was expected after the colon.",
            next_step="write org/name:folder, org/name:folder/model.safetensors or"
            " org/name:Q4_K_M.",
        )
    return HubReference(
        repo_id=repo_id, revision=revision if at else DEFAULT_REVISION, inside=inside
    )


def _meant_inside(text: str) -> str:
    """Return how a path below a repository is written, where ``org/name/path`` was; else ``""``."""
    if len(text) > MAX_TEXT or ":" in text:
        return ""
    named, _, at = text.partition("@")
    page = parse_page_path(named.rstrip("/"))
    if "/" not in page.repo_id or not is_repo_id(page.repo_id):
        return ""
    beyond = "" if page.revision else named[len(page.repo_id) + 1 :]
    inside, revision = page.inside or beyond.strip("/"), at or page.revision
    meant = page.repo_id + (f":{inside}" if inside else "") + (f"@{revision}" if revision else "")
    if meant == page.repo_id or shlex.quote(meant) != meant:  # it may be pasted into a shell
        return ""
    try:
        parse_hub_reference(meant)
    except UsageError:
        return ""
    return (
        f"for a folder or file of a repository on the Hub write {meant}; a path here starts with"
        " ./ or /."
    )
