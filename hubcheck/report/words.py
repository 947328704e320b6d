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


class NothingCompared(StrEnum):
    """Why the weights of no base were compared."""

    NO_WEIGHTS = "no-weights"
    WEIGHTS_BELOW = "weights-below"
    NO_CONTENT = "no-content"
    NOT_READABLE = "not-readable"
    NO_BASE = "no-base"
    NO_NAME = "no-name"
    """A base is declared by words under which no model can be looked up: a path, a number."""
    NO_BASE_TESTED = "no-base-tested"


class EvidenceKind(StrEnum):
    """How far a piece of evidence carries."""

    EXACT = "exact"
    IDENTITY = "identity"
    """Bit-equal tensors: outside E, for any architecture."""
    CALIBRATED = "calibrated"
    ASSUMED = "assumed"
    """Of orders that look free by names and shapes alone."""
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


class Holds(StrEnum):
    """What of a base the subject was shown to hold."""

    NOTHING = ""
    BODY = "body"
    """The part that holds most of the body's parameters."""
    PART = "part"
    """Embeddings, norms or a tower, while the rest was tested and does not match."""
    WHOLE = "whole"
    """A base that is one tower, and all of it was compared."""


class ReasonCode(StrEnum):
    """Why a base was not tested, or why what was tested does not decide.

    Code reads these; the sentence beside a code is for people and is never read back.
    """

    NONE = ""
    # not tested
    HEADERS_ONLY = "headers-only"
    PROPOSAL = "proposal"
    """A commit that no branch or tag of the repository holds: a proposal to it, never it."""
    GATED = "gated"
    MISSING = "missing"
    NO_WEIGHTS = "no-weights"
    UNKNOWN_REVISION = "unknown-revision"
    UNREACHABLE = "unreachable"
    FORBIDDEN = "forbidden"
    BUDGET = "budget"
    HOSTILE = "hostile"
    FORMAT = "format"
    NOT_AVAILABLE = "not-available"
    UNREADABLE = "unreadable"
    INTERNAL = "internal"
    """A fault of hubcheck while this base was looked at."""
    SUBJECT = "subject"
    NO_SHARED_ORDER = "no-shared-order"
    # inconclusive
    ORDER_WITHOUT_CONTENT = "order-without-content"
    START_OR_COPY = "start-or-copy"
    REST_NOT_COMPARED = "rest-not-compared"
    BODY_NOT_COMPARED = "body-not-compared"
    PART_OPEN = "part-open"
    NO_POWER = "no-power"
    OTHER_SHAPE = "other-shape"
    """Sizes differ, and of what survives that too little was tested, or without power."""
    HEAD_ALONE = "head-alone"
    """Base or subject is a head, made to be put on a body: fitting there is no derivation."""
    SOME_TENSORS = "some-tensors"
    ONE_ORDER = "one-order"
    BETWEEN = "between"
    ASSUMED = "assumed"
    """The orders look free by names and shapes alone."""
    TABLE_TOO_SMALL = "table-too-small"
    NOT_IN_TABLE = "not-in-table"
    """The calibrated table is of another kind of MLP."""
    DOWN_NOT_READ = "down-not-read"
    """Gate and up match as in a disguised copy, the budget paid for no ``down``."""
    BROKEN_OFF = "broken-off"
    """The look for a shuffled and rotated copy ended before its answer: another run may see one."""


NOT_EXAMINED: Final = frozenset(
    {ReasonCode.BODY_NOT_COMPARED, ReasonCode.SUBJECT, ReasonCode.BROKEN_OFF}
)
"""Reasons of an ``inconclusive`` that is no result: most of the model was out of every test's
reach, its values cannot be used, or a test was broken off. A gate is not green for it."""


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
