"""What was seen of the components of two models?"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from hubcheck.anatomy.interface import Anatomy
from hubcheck.evidence.comparison import Comparison
from hubcheck.evidence.equal_files import WholeFiles
from hubcheck.evidence.refused import Refused
from hubcheck.verdict.equal_tensors import NOTHING_EQUAL, Both, EqualTensors
from hubcheck.verdict.finding import evidence_of
from hubcheck.verdict.parts import PartLook
from hubcheck.verdict.report import Evidence, PartVerdict
from hubcheck.verdict.words import EvidenceKind

IDENTITY: Final = "identity"
"""The test of bit-equal tensors: one row for all of two models."""


class Alone(StrEnum):
    """Which of the two is a single model, held against every component of the other."""

    NEITHER = ""
    BASE = "the base"
    SUBJECT = "this model"


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentLook:
    """One component that both models have, and everything that was seen of it."""

    name: str
    base: Anatomy
    subject: Anatomy
    seen: PartLook | WholeFiles | Refused
    """What the tests saw; equal weight files, after which nothing was looked at; or why it could
    not be looked at."""
    towers: tuple[PartLook, ...] = ()
    sides: tuple[PartVerdict, ...] = ()
    equal: EqualTensors = NOTHING_EQUAL

    @property
    def same_files(self) -> bool:
        """Whether its weight files are the same bytes."""
        return isinstance(self.seen, WholeFiles)

    @property
    def comparisons(self) -> tuple[Comparison, ...]:
        """What was compared by orders: the component, then its towers."""
        own = (self.seen.comparison,) if isinstance(self.seen, PartLook) else ()
        return (*own, *(tower.comparison for tower in self.towers))


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentsSeen:
    """What was seen of all components beside the body."""

    looks: tuple[ComponentLook, ...] = ()
    only: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    """Components without a counterpart, of base and of subject."""
    alone: Alone = Alone.NEITHER
    same_body: bool = False
    """Whether the weight files of both bodies, beside the components, are the same bytes."""

    @property
    def comparisons(self) -> tuple[Comparison, ...]:
        """Every comparison by orders."""
        return tuple(one for look in self.looks for one in look.comparisons)

    @property
    def equal(self) -> EqualTensors:
        """Tensors of all components whose bytes were compared, the component's name in front."""
        every = [one for one in self.looks if one.equal is not NOTHING_EQUAL]

        def named(field: Literal["equal", "proven", "differing", "alone"]) -> Both:
            sides = (
                frozenset(f"{one.name}.{n}" for one in every for n in getattr(one.equal, field)[i])
                for i in (0, 1)
            )
            return next(sides), next(sides)

        return EqualTensors(
            equal=named("equal"),
            proven=named("proven"),
            differing=named("differing"),
            alone=named("alone"),
            log10_p=sum(one.equal.log10_p for one in every),
            whole=all(one.equal.whole for one in every),
        )

    def __bool__(self) -> bool:
        """Whether either model has components."""
        return bool(self.looks or any(self.only))


NO_COMPONENTS: Final = ComponentsSeen()
"""Of two models that have a body each, and nothing beside it."""


def component_rows(seen: ComponentsSeen) -> tuple[Evidence, ...]:
    """Return the rows of evidence of every component, its name as their part."""
    rows: list[Evidence] = []
    for one in seen.looks:
        if isinstance(one.seen, WholeFiles):
            rows.append(_digest_row(one.name, one.seen))
        elif isinstance(one.seen, PartLook):
            rows += evidence_of(one.seen.comparison, part=one.name)
        for tower in one.towers:
            rows += evidence_of(tower.comparison, part=f"{one.name}: {tower.name} tower")
    return tuple(rows)


def _digest_row(name: str, files: WholeFiles) -> Evidence:
    return Evidence(
        test="digest",
        family=f"{name}: {files.files} weight file{'s' * (files.files != 1)} by sha256",
        kind=EvidenceKind.EXACT,
        part=name,
        frame="",
        units=files.files,
        hits=files.files,
        log10_p=0.0,
        detectable_kept=0.0,
        note="equal digests: the same bytes",
        kept=1.0,
    )
