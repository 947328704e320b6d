"""How much of two whole models was compared, once each of their parts was judged?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hubcheck.anatomy.interface import Anatomy
from hubcheck.verdict.coverage import NO_PARAMETERS
from hubcheck.verdict.parts import Judged, PartLook

NAMED: Final = 0.01
"""Share of the parameters from which what was not compared is named, as in ``coverage``."""
STACK: Final = frozenset({"encoder", "decoder"})
"""Parts that are called by their name alone."""


def part_name(name: str) -> str:
    """Return what a tower or a stack is called: ``vision tower``, ``decoder``."""
    return name if name in STACK else f"{name} tower"


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """What is known of all parts once each was judged."""

    body: Judged
    towers: tuple[Judged, ...]
    looks: tuple[PartLook, ...]
    """Of the towers, in the same order."""
    tower_only: tuple[bool, bool]
    """Whether base, and subject, is a tower and nothing else."""
    totals: tuple[int, int]
    """Parameters of base and of subject, buffers not counted."""
    heads_alone: tuple[str, str] = ("", "")
    """Which head base, and subject, is and nothing else; empty for a model."""

    @property
    def is_head_alone(self) -> bool:
        """Whether one of the two is a head and nothing else, and the other is a model."""
        return bool(self.heads_alone[0]) is not bool(self.heads_alone[1])

    @property
    def head_words(self) -> str:
        """Say that one of the two is a head and nothing else."""
        base, subject = self.heads_alone
        side, head = ("this model", subject) if subject else ("the base", base)
        return f"a head alone: {side} holds no body ({head})"

    def tower_shares(self, tower: Judged) -> tuple[float, float]:
        """Return the share of the base's and of the subject's parameters that a tower holds."""
        pairs = zip(tower.sides, self.totals, strict=True)
        base, subject = (side.parameters / max(1, total) for side, total in pairs)
        return base, subject

    @property
    def body_share(self) -> float:
        """Share of the base's parameters that its body holds."""
        return self.body.sides[0].parameters / max(1, self.totals[0])

    @property
    def compared(self) -> float:
        """Share of what both sides could have in common whose values were compared; the least."""
        return min(self._compared(0), self._compared(1))

    def _compared(self, which: int) -> float:
        if any(self.tower_only):
            if not self.tower_only[which]:
                return 1.0  # the rest of this side could not have come from the other
            total = self.totals[which]
            seen = sum(t.sides[which].compared * t.sides[which].parameters for t in self.towers)
            return min(1.0, seen / max(1, total))
        parts = [self.body.sides[which], *(t.sides[which] for t in self.towers)]
        total = sum(side.parameters for side in parts)
        return sum(side.compared * side.parameters for side in parts) / max(1, total)

    @property
    def rest_words(self) -> str:
        """Which share of the parameters was not compared, in words."""
        return f"{1.0 - self.compared:.0%} of the parameters were not compared"

    @property
    def not_compared(self) -> tuple[str, ...]:
        """What was not compared, with its share of the part, of the side with less compared."""
        if any(self.tower_only):
            return (self.rest_words,) if self.compared < 1.0 - NAMED else ()
        least = min(self.body.sides, key=lambda side: side.compared)
        found = [f"{words} {share:.0%}" for words, share in least.not_compared]
        found += [
            f"{part_name(t.name)}: {words} {share:.0%}"
            for t in self.towers
            for words, share in min(t.sides, key=lambda side: side.compared).not_compared
        ]
        return tuple(found)


def parameters_of(anatomy: Anatomy) -> int:
    """Return the parameters of a model, buffers and scales not counted."""
    tensors = anatomy.checkpoint.tensors
    beside = sum(tensors[n].n_values for n, r in anatomy.others.items() if r in NO_PARAMETERS)
    return anatomy.checkpoint.n_parameters - beside
