"""Which models of the Hub does a text name: by a link, a loading call or a sentence?

The text is hostile; every pattern is bounded, and what is found is at most a repository name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from hubcheck.candidates.documents import Malformed
from hubcheck.candidates.repository_name import RepositoryName, looks_local, parse_repository_name

MAX_LINES: Final = 20_000
MAX_LINE: Final = 4_000
"""Characters of one line that are searched; a longer one is data, not prose."""
NO_MODEL: Final = frozenset(
    {"api", "blog", "chat", "docs", "join", "learn", "login", "new", "organizations", "papers",
     "posts", "pricing", "settings", "tasks", "terms-of-service", "privacy", "front", "inference",
     "collections", "datasets", "spaces", "models", "hub", "coursehf", "storage", "support",
     "agents", "brand", "buckets", "careers", "changelog", "course", "enterprise", "jobs",
     "kernels", "notifications", "search", "security", "tags", "users"}
)  # fmt: skip
"""First segments of Hub addresses that are no organisation."""

_NAME: Final = r"[A-Za-z0-9][\w.-]{0,95}"
_WHOLE: Final = r"[A-Za-z0-9][\w.-]{0,95}+"
"""The same, never given back letter by letter to please what follows."""
_LINK: Final = re.compile(
    rf"(?<![\w.@-])(?:https?://)?(?:www\.)?(?:huggingface\.co|hf\.co)/({_NAME}/{_WHOLE})"
    r"(?!/discussions)",
    re.ASCII,
)
"""Of the Hub's own host: the forum is another one, and a discussion of a model is no use of it."""
_CALL: Final = re.compile(
    rf"""(?:from_pretrained|snapshot_download|pipeline|LLM|model_name|base_model|model_id)
    \s{{0,4}}[(=]\s{{0,4}}[^"'\n]{{0,40}}["']({_NAME}/{_NAME})["']""",
    re.ASCII | re.VERBOSE,
)
_SENTENCE: Final = re.compile(
    rf"""\b(?:fine-?tun\w{{0,4}}|train\w{{0,4}}|bas\w{{1,3}}|built|deriv\w{{1,5}}|merg\w{{1,4}}
    |quanti[sz]\w{{1,6}}|initiali[sz]\w{{1,5}}|distill?\w{{0,4}}|pruned|version)\b
    [^.\n]{{0,60}}?\b(?:from|on|of|with)\b[\s:]{{1,4}}(?:the\s)?[\[`"'*]{{0,4}}({_NAME}/{_NAME})""",
    re.ASCII | re.VERBOSE | re.IGNORECASE,
)
_PATTERNS: Final = (("link", _LINK), ("code", _CALL), ("text", _SENTENCE))


def named_models(lines: Sequence[str], first: int = 1) -> Iterator[tuple[RepositoryName, str, int]]:
    """Yield (name, how it is named: ``link``, ``code`` or ``text``, line number).

    Args:
        lines: The text.
        first: Number of the first line.
    """
    seen: set[str] = set()
    for number, line in enumerate(lines[:MAX_LINES], start=first):
        for how, pattern in _PATTERNS:
            for match in pattern.finditer(line[:MAX_LINE]):
                name = usable(match[1])
                if name is not None and name.ref.casefold() not in seen:
                    seen.add(name.ref.casefold())
                    yield name, how, number


def usable(text: str) -> RepositoryName | None:
    """Return the repository that a text found by a program names, or None.

    A name without an organisation is too likely to be a word, and a folder of a training script too
    likely to be no repository.
    """
    name = parse_repository_name(text.rstrip(".-_/"))
    if isinstance(name, Malformed) or "/" not in name.ref or looks_local(name):
        return None
    return None if name.ref.partition("/")[0].lower() in NO_MODEL else name
