"""Under which name is hubcheck installed, and which line adds one of its extras?

The import name and the command are ``hubcheck``; the distribution is not, because that name
belongs to somebody else's package on PyPI. Whatever tells people what to install takes the name
from here, so that no message sends them to a stranger.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

DISTRIBUTION: Final = "hubcheck-provenance"
"""The name in ``pyproject.toml``; a test holds the two, and every page, against each other."""


class Extra(StrEnum):
    """The extras that a feature can ask for."""

    DEEP = "deep"
    GGUF = "gguf"
    SERVE = "serve"
    SIGN = "sign"
    CATALOGUE = "catalogue"
    BEHAVIOUR = "behaviour"


def adds(extra: Extra) -> str:
    """Return the line that adds an extra to the hubcheck that is running.

    It needs no release: pip finds the distribution installed, from a clone too, and fetches only
    the packages that its extra names.
    """
    return f"pip install '{DISTRIBUTION}[{extra}]'"
