"""What is known of one pair of models, look by look?

Every look leaves one value: what it saw, why it could not be taken, or why it was not its turn. A
look that fails takes nothing away from what others saw.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from enum import StrEnum
from types import MappingProxyType
from typing import Generic, Protocol, TypeVar, cast

from hubcheck.anatomy.interface import Role
from hubcheck.evidence.account import Spent
from hubcheck.evidence.refused import LIMITS, Refused
from hubcheck.evidence.row import Row
from hubcheck.frozen import frozen

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")


class Skip(StrEnum):
    """Why it is not a look's turn."""

    NO = ""
    """It is."""
    DEPTH = "depth"
    """A deeper check takes it."""
    SETTLED = "settled"
    """What others saw leaves nothing open that it could answer."""
    NOT_RELATED = "not-related"
    """It asks how two related models differ."""
    NOT_DECLARED = "not-declared"
    """At this depth it is taken for declared bases alone."""
    OTHER_FRAME = "other-frame"
    """Tokens are shared, and tell more."""
    NOT_ASKED = "not-asked"
    """The runner has not come to it."""


@frozen
class Observation(Generic[T_co]):
    """What one look saw."""

    seen: T_co
    spent: tuple[Spent, ...] = ()
    """What it spends on orders of the base; a look without e-values spends nothing."""
    rows: tuple[Row, ...] = ()
    """Its lines of evidence."""
    undone: frozenset[Role] = frozenset()
    """Roles that were found to be the base's once a rearrangement was undone."""
    refused: tuple[Refused, ...] = ()
    """Parts of the look that could not be taken."""


def nothing_unless_limited(refused: Refused, nothing: T) -> Observation[T] | Refused:
    """Return a refusal that another run may not meet; any other means that there is nothing."""
    return refused if refused.code in LIMITS else Observation(seen=nothing)


class Named(Protocol[T_co]):
    """A look, as far as what it leaves is concerned."""

    @property
    def name(self) -> str:
        """Its name, unique among looks."""
        ...

    @property
    def nothing(self) -> T_co:
        """What a look that saw nothing would leave."""
        ...


Left = Observation[object] | Refused | Skip


@frozen
class Observations:
    """What every look left, by the look's name."""

    left: Mapping[str, Left] = field(default_factory=lambda: MappingProxyType({}))

    def with_left(self, look: Named[object], left: Left) -> Observations:
        """Return these with what one more look left."""
        return Observations(left=MappingProxyType({**self.left, look.name: left}))

    def adds_to(self, before: Observations) -> bool:
        """Return whether more was seen or refused than before; looks passed over add nothing."""

        def there(one: Observations) -> dict[str, int]:
            return {name: id(left) for name, left in one.left.items() if not isinstance(left, Skip)}

        return there(self) != there(before)

    def of(self, look: Named[T]) -> Observation[T] | Refused | Skip:
        """Return what a look left."""
        return cast("Observation[T] | Refused | Skip", self.left.get(look.name, Skip.NOT_ASKED))

    def seen(self, look: Named[T]) -> T:
        """Return what a look saw; its own word for nothing where it saw nothing."""
        left = self.of(look)
        return left.seen if isinstance(left, Observation) else look.nothing

    def took(self, look: Named[object]) -> bool:
        """Return whether a look was taken."""
        return isinstance(self.of(look), Observation)

    def taken(self) -> Iterator[Observation[object]]:
        """Yield what was seen, in the order in which it was looked for."""
        yield from (one for one in self.left.values() if isinstance(one, Observation))

    @property
    def refused(self) -> tuple[Refused, ...]:
        """Looks, and parts of looks, that could not be taken."""
        found: list[Refused] = []
        for one in self.left.values():
            if isinstance(one, Refused):
                found.append(one)
            elif isinstance(one, Observation):
                found += one.refused
        return tuple(dict.fromkeys(found))

    @property
    def undone(self) -> frozenset[Role]:
        """Roles that some look found to be the base's, rearranged."""
        return frozenset().union(*(one.undone for one in self.taken()))

    @property
    def spent(self) -> tuple[Spent, ...]:
        """What all looks spend."""
        return tuple(one for seen in self.taken() for one in seen.spent)
