"""What is a look, and what is it given?

Everything that can be looked at between two models is one: the orders of the layers drawn, towers,
a map of every layer, the disguise test, every byte. Each says when it is its turn, what it would
read, and what it saw; ``registry`` lists them in the order in which they are asked, and one runner
takes them (``hubcheck.check.observe``). What a look means is the judge's matter alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from types import MappingProxyType
from typing import Final, Protocol, TypeVar

from hubcheck.anatomy.interface import Anatomy
from hubcheck.checkpoint.interface import Checkpoint
from hubcheck.evidence.looks.sample.compare import Comparer
from hubcheck.evidence.looks.whole.interface import Resources
from hubcheck.evidence.observation import Observation, Observations, Skip
from hubcheck.evidence.refused import Refused
from hubcheck.frozen import frozen
from hubcheck.report.planned import When
from hubcheck.report.words import Depth, ReasonCode, RelationKind, Verdict

T_co = TypeVar("T_co", covariant=True)

DEEP: Final = frozenset({Depth.DEEP, Depth.FULL})


def told_nobody(_text: str) -> None:
    """Take note of nothing."""


@frozen
class Terms:
    """On which terms two models are looked at."""

    depth: Depth
    seed: int
    declared: bool
    """Whether the subject declares this base."""
    tried: int
    """Bases tried in this check, at least 1."""
    escalate_to: int = 0
    """Bytes a model may cost once ``sample`` finds a declared base unrelated; 0 for no more than
    the budget."""
    resources: Resources = field(default_factory=Resources)
    progress: Callable[[str], None] = told_nobody

    @property
    def is_deep(self) -> bool:
        """Whether looks beyond the sample are taken of every base."""
        return self.depth in DEEP


@frozen
class Opened:
    """Two models, headers read, ready to be looked at."""

    comparer: Comparer
    """Both bodies, the draw and the tests of the orders."""
    whole_base: Anatomy
    """The base with everything beside its body."""
    whole_subject: Anatomy
    base_config: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    """``config.json``; hostile, head counts are taken of it."""
    subject_config: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def checkpoints(self) -> tuple[Checkpoint, Checkpoint]:
        """The weights of base and subject."""
        return self.whole_base.checkpoint, self.whole_subject.checkpoint

    @property
    def remaining(self) -> int:
        """Bytes that may still be read of each model."""
        return min(one.source.ledger.remaining for one in self.checkpoints)


@frozen
class Standing:
    """How a base stands after what was seen so far, as far as a look's turn hangs on it."""

    verdict: Verdict
    code: ReasonCode
    relation: RelationKind | None
    order_tested: float
    held: float
    """Share of the order-tested tensors whose order was found."""
    compared: float
    settles_equality: bool
    """Orders leave nothing open that bit-equal tensors could settle."""


@frozen
class Planned:
    """What a look would read."""

    when: When
    bytes_base: int = 0
    """Of what it is known to read first; 0 where that is chosen as it goes."""
    bytes_subject: int = 0
    at_most: int = 0
    """Bytes a model, for a look that chooses as it goes; 0 where it reads what is listed."""


class Look(Protocol[T_co]):
    """One way of looking at two models."""

    @property
    def name(self) -> str:
        """Its name, unique among looks; the report tells it."""
        ...

    @property
    def nothing(self) -> T_co:
        """What a look that saw nothing would leave."""
        ...

    def skipped(self, terms: Terms, seen: Observations, standing: Callable[[], Standing]) -> Skip:
        """Return why it is not this look's turn; ``Skip.NO`` where it is.

        Args:
            terms: What is asked.
            seen: What the looks before it left.
            standing: How the base stands; asked for only where the turn hangs on it.
        """
        ...

    def planned(self, opened: Opened, terms: Terms) -> Planned | Skip:
        """Return what it would read; nothing is read."""
        ...

    def take(self, opened: Opened, terms: Terms, seen: Observations) -> Observation[T_co] | Refused:
        """Look.

        Raises:
            HubcheckError: one of ``refused.REFUSING``; the runner makes a refusal of it.
        """
        ...


class FromDeep:
    """The turn of a look that is taken of every base from depth ``deep`` on."""

    def skipped(self, terms: Terms, seen: Observations, standing: Callable[[], Standing]) -> Skip:
        """Return whether the depth is too shallow; nothing else matters."""
        del seen, standing
        return Skip.NO if terms.is_deep else Skip.DEPTH
