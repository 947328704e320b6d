"""Which words may a verdict be made of?

One meaning each (DESIGN section 2); the string is what users type, read and store.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Verdict(StrEnum):
    """What was found about one base."""

    IDENTICAL = "identical"
    RELATED = "related"
    DISGUISED = "disguised"
    UNRELATED = "unrelated"
    INCONCLUSIVE = "inconclusive"
    NOT_TESTED = "not-tested"


OPEN: Final = frozenset({Verdict.UNRELATED, Verdict.INCONCLUSIVE})
"""Verdicts that a closer look may still change: a disguise, or layers that moved, explain them."""


class DeclarationVerdict(StrEnum):
    """How the card's declaration stands against everything found."""

    CONFIRMED = "confirmed"
    UNDECLARED = "undeclared"
    CONTRADICTED = "contradicted"
    NONE_FOUND = "none-found"
    INCONCLUSIVE = "inconclusive"


class Conclusion(StrEnum):
    """The declaration verdict put through the user's policy."""

    PASS = "pass"  # noqa: S105 - a word of the report, not a password
    NEUTRAL = "neutral"
    FAIL = "fail"


class EvidenceKind(StrEnum):
    """How far a piece of evidence carries."""

    EXACT = "exact"
    CALIBRATED = "calibrated"
    CONTEXT = "context"


class RelationKind(StrEnum):
    """How two related models are related, as far as part of the evidence tells."""

    IDENTICAL = "identical"
    RECAST = "recast"
    QUANTISED = "quantised"
    FINE_TUNE = "fine-tune"
    VOCABULARY_CHANGED = "vocabulary-changed"
    LAYERS_CHANGED = "layers-changed"
    WIDTH_CHANGED = "width-changed"
    PARTS = "parts"
    COMMON_INITIALISATION = "common-initialisation"
    REARRANGED = "rearranged"
    LORA_MERGE = "lora-merge"
    SPARSE_UPDATE = "sparse-update"
    MERGE = "merge"
    UPCYCLED = "up-cycled"
    UNDETERMINED = "undetermined"


ORDER_AGREES: Final = "order agrees, "
"""Begins the reason where order agrees and content does not decide."""
ORDER_ALONE: Final = (
    ORDER_AGREES + "the content is too weak to tell: a distant copy, a structured initialisation "
    "or a relabelling"
)
WHOLE_BASE = "all that the base holds"
"""Ends the detail of a relation to a base that is a tower and nothing else."""


class Depth(StrEnum):
    """How much of the weights is read."""

    HEADERS = "headers"
    SAMPLE = "sample"
    DEEP = "deep"
    FULL = "full"


class LicenceStatus(StrEnum):
    """What a repository shows of what a licence asks. An observation, never advice."""

    ATTENTION = "attention"
    OK = "ok"
    UNKNOWN = "unknown"
    NOT_CHECKED = "not-checked"
