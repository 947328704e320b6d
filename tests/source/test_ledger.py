"""Tests of counting reads."""

from __future__ import annotations

import pytest

from hubcheck.errors import BudgetExceededError, UsageError
from hubcheck.source.ledger import Ledger, Purpose


def test_a_charge_over_the_limit_books_nothing() -> None:
    """A refused charge leaves every counter as it was."""
    ledger = Ledger(10)
    ledger.charge(6, Purpose.HEADER, requests=1)
    with pytest.raises(BudgetExceededError, match="Reading 5 more bytes would make 11"):
        ledger.charge(5, Purpose.WEIGHTS, requests=3)
    assert (ledger.bytes_read, ledger.requests, ledger.remaining) == (6, 1, 4)
    assert ledger.by_purpose() == {"header": 6, "document": 0, "weights": 0}


def test_hashing_is_no_transfer() -> None:
    """Hashed bytes are reported apart and never refused."""
    ledger = Ledger(10)
    ledger.note_hashed(100)
    assert (ledger.hashed_bytes, ledger.bytes_read, ledger.remaining) == (100, 0, 10)


def test_a_limit_of_nothing_is_a_usage_error() -> None:
    """A budget must be positive."""
    with pytest.raises(UsageError, match="The read budget is 0 bytes"):
        Ledger(0)
