"""What may be said of one base, given everything that was tried on it?

The one account of orders, shares and e-values. Several looks test the same orders of a base: the
sampled families, the map of every layer, the frame of writers, what is proven once a disguise is
undone. Each look gives an e-value for the null that the base's orders say nothing about the subject
(E[e] <= 1 given everything else), and each has a share of the account that is fixed here, before
anything is read. The account is their weighted sum:

    E = sum over looks of share * e_look / tried

A sum of e-values with fixed weights of at most 1 is an e-value however the looks depend on each
other, so the order in which they are taken, what made one of them due, and stopping early cost
nothing; a look that was not taken counts 0. The sum of the shares of all looks that spend on one
order is what that order was spent: the account refuses to let it pass 1. ``tried`` counts the bases
of the check, for the smallest of several bounds is only a bound when all are paid for.

What stands in the sum is the value at which a look stopped. A look multiplies over distinct orders
of the base, one after the other, each factor of conditional mean at most 1: a supermartingale, and
the value at which a rule stops it is an e-value (``statistics.evalues``). Its running maximum is
none, though Ville bounds it as well; it has no place in a sum. It is used for one thing: a base is
called unrelated only where even the maximum stayed below ``NOTABLE`` (``Comparison.best_whole``),
where to overstate what was seen is the careful side.

Beside the whole, parts are judged by themselves: embeddings, norms, towers, side parts. Whichever
of these statements is made, the others were tried, too. So half of the weight belongs to the
statement about the whole and half, evenly, to those about parts (``WHOLE``, ``part_share``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from enum import StrEnum
from fractions import Fraction
from math import inf, log
from typing import Final

from hubcheck.evidence.combine import NOTABLE, SETTLED
from hubcheck.frozen import frozen
from hubcheck.statistics.evalues import log_sum_exp


class Spender(StrEnum):
    """Looks that spend on the orders of a base's body."""

    ORDERS = "orders"
    LAYER_MAP = "layer-map"
    WRITERS = "writers"
    SHAPES = "other-shapes"
    PROOF = "proof"
    """Orders and signs that the fit of the disguise test never saw."""


SHARES: Final[Mapping[Spender, Fraction]] = {
    Spender.ORDERS: Fraction(1, 2),
    Spender.LAYER_MAP: Fraction(1, 4),
    Spender.WRITERS: Fraction(1, 16),
    Spender.SHAPES: Fraction(1, 16),
    Spender.PROOF: Fraction(1, 8),
}
"""Fixed at every depth alike, so that a deeper check of the same draw never says less. The look
that decides nearly always has half: it costs it 0.3 of the ten decades."""
STREAM: Final = -1
WHOLE: Final = Fraction(1, 2)
"""Of the statement about the whole model; the rest is for those about its parts."""


def part_share(n_parts: int) -> Fraction:
    """Return the share of each of the statements about parts.

    Args:
        n_parts: Parts that are judged by themselves, fixed by the names and shapes of both models.
    """
    return (1 - WHOLE) / max(1, n_parts)


class OverspentError(RuntimeError):
    """A fault of this program: a look spends twice, or more than 1 was given out on an order."""


@frozen
class Spent:
    """What one look spends: e-values of distinct orders of the base, multiplied."""

    look: Spender
    orders: tuple[int, ...]
    """Layers of the base whose orders it looked at; ``STREAM`` for those of no layer (channels,
    reserved tokens). Distinct orders of one layer count as one: the finer account would only give
    out more."""
    log_e: float
    """Natural log of the product; nothing is paid for here."""
    log_e_without_strongest: float
    """The same without its strongest order."""
    stands: bool
    """The content check of this look: more is held than relabelling could reach."""


@frozen
class Account:
    """Everything that was spent on one base."""

    tried: int
    """Bases, or places, among which this one was found; at least 1."""
    statement: Fraction = WHOLE
    """Share of the statement that this account is about."""
    spent: tuple[Spent, ...] = ()
    shares: Mapping[Spender, Fraction] = field(default_factory=lambda: SHARES)

    def with_spent(self, spent: Spent) -> Account:
        """Return the account with what one more look spends.

        Raises:
            OverspentError: the look has spent before, has no share, or an order would be spent
                more than once in all.
        """
        known = [*self.spent, spent]
        looks = [one.look for one in known]
        if len(set(looks)) < len(looks):
            message = f"{spent.look} spends twice"
            raise OverspentError(message)
        if spent.look not in self.shares:
            message = f"{spent.look} has no share"
            raise OverspentError(message)
        for order in spent.orders:
            used = sum(self.shares[one.look] for one in known if order in one.orders)
            if used > 1:
                message = f"the orders of layer {order} are spent {used} times"
                raise OverspentError(message)
        if sum(self.shares[look] for look in looks) * self.statement > 1:
            message = f"{looks} have more than 1 together"
            raise OverspentError(message)
        return Account(
            tried=self.tried, statement=self.statement, spent=tuple(known), shares=self.shares
        )

    def price(self, look: Spender) -> float:
        """Return what a look's log e-value is worth less in the account, in nats, at least 0."""
        return price(self.tried, self.shares[look] * self.statement)

    @property
    def log_e(self) -> float:
        """Natural log of the account; minus infinity while nothing was spent."""
        return self._sum([(one.look, one.log_e) for one in self.spent])

    @property
    def log_e_without_strongest(self) -> float:
        """Natural log of what is left when every look goes without its strongest order."""
        return self._sum([(one.look, one.log_e_without_strongest) for one in self.spent])

    @property
    def settled(self) -> bool:
        """Whether the base is related: the one gate, whichever looks spoke (DESIGN 3.3, 13.3).

        The account reaches 1e10, 1e3 without the strongest order, and the content stands in looks
        that reach 1e3 by themselves.
        """
        standing = [(one.look, one.log_e) for one in self.spent if one.stands]
        return (
            self.log_e >= SETTLED
            and self.log_e_without_strongest >= NOTABLE
            and self._sum(standing) >= NOTABLE
        )

    def _sum(self, of_looks: Sequence[tuple[Spender, float]]) -> float:
        if not of_looks:
            return -inf
        return log_sum_exp(log_e - self.price(look) for look, log_e in of_looks)


def price(tried: int, share: Fraction) -> float:
    """Return what has to be taken off a log e-value that has a share of an account, in nats.

    Args:
        tried: Bases, or places, that were tried.
        share: Its share, above 0 and at most 1.
    """
    return log(max(1, tried)) - log(share.numerator) + log(share.denominator)
