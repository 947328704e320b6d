"""What do all families of one look at the orders say together?

One rule (DESIGN 3.3): average whatever shares an order of the base, multiply over distinct orders,
and pay: for the bases tried, for the other looks that spend on the same orders, and for the other
statements that are made (``evidence.account``).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log
from typing import Final

from hubcheck.evidence.family import BODY_ORDERS, Block, FamilyOutcome, Test
from hubcheck.evidence.structure import SharedOrders
from hubcheck.frozen import frozen
from hubcheck.report.phrases import Phrase
from hubcheck.statistics.evalues import log_e_hits, log_mean, log_product, without_strongest

SETTLED: Final = log(1e10)
"""E that settles a relation: 1 in 10 billion, about where doubt about assumptions takes over."""
NOTABLE: Final = log(1e3)
"""E that one order must reach, and the rest must reach without the strongest."""


@frozen
class SignOutcome:
    """The signs of matched up rows in one neuron family."""

    label: Phrase
    base: Block
    agreements: int
    pairs: int
    log_e: float


@frozen
class Prices:
    """What is taken off the logs of e-values, in nats (``evidence.account.price``)."""

    whole: float = 0.0
    """Of the statement about all orders together."""
    part: float = 0.0
    """Of each statement about embeddings, norms or the body alone."""


NOTHING_PAID: Final = Prices()


@frozen
class Combined:
    """Natural logs of the e-values at one moment."""

    log_e: float
    """Of all distinct orders, nothing paid for."""
    log_e_without_strongest: float
    whole: float
    """The same as it stands in the account, where all is paid for."""
    without_strongest: float
    strongest_body: float
    """The largest single body order, nothing paid for."""
    body: float
    """Of the body's orders, as a statement about a part."""
    embeddings: float
    norms: float
    orders: int
    """Distinct orders of the base that were multiplied."""


def combine(
    outcomes: Sequence[FamilyOutcome],
    signs: Sequence[SignOutcome],
    orders: SharedOrders,
    prices: Prices = NOTHING_PAID,
) -> Combined:
    """Combine every family seen so far.

    Args:
        outcomes: One per family.
        signs: One per neuron family of a gated model.
        orders: Which families of the base share an order.
        prices: What has to be paid for.
    """
    groups = orders.groups(outcomes)
    of_group = [(group[0].test, log_mean([o.log_e for o in group])) for group in groups]
    sign_es = _sign_factors(groups, signs)
    factors = [e for _, e in of_group] + sign_es
    log_e, rest = log_product(factors), without_strongest(factors)
    body = [e for test, e in of_group if test in BODY_ORDERS]
    reserved = [e for test, e in of_group if test is Test.RESERVED]
    return Combined(
        log_e=log_e,
        log_e_without_strongest=rest,
        whole=log_e - prices.whole,
        without_strongest=rest - prices.whole,
        strongest_body=max(body, default=0.0),
        body=log_product([*body, *sign_es]) - prices.part,
        embeddings=log_product([*reserved, *_channel_view(outcomes, "raw embeddings")])
        - prices.part,
        norms=log_product(_channel_view(outcomes, "raw norms")) - prices.part,
        orders=len(groups),
    )


def _sign_factors(
    groups: Sequence[Sequence[FamilyOutcome]], signs: Sequence[SignOutcome]
) -> list[float]:
    """Return one factor per group of neuron families: shared orders share their coins too."""
    by_label = {sign.label: sign.log_e for sign in signs}
    factors = []
    for group in groups:
        own = [by_label[o.label] for o in group if o.label in by_label]
        if own:
            factors.append(log_mean(own))
    return factors


def _channel_view(outcomes: Sequence[FamilyOutcome], name: str) -> list[float]:
    """Return log e of one view of the channels, in their first look: one order, one view."""
    return [
        log_e_hits(view.hits)
        for outcome in outcomes
        if outcome.test is Test.CHANNELS
        for view in outcome.looks[0].views
        if view.name == name
    ]
