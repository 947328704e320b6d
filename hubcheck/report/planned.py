"""What would a check read, and why?

What ``--plan`` shows: a value, made without a weight being read. Words are the card's.
"""

from __future__ import annotations

from enum import StrEnum

from hubcheck.frozen import frozen


class When(StrEnum):
    """In which cases a planned look is taken."""

    ALWAYS = "always"
    IF_RELATED = "if-related"
    IF_OPEN = "if-open"
    """Where the tests before it left something open."""
    UNLESS_UNRELATED = "unless-unrelated"
    IF_SEVERAL = "if-several"
    """Where several bases turn out related to the subject."""
    IF_BOTH = "if-both"
    """Where a base that is declared and one that is not turn out related to the subject."""


@frozen
class PlannedRows:
    """Rows ``start`` to ``stop`` (exclusive) of one tensor, and the test that asks for them."""

    tensor: str
    start: int
    stop: int
    why: str


@frozen
class ModelPlan:
    """What the first step reads of one model."""

    name: str
    rows: tuple[PlannedRows, ...]
    """In the order in which tests ask; two tests may ask for the same rows, which are read once."""
    bytes_by_reason: tuple[tuple[str, int], ...]
    """Bytes that each test asks for, sorted by test; what two tests share counts for both."""
    n_bytes: int
    """Bytes of all rows, each counted once."""
    n_transferred: int
    """The same with the gaps between neighbours that share a request."""
    n_requests: int
    """Ranges asked for, where the model lies on a Hub."""
    total_bytes: int
    """Bytes of all tensors of the model."""


@frozen
class FurtherLook:
    """A look beyond the first step."""

    name: str
    when: When
    n_base: int = 0
    """Bytes of what it is known to read first; 0 where that is chosen as it goes."""
    n_subject: int = 0
    at_most: int = 0
    """Bytes a model, where it chooses as it goes; 0 for what is listed and no more."""


@frozen
class PairPlan:
    """What a check reads of one base and of the subject for it."""

    base: ModelPlan
    subject: ModelPlan
    """The subject's rows are drawn alike for every base of the same shape."""
    further: tuple[FurtherLook, ...]
    """Every other look of the depth, in the order in which they are asked."""


@frozen
class Plan:
    """What a check would read: per base, and the bases that would be left out."""

    seed: int
    pairs: tuple[PairPlan, ...]
    left_out: tuple[tuple[str, str], ...]
    """Name, and what the error says."""
    together: tuple[FurtherLook, ...] = ()
    """Looks at several bases at once, and at adapters, once every base was looked at."""
    limit: int = 0
    """Bytes that may be read of each model; 0 for no limit."""
    escalates_to: int = 0
    """The same once a declared base looks unrelated; 0 where it stays."""
