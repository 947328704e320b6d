"""What is known of experts that were moved, dropped, made or merged away?"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from hubcheck.evidence.row import Row
from hubcheck.frozen import frozen
from hubcheck.report.phrases import Clauses, Phrase, PhraseCode, Value


class ExpertChange(StrEnum):
    """What became of the experts; the words are the card's."""

    SAME = "same-order"
    REORDERED = "reordered"
    DROPPED = "dropped"
    ADDED = "added"
    UPCYCLED = "up-cycled"
    EXTRACTED = "extracted"
    NOT_FOUND = "not-found"


@frozen
class ExpertPair:
    """One expert of the subject and where its neurons come from."""

    layer: int
    expert: int
    """-1 for a dense MLP (or the shared expert) of the subject."""
    base_layer: int
    base_expert: int
    """-1 for a dense MLP (or the shared expert) of the base."""
    first: int
    """First base neuron of the slice the expert was cut from; 0 for the whole."""
    hits: int
    units: int
    kept: float
    ceiling: float
    stands: bool
    """Whether ``kept`` is more than relabelling could have reached."""


@frozen
class Experts:
    """The origin of the subject's experts, in the layers looked at."""

    kind: ExpertChange
    pairs: tuple[ExpertPair, ...]
    """Proven by hits inside the expert; where experts are many, a sample of each layer."""
    sampled: int
    """Experts of the subject whose neurons were looked at."""
    base_experts: int
    """0 for a dense base."""
    subject_experts: int
    partners: Mapping[int, Mapping[int, int]]
    """Base layer -> subject expert -> base expert, by router rows; empty between dense and MoE."""
    dropped: Mapping[int, tuple[int, ...]]
    """Base layer -> experts of the base that no expert of the subject was matched to."""
    log_e: float
    """Product over distinct orders of the base (natural log). A later look at neuron orders that
    other tests may have used too: average with them, never multiply."""
    rows: tuple[Row, ...]
    bytes_base: int
    bytes_subject: int
    shuffled_inside: bool = False
    """No order of the neurons is left inside the experts; signs show that they are the base's."""

    @property
    def said(self) -> Clauses:
        """Say what was done to the experts; nothing where all stand in their places."""
        all_found = len(self.pairs) >= self.sampled or self.shuffled_inside
        if self.kind is ExpertChange.SAME and all_found:
            return ()
        params: dict[str, Value] = {
            "change": self.kind.value,
            "base": self.base_experts,
            "subject": self.subject_experts,
            "found": len(self.pairs),
            "sampled": self.sampled,
            "shuffled": self.shuffled_inside,
        }
        if self.kind is ExpertChange.DROPPED:
            sets = set(self.dropped.values())
            alike = len(sets) == 1
            params |= {"alike": alike, "gone": tuple(next(iter(sets))) if alike else ()}
        elif self.kind is ExpertChange.EXTRACTED:
            taken = {p.base_expert for p in self.pairs if p.base_expert >= 0}
            params["taken"] = tuple(sorted(taken))
        return (Phrase(PhraseCode.EXPERTS_CHANGED, params),)
