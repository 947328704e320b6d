"""How is it said that some layers of a model match a base and some do not?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hubcheck.card import numbers
from hubcheck.card.document import Identifier, Line, Trusted
from hubcheck.report.phrases import PhraseCode, codes

if TYPE_CHECKING:
    from hubcheck.report.schema import Finding


def title(found: Finding, called: Identifier) -> Line:
    """Return the title: of the body, whose relation says so, or of one tower beside it."""
    share = numbers.percent(found.other_layers)
    detail = found.relation.detail if found.relation is not None else ()
    if PhraseCode.LAYERS_OF_ANOTHER in codes(detail):
        rest = f", {share} of those tested do not"
        return (Trusted("layers of the weights match "), called, Trusted(rest))
    rest = f", but {share} of the layers tested in one part of them do not"
    return (Trusted("the weights match "), called, Trusted(rest))
