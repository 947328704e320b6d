"""Why does what was tested not decide, in words for somebody who knows no statistics?

A sentence for the first screen and a few words for the table, by the code of the reason; the whole
reason, with its figures, stands in the folded evidence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hubcheck.card import numbers
from hubcheck.report.words import ReasonCode

if TYPE_CHECKING:
    from hubcheck.report.schema import Finding

EITHER_WAY: Final = " It proves nothing in either direction."
NO_SUSPICION: Final = " It is no sign against the model."

_PLAIN: Final = {
    ReasonCode.ORDER_WITHOUT_CONTENT: (
        "The order of the units agrees, their content is too weak to tell: a distant copy, a "
        "structured initialisation and a relabelling all look like that, so it proves nothing."
    ),
    ReasonCode.START_OR_COPY: (
        "The order of the units agrees, their values do not tell why: a weakened copy looks like "
        "that, and so do two models trained apart from the same starting values." + EITHER_WAY
    ),
    ReasonCode.BODY_NOT_COMPARED: (
        "Too little of the model could be tested to show a match or its absence." + NO_SUSPICION
    ),
    ReasonCode.PART_OPEN: (
        "The main part of the model does not match; of another part neither a match nor its "
        "absence is shown." + EITHER_WAY
    ),
    ReasonCode.NO_POWER: (
        "Too little of the two models can be compared: a copy might not have been seen."
        + NO_SUSPICION
    ),
    ReasonCode.OTHER_SHAPE: (
        "The two models differ in their sizes, and across that too little could be tested to show "
        "a match or its absence." + NO_SUSPICION
    ),
    ReasonCode.HEAD_ALONE: (
        "One of the two is a head without a body, made to be put on another model: that it fits "
        "says nothing of where it comes from." + NO_SUSPICION
    ),
    ReasonCode.SOME_TENSORS: (
        "Some of the weights are equal, bit for bit, but less than half of the body; of the rest "
        "no match is shown." + EITHER_WAY
    ),
    ReasonCode.ONE_ORDER: (
        "One list of units agrees and the others do not: too little for a match, too much to rule "
        "one out." + EITHER_WAY
    ),
    ReasonCode.BETWEEN: "Something agrees, and not enough to settle it." + EITHER_WAY,
    ReasonCode.TABLE_TOO_SMALL: (
        "Neurons match as in a disguised copy; the table of unrelated models that this is held "
        "against is too small to say how rare that is." + EITHER_WAY
    ),
    ReasonCode.NOT_IN_TABLE: (
        "Neurons match as in a disguised copy, and for this kind of model it is not known how rare "
        "that is." + EITHER_WAY
    ),
    ReasonCode.DOWN_NOT_READ: (
        "Gate and up rows match as in a disguised copy, and the down columns, which would decide, "
        "were not read: the limit did not allow it." + EITHER_WAY
    ),
    ReasonCode.BROKEN_OFF: (
        "No match was seen, and the look for a copy that was shuffled and rotated, which would "
        "decide, was broken off." + EITHER_WAY
    ),
}
EXPLAINED: Final = frozenset({*_PLAIN, ReasonCode.ASSUMED, ReasonCode.REST_NOT_COMPARED})
"""The reasons of what was tested and does not decide."""
_ASSUMED: Final = {
    True: "The order of the units agrees, but that training leaves it free is only assumed for "
    "this kind of model." + EITHER_WAY,
    False: "No order of units agrees, but that training leaves it free is only assumed for this "
    "kind of model: so it is no sign that the two are unrelated.",
}
_FEW: Final = {
    ReasonCode.ORDER_WITHOUT_CONTENT: "their content is too weak to tell",
    ReasonCode.START_OR_COPY: "a common start or a weakened copy",
    ReasonCode.NO_POWER: "too little to have seen a copy",
    ReasonCode.OTHER_SHAPE: "other shape, too little could be tested across it",
    ReasonCode.HEAD_ALONE: "a head alone, without a body",
    ReasonCode.ONE_ORDER: "one order agrees, the others do not",
    ReasonCode.BETWEEN: "not enough to settle it",
    ReasonCode.ASSUMED: "that this order is free is only assumed",
    ReasonCode.TABLE_TOO_SMALL: "neurons match; how rare that is, is open",
    ReasonCode.NOT_IN_TABLE: "neurons match; how rare that is, is open",
    ReasonCode.DOWN_NOT_READ: "gate and up match; down was not read",
    ReasonCode.SUBJECT: "too little was looked at: values of this model could not be used",
    ReasonCode.BROKEN_OFF: "a look that would decide was broken off",
}


def plainly(finding: Finding) -> str:
    """Return why a base that was tested stays open; ``""`` where its code has no sentence."""
    if finding.code is ReasonCode.ASSUMED:
        agrees = any(bool(one.params.get("agrees")) for one in finding.reason)
        return _ASSUMED[agrees]
    return _PLAIN.get(finding.code, "")


def few_words(finding: Finding) -> str:
    """Return the same for a cell; ``""`` where the report's own words have to do."""
    params = {name: value for one in finding.reason for name, value in one.params.items()}
    tested, share = params.get("tested"), params.get("share")
    if finding.code is ReasonCode.BODY_NOT_COMPARED and isinstance(tested, float):
        return f"only {numbers.percent(tested)} of the body could be tested"
    if finding.code is ReasonCode.SOME_TENSORS and isinstance(share, float):
        return f"{numbers.percent(share)} of the body is equal bit for bit"
    return _FEW.get(finding.code, "")
