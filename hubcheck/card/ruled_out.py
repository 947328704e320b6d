"""What do the sizes of two models rule out of what a card declares, and what do they leave open?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hubcheck.card import matches
from hubcheck.card.document import Line, Trusted, Untrusted
from hubcheck.card.wording import words
from hubcheck.report.words import Verdict

if TYPE_CHECKING:
    from hubcheck.report.schema import Report

LENGTH: Final = 160
"""Characters; the figures come from a report that anyone can write."""
LEAVES_OPEN: Final = " What remains possible: pruned, grown, distilled, or from another model. "
OPEN: Final = frozenset({Verdict.INCONCLUSIVE, Verdict.NOT_TESTED})


def line(report: Report) -> Line:
    """Return what sizes rule out, said before anything that a test saw; nothing without any."""
    found = next((f for f in matches.declared(report) if f.ruled_out), None)
    if found is None:
        return ()
    said = Untrusted(_as_sentence(words(found.ruled_out[0])), limit=LENGTH)
    if found.verdict not in OPEN:
        return (said, Trusted(" "))
    return (said, Trusted(LEAVES_OPEN))


def _as_sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
