"""How much of two whole models was compared, once each of their parts was judged?"""

from __future__ import annotations

from typing import Final

from hubcheck.anatomy.interface import Anatomy
from hubcheck.evidence.looks.sample.part import PartLook
from hubcheck.frozen import frozen
from hubcheck.report.phrases import Clauses, Phrase, PhraseCode, Value, because, phrase
from hubcheck.report.words import ReasonCode
from hubcheck.verdict.beside_towers import NOTHING_KNOWN, Beside
from hubcheck.verdict.coverage import NO_PARAMETERS
from hubcheck.verdict.parts import Judged

NAMED: Final = 0.01
"""Share of the parameters from which what was not compared is named, as in ``coverage``."""
STACK: Final = frozenset({"encoder", "decoder"})
"""Parts that are called by their name alone."""


def part_name(name: str) -> str:
    """Return what a tower or a stack is called: ``vision tower``, ``decoder``."""
    return name if name in STACK else f"{name} tower"


@frozen
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
    ruled_out: tuple[bool, ...]
    """Of the towers: whether sizes rule out that they are what the card declares."""
    beside: Beside = NOTHING_KNOWN
    """What lies beside the towers of models that are towers alone."""
    heads_alone: tuple[str, str] = ("", "")
    """Which head base, and subject, is and nothing else; empty for a model."""

    @property
    def is_head_alone(self) -> bool:
        """Whether one of the two is a head and nothing else, and the other is a model."""
        return bool(self.heads_alone[0]) is not bool(self.heads_alone[1])

    @property
    def head_alone(self) -> Clauses:
        """What is said where one of the two is a head and nothing else."""
        base, subject = self.heads_alone
        side, head = ("subject", subject) if subject else ("base", base)
        return because(ReasonCode.HEAD_ALONE, side=side, head=head)

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
            total = self.totals[which] - self.beside.heads[which]  # put on for a task
            seen = sum(t.sides[which].compared * t.sides[which].parameters for t in self.towers)
            return min(1.0, (seen + self.beside.compared[which]) / max(1, total))
        parts = [self.body.sides[which], *(t.sides[which] for t in self.towers)]
        total = sum(side.parameters for side in parts)
        return sum(side.compared * side.parameters for side in parts) / max(1, total)

    @property
    def rest(self) -> float:
        """Share of the parameters that was not compared."""
        return round(1.0 - self.compared, 4)

    @property
    def not_compared(self) -> Clauses:
        """What was not compared, with its share of the part, of the side with less compared."""
        if any(self.tower_only):
            rest = phrase(PhraseCode.SHARE_NOT_COMPARED, share=self.rest)
            return (rest,) if self.compared < 1.0 - NAMED else ()
        least = min(self.body.sides, key=lambda side: side.compared)
        found = [not_compared(what, share) for what, share in least.not_compared]
        found += [
            not_compared(what, share, part=part_name(t.name))
            for t in self.towers
            for what, share in min(t.sides, key=lambda side: side.compared).not_compared
        ]
        return tuple(found)


def not_compared(what: str, share: float, part: str = "") -> Phrase:
    """Return that something of a part was not compared.

    Args:
        what: In words of our own (``coverage``).
        share: Of the part's parameters.
        part: The tower it is said of; empty for the body.
    """
    params: dict[str, Value] = {"what": what, "share": round(share, 4)}
    return Phrase(PhraseCode.NOT_COMPARED, {**params, **({"part": part} if part else {})})


def parameters_of(anatomy: Anatomy) -> int:
    """Return the parameters of a model, buffers and scales not counted."""
    tensors = anatomy.checkpoint.tensors
    beside = sum(tensors[n].n_values for n, r in anatomy.others.items() if r in NO_PARAMETERS)
    return anatomy.checkpoint.n_parameters - beside
