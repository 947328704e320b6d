"""Which repository, revision and path of the Hub does the address of a page name?

``https://huggingface.co/org/name/tree/main/folder``, ``.../blob/main/x.safetensors``,
``hf.co/org/name:Q4_K_M``, ``hf://org/name``: what a browser's address bar or another tool holds.
The text may come from a stranger; what is returned still has to pass the grammar of references.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

from hubcheck.frozen import frozen
from hubcheck.source.weight_files import holds_weights

HUB_HOSTS: Final = frozenset({"huggingface.co", "www.huggingface.co", "hf.co"})
"""Hosts whose ``/org/name`` is a repository of the Hub."""
OTHER_KINDS: Final = frozenset(
    {"blog", "buckets", "collections", "datasets", "docs", "kernels", "learn", "models",
     "organizations", "papers", "posts", "spaces", "tasks", "users"}
)  # fmt: skip
"""First segments of Hub addresses that are not model repositories."""

_FOLDER_PAGES: Final = frozenset({"tree", "commit"})
_FILE_PAGES: Final = frozenset({"blob", "resolve", "raw"})
_LONG_REF: Final = ("refs", re.compile(r"pr|heads|tags|convert"))
"""A ref whose slashes the address does not quote: ``tree/refs/pr/9``."""


@frozen
class PageAddress:
    """What an address names; nothing is checked yet but the host and the kind of page."""

    repo_id: str
    revision: str
    """``""`` where the address names none."""
    inside: str
    """A folder, a weight file or a quantisation; ``""`` for the repository itself."""

    @property
    def written(self) -> str:
        """The same as ``org/name:inside@revision``."""
        return self.repo_id + self._after(":", self.inside) + self._after("@", self.revision)

    @staticmethod
    def _after(mark: str, text: str) -> str:
        return f"{mark}{text}" if text else ""


def looks_like_address(text: str) -> bool:
    """Return whether a text is meant as an address: it has a scheme, or begins with the Hub."""
    return "://" in text or text.partition("/")[0].lower() in HUB_HOSTS


def parse_page_address(text: str) -> PageAddress | None:
    """Return what an address of the Hub names, None for every other text.

    Args:
        text: Hostile text, without a limit of its own: the caller caps its length.
    """
    if not looks_like_address(text):
        return None
    scheme, mark, rest = text.rpartition("://")
    host, _, path = rest.partition("/")
    if scheme.lower() == "hf":
        host, path = "hf.co", rest
    at_hub = host.lower() in HUB_HOSTS and scheme.lower() in {"", "hf", "http", "https"}
    if not at_hub or (mark and not scheme):
        return None
    path = re.split(r"[?#]", path, maxsplit=1)[0].strip("/")
    return None if path.partition("/")[0].lower() in OTHER_KINDS else parse_page_path(path)


def parse_page_path(path: str) -> PageAddress:
    """Return what a path on the Hub names: ``org/name``, ``org/name/tree/main/folder``."""
    path, _, revision = path.partition("@")
    org, *others = path.split("/")
    name = others[0] if others else ""
    repo = f"{org}/{name}" if others else org
    repo, _, tag = repo.partition(":")
    match others[1:]:
        case [page, *rest] if page in _FOLDER_PAGES and rest:
            found, inside = _revision_and_path(rest)
        case [page, *rest] if page in _FILE_PAGES and rest:
            found, inside = _revision_and_path(rest)
            inside = inside if holds_weights(inside) else ""
        case _:
            found, inside = "", ""
    return PageAddress(repo_id=repo, revision=revision or found, inside=inside or tag)


def _revision_and_path(segments: list[str]) -> tuple[str, str]:
    """Return the revision at the beginning, whose slashes are quoted, and the path after it."""
    first, kind = _LONG_REF
    unquoted = len(segments) > 2 and segments[0] == first and kind.fullmatch(segments[1])  # noqa: PLR2004 - refs, its kind, its name
    length = 3 if unquoted else 1
    return unquote("/".join(segments[:length])), unquote("/".join(segments[length:]))
