"""Does the account never give out more than 1 on an order, and never say more than it holds?"""

from __future__ import annotations

from fractions import Fraction
from math import exp, inf, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcheck.evidence.account import (
    SHARES,
    STREAM,
    WHOLE,
    Account,
    OverspentError,
    Spender,
    Spent,
    part_share,
    price,
)
from hubcheck.evidence.combine import NOTABLE, SETTLED
from hubcheck.statistics.evalues import log_e_hits

FAR = log(1e40)


def spent(
    look: Spender,
    log_e: float,
    *,
    rest: float = FAR,
    orders: tuple[int, ...] = (0, 1),
    stands: bool = True,
) -> Spent:
    """Return what a look spends; by default, nothing about it stands in the way."""
    return Spent(look=look, orders=orders, log_e=log_e, log_e_without_strongest=rest, stands=stands)


def account(*entries: Spent, tried: int = 1) -> Account:
    """Return an account with these entries."""
    found = Account(tried=tried)
    for entry in entries:
        found = found.with_spent(entry)
    return found


def test_all_shares_together_are_one_at_most() -> None:
    """Whatever a check looks at, the weights of one order sum to 1 at most, fixed beforehand."""
    assert sum(SHARES.values()) <= 1
    assert set(SHARES) == set(Spender)
    assert all(share > 0 for share in SHARES.values())


@given(st.integers(min_value=0, max_value=64))
def test_the_whole_and_its_parts_share_one_weight(n_parts: int) -> None:
    """The statements about parts and the one about the whole never cost more than 1 together."""
    assert WHOLE + n_parts * part_share(n_parts) <= 1
    assert part_share(n_parts) > 0


def test_a_look_cannot_spend_twice() -> None:
    """A second entry of one look is a fault of the program, whatever it says."""
    first = account(spent(Spender.ORDERS, 1.0))
    with pytest.raises(OverspentError, match="twice"):
        first.with_spent(spent(Spender.ORDERS, 1.0, orders=(7,)))


def test_an_order_cannot_be_spent_more_than_once_in_all() -> None:
    """Shares that would give out more than 1 on an order are refused, and named."""
    shares = {Spender.ORDERS: Fraction(3, 4), Spender.LAYER_MAP: Fraction(1, 2)}
    greedy = Account(tried=1, shares=shares).with_spent(spent(Spender.ORDERS, 1.0, orders=(3,)))
    with pytest.raises(OverspentError, match="layer 3"):
        greedy.with_spent(spent(Spender.LAYER_MAP, 1.0, orders=(STREAM, 3)))


def test_a_look_without_a_share_cannot_spend() -> None:
    """Adding a look that tests orders means giving it a share."""
    poor = Account(tried=1, shares={Spender.ORDERS: Fraction(1)})
    with pytest.raises(OverspentError, match="no share"):
        poor.with_spent(spent(Spender.WRITERS, 1.0))


def test_nothing_spent_is_no_evidence() -> None:
    """An empty account says nothing, and settles nothing."""
    empty = Account(tried=3)
    assert empty.log_e == -inf
    assert not empty.settled


@given(
    st.lists(st.floats(min_value=-50, max_value=500), min_size=1, max_size=4),
    st.integers(min_value=1, max_value=100),
)
def test_the_account_is_the_weighted_sum(log_es: list[float], tried: int) -> None:
    """E = sum of share times e, half of it for the whole, divided by the bases tried."""
    entries = [spent(look, e) for look, e in zip(Spender, log_es, strict=False)]
    found = account(*entries, tried=tried).log_e
    largest = max(log_es)
    expected = sum(
        float(SHARES[look]) * exp(e - largest) for look, e in zip(Spender, log_es, strict=False)
    )
    assert found == pytest.approx(log(expected / 2 / tried) + largest, abs=1e-9)


@given(st.permutations(list(Spender)), st.data())
def test_the_order_of_looks_does_not_matter(order: list[Spender], data: st.DataObject) -> None:
    """The same looks give the same account, in whatever order they were taken."""
    log_es = {look: data.draw(st.floats(-5, 60)) for look in Spender}
    one = account(*(spent(look, log_es[look]) for look in order))
    other = account(*(spent(look, log_es[look]) for look in Spender))
    assert one.log_e == pytest.approx(other.log_e)
    assert one.settled is other.settled


def test_a_further_look_never_takes_away() -> None:
    """What a look has settled stays settled, whatever a later one fails to see."""
    settled = account(spent(Spender.ORDERS, FAR))
    assert settled.settled
    after = settled.with_spent(spent(Spender.LAYER_MAP, -20.0, rest=-20.0, stands=False))
    assert after.settled
    assert after.log_e >= settled.log_e


@pytest.mark.parametrize(
    ("log_e", "rest", "stands", "settles"),
    [
        (SETTLED + price(1, WHOLE / 2) + 0.01, FAR, True, True),
        (SETTLED + price(1, WHOLE / 2) - 0.01, FAR, True, False),
        (FAR, NOTABLE + price(1, WHOLE / 2) - 0.01, True, False),
        (FAR, FAR, False, False),
    ],
)
def test_the_gate_asks_for_all_of_it(
    log_e: float, rest: float, stands: bool, settles: bool
) -> None:
    """1e10 after all is paid, 1e3 without the strongest order, and content that stands."""
    assert account(spent(Spender.ORDERS, log_e, rest=rest, stands=stands)).settled is settles


def test_content_must_stand_where_the_evidence_lies() -> None:
    """A look whose content stands and that says nothing does not vouch for another's order."""
    hollow = spent(Spender.ORDERS, FAR, stands=False)
    silent = spent(Spender.LAYER_MAP, 0.0, stands=True)
    assert not account(hollow, silent).settled


def test_the_mean_of_the_account_is_at_most_one() -> None:
    """With counts of random orders in every look, the mean of E is at most its shares' sum.

    The looks see the SAME order here (the worst case of dependence): one permutation, one count,
    spent by all four. 400,000 draws; the standard error of the mean is about 0.004.
    """
    rng = np.random.default_rng(5)
    hits = rng.poisson(1.0, size=400_000)  # the limit law of fixed points of a permutation
    values = {
        int(k): exp(account(*(spent(look, log_e_hits(int(k))) for look in Spender)).log_e)
        for k in np.unique(hits)
    }
    mean = float(np.mean([values[int(k)] for k in hits]))
    assert mean <= float(WHOLE * sum(SHARES.values())) + 0.02


@given(st.integers(1, 1000), st.fractions(min_value=Fraction(1, 1000), max_value=1))
def test_a_price_is_what_is_taken_off(tried: int, share: Fraction) -> None:
    """A price is never a gift: at least 0, and exactly log(tried / share)."""
    assert price(tried, share) == pytest.approx(log(tried / share))
    assert price(tried, share) >= -1e-12
