"""What does a card say of a match beside its kin: what an accusation rests on, what is not dated?

The chance of the match itself is bounded exactly; that it is more than kinship is calibrated, or
settled by bits, and the first screen says which.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hubcheck.card import matches, names
from hubcheck.card.document import Identifier, Line, Trusted
from hubcheck.report.phrases import Phrase, PhraseCode
from hubcheck.report.standing import UNDATED, is_undated, is_undeclared

if TYPE_CHECKING:
    from hubcheck.report.schema import Finding, Report


HELD: Final = (PhraseCode.HELD_CHANGE, PhraseCode.HELD_BIT_FOR_BIT)


def beyond_kinship(report: Report) -> Line:
    """Return what the accusation rests on, where a declared base is the match's kin."""
    for finding in report.findings:
        held = next((n for n in finding.notes if n.code in HELD), None)
        if held is None or not is_undeclared(finding):
            continue
        begin = Trusted(" It is a relative of the declared base; that ")
        called = Identifier(names.called(finding.base))
        return (begin, called, Trusted(f"'s own change is held {_rests_on(held)}."))
    return ()


def undated(report: Report) -> Line:
    """Return that a search brought a match, where the title speaks of another (DESIGN 13.11)."""
    found = next((f for f in report.findings if is_undated(f)), None)
    if found is None or found is matches.main_match(report):
        return ()
    rest = f", which {proposer(found)} proposed; which came first is not known: {UNDATED}."
    return (Trusted(" The weights match "), Identifier(names.called(found.base)), Trusted(rest))


def proposer(finding: Finding) -> str:
    """Return who proposed a base that nobody named."""
    return "a catalogue" if finding.found_by == "catalogue" else "a search"


def _rests_on(held: Phrase) -> str:
    families, bound = held.params.get("families"), held.params.get("bound")
    if held.code is PhraseCode.HELD_BIT_FOR_BIT:
        return "rests on rows that are equal bit for bit"
    if isinstance(families, int) and isinstance(bound, float):
        return f"is calibrated on {families} families of small models (bound {bound:.4f})"
    return "is calibrated on small models"
