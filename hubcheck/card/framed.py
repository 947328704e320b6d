"""How does a page stand inside somebody else's page, a notebook's, without changing it?

In a frame of its own: the card's style sheet speaks of ``body`` and ``table``, and must not reach
the tables around it. The frame is sandboxed, so nothing in it runs, and the page in it is a value
of an attribute, so no text of a model can end it.
"""

from __future__ import annotations

import html
from typing import Final

STYLE: Final = (
    "width:100%;height:36rem;border:1px solid #8888;border-radius:6px;resize:vertical;"
    "overflow:auto;background:#fff"
)
"""A first screen's height; whoever wants to see more draws the lower edge down."""


def framed(page: str, title: str) -> str:
    """Return an element that shows a whole page; both are escaped here.

    Args:
        page: An HTML document.
        title: What the frame is called by those who cannot see it; holds no text of a model.
    """
    return (
        f'<iframe sandbox="" title="{html.escape(title)}" style="{STYLE}" '
        f'srcdoc="{html.escape(page)}"></iframe>'
    )
