"""Which lines of evidence do neurons leave that were matched where their numbers differ?"""

from __future__ import annotations

from typing import Final

from hubcheck.evidence.row import Row
from hubcheck.report.phrases import Clauses, Phrase, PhraseCode, phrase
from hubcheck.statistics.hits import LOG10
from hubcheck.statistics.increasing import log10_p_increasing
from hubcheck.statistics.signs import log10_p_signs

LEAST: Final = -99.0
"""Of a log e-value as it is shown: an order that hardly rises is worth next to nothing."""


def kept_family(label: Phrase, *, base: int, subject: int) -> Phrase:
    """Return how many neurons of how many are there."""
    return phrase(PhraseCode.FAMILY_NEURONS_KEPT, label=(label,), few=subject, many=base)


def order_row(
    family: Phrase,
    layer: int,
    frame: str,
    *,
    matches: tuple[int, int],
    log_e: float,
    content: tuple[float, float],
    where: Clauses = (),
) -> Row:
    """Return the line of matches that run upwards.

    Args:
        family: As ``kept_family`` says it.
        layer: Of the base.
        frame: In which they were matched.
        matches: The surest matches, and the longest run of them whose partners rise.
        log_e: Natural log of what the run is worth.
        content: Median cosine of the matches, and what matching strangers could reach.
        where: What else is to be known.
    """
    units, in_order = matches
    return Row(
        test="pruned-neurons",
        family=family,
        kind="exact",
        part="body",
        frame=frame,
        layers=(layer,),
        units=units,
        hits=in_order,
        log10_p=log10_p_increasing(in_order, units),
        log10_e=max(log_e, LEAST) / LOG10,
        kept=content[0],
        ceiling=content[1],
        note=(phrase(PhraseCode.NOTE_INCREASING), *where),
    )


def coins_row(
    label: Phrase,
    layer: int,
    frame: str,
    *,
    coins: tuple[int, int],
    log_e: float,
    ordered: bool,
    content: tuple[float, float] = (0.0, 0.0),
    where: Clauses = (),
) -> Row:
    """Return the line of signs of up rows, whose neurons the gate matched.

    Args:
        label: Which units.
        layer: Of the base.
        frame: In which they were matched.
        coins: Signs that agree, of how many.
        log_e: Natural log of what they are worth.
        ordered: Whether the neurons' order was found as well.
        content: As for ``order_row``; zeros where it is told beside it.
        where: What else is to be known.
    """
    agreements, pairs = coins
    return Row(
        test="signs",
        family=phrase(PhraseCode.FAMILY_UP_BY_GATE, label=(label,)),
        kind="exact",
        part="body",
        frame=frame,
        layers=(layer,),
        units=pairs,
        hits=agreements,
        log10_p=log10_p_signs(agreements, pairs),
        log10_e=log_e / LOG10,
        kept=content[0],
        ceiling=content[1],
        note=(phrase(PhraseCode.NOTE_COINS, ordered=ordered), *where),
    )
