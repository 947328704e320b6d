"""Is the subject a copy whose every symmetry was randomised: as a look of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from hubcheck.anatomy.interface import Role
from hubcheck.evidence.account import Spender, Spent
from hubcheck.evidence.looks.disguise.calibration import shipped
from hubcheck.evidence.looks.disguise.plan import AT_DEEP, AT_SAMPLE
from hubcheck.evidence.looks.disguise.run import Disguise, DisguiseTest
from hubcheck.evidence.looks.disguise.wording import said_of
from hubcheck.evidence.looks.interface import Opened, Planned, Standing, Terms
from hubcheck.evidence.observation import Observation, Observations, Skip
from hubcheck.evidence.refused import Refused
from hubcheck.report.planned import When
from hubcheck.report.thresholds import MOST
from hubcheck.report.words import OPEN, Depth, ReasonCode, RelationKind, Verdict

UNSETTLED: Final = frozenset({ReasonCode.BETWEEN, ReasonCode.ONE_ORDER})
"""Why a verdict is open although something agrees."""


def skipped_while_hidden(terms: Terms, standing: Standing) -> Skip:
    """Return whether what could be hidden from the exact orders is looked for.

    ``sample`` asks where a declared base comes out unrelated, so that an honest declaration of a
    rearranged copy is not called ``contradicted``, or where something agrees and does not settle
    it (reserved tokens, say); ``deep`` wherever the orders did not settle the
    matter. At any depth, whoever named the base, a model of which some orders are the base's and
    most are not is looked at: its neurons were relabelled, or its MLPs are another model's, and
    only matching them tells. So is one whose embeddings or norms are the base's and whose body
    shows none of its orders: that the body does not match is only said once shuffling is ruled out.
    """
    if standing.code is ReasonCode.HEAD_ALONE:
        return Skip.SETTLED  # it has no body that could hide
    if standing.verdict is Verdict.RELATED and 0.0 < standing.held < MOST:
        return Skip.NO
    if standing.relation is RelationKind.PARTS and standing.order_tested > 0.0 == standing.held:
        return Skip.NO  # its stream is the base's and no order of its body: shuffled, or another
    if not terms.is_deep:
        if standing.verdict is not Verdict.UNRELATED and standing.code not in UNSETTLED:
            return Skip.DEPTH
        return Skip.NO if terms.declared else Skip.NOT_DECLARED
    hidden = standing.verdict in OPEN or standing.relation is RelationKind.PARTS
    return Skip.NO if hidden else Skip.SETTLED


class DisguiseLook:
    """Neurons matched by each matrix of their MLP alone, in the whitened token frame."""

    name = "disguise"
    nothing: Disguise | Skip = Skip.SETTLED

    def skipped(self, terms: Terms, seen: Observations, standing: Callable[[], Standing]) -> Skip:
        """It is asked where a disguise would explain what was seen."""
        del seen
        return skipped_while_hidden(terms, standing())

    def planned(self, opened: Opened, terms: Terms) -> Planned | Skip:
        """Return the bytes it may read."""
        if not terms.is_deep and not terms.declared:
            return Skip.NOT_DECLARED
        return Planned(when=When.IF_OPEN, at_most=max(terms.escalate_to, opened.remaining))

    def take(
        self, opened: Opened, terms: Terms, seen: Observations
    ) -> Observation[Disguise | Skip] | Refused:
        """Match, score, and prove what the match recovers."""
        del seen
        if terms.depth is Depth.SAMPLE:
            for checkpoint in opened.checkpoints:
                checkpoint.source.ledger.raise_limit(terms.escalate_to)
        sides = opened.comparer
        test = DisguiseTest(
            sides.base.reader,
            sides.subject.reader,
            sides.tokens,
            seed=terms.seed,
            effort=AT_DEEP if terms.is_deep else AT_SAMPLE,
            device=terms.resources.device,
            team=terms.resources.team,
            seen_through=(sides.base, sides.subject),
        )
        found = test.run(
            calibration=shipped(),
            n_bases=terms.tried,
            budget=opened.remaining,
            progress=terms.progress,
        )
        if isinstance(found, Refused):
            return found
        if found.found:
            found = replace(found, done=said_of(found))
        return Observation(seen=found, spent=spent_by(found), undone=undone_by(found))


def undone_by(seen: Disguise) -> frozenset[Role]:
    """Return the roles that the disguise test found to be the base's."""
    roles = seen.mlps.roles
    return frozenset({roles.gate, roles.up, roles.down}) if seen.found else frozenset()


def spent_by(seen: Disguise) -> tuple[Spent, ...]:
    """Return what is proven of a match; the match itself is calibrated and spends nothing."""
    if not seen.found:
        return ()
    layers = {*(s.base for s in (*seen.signs, *seen.values)), *(m.base for m in seen.maps)}
    return (
        Spent(
            look=Spender.PROOF,
            orders=tuple(sorted(layers)),
            log_e=seen.log_e,
            log_e_without_strongest=seen.log_e_without_strongest,
            stands=True,  # matched by every matrix alone: more than an order
        ),
    )


DISGUISE: Final = DisguiseLook()
