"""What is said of a base, or of one look at it, that was not tested?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from hubcheck.errors import HubcheckError, UnsupportedFormatError
from hubcheck.evidence.refused import LIMITS, Refused, the_look
from hubcheck.report.phrases import Clauses, Phrase, PhraseCode, because, phrase
from hubcheck.report.words import ReasonCode
from hubcheck.source.pointer import NOT_AVAILABLE
from hubcheck.statistics.exchangeability import OrderProblem

_REASONS: Final[Mapping[str, ReasonCode]] = {
    "GatedModelError": ReasonCode.GATED,
    "MissingModelError": ReasonCode.MISSING,
    "NotPublicError": ReasonCode.MISSING,
    "NoWeightsError": ReasonCode.NO_WEIGHTS,
    "UnknownRevisionError": ReasonCode.UNKNOWN_REVISION,
    "NetworkFaultError": ReasonCode.UNREACHABLE,
    "UnreachableError": ReasonCode.FORBIDDEN,
    "BudgetExceededError": ReasonCode.BUDGET,
    "HostileCheckpointError": ReasonCode.HOSTILE,
    "InternalFaultError": ReasonCode.INTERNAL,
}
TELLING: Final = frozenset(map(the_look, ("layer-map", "disguise", "writers", "every-tensor")))
"""Looks of which a reader is told that they could not be made, whatever kept them from it; of the
others only a limit, the network and bad values are worth a word."""


def why(error: HubcheckError | None) -> tuple[ReasonCode, Clauses]:
    """Return why a base was not tested, as a code and as what is said of it."""
    if error is None:
        return ReasonCode.NONE, (phrase(PhraseCode.NO_WEIGHTS_READ),)
    if isinstance(error, UnsupportedFormatError):
        if error.format_name == NOT_AVAILABLE:
            code = ReasonCode.NOT_AVAILABLE
            return code, because(code, detail=error.what)
        return ReasonCode.FORMAT, because(ReasonCode.FORMAT, format=error.format_name)
    code = _REASONS.get(type(error).__name__, ReasonCode.UNREADABLE)
    return code, because(code, detail=error.what)


def why_not(refused: Refused) -> Clauses:
    """Return why a look could not be taken: the error's own words, or the code's."""
    if refused.error is not None:
        return (phrase(PhraseCode.FAILED, detail=refused.error.what),)
    return (phrase(PhraseCode.WHY, why=refused.code.value),)


def problems_said(found: Iterable[OrderProblem]) -> Clauses:
    """Return why orders of a base may not be used."""
    return tuple(
        phrase(PhraseCode.ORDER_PROBLEM, problem=one.code.value, count=one.count, of=one.of)
        for one in found
    )


def refusal_notes(refused: tuple[Refused, ...]) -> Clauses:
    """Return a phrase for each cause for which looks, or parts of looks, could not be taken.

    One value that is no number keeps every family from being looked at that needs it: that is said
    once, with all of them.
    """
    by_cause: dict[tuple[str, str, str], list[Phrase]] = {}
    not_made: list[Phrase] = []
    for one in refused:
        if one.error is not None:
            looks = by_cause.setdefault((one.code.value, one.side, one.error.what), [])
            if one.look is not None and one.look not in looks:
                looks.append(one.look)
        elif one.code in LIMITS or one.look in TELLING:
            look = () if one.look is None else (one.look,)
            not_made.append(phrase(PhraseCode.NOT_MADE, look=look, why=why_not(one)))
    found = [
        phrase(PhraseCode.LOOK_REFUSED, look=tuple(looks), cause=cause, side=side, detail=detail)
        for (cause, side, detail), looks in by_cause.items()
    ]
    return tuple(dict.fromkeys((*found, *not_made)))
