"""From which models does a card say that this one was distilled, learned from their outputs?

Such a model inherits no weights, and its card claims none. The text is hostile; every pattern is
bounded, and what is found is at most a repository name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from hubcheck.candidates.links import MAX_LINE, usable

_NAME: Final = r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}"
_LINK: Final = r"\[[^\]\n]{0,80}\]\(\s?(?:https?://)?(?:www\.)?(?:huggingface\.co|hf\.co)/"
_SENTENCE: Final = re.compile(
    rf"""(?P<before>[^.!?\n]{{0,80}})\bdistill?(?:ed|ation)?\b(?P<between>[^.!?\n]{{0,60}}?)
    \b(?:from|of)\b[\s:]{{1,4}}(?:the\s)?(?:{_LINK}|[\[(`"'*]{{0,4}})(?P<name>{_NAME})""",
    re.ASCII | re.VERBOSE | re.IGNORECASE,
)
_DENIED: Final = re.compile(
    r"\b(?:not|no|never|nor|neither|without|cannot|instead|rather|unlike|if|whether|\w{2,8}n't)\b",
    re.IGNORECASE,
)


def distilled_from(lines: Iterable[str]) -> frozenset[str]:
    """Return the repositories, names folded, that a text says it was distilled from.

    A sentence that denies or supposes it states nothing.

    Args:
        lines: The prose of a card.
    """
    found = set()
    for line in lines:
        for match in _SENTENCE.finditer(line[:MAX_LINE]):
            name = usable(match["name"])
            if name is not None and not _DENIED.search(match["before"] + match["between"]):
                found.add(name.ref.casefold())
    return frozenset(found)
