"""Which repository of the Hub does a text written by a stranger name, if any?

A text from a model repository never becomes a path of the user's disk: what is not the name of a
repository is ``Malformed``. The one path that is understood is that of the Hub's own download
cache, because it spells a repository name; the path itself is not followed.
"""

from __future__ import annotations

import re
from typing import Final, Literal

from hubcheck.candidates.documents import Malformed
from hubcheck.errors import UsageError, printable
from hubcheck.frozen import frozen
from hubcheck.report.phrases import PhraseCode, phrase
from hubcheck.source.page_address import looks_like_address, parse_page_address
from hubcheck.source.reference import is_repo_id, name_of, parse_hub_reference

MAX_TEXT: Final = 500
"""Characters looked at; the longest name (96) with host and revision stays below."""
LOCAL_FOLDERS: Final = frozenset(
    {
        "cache",
        "checkpoint",
        "checkpoints",
        "ckpt",
        "ckpts",
        "content",
        "data",
        "experiments",
        "exp",
        "home",
        "local",
        "mnt",
        "model",
        "models",
        "opt",
        "output",
        "outputs",
        "results",
        "root",
        "runs",
        "save",
        "saved",
        "saves",
        "scratch",
        "tmp",
        "train",
        "users",
        "weights",
        "workspace",
    }
)
"""First segments of two-part paths that training scripts leave in a config."""

_STEP: Final = re.compile(r"(?:checkpoint|epoch|step|global_step|iter|run)[-_]?\d+", re.IGNORECASE)
_CACHE: Final = re.compile(
    r"models--(?P<name>[A-Za-z0-9._-]{1,100})(?:[/\\]snapshots[/\\](?P<rev>[0-9a-f]{40}))?"
)


NameProblem = Literal["too-long", "path", "address", "name", "inside", "revision"]
"""Why a text names no repository: what of it is wrong."""


@frozen
class RepositoryName:
    """A well-formed name; nothing says yet that it exists."""

    ref: str
    """``org/name``, ``name`` for the Hub's oldest repositories, ``org/name:folder`` for a part."""
    revision: str
    """Branch, tag or commit; ``""`` when none is named."""


def parse_repository_name(text: str) -> RepositoryName | Malformed:
    """Parse ``org/name``, with ``:folder`` or ``@revision`` or both, or an address of the Hub.

    Args:
        text: Hostile text.

    Returns:
        The name, or the reason why the text is none (a path, another host, bad characters).
    """
    if len(text) > MAX_TEXT:
        return _no_name(text, "too-long")
    text = text.strip()
    cached = _CACHE.search(text)
    if cached is not None:
        name = cached["name"].replace("--", "/", 1)
        return _checked(name, cached["rev"] or "", text)
    if _is_path(text):
        return _no_name(text, "path")
    if looks_like_address(text):
        return _from_address(text)
    name, _, revision = text.partition("@")
    return _checked(name.removesuffix("/"), revision, text)  # as copied from a browser's line


def looks_local(name: RepositoryName) -> bool:
    """Tell whether a name in a config is more likely a folder (``output/checkpoint-500``).

    Only for files written by programs: on a card the author means what is written.
    """
    first, slash, last = name.ref.partition(":")[0].partition("/")
    return not slash or first.lower() in LOCAL_FOLDERS or _STEP.fullmatch(last) is not None


def _is_path(text: str) -> bool:
    return text.startswith((".", "/", "~", "\\", "file:")) or "\\" in text or text[1:2] == ":"


def _from_address(text: str) -> RepositoryName | Malformed:
    """Parse ``https://HOST/org/name``, ``HOST/org/name/tree/revision``, ``hf://org/name``."""
    page = parse_page_address(text)
    if page is None:
        return _no_name(text, "address")
    named = f"{page.repo_id}:{page.inside}" if page.inside else page.repo_id
    return _checked(named, page.revision, text)


def _checked(name: str, revision: str, text: str) -> RepositoryName | Malformed:
    """Apply the Hub's grammar of names, paths and revisions."""
    name, revision = name.strip(), revision.strip()
    repo = name.partition(":")[0]
    if not is_repo_id(repo):
        return _no_name(text, "name")
    try:
        parsed = parse_hub_reference(name)
    except UsageError:
        return _no_name(text, "inside")
    try:
        parse_hub_reference(f"{name}@{revision}" if revision else name)
    except UsageError:
        return _no_name(text, "revision")
    return RepositoryName(ref=name_of(parsed), revision=revision)


def _no_name(text: str, problem: NameProblem) -> Malformed:
    said = phrase(PhraseCode.NO_REPOSITORY, text=printable(text), problem=problem)
    return Malformed(said=said)
