"""What does a card say of a report that was handed over as a file?

Anyone can write a report.json. What a check has just made needs no such line; what is shown of a
file says that nothing in it was tested again, and how to do that.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from hubcheck.card.document import Document, Identifier, Line, Paragraph, Role, Trusted

NOTE: Final[Line] = (
    Trusted("This report was given as a file and was not replayed here; "),
    Identifier("hubcheck replay"),
    Trusted(" makes it again from the pinned models."),
)


def from_a_file(document: Document) -> Document:
    """Return a card with the line below its first sentence."""
    first, *rest = document.blocks
    return replace(document, blocks=(first, Paragraph(content=NOTE, role=Role.SCOPE), *rest))
