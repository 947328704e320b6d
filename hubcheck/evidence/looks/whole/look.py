"""How far did every value move: as a look of its own.

The verdict stays what the tests made it; depth ``full`` adds how far every tensor moved, exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from hubcheck.errors import SubjectUnreadableError, UnreadableError
from hubcheck.evidence.looks.interface import Opened, Planned, Standing, Terms
from hubcheck.evidence.looks.layer_map.look import LAYER_MAP
from hubcheck.evidence.looks.whole.interface import WholeChange
from hubcheck.evidence.looks.whole.run import stream
from hubcheck.evidence.observation import Observation, Observations, Skip
from hubcheck.evidence.refused import Refused
from hubcheck.report.planned import When
from hubcheck.report.words import Depth

NOT_STREAMED: Final = WholeChange(
    tensors=(), cells=(), unmatched=(), values=0, equal_values=0, equal=0.0, relative=0.0,
    cosine=0.0, said=(), notes=(), processes=1, resumed_values=0,
)  # fmt: skip


class EveryTensor:
    """Both models streamed, tensor by tensor."""

    name = "every-tensor"
    nothing = NOT_STREAMED

    def skipped(self, terms: Terms, seen: Observations, standing: Callable[[], Standing]) -> Skip:
        """It is what depth ``full`` is asked for."""
        del seen, standing
        return Skip.NO if terms.depth is Depth.FULL else Skip.DEPTH

    def planned(self, opened: Opened, terms: Terms) -> Planned | Skip:
        """Return that it reads everything."""
        if terms.depth is not Depth.FULL:
            return Skip.DEPTH
        return Planned(when=When.ALWAYS, at_most=max(one.n_bytes for one in opened.checkpoints))

    def take(
        self, opened: Opened, terms: Terms, seen: Observations
    ) -> Observation[WholeChange] | Refused:
        """Compare every value."""
        terms.progress("comparing every tensor")
        sides = opened.comparer
        whole = stream(
            sides.base.anatomy,
            sides.subject.anatomy,
            layer_map=tuple(sorted(seen.seen(LAYER_MAP).base_of.items())),
            resources=terms.resources,
            tokens=sides.tokens,
        )
        if isinstance(whole, WholeChange):
            return Observation(seen=whole)
        error = whole.error
        if whole.side == "subject" and isinstance(error, UnreadableError):
            return replace(whole, error=SubjectUnreadableError.of(error))
        return whole


EVERY_TENSOR: Final = EveryTensor()
