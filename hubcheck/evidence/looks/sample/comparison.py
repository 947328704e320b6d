"""What was seen between one subject and one base, and what would a copy have shown?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from hubcheck.evidence.combine import NOTABLE, SETTLED, Combined, SignOutcome
from hubcheck.evidence.family import BODY_ORDERS, Abstention, FamilyOutcome
from hubcheck.evidence.reading import Wanted
from hubcheck.evidence.refused import Refused
from hubcheck.frozen import frozen
from hubcheck.statistics.planted import NOT_DETECTABLE
from hubcheck.statistics.spectrum import SpectrumShare

POWER_KEPT: Final = 0.2
"""An ``unrelated`` must have been able to see this much (DESIGN section 2)."""
POWER_FAMILIES: Final = 2


@frozen
class Comparison:
    """Everything seen between one subject and one base."""

    outcomes: tuple[FamilyOutcome, ...]
    signs: tuple[SignOutcome, ...]
    abstentions: tuple[Abstention, ...]
    combined: Combined
    """As of the last step."""
    best_whole: float
    """Running maximum of the whole-model log E over the steps: what has to be quiet before a base
    is called unrelated. A match stands by the value at which the steps stopped."""
    spectra: tuple[SpectrumShare, ...]
    """Of neuron families that hit: what part of the base's spectrum is held."""
    steps: int
    searched: bool
    """True when all layers and groups were searched, nothing left out."""
    wanted_base: tuple[Wanted, ...]
    wanted_subject: tuple[Wanted, ...]
    controlled: bool = False
    """Some two families of the base could be held against each other, and none share an order."""
    refused: tuple[Refused, ...] = ()
    """Families that could not be read: values that are no numbers, a limit, the network."""

    @property
    def hitting(self) -> tuple[FamilyOutcome, ...]:
        """Body families whose own e-value is notable."""
        return tuple(o for o in self.outcomes if o.test in BODY_ORDERS and o.log_e >= NOTABLE)

    @property
    def content_stands(self) -> bool:
        """The content check of the whole model.

        At least half of the hitting body families keep more than relabelling could have reached.
        """
        hitting = self.hitting
        return bool(hitting) and 2 * sum(o.stands for o in hitting) >= len(hitting)

    @property
    def seeing(self) -> tuple[FamilyOutcome, ...]:
        """Body families that hit, or would have with a copy that keeps 0.2."""
        return tuple(
            o
            for o in self.outcomes
            if o.test in BODY_ORDERS and (o.log_e >= NOTABLE or o.detectable <= POWER_KEPT)
        )

    @property
    def detectable(self) -> float:
        """The detectable kept of the body family that is second best at it: two must have seen it.

        Channels count for nothing here: what they see of a copy is its stream, not its body.
        """
        return self.detectable_with(())

    def detectable_with(self, others: Iterable[float]) -> float:
        """Return the same where orders of the body were tested in another way as well.

        Args:
            others: What each of these would have shown.
        """
        values = sorted([o.detectable for o in self.outcomes if o.test in BODY_ORDERS] + [*others])
        return values[POWER_FAMILIES - 1] if len(values) >= POWER_FAMILIES else NOT_DETECTABLE

    @property
    def has_power(self) -> bool:
        """Whether a copy keeping 0.2 would have been seen in two families of the body."""
        return self.detectable <= POWER_KEPT

    @property
    def has_strong_body(self) -> bool:
        """Whether one order of the body is notable by itself: channels alone settle nothing."""
        return self.combined.strongest_body >= NOTABLE

    @property
    def settled_related(self) -> bool:
        """The conditions of DESIGN 3.3, as far as this look alone meets them."""
        return (
            self.combined.whole >= SETTLED
            and self.combined.without_strongest >= NOTABLE
            and self.has_strong_body
            and self.content_stands
        )


NOTHING_COMPARED: Final = Comparison(
    outcomes=(),
    signs=(),
    abstentions=(),
    combined=Combined(
        log_e=0.0, log_e_without_strongest=0.0, whole=0.0, without_strongest=0.0,
        strongest_body=0.0, body=0.0, embeddings=0.0, norms=0.0, orders=0,
    ),
    best_whole=0.0,
    spectra=(),
    steps=0,
    searched=False,
    wanted_base=(),
    wanted_subject=(),
)  # fmt: skip
"""Of two models that no test was made on."""
