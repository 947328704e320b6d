"""Do two models share an initialisation and no training?"""

from __future__ import annotations

from statistics import median
from typing import Final

from hubcheck.evidence.combine import NOTABLE
from hubcheck.evidence.family import BODY_ORDERS, Test
from hubcheck.evidence.looks.sample.comparison import Comparison
from hubcheck.report.phrases import PhraseCode, phrase
from hubcheck.report.schema import Relation
from hubcheck.report.words import RelationKind

COPIED_BULK: Final = 1.1
"""Bulk of the base's spectrum from which a weakened top is no common initialisation. Models of one
initialisation kept .28 to .95 of it, copies whose learned directions were damped by a fifth to a
half 1.03 to 1.11: standardised rows whose top was damped hold more of the bulk."""
OWN_BULK: Final = 0.95
"""The most that models of one initialisation, trained apart, kept; between the two, nothing is
said."""


def common_start(comparison: Comparison) -> Relation | None:
    """Return the relation of models that share an initialisation and no training, if they do.

    The spectrum tells: bulk kept, learned top not. Where training has drowned the bulk, tokens that
    it never saw still hold their initial rows: reserved tokens that stand, beside a body that does
    not, say the same. A copy whose learned directions were damped looks alike in the top alone: its
    bulk is whole (``COPIED_BULK``), and what was not touched is bit-equal; such a copy is a copy.

    Returns:
        ``common-initialisation``; ``undetermined`` where a start and a weakened copy both fit;
        ``None`` where it is neither.
    """
    spectra = comparison.spectra
    untouched = any(
        o.test in BODY_ORDERS and o.change == 0.0 for o in comparison.hitting
    )  # trained values that are bit-equal: no second training made them
    if spectra and 2 * sum(s.says_common_initialisation for s in spectra) > len(spectra):
        top = float(median(s.top for s in spectra))
        bulk = float(median(s.bulk for s in spectra))
        if untouched or bulk >= COPIED_BULK:
            return None
        if bulk > OWN_BULK:
            either = phrase(PhraseCode.START_OR_COPY, bulk=bulk, top=top)
            return Relation(kind=RelationKind.UNDETERMINED, detail=(either,))
        start = phrase(PhraseCode.SAME_START, bulk=bulk, top=top)
        return Relation(kind=RelationKind.COMMON_INITIALISATION, detail=(start,))
    reserved = [o for o in comparison.outcomes if o.test is Test.RESERVED]
    if not comparison.content_stands and any(o.stands and o.log_e >= NOTABLE for o in reserved):
        start = phrase(PhraseCode.SAME_START_TOKENS, kept=float(max(o.kept for o in reserved)))
        return Relation(kind=RelationKind.COMMON_INITIALISATION, detail=(start,))
    return None
