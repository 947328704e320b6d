"""Does the relation that a card declares fit what the weights show, and where is something said?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hubcheck.card.wordings.given import Wording
from hubcheck.report.phrases import PhraseCode as P

WORDS: Final[Mapping[P, Wording]] = {
    P.NOT_AN_ADAPTER: "the repository holds whole weights, not an adapter",
    P.ADAPTER_ALONE: "an adapter alone does not show its base",
    P.ROUNDING_OR_TRAINING: "coarse rounding and light training look alike in a sample",
    P.NOTHING_TRAINED: lambda given: (
        "the weight files are the same bytes: nothing was trained"
        if given.has("bytes")
        else "every sampled value is that of the base: nothing was trained"
    ),
    P.RELATION_UNKNOWN: "this relation is not known",
    P.MERGE_OF_ONE: "a merge of one base",
    P.SAME_AS_ONE: "the weight files are the same bytes as this base alone",
    P.BASES_FOUND: "{found} of {declared} declared bases were found in the weights",
    P.MERGE_SHARE: "its share is {share:.3f}, {low:.3f} to {high:.3f}",
    P.NO_SHARES: "all bases are related, and no shares were measured",
}
