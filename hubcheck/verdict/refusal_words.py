"""Why was a base, or one look at it, not tested: as a code, and in words?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hubcheck.errors import HubcheckError, UnsupportedFormatError
from hubcheck.evidence.refused import LIMITS, Refused, Why
from hubcheck.report.words import ReasonCode
from hubcheck.source.pointer import NOT_AVAILABLE

_REASONS: Final[Mapping[str, tuple[ReasonCode, str]]] = {
    "GatedModelError": (ReasonCode.GATED, "gated, and no token with access"),
    "MissingModelError": (ReasonCode.MISSING, "not found, or private"),
    "NoWeightsError": (ReasonCode.NO_WEIGHTS, "holds no weights"),
    "UnknownRevisionError": (ReasonCode.UNKNOWN_REVISION, "unknown revision"),
    "NetworkFaultError": (ReasonCode.UNREACHABLE, "the host could not be reached"),
    "UnreachableError": (ReasonCode.FORBIDDEN, "the host does not allow reading"),
    "BudgetExceededError": (ReasonCode.BUDGET, "needs more than --max-read allows"),
    "HostileCheckpointError": (ReasonCode.HOSTILE, "its files contradict themselves"),
}
_WHY: Final[Mapping[Why, str]] = {
    Why.VALUES: "values that are no numbers",
    Why.BUDGET: "it needs more than --max-read leaves",
    Why.NETWORK: "the network failed",
    Why.FORMAT: "its storage cannot be read in pieces",
    Why.NO_SHARED_ORDER: "no order of the layers is comparable: all sizes differ",
    Why.NO_SOUND_ORDER: "no order of the base could be tested",
    Why.NO_SHARED_SHAPE: "no matrix has one shape in both models, or the budget is spent",
    Why.NO_LAYER_PAIR: "no layer of one model corresponds to one of the other",
    Why.ONE_LAYER: "one layer alone corresponds: nothing to hold it against",
    Why.FEW_LAYERS: "fewer than two layers to compare",
    Why.FEW_TOKENS: "too few shared tokens to make a frame of",
    Why.FEW_NEURONS: "too few neurons fit the budget to expect true pairs",
    Why.NO_GATED_MLP: "no gated MLP in both models",
    Why.NO_EXPERTS: "neither model has experts",
    Why.SAME_SIZE: "neurons and channels are as many in both models",
    Why.NO_COMMON_PIECE: "no layer's MLPs can be cut into pieces of one size",
    Why.NO_COUNTERPART: "no tensor of one model has a counterpart in the other",
    Why.OTHER_WIDTH: "the models differ in width: shares need identical shapes",
    Why.OTHER_DEPTH: "the models differ in depth: shares need identical shapes",
    Why.ONE_BASE: "one related base alone is no merge",
    Why.LIKE_BASES: "the bases are too alike to tell their shares apart",
    Why.FEW_VALUES: "too few values",
}
TELLING: Final = frozenset({"layer map", "disguise test", "frame of writers", "every tensor"})
"""Looks of which a reader is told that they could not be made, whatever kept them from it; of the
others only a limit, the network and bad values are worth a word."""


def why(error: HubcheckError | None) -> tuple[ReasonCode, str]:
    """Return why a base was not tested, as a code and in a few words."""
    if error is None:
        return ReasonCode.NONE, "no weights were read"
    if isinstance(error, UnsupportedFormatError):
        if error.format_name == NOT_AVAILABLE:
            return ReasonCode.NOT_AVAILABLE, f"{NOT_AVAILABLE}: {error.what}"
        return ReasonCode.FORMAT, f"format: {error.format_name}"
    unreadable = (ReasonCode.UNREADABLE, "unreadable")
    code, words = _REASONS.get(type(error).__name__, unreadable)
    return code, f"{words}: {error.what}"


def why_in_words(refused: Refused) -> str:
    """Return why a look could not be taken, in a few words."""
    return _WHY[refused.code] if refused.error is None else refused.error.what


def refusal_notes(refused: tuple[Refused, ...]) -> tuple[str, ...]:
    """Return one sentence for each look, or part of one, that could not be taken."""
    found = []
    for one in refused:
        if one.error is not None:
            whose = f" of the {one.side}" if one.side else ""
            found.append(f"{one.look}: not looked at, {one.code}{whose}: {one.error.what}")
        elif one.code in LIMITS or one.look in TELLING:
            found.append(f"{one.look} not made: {_WHY[one.code]}")
    return tuple(dict.fromkeys(found))
