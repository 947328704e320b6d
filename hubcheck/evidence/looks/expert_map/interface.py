"""What is known of experts that were moved, dropped, made or merged away?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from hubcheck.evidence.row import Row


class ExpertChange(StrEnum):
    """What became of the experts."""

    SAME = "same order"
    REORDERED = "reordered"
    DROPPED = "dropped"
    ADDED = "added"
    UPCYCLED = "up-cycled"
    EXTRACTED = "extracted"
    NOT_FOUND = "not found"


@dataclass(frozen=True, slots=True, kw_only=True)
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


@dataclass(frozen=True, slots=True, kw_only=True)
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
    notes: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """Say what was done to the experts."""
        n, m = self.subject_experts, self.base_experts
        seen = f"neurons of {len(self.pairs)} of {self.sampled} sampled experts found again"
        if self.shuffled_inside:
            seen = "and the neurons inside shuffled; signs agree"
        match self.kind:
            case ExpertChange.SAME if len(self.pairs) < self.sampled and not self.shuffled_inside:
                return (f"experts in their places ({seen})",)
            case ExpertChange.SAME:
                return ()
            case ExpertChange.REORDERED:
                return (f"experts reordered ({seen})",)
            case ExpertChange.DROPPED:
                return (f"{n} of {m} experts kept, {self._which()} ({seen})",)
            case ExpertChange.ADDED:
                return (f"{n} experts from {m} ({seen})",)
            case ExpertChange.UPCYCLED:
                return (f"{n} experts made from the dense MLP ({seen})",)
            case ExpertChange.EXTRACTED:
                return (f"the dense MLP is made of {self._extracted()} ({seen})",)
            case ExpertChange.NOT_FOUND if self.pairs:
                return (f"most experts are not this base's ({seen})",)
            case ExpertChange.NOT_FOUND:
                return ("no expert of this base was found again",)

    def _which(self) -> str:
        """Return 'without 2 and 5', or that it differs from layer to layer."""
        sets = set(self.dropped.values())
        if len(sets) == 1:
            gone = [str(e) for e in next(iter(sets))]
            listed = gone[0] if len(gone) == 1 else ", ".join(gone[:-1]) + f" and {gone[-1]}"
            return f"without {listed}" if len(gone) <= MOST_NAMED else f"{len(gone)} dropped"
        return "other ones in every layer"

    def _extracted(self) -> str:
        experts = sorted({p.base_expert for p in self.pairs if p.base_expert >= 0})
        named = ", ".join(str(e) for e in experts[:MOST_NAMED])
        return f"expert{'' if len(experts) == 1 else 's'} {named}"


MOST_NAMED = 8
"""Experts named one by one in a sentence."""
